//! A simulation: one seed drives calls, loads with changes of layout, failures of the disk and crashes,
//! against a model of plain maps that says what has to be there.
//!
//! `SIMULATION_SEED=7` plays one seed, `SIMULATION_SEEDS=500..20000` all of these.

mod answer;
#[path = "../store/disk.rs"]
mod disk;
mod expect;
mod layout;
mod model;
mod run;
mod step;
mod versions;

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use run::Run;

/// Seeds in each run of the tests.
const SEEDS: u64 = 500;
const THREADS: usize = 2;

/// How often each thing happened.
pub(crate) type Met = BTreeMap<&'static str, u64>;

#[test]
fn every_history_agrees_with_the_model() {
    let seeds = seeds();
    let began = Instant::now();
    let next = AtomicU64::new(seeds.start);
    let met = Mutex::new(Met::new());
    let play = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            let played = catch_unwind(AssertUnwindSafe(|| Run::new(seed).play()));
            match played {
                Ok(Ok(of_seed)) => add(&mut met.lock().expect("no seed has failed"), of_seed),
                Ok(Err(failure)) => panic!("SIMULATION_SEED={seed}\n{failure}"),
                Err(_) => panic!("SIMULATION_SEED={seed}: it panics"),
            }
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(play)).collect();
        threads.into_iter().for_each(|thread| thread.join().expect("the seed is printed above"));
    });
    let met = met.into_inner().expect("no seed has failed");
    eprintln!("{} seeds in {:?}: {met:?}", seeds.end - seeds.start, began.elapsed());
    if seeds.end - seeds.start >= SEEDS {
        let rare: Vec<_> = run::ALL.iter().filter(|what| !met.contains_key(*what)).collect();
        assert!(rare.is_empty(), "never met: {rare:?}");
    }
}

fn add(all: &mut Met, met: Met) {
    for (what, count) in met {
        *all.entry(what).or_default() += count;
    }
}

/// Those that are asked for.
#[expect(clippy::disallowed_methods, reason = "a test is told by its surroundings what to play")]
fn seeds() -> Range<u64> {
    let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("`{text}` is no seed"));
    if let Ok(seed) = std::env::var("SIMULATION_SEED") {
        return number(&seed)..number(&seed) + 1;
    }
    let Ok(seeds) = std::env::var("SIMULATION_SEEDS") else { return 0..SEEDS };
    let (first, end) = seeds.split_once("..").expect("seeds are `SIMULATION_SEEDS=500..20000`");
    number(first)..number(end)
}
