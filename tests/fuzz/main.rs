//! The fuzz targets (`midflight_tests::fuzz`) without libFuzzer: a fixed number of inputs, made
//! from every program of the repository and of the golden suite by a generator with a fixed seed.
//! `FUZZ_ROUNDS=100000 cargo test -p midflight-tests --test fuzz` goes on for longer.

mod mutate;
mod seeds;

use std::panic::catch_unwind;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use midflight_tests::fuzz::{TARGETS, Target};

use mutate::Mutator;

/// Inputs of each target: some seconds of work.
const ROUNDS: u64 = 4_000;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = TARGETS.iter().map(|&target| Trial::test(target.0, move || run(target)));
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn run((name, target): Target) -> Result<(), Failed> {
    let rounds = std::env::var("FUZZ_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let seeds = if name == "decode" { seeds::documents() } else { seeds::programs() };
    for seed in &seeds {
        hold(target, seed, "a seed")?;
    }
    for round in 0..rounds.unwrap_or(ROUNDS) {
        let input = Mutator::new(round).mutate(&seeds);
        hold(target, &input, &format!("round {round}"))?;
    }
    Ok(())
}

fn hold(target: fn(&[u8]), input: &[u8], which: &str) -> Result<(), Failed> {
    let text = || String::from_utf8_lossy(input).into_owned();
    catch_unwind(|| target(input)).map_err(|_| Failed::from(format!("{which}:\n{}", text())))
}
