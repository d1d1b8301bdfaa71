//! Two fences of unequal weight, for two threads that each write and then read what the other one
//! wrote: one of them does it with every call, the other one now and then.
//!
//! [`light`] costs nothing when the program runs: it only keeps the compiler from moving accesses
//! over it. [`heavy`] makes every running thread of the process execute a full fence, wherever it
//! stands (`membarrier` of Linux, by an interrupt). So each `light` is before or behind each `heavy`
//! as if both were `fence(SeqCst)`: of two threads that write, fence and read, at least one sees
//! what the other one wrote. Where the system has no such call, nobody may rely on `light`
//! ([`is_available`]).
//!
//! Dice, Huang, Yang: "Asymmetric Dekker Synchronization", 2001; `membarrier(2)`.

#![expect(unsafe_code, reason = "calls the system by number")]

use std::sync::LazyLock;
use std::sync::atomic::{Ordering, compiler_fence, fence};

/// How often the system may refuse the heavy fence in a row.
const REFUSED_MAX: u32 = 10_000;

/// Whether `light` and `heavy` order each other here.
pub(crate) fn is_available() -> bool {
    static IS_AVAILABLE: LazyLock<bool> = LazyLock::new(system::register);
    *IS_AVAILABLE
}

/// The side that must be fast.
#[inline(always)]
pub(crate) fn light() {
    compiler_fence(Ordering::SeqCst);
}

/// The side that may take microseconds. Only where [`is_available`] said so.
///
/// Ends the process where the system goes on to refuse what it granted before, as a filter for system
/// calls may that is installed later: to go on would be two holders of one gate, and to unwind one that
/// stays shut.
pub(crate) fn heavy() {
    fence(Ordering::SeqCst);
    let mut refused = 0;
    while !system::interrupt_all() {
        refused += 1;
        if refused > REFUSED_MAX {
            std::process::abort();
        }
        // It takes a little memory, which may be there soon.
        std::thread::yield_now();
    }
    fence(Ordering::SeqCst);
}

#[cfg(all(target_os = "linux", not(miri)))]
mod system {
    /// Since Linux 4.14; a sandbox may refuse it.
    pub(super) fn register() -> bool {
        command(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) && interrupt_all()
    }

    pub(super) fn interrupt_all() -> bool {
        command(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED)
    }

    fn command(command: libc::membarrier_cmd) -> bool {
        // SAFETY: the call takes numbers and touches no memory of the process.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
mod system {
    pub(super) fn register() -> bool {
        false
    }

    pub(super) fn interrupt_all() -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use super::{heavy, is_available, light};

    /// The litmus test of store buffering: both sides write, fence and read, in rounds. None of both
    /// begins a round before the other one has begun the round before it.
    #[test]
    fn one_of_both_sees_the_other() {
        if !is_available() {
            return;
        }
        const ROUNDS: u32 = 20_000;
        let rounds = |mine: &AtomicU32, other: &AtomicU32, fence: fn()| -> Vec<bool> {
            let has_begun = |round| other.load(Ordering::Relaxed) >= round;
            let play = |round| {
                while !has_begun(round - 1) {}
                mine.store(round, Ordering::Relaxed);
                fence();
                has_begun(round)
            };
            (1..=ROUNDS).map(play).collect()
        };
        let [left, right] = [AtomicU32::new(0), AtomicU32::new(0)];
        let (left_saw, right_saw) = thread::scope(|scope| {
            let other = scope.spawn(|| rounds(&right, &left, heavy));
            (rounds(&left, &right, light), other.join().expect("it does not panic"))
        });
        assert_eq!(left_saw.len(), ROUNDS as usize);
        assert!(left_saw.iter().zip(&right_saw).all(|(&left, &right)| left || right));
    }
}
