//! Midflight beside native Rust alone. `bench/rivals` is the same program with everybody else.

use std::process::ExitCode;

fn main() -> ExitCode {
    midflight_bench::run(include_str!("../../Cargo.lock"), Ok(Vec::new()))
}
