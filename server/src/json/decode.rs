//! JSON into the slots of arguments.

use std::borrow::Cow;
use std::fmt;

use midflight_runtime::{ArgumentError, Arguments, Kind, Slot, WriteError};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::query::quoted;

/// Binds the members of a JSON object to the arguments of their names.
pub(crate) fn bind(text: &str, arguments: &mut Arguments<'_>) -> Result<(), ArgumentError> {
    let mut refusal = None;
    let mut json = serde_json::Deserializer::from_str(text);
    let object = Object { arguments, refusal: &mut refusal };
    let read = json.deserialize_map(object).and_then(|()| json.end());
    conclude(read, refusal)
}

/// Writes one JSON value into the slot of the argument of this name.
pub(crate) fn read(text: &str, slot: Slot<'_>, name: &str) -> Result<(), ArgumentError> {
    let mut refusal = None;
    let mut json = serde_json::Deserializer::from_str(text);
    let value = Value { slot, path: Path { parent: None, name }, refusal: &mut refusal };
    let read = value.deserialize(&mut json).and_then(|()| json.end());
    conclude(read, refusal)
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
fn refuse<E: Error>(place: &mut Option<ArgumentError>, refusal: ArgumentError) -> E {
    *place = Some(refusal);
    E::custom("refused")
}

/// The name of a member, borrowed from the text unless it holds an escape.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

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
            let path = Path { parent: None, name: &name };
            members.next_value_seed(Value { slot, path, refusal: &mut *self.refusal })?;
        }
        Ok(())
    }
}

/// Where a value stands, spelled out only when something is wrong with it.
#[derive(Clone, Copy)]
struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    name: &'a str,
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parent {
            Some(parent) => write!(f, "{parent}.{}", self.name),
            None => f.write_str(self.name),
        }
    }
}

/// One value on its way into a slot.
struct Value<'a> {
    slot: Slot<'a>,
    path: Path<'a>,
    refusal: &'a mut Option<ArgumentError>,
}

impl<'a> Value<'a> {
    /// Says how the value was taken.
    fn written<E: Error>(
        self,
        written: Result<(), WriteError>,
        found: impl FnOnce() -> String,
    ) -> Result<(), E> {
        let name = self.path.to_string();
        let refusal = match written {
            Ok(()) => return Ok(()),
            Err(WriteError::WrongType) => {
                ArgumentError::WrongType { name, expected: self.slot.type_name(), found: found() }
            }
            Err(_) => ArgumentError::TooLarge { name },
        };
        Err(refuse(self.refusal, refusal))
    }

    fn wrong<E: Error>(self, found: impl Into<String>) -> Result<(), E> {
        self.written(Err(WriteError::WrongType), || found.into())
    }

    /// The fields that were not given: each takes its default.
    fn complete<E: Error>(mut self, given: &[bool]) -> Result<(), E> {
        for (index, (field, _)) in self.slot.fields().iter().zip(given).enumerate() {
            if given.get(index) == Some(&true) {
                continue;
            }
            let slot = self.slot.field(index).map(|slot| (slot.type_name(), slot));
            let (expected, mut slot) = slot.expect("the index is one of the fields");
            let name = Path { parent: Some(&self.path), name: &field.name }.to_string();
            let refusal = match field.default.as_ref().map(|default| slot.write_const(default)) {
                Some(Ok(())) => continue,
                Some(Err(_)) => ArgumentError::TooLarge { name },
                None => ArgumentError::Missing { name, expected },
            };
            return Err(refuse(self.refusal, refusal));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.slot.type_name())
    }

    fn visit_bool<E: Error>(mut self, value: bool) -> Result<(), E> {
        let written = self.slot.write_bool(value);
        self.written(written, || format!("`{value}`"))
    }

    fn visit_i64<E: Error>(mut self, value: i64) -> Result<(), E> {
        let written = match self.slot.kind() {
            Kind::Float => self.slot.write_float(value as f64),
            _ => self.slot.write_int(value),
        };
        self.written(written, || format!("the number {value}"))
    }

    fn visit_u64<E: Error>(mut self, value: u64) -> Result<(), E> {
        match (self.slot.kind(), i64::try_from(value)) {
            (_, Ok(value)) => self.visit_i64(value),
            (Kind::Float, Err(_)) => {
                let written = self.slot.write_float(value as f64);
                self.written(written, || format!("the number {value}"))
            }
            (Kind::Int, Err(_)) => self.wrong(format!("{value}, which is out of its range")),
            (_, Err(_)) => self.wrong(format!("the number {value}")),
        }
    }

    fn visit_f64<E: Error>(mut self, value: f64) -> Result<(), E> {
        if self.slot.kind() == Kind::Int {
            return match value.abs() < i64::MAX as f64 {
                true => self.wrong(format!("{value:?}, which is not written as a whole number")),
                false => self.wrong(format!("{value:?}, which is out of its range")),
            };
        }
        let written = self.slot.write_float(value);
        self.written(written, || format!("the number {value:?}"))
    }

    fn visit_str<E: Error>(mut self, value: &str) -> Result<(), E> {
        let written = self.slot.write_text(value);
        self.written(written, || format!("the text {}", quoted(value)))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.wrong("`null`")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, _: S) -> Result<(), S::Error> {
        self.wrong("a list")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut members: M) -> Result<(), M::Error> {
        if self.slot.kind() != Kind::Struct {
            return self.wrong("an object");
        }
        let fields = self.slot.fields();
        let mut given = vec![false; fields.len()];
        while let Some(Name(name)) = members.next_key()? {
            let path = Path { parent: Some(&self.path), name: &name };
            let Some(index) = fields.iter().position(|field| field.name == *name) else {
                let known = fields.iter().map(|field| field.name.clone()).collect();
                let refusal = ArgumentError::Unknown { name: path.to_string(), known };
                return Err(refuse(self.refusal, refusal));
            };
            if std::mem::replace(&mut given[index], true) {
                let refusal = ArgumentError::Duplicate { name: path.to_string() };
                return Err(refuse(self.refusal, refusal));
            }
            let slot = self.slot.field(index).expect("the index is one of the fields");
            members.next_value_seed(Value { slot, path, refusal: &mut *self.refusal })?;
        }
        self.complete(&given)
    }
}
