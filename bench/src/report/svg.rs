//! The few shapes that charts are made of, legible on light and on dark ground.

use std::fmt::Write;

/// A chart that is being drawn.
pub(super) struct Svg {
    width: f64,
    height: f64,
    shapes: String,
}

/// Where a text ends at the point that it is given.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A point of a chart.
pub(super) type Point = (f64, f64);

/// Classes of colour: contenders in the order in which they are drawn, told apart by those who see
/// no red or green, too.
const STYLE: &str = "
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 13px } .small { font-size: 10.5px; fill: #57606a }
.grid { stroke: #d0d7de; stroke-width: 1 } .axis { stroke: #8c959f; stroke-width: 1.2 }
.law { stroke: #8c959f; stroke-width: 1.4; stroke-dasharray: 5 4; fill: none }
.curve { stroke: #d1521b; stroke-width: 2; fill: none }
.c0 { fill: #8c959f } .c1 { fill: #b8bfc7 } .c2 { fill: #e0662d } .c3 { fill: #0072b2 }
.c4 { fill: #56b4e9 } .c5 { fill: #009e73 } .c6 { fill: #cc79a7 } .c7 { fill: #c9a227 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small { fill: #9da7b3 } .grid { stroke: #30363d }
.axis { stroke: #7d8590 } .c1 { fill: #586069 } .c3 { fill: #3b95d0 }
}
";

impl Svg {
    pub(super) fn new(width: f64, height: f64) -> Svg {
        Svg { width, height, shapes: String::new() }
    }

    pub(super) fn text(&mut self, class: &str, (x, y): Point, anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        self.add(&format!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
        ));
    }

    pub(super) fn line(&mut self, class: &str, (x1, y1): Point, (x2, y2): Point) {
        self.add(&format!(
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        ));
    }

    pub(super) fn bar(&mut self, class: &str, (x, y): Point, width: f64, height: f64) {
        self.add(&format!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
             height=\"{height:.1}\"/>"
        ));
    }

    pub(super) fn dot(&mut self, class: &str, (x, y): Point) {
        self.add(&format!("<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>"));
    }

    pub(super) fn curve(&mut self, class: &str, points: &[Point]) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        self.add(&format!("<polyline class=\"{class}\" points=\"{}\"/>", points.join(" ")));
    }

    fn add(&mut self, shape: &str) {
        writeln!(self.shapes, "{shape}").expect("a `String` takes all");
    }

    pub(super) fn finish(self) -> String {
        let Svg { width, height, shapes } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\">\n<style>{STYLE}</style>\n{shapes}</svg>\n"
        )
    }
}
