//! An ordered index: the slots of a table's rows in the order of one field.
//!
//! NaN sorts last, -0 equals 0, ties go by slot.

use std::collections::BTreeSet;
use std::ops::Bound;

use midflight_compiler::planted::{Fault, is_planted};

/// A value of an indexed field, in a form that sorts as the language says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum IndexKey {
    /// `int`, `float`, `bool`, the tag of an enum.
    Number(u64),
    /// `str`, by bytes.
    Text(Box<str>),
}

const SIGN: u64 = 1 << 63;

impl IndexKey {
    /// The key of an `int`.
    pub(crate) fn int(value: i64) -> IndexKey {
        IndexKey::Number(value.cast_unsigned() ^ SIGN)
    }

    /// The key of a `float`: its bits, so turned that they sort as numbers do.
    pub(crate) fn float(value: f64) -> IndexKey {
        if value.is_nan() && is_planted(Fault::NanSortsFirst) {
            return IndexKey::Number(0);
        }
        if value.is_nan() {
            return IndexKey::Number(u64::MAX);
        }
        // -0 + 0 is 0.
        let bits = (value + 0.0).to_bits();
        IndexKey::Number(if bits & SIGN == 0 { bits ^ SIGN } else { !bits })
    }

    /// Bytes that an entry with this key takes, roughly.
    pub(crate) fn size(&self) -> usize {
        let text = match self {
            IndexKey::Number(_) => 0,
            IndexKey::Text(text) => text.len(),
        };
        2 * size_of::<(IndexKey, u32)>() + text
    }
}

/// A value and the slot of a row that has it.
pub(crate) type Entry = (IndexKey, u32);

/// The index of one field.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    entries: BTreeSet<Entry>,
}

impl Index {
    /// The index with these entries, each of another slot.
    pub(crate) fn of(entries: Vec<Entry>) -> Index {
        Index { entries: entries.into_iter().collect() }
    }

    /// Bytes that its entries take, roughly.
    pub(crate) fn size(&self) -> usize {
        self.entries.iter().map(|(key, _)| key.size()).sum()
    }

    pub(crate) fn insert(&mut self, key: IndexKey, slot: u32) {
        let is_new = self.entries.insert((key, slot));
        debug_assert!(is_new, "slot {slot} is in the index already");
    }

    pub(crate) fn remove(&mut self, key: IndexKey, slot: u32) {
        let was_there = self.entries.remove(&(key, slot));
        debug_assert!(was_there, "slot {slot} is in the index under another key");
    }

    /// The slots behind an entry, in order; all where there is none.
    pub(crate) fn after(&self, entry: Option<Entry>) -> impl Iterator<Item = u32> {
        let start = entry.map_or(Bound::Unbounded, Bound::Excluded);
        self.entries.range((start, Bound::Unbounded)).map(|&(_, slot)| slot)
    }

    /// The slots before an entry, in reverse order; all where there is none.
    pub(crate) fn before(&self, entry: Option<Entry>) -> impl Iterator<Item = u32> {
        let end = entry.map_or(Bound::Unbounded, Bound::Excluded);
        self.entries.range((Bound::Unbounded, end)).rev().map(|&(_, slot)| slot)
    }

    /// The slots of an equal key, from the slot `first` on, in order.
    pub(crate) fn equal(&self, key: IndexKey, first: u32) -> impl Iterator<Item = u32> {
        let range = (key.clone(), first)..=(key, u32::MAX);
        self.entries.range(range).map(|&(_, slot)| slot)
    }
}

#[cfg(test)]
mod tests {
    use super::IndexKey;

    #[test]
    fn keys_sort_as_numbers_do() {
        let floats = [f64::NEG_INFINITY, -1.5, -1e-300, 0.0, 1e-300, 1.0, f64::INFINITY, f64::NAN];
        assert!(floats.map(IndexKey::float).is_sorted());
        assert_eq!(IndexKey::float(-0.0), IndexKey::float(0.0));
        assert!([i64::MIN, -1, 0, 1, i64::MAX].map(IndexKey::int).is_sorted());
    }
}
