//! `midflight test FILE`: one line for each test, and a summary.

use std::path::Path;

use midflight_runtime::TestResult;

use super::{Failure, print, read, run, style, tell};
use crate::report;

/// Runs the tests of a file, each in a fresh world. A file without tests passes.
pub(super) fn run(file: &Path) -> Result<(), Failure> {
    let source = read(file)?;
    let engine = run::engine();
    let report = engine.test(source.clone()).map_err(|error| Failure::of_load(error, &source))?;
    tell(&report::diagnostics(&source, &report.warnings, style()));
    for TestResult { name, trap, .. } in &report.results {
        match trap {
            None => print(format!("ok      {name}\n")),
            Some(trap) => {
                print(format!("FAILED  {name}\n"));
                tell(&report::trap(&source, &format!("the test `{name}` failed"), trap));
            }
        }
    }
    let failed = report.results.iter().filter(|result| result.trap.is_some()).count();
    let passed = report.results.len() - failed;
    print(format!("{}: {passed} passed, {failed} failed\n", source.name()));
    if failed == 0 { Ok(()) } else { Err(Failure(String::new())) }
}
