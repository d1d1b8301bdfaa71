//! Diagnostics and traps as people and programs read them, for the command line and for `/load`.
//! The look of diagnostics is the compiler's; a trap is shown in the same manner.

use midflight_compiler::diag::Diagnostic;
use midflight_compiler::diag::render::render;
use midflight_compiler::diag::view::view;
use midflight_compiler::source::{Position, Source};
use midflight_runtime::Trap;
use serde_json::{Value, json};

pub(crate) use midflight_compiler::diag::render::Style;

/// Characters of a source line that are shown.
const LINE_LEN_MAX: usize = 120;

/// The diagnostics as text.
pub(crate) fn diagnostics(source: &Source, diagnostics: &[Diagnostic], style: Style) -> String {
    render(source, diagnostics, style)
}

/// The diagnostics as data.
pub(crate) fn diagnostics_json(source: &Source, diagnostics: &[Diagnostic]) -> Value {
    json!(view(source, diagnostics))
}

/// A trap with the line of source that it happened in; `what` says what has ended with it.
pub(crate) fn trap(source: &Source, what: &str, trap: &Trap) -> String {
    let Position { line, column } = trap.position;
    let (message, function, name) = (&trap.message, &trap.function, source.name());
    let kind = trap.kind.name();
    let margin = " ".repeat(line.to_string().len());
    let mut text = format!("error[{kind}]: {what}: {message}\n");
    text.push_str(&format!("{margin}--> {name}:{line}:{column}, in `{function}`\n"));
    let shown = source.text().lines().nth((line as usize).saturating_sub(1)).unwrap_or_default();
    // A line that is longer than any that a person reads is told by its position alone.
    if shown.chars().count() <= LINE_LEN_MAX {
        let printable = |c: char| if c.is_control() { ' ' } else { c };
        let shown: String = shown.chars().map(printable).collect();
        let indent = " ".repeat((column as usize).saturating_sub(1));
        text.push_str(&format!("{margin} |\n{line} | {shown}\n{margin} | {indent}^\n"));
    }
    text
}
