//! What the runtime is made for. What a user may set stands in `midflight_limits`.

pub use midflight_limits::engine::Limits;
use midflight_limits::source;

/// Native stack that must be left when a call enters machine code: half for generated frames
/// (`native_stack_max`), half for the host functions under them.
pub(crate) const CALL_STACK_MIN: usize = 512 << 10;

/// The stack that a call gets where less than [`CALL_STACK_MIN`] is left.
pub(crate) const CALL_STACK_SIZE: usize = 1 << 20;

/// How many idle worlds whoever activates a version moves to it, which takes some two milliseconds,
/// before a thread that may take its time does the rest.
pub(crate) const SWEEP_MAX: usize = 4_096;

/// How long one holder of a world goes on with the calls of others before it hands them over.
pub(crate) const DRAIN_MAX: std::time::Duration = std::time::Duration::from_micros(100);

/// How often a thread that is next at a gate looks whether it was handed on, before it sleeps: some 20 to
/// 50 microseconds, which is what sleeping and waking takes.
pub(crate) const SPINS_MAX: u32 = 1_000;

/// How often a thread comes to a gate in a row before the gate is lent to it. Taking a loan back costs
/// who comes next some microseconds, a call on loan saves some twenty nanoseconds: where two threads
/// take turns, that costs each call less than the saving.
pub(crate) const LEND_AFTER: u32 = 1_000;

const _: () = assert!(CALL_STACK_SIZE > CALL_STACK_MIN);
const _: () = assert!(CALL_STACK_MIN >= 2 * source::Limits::LARGEST.native_stack_max);
