//! One JSON value into one slot, whatever its type: the two are walked side by side.

use std::collections::HashMap;
use std::fmt;

use midflight_compiler::types::Field;
use midflight_runtime::{ArgumentError, Kind, Slot, WriteError};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::decode::{Name, refuse};
use super::float::{self, Floats};
use crate::query::quoted;

/// Where a value stands, spelled out only when something is wrong with it: `m.at.x`, `bag[2]`.
#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    /// The argument of this name.
    pub(super) fn new(name: &'a str) -> Path<'a> {
        Path { parent: None, step: Step::Name(name) }
    }

    fn field(&'a self, name: &'a str) -> Path<'a> {
        Path { parent: Some(self), step: Step::Name(name) }
    }

    fn element(&'a self, index: usize) -> Path<'a> {
        Path { parent: Some(self), step: Step::Index(index) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}")?;
        }
        match (self.step, self.parent) {
            (Step::Name(name), None) => f.write_str(name),
            (Step::Name(name), Some(_)) => write!(f, ".{name}"),
            (Step::Index(index), _) => write!(f, "[{index}]"),
        }
    }
}

/// One value on its way into a slot. The slot is zero before; the reading ends with the first
/// mistake, which is then in `refusal`.
pub(super) struct Value<'a> {
    pub(super) slot: Slot<'a>,
    pub(super) path: Path<'a>,
    pub(super) refusal: &'a mut Option<ArgumentError>,
    pub(super) floats: Floats,
}

impl Value<'_> {
    /// Says how the value was taken.
    fn written<E: Error>(
        &mut self,
        written: Result<(), WriteError>,
        found: impl FnOnce() -> String,
    ) -> Result<(), E> {
        let name = || self.path.to_string();
        let refusal = match written {
            Ok(()) => return Ok(()),
            Err(WriteError::TooLarge) => ArgumentError::TooLarge { name: name() },
            Err(_) => ArgumentError::WrongType {
                name: name(),
                expected: self.slot.type_name(),
                found: found(),
            },
        };
        Err(refuse(self.refusal, refusal))
    }

    fn wrong<E: Error>(&mut self, found: impl Into<String>) -> Result<(), E> {
        self.written(Err(WriteError::WrongType), || found.into())
    }

    /// Makes an enum the variant of this name.
    fn choose<E: Error>(&mut self, variant: &str) -> Result<(), E> {
        if self.slot.choose(variant) {
            return Ok(());
        }
        let known: Vec<&str> = self.slot.variants().collect();
        let found = format!("{}, which is none of `{}`", quoted(variant), known.join("`, `"));
        self.wrong(found)
    }

    /// The fields of a struct or of a variant's payload.
    fn fields<'de, M: MapAccess<'de>>(&mut self, mut members: M) -> Result<(), M::Error> {
        let fields = self.slot.fields();
        let mut names = FieldNames { fields, next: 0, by_name: None };
        let mut given = vec![false; fields.len()];
        while let Some(Name(name)) = members.next_key()? {
            let path = self.path.field(&name);
            let Some(index) = names.find(&name) else {
                let known = fields.iter().map(|field| field.name.clone()).collect();
                let refusal = ArgumentError::Unknown { name: path.to_string(), known };
                return Err(refuse(self.refusal, refusal));
            };
            if std::mem::replace(&mut given[index], true) {
                let refusal = ArgumentError::Duplicate { name: path.to_string() };
                return Err(refuse(self.refusal, refusal));
            }
            let slot = self.slot.field(index).expect("the index is one of the fields");
            let (refusal, floats) = (&mut *self.refusal, self.floats);
            members.next_value_seed(Value { slot, path, refusal, floats })?;
        }
        self.complete(&given)
    }

    /// The fields that were not given: each takes its default, an optional is `none`.
    fn complete<E: Error>(&mut self, given: &[bool]) -> Result<(), E> {
        for (index, field) in self.slot.fields().iter().enumerate() {
            if given.get(index) == Some(&true) {
                continue;
            }
            let mut slot = self.slot.field(index).expect("the index is one of the fields");
            let name = || self.path.field(&field.name).to_string();
            let refusal = match &field.default {
                None if slot.kind() == Kind::Optional => continue,
                None => ArgumentError::Missing { name: name(), expected: slot.type_name() },
                Some(default) => match slot.write_const(default) {
                    Ok(()) => continue,
                    Err(_) => ArgumentError::TooLarge { name: name() },
                },
            };
            return Err(refuse(self.refusal, refusal));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(mut self, json: D) -> Result<(), D::Error> {
        let read = match self.slot.kind() {
            Kind::Optional => json.deserialize_option(&mut self),
            _ => json.deserialize_any(&mut self),
        };
        match read {
            // The reader knows no larger number, and says so before anybody asks for the type.
            Err(error) if self.refusal.is_none() && is_out_of_range(&error) => {
                self.wrong("a number that is out of every range")
            }
            read => read,
        }
    }
}

fn is_out_of_range<E: Error>(error: &E) -> bool {
    error.to_string().starts_with("number out of range")
}

impl<'de> Visitor<'de> for &mut Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.slot.type_name())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        let written = self.slot.write_bool(value);
        self.written(written, || format!("`{value}`"))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        let written = match self.slot.kind() {
            Kind::Float => self.slot.write_float(value as f64),
            _ => self.slot.write_int(value),
        };
        self.written(written, || format!("the number {value}"))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
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

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        if self.slot.kind() == Kind::Int && value == 0.0 && value.is_sign_negative() {
            // What the reader makes of `-0`.
            return self.visit_i64(0);
        }
        if self.slot.kind() == Kind::Int {
            return match value.abs() < i64::MAX as f64 {
                true => self.wrong(format!("{value:?}, which is not written as a whole number")),
                false => self.wrong(format!("{value:?}, which is out of its range")),
            };
        }
        let written = self.slot.write_float(value);
        self.written(written, || format!("the number {value:?}"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        if self.slot.kind() == Kind::Enum {
            // The payload, where there is one, is not given.
            self.choose(value)?;
            return self.complete(&[]);
        }
        if self.slot.kind() == Kind::Float
            && self.floats == Floats::Exact
            && let Some(named) = float::named(value)
        {
            let written = self.slot.write_float(named);
            return self.written(written, || quoted(value));
        }
        let written = self.slot.write_text(value);
        self.written(written, || format!("the text {}", quoted(value)))
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.wrong("`null`")
    }

    /// `null` for an optional: it is `none` already.
    fn visit_none<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        let (path, floats) = (self.path, self.floats);
        match self.slot.some() {
            Some(slot) => {
                let refusal = &mut *self.refusal;
                Value { slot, path, refusal, floats }.deserialize(json)
            }
            None => self.wrong("a value"),
        }
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut elements: S) -> Result<(), S::Error> {
        if self.slot.kind() != Kind::List {
            return self.wrong("a list");
        }
        let mut len = 0;
        loop {
            let element = Element { list: self, index: len };
            match elements.next_element_seed(element)? {
                Some(()) => len += 1,
                None => break,
            }
        }
        let ended = self.slot.end_list();
        self.written(ended, || format!("a list of {len}"))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<(), M::Error> {
        match self.slot.kind() {
            Kind::Struct => return self.fields(members),
            Kind::Enum => {}
            _ => return self.wrong("an object"),
        }
        let Some(Name(variant)) = members.next_key()? else {
            return self.wrong("an empty object");
        };
        self.choose(&variant)?;
        members.next_value_seed(Payload { value: self, variant: &variant })?;
        match members.next_key::<Name<'_>>()? {
            None => Ok(()),
            Some(Name(again)) if again == variant => {
                let name = self.path.field(&again).to_string();
                Err(refuse(self.refusal, ArgumentError::Duplicate { name }))
            }
            Some(_) => self.wrong("an object with more members than one variant"),
        }
    }
}

/// Finds fields by name. Clients mostly write them in the order of the source; one that does not
/// must not make a struct of many fields cost the square of their number.
struct FieldNames<'a> {
    fields: &'a [Field],
    /// The field after the one that was found last.
    next: usize,
    /// Made when a search from the beginning would be long.
    by_name: Option<HashMap<&'a str, usize>>,
}

impl FieldNames<'_> {
    fn find(&mut self, name: &str) -> Option<usize> {
        const SEARCH_MAX: usize = 32;
        let is_next = self.fields.get(self.next).is_some_and(|field| field.name == name);
        let found = if is_next {
            Some(self.next)
        } else if self.fields.len() <= SEARCH_MAX {
            self.fields.iter().position(|field| field.name == name)
        } else {
            let numbered = self.fields.iter().enumerate();
            let by_name = self.by_name.get_or_insert_with(|| {
                numbered.map(|(index, field)| (field.name.as_str(), index)).collect()
            });
            by_name.get(name).copied()
        };
        self.next = found.map_or(self.next, |index| index + 1);
        found
    }
}

/// One more element of a list. There is one only when it is read.
struct Element<'e, 'a> {
    list: &'e mut Value<'a>,
    index: usize,
}

impl<'de> DeserializeSeed<'de> for Element<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        let Value { slot: list, path, refusal, floats } = self.list;
        let expected = list.type_name();
        let refused = match list.push() {
            Ok(slot) => {
                let path = path.element(self.index);
                return Value { slot, path, refusal, floats: *floats }.deserialize(json);
            }
            Err(WriteError::TooLarge) => ArgumentError::TooLarge { name: path.to_string() },
            Err(_) => ArgumentError::WrongType {
                name: path.to_string(),
                expected,
                found: format!("a list of more than {}", self.index),
            },
        };
        Err(refuse(refusal, refused))
    }
}

/// The payload of a variant that was chosen.
struct Payload<'p, 'a> {
    value: &'p mut Value<'a>,
    variant: &'p str,
}

impl Payload<'_, '_> {
    fn wrong<E: Error>(self, found: &str) -> Result<(), E> {
        self.value.wrong(format!("{found} in place of the payload of `{}`", self.variant))
    }
}

impl<'de> DeserializeSeed<'de> for Payload<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Payload<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the payload of `{}`", self.variant)
    }

    fn visit_map<M: MapAccess<'de>>(self, members: M) -> Result<(), M::Error> {
        self.value.fields(members)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.wrong("a truth value")
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.wrong("a number")
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.wrong("a number")
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.wrong("a number")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.wrong("a text")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.wrong("`null`")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, _: S) -> Result<(), S::Error> {
        self.wrong("a list")
    }
}
