//! How much memory a world has taken, and may take: of its own limit, and of the pool that all
//! worlds of an engine share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use midflight_compiler::planted::allocation_fails;
use midflight_compiler::trap::TrapKind;

/// Worlds claim from the pool in steps of so many bytes, so that calls in different worlds seldom
/// meet there.
const STEP: usize = 4 << 10;

/// The memory of all worlds of an engine together.
#[derive(Debug)]
pub(crate) struct Pool {
    claimed: AtomicUsize,
    claimed_max: usize,
}

impl Pool {
    /// Nothing claimed yet.
    pub(crate) fn new(claimed_max: usize) -> Pool {
        Pool { claimed: AtomicUsize::new(0), claimed_max }
    }

    /// Bytes claimed.
    pub(crate) fn claimed(&self) -> usize {
        self.claimed.load(Ordering::Relaxed)
    }

    fn claim(&self, size: usize) -> Result<(), TrapKind> {
        let add = |claimed: usize| {
            claimed.checked_add(size).filter(|&claimed| claimed <= self.claimed_max)
        };
        let claimed = self.claimed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        claimed.map(drop).map_err(|_| TrapKind::EngineFull)
    }

    fn release(&self, size: usize) {
        let _ = self.claimed.fetch_sub(size, Ordering::Relaxed);
    }
}

/// Bytes that a world's texts, rows, keys and indexes take together.
///
/// Invariant: what is claimed of the pool is at least `base + taken`.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    taken: usize,
    taken_max: usize,
    /// What the world takes before the first row: of the pool only.
    base: usize,
    claimed: usize,
    pool: Arc<Pool>,
}

impl MemoryBudget {
    /// Nothing taken yet but `base` of the pool.
    ///
    /// # Errors
    /// When the pool has not as many left.
    pub(crate) fn new(
        taken_max: usize,
        base: usize,
        pool: Arc<Pool>,
    ) -> Result<MemoryBudget, TrapKind> {
        let claimed = base.next_multiple_of(STEP);
        pool.claim(claimed)?;
        Ok(MemoryBudget { taken: 0, taken_max, base, claimed, pool })
    }

    /// A budget with a pool of its own.
    #[cfg(test)]
    pub(crate) fn alone(taken_max: usize) -> MemoryBudget {
        MemoryBudget::new(taken_max, 0, Arc::new(Pool::new(usize::MAX))).expect("the pool is empty")
    }

    /// Bytes taken.
    pub(crate) fn taken(&self) -> usize {
        self.taken
    }

    /// Takes so many bytes.
    ///
    /// # Errors
    /// When the world may not take as many, or the pool has not as many left; nothing is taken
    /// then.
    pub(crate) fn take(&mut self, size: usize) -> Result<(), TrapKind> {
        let taken = self.taken.checked_add(size).ok_or(TrapKind::WorldFull)?;
        if taken > self.taken_max || allocation_fails() {
            return Err(TrapKind::WorldFull);
        }
        let missing = self.missing(taken);
        if missing > 0 {
            self.pool.claim(missing)?;
            self.claimed += missing;
        }
        self.taken = taken;
        Ok(())
    }

    /// Takes again what a call that is taken back had given back. Cannot fail: what the call took
    /// instead is given back before it is over.
    pub(crate) fn retake(&mut self, size: usize) {
        self.taken += size;
        let missing = self.missing(self.taken);
        if missing > 0 {
            // Another world may have claimed it meanwhile: the pool is exceeded by no more.
            let _ = self.pool.claimed.fetch_add(missing, Ordering::Relaxed);
            self.claimed += missing;
        }
    }

    /// Gives back what was taken.
    pub(crate) fn give_back(&mut self, size: usize) {
        self.taken -= size;
        let spare = self.claimed - self.base - self.taken;
        // One step stays, so that a world at an edge does not go back and forth.
        if spare >= 2 * STEP {
            let released = (spare / STEP - 1) * STEP;
            self.pool.release(released);
            self.claimed -= released;
        }
    }

    /// What has to be claimed before so much is taken.
    fn missing(&self, taken: usize) -> usize {
        (self.base + taken).saturating_sub(self.claimed).next_multiple_of(STEP)
    }
}

impl Drop for MemoryBudget {
    fn drop(&mut self) {
        self.pool.release(self.claimed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worlds_share_a_pool_and_give_all_of_it_back() {
        let pool = Arc::new(Pool::new(4 * STEP));
        let budget = || MemoryBudget::new(3 * STEP, 100, pool.clone());
        let mut first = budget().expect("there is room");
        let mut second = budget().expect("there is room");
        assert_eq!(pool.claimed(), 2 * STEP);
        assert_eq!(first.take(3 * STEP + 1), Err(TrapKind::WorldFull));
        assert_eq!(first.take(3 * STEP), Err(TrapKind::EngineFull));
        assert_eq!(first.taken(), 0);
        assert_eq!(first.take(2 * STEP), Ok(()));
        assert_eq!(pool.claimed(), 4 * STEP);
        assert_eq!(second.take(STEP), Err(TrapKind::EngineFull));
        first.give_back(2 * STEP);
        assert_eq!(second.take(STEP), Ok(()));
        first.retake(2 * STEP);
        first.give_back(2 * STEP);
        drop(first);
        drop(second);
        assert_eq!(pool.claimed(), 0);
    }
}
