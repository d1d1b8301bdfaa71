//! Whether a thread has enough stack left for a call, without asking anybody with every call; and
//! stacks for those who have not.
//!
//! The stack that a thread was started on stays where it is while the thread runs: its bounds are asked
//! for once. (Those of the main thread are what the process may have when it is asked, as everywhere.) Of
//! any other stack, as coroutines have them, nothing is known here: there is no room.

#![expect(unsafe_code, reason = "asks the system where a stack is")]

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fmt, io};

use corosensei::stack::DefaultStack;

use crate::limits::{CALL_STACK_MIN, CALL_STACK_SIZE};

/// Stacks of one size. Some are kept, with the memory that was ever needed of them: to map one, and to
/// touch its pages for the first time, takes a sixth of the time of a small program's load.
///
/// For what is done once in a while: who takes one and gives it back locks them all.
pub(crate) struct Stacks {
    size: usize,
    kept_max: usize,
    kept: Mutex<Vec<DefaultStack>>,
}

impl fmt::Debug for Stacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stacks").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Stacks {
    /// Stacks of so many bytes, of which so many are kept.
    pub(crate) const fn new(size: usize, kept_max: usize) -> Stacks {
        Stacks { size, kept_max, kept: Mutex::new(Vec::new()) }
    }

    /// Does something on this thread, on a stack of its own. Panics go on to the caller.
    ///
    /// # Errors
    /// When there is no memory for the stack: nothing was done.
    pub(crate) fn run<T>(&self, work: impl FnOnce() -> T) -> io::Result<T> {
        let kept = self.lock().pop();
        let (done, stack) = on_stack(kept, self.size, work)?;
        let mut kept = self.lock();
        if kept.len() < self.kept_max {
            kept.push(stack);
        }
        Ok(done)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<DefaultStack>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does something on a stack that was kept, or on a new one of so many bytes. Gives the stack, too.
///
/// # Errors
/// When there is no memory for a new one: nothing was done.
fn on_stack<T>(
    kept: Option<DefaultStack>,
    size: usize,
    work: impl FnOnce() -> T,
) -> io::Result<(T, DefaultStack)> {
    let mut stack = match kept {
        Some(kept) => kept,
        None => DefaultStack::new(size)?,
    };
    Ok((corosensei::on_stack(&mut stack, work), stack))
}

thread_local! {
    /// The last stack on which a call of this thread ran, if it had to have one.
    static CALL_STACK: Cell<Option<DefaultStack>> = const { Cell::new(None) };
}

/// Makes a call on a stack of its own, which the thread keeps for the next.
///
/// # Errors
/// When there is no memory for the stack: nothing was done.
pub(crate) fn call_elsewhere<T>(call: impl FnOnce() -> T) -> io::Result<T> {
    let kept = CALL_STACK.try_with(Cell::take).ok().flatten();
    let (done, stack) = on_stack(kept, CALL_STACK_SIZE, call)?;
    // A thread that ends keeps nothing any more.
    let _ = CALL_STACK.try_with(|kept| kept.set(Some(stack)));
    Ok(done)
}

/// Addresses, from the first to before the second.
type Bounds = (usize, usize);

const NOT_ASKED: Bounds = (0, 0);
const UNKNOWN: Bounds = (usize::MAX, usize::MAX);

thread_local! {
    /// Where a stack frame may stand that has [`CALL_STACK_MIN`] bytes below it.
    static ROOM: Cell<Bounds> = const { Cell::new(NOT_ASKED) };
}

/// Whether a call has [`CALL_STACK_MIN`] bytes of the thread's own stack. `false` too where that
/// cannot be told.
#[inline(always)]
pub(crate) fn has_room() -> bool {
    let local = 0_u8;
    let here = (&raw const local).addr();
    let (start, end) = ROOM.get();
    here >= start && here < end || asked(here)
}

/// As [`has_room`], after asking where the stack is if nobody has.
#[cold]
fn asked(here: usize) -> bool {
    if ROOM.get() != NOT_ASKED {
        return false;
    }
    let own = system::own_stack().map(|(start, end)| (start.saturating_add(CALL_STACK_MIN), end));
    let (start, end) = own.unwrap_or(UNKNOWN);
    ROOM.set((start, end));
    (start..end).contains(&here)
}

#[cfg(all(target_os = "linux", not(miri)))]
mod system {
    use std::mem::MaybeUninit;
    use std::ptr;

    use super::Bounds;

    /// The stack that this thread was started on.
    pub(super) fn own_stack() -> Option<Bounds> {
        let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
        // SAFETY: always possible.
        let thread = unsafe { libc::pthread_self() };
        // SAFETY: the thread runs, and there is room for its attributes.
        let status = unsafe { libc::pthread_getattr_np(thread, attributes.as_mut_ptr()) };
        if status != 0 {
            return None;
        }
        let (mut start, mut size) = (ptr::null_mut(), 0);
        // SAFETY: the attributes were just initialised.
        let status =
            unsafe { libc::pthread_attr_getstack(attributes.as_ptr(), &mut start, &mut size) };
        // SAFETY: as above, and nobody uses them any more.
        let _ = unsafe { libc::pthread_attr_destroy(attributes.as_mut_ptr()) };
        let start = start.addr();
        (status == 0).then_some((start, start.saturating_add(size)))
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
mod system {
    use super::Bounds;

    pub(super) fn own_stack() -> Option<Bounds> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::{CALL_STACK_MIN, Stacks, call_elsewhere, has_room};

    fn in_thread(stack_size: usize, check: fn() -> bool) -> bool {
        let thread = std::thread::Builder::new().stack_size(stack_size).spawn(check);
        thread.expect("it starts").join().expect("it does not panic")
    }

    #[test]
    fn a_thread_has_room_for_a_call_or_not() {
        let is_known = cfg!(target_os = "linux");
        assert_eq!(in_thread(2 * CALL_STACK_MIN, has_room), is_known);
        // Of half the size it could be the stack of a thread that has ended, of up to four times that.
        assert!(!in_thread(CALL_STACK_MIN / 8, has_room));
    }

    #[test]
    fn nothing_is_said_of_another_stack() {
        let elsewhere = || {
            let stacks = Stacks::new(4 * CALL_STACK_MIN, 0);
            has_room() && stacks.run(|| !has_room()).expect("there is memory")
        };
        assert!(in_thread(2 * CALL_STACK_MIN, elsewhere) || cfg!(not(target_os = "linux")));
    }

    #[test]
    fn stacks_are_used_again_and_no_more_are_kept_than_may_be() {
        let where_it_stands = || {
            let local = std::hint::black_box(0_u8);
            (&raw const local).addr()
        };
        let elsewhere = || call_elsewhere(where_it_stands).expect("there is memory");
        assert_eq!(elsewhere(), elsewhere());
        let stacks = Stacks::new(CALL_STACK_MIN, 1);
        let first = stacks.run(where_it_stands).expect("there is memory");
        assert_eq!(first, stacks.run(where_it_stands).expect("it was kept"));
        let both = stacks.run(|| (where_it_stands(), stacks.run(where_it_stands)));
        let (outer, inner) = both.expect("it was kept");
        assert!(outer.abs_diff(inner.expect("there is memory")) >= CALL_STACK_MIN / 2);
        assert_eq!(stacks.lock().len(), 1);
    }

    #[test]
    fn a_panic_goes_on_to_the_caller_and_no_stack_is_an_error() {
        let stacks = Stacks::new(CALL_STACK_MIN, 1);
        let panicked = catch_unwind(|| stacks.run(|| std::panic::panic_any(7)).is_ok());
        assert_eq!(panicked.expect_err("it panicked").downcast_ref(), Some(&7));
        assert!(Stacks::new(1 << 50, 1).run(|| ()).is_err());
    }
}
