//! The one thread that writes to the store.
//!
//! Calls queue what they changed while they hold their world, so that the queue's order is the
//! order of execution. The committer takes everything that waits, merges it into one batch, commits,
//! then says how far the store is durable and wakes those who waited for it. Under load one commit
//! holds many calls.
//!
//! A commit that fails ends this for good: nobody can tell what of it is on the disk. Who waited
//! hears that the outcome is unknown, and nothing is queued any more; what was durable stays so.

use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::ticket::Ticket;
use super::{Batch, Durability, Persist, Store, StoreError};
use crate::error::CallError;
use crate::figures::StoreFigures;
use crate::observer::{Delivery, Observer};

/// Bytes that something takes which waits to be told: only its observer knows.
const DELIVERY_SIZE: usize = 1 << 10;

/// The store of an engine, its queue and its thread.
#[derive(Debug)]
pub(crate) struct Committer {
    store: Arc<dyn Store>,
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

/// What waits to become durable.
#[derive(Debug)]
pub(crate) struct Queue {
    durability: Durability,
    size_max: usize,
    waiting: Mutex<Waiting>,
    /// The committer waits here for work.
    work: Condvar,
    /// Everything up to this number is durable.
    durable: AtomicU64,
    /// Bytes that wait, for those who look without a lock.
    size: AtomicU64,
    failed: AtomicBool,
}

#[derive(Default)]
struct Waiting {
    batches: Vec<Batch>,
    /// Bytes of `batches`.
    batches_size: usize,
    /// Whether one of them has to be durable whatever the mode.
    is_urgent: bool,
    /// The number of the batch that was queued last.
    sequence: u64,
    wakers: Vec<(u64, Waker)>,
    deliveries: VecDeque<(u64, Delivery)>,
    is_closing: bool,
    /// Why the store has failed.
    error: Option<StoreError>,
    figures: StoreFigures,
}

/// What the committer does next.
struct Work {
    batches: Vec<Batch>,
    /// The number of the last of them.
    sequence: u64,
    persist: Persist,
    is_last: bool,
}

impl Committer {
    /// Begins to write to a store.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(crate) fn start(
        store: Arc<dyn Store>,
        durability: Durability,
        size_max: usize,
        observer: Arc<dyn Observer>,
    ) -> std::io::Result<Committer> {
        let queue = Arc::new(Queue {
            durability,
            size_max,
            waiting: Mutex::default(),
            work: Condvar::new(),
            durable: AtomicU64::new(0),
            size: AtomicU64::new(0),
            failed: AtomicBool::new(false),
        });
        let (shared, written) = (queue.clone(), store.clone());
        let thread = thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || shared.run(&*written, &*observer))?;
        Ok(Committer { store, queue, thread: Some(thread) })
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    /// Makes something durable at once, whatever the mode, with everything that was queued before.
    ///
    /// # Errors
    /// When the store has failed, before or now.
    pub(crate) fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.wait(self.begin(batch))
    }

    /// As [`Committer::commit`], which [`Committer::wait`] waits for.
    pub(crate) fn begin(&self, batch: Batch) -> Ticket {
        Ticket::of(&self.queue, self.queue.push(batch, Persist::Now))
    }

    /// Waits for a commit.
    ///
    /// # Errors
    /// When the store has failed, before or now.
    pub(crate) fn wait(&self, ticket: Ticket) -> Result<(), StoreError> {
        ticket.wait().map_err(|_| self.queue.error())
    }
}

impl Drop for Committer {
    /// Writes and syncs what waits.
    fn drop(&mut self) {
        self.queue.lock().is_closing = true;
        self.queue.work.notify_one();
        let Some(thread) = self.thread.take() else { return };
        // A delivery may hold the last engine; then its thread ends by itself.
        if thread.thread().id() != thread::current().id() {
            let _ = thread.join();
        }
    }
}

impl Queue {
    pub(crate) fn durability(&self) -> Durability {
        self.durability
    }

    /// Whether calls may begin.
    ///
    /// # Errors
    /// When the store has failed, or too much waits for it.
    pub(crate) fn check(&self) -> Result<(), CallError> {
        if self.failed.load(Ordering::Relaxed) {
            return Err(CallError::StoreFailed);
        }
        if self.size.load(Ordering::Relaxed) > self.size_max as u64 {
            return Err(CallError::StoreBusy);
        }
        Ok(())
    }

    /// Whether the store has failed.
    pub(crate) fn is_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Why the store has failed.
    pub(crate) fn error(&self) -> StoreError {
        self.lock().error.clone().unwrap_or(StoreError::Failed)
    }

    /// Queues a batch; gives its number. After a failure it is dropped, which its ticket tells.
    pub(crate) fn push(&self, batch: Batch, persist: Persist) -> u64 {
        let mut waiting = self.lock();
        waiting.sequence += 1;
        if waiting.error.is_none() {
            waiting.batches_size += batch.size();
            waiting.batches.push(batch);
            waiting.is_urgent |= persist == Persist::Now;
            self.size.store(waiting.size(), Ordering::Relaxed);
            self.work.notify_one();
        }
        waiting.sequence
    }

    /// Delivers once everything up to this number is durable, in the order of these calls.
    pub(crate) fn deliver(&self, sequence: u64, deliveries: impl Iterator<Item = Delivery>) {
        let mut waiting = self.lock();
        if waiting.error.is_none() {
            waiting.deliveries.extend(deliveries.map(|delivery| (sequence, delivery)));
            self.size.store(waiting.size(), Ordering::Relaxed);
            self.work.notify_one();
        }
    }

    /// How waiting for this number ended, if it has.
    pub(crate) fn outcome(&self, sequence: u64) -> Option<Result<(), CallError>> {
        if self.durable.load(Ordering::Acquire) >= sequence {
            return Some(Ok(()));
        }
        self.failed.load(Ordering::Acquire).then_some(Err(CallError::OutcomeUnknown))
    }

    /// How waiting for this number ended; if it has not, wakes when it has.
    pub(crate) fn outcome_or_wake(
        &self,
        sequence: u64,
        waker: &Waker,
    ) -> Option<Result<(), CallError>> {
        let mut waiting = self.lock();
        let outcome = self.outcome(sequence);
        if outcome.is_none() {
            waiting.wakers.push((sequence, waker.clone()));
        }
        outcome
    }

    /// What was written, and what waits.
    pub(crate) fn figures(&self) -> StoreFigures {
        let waiting = self.lock();
        StoreFigures {
            durability: self.durability.name(),
            is_failed: waiting.error.is_some(),
            waiting: waiting.batches.len(),
            waiting_size: waiting.size() as usize,
            ..waiting.figures
        }
    }

    /// The committer's whole life.
    fn run(&self, store: &dyn Store, observer: &dyn Observer) {
        let mut synced = Instant::now();
        let mut is_synced = true;
        loop {
            let mut work = self.next_work(synced, is_synced);
            if !work.batches.is_empty() || (work.persist == Persist::Now && !is_synced) {
                if let Err(error) = self.commit(store, &mut work) {
                    // An observer that panics must not leave anybody waiting.
                    let tell = || observer.store_failed(&error);
                    let _ = catch_unwind(AssertUnwindSafe(tell));
                    return self.fail(error);
                }
                is_synced = work.persist == Persist::Now;
            }
            if work.persist == Persist::Now {
                synced = Instant::now();
            }
            self.run_deliveries();
            if work.is_last {
                return;
            }
        }
    }

    /// Waits for something to do.
    fn next_work(&self, synced: Instant, is_synced: bool) -> Work {
        let mut waiting = self.lock();
        loop {
            let durable = self.durable.load(Ordering::Relaxed);
            let is_deliverable = waiting.deliveries.front().is_some_and(|next| next.0 <= durable);
            let persist = self.persist(&waiting, synced);
            let is_sync_due = persist == Persist::Now && !is_synced;
            let is_needed = !waiting.batches.is_empty() || is_deliverable || waiting.is_closing;
            if is_needed || is_sync_due {
                return take_work(&mut waiting, &self.size, persist);
            }
            waiting = match self.durability {
                Durability::Interval(interval) if !is_synced => {
                    let left = interval.saturating_sub(synced.elapsed());
                    let waited = self.work.wait_timeout(waiting, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                _ => self.work.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn persist(&self, waiting: &Waiting, synced: Instant) -> Persist {
        let is_due = match self.durability {
            Durability::Commit => true,
            Durability::Interval(interval) => synced.elapsed() >= interval,
            Durability::None => false,
        };
        if is_due || waiting.is_urgent || waiting.is_closing {
            Persist::Now
        } else {
            Persist::Later
        }
    }

    fn commit(&self, store: &dyn Store, work: &mut Work) -> Result<(), StoreError> {
        let began = Instant::now();
        let mut batch = Batch::default();
        let count = work.batches.len() as u64;
        work.batches.drain(..).for_each(|later| batch.merge(later));
        let committed = catch_unwind(AssertUnwindSafe(|| store.commit(&batch, work.persist)));
        committed.unwrap_or(Err(StoreError::Failed))?;
        let mut waiting = self.lock();
        let figures = &mut waiting.figures;
        figures.commits += 1;
        figures.syncs += u64::from(work.persist == Persist::Now);
        figures.changes += count;
        figures.bytes += batch.size() as u64;
        figures.time += began.elapsed();
        if work.persist == Persist::Now {
            self.durable.store(work.sequence, Ordering::Release);
            let woken = waiting.wakers.extract_if(.., |waker| waker.0 <= work.sequence);
            let woken: Vec<_> = woken.collect();
            drop(waiting);
            woken.into_iter().for_each(|(_, waker)| waker.wake());
        }
        Ok(())
    }

    fn fail(&self, error: StoreError) {
        let mut waiting = self.lock();
        self.failed.store(true, Ordering::Release);
        waiting.error = Some(error);
        waiting.batches.clear();
        // What they would tell may not be so after a restart.
        waiting.deliveries.clear();
        let woken = mem::take(&mut waiting.wakers);
        drop(waiting);
        woken.into_iter().for_each(|(_, waker)| waker.wake());
    }

    fn run_deliveries(&self) {
        let durable = self.durable.load(Ordering::Relaxed);
        loop {
            let mut waiting = self.lock();
            let next = waiting.deliveries.pop_front_if(|next| next.0 <= durable);
            self.size.store(waiting.size(), Ordering::Relaxed);
            drop(waiting);
            let Some((_, delivery)) = next else { return };
            // An observer that panics must not end the committer.
            let _ = catch_unwind(AssertUnwindSafe(delivery));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing panics while it is locked.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take_work(waiting: &mut Waiting, size: &AtomicU64, persist: Persist) -> Work {
    let batches = mem::take(&mut waiting.batches);
    waiting.batches_size = 0;
    waiting.is_urgent = false;
    size.store(waiting.size(), Ordering::Relaxed);
    Work { batches, sequence: waiting.sequence, persist, is_last: waiting.is_closing }
}

impl Waiting {
    /// Bytes that wait, those of deliveries guessed.
    fn size(&self) -> u64 {
        (self.batches_size + self.deliveries.len() * DELIVERY_SIZE) as u64
    }
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}
