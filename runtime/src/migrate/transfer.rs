//! One value of the live layout becomes one of the new layout.

use crate::cursor::{Content, Fields, Slot, View, WriteError};
use crate::plan::{Conversion, FieldMoves};

/// Why a value cannot become one of the new type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    OutOfMemory,
    /// No `float` is exactly this.
    Inexact(i64),
    /// The new list has no room for so many.
    TooMany,
}

impl From<WriteError> for Wrong {
    fn from(error: WriteError) -> Wrong {
        match error {
            WriteError::WrongLength => Wrong::TooMany,
            // The plan has compared the types.
            WriteError::WrongType | WriteError::TooLarge => Wrong::OutOfMemory,
        }
    }
}

/// Writes a value into a slot, which is zero, as the conversion says.
pub(super) fn transfer(
    conversion: &Conversion,
    from: View<'_>,
    to: &mut Slot<'_>,
) -> Result<(), Wrong> {
    match conversion {
        Conversion::Same => same(from, to),
        Conversion::Float => {
            let Content::Int(value) = from.content() else { return Ok(()) };
            let float = value as f64;
            // Beyond this every `float` is even, and the smallest and largest `int` round.
            if value.unsigned_abs() > 1 << 53 && float as i128 != i128::from(value) {
                return Err(Wrong::Inexact(value));
            }
            Ok(to.write_float(float)?)
        }
        Conversion::Some(inner) => match to.some() {
            Some(mut slot) => transfer(inner, from, &mut slot),
            None => Ok(()),
        },
        Conversion::Optional(inner) => match (from.content(), to) {
            (Content::Some(value), to) => match to.some() {
                Some(mut slot) => transfer(inner, value, &mut slot),
                None => Ok(()),
            },
            _ => Ok(()),
        },
        Conversion::Struct(moves) => {
            let Content::Struct(fields) = from.content() else { return Ok(()) };
            parts(moves, fields, to)
        }
        Conversion::Enum(variants) => {
            let Content::Variant(_, fields) = from.content() else { return Ok(()) };
            let Some((tag, moves)) = variants.get(from.variant_index() as usize) else {
                return Ok(());
            };
            let _ = to.choose_at(*tag as usize);
            parts(moves, fields, to)
        }
        Conversion::List(inner, rest) => {
            let Content::List(elements) = from.content() else { return Ok(()) };
            for element in elements {
                transfer(inner, element, &mut to.push()?)?;
            }
            if let Some(rest) = rest {
                while let Ok(mut slot) = to.push() {
                    slot.write_const(rest)?;
                }
            }
            Ok(to.end_list()?)
        }
    }
}

/// The fields of a struct or a payload.
fn parts(moves: &FieldMoves, fields: Fields<'_>, to: &mut Slot<'_>) -> Result<(), Wrong> {
    let before: Vec<View<'_>> = fields.map(|(_, value)| value).collect();
    for (index, from) in moves.iter().enumerate() {
        match from {
            Some((from, conversion)) => {
                let Some(mut slot) = to.field(index) else { continue };
                transfer(conversion, before[*from as usize], &mut slot)?;
            }
            None => to.write_default(index)?,
        }
    }
    Ok(())
}

/// Copies a value between types that are alike.
fn same(from: View<'_>, to: &mut Slot<'_>) -> Result<(), Wrong> {
    match from.content() {
        Content::Unit | Content::None => Ok(()),
        Content::Int(value) => Ok(to.write_int(value)?),
        Content::Float(value) => Ok(to.write_float(value)?),
        Content::Bool(value) => Ok(to.write_bool(value)?),
        Content::Text(value) => Ok(to.write_text(value)?),
        Content::Struct(fields) => same_parts(fields, to),
        Content::Variant(_, fields) => {
            let _ = to.choose_at(from.variant_index() as usize);
            same_parts(fields, to)
        }
        Content::Some(value) => match to.some() {
            Some(mut slot) => same(value, &mut slot),
            None => Ok(()),
        },
        Content::List(elements) => {
            for element in elements {
                same(element, &mut to.push()?)?;
            }
            Ok(to.end_list()?)
        }
    }
}

fn same_parts(fields: Fields<'_>, to: &mut Slot<'_>) -> Result<(), Wrong> {
    for (index, (_, value)) in fields.enumerate() {
        if let Some(mut slot) = to.field(index) {
            same(value, &mut slot)?;
        }
    }
    Ok(())
}

/// A key as a program writes it.
pub(super) fn shown(key: View<'_>) -> String {
    match key.content() {
        Content::Int(value) => value.to_string(),
        Content::Text(text) => format!("{text:?}"),
        _ => String::new(),
    }
}
