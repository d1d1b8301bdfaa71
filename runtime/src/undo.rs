//! What one call changed, and how to take it back.
//!
//! Notes are taken before the change, so going back through them restores what was. Taking back
//! cannot fail: it allocates nothing and asks nobody. What is no longer needed (retired texts) is
//! given back only after the call, since its result may still read it.

#![expect(unsafe_code, reason = "frees texts that no slot points to")]

use midflight_compiler::abi::{RowHeader, Text};
use midflight_compiler::planted::{Fault, is_planted};
use midflight_compiler::trap::TrapKind;

use crate::data::Data;
use crate::generator::Generator;

/// Bytes of notes for which room is kept from one call to the next.
const KEPT_MAX: usize = 64 << 10;

/// The notes of one call.
#[derive(Debug, Default)]
pub(crate) struct Undo {
    notes: Vec<Note>,
    /// The bytes of all notes, one after the other.
    bytes: Vec<u8>,
    /// Texts that this call put into the world's heap.
    created: Vec<*const Text>,
    /// Texts that this call took out of their slots.
    retired: Vec<*const Text>,
    generators: Vec<Generator>,
    /// Each with the number of events that were emitted before it.
    savepoints: Vec<(Mark, usize)>,
}

// SAFETY: the texts belong to the heap of the world that the notes are about; both move together.
unsafe impl Send for Undo {}

#[derive(Debug)]
enum Note {
    /// The bytes of `state` from `start` on, as many as `len`.
    State { start: u32, len: u32 },
    /// A row of a table with its bytes, header included.
    Row { table: u32, row: *mut RowHeader, len: u32 },
    /// A row that was inserted.
    Inserted { table: u32, row: *mut RowHeader },
    /// A row that was removed, with its generation.
    Removed { table: u32, row: *mut RowHeader, generation: u32 },
    /// The generator before it was drawn from.
    Generator,
}

/// How far the notes went at some point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mark {
    notes: usize,
    created: usize,
    retired: usize,
}

impl Undo {
    /// Notes the chunks of `state` that hold `len` bytes from `offset` on, once in each epoch.
    pub(crate) fn note_state(&mut self, data: &mut Data, epoch: u64, offset: u32, len: u32) {
        use midflight_compiler::layout::CHUNK_SIZE;
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

    /// Notes a row of `len` bytes before it is written, once in each epoch.
    pub(crate) fn note_row(&mut self, data: &Data, epoch: u64, table: u32, row: *mut RowHeader) {
        let Some(rows) = data.tables.get(table as usize) else { return };
        // SAFETY: a row of this table; generated code, which calls this, does not run meanwhile.
        let noted = unsafe { (*row).epoch };
        if noted == epoch {
            return;
        }
        let len = rows.row_size();
        // SAFETY: a row's bytes are initialised, header included.
        let bytes = unsafe { std::slice::from_raw_parts(row.cast::<u8>(), len as usize) };
        self.bytes.extend_from_slice(bytes);
        self.notes.push(Note::Row { table, row, len });
        // SAFETY: as above.
        unsafe { (*row).epoch = epoch };
    }

    /// Notes that a row was inserted; it needs no other note in this epoch.
    pub(crate) fn note_inserted(&mut self, epoch: u64, table: u32, row: *mut RowHeader) {
        // SAFETY: a row that the host function has just made alive.
        unsafe { (*row).epoch = epoch };
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

    /// Notes the generator before it is drawn from.
    pub(crate) fn note_generator(&mut self, data: &Data) {
        if is_planted(Fault::GeneratorIsNotRestored) {
            return;
        }
        let since = self.savepoints.last().map_or(0, |(mark, _)| mark.notes);
        let noted = self.notes[since..].iter().any(|note| matches!(note, Note::Generator));
        if !noted {
            self.generators.push(data.generator.clone());
            self.notes.push(Note::Generator);
        }
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
    }

    /// Forgets the notes: what the call did stays. Retired texts stay live until [`Undo::settle`].
    pub(crate) fn commit(&mut self, data: &mut Data) {
        for note in self.notes.drain(..) {
            if let Note::Removed { table, row, .. } = note
                && let Some(table) = data.tables.get_mut(table as usize)
            {
                table.release(row);
            }
        }
        self.bytes.clear();
        self.generators.clear();
        self.created.clear();
        self.savepoints.clear();
    }

    /// Frees what committed calls retired, after everybody has read their results.
    pub(crate) fn settle(&mut self, data: &mut Data) {
        // A call that changed much does not make its world large for ever.
        if self.bytes.capacity() > KEPT_MAX {
            self.bytes = Vec::new();
            self.notes = Vec::new();
        }
        for text in self.retired.drain(..) {
            // SAFETY: it was in a slot of state, so it is of this heap; the call took it out and
            // committed, so no slot points to it; the turn is over, so nobody reads it.
            unsafe { data.texts.free(&mut data.memory, text) };
        }
    }

    fn here(&self) -> Mark {
        Mark { notes: self.notes.len(), created: self.created.len(), retired: self.retired.len() }
    }

    fn take_back(&mut self, data: &mut Data, mark: Mark) {
        for note in self.notes.drain(mark.notes..).rev() {
            match note {
                Note::State { start, len } => {
                    let noted = self.bytes.len() - len as usize;
                    let target = start as usize..(start + len) as usize;
                    data.state.bytes_mut()[target].copy_from_slice(&self.bytes[noted..]);
                    self.bytes.truncate(noted);
                }
                Note::Row { table, row, len } => {
                    let noted = self.bytes.len() - len as usize;
                    data.restore(table, row, &self.bytes[noted..]);
                    self.bytes.truncate(noted);
                }
                Note::Inserted { table, row } => data.take_back_insert(table, row),
                Note::Removed { table, row, generation } => {
                    data.take_back_remove(table, row, generation);
                }
                Note::Generator => {
                    data.generator = self.generators.pop().expect("one for each note");
                }
            }
        }
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
