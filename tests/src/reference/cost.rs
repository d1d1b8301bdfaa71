//! What steps cost in fuel whose work depends on values. All else is in the typed program: entering
//! a block costs `ir::Block::fuel`.
//!
//! - a text that a built-in, `+`, an interpolation, a look-up or `log` reads: its bytes / 16;
//! - `split`: besides, 1 for each part; `join`: 1 for each text, and the bytes of all, with a
//!   separator for each, / 16;
//! - a text that is stored in the state, by itself or in a value: 4 + its bytes / 16;
//! - a comparison of two texts: the bytes of the shorter / 16;
//! - elements that a comparison of growing lists of one length or a search goes over, that are moved
//!   up or down, or that a slice copies: for each 1 + its bytes / 16;
//! - sorting n elements: for each 1 + log2(n) + its bytes / 16; by texts also all their bytes / 16,
//!   1 + log2(n) times;
//! - a loop over a table: 1 for a slot that it passes and that holds no row; by an index of texts the
//!   bytes / 16 of each row's;
//! - a loop that may change which rows it visits: 1 for each that it lists, and for each slot without
//!   one before the last of them.
//!
//! Divisions are rounded down, for each text and each element.

use super::value::Value;

/// Bytes that one unit pays for.
const BYTES: u64 = 16;

/// What storing a text costs besides its bytes.
const STORED_TEXT: u64 = 4;

/// Reading a text.
pub(crate) fn text(characters: &str) -> u64 {
    characters.len() as u64 / BYTES
}

/// Putting a text into the state.
pub(crate) fn stored_text(characters: &str) -> u64 {
    STORED_TEXT + text(characters)
}

/// Comparing two texts.
pub(crate) fn comparison(left: &str, right: &str) -> u64 {
    left.len().min(right.len()) as u64 / BYTES
}

/// Going over so many elements of so many bytes each.
pub(crate) fn elements(count: usize, size: u64) -> u64 {
    count as u64 * (1 + size / BYTES)
}

/// Putting texts together, with a separator behind each.
pub(crate) fn join<'t>(texts: impl Iterator<Item = &'t str>, separator: &str) -> u64 {
    let (mut count, mut bytes) = (0, 0);
    for text in texts {
        count += 1;
        bytes += (text.len() + separator.len()) as u64;
    }
    count + bytes / BYTES
}

/// Sorting elements of so many bytes each by these keys.
pub(crate) fn sort(keys: &[&Value], size: u64) -> u64 {
    let levels = 1 + u64::from(keys.len().max(2).ilog2());
    let bytes = keys.iter().map(|key| match key {
        Value::Text(text) => text.len() as u64,
        _ => 0,
    });
    keys.len() as u64 * (levels + size / BYTES) + bytes.sum::<u64>() / BYTES * levels
}
