//! Setting up an engine.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use midflight_compiler::settings::Settings;

use crate::engine::Engine;
use crate::gate::Spawn;
use crate::limits::Limits;
use crate::observer::{NoObserver, Observer};
use crate::shared::{Clock, Setup, Shared};

/// Sets up an [`Engine`].
#[derive(Default)]
pub struct Builder {
    limits: Limits,
    clock: Option<Clock>,
    observer: Option<Arc<dyn Observer>>,
    spawn: Option<Spawn>,
    code: Settings,
}

impl Builder {
    /// Keeps the state in memory only. It is the only way so far, and the default.
    #[must_use]
    pub fn memory(self) -> Builder {
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

    /// The engine, with the world `main` and no version yet.
    ///
    /// # Errors
    /// None so far; a store that cannot be opened will be one.
    pub fn build(self) -> Result<Engine, Infallible> {
        let clock = self.clock.unwrap_or_else(|| Arc::new(system_time_ms));
        let observer = self.observer.unwrap_or_else(|| Arc::new(NoObserver));
        Ok(Engine::new(Shared::new(
            Setup { limits: self.limits, code: self.code, clock, observer },
            self.spawn,
        )))
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
