//! The notes of rows that are not large: some words of each, and behind them which they are.
//!
//! Generated code writes them by itself while there is room, so that the first write to a row costs
//! a copy and no call; only growing is here. A loop that writes to every row of a table has those of
//! a block noted at once, before it goes over them: that costs a part of what its rounds would, each
//! by itself. Since what tells a note apart stands at its end, they are read from the last one back,
//! which is the order of undo.
//!
//! Invariants:
//! - from the beginning of `memory` up to `cursor.next` stand whole notes, all of it initialised;
//! - `cursor.end` is the end of `memory`; both are null as long as that is empty.

#![expect(unsafe_code, reason = "reads and writes notes by address")]

use std::cell::Cell;
use std::iter;
use std::mem;
use std::ops::Range;
use std::ptr;

use midflight_compiler::abi::{RowHeader, RowNoteEnd, RowNotes};
use midflight_compiler::layout::Words;
use midflight_compiler::limits::Limits;

use crate::table::slot;

/// Words of the first memory.
const WORDS_MIN: usize = 64;

/// Words for which a world keeps room from one call to the next.
const KEPT_MAX: usize = 8 << 10;

/// Words for which a thread keeps room, for the next call of any world that notes more than a world
/// keeps room for: making that anew, page by page, takes longer than the notes.
const SPARE_MAX: usize = 1 << 20;

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
}

/// Rows of a table that stand behind each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) table: u32,
    pub(super) first: *mut RowHeader,
    /// Bytes from one row to the next.
    pub(super) stride: usize,
    pub(super) count: usize,
}

/// What was noted of one row, to be read.
#[derive(Clone, Debug)]
pub(super) struct RowNote<'l> {
    pub(super) table: u32,
    pub(super) slot: u32,
    /// Which words were noted.
    which: Words,
    /// The words as they were: for each run of `which` those of the first row, of the second one, and
    /// so on.
    words: &'l [u64],
    /// How many rows were noted at once, and which of them this is.
    rows: usize,
    row: usize,
}

impl<'l> RowNote<'l> {
    /// The bytes as they were, in pieces: from the row's header, where each begins.
    pub(super) fn pieces(self) -> impl Iterator<Item = (u32, &'l [u8])> {
        let RowNote { which, mut words, rows, row, .. } = self;
        which.runs().map(move |run| {
            let (runs, rest) = words.split_at(rows * run.len());
            words = rest;
            let piece = &runs[row * run.len()..][..run.len()];
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
            cursor: RowNotes { next: ptr::null_mut(), end: ptr::null_mut() },
            memory: Vec::new(),
            expected: 0,
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

    /// Notes words of a row.
    ///
    /// # Safety
    /// The row has these words, all of them initialised, and nobody writes it meanwhile.
    pub(super) unsafe fn push(&mut self, table: u16, row: *mut RowHeader, words: Words) {
        let needed = words.count() as usize + END_WORDS;
        if self.memory.capacity() - self.len() < needed {
            self.grow(needed);
        }
        let mut next = self.cursor.next;
        for run in words.runs() {
            // SAFETY: the row has this word.
            let first = unsafe { row.cast::<u64>().add(run.start as usize) };
            // SAFETY: it has the whole run, and there is room for it (`grow`); what is noted is never
            // a row itself.
            unsafe { ptr::copy_nonoverlapping(first, next, run.len()) };
            // SAFETY: as above.
            next = unsafe { next.add(run.len()) };
        }
        let end = next.cast::<RowNoteEnd>();
        // SAFETY: there is room for it too; words are aligned for it.
        unsafe { end.write(RowNoteEnd { slot: slot(row), table, words: words.0 }) };
        // SAFETY: at most the end of the memory.
        self.cursor.next = unsafe { end.add(1) }.cast();
    }

    /// Notes words of many rows.
    ///
    /// # Safety
    /// The rows stand there, none of them large, and have these words, all of them initialised; nobody
    /// writes them meanwhile.
    pub(super) unsafe fn push_rows(&mut self, block: Block, words: Words) {
        let Block { table, first, count, .. } = block;
        let needed = count * words.count() as usize + 1 + END_WORDS;
        if self.memory.capacity() - self.len() < needed {
            self.grow(needed);
        }
        let mut next = self.cursor.next;
        for run in words.runs() {
            let copy = match run.len() {
                1 => copy_runs::<1>,
                2 => copy_runs::<2>,
                3 => copy_runs::<3>,
                4 => copy_runs::<4>,
                _ => copy_long_runs,
            };
            // SAFETY: the rows have the run, and there is room for all of them.
            next = unsafe { copy(block, run, next) };
        }
        // SAFETY: there is room for it.
        unsafe { next.write(u64::from(table) << 32 | count as u64) };
        // SAFETY: as above.
        let end = unsafe { next.add(1) }.cast::<RowNoteEnd>();
        let which = RowNoteEnd { slot: slot(first), table: MANY_ROWS, words: words.0 };
        // SAFETY: there is room for it too; words are aligned for it.
        unsafe { end.write(which) };
        // SAFETY: at most the end of the memory.
        self.cursor.next = unsafe { end.add(1) }.cast();
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
        self.notes(len).flat_map(|note| {
            (0..note.rows).map(move |row| RowNote {
                slot: note.slot + row as u32,
                row,
                ..note.clone()
            })
        })
    }

    /// As [`RowLog::last_first`]; one of many rows as that of the first.
    fn notes(&self, len: usize) -> impl Iterator<Item = RowNote<'_>> {
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
            let which = Words(words);
            end -= END_WORDS;
            let (table, rows) = match table {
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
            let len = rows * which.count() as usize;
            end -= len;
            // SAFETY: the words of the rows begin where the note does.
            let first = unsafe { start.add(end) };
            // SAFETY: there are so many of them, and nothing is noted while the log is borrowed.
            let words = unsafe { std::slice::from_raw_parts(first, len) };
            Some(RowNote { table, slot, which, words, rows, row: 0 })
        })
    }

    /// Forgets the notes behind the first `len` words. A call that noted much does not make its world
    /// large for ever.
    #[inline]
    pub(super) fn truncate(&mut self, len: usize) {
        debug_assert!(len <= self.len(), "{len} words of {}", self.len());
        if len == 0 && self.memory.capacity() > KEPT_MAX {
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
        let expected = if len > KEPT_MAX { len } else { 0 };
        let memory = mem::replace(self, RowLog { expected, ..RowLog::default() }).memory;
        if memory.capacity() <= SPARE_MAX {
            // Where the thread ends, nobody needs it.
            let _ = SPARE.try_with(|spare| spare.set(memory));
        }
    }
}

/// Copies a run of `LEN` words of each row; gives where the copies end.
///
/// # Safety
/// The rows have these words, initialised, and at `to` there is room for all of them.
unsafe fn copy_runs<const LEN: usize>(block: Block, run: Range<u32>, mut to: *mut u64) -> *mut u64 {
    // SAFETY: the first row has the run.
    let mut from = unsafe { block.first.cast::<u64>().add(run.start as usize) };
    for _ in 0..block.count {
        // SAFETY: a row has the run.
        let words = unsafe { from.cast::<[u64; LEN]>().read() };
        // SAFETY: there is room for it.
        unsafe { to.cast::<[u64; LEN]>().write(words) };
        // SAFETY: there was room for it.
        to = unsafe { to.add(LEN) };
        // Behind the last row it is not read.
        from = from.wrapping_byte_add(block.stride);
    }
    to
}

/// As [`copy_runs`], for runs of any length.
///
/// # Safety
/// As [`copy_runs`].
unsafe fn copy_long_runs(block: Block, run: Range<u32>, mut to: *mut u64) -> *mut u64 {
    let first = block.first.cast::<u64>();
    for row in 0..block.count {
        let from = first.wrapping_byte_add(row * block.stride).wrapping_add(run.start as usize);
        // SAFETY: a row has the run, and there is room for it; a note is never a row itself.
        unsafe { ptr::copy_nonoverlapping(from, to, run.len()) };
        // SAFETY: there was room for it.
        to = unsafe { to.add(run.len()) };
    }
    to
}

/// Memory of at least so many words.
fn room(words: usize) -> Vec<u64> {
    if words > KEPT_MAX {
        let spare = SPARE.try_with(Cell::take).unwrap_or_default();
        if spare.capacity() >= words {
            return spare;
        }
    }
    Vec::with_capacity(words)
}

#[cfg(test)]
mod tests {
    use super::{Block, KEPT_MAX, RowLog, Words};

    #[test]
    fn notes_are_read_from_the_last_one_back() {
        let mut log = RowLog::default();
        assert_eq!((log.len(), log.last_first(0).count()), (0, 0));
        let mut noted = Vec::new();
        for number in 0..20_000_u64 {
            let words = Words(number as u16);
            let mut row: [u64; 16] = std::array::from_fn(|word| number << 8 | word as u64);
            // The slot.
            row[1] = number;
            // SAFETY: `row` has all words.
            unsafe { log.push(number as u16 % 3, row.as_mut_ptr().cast(), words) };
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
    fn rows_that_are_noted_at_once_are_read_one_by_one() {
        const STRIDE: usize = 17;
        const COUNT: usize = 40;
        let value = |row: usize, word: usize| (row << 8 | word) as u64;
        let mut rows: [u64; STRIDE * COUNT] =
            std::array::from_fn(|place| value(place / STRIDE, place % STRIDE));
        // The slot of the first.
        rows[1] = 640;
        let first = rows.as_mut_ptr().cast();
        let (table, stride, count) = (70_000, 8 * STRIDE, COUNT);
        let block = Block { table, first, stride, count };
        let mut log = RowLog::default();
        for words in [0b100, 0b11_0100, 0b1111_0111_0110_0100, 0x7ffc, 0xfffc].map(Words) {
            // SAFETY: the row has all words.
            unsafe { log.push(3, first, Words(0b1000)) };
            let before = log.len();
            // SAFETY: as many rows are there, with all words.
            unsafe { log.push_rows(block, words) };
            let mut seen = Vec::new();
            for note in log.last_first(before) {
                assert_eq!(note.table, table);
                let row = note.slot as usize - 640;
                let mut found = 0;
                for (start, bytes) in note.pieces() {
                    for (word, bytes) in (start as usize / 8..).zip(bytes.chunks(8)) {
                        assert_eq!(bytes, value(row, word).to_le_bytes());
                        found |= 1 << word;
                    }
                }
                assert_eq!(found, words.0);
                seen.push(row);
            }
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..COUNT));
            // The one before is found behind it.
            let others = log.last_first(0).filter(|note| note.table == 3);
            assert_eq!(others.count(), 1);
            log.truncate(0);
        }
    }

    #[test]
    fn room_is_made_at_once_for_what_noted_much() {
        let mut log = RowLog::default();
        let mut row = [0_u64; 16];
        let capacities = [2 * KEPT_MAX, 1, 1].map(|notes| {
            let mut capacity = 0;
            for number in 0..notes {
                // SAFETY: `row` has all words.
                unsafe { log.push(0, row.as_mut_ptr().cast(), Words(0b100)) };
                if number == 0 {
                    capacity = log.memory.capacity();
                }
            }
            log.truncate(0);
            capacity
        });
        // The second one finds the room of the first; the third one that the second did not need it.
        assert_eq!(capacities.map(|capacity| capacity > KEPT_MAX), [false, true, false]);
    }
}
