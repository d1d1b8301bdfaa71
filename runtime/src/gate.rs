//! The gate of a world: one holder at a time, the others in the order of their coming.
//!
//! Who finds the gate open is the holder at once, by one compare-and-swap. Who finds it held either
//! waits for his turn ([`Gate::enter`]) or leaves what he wants done ([`Gate::submit`]) and goes
//! away: the holder does it before he lets go. So no thread of an event loop ever waits here, and
//! what is left is never forgotten: the word that says "held" also says "somebody waits", and a
//! holder can let go only while nobody does.
//!
//! Invariants:
//! - `QUEUED` is set exactly while `queue` is not empty; both change only under the queue's lock;
//! - whoever has the word from `OPEN` to `HELD` is the holder, or was handed the gate by one.
//!
//! `tests/gate` compiles this file against the model checker `loom` in place of [`crate::sync`] and
//! tries every order of steps.

#![expect(unsafe_code, reason = "hands out exclusive access by its own protocol")]

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use crate::limits::{DRAIN_MAX, SPINS_MAX};
use crate::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use crate::sync::thread::{self, Thread};
use crate::sync::{Mutex, MutexGuard, hint};

const OPEN: u32 = 0;
const HELD: u32 = 1;
const QUEUED: u32 = 2;

/// What is done inside of the gate, by whoever holds it.
pub(crate) type Job<T> = Box<dyn FnOnce(&mut T) + Send>;

/// Runs a piece of work on a thread that may take its time.
pub(crate) type Spawn = Arc<dyn Fn(Box<dyn FnOnce() + Send>) + Send + Sync>;

/// A value that one at a time may reach.
pub(crate) struct Gate<T> {
    word: AtomicU32,
    queue: Mutex<VecDeque<Waiting<T>>>,
    queue_len_max: usize,
    /// Who goes on with the queue when a holder has done enough; without, the holder himself.
    spawn: Option<Spawn>,
    value: UnsafeCell<T>,
}

// SAFETY: the protocol gives the value to one thread at a time, and hands it on with
// release/acquire on the word or the queue's lock.
unsafe impl<T: Send> Sync for Gate<T> {}

enum Waiting<T> {
    Thread(Arc<Waiter>),
    Job(Job<T>),
}

struct Waiter {
    thread: Thread,
    is_holder: AtomicBool,
}

impl Waiter {
    /// Looks for a while whether the gate was handed on.
    fn spin(&self) -> bool {
        for _ in 0..SPINS_MAX {
            if self.is_holder.load(Ordering::Acquire) {
                return true;
            }
            hint::spin_loop();
        }
        false
    }
}

/// The gate's queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl<T: Send + 'static> Gate<T> {
    /// An open gate.
    pub(crate) fn new(value: T, queue_len_max: usize, spawn: Option<Spawn>) -> Gate<T> {
        Gate {
            word: AtomicU32::new(OPEN),
            queue: Mutex::new(VecDeque::new()),
            queue_len_max,
            spawn,
            value: UnsafeCell::new(value),
        }
    }

    /// Takes the gate if nobody holds it.
    pub(crate) fn try_enter(self: &Arc<Self>) -> Option<Holder<'_, T>> {
        // A `Holder` that is made must be one: dropping it opens the gate.
        if self.take() { Some(Holder { gate: self }) } else { None }
    }

    /// Waits until the gate is free and takes it. For threads that may wait.
    #[inline]
    pub(crate) fn enter(self: &Arc<Self>) -> Holder<'_, T> {
        if !self.take() {
            self.wait();
        }
        Holder { gate: self }
    }

    /// Waits until the caller is the holder.
    #[cold]
    fn wait(&self) {
        let waiter =
            Arc::new(Waiter { thread: thread::current(), is_holder: AtomicBool::new(false) });
        let mut queue = self.lock_queue();
        if self.take_or_mark() {
            return;
        }
        let is_next = queue.is_empty();
        queue.push_back(Waiting::Thread(waiter.clone()));
        drop(queue);
        // After a short call the turn of who is next comes sooner than a thread sleeps and wakes. All
        // others sleep at once: they would take the processor from the holder.
        if is_next && waiter.spin() {
            return;
        }
        while !waiter.is_holder.load(Ordering::Acquire) {
            thread::park();
        }
    }

    /// Does the job now if nobody holds the gate, else leaves it to the holder.
    ///
    /// # Errors
    /// When too many wait already; the job is dropped.
    pub(crate) fn submit(self: &Arc<Self>, job: Job<T>) -> Result<(), Full> {
        if let Some(mut holder) = self.try_enter() {
            job(&mut holder);
            return Ok(());
        }
        let mut queue = self.lock_queue();
        if queue.len() >= self.queue_len_max {
            return Err(Full);
        }
        if self.take_or_mark() {
            drop(queue);
            job(&mut Holder { gate: self });
            return Ok(());
        }
        queue.push_back(Waiting::Job(job));
        Ok(())
    }

    /// Whether somebody waits, as far as the holder can tell without a lock.
    pub(crate) fn is_wanted(&self) -> bool {
        self.word.load(Ordering::Relaxed) & QUEUED != 0
    }

    /// How many wait.
    pub(crate) fn queue_len(&self) -> usize {
        self.lock_queue().len()
    }

    #[inline]
    fn take(&self) -> bool {
        self.word.compare_exchange(OPEN, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// With the queue locked: takes the gate if it is open, else marks that somebody waits.
    fn take_or_mark(&self) -> bool {
        loop {
            if self.take() {
                return true;
            }
            let marked = self.word.compare_exchange(
                HELD,
                HELD | QUEUED,
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
            if matches!(marked, Ok(_) | Err(3)) {
                return false;
            }
        }
    }

    fn lock_queue(&self) -> MutexGuard<'_, VecDeque<Waiting<T>>> {
        // Nothing panics while the queue is locked.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets go of the gate, or does what was left and hands it on. The caller is the holder and
    /// is it no longer afterwards.
    #[inline]
    fn leave(self: &Arc<Self>) {
        if self.word.compare_exchange(HELD, OPEN, Ordering::Release, Ordering::Relaxed).is_err() {
            self.hand_on();
        }
    }

    /// As [`Gate::leave`], where somebody waits.
    #[cold]
    fn hand_on(self: &Arc<Self>) {
        let began = Instant::now();
        loop {
            let mut queue = self.lock_queue();
            let Some(next) = queue.pop_front() else {
                // `QUEUED` goes with the last; nobody marks it again without the queue's lock.
                self.word.store(OPEN, Ordering::Release);
                return;
            };
            if queue.is_empty() {
                self.word.store(HELD, Ordering::Relaxed);
            }
            drop(queue);
            match next {
                Waiting::Thread(waiter) => {
                    waiter.is_holder.store(true, Ordering::Release);
                    waiter.thread.unpark();
                    return;
                }
                Waiting::Job(job) => {
                    // SAFETY: the caller is the holder, and no `Holder` borrows the value.
                    let value = unsafe { &mut *self.value.get() };
                    // A job that panics is a fault of ours; the gate must not stay shut for it.
                    let _ = catch_unwind(AssertUnwindSafe(|| job(value)));
                }
            }
            if let Some(spawn) = &self.spawn
                && began.elapsed() > DRAIN_MAX
            {
                let gate = self.clone();
                return spawn(Box::new(move || gate.hand_on()));
            }
        }
    }
}

/// Exclusive access, until it is dropped.
pub(crate) struct Holder<'g, T: Send + 'static> {
    gate: &'g Arc<Gate<T>>,
}

impl<T: Send + 'static> Deref for Holder<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: a `Holder` is made only by who holds the gate, and ends with holding it.
        unsafe { &*self.gate.value.get() }
    }
}

impl<T: Send + 'static> DerefMut for Holder<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and the borrow is exclusive.
        unsafe { &mut *self.gate.value.get() }
    }
}

impl<T: Send + 'static> Drop for Holder<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.gate.leave();
    }
}

impl<T> std::fmt::Debug for Gate<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("word", &self.word).finish_non_exhaustive()
    }
}
