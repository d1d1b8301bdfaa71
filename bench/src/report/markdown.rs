//! The report for the manual: tables between two markers.

use super::{Report, Section, figure, spread, target};
use crate::Error;
use crate::growth::Growth;
use crate::measure::{Durability, Row, Verdict};

const BEGIN: &str = "<!-- bench: recorded -->\n";
const END: &str = "<!-- bench: end -->\n";

/// The pictures that are drawn beside the page.
const BARS: &str = "![Time as a multiple of native Rust](performance.svg)";
const PLOTS: &str = "![How costs grow](growth.svg)";

/// The page with the tables of this run.
///
/// # Errors
/// When the page has no place for them.
pub(crate) fn record(page: &str, report: &Report) -> Result<String, Error> {
    let place = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = place.ok_or("the page has no markers")?;
    Ok(format!("{before}{BEGIN}{}{END}{after}", tables(report)))
}

fn tables(report: &Report) -> String {
    let mut text = format!("{}\n\n{BARS}\n", report.about());
    for section in &report.sections {
        text.push_str(&format!("\n### {}\n\n", section.title));
        text.push_str(&of_section(section));
    }
    text.push_str(&format!("\n### Growth\n\n{PLOTS}\n\n"));
    text.push_str("| cost | with | should be | from | to | power at the end |\n");
    text.push_str("| --- | --- | --- | --: | --: | --: |\n");
    report.growth.iter().for_each(|growth| text.push_str(&of_growth(growth)));
    text.push('\n');
    text
}

fn of_section(section: &Section) -> String {
    let contenders = section.contenders();
    let has_targets = section.rows.iter().any(|row| row.target.is_some());
    let mut heads = vec!["work".to_owned()];
    heads.extend(contenders.iter().map(|&contender| contender.to_owned()));
    if has_targets {
        heads.push("to reach".to_owned());
    }
    let mut text = line(&heads);
    text.push_str(&format!("| --- |{}\n", " --: |".repeat(heads.len() - 1)));
    for row in &section.rows {
        let durable = if row.durability == Durability::Durable { ", durable" } else { "" };
        let mut cells = vec![format!("{}{durable}, {}", row.name, row.unit.symbol())];
        cells.extend(contenders.iter().map(|contender| cell(row, contender)));
        if has_targets {
            cells.push(reached(row));
        }
        text.push_str(&line(&cells));
    }
    text
}

fn line(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// The figures of a contender, and their ratio to the base's.
fn cell(row: &Row, contender: &str) -> String {
    let Some(result) = row.result(contender) else { return "–".to_owned() };
    let figures = spread(&result.times, row.unit);
    match result.ratio {
        Some(ratio) if Some(contender) != row.base => {
            format!("{figures} **{}×**", figure(ratio.median))
        }
        _ => figures,
    }
}

fn reached(row: &Row) -> String {
    match (target(row), row.verdict()) {
        (Some(target), Some(Verdict::Reached)) => format!("{target}: reached"),
        (Some(target), Some(Verdict::Accepted)) => format!("{target}: accepted"),
        (Some(target), Some(Verdict::Missed)) => format!("{target}: **missed**"),
        (Some(target), None) => format!("{target}: not measured"),
        (None, _) => String::new(),
    }
}

fn of_growth(growth: &Growth) -> String {
    let at = |point: Option<&(f64, _)>| {
        point.map_or("–".to_owned(), |(x, times)| {
            format!("{} {} at {x}", spread(times, growth.unit), growth.unit.symbol())
        })
    };
    let (first, last) = (at(growth.points.first()), at(growth.points.last()));
    let power = growth.exponent().map_or("–".to_owned(), |power| format!("{power:.2}"));
    let law = growth.law.name();
    format!("| {} | {} | {law} | {first} | {last} | {power} |\n", growth.name, growth.of)
}
