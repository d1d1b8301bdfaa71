//! The examples in `dsl-examples/` as their users meet them: each program is whole and formatted,
//! each transcript is what a server of its own prints, each README quotes the transcript.
//! `tests/README.md` tells how they are written.

mod quote;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use libtest_mimic::{Arguments, Failed, Trial};
use midflight_compiler::diag::Diagnostic;
use midflight_compiler::diag::render::{Style, render};
use midflight_compiler::fmt;
use midflight_compiler::source::Source;
use midflight_runtime::Engine;
use midflight_tests::reference::suite;
use midflight_tests::transcript::{self, Session};
use midflight_tests::{is_updating, unhurried};

const EXAMPLES: &str = "dsl-examples";

/// The `midflight` command.
const PROGRAM: &str = env!("CARGO_BIN_EXE_midflight-under-test");

const ADVICE: &str =
    "to take over what was found: UPDATE=1 cargo test -p midflight-tests --test examples";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // Transcripts name files as a user does who stands at the root of the repository.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    env::set_current_dir(root).expect("the repository is there");
    let mut trials = Vec::new();
    for example in entries(Path::new(EXAMPLES)).expect("there are examples") {
        if example.is_dir() {
            let (name, programs_of) = (example.display().to_string(), example.clone());
            trials.push(Trial::test(format!("{name}/programs"), move || programs(&programs_of)));
            trials.push(Trial::test(format!("{name}/transcript"), move || transcript(&example)));
        }
    }
    trials.push(Trial::test("every-source-is-formatted", every_source_is_formatted));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The paths in a folder, in their order.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// What a file says is what was found, or becomes it with `UPDATE=1`.
fn meet(path: &Path, expected: &str, found: &str) -> Result<(), Failed> {
    if expected == found {
        return Ok(());
    }
    if is_updating() {
        return Ok(fs::write(path, found)?);
    }
    let same = expected.lines().zip(found.lines()).take_while(|(e, f)| e == f).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("(nothing)").to_owned();
    let (path, number) = (path.display(), same + 1);
    let (expected, found) = (line(expected), line(found));
    Err(format!("{path}:{number}\nexpected: {expected}\nfound:    {found}\n{ADVICE}").into())
}

/// So is every other `.flight` file of the repository; golden cases have another ending.
fn every_source_is_formatted() -> Result<(), Failed> {
    ["compiler", "runtime", "server", "tests", "bench"]
        .iter()
        .try_for_each(|folder| sources_are_formatted(Path::new(folder)))
}

fn sources_are_formatted(folder: &Path) -> Result<(), Failed> {
    for path in entries(folder)? {
        if path.is_dir() {
            sources_are_formatted(&path)?;
        } else if path.extension().is_some_and(|ending| ending == "flight") {
            let text = fs::read_to_string(&path)?;
            let source = Source::new(path.display().to_string(), text.clone());
            let formatted = fmt::format(&source)
                .map_err(|diagnostics| render(&source, &diagnostics, Style::Plain))?;
            meet(&path, &text, &formatted)?;
        }
    }
    Ok(())
}

/// Every program is formatted, compiles without warnings, and passes its tests.
fn programs(example: &Path) -> Result<(), Failed> {
    let mut programs = entries(example)?;
    programs.retain(|path| path.extension().is_some_and(|name| name == "flight"));
    if programs.is_empty() {
        return Err(format!("{}: there is no program", example.display()).into());
    }
    programs.iter().try_for_each(|path| program(path))
}

fn program(path: &Path) -> Result<(), Failed> {
    let (name, text) = (path.display().to_string(), fs::read_to_string(path)?);
    let source = Source::new(name.clone(), text.clone());
    let shown = |diagnostics: &[Diagnostic]| render(&source, diagnostics, Style::Plain);
    let formatted = fmt::format(&source).map_err(|diagnostics| shown(&diagnostics))?;
    meet(path, &text, &formatted)?;
    let engine =
        Engine::builder().memory().code(unhurried()).build().expect("memory needs no store");
    let report = engine.test(source.clone()).map_err(|error| format!("{name}: {error}"))?;
    if !report.warnings.is_empty() {
        return Err(shown(&report.warnings).into());
    }
    if report.results.is_empty() {
        return Err(format!("{name} has no tests").into());
    }
    for result in &report.results {
        if let Some(trap) = &result.trap {
            return Err(format!("{name}: the test `{}` failed: {trap}", result.name).into());
        }
    }
    Ok(suite::agree(&report, &engine)?)
}

/// The transcript is what its commands print, and the README quotes it.
fn transcript(example: &Path) -> Result<(), Failed> {
    let path = example.join("transcript.txt");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut session = Session::new(PROGRAM, Path::new("."));
    let mut steps = transcript::steps(&text)?;
    for step in &mut steps {
        let printed = session.run(step);
        let printed = printed.map_err(|error| format!("$ {}\n{error}", step.command))?;
        step.take_over(&printed);
    }
    meet(&path, &text, &transcript::written(&steps))?;
    let path = example.join("README.md");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let quoting = quote::quote(&text, &steps);
    meet(&path, &text, &quoting.map_err(|error| format!("{}: {error}", path.display()))?)
}
