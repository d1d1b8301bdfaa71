//! A store in maps, which tests look into, hold up, and damage.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use midflight_runtime::StoreError;
use midflight_runtime::store::{
    Batch, Cell, Persist, Store, StoredVersions, VersionsChange, WorldChange,
};

/// A store. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Map(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    content: Mutex<Content>,
    /// The store was let go, or a commit has begun to wait.
    changed: Condvar,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    pub(crate) versions: StoredVersions,
    pub(crate) worlds: BTreeMap<String, BTreeMap<Cell, Vec<u8>>>,
    /// How each commit was to be written.
    pub(crate) commits: Vec<Persist>,
    /// What there was after each commit, where somebody wants to see it.
    pub(crate) seen: Option<Vec<Content>>,
    /// Commits wait.
    is_held: bool,
    waiting: usize,
    /// Commits fail from now on.
    is_failing: bool,
}

impl Map {
    /// What is in it.
    pub(crate) fn content(&self) -> MutexGuard<'_, Content> {
        self.0.content.lock().expect("nobody panics here")
    }

    /// Another store with the same in it.
    pub(crate) fn copy(&self) -> Map {
        Map::with(self.content().clone())
    }

    /// A store with this in it.
    pub(crate) fn with(content: Content) -> Map {
        Map(Arc::new(Shared { content: Mutex::new(content), changed: Condvar::new() }))
    }

    /// Lets commits wait until they are let go.
    pub(crate) fn hold(&self) {
        self.content().is_held = true;
    }

    pub(crate) fn let_go(&self) {
        self.content().is_held = false;
        self.0.changed.notify_all();
    }

    /// Waits until a commit waits.
    pub(crate) fn wait_for_commit(&self) {
        let content = self.content();
        let waited = self.0.changed.wait_while(content, |content| content.waiting == 0);
        drop(waited.expect("nobody panics here"));
    }

    /// Lets commits fail from now on.
    pub(crate) fn fail(&self) {
        self.content().is_failing = true;
    }
}

impl Store for Map {
    fn versions(&self) -> Result<StoredVersions, StoreError> {
        Ok(self.content().versions.clone())
    }

    fn worlds(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.content().worlds.keys().cloned().collect())
    }

    fn cells(&self, world: &str, show: &mut dyn FnMut(Cell, &[u8])) -> Result<(), StoreError> {
        let content = self.content();
        let cells = content.worlds.get(world).into_iter().flatten();
        cells.for_each(|(&cell, bytes)| show(cell, bytes));
        Ok(())
    }

    fn commit(&self, batch: &Batch, persist: Persist) -> Result<(), StoreError> {
        let mut content = self.content();
        content.waiting += 1;
        self.0.changed.notify_all();
        let waited = self.0.changed.wait_while(content, |content| content.is_held);
        content = waited.expect("nobody panics here");
        content.waiting -= 1;
        if content.is_failing {
            return Err(StoreError::Corrupt("on purpose".to_owned()));
        }
        content.commits.push(persist);
        if let Some(VersionsChange { added, removed, order }) = &batch.versions {
            let versions = &mut content.versions;
            versions.kept.extend(added.iter().cloned());
            versions.kept.retain(|version| !removed.contains(&version.number));
            versions.order = order.clone();
        }
        for (world, WorldChange { is_whole, cells }) in &batch.worlds {
            let stored = content.worlds.entry(world.to_string()).or_default();
            if *is_whole {
                stored.clear();
            }
            for (&cell, bytes) in cells {
                let _ = match bytes {
                    Some(bytes) => stored.insert(cell, bytes.clone()),
                    None => stored.remove(&cell),
                };
            }
        }
        content.worlds.retain(|_, cells| !cells.is_empty());
        if let Some(mut seen) = content.seen.take() {
            seen.push(content.clone());
            content.seen = Some(seen);
        }
        Ok(())
    }

    fn snapshot(&self, _file: &Path) -> Result<(), StoreError> {
        Err(StoreError::Absent)
    }
}
