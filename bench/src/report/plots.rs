//! Small charts of how costs grow, both axes by powers of ten, each beside the law it should keep.

use super::Report;
use super::svg::{Anchor, Svg};
use crate::growth::Growth;

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 220.0;
const COLUMNS: usize = 3;
/// Around a chart, within its share of the picture.
const LEFT: f64 = 62.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 36.0;

/// All of them.
pub(crate) fn draw(report: &Report) -> String {
    let lines = report.growth.len().div_ceil(COLUMNS);
    let mut svg = Svg::new(WIDTH * COLUMNS as f64, HEIGHT * lines as f64);
    for (index, growth) in report.growth.iter().enumerate() {
        let at = (WIDTH * (index % COLUMNS) as f64, HEIGHT * (index / COLUMNS) as f64);
        Chart::of(growth, at).draw(&mut svg, growth);
    }
    svg.finish()
}

/// Whole powers of ten around some values.
struct Powers {
    from: i32,
    to: i32,
}

impl Powers {
    fn around(values: impl Iterator<Item = f64> + Clone) -> Powers {
        let from = values.clone().fold(f64::INFINITY, f64::min).log10().floor() as i32;
        let to = values.fold(0.0, f64::max).log10().ceil() as i32;
        Powers { from, to: to.max(from + 1) }
    }

    /// How far a value is from the beginning, as a share.
    fn share(&self, value: f64) -> f64 {
        (value.log10() - f64::from(self.from)) / f64::from(self.to - self.from)
    }
}

struct Chart {
    at: (f64, f64),
    x: Powers,
    y: Powers,
}

impl Chart {
    fn of(growth: &Growth, at: (f64, f64)) -> Chart {
        let scale = growth.unit.scale();
        let costs = growth.points.iter().map(|(_, times)| times.median * scale);
        let sizes = growth.points.iter().map(|&(x, _)| x);
        Chart { at, x: Powers::around(sizes), y: Powers::around(costs) }
    }

    fn place(&self, x: f64, y: f64) -> (f64, f64) {
        let (width, height) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
        // What is below the chart (a law where it says next to nothing) stays at its edge.
        let (x, y) = (self.x.share(x), self.y.share(y).clamp(0.0, 1.0));
        (self.at.0 + LEFT + x * width, self.at.1 + TOP + (1.0 - y) * height)
    }

    fn draw(&self, svg: &mut Svg, growth: &Growth) {
        let (left, top) = self.at;
        let title = format!("{}, by {}", growth.name, growth.of);
        svg.text("title", (left + 12.0, top + 18.0), Anchor::Start, &title);
        let says = format!("dashed: {}", growth.law.name());
        svg.text("small", (left + 12.0, top + 32.0), Anchor::Start, &says);
        self.grid(svg, growth);
        let scale = growth.unit.scale();
        let curve: Vec<_> =
            growth.points.iter().map(|(x, cost)| self.place(*x, cost.median * scale)).collect();
        // The law goes through the last point, where costs are least disturbed by what is fixed.
        if let Some((last, cost)) = growth.points.last() {
            let factor = cost.median * scale / growth.law.of(*last);
            let law = growth.points.iter().map(|(x, _)| self.place(*x, factor * growth.law.of(*x)));
            svg.curve("law", &law.collect::<Vec<_>>());
        }
        svg.curve("curve", &curve);
        curve.into_iter().for_each(|point| svg.dot("c2", point));
    }

    fn grid(&self, svg: &mut Svg, growth: &Growth) {
        let bounds = |powers: &Powers| [powers.from, powers.to].map(|power| 10_f64.powi(power));
        let ([left, right], [bottom, top]) = (bounds(&self.x), bounds(&self.y));
        for power in self.y.from..=self.y.to {
            let y = 10_f64.powi(power);
            let (from, to) = (self.place(left, y), self.place(right, y));
            svg.line("grid", from, to);
            let label = format!("{} {}", short(y), growth.unit.symbol());
            svg.text("small", (from.0 - 5.0, from.1 + 4.0), Anchor::End, &label);
        }
        for power in self.x.from..=self.x.to {
            let x = 10_f64.powi(power);
            let (from, to) = (self.place(x, bottom), self.place(x, top));
            svg.line("grid", from, to);
            svg.text("small", (from.0, from.1 + 15.0), Anchor::Middle, &short(x));
        }
    }
}

/// A power of ten in few letters.
fn short(value: f64) -> String {
    match value {
        value if value >= 1e9 => format!("{}G", value / 1e9),
        value if value >= 1e6 => format!("{}M", value / 1e6),
        value if value >= 1e3 => format!("{}k", value / 1e3),
        value => format!("{value}"),
    }
}
