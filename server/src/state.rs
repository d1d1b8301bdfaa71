//! What all requests share.

use std::path::PathBuf;
use std::sync::Arc;

use midflight_runtime::Engine;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, SemaphorePermit, watch};
use tokio::task::spawn_blocking;

use crate::access::Access;
use crate::error::{Kind, Problem};
use crate::events::Events;
use crate::limits::Limits;
use crate::listen::Places;
use crate::metrics::Metrics;

/// One server: an engine, and who may reach it.
#[derive(Debug)]
pub struct ServerState {
    pub(crate) engine: Engine,
    pub(crate) access: Access,
    pub(crate) events: Events,
    pub(crate) limits: Limits,
    pub(crate) places: Arc<Places>,
    pub(crate) metrics: Metrics,
    /// Told after every load and activation and every new world, which may have brought timers.
    pub(crate) versions_changed: Notify,
    /// Whether a call makes the world that it names, where that is not there.
    creates_worlds: bool,
    /// Worlds are made one after the other, and nobody's thread waits for them.
    creation: Semaphore,
    loads: Semaphore,
    large_bodies: Semaphore,
    large_answers: Arc<Semaphore>,
    /// Where snapshots are written before they are sent.
    pub(crate) snapshots: PathBuf,
    snapshot: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

impl ServerState {
    /// A server for this engine, whose observer is `events`.
    pub fn new(engine: Engine, access: Access, events: Events) -> ServerState {
        let limits = *events.limits();
        ServerState {
            engine,
            access,
            events,
            limits,
            places: Places::new(limits.connections_max),
            metrics: Metrics::default(),
            versions_changed: Notify::new(),
            creates_worlds: false,
            creation: Semaphore::new(1),
            loads: Semaphore::new(limits.loads_max),
            large_bodies: Semaphore::new(limits.large_bodies_max),
            large_answers: Arc::new(Semaphore::new(limits.large_answers_max)),
            snapshots: std::env::temp_dir(),
            snapshot: Arc::new(Semaphore::new(1)),
            stopping: watch::Sender::new(false),
        }
    }

    /// Says where snapshots are written before they are sent, in place of the system's directory for
    /// temporary files.
    #[must_use]
    pub fn snapshots_in(mut self, directory: impl Into<PathBuf>) -> ServerState {
        self.snapshots = directory.into();
        self
    }

    /// Makes a world when a call names one that is not there.
    #[must_use]
    pub fn create_worlds(self, creates_worlds: bool) -> ServerState {
        ServerState { creates_worlds, ..self }
    }

    /// Whether a call makes the world that it names, where that is not there.
    pub(crate) fn creates_worlds(&self) -> bool {
        self.creates_worlds
    }

    /// Creates a world if it is not there; tells whether it was not.
    pub(crate) async fn create_world(&self, name: &str) -> Result<bool, Problem> {
        if self.engine.world(name).is_ok() {
            return Ok(false);
        }
        let _place = self.creation.acquire().await.expect("nobody closes it");
        let name = name.to_owned();
        Ok(self.change(move |engine| engine.create_world(&name)).await??)
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

    /// Loads and activations that are under way.
    pub(crate) fn loads(&self) -> usize {
        self.limits.loads_max.saturating_sub(self.loads.available_permits())
    }

    /// Large bodies that are received.
    pub(crate) fn large_bodies(&self) -> usize {
        self.limits.large_bodies_max.saturating_sub(self.large_bodies.available_permits())
    }

    /// Large answers that are sent.
    pub(crate) fn large_answers(&self) -> usize {
        self.limits.large_answers_max.saturating_sub(self.large_answers.available_permits())
    }

    /// A place among the loads that are under way.
    pub(crate) fn begin_load(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.loads.try_acquire().map_err(|_| {
            let detail = format!("{} loads are under way already", self.limits.loads_max);
            Problem::new(Kind::TooManyLoads, detail)
        })
    }

    /// The right to take a snapshot: one at a time.
    pub(crate) fn begin_snapshot(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.snapshot.clone().try_acquire_owned().map_err(|_| {
            Problem::new(Kind::TooManySnapshots, "a snapshot is taken already: try again later")
        })
    }

    /// A place among the large bodies that are received.
    pub(crate) fn begin_large_body(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.large_bodies.try_acquire().map_err(|_| {
            let count = self.limits.large_bodies_max;
            let detail = format!("{count} large bodies are being received already");
            Problem::new(Kind::TooManyBodies, detail)
        })
    }

    /// A place among the large answers that are sent.
    pub(crate) fn begin_large_answer(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.large_answers.clone().try_acquire_owned().map_err(|_| {
            let count = self.limits.large_answers_max;
            let detail = format!(
                "{count} large answers are being sent already; what was asked for has been done"
            );
            Problem::new(Kind::TooManyAnswers, detail)
        })
    }

    /// Changes the versions or the worlds of the engine; the timers hear of it.
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
