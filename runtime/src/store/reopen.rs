//! An engine as it was when its store was closed, or when the power went.
//!
//! The versions are compiled again, the current one first; their tests and `on load` do not run.
//! The worlds are filled before anybody can call them.

use std::sync::Arc;

use midflight_compiler::source::Source;

use super::restore::{RestoreError, restore};
use super::{Batch, Store, StoredVersion, place};
use crate::error::{BuildError, LoadError};
use crate::plan::plan;
use crate::shared::Shared;
use crate::version::Version;

/// What a store had for an engine.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Reopened {
    /// The number of the current version; 0 where there is none.
    pub version: u64,
    /// Worlds that went on.
    pub worlds: usize,
    /// Versions that this Midflight refuses, by number: they stay in the store, but cannot be
    /// activated.
    pub refused: Vec<(u64, LoadError)>,
}

/// Gives an engine the versions and worlds of its store.
///
/// # Errors
/// When the store cannot be read, the current version cannot be compiled, or a world cannot be
/// filled.
pub(crate) fn reopen(shared: &Arc<Shared>, store: &dyn Store) -> Result<Reopened, BuildError> {
    let stored = store.versions()?;
    let mut reopened = Reopened::default();
    let current = stored.order.current;
    let (first, others): (Vec<_>, Vec<_>) =
        stored.kept.into_iter().partition(|version| Some(version.number) == current);
    if let Some(number) = current.filter(|_| first.is_empty()) {
        return Err(BuildError::NoCurrent(number));
    }
    let mut versions = Vec::new();
    for version in first {
        let (number, name) = (version.number, version.name.clone());
        let compiled = compile(shared, version);
        let refused = |error| BuildError::Version { number, name, error: Box::new(error) };
        versions.push(compiled.map_err(refused)?);
    }
    let current = versions.first().cloned();
    for version in others {
        let number = version.number;
        match compile(shared, version) {
            Ok(version) => versions.push(version),
            Err(error) => reopened.refused.push((number, error)),
        }
    }
    shared.versions().reopen(stored.order, versions);
    if let Some(current) = &current {
        reopened.version = current.number();
        let _ = shared.set_current(current);
    }
    let mut places = store.worlds()?;
    for left in place::left_behind(store, &places)? {
        places.retain(|place| *place != left);
        shared.store(Batch::without(left.into()))?;
    }
    for place in places {
        let name = place::world(&place);
        let restored = restore(store, &place, current.as_ref(), shared.beginning(name));
        let restored = restored.map_err(|error| match error {
            RestoreError::Store(error) => BuildError::Store(error),
            error => BuildError::World { world: name.to_owned(), reason: error.to_string() },
        })?;
        let world = shared.worlds.get(name).unwrap_or_else(|_| shared.add_world(name));
        if let Some(restored) = restored {
            world.gate.enter().reopen(restored, &place, shared);
        }
        reopened.worlds += 1;
    }
    Ok(reopened)
}

fn compile(shared: &Shared, stored: StoredVersion) -> Result<Arc<Version>, LoadError> {
    let source = Source::new(stored.name, &stored.source);
    let program = shared.compilations.compile_again(&source, &shared.setup)?;
    let mut version = Version::new(source, program);
    version.number = stored.number;
    version.plan = plan(Some(&version), &version, false).0;
    Ok(Arc::new(version))
}
