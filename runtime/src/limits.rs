//! What a call, a world and the engine may take, each with its reason. All are settings of
//! [`Builder`](crate::Builder); the limits of a *source* stand in `midflight_compiler::limits`.

midflight_compiler::limits! {
    /// The budgets of an engine. The defaults suit a server whose calls are short.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Limits {
        /// Fuel of one call. One unit is about a nanosecond at worst, so that the default ends an
        /// endless loop within ten milliseconds.
        fuel_max: i64 = 5_000_000, Count, 1_000..=1_000_000_000_000, "trap `out_of_fuel`";
        /// Fuel of all tests of one program together, and of `on load` in one world. They may do
        /// more than a call.
        test_fuel_max: i64 = 100_000_000, Count, 1_000..=1_000_000_000_000, "trap `out_of_fuel`";
        /// Fuel of all `migrate` blocks in one world, for all of its rows together.
        migrate_fuel_max: i64 = 2_000_000_000, Count, 1_000..=1_000_000_000_000,
            "trap `out_of_fuel`";
        /// Memory of one call for texts, lists and large values.
        call_memory_max: usize = 16 << 20, Bytes, 65_536..=1_073_741_824, "trap `out_of_memory`";
        /// Memory of one world for rows, texts and indexes.
        world_memory_max: usize = 256 << 20, Bytes, 65_536..=1_099_511_627_776,
            "trap `world_full`";
        /// Memory of all worlds together, their states included. Less than the machine has: who
        /// exceeds that is ended by the system.
        memory_max: usize = 16 << 30, Bytes, 1_048_576..=17_592_186_044_416,
            "trap `engine_full`";
        /// Worlds that there are at the same time, `main` included.
        worlds_max: usize = 1_000, Count, 1..=1_000_000, "507 `too_many_worlds`";
        /// Changes that wait for the store, in all worlds together.
        store_queue_max: usize = 64 << 20, Bytes, 65_536..=4_294_967_296, "503 `store_busy`";
        /// Versions that are kept to be activated again, the current one included.
        versions_kept_max: usize = 8, Count, 1..=1_000, "the oldest is forgotten";
        /// Calls that wait for one world.
        queue_len_max: usize = 1_024, Count, 1..=1_000_000, "503 `busy`";
        /// Programs that are compiled at the same time. The default leaves one processor to the
        /// calls.
        compiles_max: usize = processors_but_one(), Count, 1..=256, "they wait";
        /// Machine code of functions that is kept for loads that have them again. What was not
        /// used for the longest time goes.
        code_cache_max: usize = 8 << 20, Bytes, 0..=1_073_741_824, "the oldest is forgotten";
        /// Programs that wait to be compiled.
        compiles_waiting_max: usize = 8, Count, 1..=1_000, "429 `compiler_busy`";
    }
}

fn processors_but_one() -> usize {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    processors.saturating_sub(1).max(1)
}

/// Longest `str` that can be a key, in bytes.
pub(crate) const KEY_LEN_MAX: usize = 256;

/// Native stack that must be left when a call enters machine code: half for generated frames
/// (`midflight_compiler::limits::NATIVE_STACK_MAX`), half for the host functions under them.
pub(crate) const CALL_STACK_MIN: usize = 512 << 10;

/// The stack that a call gets where less than [`CALL_STACK_MIN`] is left.
pub(crate) const CALL_STACK_SIZE: usize = 1 << 20;

/// How many idle worlds whoever activates a version moves to it, which takes some two milliseconds,
/// before a thread that may take its time does the rest.
pub(crate) const SWEEP_MAX: usize = 4_096;

/// How long one holder of a world goes on with the calls of others before it hands them over.
pub(crate) const DRAIN_MAX: std::time::Duration = std::time::Duration::from_micros(100);

const _: () = assert!(CALL_STACK_SIZE > CALL_STACK_MIN);
