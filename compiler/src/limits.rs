//! The compiler's limits, each with its reason. A source that exceeds one is refused with a
//! diagnostic that names it; none can be raised by a program.
//!
//! What bounds the time and memory of a whole source is a setting ([`Limits`]). What bounds a single
//! function is none: every pass recurses over it on a stack of a fixed size, and between functions
//! only is looked whether the time is over. What depends on the layout of values is none either:
//! a version that fits here has to fit everywhere.

mod table;

pub use table::{Number, Row, Unit};

use std::time::Duration;

use table::constants;

crate::limits! {
    /// What one source may take. The defaults suit a server that others post sources to.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Limits {
        /// Bytes of one source. The default is a hundred times the largest program that a person
        /// maintains by hand.
        source_len_max: usize = SOURCE_LEN_MAX, Bytes, 1_024..=4_194_304, "E0600";
        /// Declarations of one source.
        declarations_max: usize = 20_000, Count, 10..=1_000_000, "E0607";
        /// Time to check and compile one source. It is looked at between functions.
        compile_time_max: Duration = Duration::from_secs(1), Time, 0..=3_600_000, "E0608";
        /// Machine code and constants of one version.
        code_size_max: usize = CODE_SIZE_MAX, Bytes, 65_536..=16_777_216, "E0605";
    }
}

constants! {
    /// The limits that are no settings.
    CONSTANTS;

    /// How deep brackets, blocks and types may nest. Every pass recurses over them.
    NESTING_MAX: u32 = 256, Count, "E0601";

    /// The height of the syntax tree, which chains of operators make without nesting
    /// (`a + b + c …` leans to the left). Every pass recurses over it on a 64 MiB stack.
    TREE_HEIGHT_MAX: u32 = 1_000, Count, "E0602";

    /// Nodes of the syntax tree in one function: bounds the work of every pass for one function.
    FUNCTION_NODES_MAX: u32 = 20_000, Count, "E0603";

    /// Basic blocks of one function up to which code is generated at all.
    BLOCKS_MAX: usize = 10_000, Count, "E0604";

    /// Parameters of one function.
    PARAMS_MAX: usize = 64, Count, "E0611";

    /// How deep string interpolations may nest.
    INTERPOLATION_MAX: usize = 8, Count, "E0606";

    /// Errors reported in one run; the rest is summed up in a last line.
    DIAGNOSTICS_MAX: usize = 100, Count, "the rest is summed up";

    /// Bytes of one row, its header included.
    ROW_SIZE_MAX: u64 = 64 << 10, Bytes, "E0610";

    /// Bytes of `state`.
    STATE_SIZE_MAX: u64 = 1 << 20, Bytes, "E0610";

    /// Bytes of any other value: a struct, a fixed array, a bounded list.
    VALUE_SIZE_MAX: u64 = 1 << 20, Bytes, "E0610";

    /// Fields of one declaration, and variants of one enum: bounds the search for a name.
    FIELDS_MAX: usize = 1_000, Count, "E0615";

    /// How deep structs and enums may hold each other by value. Every pass recurses over types.
    TYPE_DEPTH_MAX: u32 = 64, Count, "E0614";

    /// Bytes of one text that the compiler computes.
    CONSTANT_TEXT_MAX: usize = 64 << 10, Bytes, "E0612";

    /// Bytes of all values that the compiler writes out as constants: bounds what a program can
    /// make of one large default by mentioning it often.
    CONSTANTS_SIZE_MAX: u64 = 4 << 20, Bytes, "E0612";

    /// The logical stack of a call, in bytes. A function's logical cost is computed from the typed
    /// program (`ir::Function::stack_cost`), so that recursion ends at the same depth everywhere.
    /// Native frames are kept below twice the logical cost.
    STACK_MAX: u32 = 128 << 10, Bytes, "trap `out_of_stack`";

    /// The native stack of a call, in bytes: the frames of generated code, host functions not
    /// counted. A version whose frames could take more is refused.
    NATIVE_STACK_MAX: usize = 256 << 10, Bytes, "E0613";
}

/// The largest `source_len_max`: offsets into a source and the memory of its tree are made for it.
pub const SOURCE_LEN_MAX: usize = 4 << 20;

/// The stack that a thread needs to compile: every pass recurses over the tree, up to
/// [`TREE_HEIGHT_MAX`] deep, and Cranelift recurses over its own.
pub const COMPILE_STACK_SIZE: usize = 64 << 20;

/// Basic blocks of one function up to which the backtracking register allocator is used; about
/// half of them are ways to a trap. 4,000 take 0.1 s, or 1 s where hundreds of values live through
/// all of them; its time grows with the square then.
pub const BLOCKS_BACKTRACKING_MAX: usize = 4_000;

/// Loops within each other up to which it is used. Its time grows with the cube of them, since the
/// counters of all live through the innermost: 16 take a millisecond, 128 a second.
pub const LOOPS_BACKTRACKING_MAX: usize = 16;

/// The largest `code_size_max`: twice as much address space is reserved for each version.
pub const CODE_SIZE_MAX: usize = 16 << 20;

/// Values larger than this live in the call's arena instead of the native stack.
pub const STACK_VALUE_MAX: u64 = 1 << 10;

const _: () = assert!(NATIVE_STACK_MAX >= 2 * STACK_MAX as usize);
const _: () = assert!(STACK_VALUE_MAX < STACK_MAX as u64);
const _: () = assert!(STATE_SIZE_MAX <= u32::MAX as u64 && VALUE_SIZE_MAX <= u32::MAX as u64);
const _: () = assert!(BLOCKS_BACKTRACKING_MAX <= BLOCKS_MAX);
