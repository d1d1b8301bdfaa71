//! Memory of the call, notes for undo, texts that go into state, and what depends on size in fuel.

use midflight_compiler::abi::{BYTES_PER_FUEL, Text};

use super::host;
use crate::memory::texts::characters;

/// Fuel of a text that goes into state, besides its bytes: it gets memory of its own.
const STORED_TEXT_FUEL: usize = 4;

/// Fuel of reading so many bytes.
pub(super) fn bytes_fuel(len: usize) -> usize {
    len / BYTES_PER_FUEL as usize
}

/// Fuel of going over so many elements of so many bytes each.
pub(super) fn elements_fuel(count: usize, stride: usize) -> usize {
    count.saturating_mul(1 + bytes_fuel(stride))
}

/// Fuel of copying a text into state.
pub(super) fn stored_text_fuel(text: &str) -> usize {
    STORED_TEXT_FUEL + bytes_fuel(text.len())
}

host! {
    fn arena_allocate(frame, size: u64) -> *mut u8 {
        Ok(frame.arena.allocate(&mut frame.ctx, size as usize)?.as_ptr())
    }

    fn memory_copy(_frame, target: *mut u8, source: *const u8, len: u64) {
        // SAFETY: both hold a value of `len` bytes; they are the same or do not overlap, and
        // `copy` allows either.
        unsafe { std::ptr::copy(source, target, len as usize) };
        Ok(())
    }

    fn note_state(frame, offset: u64, len: u64) {
        let epoch = frame.ctx.epoch;
        frame.undo.note_state(&mut frame.data, epoch, offset as u32, len as u32);
        Ok(())
    }

    fn text_store(frame, slot: *mut *const Text, text: *const Text) {
        // SAFETY: the slot is one of state and has been noted.
        let before = unsafe { slot.read() };
        // SAFETY: null or live.
        let characters = unsafe { characters(text) };
        frame.charge(stored_text_fuel(characters))?;
        let copy = frame.undo.replace_text(&mut frame.data, before, characters)?;
        // SAFETY: as above.
        unsafe { slot.write(copy) };
        Ok(())
    }
}
