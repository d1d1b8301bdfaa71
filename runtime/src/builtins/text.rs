//! Texts. What a function makes lies in the call's arena; what takes time by size charges fuel by
//! size before it begins.

use std::cmp::Ordering;
use std::fmt::Write;

use midflight_compiler::abi::{ListHeader, PIECE_SHORTEST, Piece, PieceKind, Text};
use midflight_compiler::planted::{Fault, is_planted};
use midflight_compiler::trap::TrapKind;

use super::host;
use super::list::{pointer_list, texts};
use super::memory::bytes_fuel;
use super::number::hash;
use super::value::compare_texts;
use crate::float::write_float;
use crate::frame::Frame;
use crate::memory::texts::characters;

host! {
    fn text_concat(frame, left: *const Text, right: *const Text) -> *const Text {
        let (left, right) = (borrow(frame, left)?, borrow(frame, right)?);
        frame.arena.text(&mut frame.ctx, [left, right])
    }

    fn text_interpolate(frame, pieces: *const Piece, count: u64) -> *const Text {
        // SAFETY: generated code has put `count` pieces there.
        let pieces = unsafe { std::slice::from_raw_parts(pieces, count as usize) };
        interpolate(frame, pieces)
    }

    fn text_equal(frame, left: *const Text, right: *const Text) -> u32 {
        Ok(u32::from(compare_texts(frame, left, right)? == Ordering::Equal))
    }

    fn text_compare(frame, left: *const Text, right: *const Text) -> i64 {
        Ok(compare_texts(frame, left, right)? as i64)
    }

    fn text_len(frame, text: *const Text) -> i64 {
        let text = borrow(frame, text)?;
        let count_bytes = is_planted(Fault::TextLenCountsBytes);
        Ok(if count_bytes { text.len() } else { text.chars().count() } as i64)
    }

    fn text_contains(frame, text: *const Text, part: *const Text) -> u32 {
        let (text, part) = (borrow(frame, text)?, borrow(frame, part)?);
        Ok(u32::from(text.contains(part)))
    }

    fn text_starts_with(frame, text: *const Text, part: *const Text) -> u32 {
        let (text, part) = (borrow(frame, text)?, borrow(frame, part)?);
        Ok(u32::from(text.starts_with(part)))
    }

    fn text_ends_with(frame, text: *const Text, part: *const Text) -> u32 {
        let (text, part) = (borrow(frame, text)?, borrow(frame, part)?);
        Ok(u32::from(text.ends_with(part)))
    }

    fn text_slice(frame, text: *const Text, start: i64, end: i64) -> *const Text {
        let part = slice(borrow(frame, text)?, start, end).ok_or(TrapKind::IndexOutOfBounds)?;
        frame.arena.text(&mut frame.ctx, [part])
    }

    fn text_trim(frame, text: *const Text) -> *const Text {
        let part = borrow(frame, text)?.trim();
        frame.arena.text(&mut frame.ctx, [part])
    }

    fn text_lower(frame, text: *const Text) -> *const Text {
        let text = borrow(frame, text)?.to_lowercase();
        frame.arena.text(&mut frame.ctx, [&text])
    }

    fn text_upper(frame, text: *const Text) -> *const Text {
        let text = borrow(frame, text)?.to_uppercase();
        frame.arena.text(&mut frame.ctx, [&text])
    }

    fn text_split(frame, text: *const Text, separator: *const Text) -> *mut ListHeader {
        let (text, separator) = (borrow(frame, text)?, borrow(frame, separator)?);
        split(frame, text, separator)
    }

    fn text_join(frame, list: *const ListHeader, separator: *const Text) -> *const Text {
        // SAFETY: null or live.
        let (texts, separator) = (texts(list), unsafe { characters(separator) });
        let len = texts.iter().map(|text| text.len() + separator.len()).sum::<usize>();
        frame.charge(texts.len() + bytes_fuel(len))?;
        if len > frame.arena.left() {
            return Err(TrapKind::OutOfMemory);
        }
        let joined = texts.join(separator);
        frame.arena.text(&mut frame.ctx, [&joined])
    }

    fn parse_int(frame, text: *const Text, out: *mut i64) -> u32 {
        let Ok(value) = borrow(frame, text)?.parse::<i64>() else { return Ok(0) };
        // SAFETY: generated code gives room for an `int`.
        unsafe { out.write(value) };
        Ok(1)
    }

    fn parse_float(frame, text: *const Text, out: *mut f64) -> u32 {
        let Ok(value) = borrow(frame, text)?.parse::<f64>() else { return Ok(0) };
        // SAFETY: generated code gives room for a `float`.
        unsafe { out.write(value) };
        Ok(1)
    }

    fn hash_text(frame, text: *const Text) -> i64 {
        Ok(hash(borrow(frame, text)?.as_bytes()))
    }
}

/// The characters of an argument, after charging for reading them.
fn borrow<'t>(frame: &mut Frame, text: *const Text) -> Result<&'t str, TrapKind> {
    // SAFETY: null or live, until the call is over; nothing that is made here outlives the call.
    let text = unsafe { characters(text) };
    frame.charge(bytes_fuel(text.len()))?;
    Ok(text)
}

/// The parts between the separators; the characters where the separator is empty.
fn split(frame: &mut Frame, text: &str, separator: &str) -> Result<*mut ListHeader, TrapKind> {
    let parts: Vec<&str> = match separator {
        "" => text.char_indices().map(|(at, char)| &text[at..at + char.len_utf8()]).collect(),
        _ => text.split(separator).collect(),
    };
    frame.charge(parts.len())?;
    if parts.len() > frame.arena.list_len_max() {
        return Err(TrapKind::ListTooLong);
    }
    let mut made = Vec::with_capacity(parts.len());
    for part in parts {
        made.push(frame.arena.text(&mut frame.ctx, [part])?.cast_mut());
    }
    pointer_list(frame, &made)
}

/// The characters from `start` to before `end`, counted in Unicode scalar values.
fn slice(text: &str, start: i64, end: i64) -> Option<&str> {
    let (start, end) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
    let count = end.checked_sub(start)?;
    let mut offsets = text.char_indices().map(|(offset, _)| offset).chain([text.len()]);
    let from = offsets.nth(start)?;
    let to = match count {
        0 => from,
        _ => offsets.nth(count - 1)?,
    };
    text.get(from..to)
}

const TEXT: u32 = PieceKind::Text as u32;
const INT: u32 = PieceKind::Int as u32;
const FLOAT: u32 = PieceKind::Float as u32;

/// Bytes of the longest `int`.
const INT_LEN_MAX: usize = 20;

/// Bytes of the text buffer that are kept from one text to the next.
const TEXT_BUFFER_KEPT_MAX: usize = 64 << 10;

/// Bytes of `false`.
const BOOL_LEN_MAX: usize = 5;

fn interpolate(frame: &mut Frame, pieces: &[Piece]) -> Result<*const Text, TrapKind> {
    let Some(len_max) = charge_pieces(frame, pieces)? else {
        return interpolate_floats(frame, pieces);
    };
    let mut text = frame.arena.begin_text(&mut frame.ctx, len_max)?;
    for piece in pieces {
        match piece.kind {
            // SAFETY: null or live.
            TEXT => text.push(unsafe { characters(piece.value as *const Text) }),
            INT => text.push(itoa::Buffer::new().format(piece.value.cast_signed())),
            _ => text.push(bool_text(piece)),
        }
    }
    text.end()
}

/// Charges for reading the texts among the pieces. Gives how long all of them are at most; `None`
/// where there is a float, which can be long.
fn charge_pieces(frame: &mut Frame, pieces: &[Piece]) -> Result<Option<usize>, TrapKind> {
    let (mut len_max, mut fuel, mut has_float) = (0_usize, None, false);
    for piece in pieces {
        len_max += match piece.kind {
            TEXT => {
                // SAFETY: null or live.
                let len = unsafe { characters(piece.value as *const Text) }.len();
                fuel = Some(fuel.unwrap_or(0) + bytes_fuel(len));
                len
            }
            INT => INT_LEN_MAX,
            FLOAT => {
                has_float = true;
                0
            }
            _ => BOOL_LEN_MAX,
        };
    }
    // Where there is no text to read, the fuel is not looked at.
    if let Some(fuel) = fuel {
        frame.charge(fuel)?;
    }
    Ok((!has_float).then_some(len_max))
}

fn bool_text(piece: &Piece) -> &'static str {
    if piece.value == 0 { "false" } else { "true" }
}

/// By way of a buffer, for floats. The pieces have been charged for.
fn interpolate_floats(frame: &mut Frame, pieces: &[Piece]) -> Result<*const Text, TrapKind> {
    let mut buffer = std::mem::take(&mut frame.text_buffer);
    buffer.clear();
    for piece in pieces {
        append(&mut buffer, piece);
        if buffer.len() > frame.arena.left() {
            return Err(TrapKind::OutOfMemory);
        }
    }
    let text = frame.arena.text(&mut frame.ctx, [&buffer]);
    if buffer.capacity() <= TEXT_BUFFER_KEPT_MAX {
        frame.text_buffer = buffer;
    }
    text
}

fn append(buffer: &mut String, piece: &Piece) {
    match piece.kind {
        // SAFETY: null or live.
        TEXT => buffer.push_str(unsafe { characters(piece.value as *const Text) }),
        INT => buffer.push_str(itoa::Buffer::new().format(piece.value.cast_signed())),
        FLOAT => {
            let value = f64::from_bits(piece.value);
            match piece.digits {
                PIECE_SHORTEST => write_float(buffer, value),
                digits => {
                    let digits = digits as usize;
                    write!(buffer, "{value:.digits$}").expect("a `String` takes everything");
                }
            }
        }
        _ => buffer.push_str(bool_text(piece)),
    }
}

#[cfg(test)]
mod tests {
    use super::slice;

    #[test]
    fn slices_count_characters() {
        assert_eq!(slice("aéz", 1, 2), Some("é"));
        assert_eq!(slice("aéz", 0, 3), Some("aéz"));
        assert_eq!(slice("aéz", 3, 3), Some(""));
        assert_eq!(slice("aéz", 2, 4), None);
        assert_eq!(slice("aéz", 2, 1), None);
        assert_eq!(slice("aéz", -1, 1), None);
    }
}
