//! How times are taken: interleaved, repeated, and told with their spread.

use std::fmt;
use std::time::Instant;

/// How often each piece of work is timed.
pub(crate) const REPETITIONS: usize = 15;

/// One line of the result.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Row {
    /// What was done.
    pub(crate) name: &'static str,
    /// What the text form shows the times in.
    pub(crate) unit: Unit,
    /// The same in Rust; absent where there is no such thing.
    pub(crate) native: Option<Times>,
    /// In Flight.
    pub(crate) midflight: Times,
    /// The median of the ratios of neighbours in time.
    pub(crate) ratio: Option<f64>,
}

/// Seconds for one piece of work.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Times {
    pub(crate) fastest: f64,
    pub(crate) median: f64,
    pub(crate) slowest: f64,
}

/// What times are shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unit {
    Nanoseconds,
    Microseconds,
    Milliseconds,
}

impl Unit {
    pub(crate) fn per_second(self) -> f64 {
        match self {
            Unit::Nanoseconds => 1e9,
            Unit::Microseconds => 1e6,
            Unit::Milliseconds => 1e3,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unit::Nanoseconds => "ns",
            Unit::Microseconds => "µs",
            Unit::Milliseconds => "ms",
        })
    }
}

/// Seconds that one run of `work` takes, over as many runs as `count`.
fn time(count: u32, work: &mut dyn FnMut()) -> f64 {
    let began = Instant::now();
    for _ in 0..count {
        work();
    }
    began.elapsed().as_secs_f64() / f64::from(count)
}

/// Times two pieces of work in turn, each `count` times in a row.
pub(crate) fn pair(
    name: &'static str,
    unit: Unit,
    count: u32,
    native: &mut dyn FnMut(),
    midflight: &mut dyn FnMut(),
) -> Row {
    // One round that does not count: caches, branch predictors, lazily made memory.
    let _ = (time(count, native), time(count, midflight));
    let rounds: Vec<(f64, f64)> =
        (0..REPETITIONS).map(|_| (time(count, native), time(count, midflight))).collect();
    let ratios = rounds.iter().map(|(native, midflight)| midflight / native).collect();
    Row {
        name,
        unit,
        native: Some(times(rounds.iter().map(|round| round.0).collect())),
        midflight: times(rounds.iter().map(|round| round.1).collect()),
        ratio: Some(times(ratios).median),
    }
}

/// Times a piece of work that has no native counterpart.
pub(crate) fn alone(
    name: &'static str,
    unit: Unit,
    count: u32,
    midflight: &mut dyn FnMut(),
) -> Row {
    let _ = time(count, midflight);
    let rounds = (0..REPETITIONS).map(|_| time(count, midflight)).collect();
    Row { name, unit, native: None, midflight: times(rounds), ratio: None }
}

/// The spread of some times.
pub(crate) fn times(mut rounds: Vec<f64>) -> Times {
    rounds.sort_by(f64::total_cmp);
    let at = |index: usize| rounds.get(index).copied().unwrap_or(f64::NAN);
    Times { fastest: at(0), median: at(rounds.len() / 2), slowest: at(rounds.len() - 1) }
}
