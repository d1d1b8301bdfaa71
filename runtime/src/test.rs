//! The `test` blocks of a program: each runs in a fresh, empty world, before anybody can call it.

use std::sync::Arc;

use midflight_compiler::diag::Diagnostic;
use midflight_compiler::ir::Test;
use midflight_compiler::source::{Position, Source};

use crate::call::{Surroundings, Time, Turn};
use crate::data::Beginning;
use crate::error::{LoadError, TestFailure};
use crate::frame::Frame;
use crate::limits::Limits;
use crate::observer::{NoObserver, Observer};
use crate::trap::Trap;
use crate::version::Version;

/// How the tests of a program went.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TestReport {
    /// The source that was tested.
    pub source: Source,
    /// What the compiler warns of.
    pub warnings: Vec<Diagnostic>,
    /// Every test, in the order of the source.
    pub results: Vec<TestResult>,
}

/// How one test went.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TestResult {
    /// The test's name.
    pub name: String,
    /// Where it stands.
    pub position: Position,
    /// What ended it, where it did not pass.
    pub trap: Option<Trap>,
    /// Fuel that it used; defined only where it passed.
    pub fuel_used: i64,
}

/// How many of these tests passed.
///
/// # Errors
/// The tests that did not, where there is one.
pub(crate) fn all_passed(results: Vec<TestResult>) -> Result<usize, LoadError> {
    let count = results.len();
    let failed = results
        .into_iter()
        .filter_map(|TestResult { name, trap, .. }| trap.map(|trap| TestFailure { name, trap }));
    let failed: Vec<_> = failed.collect();
    if failed.is_empty() { Ok(count) } else { Err(LoadError::Tests(failed)) }
}

/// Runs every test. The clock stands at 0.
pub(crate) fn run_tests(version: &Arc<Version>, limits: &Limits) -> Vec<TestResult> {
    // All tests of a program share one cap, so that a posted one cannot hold a core for long.
    let mut fuel = limits.test_fuel_max;
    let world = Arc::from("test");
    let observer: Arc<dyn Observer> = Arc::new(NoObserver);
    let run = |test: &Test| {
        let mut fuel_used = 0;
        let trap = match Frame::new(version.clone(), Beginning::alone(limits)) {
            Ok(mut frame) => {
                let surroundings = Surroundings {
                    world: &world,
                    counts: &Arc::default(),
                    observer: &observer,
                    journal: None,
                    time: Time::At(0),
                };
                let mut turn = Turn::new(&mut frame, surroundings, fuel);
                let result = run_one(&mut turn, test);
                fuel_used = turn.fuel_used();
                fuel -= fuel_used.clamp(0, fuel);
                result.err()
            }
            Err(kind) => Some(Trap::at_test(version, test, kind)),
        };
        let position = version.source().position(test.span.start);
        TestResult { name: test.name.clone(), position, trap, fuel_used }
    };
    version.program().ir.tests.iter().map(run).collect()
}

/// Runs `on load` as in any new world, then the test.
fn run_one(turn: &mut Turn<'_>, test: &Test) -> Result<(), Trap> {
    if let Some(on_load) = turn.version().program().ir.on_load {
        turn.run(on_load)?;
    }
    turn.run(test.function)
}
