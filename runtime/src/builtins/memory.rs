//! Memory of the call, notes for undo, and texts that go into state.

use midflight_compiler::abi::Text;

use super::host;
use crate::memory::texts::characters;

/// Bytes that are copied for one unit of fuel.
pub(super) const BYTES_PER_FUEL: usize = 16;

host! {
    fn arena_allocate(frame, size: u64) -> *mut u8 {
        Ok(frame.arena.allocate(&mut frame.ctx, size as usize)?.as_ptr())
    }

    fn memory_copy(frame, target: *mut u8, source: *const u8, len: u64) {
        frame.charge(len as usize / BYTES_PER_FUEL)?;
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
        frame.charge(characters.len() / BYTES_PER_FUEL)?;
        let copy = frame.undo.replace_text(&mut frame.data, before, characters)?;
        // SAFETY: as above.
        unsafe { slot.write(copy) };
        Ok(())
    }
}
