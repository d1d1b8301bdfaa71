//! What the parts of an engine share: the current version and its epoch, the worlds, the versions.
//! Making a version current is here; who may ask for it, and when, is `engine`'s.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use midflight_compiler::settings::Settings;

use crate::compile::Compilations;
use crate::error::{ActivateError, CallError, LoadError, OnLoadTrap};
use crate::gate::Spawn;
use crate::limits::Limits;
use crate::observer::Observer;
use crate::store::committer::Committer;
use crate::store::{Batch, StoreError, VersionsChange};
use crate::version::Version;
use crate::versions::Versions;
use crate::world::World;

/// The name of the world that is there from the start.
pub const MAIN_WORLD: &str = "main";

/// What the engine's parts share.
pub(crate) struct Shared {
    /// Moves on with each activation.
    pub(crate) epoch: AtomicU64,
    pub(crate) setup: Setup,
    current: RwLock<Option<Arc<Version>>>,
    /// Serialises activations. Never taken while a gate is held.
    versions: Mutex<Versions>,
    worlds: RwLock<BTreeMap<String, Arc<World>>>,
    spawn: Option<Spawn>,
    pub(crate) compilations: Compilations,
    /// Absent without a store.
    pub(crate) committer: Option<Committer>,
}

/// Why a version did not become current. Nothing has changed then.
#[derive(Debug)]
pub(crate) enum Unpublished {
    OnLoad(Box<OnLoadTrap>),
    Store(StoreError),
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
    pub(crate) fn new(setup: Setup, spawn: Option<Spawn>, committer: Option<Committer>) -> Shared {
        let shared = Shared {
            epoch: AtomicU64::new(0),
            setup,
            current: RwLock::new(None),
            versions: Mutex::default(),
            worlds: RwLock::default(),
            spawn,
            compilations: Compilations::default(),
            committer,
        };
        let _ = shared.add_world(MAIN_WORLD);
        shared
    }

    /// The world of this name, made where there is none.
    pub(crate) fn add_world(&self, name: &str) -> Arc<World> {
        let mut worlds = self.worlds.write().unwrap_or_else(PoisonError::into_inner);
        let store = self.committer.as_ref().map(Committer::queue);
        let new = || World::new(name, &self.setup.limits, self.spawn.clone(), store);
        worlds.entry(name.to_owned()).or_insert_with(|| Arc::new(new())).clone()
    }

    pub(crate) fn current(&self) -> Option<Arc<Version>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn world(&self, name: &str) -> Result<Arc<World>, CallError> {
        let worlds = self.worlds.read().unwrap_or_else(PoisonError::into_inner);
        let unknown = || CallError::UnknownWorld { name: name.to_owned() };
        worlds.get(name).cloned().ok_or_else(unknown)
    }

    pub(crate) fn versions(&self) -> MutexGuard<'_, Versions> {
        // A panic while they are locked would be a fault of ours; each change is one assignment.
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a version current, after what that means for the versions has been stored. The caller
    /// has locked `versions`.
    ///
    /// # Errors
    /// When its `on load` traps in a world, or the store fails; nothing has changed then.
    pub(crate) fn publish(
        self: &Arc<Self>,
        version: &Arc<Version>,
        change: VersionsChange,
    ) -> Result<(), Unpublished> {
        let is_other_layout = self
            .current()
            .is_some_and(|current| current.layout_identity() != version.layout_identity());
        if version.program().ir.on_load.is_some() || is_other_layout {
            return self.publish_to_all(version, change);
        }
        self.store_versions(change)?;
        let _ = self.set_current(version);
        for world in self.worlds() {
            world.sweep(self);
        }
        Ok(())
    }

    /// Makes a change among the versions durable.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn store_versions(&self, change: VersionsChange) -> Result<(), StoreError> {
        self.store(Batch { versions: Some(change), ..Batch::default() })
    }

    /// Makes a batch durable, with everything before it.
    fn store(&self, batch: Batch) -> Result<(), StoreError> {
        self.committer.as_ref().map_or(Ok(()), |committer| committer.commit(batch))
    }

    /// Gives the new epoch.
    pub(crate) fn set_current(&self, version: &Arc<Version>) -> u64 {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(version.clone());
        self.epoch.fetch_add(1, Ordering::Release) + 1
    }

    /// Takes every world between two calls, runs `on load` in each, and moves them all or none.
    /// One batch holds what that does to the worlds and the versions.
    fn publish_to_all(
        &self,
        version: &Arc<Version>,
        change: VersionsChange,
    ) -> Result<(), Unpublished> {
        let worlds = self.worlds();
        let mut rooms: Vec<_> = worlds.iter().map(|world| world.gate.enter()).collect();
        for index in 0..rooms.len() {
            if let Err(trap) = rooms[index].prepare(version, self) {
                rooms[..index].iter_mut().for_each(|room| room.go_back());
                let world = worlds[index].name().to_owned();
                return Err(Unpublished::OnLoad(Box::new(OnLoadTrap { world, trap: *trap })));
            }
        }
        let changes = rooms.iter_mut().filter_map(|room| room.prepared_change());
        let batch = Batch { versions: Some(change), worlds: changes.collect() };
        if let Err(error) = self.store(batch) {
            rooms.iter_mut().for_each(|room| room.go_back());
            return Err(Unpublished::Store(error));
        }
        let epoch = self.set_current(version);
        let left: Vec<_> = rooms.iter_mut().map(|room| room.complete(self, epoch)).collect();
        drop(rooms);
        drop(left);
        Ok(())
    }

    pub(crate) fn worlds(&self) -> Vec<Arc<World>> {
        let worlds = self.worlds.read().unwrap_or_else(PoisonError::into_inner);
        worlds.values().cloned().collect()
    }
}

impl From<StoreError> for Unpublished {
    fn from(error: StoreError) -> Unpublished {
        Unpublished::Store(error)
    }
}

impl From<Unpublished> for LoadError {
    fn from(unpublished: Unpublished) -> LoadError {
        match unpublished {
            Unpublished::OnLoad(trap) => LoadError::OnLoad(trap),
            Unpublished::Store(error) => LoadError::Store(error),
        }
    }
}

impl From<Unpublished> for ActivateError {
    fn from(unpublished: Unpublished) -> ActivateError {
        match unpublished {
            Unpublished::OnLoad(trap) => ActivateError::OnLoad(trap),
            Unpublished::Store(error) => ActivateError::Store(error),
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}
