//! The notes of rows that are not large: some words of each, and behind them which they are.
//!
//! Generated code writes them by itself while there is room, so that the first write to a row costs
//! a copy and no call; only growing is here. The rows of a loop that writes to all of them are one note
//! for each block: the loop writes the words of one row after the other, and here it is seen to that
//! there is room for them and that they end as notes do. Since what tells a note apart stands at its
//! end, they are read from the last one back, which is the order of undo.
//!
//! Invariants:
//! - from the beginning of `memory` up to `cursor.next` stand whole notes, all of it initialised;
//! - while a note of many rows is not ended, its words stand from there on;
//! - `cursor.end` is the end of `memory`; both are null as long as that is empty.

#![expect(unsafe_code, reason = "reads and writes notes by address")]

use std::cell::Cell;
use std::iter;
use std::mem;
use std::ptr;

use midflight_compiler::abi::{RowNoteEnd, RowNotes};
use midflight_compiler::layout::Words;
use midflight_compiler::limits::Limits;

/// Words of the first memory.
const WORDS_MIN: usize = 64;

/// Words for which a world keeps room from one call to the next.
const KEPT_WORDS_MAX: usize = 8 << 10;

/// Words for which a thread keeps room, for the next call of any world that notes more than a world
/// keeps room for: making that anew, page by page, takes longer than the notes.
const SPARE_WORDS_MAX: usize = 1 << 20;

/// Words of what stands behind a row's bytes.
const END_WORDS: usize = size_of::<RowNoteEnd>() / size_of::<u64>();

/// In place of the table at the end of a note of many rows: it and the number of rows stand in the
/// word before. No table has this number, which `declarations_max` leaves out.
const MANY_ROWS: u16 = u16::MAX;
const _: () = assert!(Limits::LARGEST.declarations_max <= MANY_ROWS as usize);

thread_local! {
    static SPARE: Cell<Vec<u64>> = const { Cell::new(Vec::new()) };
}

/// The notes of rows of one call.
#[derive(Debug)]
pub(super) struct RowLog {
    cursor: RowNotes,
    /// Empty, as far as it knows: only its capacity is used.
    memory: Vec<u64>,
    /// Words that the call took which noted last, where a world keeps less room.
    expected: usize,
    /// The note of many rows that is not ended.
    unfinished: Option<Rows>,
}

/// Rows of a table that stand behind each other, and which of their words are noted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    pub(super) table: u32,
    /// Of the first.
    pub(super) slot: u32,
    pub(super) count: usize,
    pub(super) words: Words,
}

/// How a note of many rows ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// With all of them.
    Whole(Rows),
    /// With fewer, and these words of them, one row after the other. Nothing is noted of them yet.
    Early(Rows, Vec<u64>),
}

/// What was noted of one row, to be read.
#[derive(Clone, Debug)]
pub(super) struct RowNote<'l> {
    pub(super) table: u32,
    pub(super) slot: u32,
    /// Which words were noted.
    which: Words,
    /// The words as they were.
    words: &'l [u64],
}

impl<'l> RowNote<'l> {
    /// The bytes as they were, in pieces: from the row's header, where each begins.
    pub(super) fn pieces(self) -> impl Iterator<Item = (u32, &'l [u8])> {
        let RowNote { which, mut words, .. } = self;
        which.runs().map(move |run| {
            let (piece, rest) = words.split_at(run.len());
            words = rest;
            // SAFETY: so many bytes are these words, and a byte has no alignment.
            let bytes =
                unsafe { std::slice::from_raw_parts(piece.as_ptr().cast(), 8 * piece.len()) };
            (run.start * 8, bytes)
        })
    }
}

impl Default for RowLog {
    fn default() -> RowLog {
        RowLog {
            cursor: RowNotes {
                next: ptr::null_mut(),
                end: ptr::null_mut(),
                left_at: ptr::null_mut(),
            },
            memory: Vec::new(),
            expected: 0,
            unfinished: None,
        }
    }
}

impl RowLog {
    /// Where generated code finds out where the next note goes.
    pub(super) fn cursor(&mut self) -> *mut RowNotes {
        &raw mut self.cursor
    }

    /// Words of all notes.
    pub(super) fn len(&self) -> usize {
        if self.cursor.next.is_null() {
            return 0;
        }
        (self.cursor.next.addr() - self.memory.as_ptr().addr()) / size_of::<u64>()
    }

    /// Whether nothing was noted.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.cursor.next.is_null() || self.cursor.next.cast_const() == self.memory.as_ptr()
    }

    /// Notes that words of a row were these, as many as `words` says.
    ///
    /// # Panics
    /// While a note of many rows is not ended.
    pub(super) fn push(
        &mut self,
        (table, slot): (u16, u32),
        words: Words,
        values: impl Iterator<Item = u64>,
    ) {
        assert!(self.unfinished.is_none(), "notes do not stand in each other");
        let needed = words.count() as usize + END_WORDS;
        if self.memory.capacity() - self.len() < needed {
            self.grow(needed);
        }
        let mut next = self.cursor.next;
        for value in values.take(words.count() as usize) {
            // SAFETY: there is room for so many words (`grow`).
            unsafe { next.write(value) };
            // SAFETY: as above.
            next = unsafe { next.add(1) };
        }
        let end = next.cast::<RowNoteEnd>();
        // SAFETY: there is room for it too; words are aligned for it.
        unsafe { end.write(RowNoteEnd { slot, table, words: words.0 }) };
        // SAFETY: at most the end of the memory.
        self.cursor.next = unsafe { end.add(1) }.cast();
    }

    /// Begins a note of many rows; gives where the words of the first go. Without a need for it, what is
    /// written there is forgotten.
    pub(super) fn begin_rows(&mut self, rows: Rows, is_needed: bool) -> *mut u64 {
        let needed = rows.count * rows.words.count() as usize + 1 + END_WORDS;
        if self.memory.capacity() - self.len() < needed {
            self.grow(needed);
        }
        self.unfinished = is_needed.then_some(rows);
        self.cursor.next
    }

    /// Ends the note that was begun, whose words go up to here; `None` where there was no need for it.
    /// One that does not have all its rows is none.
    ///
    /// # Panics
    /// When it does not end behind a row.
    pub(super) fn end_rows(&mut self, end: *mut u64) -> Option<Ended> {
        let (begun, count) = self.written_until(end)?;
        if count == begun.count {
            self.close(Rows { count, ..begun }, end);
            return Some(Ended::Whole(begun));
        }
        let len = count * begun.words.count() as usize;
        // SAFETY: so many words were written from there on, and nothing is noted while they are copied.
        let noted = unsafe { std::slice::from_raw_parts(self.cursor.next, len) };
        Some(Ended::Early(Rows { count, ..begun }, noted.to_vec()))
    }

    /// Ends the note that was begun, after a trap, which said how far it goes.
    pub(super) fn end_rows_at_trap(&mut self) {
        let end = self.cursor.left_at;
        if let Some((begun, count)) = self.written_until(end).filter(|&(_, count)| count > 0) {
            self.close(Rows { count, ..begun }, end);
        }
    }

    /// The rows that a note was begun for, and how many of them have their words in it.
    fn written_until(&mut self, end: *mut u64) -> Option<(Rows, usize)> {
        let begun = self.unfinished.take()?;
        let written = end.addr().wrapping_sub(self.cursor.next.addr()) / size_of::<u64>();
        let of_row = begun.words.count() as usize;
        let count = written / of_row;
        let is_whole = count * of_row == written && count <= begun.count;
        assert!(is_whole, "{written} words of {begun:?}");
        Some((begun, count))
    }

    /// Writes what tells a note of many rows apart behind its words.
    fn close(&mut self, Rows { table, slot, count, words }: Rows, end: *mut u64) {
        // SAFETY: `begin_rows` made room for it, and for what follows, behind the words of all rows.
        unsafe { end.write(u64::from(table) << 32 | count as u64) };
        // SAFETY: as above.
        let last = unsafe { end.add(1) }.cast::<RowNoteEnd>();
        let which = RowNoteEnd { slot, table: MANY_ROWS, words: words.0 };
        // SAFETY: as above; words are aligned for it.
        unsafe { last.write(which) };
        // SAFETY: at most the end of the memory.
        self.cursor.next = unsafe { last.add(1) }.cast();
    }

    /// Makes room for so many words more.
    #[cold]
    fn grow(&mut self, more: usize) {
        let len = self.len();
        // What noted much will do so again: then nothing is moved from one memory to the next.
        let wanted = (len + more).max(2 * self.memory.capacity()).max(self.expected).max(WORDS_MIN);
        let mut memory = room(wanted);
        let start = memory.as_mut_ptr();
        // SAFETY: that many words are initialised there, and the new memory has room for more.
        unsafe { ptr::copy_nonoverlapping(self.memory.as_ptr(), start, len) };
        // SAFETY: inside of the new memory.
        self.cursor.next = unsafe { start.add(len) };
        // SAFETY: its end.
        self.cursor.end = unsafe { start.add(memory.capacity()) };
        self.memory = memory;
    }

    /// The notes behind the first `len` words, the last one first; one of many rows as that many.
    pub(super) fn last_first(&self, len: usize) -> impl Iterator<Item = RowNote<'_>> {
        self.notes(len).flat_map(|(Rows { table, slot, count, words: which }, words)| {
            let of_row = which.count() as usize;
            (0..count).map(move |row| {
                let words = &words[row * of_row..][..of_row];
                RowNote { table, slot: slot + row as u32, which, words }
            })
        })
    }

    /// As [`RowLog::last_first`], with the words of all their rows.
    fn notes(&self, len: usize) -> impl Iterator<Item = (Rows, &[u64])> {
        let start = self.memory.as_ptr();
        let mut end = self.len();
        iter::from_fn(move || {
            if end <= len {
                return None;
            }
            // SAFETY: a whole note ends there, and `len` is where one begins.
            let last = unsafe { start.add(end - END_WORDS) }.cast::<RowNoteEnd>();
            // SAFETY: as above.
            let RowNoteEnd { slot, table, words } = unsafe { last.read() };
            let words = Words(words);
            end -= END_WORDS;
            let (table, count) = match table {
                MANY_ROWS => {
                    end -= 1;
                    // SAFETY: the word in front of the end of such a note is its own too.
                    let word = unsafe { start.add(end) };
                    // SAFETY: as above.
                    let word = unsafe { word.read() };
                    ((word >> 32) as u32, word as u32 as usize)
                }
                table => (table.into(), 1),
            };
            let len = count * words.count() as usize;
            end -= len;
            // SAFETY: the words of the rows begin where the note does.
            let first = unsafe { start.add(end) };
            // SAFETY: there are so many of them, and nothing is noted while the log is borrowed.
            let noted = unsafe { std::slice::from_raw_parts(first, len) };
            Some((Rows { table, slot, count, words }, noted))
        })
    }

    /// Forgets the notes behind the first `len` words. A call that noted much does not make its world
    /// large for ever.
    #[inline]
    pub(super) fn truncate(&mut self, len: usize) {
        debug_assert!(len <= self.len(), "{len} words of {}", self.len());
        if len == 0 && self.memory.capacity() > KEPT_WORDS_MAX {
            return self.give_spare();
        }
        if !self.cursor.next.is_null() {
            // SAFETY: inside of the memory, which holds at least so many words.
            self.cursor.next = unsafe { self.memory.as_mut_ptr().add(len) };
        }
    }

    #[cold]
    fn give_spare(&mut self) {
        let len = self.len();
        let expected = if len > KEPT_WORDS_MAX { len } else { 0 };
        let memory = mem::replace(self, RowLog { expected, ..RowLog::default() }).memory;
        if memory.capacity() <= SPARE_WORDS_MAX {
            // Where the thread ends, nobody needs it.
            let _ = SPARE.try_with(|spare| spare.set(memory));
        }
    }
}

/// Memory of at least so many words.
fn room(words: usize) -> Vec<u64> {
    if words > KEPT_WORDS_MAX {
        let spare = SPARE.try_with(Cell::take).unwrap_or_default();
        if spare.capacity() >= words {
            return spare;
        }
    }
    Vec::with_capacity(words)
}

#[cfg(test)]
mod tests {
    use super::{Ended, KEPT_WORDS_MAX, RowLog, Rows, Words};

    #[test]
    fn notes_are_read_from_the_last_one_back() {
        let mut log = RowLog::default();
        assert_eq!((log.len(), log.last_first(0).count()), (0, 0));
        let mut noted = Vec::new();
        for number in 0..20_000_u64 {
            let words = Words(number as u16);
            let value = |word: u32| if word == 1 { number } else { number << 8 | u64::from(word) };
            let values = words.runs().flatten().map(value);
            log.push((number as u16 % 3, number as u32), words, values);
            noted.push((number, log.len()));
        }
        for half in [true, false] {
            let before = if half { noted[9_999].1 } else { 0 };
            let mut left = log.last_first(before);
            for &(number, end) in noted.iter().rev().take_while(|noted| noted.1 > before) {
                let note = left.next().expect("each was noted");
                assert_eq!((note.table, note.slot), (number as u32 % 3, number as u32));
                let mut words = 0;
                for (start, bytes) in note.pieces() {
                    for (word, bytes) in (start as usize / 8..).zip(bytes.chunks(8)) {
                        let value = if word == 1 { number } else { number << 8 | word as u64 };
                        assert_eq!(bytes, value.to_le_bytes());
                        words |= 1 << word;
                    }
                }
                assert!(words == number as u16 && end <= log.len());
            }
            assert!(left.next().is_none());
            drop(left);
            log.truncate(before);
            noted.truncate(10_000);
        }
        assert_eq!((log.len(), log.memory.capacity()), (0, 0));
    }

    #[test]
    fn rows_that_are_one_note_are_read_one_by_one() {
        const COUNT: usize = 40;
        let mut log = RowLog::default();
        for (words, left_after) in [(0b100, COUNT), (0b1111_0111_0110_0100, 3), (0x7ffc, 0)] {
            let words = Words(words);
            let rows = Rows { table: 70_000, slot: 640, count: COUNT, words };
            log.push((3, 0), Words(0b1000), [7].into_iter());
            let before = log.len();
            for (is_needed, after_trap) in [(false, false), (true, false), (true, true)] {
                let start = log.begin_rows(rows, is_needed);
                let len = left_after * words.count() as usize;
                // SAFETY: there is room for the words of so many rows and more.
                let end = unsafe { start.add(len) };
                for (value, place) in (1..).zip(0..len) {
                    // SAFETY: in front of the end.
                    let word = unsafe { start.add(place) };
                    // SAFETY: as above.
                    unsafe { word.write(value) };
                }
                match (is_needed, after_trap) {
                    (false, _) => assert!(log.end_rows(end).is_none()),
                    (true, false) => match log.end_rows(end).expect("it was begun") {
                        Ended::Whole(ended) => {
                            assert_eq!((ended.count, COUNT), (left_after, left_after))
                        }
                        Ended::Early(ended, noted) => {
                            assert_eq!((ended.count, noted.len()), (left_after, len));
                            assert!(noted.into_iter().eq(1..=len as u64));
                            continue;
                        }
                    },
                    (true, true) => {
                        log.cursor.left_at = end;
                        log.end_rows_at_trap();
                    }
                }
                assert!(log.end_rows(end).is_none(), "it has ended");
                let noted = if is_needed { left_after } else { 0 };
                let mut slots = 640..;
                let mut values = 1_u64..;
                for note in log.last_first(before) {
                    assert_eq!((note.table, note.slot), (70_000, slots.next().expect("endless")));
                    for (start, bytes) in note.pieces() {
                        for (word, bytes) in (start as usize / 8..).zip(bytes.chunks(8)) {
                            assert!(words.0 & 1 << word != 0);
                            let value = values.next().expect("endless");
                            assert_eq!(bytes, value.to_le_bytes());
                        }
                    }
                }
                assert_eq!(slots.start, 640 + noted as u32);
                assert_eq!(values.start, 1 + (noted * words.count() as usize) as u64);
                // The one before is found behind it.
                let others = log.last_first(0).filter(|note| note.table == 3);
                assert_eq!(others.count(), 1);
                log.truncate(before);
            }
            log.truncate(0);
        }
    }

    #[test]
    fn room_is_made_at_once_for_what_noted_much() {
        let mut log = RowLog::default();
        let capacities = [2 * KEPT_WORDS_MAX, 1, 1].map(|notes| {
            let mut capacity = 0;
            for number in 0..notes {
                log.push((0, 0), Words(0b100), [7].into_iter());
                if number == 0 {
                    capacity = log.memory.capacity();
                }
            }
            log.truncate(0);
            capacity
        });
        // The second one finds the room of the first; the third one that the second did not need it.
        assert_eq!(capacities.map(|capacity| capacity > KEPT_WORDS_MAX), [false, true, false]);
    }
}
