//! What a write to the world does first: notes for undo.
//!
//! The first write to a row, or to a chunk of `state` or of a large row (`chunk`), in a transaction
//! notes it; every later one is a plain store. What was noted has the transaction's epoch. A
//! small row is copied to the notes in place; the host takes all other notes, and sets the epoch then.
//!
//! [`Noted`] leaves the comparison out where every path has made it before.

use std::collections::BTreeSet;
use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, types as clif};

use super::chunk::Whole;
use super::function::{Lower, Value};
use super::place::{Located, Owner};
use crate::abi::{CallContext, HostFunction, RowHeader, RowNoteEnd, RowNotes};
use crate::layout::is_large_row;
use crate::planted::{Fault, is_planted};
use crate::source::Span;
use crate::types::TableId;

/// How many facts of a kind are kept; they are copied at every branch. Forgetting one costs a
/// comparison when the program runs.
const FACTS_MAX: usize = 64;

/// What every path to the current point of a function has noted in this transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Noted {
    /// Chunks of `state`.
    chunks: BTreeSet<u32>,
    /// Rows, as their chunk 0, and chunks of large rows.
    rows: BTreeSet<(Value, u32)>,
    /// Rows that are known to be there.
    alive: BTreeSet<Value>,
}

impl Noted {
    /// Keeps what is so on both ways to a point.
    pub(super) fn meet(&mut self, other: &Noted) {
        if is_planted(Fault::NotesOfOneArmCount) {
            return;
        }
        self.chunks.retain(|chunk| other.chunks.contains(chunk));
        self.rows.retain(|row| other.rows.contains(row));
        self.alive.retain(|row| other.alive.contains(row));
    }

    /// Whether a chunk is noted.
    pub(super) fn has_chunk(&self, whole: Whole, chunk: u32) -> bool {
        match whole {
            Whole::State => self.chunks.contains(&chunk),
            Whole::Row(_, row) => self.rows.contains(&(row, chunk)),
        }
    }

    /// A chunk is noted from here on.
    pub(super) fn add_chunk(&mut self, whole: Whole, chunk: u32) {
        match whole {
            Whole::State => remember(&mut self.chunks, chunk),
            Whole::Row(_, row) => remember(&mut self.rows, (row, chunk)),
        }
    }

    /// Something may have removed rows.
    pub(super) fn rows_may_be_gone(&mut self) {
        self.alive.clear();
    }
}

/// Bytes of a row, header included, up to which its note is written in place.
const INLINE_MAX: u32 = 128;

impl Lower<'_, '_, '_> {
    /// Notes what the next write, of `size` bytes at `at`, overwrites.
    pub(super) fn before_write(&mut self, at: Located, size: u32, span: Span) {
        match at.owner {
            _ if size == 0 => {}
            Owner::Call => {}
            Owner::State if is_planted(Fault::StateNoteIsMissing) => {}
            Owner::Row(..) if is_planted(Fault::RowNoteIsMissing) => {}
            Owner::Row(table, row) => self.note_row((table, row), at, size, span),
            Owner::State => self.note_part(Whole::State, at, size, span),
        }
    }

    /// A row was found, or looked at, and is there.
    pub(super) fn row_is_alive(&mut self, row: Value) {
        let row = self.known_as(row);
        remember(&mut self.noted.alive, row);
    }

    /// Whether a row is known to be there.
    pub(super) fn is_alive(&self, row: Value) -> bool {
        self.noted.alive.contains(&self.known_as(row))
    }

    /// The value that facts about a row are kept under: the same one wherever a local is read.
    fn known_as(&self, row: Value) -> Value {
        self.builder.func.dfg.resolve_aliases(row)
    }

    /// Notes a row before a write: a small one whole, of a large one the chunks to be written.
    fn note_row(&mut self, (table, row): (TableId, Value), at: Located, size: u32, span: Span) {
        if is_large_row(self.unit.layouts.row(table).layout.size) {
            return self.note_part(Whole::Row(table, self.known_as(row)), at, size, span);
        }
        let fact = (self.known_as(row), 0);
        if self.noted.rows.contains(&fact) {
            return;
        }
        remember(&mut self.noted.rows, fact);
        let number = self.number(table.0);
        let by_host = (HostFunction::note_row, &[number, row][..]);
        let epoch = self.load_word(row, offset_of!(RowHeader, epoch) as u32);
        if self.unit.layouts.row(table).layout.size > INLINE_MAX {
            return self.note_unless_current(&[epoch], by_host, span);
        }
        let current = self.load_ctx(clif::I64, offset_of!(CallContext, epoch));
        let [note, ask, copy, done] = [(); 4].map(|()| self.builder.create_block());
        self.builder.set_cold_block(ask);
        let stale = self.builder.ins().icmp(IntCC::NotEqual, epoch, current);
        self.brif(stale, note, done);
        self.start(note);
        let (next, after, fits) = self.room_for_note(table);
        self.brif(fits, copy, ask);
        self.start(ask);
        let _ = self.host(by_host.0, by_host.1, span);
        self.jump(done, &[]);
        self.start(copy);
        self.copy_row((table, row), next, (current, after));
        self.jump(done, &[]);
        self.start(done);
    }

    /// Where the note of a row goes, where it ends, and whether there is room for it.
    fn room_for_note(&mut self, table: TableId) -> (Value, Value, Value) {
        let size = self.unit.layouts.row(table).layout.size + size_of::<RowNoteEnd>() as u32;
        let notes = self.load_fixed(self.ctx, offset_of!(CallContext, row_notes));
        let next = self.load_word(notes, offset_of!(RowNotes, next) as u32);
        let end = self.load_word(notes, offset_of!(RowNotes, end) as u32);
        let after = self.offset(next, size);
        let fits = self.builder.ins().icmp(IntCC::UnsignedLessThanOrEqual, after, end);
        (next, after, fits)
    }

    /// Writes the note of a row at `next`: `abi::RowNotes` says how. The row gets the epoch.
    fn copy_row(
        &mut self,
        (table, row): (TableId, Value),
        next: Value,
        (current, after): (Value, Value),
    ) {
        let size = self.unit.layouts.row(table).layout.size;
        // Sixteen bytes at a time, since these loads and stores are most of what a tick costs; rows are
        // aligned to eight.
        let region = self.memory.alias_region();
        let memory = MemFlagsData::new().with_notrap().with_alias_region(region);
        let mut offset = 0;
        while offset < size {
            let part = if size - offset >= clif::I8X16.bytes() { clif::I8X16 } else { clif::I64 };
            let bytes = self.builder.ins().load(part, memory, row, offset as i32);
            let _ = self.builder.ins().store(memory, bytes, next, offset as i32);
            offset += part.bytes();
        }
        let words = size / size_of::<u64>() as u32;
        // The table and, above it, the number of words: two fields of 32 bits in one store.
        let which = self.int((u64::from(words) << 32 | u64::from(table.0)).cast_signed());
        self.store_word(row, next, size + offset_of!(RowNoteEnd, row) as u32);
        self.store_word(which, next, size + offset_of!(RowNoteEnd, table) as u32);
        let notes = self.load_fixed(self.ctx, offset_of!(CallContext, row_notes));
        self.store_word(after, notes, offset_of!(RowNotes, next) as u32);
        self.store_word(current, row, offset_of!(RowHeader, epoch) as u32);
    }

    /// Calls a function that notes unless all these epochs are the transaction's.
    pub(super) fn note_unless_current(
        &mut self,
        epochs: &[Value],
        (function, arguments): (HostFunction, &[Value]),
        span: Span,
    ) {
        let current = self.load_ctx(clif::I64, offset_of!(CallContext, epoch));
        let [note, done] = [(); 2].map(|()| self.builder.create_block());
        self.builder.set_cold_block(note);
        for (index, &epoch) in epochs.iter().enumerate() {
            let is_last = index + 1 == epochs.len();
            let next = if is_last { done } else { self.builder.create_block() };
            let stale = self.builder.ins().icmp(IntCC::NotEqual, epoch, current);
            self.brif(stale, note, next);
            if !is_last {
                self.start(next);
            }
        }
        self.start(note);
        let _ = self.host(function, arguments, span);
        self.jump(done, &[]);
        self.start(done);
    }
}

fn remember<T: Ord>(facts: &mut BTreeSet<T>, fact: T) {
    if facts.len() < FACTS_MAX {
        let _ = facts.insert(fact);
    }
}
