//! What steps cost in fuel whose work depends on values. All else is in the typed program: entering
//! a block costs `ir::Block::fuel`.
//!
//! | step | units, before it is done |
//! | --- | --- |
//! | a built-in that reads a text, `+`, an interpolated text, a look-up by text, `log` | bytes / 16 for each text |
//! | `split` | besides, one for each part |
//! | `join` | one for each text, and the bytes of all, with a separator for each, / 16 |
//! | storing a text in the state | 4 + bytes / 16 |
//! | comparing two texts | bytes of the shorter / 16 |
//! | comparing two growing lists of one length, looking for an element | for each element 1 + its bytes / 16 |
//! | moving elements up or down, a slice | for each element 1 + its bytes / 16 |
//! | sorting n elements | for each of them 1 + log2(n) + its bytes / 16; for texts also bytes / 16 of all, 1 + log2(n) times |
//! | putting a row on the list of a loop that may change what it visits; passing a slot without one | 1 |
//! | the next row by an index of texts, where no list is made | bytes / 16 of the row's |
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
