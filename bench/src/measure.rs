//! How times are taken: interleaved, repeated, and told with their spread.

use std::time::{Duration, Instant};

use crate::Error;
use crate::piece::{Answer, Contender};

/// The contender that all of this is about.
pub(crate) const MIDFLIGHT: &str = "midflight";

/// Who takes longer for a round is timed less often.
const SLOW: Duration = Duration::from_secs(1);

/// How much of everything is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// How often each contender is timed.
    pub(crate) rounds: usize,
    /// Whether a run should rather end soon than tell small differences.
    pub(crate) is_quick: bool,
}

impl Settings {
    /// A run whose figures may be published, or a quick one.
    pub(crate) fn new(is_quick: bool) -> Settings {
        Settings { rounds: if is_quick { 3 } else { 11 }, is_quick }
    }

    /// How often something is done, of how often it is done in a full run.
    pub(crate) fn count(self, full: u32) -> u32 {
        if self.is_quick { full.div_ceil(5) } else { full }
    }
}

/// One line of the result: a piece of work, and everybody who did it.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Row {
    /// What was done.
    pub(crate) name: String,
    /// Whether it was there after a loss of power when it counted as done.
    pub(crate) durability: Durability,
    /// What the figures are shown in.
    pub(crate) unit: Unit,
    /// Whose figures the others are divided by, if anybody's.
    pub(crate) base: Option<&'static str>,
    /// Who did it, in order.
    pub(crate) results: Vec<Timed>,
    /// What Midflight should reach.
    pub(crate) target: Option<Target>,
}

/// The figures of one contender.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Timed {
    pub(crate) contender: &'static str,
    pub(crate) times: Times,
    /// The spread of the ratios to the base's times, neighbours in time compared.
    pub(crate) ratio: Option<Times>,
}

/// What was kept of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Durability {
    /// In memory only.
    Memory,
    /// On the disk before it counted as done.
    Durable,
}

/// What to reach: what is accepted, and the goal.
#[derive(Clone, Copy, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Target {
    /// Times the base's figure.
    Ratio(f64, f64),
    /// In the unit of the row.
    Figure(f64, f64),
}

/// What became of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The goal is reached.
    Reached,
    /// What is accepted, but not the goal.
    Accepted,
    Missed,
}

/// The spread of what was measured, in seconds or bytes.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(crate) struct Times {
    pub(crate) lowest: f64,
    pub(crate) median: f64,
    pub(crate) highest: f64,
}

/// What figures are shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unit {
    Nanoseconds,
    Microseconds,
    Milliseconds,
    Bytes,
}

impl Unit {
    /// What a figure in seconds or bytes is multiplied by.
    pub(crate) fn scale(self) -> f64 {
        match self {
            Unit::Nanoseconds => 1e9,
            Unit::Microseconds => 1e6,
            Unit::Milliseconds => 1e3,
            Unit::Bytes => 1.0,
        }
    }

    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Unit::Nanoseconds => "ns",
            Unit::Microseconds => "µs",
            Unit::Milliseconds => "ms",
            Unit::Bytes => "B",
        }
    }
}

impl Row {
    /// The figures of several contenders, taken in turn; those of `base` are what others are
    /// divided by.
    pub(crate) fn compared(
        name: impl Into<String>,
        unit: Unit,
        base: Option<&'static str>,
        figures: Vec<(&'static str, Vec<f64>)>,
    ) -> Row {
        let of_base = figures.iter().find(|(contender, _)| Some(*contender) == base);
        let of_base = of_base.map(|(_, figures)| figures.clone());
        let timed = |(contender, figures): (&'static str, Vec<f64>)| Timed {
            contender,
            ratio: of_base.as_ref().map(|base| ratios(&figures, base)),
            times: times(figures),
        };
        Row {
            name: name.into(),
            durability: Durability::Memory,
            unit,
            base,
            results: figures.into_iter().map(timed).collect(),
            target: None,
        }
    }

    /// What Midflight alone does.
    pub(crate) fn alone(name: impl Into<String>, unit: Unit, figures: Vec<f64>) -> Row {
        Row::compared(name, unit, None, vec![(MIDFLIGHT, figures)])
    }

    pub(crate) fn reaching(self, target: Target) -> Row {
        Row { target: Some(target), ..self }
    }

    /// What has been reached of the target, where there is one.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        let midflight = self.result(MIDFLIGHT)?;
        let (figure, accepted, goal) = match self.target? {
            Target::Ratio(accepted, goal) => (midflight.ratio?.median, accepted, goal),
            Target::Figure(accepted, goal) => {
                (midflight.times.median * self.unit.scale(), accepted, goal)
            }
        };
        Some(match figure {
            figure if figure <= goal => Verdict::Reached,
            figure if figure <= accepted => Verdict::Accepted,
            _ => Verdict::Missed,
        })
    }

    /// The figures of a contender.
    pub(crate) fn result(&self, contender: &str) -> Option<&Timed> {
        self.results.iter().find(|timed| timed.contender == contender)
    }
}

/// The seconds of every contender in every round, contenders in turn within each.
///
/// All must give the answer of the first, in the round before those that count and in each of them.
/// Who takes more than a second for a round is spared most of them.
///
/// # Errors
/// When an answer differs, or a contender fails.
pub(crate) fn interleaved(
    contenders: &mut [Contender],
    count: u32,
    rounds: usize,
) -> Result<Vec<Vec<f64>>, Error> {
    let mut seconds = vec![Vec::with_capacity(rounds); contenders.len()];
    let mut rounds_max = vec![rounds; contenders.len()];
    // One round that does not count: caches, branch predictors, lazily made memory.
    for round in 0..=rounds {
        let mut expected: Option<(&'static str, Answer)> = None;
        for ((contender, seconds), round_max) in
            contenders.iter_mut().zip(&mut seconds).zip(&mut rounds_max)
        {
            if round > *round_max {
                continue;
            }
            let began = Instant::now();
            let answer = contender.run(count)?;
            let taken = began.elapsed();
            if round > 0 {
                seconds.push(taken.as_secs_f64() / f64::from(count));
            } else if taken > SLOW {
                *round_max = rounds.div_ceil(4);
            }
            let (first, expected) = expected.get_or_insert((contender.name, answer.clone()));
            if answer != *expected {
                let name = contender.name;
                return Err(
                    format!("{name} answers {answer:?} where {first} does {expected:?}").into()
                );
            }
        }
    }
    Ok(seconds)
}

/// The spread of some figures.
pub(crate) fn times(mut figures: Vec<f64>) -> Times {
    figures.sort_by(f64::total_cmp);
    let at = |index: usize| figures.get(index).copied().unwrap_or(f64::NAN);
    let last = figures.len().saturating_sub(1);
    Times { lowest: at(0), median: at(figures.len() / 2), highest: at(last) }
}

/// The spread of the ratios of figures to those of a base that were taken beside them.
fn ratios(figures: &[f64], base: &[f64]) -> Times {
    times(figures.iter().zip(base).map(|(figure, base)| figure / base).collect())
}

/// Bytes of this process that are in memory.
///
/// # Errors
/// Where the system does not tell.
pub(crate) fn resident() -> Result<f64, Error> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()).ok_or("a size")?;
    Ok(kilobytes.parse::<f64>()? * 1_024.0)
}
