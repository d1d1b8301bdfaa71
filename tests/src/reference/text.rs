//! Built-ins of texts. Each pays for reading its texts before it begins. Positions count Unicode
//! scalar values.

use std::sync::Arc;

use midflight_compiler::builtins::Builtin;
use midflight_compiler::source::Span;
use midflight_compiler::trap::TrapKind;

use super::activation::{Activation, Step};
use super::builtin::hash;
use super::cost;
use super::value::Value;

impl Activation<'_, '_, '_> {
    pub(crate) fn text_builtin(
        &mut self,
        builtin: Builtin,
        values: Vec<Value>,
        span: Span,
    ) -> Step<Value> {
        let mut texts: Vec<Arc<str>> = Vec::new();
        let mut numbers: Vec<i64> = Vec::new();
        for value in values {
            match value {
                Value::Text(text) => {
                    self.charge(cost::text(&text), span)?;
                    texts.push(text);
                }
                number => numbers.push(number.int()),
            }
        }
        match (texts.as_slice(), numbers.as_slice()) {
            ([text], [start, end]) => match slice(text, *start, *end) {
                Some(part) => self.text(&part, span),
                None => self.fail(TrapKind::IndexOutOfBounds, span),
            },
            ([text, separator], _) if builtin == Builtin::TextSplit => {
                let parts = split(text, separator);
                self.charge(parts.len() as u64, span)?;
                if parts.len() > self.call.lengths.list {
                    return self.fail(TrapKind::ListTooLong, span);
                }
                let parts = parts.iter().map(|part| self.text(part, span));
                Ok(Value::List(parts.collect::<Step<_>>()?))
            }
            ([text, other], _) => Ok(Value::Bool(match builtin {
                Builtin::TextContains => text.contains(&**other),
                Builtin::TextStartsWith => text.starts_with(&**other),
                Builtin::TextEndsWith => text.ends_with(&**other),
                _ => unreachable!("{builtin:?} does not take two texts"),
            })),
            ([text], _) => match of_one_text(builtin, text) {
                Value::Text(made) => self.text(&made, span),
                value => Ok(value),
            },
            _ => unreachable!("{builtin:?} does not take these"),
        }
    }
}

fn of_one_text(builtin: Builtin, text: &str) -> Value {
    match builtin {
        Builtin::TextLen => Value::Int(text.chars().count() as i64),
        Builtin::TextTrim => Value::text(text.trim()),
        Builtin::TextLower => Value::text(&text.to_lowercase()),
        Builtin::TextUpper => Value::text(&text.to_uppercase()),
        Builtin::HashStr => Value::Int(hash(text.as_bytes())),
        Builtin::ParseInt => Value::optional(text.parse().ok().map(Value::Int)),
        Builtin::ParseFloat => Value::optional(text.parse().ok().map(Value::Float)),
        _ => unreachable!("{builtin:?} does not take one text"),
    }
}

/// The characters from `start` to before `end`, where there are so many.
fn slice(text: &str, start: i64, end: i64) -> Option<String> {
    let characters: Vec<char> = text.chars().collect();
    let (start, end) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
    Some(characters.get(start..end)?.iter().collect())
}

/// The parts between separators; an empty separator stands between all characters.
fn split(text: &str, separator: &str) -> Vec<String> {
    match separator {
        "" => text.chars().map(String::from).collect(),
        _ => text.split(separator).map(str::to_owned).collect(),
    }
}
