//! The gate of a world: one holder at a time, the others in the order of their coming.
//!
//! Who finds the gate open is the holder at once, by one compare-and-swap. A thread that has come
//! [`LEND_AFTER`] times in a row without anybody else borrows the gate: it enters and leaves with
//! plain loads and stores, until somebody else comes and takes the loan back, which costs that one
//! some microseconds ([`fence`](crate::sync::fence)). Who finds the gate held either
//! waits for his turn ([`Gate::enter`]) or leaves what he wants done ([`Gate::submit`]) and goes
//! away: the holder does it before he lets go. So no thread of an event loop ever waits here, and
//! what is left is never forgotten: the word that says "held" also says "somebody waits", and a
//! holder can let go only while nobody does.
//!
//! Invariants:
//! - `QUEUED` is set exactly while somebody waits; both change only under the queue's lock;
//! - whoever has the word from `OPEN` to `HELD` is the holder, or was handed the gate by one;
//! - while the gate is lent, the word stays `HELD` and nobody waits. A loan is given by its borrower,
//!   as the holder, and taken back under the queue's lock by whoever comes, once. Either finds
//!   the borrower outside and is the holder, or notes for him that he was inside (`Queue::inside`):
//!   the word is his then, as if he had swapped it. A borrower who finds that his loan was taken
//!   back looks up under the lock which of both it was.
//!
//! `tests/gate` compiles this file against the model checker `loom` in place of [`crate::sync`] and
//! tries every order of steps.
//!
//! Loans are what Dice, Moir and Scherer call "Quickly Reacquirable Locks" (2003), with a fence in
//! place of a compare-and-swap to take one back.

#![expect(unsafe_code, reason = "hands out exclusive access by its own protocol")]

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use crate::limits::{DRAIN_MAX, LEND_AFTER, SPINS_MAX};
use crate::loan::Borrower;
use crate::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};
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
    /// To whom the gate is lent: the address of `Queue::borrower`'s; null while it is not.
    borrower: AtomicPtr<Borrower>,
    queue: Mutex<Queue<T>>,
    queue_len_max: usize,
    /// Who goes on with the queue when a holder has done enough; without, the holder himself.
    spawn: Option<Spawn>,
    guarded: UnsafeCell<Guarded<T>>,
}

/// What only the holder reaches.
struct Guarded<T> {
    value: T,
    /// Which thread left last: where its [`Borrower`] stands.
    last: usize,
    /// How often it came in a row.
    turns: u32,
}

/// Who waits, and what there is to be settled about loans.
struct Queue<T> {
    waiting: VecDeque<Waiting<T>>,
    /// To whom the gate is lent.
    borrower: Option<Arc<Borrower>>,
    /// From whom it was taken back while he was inside; he does not know it yet.
    inside: Option<Arc<Borrower>>,
}

impl<T> Queue<T> {
    /// For a borrower who finds his loan taken back: whether he was inside then.
    fn settle(&mut self, borrower: &Borrower) -> bool {
        self.inside.take_if(|inside| ptr::eq(Arc::as_ptr(inside), borrower)).is_some()
    }
}

// SAFETY: the protocol gives what is guarded to one thread at a time, and hands it on with
// release/acquire on the word, on what a borrower shows of himself, or on the queue's lock.
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
        let queue = Queue { waiting: VecDeque::new(), borrower: None, inside: None };
        let guarded = Guarded { value, last: 0, turns: 0 };
        Gate {
            word: AtomicU32::new(OPEN),
            borrower: AtomicPtr::new(ptr::null_mut()),
            queue: Mutex::new(queue),
            queue_len_max,
            spawn,
            guarded: UnsafeCell::new(guarded),
        }
    }

    /// Takes the gate if nobody holds it.
    pub(crate) fn try_enter(self: &Arc<Self>) -> Option<Holder<'_, T>> {
        if let Some(borrower) = self.borrow() {
            return Some(Holder { gate: self, borrower });
        }
        let is_lent = || !self.borrower.load(Ordering::Relaxed).is_null();
        let is_holder = self.take() || is_lent() && self.take_back(&mut self.lock_queue());
        // A `Holder` that is made must be one: dropping it opens the gate.
        if is_holder { Some(Holder { gate: self, borrower: ptr::null() }) } else { None }
    }

    /// Waits until the gate is free and takes it. For threads that may wait.
    #[inline]
    pub(crate) fn enter(self: &Arc<Self>) -> Holder<'_, T> {
        if let Some(borrower) = self.borrow() {
            return Holder { gate: self, borrower };
        }
        if !self.take() {
            self.wait();
        }
        Holder { gate: self, borrower: ptr::null() }
    }

    /// Enters on loan, if the gate is lent to this thread. Gives the borrower.
    #[inline]
    fn borrow(&self) -> Option<*const Borrower> {
        let here = Borrower::here();
        if !ptr::eq(self.borrower.load(Ordering::Relaxed), here) {
            return None;
        }
        // SAFETY: it was lent to this thread, which keeps its own as long as it runs.
        let borrower = unsafe { &*here };
        if !borrower.enter(self.address()) {
            return None;
        }
        // Only this thread lends to itself: it is still the same loan, or there is none.
        let is_lent = ptr::eq(self.borrower.load(Ordering::Relaxed), here);
        (is_lent || self.regain(borrower)).then_some(here)
    }

    /// The loan was taken back while this thread came in. Where who did that has seen it inside, it is
    /// the holder, and leaves like every borrower whose loan has ended.
    #[cold]
    fn regain(&self, borrower: &Borrower) -> bool {
        let inside = self.lock_queue().inside.as_ref().map(Arc::as_ptr);
        let was_seen = inside == Some(&raw const *borrower);
        if !was_seen {
            borrower.leave();
        }
        was_seen
    }

    /// With the queue locked: takes the loan back if there is one. Whether the caller is the holder
    /// then; otherwise somebody else is.
    fn take_back(&self, queue: &mut Queue<T>) -> bool {
        let Some(borrower) = queue.borrower.take() else { return false };
        self.borrower.store(ptr::null_mut(), Ordering::Relaxed);
        if borrower.is_inside(self.address()) {
            queue.inside = Some(borrower);
            return false;
        }
        true
    }

    /// What tells this gate from others.
    #[inline]
    fn address(&self) -> *mut () {
        (&raw const *self).cast_mut().cast()
    }

    /// Waits until the caller is the holder.
    #[cold]
    fn wait(&self) {
        let waiter =
            Arc::new(Waiter { thread: thread::current(), is_holder: AtomicBool::new(false) });
        let mut queue = self.lock_queue();
        if self.take_or_mark(&mut queue) {
            return;
        }
        let is_next = queue.waiting.is_empty();
        queue.waiting.push_back(Waiting::Thread(waiter.clone()));
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
        if queue.waiting.len() >= self.queue_len_max {
            return Err(Full);
        }
        if self.take_or_mark(&mut queue) {
            drop(queue);
            job(&mut Holder { gate: self, borrower: ptr::null() });
            return Ok(());
        }
        queue.waiting.push_back(Waiting::Job(job));
        Ok(())
    }

    /// Whether somebody waits, as far as the holder can tell without a lock.
    pub(crate) fn is_wanted(&self) -> bool {
        self.word.load(Ordering::Relaxed) & QUEUED != 0
    }

    /// How many wait.
    pub(crate) fn queue_len(&self) -> usize {
        self.lock_queue().waiting.len()
    }

    #[inline]
    fn take(&self) -> bool {
        self.word.compare_exchange(OPEN, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// With the queue locked: takes the gate if it is open or lent to somebody who is outside, else
    /// marks that somebody waits.
    fn take_or_mark(&self, queue: &mut Queue<T>) -> bool {
        loop {
            if self.take() || self.take_back(queue) {
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

    fn lock_queue(&self) -> MutexGuard<'_, Queue<T>> {
        // Nothing panics while the queue is locked.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets go of the gate, lends it, or does what was left and hands it on. The caller is the holder
    /// and is it no longer afterwards.
    #[inline]
    fn leave(self: &Arc<Self>) {
        let here = Borrower::here().addr();
        // SAFETY: the caller is the holder, and nobody borrows what is guarded.
        let guarded = unsafe { &mut *self.guarded.get() };
        if guarded.last != here {
            (guarded.last, guarded.turns) = (here, 0);
        }
        guarded.turns += 1;
        if guarded.turns >= LEND_AFTER {
            guarded.turns = 0;
            return self.lend();
        }
        self.open();
    }

    /// As [`Gate::leave`], without looking at who it is.
    #[inline]
    fn open(self: &Arc<Self>) {
        if self.word.compare_exchange(HELD, OPEN, Ordering::Release, Ordering::Relaxed).is_err() {
            self.hand_on();
        }
    }

    /// As [`Gate::leave`], for a thread that nobody else has come between for long.
    #[cold]
    fn lend(self: &Arc<Self>) {
        let Some(borrower) = Borrower::get() else { return self.open() };
        let mut queue = self.lock_queue();
        if !queue.waiting.is_empty() {
            drop(queue);
            return self.open();
        }
        self.borrower.store(Arc::as_ptr(&borrower).cast_mut(), Ordering::Relaxed);
        queue.borrower = Some(borrower);
    }

    /// As [`Gate::leave`], for a borrower.
    #[inline]
    fn give_back(self: &Arc<Self>, borrower: *const Borrower) {
        // SAFETY: this thread's own, as in `borrow`.
        unsafe { &*borrower }.leave();
        if !ptr::eq(self.borrower.load(Ordering::Relaxed), borrower) {
            self.give_up(borrower);
        }
    }

    /// The loan was taken back, while the borrower was inside or just now.
    #[cold]
    fn give_up(self: &Arc<Self>, borrower: *const Borrower) {
        // SAFETY: as in `give_back`.
        let is_holder = self.lock_queue().settle(unsafe { &*borrower });
        if is_holder {
            self.open();
        }
    }

    /// As [`Gate::leave`], where somebody waits.
    #[cold]
    fn hand_on(self: &Arc<Self>) {
        let began = Instant::now();
        loop {
            let mut queue = self.lock_queue();
            let Some(next) = queue.waiting.pop_front() else {
                // `QUEUED` goes with the last; nobody marks it again without the queue's lock.
                self.word.store(OPEN, Ordering::Release);
                return;
            };
            if queue.waiting.is_empty() {
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
                    // SAFETY: the caller is the holder, and nobody borrows what is guarded.
                    let Guarded { value, .. } = unsafe { &mut *self.guarded.get() };
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
    /// This thread's, where it is inside on loan; else null. Keeps the holder on its thread.
    borrower: *const Borrower,
}

impl<T: Send + 'static> Deref for Holder<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: a `Holder` is made only by who holds the gate, and ends with holding it.
        unsafe { &(*self.gate.guarded.get()).value }
    }
}

impl<T: Send + 'static> DerefMut for Holder<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and the borrow is exclusive.
        unsafe { &mut (*self.gate.guarded.get()).value }
    }
}

impl<T: Send + 'static> Drop for Holder<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.borrower.is_null() {
            self.gate.leave();
        } else {
            self.gate.give_back(self.borrower);
        }
    }
}

impl<T> std::fmt::Debug for Gate<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("word", &self.word).finish_non_exhaustive()
    }
}
