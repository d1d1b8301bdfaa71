//! How much memory a world has taken, and may take.

use midflight_compiler::planted::allocation_fails;
use midflight_compiler::trap::TrapKind;

/// Bytes that a world's texts, rows, keys and indexes take together.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    taken: usize,
    taken_max: usize,
}

impl MemoryBudget {
    /// Nothing taken yet.
    pub(crate) fn new(taken_max: usize) -> MemoryBudget {
        MemoryBudget { taken: 0, taken_max }
    }

    /// Bytes taken.
    pub(crate) fn taken(&self) -> usize {
        self.taken
    }

    /// Takes so many bytes.
    ///
    /// # Errors
    /// When the world may not take as many; nothing is taken then.
    pub(crate) fn take(&mut self, size: usize) -> Result<(), TrapKind> {
        let taken = self.taken.checked_add(size).ok_or(TrapKind::OutOfMemory)?;
        if taken > self.taken_max || allocation_fails() {
            return Err(TrapKind::OutOfMemory);
        }
        self.taken = taken;
        Ok(())
    }

    /// Takes again what a call that is taken back had given back. Cannot fail: what the call took
    /// instead is given back before it is over.
    pub(crate) fn retake(&mut self, size: usize) {
        self.taken += size;
    }

    /// Gives back what was taken.
    pub(crate) fn give_back(&mut self, size: usize) {
        self.taken -= size;
    }
}
