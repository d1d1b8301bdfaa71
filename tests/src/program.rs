//! The kinds whose case is one program: `check`, `run`, `trap` and `limit`. The engine compiles it
//! and runs its tests; what it says is annotated under the lines it is about.

use midflight_compiler::settings::Settings;
use midflight_compiler::source::Source;
use midflight_runtime::{Engine, Limits, LoadError, TestReport};
use midflight_tests::patient;
use midflight_tests::reference::suite;

use crate::case::{Case, Kind};
use crate::expect::Found;
use crate::listing::{Listing, Note};

/// Compiles and tests a case's program.
pub(crate) fn run(kind: Kind, case: &Case) -> Result<Found, String> {
    let listing = Listing::new(case.lines.iter().map(String::as_str))?;
    let source = Source::new(format!("{}.flight", case.name), listing.text());
    let engine = engine(case)?;
    let (diagnostics, notes) = match engine.test(source.clone()) {
        Ok(report) => {
            accept(kind, &report)?;
            suite::agree(&report, &engine)?;
            let traps = report.results.iter().filter_map(|result| result.trap.as_ref());
            let traps = traps.map(|trap| Note {
                start: trap.position,
                end: None,
                text: format!("trap {} {}", trap.kind.name(), trap.message),
            });
            let notes = traps.collect();
            (report.warnings, notes)
        }
        Err(LoadError::Source { diagnostics, .. }) => {
            refuse(kind, &diagnostics.iter().map(|d| d.message.as_str()).collect::<Vec<_>>())?;
            (diagnostics, Vec::new())
        }
        Err(error) => return Err(error.to_string()),
    };
    let notes = diagnostics.iter().map(|diagnostic| Note::of(&source, diagnostic)).chain(notes);
    let lines = listing.annotated(notes.collect());
    let sidecars = case.views().map(|view| {
        let text = crate::view::diagnostics(view, &source, &diagnostics)?;
        Ok((view.to_owned(), text))
    });
    Ok(Found { lines, sidecars: sidecars.collect::<Result<_, String>>()? })
}

/// Refuses what a kind's program must not do when it compiles.
fn accept(kind: Kind, report: &TestReport) -> Result<(), String> {
    let trapped = report.results.iter().filter(|test| test.trap.is_some()).count();
    let count = report.results.len();
    match kind {
        Kind::Run if count == 0 => Err("a `run` case needs a test".to_owned()),
        Kind::Run if trapped > 0 => {
            let failed = report.results.iter().filter_map(|test| {
                test.trap.as_ref().map(|trap| format!("test \"{}\": {trap}", test.name))
            });
            Err(failed.collect::<Vec<_>>().join("\n"))
        }
        Kind::Trap if count == 0 || trapped < count => {
            Err("every test of a `trap` case must trap, and there must be one".to_owned())
        }
        Kind::Check if trapped > 0 => Err("a `check` case is not about running".to_owned()),
        _ => Ok(()),
    }
}

/// Refuses a program that does not compile where the kind is about running.
fn refuse(kind: Kind, messages: &[&str]) -> Result<(), String> {
    match kind {
        Kind::Run | Kind::Trap => Err(format!("does not compile: {}", messages.join("; "))),
        Kind::Check | Kind::Limit | Kind::Emit | Kind::Swap => Ok(()),
    }
}

/// An engine with the limits that the case's options set.
pub(crate) fn engine(case: &Case) -> Result<Engine, String> {
    let mut limits = Limits::default();
    let mut source = patient();
    for (name, value) in case.settings().filter(|&(name, _)| name != "limit") {
        let number = value.parse().map_err(|_| format!("`{value}` is no number"))?;
        if !limits.set(name, number) && !source.set(name, number) {
            return Err(format!("no limit `{name}` can be set"));
        }
    }
    let code = Settings::default().limits(source);
    let engine = Engine::builder()
        .memory()
        .clock(|| 0)
        .limits(limits)
        .code(code)
        .build()
        .expect("memory needs no store");
    Ok(engine)
}
