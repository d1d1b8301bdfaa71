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
    /// Where functions are turned into machine code.
    pub executor: &'r dyn Executor,
    /// Where their code is looked up, and kept.
    pub cache: Option<&'r CodeCache>,
}

/// Runs the jobs of a compilation on the threads that its caller has for it.
pub trait Executor: Sync {
    /// Calls `job` once with every number below `count`, in any order and on any threads with a
    /// stack of [`COMPILE_STACK_SIZE`](crate::limits::COMPILE_STACK_SIZE), and returns when all
    /// calls have.
    fn run(&self, count: usize, job: &(dyn Fn(usize) + Sync));
}

/// Runs all jobs on the thread that asks.
#[derive(Clone, Copy, Debug)]
pub struct InPlace;

impl Executor for InPlace {
    fn run(&self, count: usize, job: &(dyn Fn(usize) + Sync)) {
        (0..count).for_each(job);
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
