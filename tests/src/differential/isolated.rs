//! Runs in a process of their own: a fault of machine code may be a segmentation fault or an endless
//! loop, which would take the tests with it. The parent knows from a file which seeds were being run, and makes the
//! program smaller by asking a new process about each candidate.

use std::env;
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use super::campaign::{Aim, Tally, again, fails, run, shown};
use super::coverage;
use super::progress::Progress;
use super::watched::{self, Ended};
use crate::generate::Generated;
use crate::generate::shrink::shrink;

/// The first argument of a process that runs what the others say.
const CHILD: &str = "--run-seeds";

/// Programs that are tried to make one smaller that crashes.
const ATTEMPTS_MAX: usize = 400;

/// How long a run may take without beginning a program.
const RUN_PATIENCE: Duration = Duration::from_secs(120);

/// How long one program may take.
const PROGRAM_PATIENCE: Duration = Duration::from_secs(20);

/// What a run must have covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Whatever the compiler declares.
    Whole,
    /// Nothing in particular.
    Any,
}

/// Runs seeds in a process of their own; gives its summary.
///
/// # Errors
/// The reports of what failed.
pub fn run_isolated(aim: Aim, seeds: Range<u64>, coverage: Coverage) -> Result<String, String> {
    let path = env::temp_dir().join(format!(
        "midflight-differential-{}-{}-{}",
        std::process::id(),
        aim.name(),
        seeds.start
    ));
    let seeds = (seeds.start.to_string(), seeds.end.to_string());
    let told = path.display().to_string();
    let coverage = match coverage {
        Coverage::Whole => "whole",
        Coverage::Any => "any",
    };
    let progress = || Progress::read(&path).unwrap_or_default();
    let arguments = [aim.name(), &seeds.0, &seeds.1, &told, coverage];
    let ended = child(&arguments, RUN_PATIENCE, progress)?;
    let last = progress();
    let _ = std::fs::remove_file(&path);
    let text = ended.stdout.trim().to_owned();
    match ended.status.and_then(|status| status.code()) {
        Some(0) => Ok(text),
        Some(1) => Err(text),
        _ => Err(format!("{}{}", crashed(aim, &last), ended.stderr)),
    }
}

/// Does what a parent wants of this process, if it is a child.
pub fn run_as_child() -> Option<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [mark, aim, start, end, path, rest] = arguments.as_slice() else { return None };
    if mark != CHILD {
        return None;
    }
    let aim = Aim::ALL.into_iter().find(|known| known.name() == aim)?;
    let (start, end) = (start.parse().ok()?, end.parse().ok()?);
    if path == "-" {
        return Some(replay(aim, start, rest));
    }
    let progress = Progress::to(&PathBuf::from(path)).unwrap_or_else(|_| Progress::untold());
    let tally = run(aim, start..end, &progress);
    let (text, failed) = conclude(tally, rest == "whole");
    print(&text);
    Some(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn print(text: &str) {
    println!("{text}");
}

fn conclude(mut tally: Tally, whole: bool) -> (String, bool) {
    if whole && tally.failures.is_empty() {
        tally.failures.extend(coverage::missing(&tally));
    }
    let mut text = tally.summary();
    for failure in &tally.failures {
        text = format!("{text}\n\n{failure}");
    }
    (text, !tally.failures.is_empty())
}

fn child<T: PartialEq>(
    arguments: &[&str],
    patience: Duration,
    progress: impl Fn() -> T,
) -> Result<Ended, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    let ended = watched::run(command.arg(CHILD).args(arguments), patience, progress);
    ended.map_err(|error| error.to_string())
}

/// How a program takes its process with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fall {
    Crash,
    Hang,
}

/// Finds out which of the seeds crashes or hangs, and makes a program smaller that crashes.
fn crashed(aim: Aim, workers: &[[u64; 2]]) -> String {
    for &[seed, _] in workers {
        let generated = Generated::new(seed);
        let Some(fall) = fall(aim, seed, "") else { continue };
        let mut decisions = String::new();
        let smallest = match fall {
            Fall::Hang => generated,
            Fall::Crash => shrink(&generated, ATTEMPTS_MAX, &mut |_| {
                let crashes = self::fall(aim, seed, &format!("{decisions}?")) == Some(fall);
                decisions.push(if crashes { '1' } else { '0' });
                crashes
            }),
        };
        return format!("seed {seed}: {fall:?}\n\n{}\n{}\n", shown(&smallest), again(aim, seed));
    }
    format!("the process ended, but none of its last seeds ends it alone: {workers:?}\n")
}

/// How a program ends its process, if it does.
fn fall(aim: Aim, seed: u64, decisions: &str) -> Option<Fall> {
    let seed = seed.to_string();
    let ended = child(&[aim.name(), &seed, &seed, "-", decisions], PROGRAM_PATIENCE, || ());
    match ended.ok()?.status {
        None => Some(Fall::Hang),
        Some(status) => status.code().is_none().then_some(Fall::Crash),
    }
}

/// Runs the program of a seed, or the candidate that is reached after these decisions on smaller
/// ones: the search is deterministic, so that its parent need not send the program.
fn replay(aim: Aim, seed: u64, decisions: &str) -> ExitCode {
    let generated = Generated::new(seed);
    if decisions.is_empty() {
        let _ = fails(aim, &generated, seed);
        return ExitCode::SUCCESS;
    }
    let mut left = decisions.chars();
    let _ = shrink(&generated, decisions.len(), &mut |candidate| match left.next() {
        Some('1') => true,
        Some('?') => {
            let _ = fails(aim, candidate, seed);
            false
        }
        _ => false,
    });
    ExitCode::SUCCESS
}
