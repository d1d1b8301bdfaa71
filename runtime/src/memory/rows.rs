//! Rows in slots: blocks of equal size at stable addresses, so that a row never moves.
//!
//! Words for `SAFETY` comments: a **slot** is one of `0..end`; its row has a header and fields, all
//! of them initialised from the slot's first use on. A row is **alive** or **dead** by its header.

#![expect(unsafe_code, reason = "owns rows by address")]

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;

use midflight_compiler::abi::RowHeader;
use midflight_compiler::trap::TrapKind;

use super::budget::MemoryBudget;

/// Bytes that a block has at most, unless one row is larger. Small, so that a table with a few
/// rows takes little.
const BLOCK_SIZE: u32 = 8 << 10;

/// The slots of one table.
#[derive(Debug)]
pub(crate) struct Rows {
    blocks: Vec<NonNull<u8>>,
    /// Bytes of a row with its header.
    row_size: u32,
    /// Slots of a block, as a power of two.
    block_shift: u32,
    /// Slots that were ever used.
    end: u32,
}

// SAFETY: plain memory that only its owner reaches.
unsafe impl Send for Rows {}

impl Rows {
    /// No slots. A row has `row_size` bytes, a multiple of 8, its header included.
    pub(crate) fn new(row_size: u32) -> Rows {
        let block_shift = (BLOCK_SIZE / row_size).max(1).ilog2();
        Rows { blocks: Vec::new(), row_size, block_shift, end: 0 }
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
        let end = slot.checked_add(1).ok_or(TrapKind::OutOfMemory)?;
        if (slot >> self.block_shift) as usize == self.blocks.len() {
            let layout = self.block_layout();
            memory.take(layout.size())?;
            // SAFETY: a row, and so a block, is not empty: it has a header.
            let block = NonNull::new(unsafe { alloc_zeroed(layout) });
            let Some(block) = block else {
                memory.give_back(layout.size());
                return Err(TrapKind::OutOfMemory);
            };
            self.blocks.push(block);
        }
        self.end = end;
        // SAFETY: the slot was just made, and its row is zero, which is a header.
        unsafe { (*self.row(slot)).slot = slot };
        Ok(slot)
    }

    /// Takes back the last slot. Its row must be dead.
    pub(crate) fn pop(&mut self) {
        self.end -= 1;
    }

    /// The row in a slot.
    ///
    /// # Panics
    /// When there is no such slot.
    pub(crate) fn row(&self, slot: u32) -> *mut RowHeader {
        assert!(slot < self.end, "slot {slot} of {}", self.end);
        let block = self.blocks[(slot >> self.block_shift) as usize];
        let place = slot & ((1 << self.block_shift) - 1);
        // SAFETY: the row stands inside of its block.
        unsafe { block.as_ptr().add((place * self.row_size) as usize) }.cast()
    }

    fn block_layout(&self) -> Layout {
        let size = (self.row_size as usize) << self.block_shift;
        Layout::from_size_align(size, 8).expect("a block is at most `ROW_SIZE_MAX`")
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
