//! Generated programs, run in the reference interpreter and as machine code at every setting: half of
//! them from fixed seeds, half from seeds that follow from the commit, so that every commit tries
//! others and a red run repeats. `SEEDS=100..200` runs these instead, `SEEDS=7` also shows the program;
//! `MIDFLIGHT_HOURS=8` draws seeds from the clock until so many hours are over.

use std::env;
use std::ops::Range;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use libtest_mimic::{Arguments, Failed, Trial};
use midflight_tests::differential::campaign::{Aim, program};
use midflight_tests::differential::isolated::{Coverage, run_as_child, run_isolated};
use midflight_tests::seed_of_commit;

/// Programs from fixed seeds, and as many from seeds of the commit.
const PROGRAMS: u64 = 10_000;

/// Programs whose calls are cut short, from fixed seeds, and as many from seeds of the commit.
const SWEPT_PROGRAMS: u64 = 150;

/// Programs of a long run between two reports; of every tenth of them calls are cut short too.
const LONG_BATCH: u64 = 2_000;

fn main() -> ExitCode {
    if let Some(code) = run_as_child() {
        return code;
    }
    let arguments = Arguments::from_args();
    let trials = match (env::var("SEEDS"), env::var("MIDFLIGHT_HOURS")) {
        (Ok(seeds), _) => chosen(&seeds),
        (_, Ok(hours)) => vec![Trial::test("long", move || long(&hours))],
        _ => all(),
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn all() -> Vec<Trial> {
    let commit = seed_of_commit();
    let others = |count| commit..commit + count;
    vec![
        trial("agreement/fixed", Aim::Agreement, 0..PROGRAMS, Coverage::Whole),
        trial("agreement/commit", Aim::Agreement, others(PROGRAMS), Coverage::Any),
        trial("undo/fixed", Aim::UndoAgreed, 0..SWEPT_PROGRAMS, Coverage::Any),
        // Without the interpreter: that is younger than the rest, and long runs have to show first that
        // both look at the fuel at the same steps.
        trial("undo/commit", Aim::Undo, others(SWEPT_PROGRAMS), Coverage::Any),
    ]
}

fn chosen(seeds: &str) -> Vec<Trial> {
    let (start, end) = seeds.split_once("..").unwrap_or((seeds, ""));
    let start: u64 = start.parse().expect("`SEEDS` is a seed or a range");
    if end.is_empty() {
        eprintln!("{}", program(start));
    }
    let end = if end.is_empty() { start + 1 } else { end.parse().expect("`SEEDS` is a range") };
    vec![
        trial("agreement/chosen", Aim::Agreement, start..end, Coverage::Any),
        trial("undo/chosen", Aim::UndoInFull, start..end, Coverage::Any),
    ]
}

fn trial(name: &str, aim: Aim, seeds: Range<u64>, coverage: Coverage) -> Trial {
    Trial::test(name, move || {
        let from = seeds.start;
        let summary = run_isolated(aim, seeds, coverage).map_err(Failed::from)?;
        eprintln!("seeds from {from}: {summary}");
        Ok(())
    })
}

/// Runs programs of seeds from the clock on, until the hours are over.
fn long(hours: &str) -> Result<(), Failed> {
    let hours: f64 = hours.parse().map_err(|_| "`MIDFLIGHT_HOURS` is a number")?;
    let (began, time) = (Instant::now(), Duration::from_secs_f64(3600.0 * hours));
    let first = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros() as u64;
    let mut next = first;
    while began.elapsed() < time {
        let seeds = next..next + LONG_BATCH;
        let _ = run_isolated(Aim::Agreement, seeds.clone(), Coverage::Any)?;
        let swept = seeds.start..next + LONG_BATCH / 10;
        let _ = run_isolated(Aim::UndoInFull, swept, Coverage::Any)?;
        next = seeds.end;
        let passed = began.elapsed().as_secs_f64() / 3600.0;
        eprintln!("{passed:.2} hours, {} programs, seeds from {first} to {next}", next - first);
    }
    Ok(())
}
