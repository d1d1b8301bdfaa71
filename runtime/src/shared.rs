//! What the parts of an engine share: the current version and its epoch, the worlds, the versions.
//! Making a version current is here; who may ask for it, and when, is `engine`'s.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use midflight_compiler::settings::Settings;

use crate::compile::Compilations;
use crate::error::OnLoadTrap;
use crate::gate::Spawn;
use crate::limits::Limits;
use crate::memory::budget::Pool;
use crate::observer::Observer;
use crate::sweep::sweep;
use crate::version::Version;
use crate::versions::Versions;
use crate::world::World;
use crate::worlds::{MAIN_WORLD, Worlds};

/// What the engine's parts share.
pub(crate) struct Shared {
    /// Moves on with each activation.
    pub(crate) epoch: AtomicU64,
    pub(crate) setup: Setup,
    current: RwLock<Option<Arc<Version>>>,
    /// Serialises activations. Never taken while a gate is held.
    versions: Mutex<Versions>,
    pub(crate) worlds: Worlds,
    /// Where the worlds' memory comes from.
    pub(crate) pool: Arc<Pool>,
    /// Runs what takes long on a thread that may take its time.
    pub(crate) spawn: Option<Spawn>,
    pub(crate) compilations: Compilations,
}

/// What was said when the engine was set up.
pub(crate) struct Setup {
    pub(crate) limits: Limits,
    /// How machine code is made.
    pub(crate) code: Settings,
    /// Milliseconds since 1970.
    pub(crate) clock: Clock,
    pub(crate) observer: Arc<dyn Observer>,
}

pub(crate) type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

impl Shared {
    /// The world `main`, and no version yet.
    pub(crate) fn new(setup: Setup, spawn: Option<Spawn>) -> Shared {
        let main = World::new(MAIN_WORLD, &setup.limits, spawn.clone());
        let pool = Arc::new(Pool::new(setup.limits.memory_max));
        Shared {
            epoch: AtomicU64::new(0),
            setup,
            current: RwLock::new(None),
            versions: Mutex::default(),
            worlds: Worlds::new(main),
            pool,
            spawn,
            compilations: Compilations::default(),
        }
    }

    pub(crate) fn current(&self) -> Option<Arc<Version>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn versions(&self) -> MutexGuard<'_, Versions> {
        // A panic while they are locked would be a fault of ours; each change is one assignment.
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a version current. The caller has locked `versions`.
    ///
    /// # Errors
    /// When its `on load` traps in a world; nothing has changed then.
    pub(crate) fn publish(self: &Arc<Self>, version: &Arc<Version>) -> Result<(), Box<OnLoadTrap>> {
        if version.program().ir.on_load.is_some() {
            return self.publish_to_all(version);
        }
        let _ = self.set_current(version);
        sweep(self);
        Ok(())
    }

    /// Gives the new epoch.
    fn set_current(&self, version: &Arc<Version>) -> u64 {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(version.clone());
        self.epoch.fetch_add(1, Ordering::Release) + 1
    }

    /// Takes every world between two calls, runs `on load` in each, and moves them all or none.
    fn publish_to_all(&self, version: &Arc<Version>) -> Result<(), Box<OnLoadTrap>> {
        let worlds = self.worlds.all();
        let mut rooms: Vec<_> = worlds.iter().map(|world| world.gate.enter()).collect();
        for index in 0..rooms.len() {
            if let Err(trap) = rooms[index].prepare(version, self) {
                rooms[..index].iter_mut().for_each(|room| room.go_back());
                let world = worlds[index].name().to_owned();
                return Err(Box::new(OnLoadTrap { world, trap: *trap }));
            }
        }
        let epoch = self.set_current(version);
        let left: Vec<_> = rooms.iter_mut().map(|room| room.complete(self, epoch)).collect();
        drop(rooms);
        drop(left);
        Ok(())
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}
