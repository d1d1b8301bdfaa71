//! What the tests over sockets share: a client that shows what was said, a server in this process,
//! and the `midflight` command as a process of its own. The golden suite stands in `main.rs`.
//!
//! Everything here panics where the test's surroundings fail it, and cleans up when dropped.

pub mod client;
pub mod process;
pub mod served;

pub use client::{Answer, Client};
pub use process::Process;
pub use served::Served;
