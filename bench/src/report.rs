//! What a run has found, and how figures are written.

pub(crate) mod bars;
pub(crate) mod markdown;
pub(crate) mod plots;
mod svg;
pub(crate) mod text;

use crate::growth::Growth;
use crate::machine::Machine;
use crate::measure::{Durability, Row, Target, Times, Unit};

/// Everything that one run has found.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) is_quick: bool,
    /// How often each contender was timed.
    pub(crate) rounds: usize,
    pub(crate) sections: Vec<Section>,
    pub(crate) growth: Vec<Growth>,
}

/// Rows under one heading.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<Row>,
}

impl Section {
    /// Everybody who did something, in order of appearance.
    fn contenders(&self) -> Vec<&'static str> {
        let mut contenders = Vec::new();
        for result in self.rows.iter().flat_map(|row| &row.results) {
            if !contenders.contains(&result.contender) {
                contenders.push(result.contender);
            }
        }
        contenders
    }
}

impl Report {
    /// One line about the run.
    fn about(&self) -> String {
        let machine = &self.machine;
        let kind = if self.is_quick { " (a quick run: do not cite it)" } else { "" };
        format!(
            "{}, commit {}, {}, {} cores (load before the run: {}), {}; medians of {} interleaved \
             repetitions, lowest to highest in brackets{kind}. {}.",
            machine.date,
            machine.commit,
            machine.processor,
            machine.cores,
            machine.load,
            machine.system,
            self.rounds,
            machine.versions.join(", "),
        )
    }
}

/// A figure with three significant digits.
fn figure(value: f64) -> String {
    let digits = value.abs().log10().floor();
    let decimals = if digits.is_finite() { (2.0 - digits).clamp(0.0, 3.0) } else { 0.0 };
    format!("{value:.*}", decimals as usize)
}

fn spread(times: &Times, unit: Unit) -> String {
    let scale = unit.scale();
    let median = figure(times.median * scale);
    if times.lowest == times.highest {
        return median;
    }
    format!("{median} ({}–{})", figure(times.lowest * scale), figure(times.highest * scale))
}

fn durability(row: &Row) -> &'static str {
    match row.durability {
        Durability::Memory => "in memory",
        Durability::Durable => "durable",
    }
}

fn target(row: &Row) -> Option<String> {
    let (accepted, goal, of) = match row.target? {
        Target::Ratio(accepted, goal) => (accepted, goal, format!(" × {}", row.base?)),
        Target::Figure(accepted, goal) => (accepted, goal, format!(" {}", row.unit.symbol())),
    };
    Some(match accepted == goal {
        true => format!("≤ {accepted}{of}"),
        false => format!("≤ {accepted}, then ≤ {goal}{of}"),
    })
}
