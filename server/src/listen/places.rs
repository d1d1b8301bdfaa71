//! The places of connections: how many there may be, and who gives way when all are taken.
//!
//! Without that, a few thousand sockets that say nothing would keep everybody else out for as long
//! as they are allowed to idle. Who makes the server wait the longest gives way to who comes:
//! connections that idle, heads and bodies that do not go on, clients that do not read. A
//! connection whose call runs, or that listens to events, keeps its place.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::progress::Progress;

/// The places of a server.
#[derive(Debug)]
pub(crate) struct Places {
    len: u32,
    free: Arc<Semaphore>,
    /// By the order of their coming.
    taken: Mutex<BTreeMap<u64, Taken>>,
    /// Connections that were accepted.
    accepted: AtomicU64,
    /// Connections that gave way.
    gave_way: AtomicU64,
}

#[derive(Debug)]
struct Taken {
    progress: Arc<Progress>,
    give_way: oneshot::Sender<()>,
}

/// The place of one connection; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) progress: Arc<Progress>,
    places: Arc<Places>,
    number: u64,
    give_way: oneshot::Receiver<()>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(crate) fn new(len: u32) -> Arc<Places> {
        Arc::new(Places {
            len,
            free: Arc::new(Semaphore::new(len as usize)),
            taken: Mutex::default(),
            accepted: AtomicU64::new(0),
            gave_way: AtomicU64::new(0),
        })
    }

    /// A place for a connection that was accepted, if need be that of another.
    pub(super) async fn take(self: &Arc<Self>) -> Place {
        if self.free.available_permits() == 0 {
            // Some at once, since looking for them looks at all.
            self.make_room((self.len as usize / 64).max(1));
        }
        let permit = self.free.clone().acquire_owned().await;
        let permit = permit.expect("the semaphore is never closed");
        let number = self.accepted.fetch_add(1, Ordering::Relaxed);
        let progress = Arc::new(Progress::new());
        let (give_way, asked) = oneshot::channel();
        let taken = Taken { progress: progress.clone(), give_way };
        let _ = self.taken().insert(number, taken);
        Place { progress, places: self.clone(), number, give_way: asked, _permit: permit }
    }

    /// Asks so many connections to end: those that make the server wait the longest.
    pub(super) fn make_room(&self, count: usize) {
        let mut taken = self.taken();
        let waiting = taken.iter().filter_map(|(&number, taken)| {
            taken.progress.waiting_since_ms().map(|since| (since, number))
        });
        let mut waiting: Vec<_> = waiting.collect();
        if count < waiting.len() {
            let _ = waiting.select_nth_unstable(count);
        }
        for (_, number) in waiting.into_iter().take(count) {
            if let Some(taken) = taken.remove(&number) {
                tracing::debug!("a connection gives way to others");
                let _ = self.gave_way.fetch_add(1, Ordering::Relaxed);
                // It fails where the connection is ending by itself.
                let _ = taken.give_way.send(());
            }
        }
    }

    /// How many connections were accepted.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// How many connections gave way to others.
    pub(crate) fn gave_way(&self) -> u64 {
        self.gave_way.load(Ordering::Relaxed)
    }

    /// How many connections there are.
    pub(crate) fn taken_len(&self) -> usize {
        (self.len as usize).saturating_sub(self.free.available_permits())
    }

    /// Ready when every connection has ended.
    pub(super) async fn all_free(&self) {
        let _ = self.free.acquire_many(self.len).await;
    }

    fn taken(&self) -> MutexGuard<'_, BTreeMap<u64, Taken>> {
        // Each change is one insertion or removal.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Polls the connection until it ends or has to give way.
    pub(super) async fn hold(mut self, connection: impl Future<Output = ()>) {
        tokio::select! {
            () = connection => {}
            _ = &mut self.give_way => {}
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.places.taken().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use tokio::time::Instant;

    #[tokio::test]
    async fn who_has_been_waited_for_the_longest_gives_way() {
        let places = Places::new(2);
        let (busy, idle) = (places.take().await, places.take().await);
        busy.progress.begin();
        assert_eq!(places.taken_len(), 2);
        let idle = tokio::spawn(idle.hold(pending()));
        let third = places.take().await;
        idle.await.expect("it has given way");
        third.progress.begin();
        let mut fourth = std::pin::pin!(places.take());
        tokio::select! {
            biased;
            _ = &mut fourth => panic!("nobody who works gives way"),
            () = std::future::ready(()) => {}
        }
        busy.progress.wait(Instant::now());
        drop(busy);
        let _ = fourth.await;
    }
}
