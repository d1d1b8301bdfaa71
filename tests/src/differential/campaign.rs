//! Many programs at once: seeds are handed out to threads, failing programs are made smaller, and
//! what happened is counted, so that a run can say what it has covered.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use midflight_compiler::limits::COMPILE_STACK_SIZE;

use super::observed::{Observed, Outcome};
use super::progress::{Progress, Worker};
use super::undo::{self, Swept};
use super::{Failure, Machines, examine, needs_too_much_stack, written};
use crate::generate::Generated;
use crate::generate::shrink::shrink;

/// Failures after which a run ends: the rest is probably the same.
const FAILURES_MAX: usize = 3;

/// Programs that are tried to make a failing one smaller.
const ATTEMPTS_MAX: usize = 2_000;

/// What is done with each program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Interpreter and machines agree.
    Agreement,
    /// A call that is cut short leaves no trace.
    Undo,
    /// The same; and where it is short of fuel, the interpreter says how it ends.
    UndoAgreed,
    /// The same as that of calls with many allocations, each of which fails once.
    UndoInFull,
}

impl Aim {
    /// Every aim.
    pub const ALL: [Aim; 4] = [Aim::Agreement, Aim::Undo, Aim::UndoAgreed, Aim::UndoInFull];

    /// What a process is told that has it.
    pub fn name(self) -> &'static str {
        match self {
            Aim::Agreement => "agreement",
            Aim::Undo => "undo",
            Aim::UndoAgreed => "undo-agreed",
            Aim::UndoInFull => "undo-in-full",
        }
    }
}

/// What a run has seen.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Programs that were run.
    pub programs: u64,
    /// Calls that were made.
    pub calls: u64,
    /// How calls ended, by the name of the trap's kind; `returned`.
    pub outcomes: BTreeMap<String, u64>,
    /// Programs that were not run, since they need more stack than there is.
    pub too_deep: u64,
    /// How often each construct stood in a program.
    pub constructs: BTreeMap<&'static str, u64>,
    /// Reports of failures.
    pub failures: Vec<String>,
}

/// Runs the programs of these seeds on all cores.
pub fn run(aim: Aim, seeds: Range<u64>, progress: &Progress) -> Tally {
    let next = AtomicU64::new(seeds.start);
    let failed = AtomicUsize::new(0);
    let total = Mutex::new(Tally::default());
    let work = |number: usize| {
        let mut worker = progress.worker(number);
        let mut tally = Tally::default();
        while failed.load(Ordering::Relaxed) < FAILURES_MAX {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            worker.begin(seed);
            let generated = Generated::new(seed);
            if let Err(failure) = one(aim, (seed, &generated), &mut tally) {
                let _ = failed.fetch_add(1, Ordering::Relaxed);
                tally.failures.push(report(aim, (seed, &generated), &failure, &mut worker));
            }
        }
        total.lock().unwrap_or_else(PoisonError::into_inner).add(tally);
    };
    thread::scope(|scope| {
        for number in 0..thread::available_parallelism().map_or(2, usize::from) {
            let work = &work;
            let thread = thread::Builder::new().stack_size(COMPILE_STACK_SIZE);
            let spawned = thread.spawn_scoped(scope, move || work(number));
            let _ = spawned.expect("a thread can be made");
        }
    });
    total.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the program of one seed.
fn one(aim: Aim, (seed, generated): (u64, &Generated), tally: &mut Tally) -> Result<(), Failure> {
    tally.programs += 1;
    for (construct, count) in generated.constructs() {
        *tally.constructs.entry(construct).or_default() += count as u64;
    }
    let done = try_one(aim, generated, seed)?;
    let may_be_too_deep = matches!(&done, Done::Agreed(seen) if seen.is_empty());
    tally.too_deep += u64::from(may_be_too_deep && needs_too_much_stack(generated));
    tally.count(&done);
    Ok(())
}

/// What running a program gave.
enum Done {
    Agreed(Vec<Observed>),
    Swept(Swept),
}

fn try_one(aim: Aim, generated: &Generated, seed: u64) -> Result<Done, Failure> {
    match aim {
        Aim::Agreement => examine(generated, Machines::of(seed)).map(Done::Agreed),
        Aim::Undo => undo::sweep(generated, undo::SHORT).map(Done::Swept),
        Aim::UndoAgreed => undo::sweep(generated, undo::AGREED).map(Done::Swept),
        Aim::UndoInFull => undo::sweep(generated, undo::IN_FULL).map(Done::Swept),
    }
}

/// Whether the program of a seed fails, made smaller as `accepted` says; what isolates a crash.
pub(super) fn fails(aim: Aim, generated: &Generated, seed: u64) -> Option<Failure> {
    try_one(aim, generated, seed).err()
}

/// A failure for people: what differs, the smallest program that shows it, and how to see it again.
fn report(
    aim: Aim,
    (seed, generated): (u64, &Generated),
    failure: &Failure,
    worker: &mut Worker<'_>,
) -> String {
    let mut attempts = 0;
    let mut last = failure.clone();
    let smallest = shrink(generated, ATTEMPTS_MAX, &mut |candidate| {
        attempts += 1;
        worker.go_on();
        match fails(aim, candidate, seed) {
            Some(found) if found.kind == failure.kind => {
                last = found;
                true
            }
            _ => false,
        }
    });
    format!(
        "seed {seed}: {failure}\nafter {attempts} attempts at a smaller program: {last}\n\n{}\n{}",
        shown(&smallest),
        again(aim, seed)
    )
}

/// The program of a seed and its script.
pub fn program(seed: u64) -> String {
    shown(&Generated::new(seed))
}

/// A program and its script.
pub(super) fn shown(generated: &Generated) -> String {
    let source = generated.source_with_tests().unwrap_or_else(|| generated.source());
    format!("{source}{}", written(&generated.script))
}

/// The command that runs a seed again.
pub(super) fn again(aim: Aim, seed: u64) -> String {
    let name = match aim {
        Aim::Agreement => "agreement",
        Aim::Undo | Aim::UndoAgreed | Aim::UndoInFull => "undo",
    };
    format!("run again: SEEDS={seed} cargo test -p midflight-tests --test differential {name}")
}

impl Tally {
    fn count(&mut self, done: &Done) {
        match done {
            Done::Agreed(seen) => {
                for outcome in seen.iter().filter_map(|observed| observed.outcome.as_ref()) {
                    self.calls += 1;
                    let name = match outcome {
                        Outcome::Returned(_) => "returned",
                        Outcome::Trapped(trap) => trap.kind,
                        Outcome::Refused(_) => "refused",
                    };
                    *self.outcomes.entry(name.to_owned()).or_default() += 1;
                }
            }
            Done::Swept(swept) => {
                self.calls += swept.calls;
                for (name, count) in [("cut short", swept.cut_short), ("finished", swept.finished)]
                {
                    *self.outcomes.entry(name.to_owned()).or_default() += count;
                }
            }
        }
    }

    fn add(&mut self, other: Tally) {
        self.programs += other.programs;
        self.calls += other.calls;
        self.too_deep += other.too_deep;
        for (name, count) in other.outcomes {
            *self.outcomes.entry(name).or_default() += count;
        }
        for (name, count) in other.constructs {
            *self.constructs.entry(name).or_default() += count;
        }
        self.failures.extend(other.failures);
    }

    /// One paragraph: how many programs, how many calls, and how they ended.
    pub fn summary(&self) -> String {
        let shares = self.outcomes.iter().map(|(name, count)| {
            format!("{name} {:.2}%", 100.0 * *count as f64 / self.calls.max(1) as f64)
        });
        format!(
            "{} programs, {} calls: {}",
            self.programs,
            self.calls,
            shares.collect::<Vec<_>>().join(", ")
        )
    }
}
