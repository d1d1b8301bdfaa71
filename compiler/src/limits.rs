//! The compiler's limits, each with its reason. A source that exceeds one is refused with a
//! diagnostic that names it; none can be raised by a program.

/// Bytes of one source. A hundred times the largest program that a person maintains by hand.
pub const SOURCE_LEN_MAX: usize = 4 << 20;

/// How deep brackets, blocks and types may nest. Every pass recurses over them.
pub const NESTING_MAX: u32 = 256;

/// The height of the syntax tree, which chains of operators make without nesting
/// (`a + b + c …` leans to the left). Every pass recurses over it on a 64 MiB stack.
pub const TREE_HEIGHT_MAX: u32 = 1_000;

/// The stack that a thread needs to compile: every pass recurses over the tree, up to
/// [`TREE_HEIGHT_MAX`] deep, and Cranelift recurses over its own.
pub const COMPILE_STACK_SIZE: usize = 64 << 20;

/// Nodes of the syntax tree in one function: bounds the work of every pass for one function.
pub const FUNCTION_NODES_MAX: u32 = 20_000;

/// Basic blocks of one function up to which the backtracking register allocator is used; about
/// half of them are ways to a trap. 4,000 take 0.1 s, or 1 s where hundreds of values live through
/// all of them; its time grows with the square then.
pub const BLOCKS_BACKTRACKING_MAX: usize = 4_000;

/// Basic blocks of one function up to which code is generated at all.
pub const BLOCKS_MAX: usize = 10_000;

/// Parameters of one function.
pub const PARAMS_MAX: usize = 64;

/// How deep string interpolations may nest.
pub const INTERPOLATION_MAX: usize = 8;

/// Errors reported in one run; the rest is summed up in a last line.
pub const DIAGNOSTICS_MAX: usize = 100;

/// Bytes of one row, its header included.
pub const ROW_SIZE_MAX: u64 = 64 << 10;

/// Bytes of `state`.
pub const STATE_SIZE_MAX: u64 = 1 << 20;

/// Bytes of any other value: a struct, a fixed array, a bounded list.
pub const VALUE_SIZE_MAX: u64 = 1 << 20;

/// Fields of one declaration, and variants of one enum: bounds the search for a name.
pub const FIELDS_MAX: usize = 1_000;

/// How deep structs and enums may hold each other by value. Every pass recurses over types.
pub const TYPE_DEPTH_MAX: u32 = 64;

/// Bytes of one text that the compiler computes.
pub const CONSTANT_TEXT_MAX: usize = 64 << 10;

/// Bytes of all values that the compiler writes out as constants: bounds what a program can
/// make of one large default by mentioning it often.
pub const CONSTANTS_SIZE_MAX: u64 = 4 << 20;

/// Machine code of one version, in bytes.
pub const CODE_SIZE_MAX: usize = 16 << 20;

/// The logical stack of a call, in bytes. A function's logical cost is computed from the typed
/// program (`ir::Function::stack_cost`), so that recursion ends at the same depth everywhere.
/// Native frames are kept below twice the logical cost.
pub const STACK_MAX: u32 = 128 << 10;

/// Values larger than this live in the call's arena instead of the native stack.
pub const STACK_VALUE_MAX: u64 = 1 << 10;

/// The native stack of a call, in bytes: the frames of generated code, host functions not
/// counted. A version whose frames could take more is refused.
pub const NATIVE_STACK_MAX: usize = 256 << 10;

const _: () = assert!(NATIVE_STACK_MAX >= 2 * STACK_MAX as usize);
const _: () = assert!(STACK_VALUE_MAX < STACK_MAX as u64);
const _: () = assert!(STATE_SIZE_MAX <= u32::MAX as u64 && VALUE_SIZE_MAX <= u32::MAX as u64);
const _: () = assert!(BLOCKS_BACKTRACKING_MAX <= BLOCKS_MAX);
