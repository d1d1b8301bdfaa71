//! The worlds of an engine by name. Who may make or delete one, and when, is `engine`'s; nothing
//! here knows versions.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::counts::Totals;
use crate::error::{CallError, WorldError};
use crate::world::World;

/// The name of the world that is there from the start.
pub const MAIN_WORLD: &str = "main";

/// Bytes of a world's name.
pub(crate) const WORLD_NAME_LEN_MAX: usize = 64;

/// The worlds that there are.
#[derive(Debug)]
pub(crate) struct Worlds {
    by_name: RwLock<ByName>,
    /// Taken before `by_name` where both are.
    gone: Mutex<Gone>,
    /// Whether a thread moves idle worlds to the current version.
    pub(crate) is_sweeping: AtomicBool,
}

/// What is left of worlds that were deleted.
#[derive(Debug, Default)]
struct Gone {
    /// Those that calls still wait for.
    ending: Vec<Arc<World>>,
    /// What was counted in the others.
    totals: Totals,
}

type ByName = BTreeMap<Arc<str>, Arc<World>>;

impl Worlds {
    /// One world.
    pub(crate) fn new(main: World) -> Worlds {
        Worlds {
            by_name: RwLock::new(BTreeMap::from([(main.name().into(), Arc::new(main))])),
            gone: Mutex::default(),
            is_sweeping: AtomicBool::new(false),
        }
    }

    /// The world of this name.
    pub(crate) fn get(&self, name: &str) -> Result<Arc<World>, CallError> {
        let unknown = || CallError::UnknownWorld { name: name.to_owned() };
        self.read().get(name).cloned().ok_or_else(unknown)
    }

    /// All of them, by name.
    pub(crate) fn all(&self) -> Vec<Arc<World>> {
        self.read().values().cloned().collect()
    }

    /// So many of them, by name, from behind this one on. Does not hold up who makes worlds for
    /// long, however many there are.
    pub(crate) fn after(&self, name: Option<&str>, count: usize) -> Vec<Arc<World>> {
        let from = name.map_or(Bound::Unbounded, Bound::Excluded);
        let worlds = self.read();
        worlds
            .range::<str, _>((from, Bound::Unbounded))
            .take(count)
            .map(|(_, w)| w.clone())
            .collect()
    }

    /// The least of what a look at each world gives.
    pub(crate) fn least<T: Ord>(&self, look: impl FnMut(&Arc<World>) -> T) -> Option<T> {
        self.read().values().map(look).min()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.read().len()
    }

    /// Adds a world, whose name is free.
    pub(crate) fn add(&self, world: Arc<World>) {
        let _ = self.write().insert(world.name().into(), world);
    }

    /// Takes a world off the list; [`Worlds::ended`] has to follow.
    pub(crate) fn remove(&self, name: &str) -> Result<Arc<World>, WorldError> {
        let mut gone = self.gone();
        let removed = self.write().remove(name);
        let world = removed.ok_or_else(|| WorldError::Unknown { name: name.to_owned() })?;
        gone.ending.push(world.clone());
        Ok(world)
    }

    /// The last call in a world that was removed has ended.
    pub(crate) fn ended(&self, world: &Arc<World>) {
        let mut gone = self.gone();
        gone.ending.retain(|ending| !Arc::ptr_eq(ending, world));
        world.counts.add_to(&mut gone.totals);
    }

    /// All worlds, and the sums of all counts since the engine began: they never go back.
    pub(crate) fn totals(&self) -> (Vec<Arc<World>>, Totals) {
        let gone = self.gone();
        let worlds = self.all();
        let mut totals = gone.totals.clone();
        worlds.iter().chain(&gone.ending).for_each(|world| world.counts.add_to(&mut totals));
        (worlds, totals)
    }

    // Nothing panics while one of the lists is locked.

    fn gone(&self) -> MutexGuard<'_, Gone> {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, ByName> {
        self.by_name.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, ByName> {
        self.by_name.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses what cannot be the name of a world: names stand in paths, command lines and logs as
/// they are.
pub(crate) fn check_name(name: &str) -> Result<(), WorldError> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let begins_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    match begins_well && name.len() <= WORLD_NAME_LEN_MAX && name.bytes().all(is_word) {
        true => Ok(()),
        false => Err(WorldError::InvalidName { name: name.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn names() {
        for name in ["main", "7", "room-7", "eu.west_1", &"x".repeat(64)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", ".", "..", "-x", "_x", "a/b", "a b", "größe", "a\0", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
