//! Setting up an engine.

#[cfg(feature = "redb")]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use midflight_compiler::settings::Settings;

use crate::engine::Engine;
use crate::error::BuildError;
use crate::fence;
use crate::gate::Spawn;
use crate::limits::Limits;
use crate::observer::{NoObserver, Observer};
use crate::shared::{Clock, Setup, Shared};
use crate::store::committer::Committer;
#[cfg(feature = "redb")]
use crate::store::redb::RedbStore;
use crate::store::reopen::{Reopened, reopen};
use crate::store::{Durability, Store};

/// Sets up an [`Engine`].
#[derive(Default)]
pub struct Builder {
    limits: Limits,
    clock: Option<Clock>,
    observer: Option<Arc<dyn Observer>>,
    spawn: Option<Spawn>,
    code: Settings,
    place: Place,
    durability: Durability,
}

/// Where the state is kept.
#[derive(Default)]
enum Place {
    #[default]
    Memory,
    #[cfg(feature = "redb")]
    Directory(PathBuf),
    Store(Box<dyn Store>),
}

impl Builder {
    /// Keeps the state in memory only, which is the default: it ends with the engine.
    #[must_use]
    pub fn memory(mut self) -> Builder {
        self.place = Place::Memory;
        self
    }

    /// Keeps the state in a directory, which is made where there is none. What is there goes on:
    /// versions, worlds, timers.
    #[cfg(feature = "redb")]
    #[must_use]
    pub fn data(mut self, directory: impl Into<PathBuf>) -> Builder {
        self.place = Place::Directory(directory.into());
        self
    }

    /// Keeps the state in a store.
    #[must_use]
    pub fn store(mut self, store: impl Store + 'static) -> Builder {
        self.place = Place::Store(Box::new(store));
        self
    }

    /// Says when calls are answered, and so what a crash can take back. Without a store it means
    /// nothing.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Builder {
        self.durability = durability;
        self
    }

    /// Sets the budgets.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Builder {
        self.limits = limits;
        self
    }

    /// Gives the time, in milliseconds since 1970, instead of the system's clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> i64 + Send + Sync + 'static) -> Builder {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Says who is told of events, log lines and traps of timers.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'static) -> Builder {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Says where work goes that takes long: [`Engine::submit`] never waits itself, and hands what
    /// is left of a long queue to a thread that may take its time; an activation leaves idle worlds
    /// to it when there are very many.
    #[must_use]
    pub fn spawn(
        mut self,
        spawn: impl Fn(Box<dyn FnOnce() + Send>) + Send + Sync + 'static,
    ) -> Builder {
        self.spawn = Some(Arc::new(spawn));
        self
    }

    /// Says how machine code is made. What programs mean does not depend on it.
    #[must_use]
    pub fn code(mut self, settings: Settings) -> Builder {
        self.code = settings;
        self
    }

    /// The engine: as its store has it, else with the world `main` and no version yet.
    ///
    /// # Errors
    /// When the store cannot be used, or what is in it cannot go on.
    pub fn build(self) -> Result<Engine, BuildError> {
        self.reopen().map(|(engine, _)| engine)
    }

    /// The engine, and what its store had for it.
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub fn reopen(self) -> Result<(Engine, Reopened), BuildError> {
        // The first time in a process of many threads, asking takes milliseconds: not in a call.
        let _ = fence::is_available();
        let clock = self.clock.unwrap_or_else(|| Arc::new(system_time_ms));
        let observer = self.observer.unwrap_or_else(|| Arc::new(NoObserver));
        let store: Option<Arc<dyn Store>> = match self.place {
            Place::Memory => None,
            #[cfg(feature = "redb")]
            Place::Directory(directory) => Some(Arc::new(RedbStore::open(&directory)?)),
            Place::Store(store) => Some(store.into()),
        };
        let (durability, size_max) = (self.durability, self.limits.store_queue_max);
        let start = |store: &Arc<dyn Store>| {
            Committer::start(store.clone(), durability, size_max, observer.clone())
        };
        let committer = store.as_ref().map(start).transpose().map_err(BuildError::Thread)?;
        let setup = Setup { limits: self.limits, code: self.code, clock, observer };
        let shared = Arc::new(Shared::new(setup, self.spawn, committer));
        let reopened = store.map(|store| reopen(&shared, &*store)).transpose()?;
        Ok((Engine::new(shared), reopened.unwrap_or_default()))
    }
}

fn system_time_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("limits", &self.limits).finish_non_exhaustive()
    }
}
