//! The host functions: the compiler's table (`midflight_compiler::abi`) filled with addresses.
//!
//! Each is an `extern "C"` function on the frame of the running call, written with [`host!`]: its
//! body is a closure that gives a value or a trap. A trap goes into the context, where generated
//! code looks for it; so does a panic, as the trap `internal`, since nothing may unwind through
//! generated code.
//!
//! The contract that every `SAFETY` comment in this folder rests on is generated code's, kept by
//! `codegen`: the context is that of the running frame; a text argument is null or live; the
//! address of a value is aligned, inside of memory that is the world's, the arena's or the
//! caller's frame, and holds a value of the type that is given.

#![expect(unsafe_code, reason = "is called by generated code, with addresses")]

mod effect;
mod list;
mod memory;
mod number;
mod row;
mod text;
mod value;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use midflight_compiler::abi::{CallContext, HostFunctions};
use midflight_compiler::trap::TrapKind;

use crate::frame::Frame;

/// What a host function returns besides its trap.
trait Returned {
    /// What generated code is given, and does not look at, when the function trapped.
    const NOTHING: Self;
}

macro_rules! returned {
    ($($ty:ty = $nothing:expr),*) => {
        $(impl Returned for $ty { const NOTHING: Self = $nothing; })*
    };
}
returned!(() = (), i64 = 0, u64 = 0, u32 = 0, f64 = 0.0);
impl<T> Returned for *const T {
    const NOTHING: Self = ptr::null();
}
impl<T> Returned for *mut T {
    const NOTHING: Self = ptr::null_mut();
}

/// Runs the body of a host function; its trap or panic goes into the context.
///
/// # Safety
/// The context is that of the running frame.
#[inline]
unsafe fn run<R: Returned>(
    ctx: *mut CallContext,
    body: impl FnOnce(&mut Frame) -> Result<R, TrapKind>,
) -> R {
    // SAFETY: generated code passes the context that it was given; it does not run meanwhile.
    let frame = unsafe { Frame::of(ctx) };
    let kind = match catch_unwind(AssertUnwindSafe(|| body(frame))) {
        Ok(Ok(value)) => return value,
        Ok(Err(kind)) => kind,
        Err(_panic) => TrapKind::Internal,
    };
    // SAFETY: as above; the first reference is no longer used.
    let frame = unsafe { Frame::of(ctx) };
    if kind == TrapKind::Internal {
        frame.broken = true;
        // Of no program, unless the code that called traps for it and says where.
        frame.ctx.trap_site = u32::MAX;
    }
    frame.ctx.trap_kind = kind as u32;
    R::NOTHING
}

/// Defines host functions: `fn name(frame, argument: type, …) -> type { body }`, where the body
/// gives `Result<type, TrapKind>`.
macro_rules! host {
    ($($(#[$doc:meta])* fn $name:ident($frame:ident $(, $arg:ident: $ty:ty)*) $(-> $result:ty)? $body:block)*) => {$(
        $(#[$doc])*
        pub(super) unsafe extern "C" fn $name(
            ctx: *mut midflight_compiler::abi::CallContext $(, $arg: $ty)*
        ) $(-> $result)? {
            let body = |$frame: &mut crate::frame::Frame| $body;
            // SAFETY: the contract of the folder.
            unsafe { super::run(ctx, body) }
        }
    )*};
}
use host;

/// The table that every call context points to.
pub(crate) static HOST: HostFunctions = HostFunctions {
    arena_allocate: memory::arena_allocate,
    note_state: memory::note_state,
    note_row: row::note_row,
    begin_row_notes: row::begin_row_notes,
    end_row_notes: row::end_row_notes,
    note_row_range: row::note_row_range,
    memory_copy: memory::memory_copy,
    text_store: memory::text_store,
    value_store: value::value_store,
    value_copy: value::value_copy,
    value_equal: value::value_equal,
    text_concat: text::text_concat,
    text_interpolate: text::text_interpolate,
    text_equal: text::text_equal,
    text_compare: text::text_compare,
    text_len: text::text_len,
    text_contains: text::text_contains,
    text_starts_with: text::text_starts_with,
    text_ends_with: text::text_ends_with,
    text_slice: text::text_slice,
    text_trim: text::text_trim,
    text_lower: text::text_lower,
    text_upper: text::text_upper,
    text_split: text::text_split,
    text_join: text::text_join,
    parse_int: text::parse_int,
    parse_float: text::parse_float,
    hash_int: number::hash_int,
    hash_text: text::hash_text,
    float_rem: number::float_rem,
    float_round: number::float_round,
    float_sin: number::float_sin,
    float_cos: number::float_cos,
    float_atan2: number::float_atan2,
    float_pow: number::float_pow,
    int_pow: number::int_pow,
    list_grow: list::list_grow,
    list_new: list::list_new,
    list_contains: list::list_contains,
    list_sort: list::list_sort,
    list_order: list::list_order,
    row_find_int: row::row_find_int,
    row_find_text: row::row_find_text,
    row_insert: row::row_insert,
    row_remove: row::row_remove,
    index_update: row::index_update,
    index_text_store: row::index_text_store,
    rows_list: row::rows_list,
    rows_equal: row::rows_equal,
    rows_next: row::rows_next,
    rows_equal_next: row::rows_equal_next,
    random: effect::random,
    emit: effect::emit,
    log: effect::log,
    savepoint: effect::savepoint,
    rollback_to_savepoint: effect::rollback_to_savepoint,
    advance: effect::advance,
};

#[cfg(test)]
mod tests {
    use std::ptr;
    use std::sync::Arc;

    use midflight_compiler::abi::CallContext;
    use midflight_compiler::compile;
    use midflight_compiler::source::Source;
    use midflight_compiler::trap::TrapKind;

    use crate::data::Beginning;
    use crate::enter::{Exit, enter};
    use crate::frame::Frame;
    use crate::limits::Limits;
    use crate::trap::Trap;
    use crate::version::Version;

    /// Code that calls a host function which panics, and goes on as if nothing had been.
    unsafe extern "C" fn goes_on(ctx: *mut CallContext, _: *const u8, _: *mut u8) -> u32 {
        // SAFETY: the context is that of the running frame.
        unsafe { super::run::<()>(ctx, |_| panic!("as a fault of ours would")) };
        0
    }

    #[test]
    fn no_call_returns_in_which_a_host_function_panicked() {
        let source = Source::new("t.flight", "state { n: int }");
        let program = compile(&source).expect("it is right");
        let limits = Limits::default();
        let version = Arc::new(Version::new(source, program));
        let mut frame = Frame::new(version, Beginning::alone(&limits)).expect("there is memory");
        frame.begin(1);
        // SAFETY: what is entered reads no argument and gives no result.
        let exit = unsafe { enter(&mut frame, goes_on, ptr::null(), ptr::null_mut()) };
        assert_eq!((exit, frame.broken), (Exit::Trapped, true));
        let trap = Trap::take(&mut frame);
        assert_eq!((trap.kind, trap.function.as_str()), (TrapKind::Internal, ""));
    }
}
