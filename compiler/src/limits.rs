//! What the compiler is made for. What a source may take is a setting, which stands in
//! `midflight_limits`.

pub use midflight_limits::source::Limits;

/// The stack that a thread needs to compile: every pass recurses over the tree, up to
/// `tree_height_max` deep, and Cranelift recurses over its own.
pub const COMPILE_STACK_SIZE: usize = 64 << 20;

/// Basic blocks of one function up to which the backtracking register allocator is used; about
/// half of them are ways to a trap. 4,000 take 0.1 s, or 1 s where hundreds of values live through
/// all of them; its time grows with the square then.
pub const BLOCKS_BACKTRACKING_MAX: usize = 4_000;

/// Loops within each other up to which it is used. Its time grows with the cube of them, since the
/// counters of all live through the innermost: 16 take a millisecond, 128 a second.
pub const LOOPS_BACKTRACKING_MAX: usize = 16;

/// Values larger than this live in the call's arena instead of the native stack.
pub const STACK_VALUE_MAX: u64 = 1 << 10;

const _: () = assert!(STACK_VALUE_MAX < Limits::LARGEST.stack_max as u64);
const _: () = assert!(BLOCKS_BACKTRACKING_MAX <= Limits::LARGEST.blocks_max);
