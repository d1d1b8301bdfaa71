//! Runs in a process of their own: a fault of machine code may be a segmentation fault, which would
//! take the tests with it. The parent knows from a file which seeds were being run, and makes the
//! program smaller by asking a new process about each candidate.

use std::env;
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Output};

use super::campaign::{Aim, Tally, again, fails, run, shown};
use super::coverage;
use super::progress::Progress;
use crate::generate::Generated;
use crate::generate::shrink::shrink;

/// The first argument of a process that runs what the others say.
const CHILD: &str = "--run-seeds";

/// Programs that are tried to make one smaller that crashes.
const ATTEMPTS_MAX: usize = 400;

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
        name(aim),
        seeds.start
    ));
    let seeds = (seeds.start.to_string(), seeds.end.to_string());
    let told = path.display().to_string();
    let coverage = match coverage {
        Coverage::Whole => "whole",
        Coverage::Any => "any",
    };
    let output = child(&[name(aim), &seeds.0, &seeds.1, &told, coverage])?;
    let last = Progress::read(&path).unwrap_or_default();
    let _ = std::fs::remove_file(&path);
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() {
        return Ok(text);
    }
    if output.status.code() == Some(1) {
        return Err(text);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("the process ended with {}: {}{errors}", output.status, crashed(aim, &last)))
}

/// Does what a parent wants of this process, if it is a child.
pub fn run_as_child() -> Option<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [mark, aim, start, end, path, rest] = arguments.as_slice() else { return None };
    if mark != CHILD {
        return None;
    }
    let aim = [Aim::Agreement, Aim::Undo].into_iter().find(|&known| name(known) == aim)?;
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

fn name(aim: Aim) -> &'static str {
    match aim {
        Aim::Agreement => "agreement",
        Aim::Undo => "undo",
    }
}

fn child(arguments: &[&str]) -> Result<Output, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program).arg(CHILD).args(arguments).output();
    output.map_err(|error| error.to_string())
}

/// Finds out which of the seeds crashes, and makes its program smaller.
fn crashed(aim: Aim, seeds: &[u64]) -> String {
    for &seed in seeds {
        if !crashes(aim, seed, "") {
            continue;
        }
        let mut decisions = String::new();
        let smallest = shrink(&Generated::new(seed), ATTEMPTS_MAX, &mut |_| {
            let crashes = crashes(aim, seed, &format!("{decisions}?"));
            decisions.push(if crashes { '1' } else { '0' });
            crashes
        });
        return format!("seed {seed} crashes\n\n{}\n{}\n", shown(&smallest), again(aim, seed));
    }
    format!("none of the seeds {seeds:?} crashes alone\n")
}

fn crashes(aim: Aim, seed: u64, decisions: &str) -> bool {
    let seed = seed.to_string();
    let output = child(&[name(aim), &seed, &seed, "-", decisions]);
    output.is_ok_and(|output| output.status.code().is_none())
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
