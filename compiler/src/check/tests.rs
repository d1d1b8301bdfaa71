//! The checker on real source: what a mistake gets, and what a right program becomes. The tables
//! stand in `tests/wrong.rs` and `tests/right.rs`.

mod right;
mod robust;
mod whole;
mod wrong;

use super::{Checked, check};
use crate::diag::Diagnostic;
use crate::ir::print::print;
use crate::parse::parse;
use crate::source::Source;

/// Checks a program against the whole language.
fn check_whole(text: &str) -> Result<Checked, Vec<Diagnostic>> {
    let source = Source::new("test", text);
    let (program, diagnostics) = parse(&source);
    check(&source, &program, diagnostics)
}

/// What was reported: code and the text under its span, each on a line.
fn reported(text: &str, diagnostics: &[Diagnostic]) -> Vec<String> {
    let source = Source::new("test", text);
    let line = |d: &Diagnostic| format!("{} {}", d.code.name(), source.slice(d.span));
    diagnostics.iter().map(line).collect()
}

/// The printed program; the mistakes where there are any.
fn printed(text: &str) -> String {
    match check_whole(text) {
        Ok(checked) => print(&checked.program),
        Err(diagnostics) => panic!("{text}\n{:#?}", reported(text, &diagnostics)),
    }
}
