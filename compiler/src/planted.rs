//! Faults that tests plant in code generation and runtime, one at a time, to see that the suite
//! finds each (`docs/testing.md` has the table). Only a build with the feature `faults` can plant
//! any; in every other build [`is_planted`] is the constant `false` and leaves no trace.

macro_rules! faults {
    ($($(#[doc = $what:literal])+ $name:ident,)*) => {
        /// A fault that can be planted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Fault {
            $($(#[doc = $what])+ $name,)*
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &[Fault] = &[$(Fault::$name),*];

            /// What is wrong where it is planted.
            pub fn what(self) -> &'static str {
                match self {
                    $(Fault::$name => concat!($($what),+).trim_ascii(),)*
                }
            }
        }
    };
}

faults! {
    /// `<` on `int` also holds for equal operands
    LessIsLessOrEqual,
}

#[cfg(feature = "faults")]
mod switch {
    use std::cell::Cell;
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::Fault;

    const NONE: u8 = u8::MAX;
    static PLANTED: AtomicU8 = AtomicU8::new(NONE);

    thread_local! {
        static ALLOCATIONS_LEFT: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// Plants a fault in the whole process, instead of the one before.
    pub fn plant(fault: Option<Fault>) {
        PLANTED.store(fault.map_or(NONE, |fault| fault as u8), Ordering::Relaxed);
    }

    /// Whether the fault is planted.
    pub fn is_planted(fault: Fault) -> bool {
        PLANTED.load(Ordering::Relaxed) == fault as u8
    }

    /// Lets so many allocations of calls and worlds on this thread succeed and the next one fail;
    /// all later ones succeed. `None`: none fails.
    pub fn fail_allocation_after(successes: Option<u64>) {
        ALLOCATIONS_LEFT.set(successes);
    }

    /// Whether the allocation that is about to be made has to fail.
    pub fn allocation_fails() -> bool {
        let left = ALLOCATIONS_LEFT.get();
        ALLOCATIONS_LEFT.set(left.and_then(|left| left.checked_sub(1)));
        left == Some(0)
    }
}

#[cfg(feature = "faults")]
pub use switch::{allocation_fails, fail_allocation_after, is_planted, plant};

/// Whether the fault is planted: it cannot be.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub const fn is_planted(_: Fault) -> bool {
    false
}

/// Whether the allocation that is about to be made has to fail: it need not.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub const fn allocation_fails() -> bool {
    false
}
