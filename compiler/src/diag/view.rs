//! Diagnostics as data for JSON: every place with its lines and columns beside its byte offsets.

use serde::Serialize;

use super::{Code, Diagnostic, Severity};
use crate::source::{Position, Source, Span};

/// One mistake, for programs that show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiagnosticView {
    /// Which rule was broken: `"E0102"`.
    pub code: Code,
    /// `"error"` or `"warning"`.
    pub severity: Severity,
    /// The rule in a few words.
    pub title: &'static str,
    /// One line.
    pub message: String,
    /// The exact place of the mistake.
    pub place: Place,
    /// What is said there; may be empty.
    pub label: String,
    /// Further places.
    pub labels: Vec<LabelView>,
    /// What to do about it.
    pub help: Option<String>,
    /// The help as an edit.
    pub fix: Option<FixView>,
}

/// A further place, with what is said there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LabelView {
    /// Where.
    pub place: Place,
    /// What.
    pub text: String,
}

/// An edit: put `replacement` in place of what stands at `place`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FixView {
    /// What to replace; an empty place inserts.
    pub place: Place,
    /// The text to put there.
    pub replacement: String,
}

/// A place in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Byte offsets.
    pub span: Span,
    /// Line and column of its first character.
    pub start: Position,
    /// Line and column just after its last character.
    pub end: Position,
}

/// The view of some diagnostics of one source.
pub fn view(source: &Source, diagnostics: &[Diagnostic]) -> Vec<DiagnosticView> {
    diagnostics.iter().map(|diagnostic| view_one(source, diagnostic)).collect()
}

fn view_one(source: &Source, diagnostic: &Diagnostic) -> DiagnosticView {
    let labels = diagnostic.labels.iter();
    DiagnosticView {
        code: diagnostic.code,
        severity: diagnostic.severity,
        title: diagnostic.code.title(),
        message: diagnostic.message.clone(),
        place: place(source, diagnostic.span),
        label: diagnostic.label.clone(),
        labels: labels
            .map(|label| LabelView { place: place(source, label.span), text: label.text.clone() })
            .collect(),
        help: diagnostic.help.clone(),
        fix: diagnostic.fix.as_ref().map(|fix| FixView {
            place: place(source, fix.span),
            replacement: fix.replacement.clone(),
        }),
    }
}

fn place(source: &Source, span: Span) -> Place {
    Place { span, start: source.position(span.start), end: source.position(span.end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_lines_and_columns() {
        let source = Source::new("t", "é\nab\n");
        let diagnostic = Diagnostic::new(Code::E0100, Span::new(4, 5), "bad")
            .with_note(Span::new(0, 2), "seen here")
            .with_fix(Span::new(5, 5), ")");
        let seen = view(&source, &[diagnostic]);
        let seen = seen.first().expect("one diagnostic gives one view");
        assert_eq!(seen.place.start, Position { line: 2, column: 2 });
        assert_eq!(seen.place.end, Position { line: 2, column: 3 });
        assert_eq!(seen.labels.first().map(|label| label.place.end.column), Some(2));
        assert_eq!(seen.fix.as_ref().map(|fix| fix.place.start.column), Some(3));
    }
}
