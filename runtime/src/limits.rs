//! What a call, a world and the engine may take, each with its reason. All are settings of
//! [`Builder`](crate::Builder); the limits of a *source* stand in `midflight_compiler::limits`.

/// The budgets of an engine. The defaults suit a server whose calls are short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Fuel of one call. One unit is about a nanosecond at worst, so that the default ends an
    /// endless loop within ten milliseconds.
    pub fuel_max: i64,
    /// Fuel of one `test` block, which may do more than a call.
    pub test_fuel_max: i64,
    /// Bytes that one call may take for texts, lists and large values.
    pub call_memory_max: usize,
    /// Bytes that the texts of one world may take.
    pub world_memory_max: usize,
    /// Versions that are kept to be activated again, the current one included.
    pub versions_kept_max: usize,
    /// Calls that may wait for one world.
    pub queue_len_max: usize,
    /// Programs that are compiled at the same time.
    pub compiles_max: usize,
    /// Programs that may wait to be compiled.
    pub compiles_waiting_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Limits {
            fuel_max: 5_000_000,
            test_fuel_max: 100_000_000,
            call_memory_max: 16 << 20,
            world_memory_max: 256 << 20,
            versions_kept_max: 8,
            queue_len_max: 1_024,
            // One core stays free for the calls.
            compiles_max: cores.saturating_sub(1).max(1),
            compiles_waiting_max: 8,
        }
    }
}

/// Native stack that must be left when a call enters machine code: half for generated frames
/// (`midflight_compiler::limits::NATIVE_STACK_MAX`), half for the host functions under them.
pub(crate) const CALL_STACK_MIN: usize = 512 << 10;

/// The stack that a call gets where less than [`CALL_STACK_MIN`] is left.
pub(crate) const CALL_STACK_SIZE: usize = 1 << 20;

/// How long one holder of a world goes on with the calls of others before it hands them over.
pub(crate) const DRAIN_MAX: std::time::Duration = std::time::Duration::from_micros(100);

const _: () = assert!(CALL_STACK_SIZE > CALL_STACK_MIN);
