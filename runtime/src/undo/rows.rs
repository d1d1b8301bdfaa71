//! The notes of whole rows: the bytes of each, and behind them which row it is.
//!
//! Generated code writes them by itself while there is room, so that the first write to a row costs
//! a copy and no call; only growing is here. Since what tells a note apart stands at its end, they
//! are read from the last one back, which is the order of undo.
//!
//! Invariants:
//! - from the beginning of `memory` up to `cursor.next` stand whole notes, all of it initialised;
//! - `cursor.end` is the end of `memory`; both are null as long as that is empty.

#![expect(unsafe_code, reason = "reads and writes notes by address")]

use std::cell::Cell;
use std::iter;
use std::mem;
use std::ptr;

use midflight_compiler::abi::{RowHeader, RowNoteEnd, RowNotes};

/// Words of the first memory.
const WORDS_MIN: usize = 64;

/// Words for which a world keeps room from one call to the next.
const KEPT_MAX: usize = 8 << 10;

/// Words for which a thread keeps room, for the next call of any world that notes more than a world
/// keeps room for: making that anew, page by page, takes longer than the notes.
const SPARE_MAX: usize = 1 << 20;

/// Words of what stands behind a row's bytes.
const END_WORDS: usize = size_of::<RowNoteEnd>() / size_of::<u64>();

thread_local! {
    static SPARE: Cell<Vec<u64>> = const { Cell::new(Vec::new()) };
}

/// The notes of whole rows of one call.
#[derive(Debug)]
pub(super) struct RowLog {
    cursor: RowNotes,
    /// Empty, as far as it knows: only its capacity is used.
    memory: Vec<u64>,
}

/// One note, to be read.
#[derive(Debug)]
pub(super) struct RowNote<'l> {
    pub(super) table: u32,
    pub(super) row: *mut RowHeader,
    /// The row as it was, its header included.
    pub(super) bytes: &'l [u8],
}

impl Default for RowLog {
    fn default() -> RowLog {
        RowLog {
            cursor: RowNotes { next: ptr::null_mut(), end: ptr::null_mut() },
            memory: Vec::new(),
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
        self.len() == 0
    }

    /// Notes a row.
    ///
    /// # Safety
    /// The row has `size` bytes, a multiple of 8, all of them initialised, and nobody writes it
    /// meanwhile.
    pub(super) unsafe fn push(&mut self, table: u32, row: *mut RowHeader, size: u32) {
        let words = size / size_of::<u64>() as u32;
        let needed = words as usize + END_WORDS;
        if self.memory.capacity() - self.len() < needed {
            self.grow(needed);
        }
        let next = self.cursor.next;
        // SAFETY: the row has so many words, and there is room for them (`grow`); what is noted is
        // never a row itself.
        unsafe { ptr::copy_nonoverlapping(row.cast::<u64>(), next, words as usize) };
        // SAFETY: as above.
        let end = unsafe { next.add(words as usize) }.cast::<RowNoteEnd>();
        // SAFETY: there is room for it too; words are aligned for it.
        unsafe { end.write(RowNoteEnd { row, table, words }) };
        // SAFETY: at most the end of the memory.
        self.cursor.next = unsafe { end.add(1) }.cast();
    }

    /// Makes room for so many words more.
    #[cold]
    fn grow(&mut self, more: usize) {
        let len = self.len();
        let wanted = (len + more).max(2 * self.memory.capacity()).max(WORDS_MIN);
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

    /// The notes behind the first `len` words, the last one first.
    pub(super) fn last_first(&self, len: usize) -> impl Iterator<Item = RowNote<'_>> {
        let start = self.memory.as_ptr();
        let mut end = self.len();
        iter::from_fn(move || {
            if end <= len {
                return None;
            }
            // SAFETY: a whole note ends there, and `len` is where one begins.
            let last = unsafe { start.add(end - END_WORDS) }.cast::<RowNoteEnd>();
            // SAFETY: as above.
            let RowNoteEnd { row, table, words } = unsafe { last.read() };
            end -= END_WORDS + words as usize;
            // SAFETY: the row's bytes begin where the note does.
            let bytes = unsafe { start.add(end) }.cast::<u8>();
            // SAFETY: there are so many of them, and nothing is noted while the log is borrowed.
            let bytes = unsafe { std::slice::from_raw_parts(bytes, words as usize * 8) };
            Some(RowNote { table, row, bytes })
        })
    }

    /// Forgets the notes behind the first `len` words.
    pub(super) fn truncate(&mut self, len: usize) {
        debug_assert!(len <= self.len(), "{len} words of {}", self.len());
        if !self.cursor.next.is_null() {
            // SAFETY: inside of the memory, which holds at least so many words.
            self.cursor.next = unsafe { self.memory.as_mut_ptr().add(len) };
        }
    }

    /// Between two calls: a call that changed much does not make its world large for ever.
    #[inline]
    pub(super) fn settle(&mut self) {
        if self.memory.capacity() > KEPT_MAX {
            self.give_spare();
        }
    }

    #[cold]
    fn give_spare(&mut self) {
        let memory = mem::take(self).memory;
        if memory.capacity() <= SPARE_MAX {
            // Where the thread ends, nobody needs it.
            let _ = SPARE.try_with(|spare| spare.set(memory));
        }
    }
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
    use std::ptr;

    use super::RowLog;

    #[test]
    fn notes_are_read_from_the_last_one_back() {
        let mut log = RowLog::default();
        assert_eq!((log.len(), log.last_first(0).count()), (0, 0));
        let mut noted = Vec::new();
        for number in 0..20_000_u64 {
            let size = 16 + 8 * (number % 5) as u32;
            let mut row = [number; 6];
            // SAFETY: `row` has more than `size` bytes.
            unsafe { log.push(number as u32 % 3, row.as_mut_ptr().cast(), size) };
            noted.push((number, size, log.len()));
        }
        for half in [true, false] {
            let before = if half { noted[9_999].2 } else { 0 };
            let mut left = log.last_first(before);
            for &(number, size, end) in noted.iter().rev().take_while(|noted| noted.2 > before) {
                let note = left.next().expect("each was noted");
                assert_eq!((note.table, note.bytes.len()), (number as u32 % 3, size as usize));
                assert!(note.bytes.chunks(8).all(|word| word == number.to_le_bytes()));
                assert!(!ptr::eq(note.row, ptr::null()) && end <= log.len());
            }
            assert!(left.next().is_none());
            drop(left);
            log.truncate(before);
            noted.truncate(10_000);
        }
        log.settle();
        assert_eq!((log.len(), log.memory.capacity()), (0, 0));
    }
}
