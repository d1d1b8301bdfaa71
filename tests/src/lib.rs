//! What the tests over sockets share: a client that shows what was said, a server in this process,
//! the `midflight` command as a process of its own, and transcripts of what a user types. The golden
//! suite stands in `main.rs`.
//!
//! Everything here panics where the test's surroundings fail it, and cleans up when dropped.

pub mod client;
pub mod differential;
pub mod fuzz;
pub mod generate;
pub mod listener;
pub mod process;
pub mod reference;
pub mod scratch;
pub mod served;
pub mod transcript;

pub use client::{Answer, Client};
pub use listener::Listener;
pub use process::Process;
pub use scratch::Scratch;
pub use served::Served;

use std::env;
use std::process::Command;
use std::time::Duration;

use midflight_compiler::limits::Limits;
use midflight_compiler::settings::Settings;

/// Whether what is expected is to be written anew: `UPDATE=1`.
pub fn is_updating() -> bool {
    env::var_os("UPDATE").is_some_and(|value| value == "1")
}

/// The limits of a source, but for the time: no test depends on how fast the machine is.
pub fn patient() -> Limits {
    Limits { compile_time_max: Duration::from_secs(3_600), ..Limits::default() }
}

/// The settings of an engine that lets compiling take its time.
pub fn unhurried() -> Settings {
    Settings::default().limits(patient())
}

/// A seed far from the fixed ones that follows from the commit; where there is none, always the
/// same.
pub fn seed_of_commit() -> u64 {
    let output = Command::new("git").args(["rev-parse", "HEAD"]).output();
    let hash = output.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    let hash = hash.and_then(|hash| String::from_utf8(hash).ok()).unwrap_or_default();
    let digits = hash.get(..12).and_then(|digits| u64::from_str_radix(digits, 16).ok());
    (1 << 48) + digits.unwrap_or_default()
}

/// The programs in the manual's page for embedders, as tests of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../../docs/embedding.md")]
pub struct Embedding;

/// The program in the README, likewise.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
