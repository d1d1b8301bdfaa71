//! Making, finding and deleting worlds. Creation and deletion take the mutex that activations
//! take, so that a version is moved to in all worlds or in none.

use std::sync::Arc;

use super::Engine;
use crate::error::{CallError, ImportError, WorldError};
use crate::import::Import;
use crate::store::Batch;
use crate::world::World;
use crate::worlds::{MAIN_WORLD, check_name};

impl Engine {
    /// Creates a world on the current version, its state at the defaults, and runs `on load` in
    /// it; tells whether it was not there before. A world's random generator begins with its name.
    ///
    /// # Errors
    /// When the name cannot be one, there are too many worlds, or the world cannot begin; there
    /// is no such world then.
    ///
    /// ```
    /// # use midflight_runtime::Engine;
    /// let engine = Engine::builder().memory().build()?;
    /// engine.load(
    ///     "state { count: int }
    ///      post count() -> int {
    ///          state.count += 1
    ///          return state.count
    ///      }",
    /// )?;
    /// assert!(engine.create_world("room-7")?);
    /// let count = engine.handler::<(), i64>("count")?;
    /// assert_eq!(count.call("room-7", ())?, 1);
    /// assert_eq!(count.call("room-7", ())?, 2);
    /// assert_eq!(count.call("main", ())?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create_world(&self, name: &str) -> Result<bool, WorldError> {
        check_name(name)?;
        if self.world(name).is_ok() {
            return Ok(false);
        }
        let shared = &self.shared;
        let versions = shared.versions();
        if self.world(name).is_ok() {
            return Ok(false);
        }
        let worlds_max = shared.setup.limits.worlds_max;
        if shared.worlds.len() >= worlds_max {
            return Err(WorldError::TooMany(worlds_max));
        }
        let world = shared.new_world(name);
        world.begin(shared)?;
        shared.worlds.add(Arc::new(world));
        drop(versions);
        Ok(true)
    }

    /// Deletes a world: calls that it has begun or that wait for it already end as ever, later
    /// ones find no world. Comes back when its memory is free.
    ///
    /// # Errors
    /// When there is no such world, or it is `main`.
    pub fn delete_world(&self, name: &str) -> Result<(), WorldError> {
        if name == MAIN_WORLD {
            return Err(WorldError::Main);
        }
        let versions = self.shared.versions();
        let world = self.shared.worlds.remove(name)?;
        let place = world.end();
        self.shared.worlds.ended(&world);
        // Before another world of this name can be stored.
        let stored = self.shared.store(Batch::without(place));
        drop(versions);
        Ok(stored?)
    }

    /// Begins to build other content for a world, in the layout of the current version. The world
    /// goes on until [`Engine::complete_import`].
    ///
    /// # Errors
    /// When there is no such world, nothing has been loaded, or no memory is left beside the
    /// world's.
    pub fn begin_import(&self, world: &str) -> Result<Import, ImportError> {
        let _ = self.world(world)?;
        let current = self.current().ok_or(CallError::NoVersion)?;
        Import::new(current, self.shared.beginning(world))
    }

    /// Puts content in the place of a world's, between two calls: state, rows, random generator and
    /// time. `on load` does not run, and timers keep their rhythm.
    ///
    /// # Errors
    /// When there is no such world any more, or another version became current meanwhile.
    pub fn complete_import(&self, world: &str, import: Import) -> Result<(), ImportError> {
        let world = self.world(world)?;
        let mut room = world.gate.enter();
        let before = room.replace(import, &self.shared);
        drop(room);
        // Outside of the gate: it may be large.
        before.map(drop)
    }

    /// The world of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn world(&self, name: &str) -> Result<Arc<World>, CallError> {
        self.shared.worlds.get(name)
    }

    /// The worlds, by name: at most `count`, from behind `after` on.
    pub fn worlds_after(&self, after: Option<&str>, count: usize) -> Vec<Arc<World>> {
        self.shared.worlds.after(after, count)
    }

    /// The worlds, by name.
    pub fn worlds(&self) -> Vec<Arc<World>> {
        self.shared.worlds.all()
    }
}
