//! The bench with everybody whom a user could take instead, in a package of its own: who works on
//! Midflight never builds them. Each does the works that it can, at its best honest setting; what
//! is unfair about that, in either direction, stands in `docs/performance.md`.

mod host;
mod lua;
mod rhai;
mod roto;
mod source;
mod sqlite;
mod wasm;

use std::process::ExitCode;

use midflight_bench::{Error, Rival, locked};

const LOCK: &str = include_str!("../Cargo.lock");

fn main() -> ExitCode {
    midflight_bench::run(LOCK, rivals())
}

fn rivals() -> Result<Vec<Rival>, Error> {
    let version = |name| locked(LOCK, name).unwrap_or_else(|| name.to_owned());
    Ok(vec![
        Rival { version: version("wasmtime"), contender: wasm::with_epochs },
        Rival { version: version("wasmtime") + " with fuel", contender: wasm::with_fuel },
        Rival { version: lua::version()?, contender: lua::contender },
        Rival { version: version("roto"), contender: roto::contender },
        Rival { version: version("rhai"), contender: rhai::contender },
        Rival { version: sqlite::version(), contender: sqlite::contender },
    ])
}
