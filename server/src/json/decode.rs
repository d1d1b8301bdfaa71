//! JSON into the slots of arguments.

use std::borrow::Cow;
use std::fmt;

use midflight_runtime::{ArgumentError, Arguments, Slot};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::float::Floats;
use super::value::{Path, Value};

/// Binds the members of a JSON object to the arguments of their names, as the body of a POST does.
///
/// # Errors
/// What is wrong with the document, and where.
pub fn bind(text: &str, arguments: &mut Arguments<'_>) -> Result<(), ArgumentError> {
    let mut refusal = None;
    let mut json = reader(text);
    let object = Object { arguments, refusal: &mut refusal };
    let read = json.deserialize_map(object).and_then(|()| json.end());
    conclude(read, refusal)
}

/// Writes one JSON value into the slot of the argument of this name.
pub(crate) fn read(text: &str, slot: Slot<'_>, name: &str) -> Result<(), ArgumentError> {
    let mut refusal = None;
    let mut json = reader(text);
    let (path, floats) = (Path::new(name), Floats::Plain);
    let value = Value { slot, path, refusal: &mut refusal, floats };
    let read = value.deserialize(&mut json).and_then(|()| json.end());
    conclude(read, refusal)
}

/// Writes the value of the member whose name was just read into a slot; what is wrong with it is
/// said of `name`. Takes what [`write_exact`](super::write_exact) writes.
pub(crate) fn read_member<'de, M: MapAccess<'de>>(
    members: &mut M,
    slot: Slot<'_>,
    name: &str,
) -> Result<(), ArgumentError> {
    let mut refusal = None;
    let (path, floats) = (Path::new(name), Floats::Exact);
    let read = members.next_value_seed(Value { slot, path, refusal: &mut refusal, floats });
    match (refusal, read) {
        (Some(refusal), _) => Err(refusal),
        (None, Ok(())) => Ok(()),
        (None, Err(error)) => Err(ArgumentError::Unreadable { reason: error.to_string() }),
    }
}

/// A reader that goes as deep as the types of the program do, which have a limit of their own
/// (`type_depth_max`): nothing is read that no type wants.
fn reader(text: &str) -> serde_json::Deserializer<serde_json::de::StrRead<'_>> {
    let mut json = serde_json::Deserializer::from_str(text);
    json.disable_recursion_limit();
    json
}

/// A refusal of ours ends the reading with an error of `serde`, which says less.
fn conclude(
    read: serde_json::Result<()>,
    refusal: Option<ArgumentError>,
) -> Result<(), ArgumentError> {
    match (refusal, read) {
        (Some(refusal), _) => Err(refusal),
        (None, Ok(())) => Ok(()),
        (None, Err(error)) => {
            Err(ArgumentError::Unreadable { reason: format!("the JSON cannot be read: {error}") })
        }
    }
}

/// Says `refusal` and gives the error that ends the reading.
pub(super) fn refuse<E: Error>(place: &mut Option<ArgumentError>, refusal: ArgumentError) -> E {
    *place = Some(refusal);
    E::custom("refused")
}

/// The name of a member, borrowed from the text unless it holds an escape.
#[derive(Deserialize)]
pub(super) struct Name<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// The object of all arguments.
struct Object<'r, 'a> {
    arguments: &'r mut Arguments<'a>,
    refusal: &'r mut Option<ArgumentError>,
}

impl<'de> Visitor<'de> for Object<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the arguments")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<(), M::Error> {
        while let Some(Name(name)) = members.next_key()? {
            let slot = match self.arguments.slot(&name) {
                Ok(slot) => slot,
                Err(error) => return Err(refuse(self.refusal, error)),
            };
            let path = Path::new(&name);
            let (refusal, floats) = (&mut *self.refusal, Floats::Plain);
            members.next_value_seed(Value { slot, path, refusal, floats })?;
        }
        Ok(())
    }
}
