//! Every limit that a user of Midflight can meet, in this one file: what a [`source`] may take, what
//! a call, a world and an [`engine`] may, what a client of the [`server`] may.
//!
//! Each row is a setting, with its reason, its default, what it can be set to, and what exceeds it.
//! From the rows come the structs, `--limit NAME=VALUE`, `midflight_limit` in the metrics and the
//! manual's tables. Where stacks, offsets or the time between two looks at a deadline are made for a
//! number, that is the largest value and the default: such a limit can only be lowered, and says so.
//!
//! What is nobody's but an implementation's (the size of a buffer, the length of a pause) stands
//! beside the code that it tunes.

mod table;

pub use table::{Number, Row, Unit};

use table::limits;

/// What the compiler takes.
pub mod source {
    use std::time::Duration;

    super::limits! {
        /// What one source may take. The defaults suit a server that others post sources to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Limits {
            /// Bytes of one source. The default, a hundred times the largest program that a person
            /// maintains by hand, can only be lowered: offsets into a source and the memory of its
            /// tree are made for it.
            source_len_max: usize = 4 << 20, Bytes, 1_024..=4_194_304, "E0600";
            /// Declarations of one source. At most as many as a note for undo can tell tables apart.
            declarations_max: usize = 20_000, Count, 10..=65_535, "E0607";
            /// How deep brackets, blocks and types may nest. It can only be lowered: every pass
            /// recurses over them.
            nesting_max: u32 = 256, Count, 8..=256, "E0601";
            /// The height of the syntax tree, which chains of operators make without nesting. It
            /// can only be lowered: every pass recurses over it, on a stack of 64 MiB.
            tree_height_max: u32 = 1_000, Count, 16..=1_000, "E0602";
            /// Statements and expressions of one declaration. It can only be lowered: it bounds
            /// what a pass does between two looks at the time.
            function_nodes_max: u32 = 20_000, Count, 100..=20_000, "E0603";
            /// Basic blocks of the machine code of one function. It can only be lowered, as it
            /// bounds the time for one function.
            blocks_max: usize = 10_000, Count, 16..=10_000, "E0604";
            /// Parameters of one function. It can only be lowered: those that are given are bits of
            /// one word.
            params_max: usize = 64, Count, 1..=64, "E0611";
            /// How deep texts with values in them may nest in each other. It can only be lowered:
            /// every pass recurses over them.
            interpolation_max: usize = 8, Count, 1..=8, "E0606";
            /// Fields of one declaration, and variants of one enum. It can only be lowered, as it
            /// bounds the search for a name.
            fields_max: usize = 1_000, Count, 1..=1_000, "E0615";
            /// How deep structs, enums and lists may hold each other. It can only be lowered:
            /// every pass recurses over types.
            type_depth_max: u32 = 64, Count, 1..=64, "E0614";
            /// Bytes of one row, its header included. It can only be lowered: rows stand in blocks
            /// that are made for it.
            row_size_max: u64 = 64 << 10, Bytes, 256..=65_536, "E0616";
            /// Bytes of `state`. It can only be lowered: offsets and what is noted for undo are made
            /// for it.
            state_size_max: u64 = 1 << 20, Bytes, 256..=1_048_576, "E0617";
            /// Bytes of any other value: a struct, a fixed array, a bounded list. It can only be
            /// lowered: offsets are made for it.
            value_size_max: u64 = 1 << 20, Bytes, 256..=1_048_576, "E0610";
            /// Bytes of one text that the compiler computes. It can only be lowered, as each
            /// constant of a source may be such a text.
            constant_text_max: usize = 64 << 10, Bytes, 16..=65_536, "E0612";
            /// Bytes of all values that the compiler writes out as constants: bounds what a program
            /// can make of one large default by mentioning it often.
            constants_size_max: u64 = 4 << 20, Bytes, 256..=16_777_216, "E0618";
            /// The logical stack of a call. What a function takes of it follows from the typed
            /// program, so that recursion ends at the same depth everywhere. It can only be lowered:
            /// the native stack is made for it.
            stack_max: u32 = 128 << 10, Bytes, 4_096..=131_072, "trap `out_of_stack`, `E0613`";
            /// The native stack of a call: the frames of its machine code, host functions not
            /// counted. It can only be lowered: threads have room for it.
            native_stack_max: usize = 256 << 10, Bytes, 131_072..=262_144, "E0619";
            /// Machine code and constants of one version. It can only be lowered: twice as much
            /// address space is reserved for each version.
            code_size_max: usize = 16 << 20, Bytes, 65_536..=16_777_216, "E0605";
            /// Time to check and compile one source. It is looked at between functions.
            compile_time_max: Duration = Duration::from_secs(1), Time, 0..=3_600_000, "E0608";
            /// Errors that are told of one source, and as many warnings.
            diagnostics_max: usize = 100, Count, 1..=1_000, "the rest is counted";
        }
    }

    const _: () =
        assert!(Limits::LARGEST.native_stack_max >= 2 * Limits::LARGEST.stack_max as usize);
    const _: () = assert!(Limits::LARGEST.state_size_max <= u32::MAX as u64);
    const _: () = assert!(Limits::LARGEST.value_size_max <= u32::MAX as u64);
}

/// What the engine gives to calls and worlds.
pub mod engine {
    super::limits! {
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
            /// Bytes of a text that a call makes. The memory of the call ends it before, where this
            /// is not set.
            text_len_max: usize = 1 << 30, Bytes, 256..=1_073_741_824, "trap `text_too_long`";
            /// Elements up to which a list grows. The memory of the call ends it before, where this
            /// is not set.
            list_len_max: usize = 1 << 30, Count, 16..=1_073_741_824, "trap `list_too_long`";
            /// Bytes of a `str` that is the key of a row. It can only be lowered: look-ups are made
            /// for short keys.
            key_len_max: usize = 256, Bytes, 16..=256, "trap `key_too_long`";
            /// Rows of one table in one world. The memory of the world ends it before, where this is
            /// not set. It can only be lowered: slots are numbered with 31 bits.
            rows_max: usize = 2_147_483_648, Count, 1..=2_147_483_648, "trap `table_full`";
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
            /// calls. Each keeps a stack of 64 MiB of addresses, and of memory what was ever needed of it.
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
}

/// What the server takes from its clients.
pub mod server {
    use std::time::Duration;

    super::limits! {
        /// What a server takes from its clients. The defaults suit one that strangers reach.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Limits {
            /// Bytes of a request's body. The default is a source of the largest size, with room for
            /// JSON around it.
            body_len_max: usize = 5 << 20, Bytes, 1_024..=1_073_741_824, "413 `body_too_large`";
            /// Bodies over 64 KiB that are received at the same time. With `body_len_max` it bounds
            /// the memory of all bodies.
            large_bodies_max: usize = 32, Count, 1..=10_000, "503 `too_many_bodies`";
            /// Bytes of the export of a world that is imported. It goes through a file, not through memory.
            import_len_max: u64 = 4 << 30, Bytes, 1_024..=1_099_511_627_776, "413 `import_too_large`";
            /// Time for a client to send a body. Only a stalled one takes as long as the default.
            body_timeout: Duration = Duration::from_secs(30), Time, 10..=3_600_000,
                "408 `body_timeout`";
            /// Bytes of a request's line and headers.
            header_len_max: usize = 16 << 10, Bytes, 8_192..=65_536,
                "431 `headers_too_large`, 414 `uri_too_long`";
            /// Lines of headers of a request. More than the default take an allocation for each request.
            headers_max: usize = 100, Count, 16..=1_000, "431 `too_many_headers`";
            /// Time for a client to send line and headers, from the first byte on.
            header_timeout: Duration = Duration::from_secs(5), Time, 10..=3_600_000,
                "408 `header_timeout`";
            /// Time that a connection may idle, before its first request and between two.
            idle_timeout: Duration = Duration::from_secs(60), Time, 10..=86_400_000,
                "the connection is closed";
            /// Time that a client may take nothing of an answer.
            write_timeout: Duration = Duration::from_secs(30), Time, 10..=3_600_000,
                "the connection is closed";
            /// Connections at the same time.
            connections_max: u32 = 4_096, Count, 1..=1_000_000,
                "the one that is waited for the longest is closed";
            /// Loads and activations that are under way at the same time. Each takes a thread and the
            /// memory of its source; the default is more than the runtime compiles and lets wait, so
            /// that it decides.
            loads_max: usize = 16, Count, 1..=1_000, "429 `too_many_loads`";
            /// Bytes of an encoded result. Text that stands in a result many times is written many
            /// times, so the memory of the call does not bound it.
            result_len_max: usize = 16 << 20, Bytes, 1_024..=268_435_456, "trap `result_too_large`";
            /// Answers over 64 KiB that are sent at the same time. With `result_len_max` it bounds
            /// what clients that do not read can keep in memory.
            large_answers_max: usize = 64, Count, 1..=10_000, "503 `too_many_answers`";
            /// Bytes of an event as JSON.
            event_len_max: usize = 64 << 10, Bytes, 256..=1_048_576, "it comes without its fields";
            /// Events that are kept for a client that is behind.
            events_kept_max: usize = 1_024, Count, 16..=65_536, "the client is dropped";
            /// Clients that listen to events at the same time.
            listeners_max: usize = 256, Count, 1..=100_000, "503 `too_many_listeners`";
            /// Time that calls in flight may take after the server was told to stop.
            shutdown_timeout: Duration = Duration::from_secs(10), Time, 0..=3_600_000,
                "they are given up";
        }
    }
}
