//! What all requests share.

use midflight_runtime::Engine;
use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};
use tokio::task::spawn_blocking;

use crate::access::Access;
use crate::error::{Kind, Problem};
use crate::events::Events;
use crate::limits::{LARGE_BODIES_MAX, LOADS_MAX};

/// One server: an engine, and who may reach it.
#[derive(Debug)]
pub struct ServerState {
    pub(crate) engine: Engine,
    pub(crate) access: Access,
    pub(crate) events: Events,
    /// Told after every load and activation, which may have brought other timers.
    pub(crate) versions_changed: Notify,
    loads: Semaphore,
    large_bodies: Semaphore,
    stopping: watch::Sender<bool>,
}

impl ServerState {
    /// A server for this engine, whose observer is `events`.
    pub fn new(engine: Engine, access: Access, events: Events) -> ServerState {
        ServerState {
            engine,
            access,
            events,
            versions_changed: Notify::new(),
            loads: Semaphore::new(LOADS_MAX),
            large_bodies: Semaphore::new(LARGE_BODIES_MAX),
            stopping: watch::Sender::new(false),
        }
    }

    /// Says that the server is about to stop: it is no longer ready, and streams end.
    pub fn stop(&self) {
        let _ = self.stopping.send_replace(true);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Ready when the server is about to stop.
    pub(crate) async fn stopped(&self) {
        let mut stopping = self.stopping.subscribe();
        let stopped = stopping.wait_for(|is_stopping| *is_stopping).await;
        drop(stopped.expect("the sender is in `self`"));
    }

    /// The number of the version that calls run on; 0 where there is none.
    pub(crate) fn current_number(&self) -> u64 {
        self.engine.current().map_or(0, |version| version.number())
    }

    /// A place among the loads that are under way.
    pub(crate) fn begin_load(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.loads.try_acquire().map_err(|_| {
            let detail = format!("{LOADS_MAX} loads are under way already");
            Problem::new(Kind::TooManyLoads, detail)
        })
    }

    /// A place among the large bodies that are received.
    pub(crate) fn begin_large_body(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.large_bodies.try_acquire().map_err(|_| {
            let detail = format!("{LARGE_BODIES_MAX} large bodies are being received already");
            Problem::new(Kind::TooManyBodies, detail)
        })
    }

    /// Changes the versions of the engine; the timers hear of it.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let changed = self.ask(change).await;
        self.versions_changed.notify_one();
        changed
    }

    /// Asks something of the engine that may take a while, on a thread that may wait.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let engine = self.engine.clone();
        let answer = spawn_blocking(move || question(&engine)).await;
        answer.map_err(|_| Problem::new(Kind::Internal, "the answer was lost: please report it"))
    }
}
