//! What the parts of an engine share: the current version and its epoch, the worlds, the versions.
//! Making a version current is here; who may ask for it, and when, is `engine`'s.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use midflight_compiler::settings::Settings;

use crate::compile::{Compilations, LiveLayout};
use crate::data::Beginning;
use crate::error::LoadError;
use crate::gate::{Holder, Spawn};
use crate::generator::Generator;
use crate::limits::Limits;
use crate::memory::budget::Pool;
use crate::migrate::Migration;
use crate::observer::Observer;
use crate::plan::{self, Moves};
use crate::store::committer::Committer;
use crate::store::{Batch, StoreError, VersionsChange};
use crate::sweep::sweep;
use crate::version::Version;
use crate::versions::Versions;
use crate::world::{Immovable, Room, World};
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
    /// Absent without a store.
    pub(crate) committer: Option<Committer>,
}

/// Why a version did not become current. Nothing has changed then.
#[derive(Debug)]
pub(crate) enum Unpublished {
    /// This world stands in the way.
    World {
        world: String,
        why: Immovable,
    },
    Store(StoreError),
}

/// What an activation did that stopped all worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pause {
    /// Rows that were moved to the new layout, in all worlds.
    pub rows: u64,
    /// How long the largest world stood still: what its calls had to wait at most, but for what they
    /// waited for anyway. Those in smaller worlds waited less.
    pub time: Duration,
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
        let store = committer.as_ref().map(Committer::queue);
        let main = World::new(MAIN_WORLD, &setup.limits, spawn.clone(), store);
        let pool = Arc::new(Pool::new(setup.limits.memory_max));
        let compilations = Compilations::new(&setup.limits);
        Shared {
            epoch: AtomicU64::new(0),
            setup,
            current: RwLock::new(None),
            versions: Mutex::default(),
            worlds: Worlds::new(main),
            pool,
            spawn,
            compilations,
            committer,
        }
    }

    /// Adds a world, whose name is free.
    pub(crate) fn add_world(&self, name: &str) -> Arc<World> {
        let world = Arc::new(self.new_world(name));
        self.worlds.add(world.clone());
        world
    }

    /// A world that is in no list yet.
    pub(crate) fn new_world(&self, name: &str) -> World {
        let store = self.committer.as_ref().map(Committer::queue);
        World::new(name, &self.setup.limits, self.spawn.clone(), store)
    }

    /// What a world of this name begins with.
    pub(crate) fn beginning(&self, world: &str) -> Beginning<'_> {
        let (limits, pool) = (&self.setup.limits, self.pool.clone());
        Beginning { seed: Generator::seed_of(world), limits, pool }
    }

    pub(crate) fn current(&self) -> Option<Arc<Version>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn versions(&self) -> MutexGuard<'_, Versions> {
        // A panic while they are locked would be a fault of ours; each change is one assignment.
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a version current, through a migration where its layout is another one, after what that
    /// means for worlds and versions has been stored. The caller has locked `versions`.
    ///
    /// # Errors
    /// When a world cannot move, or the store fails; nothing has changed then.
    pub(crate) fn publish(
        self: &Arc<Self>,
        version: &Arc<Version>,
        migration: Option<&Migration>,
        change: VersionsChange,
    ) -> Result<Option<Pause>, Unpublished> {
        let is_stored_otherwise = self
            .current()
            .is_some_and(|current| current.layout_identity() != version.layout_identity());
        let is_for_all = version.program().ir.on_load.is_some() || is_stored_otherwise;
        if is_for_all || migration.is_some() {
            return self.publish_to_all(version, migration, change).map(Some);
        }
        self.store_versions(change)?;
        let _ = self.set_current(version);
        sweep(self);
        Ok(None)
    }

    /// How worlds of the live version move to another one, whose `migrate` blocks are compiled for
    /// that.
    ///
    /// # Errors
    /// When the blocks do not fit what is live.
    pub(crate) fn migration(
        &self,
        moves: Moves,
        live: &Arc<Version>,
        new: &Arc<Version>,
    ) -> Result<Migration, LoadError> {
        let (before, after) = (&live.program().ir, &new.program().ir);
        let tables = plan::sources(before, after);
        let runs = plan::runs(before, after, &tables);
        let code = match runs.contains(&true) {
            true => {
                let live = LiveLayout { version: live.clone(), tables, runs };
                let source = new.source();
                let code = self.compilations.compile_migrations(source, live, &self.setup)?;
                Some(Arc::new(Version::of_migrations(new, code)))
            }
            false => None,
        };
        Ok(Migration::new(moves, (live.clone(), new.clone()), code))
    }

    /// Makes a change among the versions durable.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn store_versions(&self, change: VersionsChange) -> Result<(), StoreError> {
        self.store(Batch { versions: Some(change), ..Batch::default() })
    }

    /// Makes a batch durable, with everything before it.
    pub(crate) fn store(&self, batch: Batch) -> Result<(), StoreError> {
        self.committer.as_ref().map_or(Ok(()), |committer| committer.commit(batch))
    }

    /// Gives the new epoch.
    pub(crate) fn set_current(&self, version: &Arc<Version>) -> u64 {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(version.clone());
        self.epoch.fetch_add(1, Ordering::Release) + 1
    }

    /// Takes every world between two calls, migrates it and runs `on load` in it, and moves them all
    /// or none. One batch holds what that does to the worlds and the versions.
    ///
    /// The largest world is first, and a world goes on until it is its turn: so its calls wait for
    /// its own move and those of the smaller ones, never for that of a larger one.
    fn publish_to_all(
        &self,
        version: &Arc<Version>,
        migration: Option<&Migration>,
        change: VersionsChange,
    ) -> Result<Pause, Unpublished> {
        let mut worlds = self.worlds.all();
        worlds.sort_by_cached_key(|world| Reverse(world.figures().rows));
        let mut began = None;
        let mut rooms = Vec::with_capacity(worlds.len());
        let mut rows = 0;
        for world in &worlds {
            let mut room = world.gate.enter();
            let _ = began.get_or_insert_with(Instant::now);
            match room.prepare(version, migration, self) {
                Ok(moved) => rows += moved,
                Err(why) => {
                    drop(room);
                    self.go_back(rooms);
                    return Err(Unpublished::World { world: world.name().to_owned(), why });
                }
            }
            let staged = room.stage(self);
            rooms.push(room);
            if let Err(error) = staged {
                self.go_back(rooms);
                return Err(Unpublished::Store(error));
            }
        }
        let changes = rooms.iter_mut().flat_map(|room| room.prepared_changes());
        let batch = Batch { versions: Some(change), worlds: changes.collect() };
        if let Err(error) = self.store(batch) {
            self.go_back(rooms);
            return Err(Unpublished::Store(error));
        }
        let epoch = self.set_current(version);
        let left: Vec<_> = rooms.iter_mut().map(|room| room.complete(self, epoch)).collect();
        // The smallest first: who lets go does what waits for that world.
        while let Some(room) = rooms.pop() {
            drop(room);
        }
        let time = began.map_or(Duration::ZERO, |began| began.elapsed());
        for mut left in left.into_iter().flatten() {
            // If the store fails now, it says so to everybody; a restart removes the rest.
            let _ = left.remove_stored(self);
        }
        Ok(Pause { rows, time })
    }

    /// Takes moves back that were prepared.
    fn go_back(&self, mut rooms: Vec<Holder<'_, Room>>) {
        rooms.iter_mut().for_each(|room| room.go_back());
        let staged: Vec<_> = rooms.iter_mut().filter_map(|room| room.give_place_up()).collect();
        drop(rooms);
        for place in staged {
            // As in `publish_to_all`.
            let _ = self.store(Batch::without(place));
        }
    }
}

impl From<StoreError> for Unpublished {
    fn from(error: StoreError) -> Unpublished {
        Unpublished::Store(error)
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}
