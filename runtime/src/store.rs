//! What is durable: versions, and worlds as cells. The runtime writes batches to a [`Store`] and
//! reads everything back when an engine is built.
//!
//! A **cell** is what is written whole: a field of `state`, a row, the random generator, the time,
//! the timers. Its bytes are canonical (`canonical`). A **batch** is what becomes durable together.
//! A store knows neither layouts nor programs; it keeps cells by world and place, and makes a batch
//! visible whole or not at all.
//!
//! | file | holds |
//! | --- | --- |
//! | `committer` | the one thread that writes, merging what calls have queued |
//! | `ticket` | waiting until a call is durable |
//! | `journal` | of each world: what was queued last |
//! | `record`, `restore` | a world's memory to cells, and back |
//! | `layout` | which layout cells have |
//! | `place` | under which name a world's cells stand |
//! | `reopen` | an engine as it was when its store was closed |
//! | `redb` | the store in a file |

pub(crate) mod committer;
pub(crate) mod journal;
pub(crate) mod layout;
pub(crate) mod place;
pub(crate) mod record;
#[cfg(feature = "redb")]
pub mod redb;
pub(crate) mod reopen;
pub(crate) mod restore;
pub(crate) mod ticket;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The format of what is stored. A store of a newer one is refused.
pub const FORMAT: u32 = 1;

/// A place where an engine keeps what is durable. One engine uses it at a time.
pub trait Store: Debug + Send + Sync {
    /// The versions, as the last batch left them.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn versions(&self) -> Result<StoredVersions, StoreError>;

    /// The names under which cells stand. A world moves between two of them, which begin alike.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn worlds(&self) -> Result<Vec<String>, StoreError>;

    /// Shows every cell of a world, in order.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn cells(&self, world: &str, show: &mut dyn FnMut(Cell, &[u8])) -> Result<(), StoreError>;

    /// Writes a batch whole, or nothing of it. With [`Persist::Now`], it and every batch before it
    /// survive a loss of power once this has come back.
    ///
    /// # Errors
    /// When it may not have been written. The engine does not call the store again then.
    fn commit(&self, batch: &Batch, persist: Persist) -> Result<(), StoreError>;

    /// Writes a consistent copy of everything to a file that is not there yet.
    ///
    /// # Errors
    /// When the store cannot be read, or the file cannot be written.
    fn snapshot(&self, file: &Path) -> Result<(), StoreError>;
}

/// Whether a batch has to be on the disk when its commit comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persist {
    /// It has, with every batch before it.
    Now,
    /// A later batch will see to it.
    Later,
}

/// The place of a cell in its world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// 0 for the world itself, 1 for `state`, 2 and more for the tables in the order of their
    /// declaration.
    pub part: u32,
    /// Of the world: see the constants. Of `state`: the field. Of a table: the row's slot.
    pub index: u32,
}

impl Cell {
    /// Which layout the other cells have; empty before the world's first version.
    pub const LAYOUT: Cell = Cell { part: 0, index: 0 };
    /// The random generator's four words.
    pub const GENERATOR: Cell = Cell { part: 0, index: 1 };
    /// The time of the last call that changed something, in milliseconds since 1970.
    pub const TIME: Cell = Cell { part: 0, index: 2 };
    /// When the timers are due.
    pub const TIMERS: Cell = Cell { part: 0, index: 3 };

    const STATE: u32 = 1;
    const TABLES: u32 = 2;

    /// A field of `state`.
    pub(crate) fn state(field: usize) -> Cell {
        Cell { part: Cell::STATE, index: field as u32 }
    }

    /// A row.
    pub(crate) fn row(table: u32, slot: u32) -> Cell {
        Cell { part: Cell::TABLES + table, index: slot }
    }

    /// The table whose row it is.
    pub(crate) fn table(self) -> Option<u32> {
        self.part.checked_sub(Cell::TABLES)
    }

    /// The field of `state` that it is.
    pub(crate) fn state_field(self) -> Option<usize> {
        (self.part == Cell::STATE).then_some(self.index as usize)
    }
}

/// What becomes durable together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// What changes among the versions.
    pub versions: Option<VersionsChange>,
    /// What changes in worlds, by the name under which they stand.
    pub worlds: BTreeMap<Arc<str>, WorldChange>,
}

/// What changes in one world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorldChange {
    /// Everything that the world had goes first. Without cells, the world is removed.
    pub is_whole: bool,
    /// New content; `None` for cells that go.
    pub cells: BTreeMap<Cell, Option<Vec<u8>>>,
}

/// What changes among the versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionsChange {
    /// Versions that are new.
    pub added: Vec<StoredVersion>,
    /// Versions that are no longer kept.
    pub removed: Vec<u64>,
    /// What holds from then on.
    pub order: VersionOrder,
}

/// A version as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredVersion {
    /// Its number.
    pub number: u64,
    /// What messages call its source.
    pub name: String,
    /// Its source.
    pub source: String,
}

/// Which version is current, and what was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionOrder {
    /// The version that calls run on.
    pub current: Option<u64>,
    /// What was current before, the latest last. May name versions that are no longer kept.
    pub before: Vec<u64>,
    /// The last number that was given out.
    pub last_number: u64,
}

/// The versions that a store has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredVersions {
    /// By number.
    pub kept: Vec<StoredVersion>,
    /// Which is current.
    pub order: VersionOrder,
}

impl Batch {
    /// What removes everything at a place.
    pub(crate) fn without(place: Arc<str>) -> Batch {
        let gone = WorldChange { is_whole: true, ..WorldChange::default() };
        Batch { versions: None, worlds: [(place, gone)].into() }
    }

    /// What changes at one place.
    pub(crate) fn at(place: &Arc<str>, change: WorldChange) -> Batch {
        Batch { versions: None, worlds: [(place.clone(), change)].into() }
    }

    /// Adds what was queued after it.
    pub(crate) fn merge(&mut self, later: Batch) {
        if let Some(later) = later.versions {
            match &mut self.versions {
                Some(versions) => versions.merge(later),
                None => self.versions = Some(later),
            }
        }
        for (world, change) in later.worlds {
            match self.worlds.entry(world) {
                Entry::Occupied(mut merged) if !change.is_whole => {
                    merged.get_mut().cells.extend(change.cells);
                }
                Entry::Occupied(mut merged) => *merged.get_mut() = change,
                Entry::Vacant(vacant) => {
                    let _ = vacant.insert(change);
                }
            }
        }
    }

    /// Bytes of what it writes, roughly.
    pub(crate) fn size(&self) -> usize {
        let versions = self.versions.iter().flat_map(|versions| &versions.added);
        let sources: usize = versions.map(|version| version.source.len()).sum();
        let worlds: usize = self.worlds.values().map(WorldChange::size).sum();
        size_of::<Batch>() + sources + worlds
    }
}

impl VersionsChange {
    fn merge(&mut self, later: VersionsChange) {
        self.added.extend(later.added);
        self.added.retain(|version| !later.removed.contains(&version.number));
        self.removed.extend(later.removed);
        self.order = later.order;
    }
}

impl WorldChange {
    /// Bytes of what it writes, with the places.
    pub(crate) fn size(&self) -> usize {
        let len = |bytes: &Option<Vec<u8>>| size_of::<Cell>() + bytes.as_ref().map_or(0, Vec::len);
        self.cells.values().map(len).sum()
    }
}

/// When a call is answered, and what a crash can take back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// After the commit that holds it is on the disk: nothing that was answered is ever lost.
    #[default]
    Commit,
    /// At once. What is not older than this may be lost with the process or the power; what is
    /// left is the state after some call, whole.
    Interval(Duration),
    /// At once. Everything since the last load, activation or clean end may be lost; what is left is
    /// the state after some call, whole.
    None,
}

impl Durability {
    /// Its name: `commit`, `interval`, `none`.
    pub fn name(self) -> &'static str {
        match self {
            Durability::Commit => "commit",
            Durability::Interval(_) => "interval",
            Durability::None => "none",
        }
    }
}

/// Why a store cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process, or another engine of this one, uses it.
    #[error("the store `{}` is in use by another process", .0.display())]
    InUse(PathBuf),
    /// It was written by a later Midflight.
    #[error("the store has format {found}, this Midflight knows formats up to {FORMAT}")]
    NewerFormat {
        /// The format that it has.
        found: u32,
    },
    /// What is in it is not what was written.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// It could not be read or written.
    #[error("{action}: {error}")]
    Io {
        /// What was tried: "cannot write to the store".
        action: String,
        /// What the system said.
        error: Arc<std::io::Error>,
    },
    /// The engine keeps its state in memory only.
    #[error("the state is kept in memory only: there is nothing to copy")]
    Absent,
    /// A write failed before; what is on the disk is known only after a restart.
    #[error("the store has failed: restart to go on with what is durable")]
    Failed,
}

impl StoreError {
    /// What the system said when something was tried: "cannot write to the store".
    pub fn io(action: impl Into<String>, error: std::io::Error) -> StoreError {
        StoreError::Io { action: action.into(), error: Arc::new(error) }
    }
}
