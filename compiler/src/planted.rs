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
    /// `<` on `int` holds for equal operands too
    LessIsLessOrEqual,
    /// `>` on `int` compares without regard to the sign
    GreaterIsUnsigned,
    /// `<` on `float` holds where an operand is NaN
    FloatLessHoldsForNan,
    /// an `int` in memory is read as 32 bits and sign-extended
    IntIsReadNarrow,
    /// a sum of two variables is not checked for overflow
    SumIsUnchecked,
    /// a product is not checked for overflow
    ProductIsUnchecked,
    /// `-` of the smallest `int` is not checked
    NegationIsUnchecked,
    /// a remainder by -1 is the dividend
    RemainderByMinusOne,
    /// a division by a constant takes every dividend for one that is not below zero
    DivisionTakesNoSign,
    /// after `x < n` the interval analysis believes that `x` is at most `n - 2`
    RangeIsTooNarrow,
    /// what the right side of `&&` or `||` says of a local counts where it was not evaluated
    RightSidesAreAlwaysReached,
    /// an index equal to the length is in bounds
    IndexMayBeLen,
    /// a NaN is shown with the bits that the processor gave it
    NanIsNotCanonical,
    /// a write to `state` takes no note for undo
    StateNoteIsMissing,
    /// a write to a row takes no note for undo
    RowNoteIsMissing,
    /// one noted word of a row counts as all of them
    NotedWordCountsAsRow,
    /// of two assignments that are done as one the second reads what was there before the first
    PairReadsTooEarly,
    /// one row of a block that a loop has noted counts as all of them
    OneRowCountsAsBlock,
    /// what a loop has noted of its rows is forgotten when one of its rounds traps
    TrapsForgetRowNotes,
    /// what one arm noted for undo counts as noted after all arms
    NotesOfOneArmCount,
    /// rows that a condition removed count as there behind it
    ConditionsRemoveNothing,
    /// a removed row is not noticed
    RowIsTakenForAlive,
    /// a write to an indexed field leaves the index as it is
    IndexUpdateIsSkipped,
    /// an operand in memory is not copied before what could change it
    OperandStaysBorrowed,
    /// a list that is copied stays shared
    ListStaysShared,
    /// `place op= value` reads the place before it evaluates the value
    PlaceIsReadEarly,
    /// `for i in a..b` includes `b`
    RangeIncludesItsEnd,
    /// `limit` counts the elements that `where` refused
    LimitCountsTheRefused,
    /// a loop over rows visits those that its body inserted, or removed
    LoopSeesItsOwnRows,
    /// a `match` that jumps by the tag sends the second arm's to the last one
    JumpMissesAnArm,
    /// a callee's constants are looked up in the wrong table once it is inlined
    InlinedConstantsAreWrong,
    /// a round of a loop costs no fuel
    RoundCostsNothing,
    /// one round more than can be paid for is taken as paid in advance
    OneRoundIsNotPaid,
    /// recursion is not checked against the logical stack
    DepthIsUnchecked,
    /// a trap is reported at the beginning of its function
    TrapIsReportedElsewhere,
    /// the generator is not put back when a call is taken back
    GeneratorIsNotRestored,
    /// the indexes are not put back when a row is
    IndexesAreNotRestored,
    /// texts that a call made for the world stay when it is taken back
    TextsOfTrappedCallsStay,
    /// events leave although their call trapped
    EventsOfTrappedCallsLeave,
    /// an insert takes the highest free slot
    SlotsAreTakenFromTheEnd,
    /// a key that is taken is not noticed
    DuplicateKeyIsAccepted,
    /// NaN sorts first in an index
    NanSortsFirst,
    /// elements that are equal are sorted in reverse
    SortReversesTies,
    /// the length of a text is that of its bytes
    TextLenCountsBytes,
    /// `now()` follows a clock that goes back
    ClockGoesBack,
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
