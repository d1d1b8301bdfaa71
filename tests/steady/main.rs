//! Thousands of loads in one process leave it as it was: the same memory, the same mappings, the
//! same open files. A process of its own, since it counts what the process has.
//!
//! `MIDFLIGHT_LOADS=100000 cargo test --release -p midflight-tests --test steady` is the long form.

#![expect(unsafe_code, reason = "counts what the allocator gives")]

mod process;
mod programs;

use libtest_mimic::{Arguments, Failed, Trial};
use midflight_runtime::{ActivateOptions, Engine, Limits, LoadError, LoadStatus};
use midflight_tests::unhurried;

use process::Footprint;

/// Loads without the variable `MIDFLIGHT_LOADS`.
const LOADS: u64 = 5_000;

/// Loads after which everything that is made once has been made.
const WARM: u64 = 1_000;

/// Bytes that may be more or fewer than after the first thousand.
const SLACK: u64 = 1 << 20;

/// The same for pages and mappings: threads that help a compilation have heaps, one more where a thread
/// begins before the one before has gone, and what these keep goes by who does what when. A page or a mapping
/// left behind by each load would be more.
const PAGES_SLACK: u64 = 4 << 20;
const MAPPINGS_SLACK: usize = 64;

/// Bytes of the cache of machine code: so few that the first thousand loads fill it many times. One of
/// the default size would still fill while the process is watched, up to its limit.
const CODE_CACHE: usize = 256 << 10;

fn main() {
    let loads = std::env::var("MIDFLIGHT_LOADS").ok();
    let loads = loads.map_or(LOADS, |loads| loads.parse().expect("a number of loads"));
    let test = Trial::test("loads_leave_nothing_behind", move || steady(loads));
    libtest_mimic::run(&Arguments::from_args(), vec![test]).exit();
}

fn steady(loads: u64) -> Result<(), Failed> {
    let limits = Limits { code_cache_max: CODE_CACHE, ..Limits::default() };
    let builder = Engine::builder().memory().limits(limits).code(unhurried());
    let engine = builder.build().expect("memory needs no store");
    let mut warm = None;
    for number in 1..=loads {
        load(&engine, number)?;
        if number == WARM {
            warm = Some(Footprint::now());
        }
    }
    let (warm, end) = (warm.ok_or("too few loads")?, Footprint::now());
    eprintln!("after {WARM} loads {warm:?}, after {loads} {end:?}");
    let mappings = end.mappings.saturating_sub(warm.mappings);
    if mappings > MAPPINGS_SLACK || warm.descriptors != end.descriptors {
        return Err("mappings or descriptors are left behind".into());
    }
    if warm.allocated.abs_diff(end.allocated) > SLACK || end.resident > warm.resident + PAGES_SLACK
    {
        return Err("memory is left behind".into());
    }
    Ok(())
}

/// One round: a program of another shape each time, called and ticked; every kind of refusal; a
/// roll-back and back again.
fn load(engine: &Engine, number: u64) -> Result<(), Failed> {
    let loaded = engine.load(&programs::right(number))?;
    if loaded.status != LoadStatus::Activated {
        return Err(format!("load {number}: {:?}", loaded.status).into());
    }
    let call = engine.handler::<(i64,), i64>("call")?;
    if call.call("main", (number.cast_signed(),))? != programs::answer(number) {
        return Err(format!("load {number}: a wrong answer").into());
    }
    let _ = engine.run_due(i64::MAX / 2);
    let refused = engine.load(&programs::wrong(number));
    let expected = matches!(
        (number % 4, &refused),
        (0, Err(LoadError::Source { .. }))
            | (1, Err(LoadError::Tests(_)))
            | (2, Err(LoadError::OnLoad(_)))
            | (3, Err(LoadError::Layout(_)))
    );
    if !expected {
        return Err(format!("load {number}: {refused:?}").into());
    }
    if number > 1 {
        let back = engine.roll_back(ActivateOptions::default())?;
        let _ = engine
            .activate(back.before.ok_or("there was a version")?, ActivateOptions::default())?;
    }
    Ok(())
}
