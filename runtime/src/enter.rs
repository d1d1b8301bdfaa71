//! The one door into machine code: enough stack, the call, and the way out.

#![expect(unsafe_code, reason = "calls machine code by address")]

use midflight_compiler::abi::{CallContext, Entry};

use crate::frame::Frame;
use crate::stack;

/// How a call came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It returned; the result stands in its block.
    Returned,
    /// It trapped; the context says why.
    Trapped,
}

/// Calls an entry of the frame's version.
///
/// # Safety
/// `entry` belongs to the frame's version; `arguments` and `result` have the layout that the
/// version's signature gives them, and are reached by nobody else meanwhile.
#[inline(always)]
pub(crate) unsafe fn enter(
    frame: &mut Frame,
    entry: Entry,
    arguments: *const u8,
    result: *mut u8,
) -> Exit {
    let ctx = (&raw mut *frame).cast::<CallContext>();
    let status = match stack::has_room() {
        // SAFETY: the frame keeps its version, and with it the code, until the call is over; the
        // context is the frame's first field; the blocks are as the caller promises. Nothing
        // unwinds out of generated code: host functions catch their panics.
        true => unsafe { entry(ctx, arguments, result) },
        // SAFETY: as above.
        false => unsafe { enter_on_more_stack(ctx, entry, arguments, result) },
    };
    // Code does not look whether a host function that cannot trap has panicked.
    if status == 0 && !frame.broken { Exit::Returned } else { Exit::Trapped }
}

/// As the call itself, on another stack, since this one has not enough left.
///
/// # Panics
/// When there is no memory for it: the call is taken back.
///
/// # Safety
/// As the call itself.
#[cold]
unsafe fn enter_on_more_stack(
    ctx: *mut CallContext,
    entry: Entry,
    arguments: *const u8,
    result: *mut u8,
) -> u32 {
    let called = stack::call_elsewhere(|| {
        // SAFETY: as the caller promises.
        unsafe { entry(ctx, arguments, result) }
    });
    called.expect("there is memory for the stack of a call")
}
