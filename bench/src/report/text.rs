//! The report for a terminal.

use std::fmt::Write;

use super::{Report, durability, figure, spread, target};
use crate::growth::Growth;
use crate::measure::{Row, Verdict};

/// The whole report.
pub(crate) fn text(report: &Report) -> String {
    let mut text = String::new();
    writeln!(text, "{}", report.about()).expect("a `String` takes all");
    for section in &report.sections {
        writeln!(text, "\n== {}", section.title).expect("a `String` takes all");
        section.rows.iter().for_each(|row| text.push_str(&of_row(row)));
    }
    if !report.growth.is_empty() {
        text.push_str("\n== Growth\n");
        report.growth.iter().for_each(|growth| text.push_str(&of_growth(growth)));
    }
    text
}

fn of_row(row: &Row) -> String {
    let mut text = format!("{} ({})", row.name, durability(row));
    if let Some((target, verdict)) = target(row).zip(row.verdict()) {
        write!(text, "; target {target}: {}", said(verdict)).expect("a `String` takes all");
    }
    text.push('\n');
    for result in &row.results {
        let figures = format!("{} {}", spread(&result.times, row.unit), row.unit.symbol());
        let ratio = result.ratio.map_or(String::new(), |ratio| figure(ratio.median));
        writeln!(text, "    {:<28} {figures:>32} {ratio:>8}", result.contender)
            .expect("a `String` takes all");
    }
    text
}

fn said(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Reached => "reached",
        Verdict::Accepted => "accepted",
        Verdict::Missed => "missed",
    }
}

fn of_growth(growth: &Growth) -> String {
    let mut text = format!("{} with {}: should be {}", growth.name, growth.of, growth.law.name());
    if let Some(exponent) = growth.exponent() {
        write!(text, ", grows with the power {exponent:.2} at the end")
            .expect("a `String` takes all");
    }
    text.push('\n');
    for (x, times) in &growth.points {
        let figures = spread(times, growth.unit);
        writeln!(text, "    {x:>10} {figures:>32} {}", growth.unit.symbol())
            .expect("a `String` takes all");
    }
    text
}
