//! Rows in slots: blocks of equal size at stable addresses, so that a row never moves.
//!
//! Words for `SAFETY` comments: a **slot** is one of `0..end`; its row has a header and fields, all
//! of them initialised from the slot's first use on. A row is **alive** or **dead** by its header.

#![expect(unsafe_code, reason = "owns rows by address")]

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::Cell;
use std::ops::Range;
use std::ptr::NonNull;

use midflight_compiler::abi::RowHeader;
use midflight_compiler::layout::{
    CHUNK_SIZE, Words, chunk_count, is_large_row, row_epoch_offset, row_stride,
};
use midflight_compiler::trap::TrapKind;

use super::budget::MemoryBudget;
use crate::limits::Limits;

/// Bytes that a block has at most, unless one row is larger. Small, so that a table with a few
/// rows takes little.
const BLOCK_SIZE: u32 = 8 << 10;

/// Slots of a table.
pub(crate) const SLOTS_MAX: u32 = 1 << 31;

const _: () = assert!(Limits::LARGEST.rows_max <= SLOTS_MAX as usize);

/// The slots of one table.
#[derive(Debug)]
pub(crate) struct Rows {
    blocks: Vec<NonNull<u8>>,
    /// For each block the epoch that noted all of its rows last, and which words of them, as in the
    /// header of a row.
    noted: Vec<Cell<u64>>,
    /// Bytes of a row with its header.
    row_size: u32,
    /// Bytes from one row to the next: those of a large row's epochs besides.
    stride: u32,
    /// Slots of a block, as a power of two.
    block_shift: u32,
    /// The bits of a slot that say where it stands in its block.
    block_mask: u32,
    /// Slots that were ever used.
    end: u32,
}

// SAFETY: plain memory that only its owner reaches.
unsafe impl Send for Rows {}

impl Rows {
    /// No slots. A row has `row_size` bytes, a multiple of 8, its header included.
    pub(crate) fn new(row_size: u32) -> Rows {
        let stride = row_stride(row_size);
        let block_shift = (BLOCK_SIZE / stride).max(1).ilog2();
        let (blocks, noted) = (Vec::new(), Vec::new());
        let block_mask = (1 << block_shift) - 1;
        Rows { blocks, noted, row_size, stride, block_shift, block_mask, end: 0 }
    }

    /// Bytes of a row, its header included.
    pub(crate) fn row_size(&self) -> u32 {
        self.row_size
    }

    /// Slots that were ever used.
    pub(crate) fn end(&self) -> u32 {
        self.end
    }

    /// Slots of a block, as a power of two.
    pub(crate) fn block_shift(&self) -> u32 {
        self.block_shift
    }

    /// The addresses of the blocks.
    pub(crate) fn blocks(&self) -> *const *mut u8 {
        self.blocks.as_ptr().cast()
    }

    /// One more slot, its row dead and zero.
    ///
    /// # Errors
    /// When the world has no memory left.
    pub(crate) fn push(&mut self, memory: &mut MemoryBudget) -> Result<u32, TrapKind> {
        let slot = self.end;
        if slot == SLOTS_MAX {
            return Err(TrapKind::WorldFull);
        }
        if (slot >> self.block_shift) as usize == self.blocks.len() {
            let layout = self.block_layout();
            memory.take(layout.size())?;
            // SAFETY: a row, and so a block, is not empty: it has a header.
            let block = NonNull::new(unsafe { alloc_zeroed(layout) });
            let Some(block) = block else {
                memory.give_back(layout.size());
                return Err(TrapKind::EngineFull);
            };
            self.blocks.push(block);
            self.noted.push(Cell::new(0));
        }
        self.end += 1;
        // SAFETY: the slot was just made, and its row is zero, which is a header.
        unsafe { (*self.row(slot)).slot = slot };
        Ok(slot)
    }

    /// Bytes of the blocks that are needed, besides those that there are, before a slot is used.
    pub(crate) fn size_to(&self, slot: u32) -> usize {
        let blocks = (slot as usize >> self.block_shift) + 1;
        blocks.saturating_sub(self.blocks.len()).saturating_mul(self.block_layout().size())
    }

    /// Takes back the last slot. Its row must be dead.
    pub(crate) fn pop(&mut self) {
        self.end -= 1;
    }

    /// The row in a slot, if there is a block with such a slot.
    #[inline]
    pub(crate) fn get(&self, slot: u32) -> Option<*mut RowHeader> {
        let block = self.blocks.get((slot >> self.block_shift) as usize)?;
        // Less than a block's size.
        let place = (slot & self.block_mask).wrapping_mul(self.stride);
        // SAFETY: the row stands inside of its block.
        Some(unsafe { block.as_ptr().add(place as usize) }.cast())
    }

    /// The row in a slot.
    ///
    /// # Panics
    /// When there is no block with such a slot.
    #[inline]
    pub(crate) fn row(&self, slot: u32) -> *mut RowHeader {
        debug_assert!(slot < self.end, "slot {slot} of {}", self.end);
        self.get(slot).expect("slots that are used have a block")
    }

    /// Rows from this slot to the end of its block.
    pub(crate) fn rows_in_block(&self, slot: u32) -> usize {
        (self.block_mask - (slot & self.block_mask)) as usize + 1
    }

    /// Which words of all rows of a block the call with this epoch has noted.
    ///
    /// # Panics
    /// When the slot, which is one of the block, has none.
    pub(crate) fn noted_in_block(&self, slot: u32, epoch: u64) -> Words {
        Words::noted(self.noted[(slot >> self.block_shift) as usize].get(), epoch)
    }

    /// Marks words of all rows of a block as noted by the call with this epoch.
    ///
    /// # Panics
    /// As [`Rows::noted_in_block`].
    pub(crate) fn mark_block(&self, slot: u32, epoch: u64, words: Words) {
        let all = self.noted_in_block(slot, epoch).with(words);
        self.noted[(slot >> self.block_shift) as usize].set(epoch | u64::from(all.0));
    }

    /// Where the bytes of a chunk of a row begin and end, the header counted.
    pub(crate) fn chunk(&self, chunk: u32) -> Range<u32> {
        let start = (chunk * CHUNK_SIZE).min(self.row_size);
        start..start.saturating_add(CHUNK_SIZE).min(self.row_size)
    }

    /// Marks a chunk of a large row as noted by the call with this epoch; tells whether it was
    /// marked before.
    ///
    /// # Panics
    /// When the rows are not large, or have no such chunk.
    pub(crate) fn mark(&self, row: *mut RowHeader, chunk: u32, epoch: u64) -> bool {
        assert!(is_large_row(self.row_size), "a row of {} bytes has no chunks", self.row_size);
        assert!(chunk < chunk_count(self.row_size), "chunk {chunk} of {}", self.row_size);
        let offset = row_epoch_offset(self.row_size, chunk) as usize;
        // SAFETY: the epochs stand behind the row, inside of its stride.
        let place = unsafe { row.cast::<u8>().add(offset) }.cast::<u64>();
        // SAFETY: aligned, as row and offset are; whoever passes a row has it for itself.
        let before = unsafe { place.replace(epoch) };
        before == epoch
    }

    /// No row, and no chunk of one, is noted.
    pub(crate) fn forget_epochs(&self) {
        self.noted.iter().for_each(|noted| noted.set(0));
        for row in (0..self.end).map(|slot| self.row(slot)) {
            // SAFETY: a row; whoever has the table has all of them.
            unsafe { (*row).epoch = 0 };
            if is_large_row(self.row_size) {
                for chunk in 0..chunk_count(self.row_size) {
                    let _ = self.mark(row, chunk, 0);
                }
            }
        }
    }

    fn block_layout(&self) -> Layout {
        let size = (self.stride as usize) << self.block_shift;
        Layout::from_size_align(size, 8).expect("a block is at most a row or `BLOCK_SIZE`")
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        let layout = self.block_layout();
        for block in self.blocks.drain(..) {
            // SAFETY: `push` allocated it with this layout, and nobody else frees it.
            unsafe { dealloc(block.as_ptr(), layout) };
        }
    }
}
