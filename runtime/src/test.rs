//! The `test` blocks of a program: each runs in a fresh, empty world, before anybody can call it.

use std::sync::Arc;

use crate::call::{Budget, Counts, Turn};
use crate::error::{LoadError, TestFailure};
use crate::frame::Frame;
use crate::limits::Limits;
use crate::trap::Trap;
use crate::version::Version;

/// How the tests of a program went.
#[derive(Debug, Default)]
pub(crate) struct TestReport {
    /// Each test's name with the trap that ended it, if one did, in the order of the source.
    pub(crate) results: Vec<(String, Option<Trap>)>,
}

impl TestReport {
    /// How many passed.
    ///
    /// # Errors
    /// The tests that did not, where there is one.
    pub(crate) fn into_result(self) -> Result<usize, LoadError> {
        let count = self.results.len();
        let failed = self
            .results
            .into_iter()
            .filter_map(|(name, trap)| trap.map(|trap| TestFailure { name, trap }));
        let failed: Vec<_> = failed.collect();
        if failed.is_empty() { Ok(count) } else { Err(LoadError::Tests(failed)) }
    }
}

/// Runs every test. The clock stands at 0.
pub(crate) fn run_tests(version: &Arc<Version>, limits: &Limits) -> TestReport {
    let mut report = TestReport::default();
    // All tests of a program share one cap, so that a posted one cannot hold a core for long.
    let mut fuel = limits.test_fuel_max;
    for test in &version.program().ir.tests {
        let trap = match Frame::new(version.clone(), limits) {
            Ok(mut frame) => {
                let counts = Counts::default();
                let budget = Budget { fuel, now_ms: 0 };
                let mut turn = Turn::new(&mut frame, &counts, budget);
                let result = turn.run(test.function);
                fuel -= turn.fuel_used().clamp(0, fuel);
                result.err()
            }
            Err(kind) => Some(Trap::at_test(version, test, kind)),
        };
        report.results.push((test.name.clone(), trap));
    }
    report
}
