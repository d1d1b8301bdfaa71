//! The fields of rows that a table reads by itself: its key, and those that have an index.

#![expect(unsafe_code, reason = "reads keys and indexed fields by layout")]

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use midflight_compiler::abi::{RowHeader, Text};
use midflight_compiler::layout::Layouts;
use midflight_compiler::types::{TableId, Type, Types};

use super::slot;
use crate::index::{Entry, IndexKey};
use crate::memory::texts::characters;

/// A field whose value is read here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// Its index among the table's fields.
    pub(super) field: u32,
    /// Bytes from the row's header.
    pub(super) offset: u32,
    kind: ColumnKind,
}

#[derive(Clone, Copy, Debug)]
enum ColumnKind {
    Int,
    Float,
    Bool,
    Text,
    /// The tag of an enum, of this many bytes.
    Tag(u32),
}

/// A key to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key<'a> {
    /// `int`
    Int(i64),
    /// `str`
    Text(&'a str),
}

impl Key<'_> {
    /// All keys of a table are of one type: which one needs no hash.
    #[inline]
    pub(super) fn hash(self, hasher: &RandomState) -> u64 {
        match self {
            Key::Int(key) => hasher.hash_one(key),
            Key::Text(key) => hasher.hash_one(key),
        }
    }
}

impl Column {
    /// A field of a table in the layout that the program gives it.
    pub(super) fn new(types: &Types, layouts: &Layouts, id: TableId, field: u32) -> Column {
        let kind = match types.table(id).fields[field as usize].ty {
            Type::Int => ColumnKind::Int,
            Type::Float => ColumnKind::Float,
            Type::Bool => ColumnKind::Bool,
            Type::Str => ColumnKind::Text,
            Type::Enum(id) => ColumnKind::Tag(layouts.enumeration(id).tag_size),
            _ => unreachable!("the checker refuses other types of keys and indexes"),
        };
        Column { field, offset: layouts.row(id).offsets[field as usize], kind }
    }

    /// Where it stands in a row.
    pub(super) fn place(&self, row: *mut RowHeader) -> *const u8 {
        // SAFETY: the field stands inside of the row, at the offset that its layout gives.
        unsafe { row.cast::<u8>().add(self.offset as usize) }
    }

    /// The key of a row where keys are `int`s; a number that means nothing where they are not.
    #[inline]
    pub(super) fn int(&self, row: *mut RowHeader) -> i64 {
        // SAFETY: a key has eight bytes, which are initialised.
        unsafe { read(self.place(row)) }
    }

    /// The key of a row. The text lives as long as the row does not change.
    pub(super) fn key<'r>(&self, row: *mut RowHeader) -> Key<'r> {
        let place = self.place(row);
        match self.kind {
            // SAFETY: the field is a `str`.
            ColumnKind::Text => Key::Text(unsafe { text_at(place) }),
            _ => Key::Int(self.int(row)),
        }
    }

    /// Bytes of the text at an address; 0 where the field is no `str`.
    pub(super) fn text_len(&self, value: *const u8) -> usize {
        match self.kind {
            // SAFETY: the value has the column's type.
            ColumnKind::Text => unsafe { text_at(value) }.len(),
            _ => 0,
        }
    }

    /// What stands in this column's index for a row.
    pub(super) fn entry(&self, row: *mut RowHeader) -> Entry {
        (self.index_key(self.place(row)), slot(row))
    }

    /// What its index has for the value at an address.
    pub(super) fn index_key(&self, value: *const u8) -> IndexKey {
        match self.kind {
            // SAFETY: the value has the column's type.
            ColumnKind::Int => IndexKey::int(unsafe { read(value) }),
            // SAFETY: as above.
            ColumnKind::Float => IndexKey::float(unsafe { read(value) }),
            // SAFETY: as above.
            ColumnKind::Text => IndexKey::Text(unsafe { text_at(value) }.into()),
            ColumnKind::Bool | ColumnKind::Tag(1) => {
                // SAFETY: as above.
                let tag: u8 = unsafe { read(value) };
                IndexKey::Number(u64::from(tag))
            }
            ColumnKind::Tag(_) => {
                // SAFETY: as above.
                let tag: u16 = unsafe { read(value) };
                IndexKey::Number(u64::from(tag))
            }
        }
    }
}

/// Reads a value, which may stand in the notes for undo, where nothing is aligned.
///
/// # Safety
/// The place holds a `T`.
unsafe fn read<T: Copy>(place: *const u8) -> T {
    // SAFETY: as the caller promises.
    unsafe { place.cast::<T>().read_unaligned() }
}

/// The text in a slot.
///
/// # Safety
/// The place holds a `str` that is live and does not change during `'t`.
unsafe fn text_at<'t>(place: *const u8) -> &'t str {
    // SAFETY: it holds a `str`.
    let text: *const Text = unsafe { read(place) };
    // SAFETY: null or live.
    unsafe { characters(text) }
}
