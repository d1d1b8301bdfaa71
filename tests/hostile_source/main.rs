//! Sources that somebody posts to hurt the host: too deep, too long, too many, too strange, too
//! greedy. Each gets its own named refusal, or compiles and runs within its budget. None makes a
//! pass panic or overflow its stack, the formatter included, and what is said of it stays short.
//!
//! A case is a row with a small function that makes the source; the files next to this one hold
//! them by topic. Nothing here depends on time.

mod case;
mod chain;
mod meaning;
mod nesting;
mod running;
mod size;
mod symbols;
mod text;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let topics = [
        ("nesting", nesting::CASES),
        ("chain", chain::CASES),
        ("size", size::CASES),
        ("text", text::CASES),
        ("meaning", meaning::CASES),
        ("running", running::CASES),
    ];
    let cases =
        topics.iter().flat_map(|(topic, cases)| cases.iter().map(move |case| (topic, case)));
    let mut trials: Vec<Trial> = cases
        .map(|(topic, case)| Trial::test(format!("{topic}/{}", case.name), || case.check()))
        .collect();
    trials.push(Trial::test("no-text-of-a-user-is-a-symbol", symbols::check));
    libtest_mimic::run(&arguments, trials).exit_code()
}
