//! What whoever calls the compiler gives to one compilation, since the compiler has none of it: a
//! clock, threads, and the code that was made before.

use std::fmt;

use crate::cache::CodeCache;
use crate::deadline::Deadline;

/// What a compilation may use. The default is all the time in the world, the caller's own thread,
/// and no code from before. Nothing of it changes what comes out.
#[derive(Clone, Copy)]
pub struct Resources<'r> {
    /// Until when the source has to be compiled.
    pub deadline: Deadline<'r>,
    /// Who helps to turn functions into machine code.
    pub executor: &'r dyn Executor,
    /// Where their code is looked up, and kept.
    pub cache: Option<&'r CodeCache>,
}

/// Has the threads that a caller gives to a compilation.
pub trait Executor: Sync {
    /// Calls `lead` on this thread, once, and meanwhile `help` on as many others as are free and
    /// worth it for so many functions, with a stack of
    /// [`COMPILE_STACK_SIZE`](crate::limits::COMPILE_STACK_SIZE). Returns when all calls have. Those
    /// of `help` wait for what `lead` gives them, until it returns or panics: where another thread
    /// cannot be started, `lead` is called all the same.
    fn run(&self, functions: usize, help: &(dyn Fn() + Sync), lead: &mut dyn FnMut());
}

/// There is only the thread that asks.
#[derive(Clone, Copy, Debug)]
pub struct InPlace;

impl Executor for InPlace {
    fn run(&self, _: usize, _: &(dyn Fn() + Sync), lead: &mut dyn FnMut()) {
        lead();
    }
}

impl Resources<'static> {
    /// The default.
    pub const PLAIN: Resources<'static> =
        Resources { deadline: Deadline::NEVER, executor: &InPlace, cache: None };
}

impl Default for Resources<'_> {
    fn default() -> Self {
        Resources::PLAIN
    }
}

impl<'r> Resources<'r> {
    /// The default, but until this deadline.
    pub fn until(deadline: Deadline<'r>) -> Resources<'r> {
        Resources { deadline, ..Resources::PLAIN }
    }
}

impl fmt::Debug for Resources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Resources { deadline, cache, .. } = self;
        f.debug_struct("Resources")
            .field("deadline", deadline)
            .field("cache", cache)
            .finish_non_exhaustive()
    }
}
