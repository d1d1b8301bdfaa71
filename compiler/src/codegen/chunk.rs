//! Notes for undo of what is noted in chunks: `state` and large rows, of which a call writes little.
//!
//! A chunk was noted when its epoch is the transaction's. The epochs of `state` stand before its
//! fields, those of a row behind it (`layout::state_epoch_offset`, `layout::row_epoch_offset`).

use cranelift_codegen::ir::{InstBuilder, types as clif};

use super::function::{Lower, Value};
use super::place::Located;
use crate::abi::HostFunction;
use crate::layout::{CHUNK_SIZE, row_epoch_offset, state_epoch_offset};
use crate::source::Span;
use crate::types::{TableId, Type};

/// A write that may touch more chunks than this asks the host every time: it looks at the epochs
/// itself.
const CHUNKS_INLINE_MAX: u32 = 2;

/// What is noted in chunks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whole {
    State,
    /// The row at this address.
    Row(TableId, Value),
}

impl Lower<'_, '_, '_> {
    /// Notes the chunks that the next write, of `size` bytes at `at`, touches.
    pub(super) fn note_part(&mut self, whole: Whole, at: Located, size: u32, span: Span) {
        if self.size_of(whole) <= CHUNK_SIZE {
            return self.note_chunks(whole, 0..=0, span);
        }
        match at.index_bytes {
            None => {
                let last = (at.offset + size - 1) / CHUNK_SIZE;
                self.note_chunks(whole, at.offset / CHUNK_SIZE..=last, span);
            }
            Some(bytes) => {
                let start = self.offset(bytes, at.offset);
                self.note_from(whole, start, size, span);
            }
        }
    }

    /// Bytes of the fields of `state`; of a row, its header included.
    fn size_of(&self, whole: Whole) -> u32 {
        match whole {
            Whole::State => self.unit.layout(Type::Struct(self.unit.program.state)).size,
            Whole::Row(table, _) => self.unit.layouts.row(table).layout.size,
        }
    }

    /// Notes chunks whose numbers are known.
    fn note_chunks(&mut self, whole: Whole, chunks: std::ops::RangeInclusive<u32>, span: Span) {
        let missing: Vec<u32> =
            chunks.filter(|&chunk| !self.noted.has_chunk(whole, chunk)).collect();
        let (Some(&first), Some(&last)) = (missing.first(), missing.last()) else {
            return;
        };
        let start = self.int(i64::from(first * CHUNK_SIZE));
        let end = self.size_of(whole).min((last + 1) * CHUNK_SIZE);
        let len = self.int(i64::from(end - first * CHUNK_SIZE));
        let (function, arguments) = self.note_call(whole, start, len);
        if missing.len() as u32 > CHUNKS_INLINE_MAX {
            let _ = self.host(function, &arguments, span);
        } else {
            let epochs: Vec<Value> =
                missing.iter().map(|&chunk| self.epoch_of(whole, chunk)).collect();
            self.note_unless_current(&epochs, (function, &arguments), span);
        }
        for chunk in missing {
            self.noted.add_chunk(whole, chunk);
        }
    }

    /// Notes `size` bytes from a start that is known only when the program runs.
    fn note_from(&mut self, whole: Whole, start: Value, size: u32, span: Span) {
        let len = self.int(i64::from(size));
        let (function, arguments) = self.note_call(whole, start, len);
        if size > CHUNK_SIZE {
            let _ = self.host(function, &arguments, span);
            return;
        }
        let mut epochs = vec![self.epoch_at(whole, start)];
        // A scalar is aligned, so that it stands in one chunk.
        if size > 8 {
            let last = self.builder.ins().iadd_imm_s(start, i64::from(size) - 1);
            epochs.push(self.epoch_at(whole, last));
        }
        self.note_unless_current(&epochs, (function, &arguments), span);
    }

    /// The call that notes `len` bytes from `start` on.
    fn note_call(&mut self, whole: Whole, start: Value, len: Value) -> (HostFunction, Vec<Value>) {
        match whole {
            Whole::State => (HostFunction::note_state, vec![start, len]),
            Whole::Row(table, row) => {
                (HostFunction::note_row_range, vec![self.number(table.0), row, start, len])
            }
        }
    }

    /// The epoch of a chunk.
    fn epoch_of(&mut self, whole: Whole, chunk: u32) -> Value {
        let (base, offset) = match whole {
            Whole::State => (self.state(), state_epoch_offset(chunk)),
            Whole::Row(_, row) => (row, row_epoch_offset(self.size_of(whole), chunk) as i32),
        };
        self.load_epoch(base, offset)
    }

    /// The epoch of the chunk that holds a byte.
    fn epoch_at(&mut self, whole: Whole, byte: Value) -> Value {
        let chunk = self.builder.ins().ushr_imm_u(byte, i64::from(CHUNK_SIZE.trailing_zeros()));
        let distance = self.builder.ins().ishl_imm_u(chunk, 3);
        match whole {
            Whole::State => {
                let state = self.state();
                let base = self.builder.ins().isub(state, distance);
                self.load_epoch(base, state_epoch_offset(0))
            }
            Whole::Row(_, row) => {
                let base = self.builder.ins().iadd(row, distance);
                self.load_epoch(base, row_epoch_offset(self.size_of(whole), 0) as i32)
            }
        }
    }

    fn load_epoch(&mut self, base: Value, offset: i32) -> Value {
        let flags = self.memory;
        self.builder.ins().load(clif::I64, flags, base, offset)
    }
}
