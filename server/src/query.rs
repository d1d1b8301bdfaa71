//! Queries (`name=value&…`) into the arguments of a call, each by the type of its parameter. `+`
//! and `%20` are spaces.
//!
//! An `int`, `float` or `bool` is written as in a program, a `str` as it is, a struct as JSON. The
//! command line's `name=value` goes the same way.

use std::borrow::Cow;
use std::num::IntErrorKind;

use midflight_runtime::{ArgumentError, Arguments, Kind, Slot, WriteError};

use crate::json;
use crate::limits::QUOTE_LEN_MAX;

/// Binds what a query says to the arguments of the names in it.
pub(crate) fn bind(query: &str, arguments: &mut Arguments<'_>) -> Result<(), ArgumentError> {
    for pair in pairs(query) {
        let (name, value) = pair.map_err(|reason| ArgumentError::Unreadable { reason })?;
        write(&value, arguments.slot(&name)?, &name)?;
    }
    Ok(())
}

/// Writes a value, spelled as in a query, into the slot of the argument of this name.
pub(crate) fn write(value: &str, mut slot: Slot<'_>, name: &str) -> Result<(), ArgumentError> {
    let written = match slot.kind() {
        Kind::Int => match value.parse() {
            Ok(value) => slot.write_int(value),
            Err(error) => return Err(wrong(&slot, name, int_found(value, error.kind()))),
        },
        Kind::Float => match value.parse::<f64>() {
            Ok(value) if value.is_finite() => slot.write_float(value),
            Ok(_) => return Err(wrong(&slot, name, out_of_range(value))),
            Err(_) => return Err(wrong(&slot, name, quoted(value))),
        },
        Kind::Bool => match value {
            "true" => slot.write_bool(true),
            "false" => slot.write_bool(false),
            _ => return Err(wrong(&slot, name, quoted(value))),
        },
        Kind::Text => slot.write_text(value),
        _ => return json::read(value, slot, name),
    };
    let name = name.to_owned();
    written.map_err(|error| match error {
        WriteError::WrongType => unreachable!("each value was read for the kind of its slot"),
        _ => ArgumentError::TooLarge { name },
    })
}

fn wrong(slot: &Slot<'_>, name: &str, found: String) -> ArgumentError {
    ArgumentError::WrongType { name: name.to_owned(), expected: slot.type_name(), found }
}

fn int_found(value: &str, kind: &IntErrorKind) -> String {
    match kind {
        IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => out_of_range(value),
        _ => quoted(value),
    }
}

fn out_of_range(value: &str) -> String {
    format!("{}, which is out of its range", quoted(value))
}

/// The client's text in backticks, shortened to what fits into a message.
pub(crate) fn quoted(text: &str) -> String {
    let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut shown: String = text.chars().take(QUOTE_LEN_MAX).map(printable).collect();
    if shown.len() < text.len() && text.chars().nth(QUOTE_LEN_MAX).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// A name and its value, decoded.
type Pair<'q> = (Cow<'q, str>, Cow<'q, str>);

/// The pairs of a query, in order; one that cannot be read is told with the reason.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = Result<Pair<'_>, String>> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Ok((decode(name)?, decode(value)?))
    })
}

/// Undoes the escapes of a query; borrows where there are none.
fn decode(text: &str) -> Result<Cow<'_, str>, String> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Ok(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => escaped(&mut bytes).ok_or_else(|| {
                format!("the query has a `%` without its two digits: {}", quoted(text))
            })?,
            byte => byte,
        });
    }
    let decoded = String::from_utf8(decoded);
    decoded.map(Cow::Owned).map_err(|_| format!("the query is not UTF-8: {}", quoted(text)))
}

fn escaped(digits: &mut impl Iterator<Item = u8>) -> Option<u8> {
    let mut digit = || char::from(digits.next()?).to_digit(16);
    u8::try_from(digit()? << 4 | digit()?).ok()
}
