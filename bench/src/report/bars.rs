//! A chart of how many times what native Rust takes everybody takes.

use super::svg::{Anchor, Svg};
use super::{Report, figure};
use crate::measure::{MIDFLIGHT, Row};

const LEFT: f64 = 250.0;
const RIGHT: f64 = 60.0;
const TOP: f64 = 64.0;
const BAR: f64 = 11.0;
const GAP: f64 = 10.0;
const WIDTH: f64 = 900.0;
/// The ends of the scale: powers of ten.
const SCALE: (f64, f64) = (-1.0, 4.0);

/// The rows that are compared with native Rust, each with a bar for everybody else.
pub(crate) fn draw(report: &Report) -> String {
    let rows = report.sections.iter().flat_map(|section| &section.rows);
    let rows: Vec<&Row> = rows.filter(|row| row.base == Some("native")).collect();
    let mut contenders: Vec<&str> = Vec::new();
    for result in rows.iter().flat_map(|row| &row.results) {
        if !contenders.contains(&result.contender) {
            contenders.push(result.contender);
        }
    }
    let height: f64 = rows.iter().map(|row| row_height(row)).sum();
    let mut svg = Svg::new(WIDTH, TOP + height + 24.0);
    svg.text(
        "title",
        (12.0, 20.0),
        Anchor::Start,
        "Time, as a multiple of native Rust (log scale)",
    );
    legend(&mut svg, &contenders);
    grid(&mut svg, TOP + height);
    let mut y = TOP + GAP / 2.0;
    for row in &rows {
        let middle = y + (row_height(row) - GAP) / 2.0 + 4.0;
        svg.text("", (LEFT - 10.0, middle), Anchor::End, &row.name);
        bars(&mut svg, row, &contenders, y);
        y += row_height(row);
    }
    svg.finish()
}

fn row_height(row: &Row) -> f64 {
    BAR * (row.results.len().saturating_sub(1)) as f64 + GAP
}

/// Where a ratio is, in the bounds of the scale.
fn place(ratio: f64) -> f64 {
    let (from, to) = SCALE;
    let share = (ratio.log10().clamp(from, to) - from) / (to - from);
    LEFT + share * (WIDTH - LEFT - RIGHT)
}

fn colour(contenders: &[&str], contender: &str) -> String {
    // Midflight's colour is the same whoever takes part.
    let others = contenders.iter().filter(|&&other| other != MIDFLIGHT);
    let index = others.clone().position(|&other| other == contender);
    match index {
        _ if contender == MIDFLIGHT => "c2".to_owned(),
        Some(index) if index < 2 => format!("c{index}"),
        Some(index) => format!("c{}", 3 + (index - 2) % 5),
        None => "c0".to_owned(),
    }
}

fn legend(svg: &mut Svg, contenders: &[&str]) {
    let mut x = 12.0;
    for contender in contenders.iter().filter(|&&contender| contender != "native") {
        svg.bar(&colour(contenders, contender), (x, 32.0), 10.0, 10.0);
        svg.text("small", (x + 14.0, 41.0), Anchor::Start, contender);
        x += 32.0 + 6.0 * contender.len() as f64;
    }
}

fn grid(svg: &mut Svg, bottom: f64) {
    for power in SCALE.0 as i32..=SCALE.1 as i32 {
        let ratio = 10_f64.powi(power);
        let class = if power == 0 { "axis" } else { "grid" };
        svg.line(class, (place(ratio), TOP), (place(ratio), bottom));
        svg.text("small", (place(ratio), bottom + 14.0), Anchor::Middle, &format!("{ratio}×"));
    }
}

fn bars(svg: &mut Svg, row: &Row, contenders: &[&str], top: f64) {
    let others = row.results.iter().filter(|result| Some(result.contender) != row.base);
    for (index, result) in others.enumerate() {
        let Some(ratio) = result.ratio else { continue };
        let y = top + BAR * index as f64;
        let (one, end) = (place(1.0), place(ratio.median));
        let class = colour(contenders, result.contender);
        svg.bar(&class, (one.min(end), y), (end - one).abs().max(1.0), BAR - 1.5);
        let label = figure(ratio.median);
        svg.text("small", (one.max(end) + 4.0, y + BAR - 2.0), Anchor::Start, &label);
    }
}
