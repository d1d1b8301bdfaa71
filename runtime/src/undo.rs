//! What one call changed, and how to take it back.
//!
//! Notes are taken before the change, so going back through them restores what was. Taking back
//! cannot fail: it allocates nothing and asks nobody. What is no longer needed (retired texts) is
//! given back only after the call, since its result may still read it.

#![expect(unsafe_code, reason = "frees texts that no slot points to")]

use std::ops::Range;

use midflight_compiler::abi::{RowHeader, RowNotes, Text};
use midflight_compiler::layout::{CHUNK_SIZE, Words};
use midflight_compiler::planted::{Fault, is_planted};
use midflight_compiler::trap::TrapKind;

use crate::data::Data;
use crate::generator::Generator;
use crate::table::{Table, generation, slot};

mod rows;

use rows::{Ended, RowLog, Rows};

/// Bytes of notes for which room is kept from one call to the next.
const KEPT_BYTES_MAX: usize = 64 << 10;

/// The notes of one call.
#[derive(Debug, Default)]
pub(crate) struct Undo {
    notes: Vec<Note>,
    /// The bytes of these notes, one after the other.
    bytes: Vec<u8>,
    /// The notes of rows that are not large, most of which generated code takes by itself.
    rows: RowLog,
    /// Texts that this call put into the world's heap.
    created: Vec<*const Text>,
    /// Texts that this call took out of their slots.
    retired: Vec<*const Text>,
    generators: Vec<Generator>,
    /// In which epoch the generator was noted last.
    generator_epoch: u64,
    /// Each with the number of events that were emitted before it.
    savepoints: Vec<(Mark, usize)>,
}

// SAFETY: the texts belong to the heap of the world that the notes are about; both move together.
unsafe impl Send for Undo {}

#[derive(Debug)]
enum Note {
    /// The bytes of `state` from `start` on, as many as `len`.
    State { start: u32, len: u32 },
    /// The bytes of a large row from `start` on, its header counted, as many as `len`.
    Row { table: u32, row: *mut RowHeader, start: u32, len: u32 },
    /// A row that was inserted.
    Inserted { table: u32, row: *mut RowHeader },
    /// A row that was removed, with its generation.
    Removed { table: u32, row: *mut RowHeader, generation: u32 },
    /// The generator before it was drawn from.
    Generator,
    /// The time of the world before the call.
    Time { before_ms: i64 },
}

/// What a call changed, as its notes tell. The same place may be told more than once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Changed<'u> {
    /// Bytes of `state` from `start` on, as they were before.
    State { start: u32, before: &'u [u8] },
    /// Bytes of a row from `start` on, its header counted, as they were before.
    Row { table: u32, row: *mut RowHeader, start: u32, before: &'u [u8] },
    /// A row that was inserted or removed.
    Slot { table: u32, row: *mut RowHeader },
    /// The generator.
    Generator,
}

/// How far the notes went at some point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mark {
    notes: usize,
    rows: usize,
    created: usize,
    retired: usize,
}

impl Undo {
    /// Where generated code notes rows. Stays there as long as the notes do not move.
    pub(crate) fn row_notes(&mut self) -> *mut RowNotes {
        self.rows.cursor()
    }

    /// Notes the chunks of `state` that hold `len` bytes from `offset` on, once in each epoch.
    pub(crate) fn note_state(&mut self, data: &mut Data, epoch: u64, offset: u32, len: u32) {
        let last = offset.saturating_add(len.saturating_sub(1)) / CHUNK_SIZE;
        for chunk in offset / CHUNK_SIZE..=last {
            if data.state.mark(chunk, epoch) {
                continue;
            }
            let range = data.state.chunk(chunk);
            let (start, len) = (range.start as u32, range.len() as u32);
            self.bytes.extend_from_slice(&data.state.bytes()[range]);
            self.notes.push(Note::State { start, len });
        }
    }

    /// Notes words of a row that is not large before they are written, once in each epoch.
    ///
    /// # Panics
    /// When the row has no such words, or is large.
    pub(crate) fn note_row(
        &mut self,
        data: &Data,
        epoch: u64,
        (table, row): (u32, *mut RowHeader),
        words: Words,
    ) {
        let Some(rows) = data.tables.get(table as usize) else { return };
        let all = Words::of(0, rows.memory().row_size());
        assert!(all.hold(words), "a row has {all:?}, not {words:?}");
        let values = words.runs().flatten().map(|word| {
            // SAFETY: a row of a table has this word.
            let place = unsafe { row.cast::<u64>().add(word as usize) };
            // SAFETY: it is initialised, and nobody writes it meanwhile.
            unsafe { place.read() }
        });
        self.note_row_as((table, row), epoch, words, values);
    }

    /// Begins the notes of words of the rows of a block, dead ones too: of `count` rows, which are not
    /// large, from this one on. Gives where the words of the first go; those of the next follow. What is
    /// noted of a row by itself is not looked at, and says nothing of this: a word may be noted twice.
    ///
    /// # Panics
    /// When the rows have no such words, or are large, or fewer.
    pub(crate) fn begin_row_notes(
        &mut self,
        data: &Data,
        epoch: u64,
        table: u32,
        (first, count): (*mut RowHeader, usize),
        words: Words,
    ) -> *mut u64 {
        let rows = data.tables.get(table as usize).expect("the program has the table").memory();
        let all = Words::of(0, rows.row_size());
        assert!(all.hold(words), "a row has {all:?}, not {words:?}");
        let slot = slot(first);
        let count_max = rows.rows_in_block(slot);
        assert!(count <= count_max, "{count} rows, and {count_max} from slot {slot} on");
        let is_new = !rows.noted_in_block(slot, epoch).hold(words);
        self.rows.begin_rows(Rows { table, slot, count, words }, is_new)
    }

    /// Ends the notes that were begun: they go up to here. Where the loop was left before the end of the
    /// block, each row has a note of its own: it might be left so any number of times, and a row is
    /// noted once.
    pub(crate) fn end_row_notes(&mut self, data: &Data, epoch: u64, end: *mut u64) {
        let Some(ended) = self.rows.end_rows(end) else { return };
        let (Ended::Whole(begun) | Ended::Early(begun, _)) = &ended;
        let Rows { table, slot, words, .. } = *begun;
        let Some(rows) = data.tables.get(table as usize).map(Table::memory) else { return };
        match ended {
            Ended::Early(_, noted) if !is_planted(Fault::OneRowCountsAsBlock) => {
                let noted = noted.chunks_exact(words.count() as usize);
                for (noted, slot) in noted.zip(slot..) {
                    self.note_row_as((table, rows.row(slot)), epoch, words, noted.iter().copied());
                }
            }
            _ => rows.mark_block(slot, epoch, words),
        }
    }

    /// Notes that words of a row that is not large were these, once in each epoch.
    fn note_row_as(
        &mut self,
        (table, row): (u32, *mut RowHeader),
        epoch: u64,
        words: Words,
        values: impl Iterator<Item = u64>,
    ) {
        let before = noted_words(row, epoch);
        let missing = words.without(before);
        if missing.count() == 0 {
            return;
        }
        let table = u16::try_from(table).expect("`declarations_max` says so");
        let values = words.runs().flatten().zip(values).filter(|(word, _)| missing.has(*word));
        self.rows.push((table, slot(row)), missing, values.map(|(_, value)| value));
        // SAFETY: as in `noted_words`.
        unsafe { (*row).epoch = epoch | u64::from(before.with(missing).0) };
    }

    /// Notes the chunks of a large row that hold `len` bytes from `offset` on, once in each epoch.
    pub(crate) fn note_row_range(
        &mut self,
        data: &Data,
        epoch: u64,
        (table, row): (u32, *mut RowHeader),
        (offset, len): (u32, u32),
    ) {
        let Some(rows) = data.tables.get(table as usize) else { return };
        let last = offset.saturating_add(len.saturating_sub(1)) / CHUNK_SIZE;
        for chunk in offset / CHUNK_SIZE..=last {
            let was_marked = rows.memory().mark(row, chunk, epoch);
            // A row that this epoch inserted needs no note.
            if !was_marked && noted_words(row, epoch) != Words::ALL {
                self.note_bytes((table, row), rows.memory().chunk(chunk));
            }
        }
    }

    fn note_bytes(&mut self, (table, row): (u32, *mut RowHeader), range: Range<u32>) {
        let (start, len) = (range.start, range.end - range.start);
        // SAFETY: the bytes stand inside of the row.
        let first = unsafe { row.cast::<u8>().add(start as usize) };
        // SAFETY: a row's bytes are initialised, header included.
        let bytes = unsafe { std::slice::from_raw_parts(first, len as usize) };
        self.bytes.extend_from_slice(bytes);
        self.notes.push(Note::Row { table, row, start, len });
    }

    /// Notes that a row was inserted; it needs no other note in this epoch.
    pub(crate) fn note_inserted(&mut self, epoch: u64, table: u32, row: *mut RowHeader) {
        // SAFETY: a row that the host function has just made alive.
        unsafe { (*row).epoch = epoch | u64::from(Words::ALL.0) };
        self.notes.push(Note::Inserted { table, row });
    }

    /// Notes that a row was removed. Its texts, given here, are retired.
    pub(crate) fn note_removed(
        &mut self,
        table: u32,
        row: *mut RowHeader,
        generation: u32,
        texts: Vec<*const Text>,
    ) {
        self.retired.extend(texts.into_iter().filter(|text| !text.is_null()));
        self.notes.push(Note::Removed { table, row, generation });
    }

    /// Notes the generator before it is drawn from, once in each epoch.
    pub(crate) fn note_generator(&mut self, data: &Data, epoch: u64) {
        if is_planted(Fault::GeneratorIsNotRestored) {
            return;
        }
        if self.generator_epoch != epoch {
            self.generator_epoch = epoch;
            self.generators.push(data.generator.clone());
            self.notes.push(Note::Generator);
        }
    }

    /// Notes the world's time before the call moves it.
    pub(crate) fn note_time(&mut self, before_ms: i64) {
        self.notes.push(Note::Time { before_ms });
    }

    /// Puts a copy of `text` into the world's heap, in place of `before`.
    ///
    /// # Errors
    /// When the world has no memory left; nothing is changed then.
    pub(crate) fn replace_text(
        &mut self,
        data: &mut Data,
        before: *const Text,
        text: &str,
    ) -> Result<*const Text, TrapKind> {
        let copy = data.texts.copy(&mut data.memory, text)?;
        if !copy.is_null() {
            self.created.push(copy);
        }
        if !before.is_null() {
            self.retired.push(before);
        }
        Ok(copy)
    }

    /// Begins a part of the call that can be taken back on its own.
    pub(crate) fn savepoint(&mut self, events: usize) {
        self.savepoints.push((self.here(), events));
    }

    /// Takes back what happened since the last savepoint, and ends it. Gives the number of events
    /// that there were then.
    pub(crate) fn rollback_to_savepoint(&mut self, data: &mut Data) -> usize {
        let (mark, events) = self.savepoints.pop().unwrap_or_default();
        self.take_back(data, mark);
        events
    }

    /// Takes back everything.
    pub(crate) fn rollback(&mut self, data: &mut Data) {
        self.savepoints.clear();
        self.take_back(data, Mark::default());
        self.shrink();
    }

    /// What was changed since the call began, its time left out: every call has one.
    pub(crate) fn changes<'u>(&'u self, data: &'u Data) -> impl Iterator<Item = Changed<'u>> {
        let mut bytes = self.bytes.as_slice();
        let mut noted = move |len: u32| {
            let (noted, rest) = bytes.split_at(len as usize);
            bytes = rest;
            noted
        };
        let rows = self.rows.last_first(0).flat_map(|note| {
            let (table, row) = (note.table, data.row(note.table, note.slot));
            note.pieces().filter_map(move |(start, before)| {
                Some(Changed::Row { table, row: row?, start, before })
            })
        });
        let others = self.notes.iter().filter_map(move |note| match *note {
            Note::State { start, len } => Some(Changed::State { start, before: noted(len) }),
            Note::Row { table, row, start, len } => {
                Some(Changed::Row { table, row, start, before: noted(len) })
            }
            Note::Inserted { table, row } | Note::Removed { table, row, .. } => {
                Some(Changed::Slot { table, row })
            }
            Note::Generator => Some(Changed::Generator),
            Note::Time { .. } => None,
        });
        others.chain(rows)
    }

    /// Forgets the notes: what the call did stays. Retired texts stay live until [`Undo::settle`].
    #[inline]
    pub(crate) fn commit(&mut self, data: &mut Data) {
        if !self.notes.is_empty() {
            self.forget(data);
        }
        if !self.rows.is_empty() {
            self.rows.truncate(0);
            self.created.clear();
        }
        debug_assert!(self.created.is_empty(), "a text goes into a place that was noted");
    }

    /// Forgets all notes but those of rows that are not large.
    fn forget(&mut self, data: &mut Data) {
        for note in self.notes.drain(..) {
            if let Note::Removed { table, row, .. } = note {
                data.release(table, row);
            }
        }
        self.bytes.clear();
        self.generators.clear();
        self.created.clear();
        self.shrink();
    }

    /// Without notes: a call that changed much does not make its world large for ever.
    fn shrink(&mut self) {
        if self.bytes.capacity() > KEPT_BYTES_MAX {
            self.bytes = Vec::new();
            self.notes = Vec::new();
        }
    }

    /// Frees what committed calls retired, after everybody has read their results.
    #[inline]
    pub(crate) fn settle(&mut self, data: &mut Data) {
        if !self.retired.is_empty() {
            self.free_retired(data);
        }
    }

    fn free_retired(&mut self, data: &mut Data) {
        for text in self.retired.drain(..) {
            // SAFETY: it was in a slot of state, so it is of this heap; the call took it out and
            // committed, so no slot points to it; the turn is over, so nobody reads it.
            unsafe { data.texts.free(&mut data.memory, text) };
        }
    }

    /// No epoch has noted the generator.
    pub(crate) fn forget_epochs(&mut self) {
        self.generator_epoch = 0;
    }

    fn here(&self) -> Mark {
        Mark {
            notes: self.notes.len(),
            rows: self.rows.len(),
            created: self.created.len(),
            retired: self.retired.len(),
        }
    }

    fn take_back(&mut self, data: &mut Data, mark: Mark) {
        self.rows.end_rows_at_trap();
        for note in self.notes.drain(mark.notes..).rev() {
            match note {
                Note::State { start, len } => {
                    let noted = self.bytes.len() - len as usize;
                    let target = start as usize..(start + len) as usize;
                    data.state.bytes_mut()[target].copy_from_slice(&self.bytes[noted..]);
                    self.bytes.truncate(noted);
                }
                Note::Row { table, row, start, len } => {
                    let noted = self.bytes.len() - len as usize;
                    data.restore((table, row), start, &self.bytes[noted..]);
                    self.bytes.truncate(noted);
                }
                Note::Inserted { table, row } => data.take_back_insert(table, row),
                Note::Removed { table, row, generation } => {
                    data.take_back_remove(table, row, generation);
                }
                Note::Generator => {
                    data.generator = self.generators.pop().expect("one for each note");
                }
                Note::Time { before_ms } => data.now_ms = before_ms,
            }
        }
        // Only now: every row that was there is there again, and in its indexes by what it holds. One
        // that is dead was not there.
        for note in self.rows.last_first(mark.rows) {
            let table = note.table;
            if let Some(row) = data.row(table, note.slot).filter(|&row| generation(row) != 0) {
                for (start, bytes) in note.pieces() {
                    data.restore((table, row), start, bytes);
                }
            }
        }
        self.rows.truncate(mark.rows);
        // A text that was retired since the mark is back in its slot, or was created since then.
        self.retired.truncate(mark.retired);
        if is_planted(Fault::TextsOfTrappedCallsStay) {
            self.created.truncate(mark.created);
        }
        for text in self.created.drain(mark.created..) {
            // SAFETY: this call made it in this heap; the slots are what they were before.
            unsafe { data.texts.free(&mut data.memory, text) };
        }
    }
}

/// Which words of a row this epoch has noted: all of one that it inserted.
fn noted_words(row: *mut RowHeader, epoch: u64) -> Words {
    // SAFETY: a row of a table; generated code, which asks for the note, does not run meanwhile.
    Words::noted(unsafe { (*row).epoch }, epoch)
}

#[cfg(test)]
mod tests {
    use midflight_compiler::abi::EPOCH_STEP;
    use midflight_compiler::check;
    use midflight_compiler::source::Source;
    use midflight_compiler::types::TableId;

    use super::{Undo, Words};
    use crate::data::{Beginning, Data};
    use crate::limits::Limits;

    #[test]
    fn a_large_row_is_noted_by_chunks() {
        let source = Source::new("t.flight", "table t { key id: int, a: [int; 200] }");
        let checked = check(&source).expect("it is right");
        let limits = Limits::default();
        let beginning = Beginning::alone(&limits);
        let data = Data::new(&checked.program, &checked.layouts, beginning);
        let mut data = data.expect("there is memory");
        let row = data.tables[0].reserve(&mut data.memory).expect("there is memory");
        data.tables[0].enter(&mut data.memory, row).expect("the key is free");
        let mut undo = Undo::default();
        // The row has 1,624 bytes; what is written crosses from chunk 1 to chunk 2, then is in 6.
        for _ in 0..2 {
            undo.note_row_range(&data, EPOCH_STEP, (0, row), (508, 8));
            undo.note_row_range(&data, EPOCH_STEP, (0, row), (1_616, 8));
        }
        assert_eq!(undo.bytes.len(), 256 + 256 + 1_624 - 6 * 256);
        // A row that is new in this epoch is not noted.
        undo.note_inserted(2 * EPOCH_STEP, 0, row);
        undo.note_row_range(&data, 2 * EPOCH_STEP, (0, row), (0, 1_624));
        assert_eq!(undo.notes.len(), 4);
    }

    #[test]
    fn a_row_that_loops_come_by_is_noted_once() {
        const ROWS: usize = 20;
        let source = Source::new("t.flight", "table t { key id: int, a: int, b: int }");
        let checked = check(&source).expect("it is right");
        let limits = Limits::default();
        let beginning = Beginning::alone(&limits);
        let data = Data::new(&checked.program, &checked.layouts, beginning);
        let mut data = data.expect("there is memory");
        let word = checked.layouts.row(TableId(0)).offsets[1] / 8;
        let words = Words::of(8 * word, 8);
        let rows: Vec<*mut u64> = (0..ROWS as u64)
            .map(|id| {
                let row = data.tables[0].reserve(&mut data.memory).expect("there is memory");
                // SAFETY: the key stands behind the header of a row.
                let key = unsafe { row.cast::<u64>().add(2) };
                // SAFETY: as above.
                unsafe { key.write(id) };
                data.tables[0].enter(&mut data.memory, row).expect("the key is free");
                // SAFETY: the row has the word.
                unsafe { row.cast::<u64>().add(word as usize) }
            })
            .collect();
        let first = data.tables[0].row(0).expect("it is there");
        let mut undo = Undo::default();
        // As generated code goes over the rows, up to the one behind which it leaves.
        let pass = |undo: &mut Undo, count: usize| {
            let start = undo.begin_row_notes(&data, EPOCH_STEP, 0, (first, ROWS), words);
            for (index, &row) in rows[..count].iter().enumerate() {
                // SAFETY: there is room for a word of each row.
                let note = unsafe { start.add(index) };
                // SAFETY: the row has the word.
                let value = unsafe { row.read() };
                // SAFETY: as above.
                unsafe { note.write(value) };
                // SAFETY: as above.
                unsafe { row.write(value + 1) };
            }
            // SAFETY: behind the last word.
            let end = unsafe { start.add(count) };
            undo.end_row_notes(&data, EPOCH_STEP, end);
            undo.rows.len()
        };
        let lens = [0, 5, 3, 7, 7, ROWS, 2, ROWS].map(|count| pass(&mut undo, count));
        // A word and the end of a note for each row; the words, a count and an end for all.
        let of_all = 14 + ROWS + 2;
        assert_eq!(lens, [0, 10, 10, 14, 14, of_all, of_all, of_all]);
        undo.rollback(&mut data);
        for row in rows {
            // SAFETY: it is still there.
            assert_eq!(unsafe { row.read() }, 0);
        }
    }
}
