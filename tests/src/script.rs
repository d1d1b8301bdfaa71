//! Values in the lines of a script: `name: "ann", 3` into the slots of a call, results into text.

use midflight_runtime::{ArgumentError, Arguments, Content, Fields, Slot, View, WriteError};
use serde_json::Value;

/// A call as a script writes it: `hello(name: "ann")`; values are written as JSON.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) handler: &'a str,
    arguments: Vec<(Option<&'a str>, Value)>,
}

impl<'a> Call<'a> {
    /// Reads a call and gives what stands behind it.
    pub(crate) fn parse(text: &'a str) -> Result<(Call<'a>, &'a str), String> {
        let malformed = || format!("`{text}`: expected `handler(name: value, …)`");
        let (handler, mut rest) = text.split_once('(').ok_or_else(malformed)?;
        let mut call = Call { handler: handler.trim(), arguments: Vec::new() };
        loop {
            rest = rest.trim_start_matches([' ', ',']);
            if let Some(behind) = rest.strip_prefix(')') {
                return Ok((call, behind));
            }
            let name_len = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric());
            let (name, value) = rest.split_at(name_len.ok_or_else(malformed)?);
            let name = value.strip_prefix(':').map(|value| {
                rest = value;
                name
            });
            let (value, behind) = parse_value(rest).ok_or_else(malformed)?;
            rest = behind;
            call.arguments.push((name, value));
        }
    }

    /// Gives the arguments to the engine, by name or by place.
    pub(crate) fn bind(&self, arguments: &mut Arguments<'_>) -> Result<(), ArgumentError> {
        let names: Vec<String> = arguments.names().map(str::to_owned).collect();
        for (place, (name, value)) in self.arguments.iter().enumerate() {
            let by_place = || names.get(place).map_or("", String::as_str);
            let name = name.unwrap_or_else(by_place);
            let mut slot = arguments.slot(name)?;
            let expected = slot.type_name();
            write(&mut slot, value).map_err(|_| ArgumentError::WrongType {
                name: name.to_owned(),
                expected,
                found: format!("`{value}`"),
            })?;
        }
        Ok(())
    }
}

/// Reads a JSON value and gives what stands behind it.
fn parse_value(text: &str) -> Option<(Value, &str)> {
    let text = text.trim_start();
    if text.starts_with(['"', '{', '[']) {
        let mut values = serde_json::Deserializer::from_str(text).into_iter();
        let value = values.next()?.ok()?;
        return Some((value, &text[values.byte_offset()..]));
    }
    let (word, behind) = text.split_at(text.find([',', ')'])?);
    Some((serde_json::from_str(word).ok()?, behind))
}

fn write(slot: &mut Slot<'_>, value: &Value) -> Result<(), WriteError> {
    match value {
        Value::Bool(value) => slot.write_bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(value) => slot.write_int(value),
            None => slot.write_float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => slot.write_text(text),
        Value::Object(given) => {
            for index in 0..slot.fields().len() {
                let name = &slot.fields()[index].name;
                let value = given.get(name).ok_or(WriteError::WrongType)?;
                write(&mut slot.field(index).ok_or(WriteError::WrongType)?, value)?;
            }
            Ok(())
        }
        Value::Null | Value::Array(_) => Err(WriteError::WrongType),
    }
}

/// A result or the state as a script shows it.
pub(crate) fn show(view: View<'_>) -> String {
    match view.content() {
        Content::Unit => "()".to_owned(),
        Content::Int(value) => value.to_string(),
        Content::Float(value) => format!("{value:?}"),
        Content::Bool(value) => value.to_string(),
        Content::Text(text) => Value::from(text).to_string(),
        Content::Struct(fields) => format!("{{ {} }}", show_fields(fields)),
        Content::Variant(name, mut fields) => match fields.next() {
            None => name.to_owned(),
            Some(_) => format!("{name}({})", show_fields(fields)),
        },
        Content::None => "none".to_owned(),
        Content::Some(value) => show(value),
        Content::List(elements) => {
            let elements: Vec<String> = elements.map(show).collect();
            format!("[{}]", elements.join(", "))
        }
        _ => "?".to_owned(),
    }
}

fn show_fields(fields: Fields<'_>) -> String {
    let fields: Vec<String> =
        fields.map(|(name, value)| format!("{name}: {}", show(value))).collect();
    fields.join(", ")
}
