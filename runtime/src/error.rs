//! What the host or the outside did wrong, as values. A mistake in Flight source is a
//! `Diagnostic`, a mistake at run time a [`Trap`].

use midflight_compiler::diag::{Diagnostic, Severity};
use midflight_compiler::source::Source;

use crate::migrate::Failure;
use crate::plan::Plan;
use crate::shared::Unpublished;
use crate::store::StoreError;
use crate::trap::Trap;
use crate::world::Immovable;
use crate::worlds::{MAIN_WORLD, WORLD_NAME_LEN_MAX};

/// Why a source was not loaded. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The source has mistakes.
    #[error("the source has mistakes: {}", first_error(.diagnostics))]
    Source {
        /// What was read; the diagnostics' spans are in it.
        file: Source,
        /// The mistakes, in the order of the source; at least one is an error.
        diagnostics: Vec<Diagnostic>,
    },
    /// Data would be lost, or cannot become what the new layout wants.
    #[error("{0}")]
    Layout(Plan),
    /// A row, or the state, of a world does not fit into the new layout.
    #[error("the world `{}` cannot move: {}", .0.world, .0.failure)]
    Migration(Box<MigrationFailure>),
    /// Tests of the program failed.
    #[error("{} of the program's tests failed", .0.len())]
    Tests(Vec<TestFailure>),
    /// Its `on load` trapped in a world.
    #[error("`on load` trapped in the world `{}`: {}", .0.world, .0.trap)]
    OnLoad(Box<OnLoadTrap>),
    /// A world is closed: a fault of Midflight has damaged it.
    #[error("the world `{0}` is closed: a fault of Midflight has damaged it")]
    Closed(String),
    /// Somebody else was faster: another version is current than was expected.
    #[error(transparent)]
    Expected(#[from] Unexpected),
    /// The store could not keep it.
    #[error("the version could not be stored: {0}")]
    Store(#[from] StoreError),
    /// Too many programs are being compiled.
    #[error("too many programs are being compiled")]
    Busy,
    /// The system has no memory for the compiler's stack.
    #[error("the system has no memory for the compiler's stack; nothing was changed")]
    Stack,
    /// The compiler has a fault.
    #[error("the compiler failed on this source: this is a fault of Midflight, please report it")]
    Internal,
}

/// What the first error among them says.
fn first_error(diagnostics: &[Diagnostic]) -> &str {
    let error = diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error);
    error.map_or("", |error| &error.message)
}

/// Another version is current than was expected: somebody else was faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("version {current} is current, not version {expected} as expected")]
pub struct Unexpected {
    /// The version that was expected to be current; 0 for none.
    pub expected: u64,
    /// The version that is; 0 for none.
    pub current: u64,
}

/// How `on load` ended where it did not succeed. No world has moved then.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OnLoadTrap {
    /// The world that it ran in.
    pub world: String,
    /// How it ended.
    pub trap: Trap,
}

/// What stands in the way of a migration. No world has moved then.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MigrationFailure {
    /// The world that it was found in.
    pub world: String,
    /// The row, and why.
    pub failure: Failure,
}

/// A test that did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestFailure {
    /// The test's name.
    pub name: String,
    /// How it ended.
    pub trap: Trap,
}

/// Why a version was not activated. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ActivateError {
    /// There is no such version, or it is no longer kept.
    #[error("there is no version {0}, or it is no longer kept")]
    UnknownVersion(u64),
    /// No version was current before this one.
    #[error("there is no version to go back to")]
    NothingBefore,
    /// Data would be lost, or cannot become what the version's layout wants.
    #[error("{0}")]
    Layout(Plan),
    /// A row, or the state, of a world does not fit into the version's layout.
    #[error("the world `{}` cannot move: {}", .0.world, .0.failure)]
    Migration(Box<MigrationFailure>),
    /// Its `migrate` blocks do not fit what is live now.
    #[error(transparent)]
    Source(Box<LoadError>),
    /// A world is closed: a fault of Midflight has damaged it.
    #[error("the world `{0}` is closed: a fault of Midflight has damaged it")]
    Closed(String),
    /// Another version is current than was expected.
    #[error(transparent)]
    Expected(#[from] Unexpected),
    /// Its `on load` trapped in a world.
    #[error("`on load` trapped in the world `{}`: {}", .0.world, .0.trap)]
    OnLoad(Box<OnLoadTrap>),
    /// The store could not keep it.
    #[error("the change could not be stored: {0}")]
    Store(#[from] StoreError),
    /// The current version cannot be deleted.
    #[error("version {0} is current: activate another one first")]
    Current(u64),
}

/// Why a world was not created or deleted. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// The name cannot be that of a world.
    #[error(
        "a world's name is 1 to {WORLD_NAME_LEN_MAX} letters, digits, `-`, `_` or `.`, and begins \
         with a letter or a digit"
    )]
    InvalidName {
        /// The name that was given.
        name: String,
    },
    /// There are as many worlds as there may be.
    #[error("there are {0} worlds already")]
    TooMany(usize),
    /// Its `on load` trapped, or it has no memory even for its defaults.
    #[error("the world `{}` cannot begin: {}", .0.world, .0.trap)]
    OnLoad(Box<OnLoadTrap>),
    /// There is no such world.
    #[error("there is no world `{name}`")]
    Unknown {
        /// The name that was asked for.
        name: String,
    },
    /// The store has failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// `main` stays.
    #[error("the world `{MAIN_WORLD}` is always there and cannot be deleted")]
    Main,
}

/// Why the content of a world could not be replaced. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The world cannot be reached.
    #[error(transparent)]
    World(#[from] CallError),
    /// The current version has no such table.
    #[error("there is no table `{name}`")]
    UnknownTable {
        /// The name that was given.
        name: String,
        /// The tables that there are.
        known: Vec<String>,
    },
    /// Rows come in the order of their slots.
    #[error("slot {slot} is taken or passed already: the next one is {first} at least")]
    Slot {
        /// The slot that was given.
        slot: u32,
        /// The first one that is left.
        first: u32,
    },
    /// Another row has this key.
    #[error("a row of `{table}` with this key is there already")]
    DuplicateKey {
        /// The table.
        table: String,
    },
    /// The table has as many rows as one may have.
    #[error("`{table}` has {rows_max} rows, as many as the limit `rows_max` allows")]
    TableFull {
        /// The table.
        table: String,
        /// The limit.
        rows_max: usize,
    },
    /// A key is longer than one may be.
    #[error("a key of `{table}` has {len} bytes, and the limit `key_len_max` allows {len_max}")]
    KeyTooLong {
        /// The table.
        table: String,
        /// Bytes of the key.
        len: usize,
        /// The limit.
        len_max: usize,
    },
    /// A value does not fit; it is named as an argument would be.
    #[error(transparent)]
    Value(ArgumentError),
    /// The generator cannot be in this state.
    #[error("the random generator cannot be in this state")]
    Generator,
    /// It does not fit into the memory of a world.
    #[error("the world has no memory left for this")]
    WorldFull,
    /// It does not fit into the memory of all worlds beside what the world holds until then.
    #[error("the memory of all worlds together is used up")]
    EngineFull,
    /// The store has failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another version became current meanwhile.
    #[error("another version became current meanwhile")]
    Changed,
}

/// Why an engine could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store names a current version that it does not have.
    #[error("the store is damaged: it lacks version {0}, which is current")]
    NoCurrent(u64),
    /// The current version cannot be compiled any more.
    #[error("version {number} ({name}), which is current, cannot be compiled: {error}")]
    Version {
        /// Its number.
        number: u64,
        /// What messages call its source.
        name: String,
        /// Why.
        error: Box<LoadError>,
    },
    /// A world cannot be filled.
    #[error("the world `{world}` cannot be restored: {reason}")]
    World {
        /// Its name.
        world: String,
        /// Why.
        reason: String,
    },
    /// The system refused a thread for the store.
    #[error("the store's thread could not be started: {0}")]
    Thread(std::io::Error),
}

/// Why a handler did not run, or its outcome is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// There is no such world.
    #[error("there is no world `{name}`")]
    UnknownWorld {
        /// The name that was asked for.
        name: String,
    },
    /// Nothing has been loaded.
    #[error("no version has been loaded")]
    NoVersion,
    /// The current version has no such handler.
    #[error("there is no handler `{name}`")]
    UnknownHandler {
        /// The name that was asked for.
        name: String,
    },
    /// The handler's types are not those of the typed handle.
    #[error("the handler `{name}` is `{found}` now, not `{expected}`")]
    WrongTypes {
        /// The handler.
        name: String,
        /// What the handle was made for.
        expected: String,
        /// What the current version has.
        found: String,
    },
    /// An argument is missing, unknown or of another type.
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    /// The arguments exceed the memory of a call.
    #[error("the arguments are too large")]
    TooLarge,
    /// Too many calls wait for the world.
    #[error("too many calls wait for this world")]
    Busy,
    /// A fault of Midflight has made the world's memory untrustworthy.
    #[error("the world is closed: a fault of Midflight has damaged it")]
    Closed,
    /// The defaults of the state exceed the memory of a world.
    #[error("the world has no memory left for the defaults of its state")]
    WorldFull,
    /// The worlds of the engine have no memory left together.
    #[error("the memory of all worlds together is used up")]
    EngineFull,
    /// The store has failed. Calls go on after a restart, from what is durable.
    #[error("the store has failed: no call runs until the engine is restarted")]
    StoreFailed,
    /// Too much waits to be stored.
    #[error("too much waits to be stored")]
    StoreBusy,
    /// The call ran, but the store failed before what it did or saw was durable.
    #[error("the store failed before the call was durable: it may or may not have happened")]
    OutcomeUnknown,
    /// The call trapped, and left no trace. Only typed handles give it as an error.
    #[error(transparent)]
    Trapped(Trap),
}

/// What is wrong with the arguments of a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentError {
    /// A parameter without default was given no value.
    #[error("the argument `{name}: {expected}` is missing")]
    Missing {
        /// The parameter.
        name: String,
        /// Its type.
        expected: String,
    },
    /// The handler has no such parameter.
    #[error("there is no parameter `{name}`")]
    Unknown {
        /// The name that was given.
        name: String,
        /// The parameters that there are.
        known: Vec<String>,
    },
    /// A parameter was given twice.
    #[error("the argument `{name}` is given twice")]
    Duplicate {
        /// The parameter.
        name: String,
    },
    /// The value does not fit the parameter.
    #[error("the argument `{name}` takes `{expected}`, found {found}")]
    WrongType {
        /// The parameter; a part of it as `pos.x`.
        name: String,
        /// Its type.
        expected: String,
        /// What was found instead.
        found: String,
    },
    /// What the arguments were written in cannot be read. Raised by hosts.
    #[error("{reason}")]
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
    /// The value exceeds the memory of a call.
    #[error("the argument `{name}` is too large")]
    TooLarge {
        /// The parameter.
        name: String,
    },
}

impl WorldError {
    /// Why a new world cannot begin.
    pub(crate) fn beginning(world: &str, why: Immovable) -> WorldError {
        match why {
            Immovable::Trapped(trap) => {
                let world = world.to_owned();
                WorldError::OnLoad(Box::new(OnLoadTrap { world, trap: *trap }))
            }
            // A world that is new has nothing that could not move or be trusted.
            Immovable::Misfit(_) | Immovable::Closed => {
                WorldError::Unknown { name: world.to_owned() }
            }
        }
    }
}

impl From<Unpublished> for LoadError {
    fn from(unpublished: Unpublished) -> LoadError {
        let (world, why) = match unpublished {
            Unpublished::World { world, why } => (world, why),
            Unpublished::Store(error) => return LoadError::Store(error),
        };
        match why {
            Immovable::Trapped(trap) => {
                LoadError::OnLoad(Box::new(OnLoadTrap { world, trap: *trap }))
            }
            Immovable::Misfit(failure) => {
                LoadError::Migration(Box::new(MigrationFailure { world, failure: *failure }))
            }
            Immovable::Closed => LoadError::Closed(world),
        }
    }
}

impl From<LoadError> for ActivateError {
    fn from(error: LoadError) -> ActivateError {
        match error {
            LoadError::OnLoad(trap) => ActivateError::OnLoad(trap),
            LoadError::Migration(failure) => ActivateError::Migration(failure),
            LoadError::Closed(world) => ActivateError::Closed(world),
            LoadError::Layout(plan) => ActivateError::Layout(plan),
            LoadError::Store(error) => ActivateError::Store(error),
            LoadError::Expected(unexpected) => ActivateError::Expected(unexpected),
            other => ActivateError::Source(Box::new(other)),
        }
    }
}
