//! The state block: the fields of `state`, with the epochs of their chunks before them.
//!
//! `midflight_compiler::layout` says where everything stands; generated code writes here too.

#![expect(unsafe_code, reason = "holds the state by address")]

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;

use midflight_compiler::layout::{CHUNK_SIZE, chunk_count, state_epoch_offset};

/// The fields of one world's `state`.
#[derive(Debug)]
pub(crate) struct StateBlock {
    start: NonNull<u8>,
    size: u32,
}

// SAFETY: plain memory that only its owner reaches.
unsafe impl Send for StateBlock {}

impl StateBlock {
    /// A block of `size` bytes of fields, all zero, all epochs 0.
    pub(crate) fn new(size: u32) -> StateBlock {
        let layout = layout(size);
        // SAFETY: the size is not 0: there is at least one chunk.
        let Some(start) = NonNull::new(unsafe { alloc_zeroed(layout) }) else {
            handle_alloc_error(layout)
        };
        StateBlock { start, size }
    }

    /// The first byte of the fields.
    pub(crate) fn fields(&self) -> *mut u8 {
        // SAFETY: the fields begin behind the epochs, inside of the block.
        unsafe { self.start.as_ptr().add(epochs_size(self.size)) }
    }

    /// The bytes of the fields.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the block was made zeroed, and nobody writes while it is borrowed.
        unsafe { std::slice::from_raw_parts(self.fields(), self.size as usize) }
    }

    /// The bytes of the fields, to be changed.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.fields(), self.size as usize) }
    }

    /// How many chunks the fields have.
    pub(crate) fn chunk_count(&self) -> u32 {
        chunk_count(self.size)
    }

    /// Where the fields of a chunk begin and end.
    pub(crate) fn chunk(&self, chunk: u32) -> std::ops::Range<usize> {
        let start = (chunk * CHUNK_SIZE).min(self.size);
        let end = start.saturating_add(CHUNK_SIZE).min(self.size);
        start as usize..end as usize
    }

    /// Marks a chunk as noted by the call with this epoch; tells whether it was marked before.
    ///
    /// # Panics
    /// When there is no such chunk.
    pub(crate) fn mark(&mut self, chunk: u32, epoch: u64) -> bool {
        assert!(chunk < self.chunk_count(), "chunk {chunk} of {}", self.chunk_count());
        // SAFETY: the epoch of a chunk that is there stands before the fields, inside of the block.
        let place = unsafe { self.fields().offset(state_epoch_offset(chunk) as isize) };
        let place = place.cast::<u64>();
        // SAFETY: aligned (`layout`), and the borrow is exclusive.
        let before = unsafe { place.replace(epoch) };
        before == epoch
    }

    /// No chunk is marked.
    pub(crate) fn forget_epochs(&mut self) {
        let size = epochs_size(self.size);
        // SAFETY: the epochs stand at the beginning of the block, and the borrow is exclusive.
        unsafe { self.start.as_ptr().write_bytes(0, size) };
    }
}

impl Drop for StateBlock {
    fn drop(&mut self) {
        // SAFETY: `new` allocated it with this layout, and nobody else frees it.
        unsafe { dealloc(self.start.as_ptr(), layout(self.size)) }
    }
}

/// Bytes of the epochs before the fields.
fn epochs_size(size: u32) -> usize {
    chunk_count(size) as usize * size_of::<u64>()
}

fn layout(size: u32) -> Layout {
    let size = epochs_size(size) + size as usize;
    Layout::from_size_align(size, 8).expect("`state` is at most `state_size_max`")
}
