//! Queries (`name=value&…`) into the arguments of a call, each by the type of its parameter. `+`
//! and `%20` are spaces.
//!
//! An `int`, `float` or `bool` is written as in a program, a `str` as it is, a variant without
//! payload by its name, everything else as JSON; an optional that is left out is `none`. The
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
        Kind::Optional => {
            let slot = slot.some().expect("an optional can have a value");
            return write(value, slot, name);
        }
        Kind::Enum if !value.starts_with('{') => {
            return json::read(&serde_json::Value::from(value).to_string(), slot, name);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use midflight_runtime::{CallError, Content, Engine, MAIN_WORLD, Outcome};

    const SPELL: &str = "
        struct Place { x: float, y: float }
        enum Class { mage, healer(power: int) }
        get spell(i: int = 0, f: float = 0.0, b: bool = false, s: str = \"\",
            p: Place = Place { x: 0.0, y: 0.0 }, c: Class = Class.mage, o: int?) -> str {
            let power = match c {
                mage => o ?? -1
                healer(power) => power
            }
            return \"{i} {f} {b} {s} {p.x},{p.y} {power}\"
        }
    ";

    fn call(query: &str) -> String {
        let engine = Engine::builder().build().expect("memory needs no store");
        let _ = engine.load(SPELL).expect("the program is right");
        let called =
            engine.enter(MAIN_WORLD, |turn| match turn.call("spell", |slots| bind(query, slots)) {
                Ok(Outcome::Done(result)) => match result.content() {
                    Content::Text(text) => text.to_owned(),
                    other => panic!("{other:?}"),
                },
                Ok(Outcome::Trapped(trap)) => trap.to_string(),
                Err(CallError::Argument(error)) => error.to_string(),
                Err(error) => panic!("{error}"),
            });
        called.expect("the world is there")
    }

    #[test]
    fn values_are_read_by_the_type_of_their_parameter() {
        for (query, expected) in [
            ("", "0 0.0 false  0.0,0.0 -1"),
            ("i=-9223372036854775808&&", "-9223372036854775808 0.0 false  0.0,0.0 -1"),
            ("f=1e3&b=true&s", "0 1000.0 true  0.0,0.0 -1"),
            ("s=a+b%20c%2Bd%C3%A9%3d=", "0 0.0 false a b c+dé== 0.0,0.0 -1"),
            ("%69=7&s=true", "7 0.0 false true 0.0,0.0 -1"),
            ("p=%7B%22x%22:1,%22y%22:2%7D", "0 0.0 false  1.0,2.0 -1"),
            ("c=mage&o=4", "0 0.0 false  0.0,0.0 4"),
            ("c={\"healer\":{\"power\":7}}", "0 0.0 false  0.0,0.0 7"),
            ("o=x", "the argument `o` takes `int`, found `x`"),
            ("c=x", "the argument `c` takes `Class`, found `x`, which is none of `mage`, `healer`"),
            ("i=", "the argument `i` takes `int`, found ``"),
            ("i=1.0", "the argument `i` takes `int`, found `1.0`"),
            (
                "i=9223372036854775808",
                "the argument `i` takes `int`, found `9223372036854775808`, which is out of \
                 its range",
            ),
            ("f=1e400", "the argument `f` takes `float`, found `1e400`, which is out of its range"),
            ("f=x", "the argument `f` takes `float`, found `x`"),
            ("b=1", "the argument `b` takes `bool`, found `1`"),
            ("i=1&i=1", "the argument `i` is given twice"),
            ("nam=x", "there is no parameter `nam`"),
            ("s=%", "the query has a `%` without its two digits: `%`"),
            ("s=%4x", "the query has a `%` without its two digits: `%4x`"),
            ("s=%ff", "the query is not UTF-8: `%ff`"),
        ] {
            assert_eq!(call(query), expected, "{query}");
        }
    }

    #[test]
    fn quotes_are_short_and_printable() {
        assert_eq!(quoted("a\u{1b}[1m"), "`a\u{fffd}[1m`");
        assert_eq!(quoted(&"é".repeat(41)), format!("`{}…`", "é".repeat(40)));
    }
}
