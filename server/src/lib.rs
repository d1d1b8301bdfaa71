//! Midflight's server: HTTP in front of the runtime's engine, and the `midflight` command.
//!
//! A request becomes one turn of a world ([`app`]); a posted source becomes the next version; the
//! command line ([`command`]) starts a server, speaks to one, or works on a file without one. The
//! only crate with async, JSON, HTTP, files and the environment. It knows nothing of how a
//! program is compiled or a call is run.

#![forbid(unsafe_code)]

mod access;
mod body;
mod cli;
mod client;
mod error;
mod events;
mod json;
mod limits;
mod listen;
mod metrics;
mod options;
mod query;
mod report;
mod routes;
mod spool;
mod state;
mod timers;
mod transfer;

pub use access::{Access, AccessError, Token};
pub use cli::command;
pub use events::Events;
pub use json::bind as bind_json;
pub use limits::Limits;
pub use listen::serve;
pub use routes::{App, app};
pub use state::ServerState;
pub use timers::run_timers;
