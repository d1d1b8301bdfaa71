//! What a write to the world does first: notes for undo.
//!
//! The first write to a chunk of `state`, or to a row, in a transaction notes it; every later one
//! is a plain store. A chunk or row was noted when its epoch is the transaction's. The epochs of
//! the chunks of `state` stand before its fields (`layout::state_epoch_offset`). The host sets
//! the epoch when it notes, so that generated code only compares.
//!
//! [`Noted`] leaves the comparison out where every path has made it before.

use std::collections::BTreeSet;
use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, types as clif};

use super::function::{Lower, Value};
use super::place::{Located, Owner};
use crate::abi::{CallContext, HostFunction, RowHeader};
use crate::layout::{CHUNK_SIZE, state_epoch_offset};
use crate::planted::{Fault, is_planted};
use crate::source::Span;
use crate::types::{TableId, Type};

/// A write to `state` that may touch more chunks than this asks the host every time: it looks at
/// the epochs itself.
const CHUNKS_INLINE_MAX: u32 = 2;

/// How many facts of a kind are kept; they are copied at every branch. Forgetting one costs a
/// comparison when the program runs.
const FACTS_MAX: usize = 64;

/// What every path to the current point of a function has noted in this transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Noted {
    /// Chunks of `state`.
    chunks: BTreeSet<u32>,
    /// Rows, and chunks of large rows.
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

    /// Something may have removed rows.
    pub(super) fn rows_may_be_gone(&mut self) {
        self.alive.clear();
    }
}

impl Lower<'_, '_, '_> {
    /// Notes what the next write, of `size` bytes at `at`, overwrites.
    pub(super) fn before_write(&mut self, at: Located, size: u32, span: Span) {
        match at.owner {
            _ if size == 0 => {}
            Owner::Call => {}
            Owner::State if is_planted(Fault::StateNoteIsMissing) => {}
            Owner::Row(..) if is_planted(Fault::RowNoteIsMissing) => {}
            Owner::Row(table, row) => self.note_row((table, row), at, size, span),
            Owner::State if self.state_size() <= CHUNK_SIZE => {
                self.note_chunks(0..=0, span);
            }
            Owner::State => match at.index_bytes {
                None => {
                    let last = (at.offset + size - 1) / CHUNK_SIZE;
                    self.note_chunks(at.offset / CHUNK_SIZE..=last, span);
                }
                Some(bytes) => {
                    let start = self.offset(bytes, at.offset);
                    self.note_indexed(start, size, span);
                }
            },
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

    /// Notes a row before a write: a small one whole, of a large one the bytes to be written.
    fn note_row(&mut self, (table, row): (TableId, Value), at: Located, size: u32, span: Span) {
        if self.unit.layouts.row(table).layout.size > CHUNK_SIZE {
            return self.note_large_row((table, row), at, size, span);
        }
        let fact = (self.known_as(row), 0);
        if self.noted.rows.contains(&fact) {
            return;
        }
        remember(&mut self.noted.rows, fact);
        let epoch = self.load_word(row, offset_of!(RowHeader, epoch) as u32);
        let number = self.number(table.0);
        self.note_unless_current(&[epoch], (HostFunction::note_row, &[number, row]), span);
    }

    /// The host knows which bytes of a large row are noted; it is asked once for each chunk.
    fn note_large_row(
        &mut self,
        (table, row): (TableId, Value),
        at: Located,
        size: u32,
        span: Span,
    ) {
        let name = self.known_as(row);
        let (first, last) = (at.offset / CHUNK_SIZE, (at.offset + size - 1) / CHUNK_SIZE);
        let start = match at.index_bytes {
            Some(bytes) => self.offset(bytes, at.offset),
            None if (first..=last).all(|chunk| self.noted.rows.contains(&(name, chunk))) => return,
            None => self.int(i64::from(at.offset)),
        };
        let passed = [self.number(table.0), row, start, self.int(i64::from(size))];
        let _ = self.host(HostFunction::note_row_range, &passed, span);
        if at.index_bytes.is_none() {
            for chunk in first..=last {
                remember(&mut self.noted.rows, (name, chunk));
            }
        }
    }

    /// Bytes of the fields of `state`.
    fn state_size(&self) -> u32 {
        self.unit.layout(Type::Struct(self.unit.program.state)).size
    }

    /// Notes chunks whose numbers are known.
    fn note_chunks(&mut self, chunks: std::ops::RangeInclusive<u32>, span: Span) {
        let missing: Vec<u32> = chunks.filter(|chunk| !self.noted.chunks.contains(chunk)).collect();
        let (Some(&first), Some(&last)) = (missing.first(), missing.last()) else {
            return;
        };
        let start = self.int(i64::from(first * CHUNK_SIZE));
        let end = self.state_size().min((last + 1) * CHUNK_SIZE);
        let len = self.int(i64::from(end - first * CHUNK_SIZE));
        if missing.len() as u32 > CHUNKS_INLINE_MAX {
            let _ = self.host(HostFunction::note_state, &[start, len], span);
        } else {
            let state = self.state();
            let epochs: Vec<Value> = missing
                .iter()
                .map(|&chunk| self.load_epoch(state, state_epoch_offset(chunk)))
                .collect();
            self.note_unless_current(&epochs, (HostFunction::note_state, &[start, len]), span);
        }
        for chunk in missing {
            remember(&mut self.noted.chunks, chunk);
        }
    }

    /// Notes `size` bytes from a start that is known only when the program runs.
    fn note_indexed(&mut self, start: Value, size: u32, span: Span) {
        let len = self.int(i64::from(size));
        if size > CHUNK_SIZE {
            let _ = self.host(HostFunction::note_state, &[start, len], span);
            return;
        }
        let state = self.state();
        let mut epochs = vec![self.epoch_at(state, start)];
        // A scalar is aligned, so that it stands in one chunk.
        if size > 8 {
            let last = self.builder.ins().iadd_imm_s(start, i64::from(size) - 1);
            epochs.push(self.epoch_at(state, last));
        }
        self.note_unless_current(&epochs, (HostFunction::note_state, &[start, len]), span);
    }

    /// The epoch of the chunk that holds a byte of `state`.
    fn epoch_at(&mut self, state: Value, byte: Value) -> Value {
        let chunk = self.builder.ins().ushr_imm_u(byte, i64::from(CHUNK_SIZE.trailing_zeros()));
        let before = self.builder.ins().ishl_imm_u(chunk, 3);
        let base = self.builder.ins().isub(state, before);
        self.load_epoch(base, state_epoch_offset(0))
    }

    fn load_epoch(&mut self, base: Value, offset: i32) -> Value {
        let flags = self.memory;
        self.builder.ins().load(clif::I64, flags, base, offset)
    }

    /// Calls a function that notes unless all these epochs are the transaction's.
    fn note_unless_current(
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
