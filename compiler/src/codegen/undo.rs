//! What a write to the world does first: notes for undo.
//!
//! The first write to a word of a row, or to a chunk of `state` or of a large row (`chunk`), in a
//! transaction notes it; every later one is a plain store. What was noted has the transaction's
//! epoch; the header of a row that is not large also says which words. The first note of such a row is
//! taken in place, of all words that the function writes by the same local; the host takes all
//! other notes, and sets the epoch then. A loop over a table that writes to its row in every round, and
//! to no other, notes each row as it comes by, without looking whether it is noted: the host is told of
//! them by the block.
//!
//! [`Noted`] leaves the comparison out where every path has made it before.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self as cl, InstBuilder, types as clif};
use cranelift_frontend::Variable;

use super::chunk::Whole;
use super::function::{Lower, Value};
use super::place::{Located, Owner, RowPlace};
use super::scan;
use crate::abi::{CallContext, EPOCH_STEP, HostFunction, RowHeader, RowNoteEnd, RowNotes};
use crate::ir::{LocalId, Root};
use crate::layout::{WORD_SIZE, Words, is_large_row};
use crate::planted::{Fault, is_planted};
use crate::source::Span;
use crate::types::{TableId, Type};

/// Which words of rows that are not large a function writes by each local.
pub(super) type WrittenWords = BTreeMap<LocalId, Words>;

/// How many facts of a kind are kept; they are copied at every branch. Forgetting one costs a
/// comparison when the program runs.
const FACTS_MAX: usize = 64;

/// Blocks of a function up to which it takes notes of rows by itself: there may not be any number of
/// them, and a function with so many does not pass by each often.
const NOTES_BLOCKS_MAX: usize = 1_000;

/// What every path to the current point of a function has noted in this transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Noted {
    /// Chunks of `state`.
    chunks: BTreeSet<u32>,
    /// Chunks of large rows.
    row_chunks: BTreeSet<(Value, u32)>,
    /// Words of other rows.
    row_words: BTreeMap<Value, Words>,
    /// Rows that are known to be there.
    alive: BTreeSet<Value>,
    /// What a word of a row holds, of those that were read for a note in passing.
    held: BTreeMap<(Value, u32), Value>,
}

impl Noted {
    /// Keeps what is so on both ways to a point.
    pub(super) fn meet(&mut self, other: &Noted) {
        if is_planted(Fault::NotesOfOneArmCount) {
            return;
        }
        self.chunks.retain(|chunk| other.chunks.contains(chunk));
        self.row_chunks.retain(|chunk| other.row_chunks.contains(chunk));
        self.row_words.retain(|row, words| {
            let both = other.row_words.get(row).map(|others| words.without(words.without(*others)));
            both.is_some_and(|both| {
                *words = both;
                both.count() > 0
            })
        });
        self.alive.retain(|row| other.alive.contains(row));
        self.held.retain(|word, value| other.held.get(word) == Some(value));
    }

    /// Whether a chunk is noted.
    pub(super) fn has_chunk(&self, whole: Whole, chunk: u32) -> bool {
        match whole {
            Whole::State => self.chunks.contains(&chunk),
            Whole::Row(_, row) => self.row_chunks.contains(&(row, chunk)),
        }
    }

    /// A chunk is noted from here on.
    pub(super) fn add_chunk(&mut self, whole: Whole, chunk: u32) {
        match whole {
            Whole::State => remember(&mut self.chunks, chunk),
            Whole::Row(_, row) => remember(&mut self.row_chunks, (row, chunk)),
        }
    }

    /// These words of a row are noted from here on. Gives those of them that were not.
    fn add_words(&mut self, row: Value, words: Words) -> Words {
        let before = self.row_words.get(&row).copied().unwrap_or_default();
        if self.row_words.len() < FACTS_MAX || before.count() > 0 {
            let _ = self.row_words.insert(row, before.with(words));
        }
        words.without(before)
    }

    /// Something may have removed rows.
    pub(super) fn rows_may_be_gone(&mut self) {
        self.alive.clear();
    }
}

/// A loop that notes its rows as they come by.
#[derive(Clone, Copy)]
pub(super) struct Noting {
    table: TableId,
    /// What of each row.
    words: Words,
    /// The words at which two begin that are read, and written, as one.
    pairs: Words,
    /// Where the words of the next row go.
    next: Variable,
}

impl Lower<'_, '_, '_> {
    /// Before a write of `size` bytes at `at`: notes what it overwrites.
    pub(super) fn before_write(&mut self, at: Located, size: u32, span: Span) {
        if let Owner::Row(RowPlace { field: (start, len), .. }) = at.owner {
            // Of all rows: another local may stand for the same one.
            let dfg = &self.builder.func.dfg;
            self.noted.held.retain(|&(_, offset), value| {
                offset >= start + len || offset + dfg.value_type(*value).bytes() <= start
            });
        }
        self.note(at, size, span);
    }

    /// Notes what a write overwrites that may still be some way off.
    pub(super) fn note(&mut self, at: Located, size: u32, span: Span) {
        match at.owner {
            _ if size == 0 => {}
            Owner::Call => {}
            Owner::State if is_planted(Fault::StateNoteIsMissing) => {}
            Owner::Row(..) if is_planted(Fault::RowNoteIsMissing) => {}
            Owner::Row(place) => self.note_row(place, at, size, span),
            Owner::State => self.note_part(Whole::State, at, size, span),
        }
    }

    /// A row was found, or looked at, and is there.
    pub(super) fn row_is_alive(&mut self, row: Value) {
        let row = self.known_as(row);
        remember(&mut self.noted.alive, row);
    }

    /// What stands in a field of a row, where it is known.
    pub(super) fn held(&self, at: Located, ty: Type) -> Option<Value> {
        let Owner::Row(place) = at.owner else { return None };
        if at.index_bytes.is_some() || !matches!(ty, Type::Int | Type::Float) {
            return None;
        }
        let register = if ty == Type::Float { clif::F64 } else { clif::I64 };
        self.held_as(register, place.row, at.offset)
    }

    /// The same of so much of a row, from an offset on, as a register of this type holds.
    pub(super) fn held_as(&self, ty: cl::Type, row: Value, offset: u32) -> Option<Value> {
        let value = *self.noted.held.get(&(self.known_as(row), offset))?;
        // It may have been read as what it is not, a part of a struct, or with what stands behind it.
        (self.builder.func.dfg.value_type(value) == ty).then_some(value)
    }

    /// Whether a row is known to be there.
    pub(super) fn is_alive(&self, row: Value) -> bool {
        self.noted.alive.contains(&self.known_as(row))
    }

    /// The value that facts about a row are kept under: the same one wherever a local is read.
    fn known_as(&self, row: Value) -> Value {
        self.builder.func.dfg.resolve_aliases(row)
    }

    /// Notes what a write to a row overwrites: of a large row the chunks, of another one the words.
    fn note_row(&mut self, place: RowPlace, at: Located, size: u32, span: Span) {
        if self.noting.is_some() {
            // A loop that notes its rows writes to no other, and has noted this one. Another note would
            // stand in the middle of that.
            return;
        }
        let RowPlace { table, row, field: (offset, field_size), local } = place;
        let row = self.known_as(row);
        if is_large_row(self.unit.layouts.row(table).layout.size) {
            return self.note_part(Whole::Row(table, row), at, size, span);
        }
        let words = Words::of(offset, field_size);
        let by_local = local.and_then(|local| self.words_by(local));
        let wanted = self.noted.add_words(row, by_local.unwrap_or_default().with(words));
        // By another name of the row, all of it may have been noted.
        if wanted.count() > 0 {
            self.note_words(place, wanted, span);
        }
    }

    /// Notes words of a row that is not large, unless they are noted.
    fn note_words(&mut self, place: RowPlace, words: Words, span: Span) {
        let RowPlace { table, row, .. } = place;
        let current = self.load_ctx(clif::I64, offset_of!(CallContext, epoch));
        let epoch = self.load_word(row, offset_of!(RowHeader, epoch) as u32);
        // Where the epochs are the same, the words that are noted; else more than any are.
        let noted = self.builder.ins().bxor(epoch, current);
        let passed = [self.number(table.0), row, self.number(u32::from(words.0))];
        if self.builder.func.dfg.num_blocks() > NOTES_BLOCKS_MAX {
            let higher = EPOCH_STEP.wrapping_neg() | u64::from(words.0);
            let missing = self.builder.ins().bxor_imm_u(noted, i64::from(words.0));
            let higher = self.int(higher.cast_signed());
            let missing = self.builder.ins().band(missing, higher);
            let [ask, done] = [(); 2].map(|()| self.builder.create_block());
            self.builder.set_cold_block(ask);
            self.brif(missing, ask, done);
            self.start(ask);
            let _ = self.host(HostFunction::note_row, &passed, span);
            self.jump(done, &[]);
            return self.start(done);
        }
        let [first, again, ask, copy, done] = [(); 5].map(|()| self.builder.create_block());
        self.builder.set_cold_block(again);
        self.builder.set_cold_block(ask);
        let step = self.int(EPOCH_STEP.cast_signed());
        let is_first = self.builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, noted, step);
        self.brif(is_first, first, again);
        self.start(again);
        let wanted = self.int(i64::from(words.0));
        let missing = self.builder.ins().band_not(wanted, noted);
        self.brif(missing, ask, done);
        self.start(first);
        let (next, after, fits) = self.room_for_note(words);
        self.brif(fits, copy, ask);
        self.start(ask);
        let _ = self.host(HostFunction::note_row, &passed, span);
        self.jump(done, &[]);
        self.start(copy);
        self.copy_words(place, words, next, (current, after));
        self.jump(done, &[]);
        self.start(done);
    }

    /// Begins the notes of rows that the rounds of a loop take: the first of a block, of `count`.
    pub(super) fn begin_row_notes(
        &mut self,
        table: TableId,
        (first, count): (Value, Value),
        (words, pairs): (Words, Words),
        span: Span,
    ) {
        if is_planted(Fault::RowNoteIsMissing) {
            return;
        }
        let passed = [self.number(table.0), first, count, self.number(u32::from(words.0))];
        let start = self.host_value(HostFunction::begin_row_notes, &passed, span);
        let next = self.builder.declare_var(clif::I64);
        self.builder.def_var(next, start);
        self.noting = Some(Noting { table, words, pairs, next });
    }

    /// Notes the row of this round, dead or alive, before anything of it is written.
    pub(super) fn note_in_passing(&mut self, row: Value) {
        let Some(Noting { table, words, pairs, next }) = self.noting else { return };
        let to = self.builder.use_var(next);
        let mut place = 0;
        let mut words = words.runs().flatten();
        while let Some(word) = words.next() {
            // As it will be read again: then that is not done twice.
            let (part, flags) = if pairs.has(word) {
                let _ = words.next();
                (clif::F64X2, self.two_words())
            } else if self.is_float_word(table, word) {
                (clif::F64, self.memory)
            } else {
                (clif::I64, self.memory)
            };
            let offset = word * WORD_SIZE;
            let value = self.builder.ins().load(part, flags, row, offset as i32);
            let _ = self.builder.ins().store(self.notes, value, to, place);
            let row = self.known_as(row);
            let _ = self.noted.held.insert((row, offset), value);
            place += part.bytes() as i32;
        }
        let after = self.builder.ins().iadd_imm_s(to, i64::from(place));
        self.builder.def_var(next, after);
    }

    fn is_float_word(&self, table: TableId, word: u32) -> bool {
        let fields = &self.unit.types.table(table).fields;
        let offsets = &self.unit.layouts.row(table).offsets;
        let mut floats = fields.iter().zip(offsets).filter(|(field, _)| field.ty == Type::Float);
        floats.any(|(_, &offset)| offset == word * WORD_SIZE)
    }

    /// Ends the notes of a loop's rows: it has come to the end of a block, or is left for good.
    pub(super) fn end_row_notes(&mut self, span: Span) {
        let Some(noting) = self.noting.take() else { return };
        let end = self.builder.use_var(noting.next);
        let _ = self.host(HostFunction::end_row_notes, &[end], span);
    }

    /// Before the loop is left out of a round, as [`Lower::end_row_notes`]; other rounds note on.
    pub(super) fn leave_row_notes(&mut self, span: Span) {
        let noting = self.noting;
        self.end_row_notes(span);
        self.noting = noting;
    }

    /// Before a trap: what was noted so far has to be taken back.
    pub(super) fn keep_row_notes(&mut self) {
        let Some(Noting { next, .. }) = self.noting else { return };
        if is_planted(Fault::TrapsForgetRowNotes) {
            return;
        }
        let end = self.builder.use_var(next);
        let notes = self.load_fixed(self.ctx, offset_of!(CallContext, row_notes));
        self.store_word(end, notes, offset_of!(RowNotes, left_at) as u32);
    }

    /// The words of rows that the function writes by a local.
    pub(super) fn words_by(&mut self, local: LocalId) -> Option<Words> {
        self.written_words().get(&local).copied()
    }

    /// The words that the function writes by each of its locals.
    fn written_words(&mut self) -> &WrittenWords {
        let known = self.written.take();
        let written = known.unwrap_or_else(|| self.scan_written_words());
        self.written.insert(written)
    }

    fn scan_written_words(&self) -> WrittenWords {
        let mut written = WrittenWords::new();
        scan::written_places(&self.func.body, &mut |place| {
            if let Root::Row(table, _) = place.root
                && !is_large_row(self.unit.layouts.row(table).layout.size)
                && let Some(local) = scan::row_local(place)
            {
                let (offset, size) = self.field_of_row(table, place);
                let words = written.entry(local).or_default();
                *words = words.with(Words::of(offset, size));
            }
        });
        written
    }

    /// Where the note of so many words goes, where it ends, and whether there is room for it.
    fn room_for_note(&mut self, words: Words) -> (Value, Value, Value) {
        let size = words.count() * WORD_SIZE + size_of::<RowNoteEnd>() as u32;
        let notes = self.load_fixed(self.ctx, offset_of!(CallContext, row_notes));
        let next = self.load_word(notes, offset_of!(RowNotes, next) as u32);
        let end = self.load_word(notes, offset_of!(RowNotes, end) as u32);
        let after = self.offset(next, size);
        let fits = self.builder.ins().icmp(IntCC::UnsignedLessThanOrEqual, after, end);
        (next, after, fits)
    }

    /// Writes the note of words of a row at `next`: `abi::RowNotes` says how. The row gets the epoch.
    fn copy_words(
        &mut self,
        RowPlace { table, row, .. }: RowPlace,
        words: Words,
        next: Value,
        (current, after): (Value, Value),
    ) {
        // Sixteen bytes at a time, since these loads and stores are most of what a tick costs; rows are
        // aligned to eight.
        let memory = self.two_words();
        let mut place = 0;
        for run in words.runs() {
            let mut word = run.start;
            while word < run.end {
                let part = if run.end - word >= 2 { clif::I8X16 } else { clif::I64 };
                let bytes = self.builder.ins().load(part, memory, row, (word * WORD_SIZE) as i32);
                let _ = self.builder.ins().store(memory, bytes, next, place as i32);
                place += part.bytes();
                word += part.bytes() / WORD_SIZE;
            }
        }
        let flags = self.memory;
        let slot = self.builder.ins().uload32(flags, row, offset_of!(RowHeader, slot) as i32);
        let which = self.int(RowNoteEnd::bits(table, words).cast_signed());
        let end = self.builder.ins().bor(slot, which);
        self.store_word(end, next, place);
        let notes = self.load_fixed(self.ctx, offset_of!(CallContext, row_notes));
        self.store_word(after, notes, offset_of!(RowNotes, next) as u32);
        let noted = if is_planted(Fault::NotedWordCountsAsRow) { Words::ALL } else { words };
        let epoch = self.builder.ins().bor_imm_u(current, i64::from(noted.0));
        self.store_word(epoch, row, offset_of!(RowHeader, epoch) as u32);
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
