//! What is counted of the calls in one world. Only the holder of the world writes, so that a count
//! costs no more than an addition; anybody may read.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};

use midflight_compiler::trap::TrapKind;

use crate::version::Version;

/// The counts of one world. They never go back.
#[derive(Debug)]
pub(crate) struct Counts {
    calls: AtomicU64,
    /// By the number of their kind.
    traps: [AtomicU64; TrapKind::ALL.len()],
    /// The number of the version that the world runs.
    version: AtomicU64,
    /// What had been counted when the world moved to it.
    before: [AtomicU64; 2],
}

impl Default for Counts {
    fn default() -> Counts {
        Counts {
            calls: AtomicU64::default(),
            traps: array::from_fn(|_| AtomicU64::default()),
            version: AtomicU64::default(),
            before: array::from_fn(|_| AtomicU64::default()),
        }
    }
}

fn count(counter: &AtomicU64) {
    counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

impl Counts {
    /// A call has ended, with or without a trap.
    pub(crate) fn count_call(&self) {
        count(&self.calls);
    }

    /// A call has ended with a trap.
    pub(crate) fn count_trap(&self, kind: TrapKind) {
        self.traps.get(kind as usize).into_iter().for_each(count);
    }

    /// Calls that ended, those that trapped included.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Calls that ended with a trap of this kind.
    pub(crate) fn traps_of(&self, kind: TrapKind) -> u64 {
        self.traps.get(kind as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    fn traps(&self) -> u64 {
        self.traps.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Calls and traps since the world moved to its version, if it is this one.
    pub(crate) fn of_version(&self, number: u64) -> Option<(u64, u64)> {
        if self.version.load(Ordering::Relaxed) != number {
            return None;
        }
        let [calls, traps] = &self.before;
        let calls = self.calls().saturating_sub(calls.load(Ordering::Relaxed));
        let traps = self.traps().saturating_sub(traps.load(Ordering::Relaxed));
        Some((calls, traps))
    }

    /// The world has moved to this version. What was counted for the one that it left is added to
    /// that one.
    pub(crate) fn moved(&self, left: Option<&Version>, to: &Version) {
        if let Some(left) = left
            && let Some((calls, traps)) = self.of_version(left.number())
        {
            let _ = left.calls.fetch_add(calls, Ordering::Relaxed);
            let _ = left.traps.fetch_add(traps, Ordering::Relaxed);
        }
        let [calls, traps] = &self.before;
        calls.store(self.calls(), Ordering::Relaxed);
        traps.store(self.traps(), Ordering::Relaxed);
        self.version.store(to.number(), Ordering::Relaxed);
    }
}
