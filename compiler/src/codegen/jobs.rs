//! Functions that are lowered and not compiled yet, and the threads that compile them: others begin
//! while the one that leads still lowers, and it joins them when it has nothing left to lower.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use cranelift_codegen::Context;

use super::Refused;
use super::define::Lowered;
use super::machine::{Backend, MachineCode, failed};

/// What became of a function: its code, and what is to be written down of it.
pub(super) type Made = Result<(Arc<MachineCode>, String), Refused>;

/// The functions that are to be compiled.
pub(super) struct Jobs<'p> {
    backend: Backend<'p>,
    state: Mutex<State<'p>>,
    /// Who waits is told that a job was added or ended, or that there will be no more.
    changed: Condvar,
}

/// A function and its number.
struct Job<'p> {
    number: usize,
    lowered: Box<Lowered<'p>>,
}

#[derive(Default)]
struct State<'p> {
    waiting: VecDeque<Job<'p>>,
    done: Vec<(Job<'p>, Made)>,
    /// How many were added since [`Jobs::finish`].
    added: usize,
    /// How many threads wait for a change: telling nobody costs a call of the system, too.
    idle: usize,
    is_closed: bool,
}

/// While this is there, there may be more to do.
pub(super) struct Open<'a, 'p>(&'a Jobs<'p>);

impl<'p> Jobs<'p> {
    /// Nothing to do yet.
    pub(super) fn new(backend: Backend<'p>) -> Jobs<'p> {
        Jobs { backend, state: Mutex::default(), changed: Condvar::new() }
    }

    /// What compiles them.
    pub(super) fn backend(&self) -> &Backend<'p> {
        &self.backend
    }

    /// Whoever helps waits for more, until what this gives is dropped: on every way out.
    pub(super) fn open(&self) -> Open<'_, 'p> {
        Open(self)
    }

    /// Adds a function.
    pub(super) fn add(&self, lowered: Box<Lowered<'p>>) {
        let mut state = self.lock();
        let number = state.added;
        state.added += 1;
        state.waiting.push_back(Job { number, lowered });
        self.tell(&state);
    }

    /// Compiles with the others what waits, and gives all that was added, in that order.
    pub(super) fn finish(&self) -> Vec<(Box<Lowered<'p>>, Made)> {
        self.work(|mut state| state.waiting.pop_front());
        let mut state = self.lock();
        while state.done.len() < state.added {
            state = self.wait(state);
        }
        state.added = 0;
        let mut done = std::mem::take(&mut state.done);
        drop(state);
        done.sort_unstable_by_key(|(job, _)| job.number);
        done.into_iter().map(|(job, made)| (job.lowered, made)).collect()
    }

    /// Compiles what comes, until there will be no more.
    pub(super) fn help(&self) {
        self.work(|mut state| {
            while state.waiting.is_empty() && !state.is_closed {
                state = self.wait(state);
            }
            state.waiting.pop_front()
        });
    }

    fn work<'a>(&'a self, next: impl Fn(MutexGuard<'a, State<'p>>) -> Option<Job<'p>>) {
        // Each thread has its own: where one grows or frees what another has made, it waits for that
        // one's heap.
        let mut ctx = Context::new();
        while let Some(mut job) = next(self.lock()) {
            let lowered = &mut job.lowered;
            let made = catch_unwind(AssertUnwindSafe(|| self.backend.compile(&mut ctx, lowered)));
            let made = made.unwrap_or_else(|_panic| {
                ctx = Context::new();
                Err(failed(job.lowered.func, "a pass of code generation gave up").into())
            });
            let mut state = self.lock();
            state.done.push((job, made));
            self.tell(&state);
        }
    }

    /// Tells who waits that something has changed.
    fn tell(&self, state: &State<'_>) {
        if state.idle > 0 {
            self.changed.notify_all();
        }
    }

    /// Waits for a change.
    fn wait<'a>(&self, mut state: MutexGuard<'a, State<'p>>) -> MutexGuard<'a, State<'p>> {
        state.idle += 1;
        let mut state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.idle -= 1;
        state
    }

    fn lock(&self) -> MutexGuard<'_, State<'p>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Open<'_, '_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_closed = true;
        // What still waits then is of a program that is refused.
        state.waiting.clear();
        self.0.tell(&state);
    }
}
