//! What is counted of the calls in one world. Only the holder of the world writes, so that a count
//! costs no more than an addition; anybody may read.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};

use midflight_compiler::trap::TrapKind;

use crate::version::Version;

/// The sums of some worlds' counts.
#[derive(Clone, Debug)]
pub(crate) struct Totals {
    pub(crate) calls: u64,
    /// By the number of their kind.
    pub(crate) traps: [u64; TrapKind::ALL.len()],
}

impl Default for Totals {
    fn default() -> Totals {
        Totals { calls: 0, traps: [0; TrapKind::ALL.len()] }
    }
}

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

#[inline]
fn count(counter: &AtomicU64) {
    counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

impl Counts {
    /// A call has ended, with or without a trap.
    #[inline]
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

    /// Adds them to some sums.
    pub(crate) fn add_to(&self, totals: &mut Totals) {
        totals.calls += self.calls();
        for (total, count) in totals.traps.iter_mut().zip(&self.traps) {
            *total += count.load(Ordering::Relaxed);
        }
    }

    /// The number of the version that the world runs; 0 where it has none.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    /// Calls that ended with a trap.
    pub(crate) fn traps(&self) -> u64 {
        self.traps.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Calls and traps since the world moved to its version.
    pub(crate) fn of_version(&self) -> (u64, u64) {
        let [calls, traps] = &self.before;
        let calls = self.calls().saturating_sub(calls.load(Ordering::Relaxed));
        let traps = self.traps().saturating_sub(traps.load(Ordering::Relaxed));
        (calls, traps)
    }

    /// What was counted for the version that the world leaves is added to that one.
    pub(crate) fn left(&self, version: &Version) {
        if self.version() == version.number() {
            let (calls, traps) = self.of_version();
            let _ = version.calls.fetch_add(calls, Ordering::Relaxed);
            let _ = version.traps.fetch_add(traps, Ordering::Relaxed);
            self.version.store(0, Ordering::Relaxed);
        }
    }

    /// The world has moved to this version. What was counted for the one that it left is added to
    /// that one.
    pub(crate) fn moved(&self, left: Option<&Version>, to: &Version) {
        if let Some(left) = left {
            self.left(left);
        }
        let [calls, traps] = &self.before;
        calls.store(self.calls(), Ordering::Relaxed);
        traps.store(self.traps(), Ordering::Relaxed);
        self.version.store(to.number(), Ordering::Relaxed);
    }
}
