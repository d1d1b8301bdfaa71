//! Midflight's runtime: an engine that holds state and runs logic that changes while it runs.
//!
//! Logic is Flight source. A load compiles it to machine code against the layout of the state; the
//! swap happens between two calls; old code is freed when its last call has ended. Every call is a
//! transaction on one version: it commits whole or leaves no trace.
//!
//! ```
//! use midflight_runtime::Engine;
//!
//! let engine = Engine::builder().memory().build()?;
//! engine.load(
//!     r#"
//!     state { visits: int }
//!     post visit(name: str) -> str {
//!         state.visits += 1
//!         return "hello {name}, visit {state.visits}"
//!     }
//!     "#,
//! )?;
//! let visit = engine.handler::<(&str,), String>("visit")?;
//! assert_eq!(visit.call("main", ("ann",))?, "hello ann, visit 1");
//!
//! // The next version is live at once, and finds the state as the last call left it.
//! engine.load(
//!     r#"
//!     state { visits: int }
//!     post visit(name: str) -> str {
//!         state.visits += 10
//!         return "welcome back {name}, visit {state.visits}"
//!     }
//!     "#,
//! )?;
//! assert_eq!(visit.call("main", ("ann",))?, "welcome back ann, visit 11");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Four nouns: an [`Engine`] has [`World`]s, copies of the state, and [`Version`]s of the logic; a
//! call ends in an [`Outcome`]. Hosts that know the types of a handler use a typed [`Handler`];
//! hosts that do not walk a [`Turn`]'s [`Arguments`] and result with typed cursors.
//!
//! The crate knows no HTTP, no JSON and no async. `unsafe` stands in the modules that reach memory
//! by address (`memory`, `cursor`, `frame`, `table`, `data`, `undo`, `outbox`, `import`, `builtins`), enter machine code (`enter`,
//! `call`), hand out exclusive access (`gate`) or
//! order threads by the system (`fence`), nowhere else.

#![cfg_attr(not(test), warn(clippy::panic))]

mod builder;
mod builtins;
mod call;
mod canonical;
mod compile;
mod counts;
mod cursor;
mod data;
mod engine;
mod enter;
mod error;
mod fence;
mod figures;
mod float;
mod frame;
mod gate;
#[cfg(test)]
#[path = "gate/tests.rs"]
mod gate_tests;
mod generator;
mod handle;
mod image;
mod import;
mod index;
mod limits;
mod load;
mod loan;
mod memory;
mod migrate;
mod observer;
mod outbox;
mod plan;
mod shared;
mod stack;
pub mod store;
mod sweep;
mod sync;
mod table;
mod test;
mod tick;
mod timer;
mod trap;
mod undo;
mod version;
mod versions;
mod world;
mod worlds;

pub use builder::Builder;
pub use call::{Arguments, Outcome, Turn};
pub use cursor::{Content, Elements, Fields, Kind, Slot, View, WriteError};
pub use engine::{Engine, VersionInfo};
pub use error::{
    ActivateError, ArgumentError, BuildError, CallError, ImportError, LoadError, MigrationFailure,
    OnLoadTrap, TestFailure, Unexpected, WorldError,
};
pub use figures::{CompilationFigures, Figures, StoreFigures, WorldFigures};
pub use handle::{FlightArguments, FlightResult, FlightValue, Handler};
pub use import::Import;
pub use limits::Limits;
pub use load::{ActivateOptions, LoadOptions, LoadStatus, Loaded, Then};
pub use migrate::{Failure, Misfit, Trial};
pub use observer::{Delivery, Event, LogLine, Observer};
pub use plan::{Change, ChangeKind, Plan};
pub use shared::Pause;
pub use store::reopen::Reopened;
pub use store::ticket::Ticket;
pub use store::{Durability, StoreError};
pub use test::{TestReport, TestResult};
pub use trap::Trap;
pub use version::Version;
pub use versions::Activation;
pub use world::World;
pub use worlds::MAIN_WORLD;

/// The compiler that the engine uses: diagnostics, sources, and what a program looks like inside.
pub use midflight_compiler as compiler;
