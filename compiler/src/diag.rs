//! Diagnostics as data: what is wrong with a source, where, and what to do about it.
//!
//! Every pass *collects* into [`Diagnostics`] and goes on. Text for people (`render`) and JSON
//! (by `serde`, in the server) are views of the same data. One mistake gives one message: a node
//! or type named `Error` silences what would follow from it.
//!
//! House rules for messages: lower case, no full stop, code in backticks, expected before found.
//! What can be pasted stands in `help`, and in `fix` when it is an exact edit.

mod codes;
pub mod render;
pub mod view;

pub use codes::Code;

use crate::limits::Limits;
use crate::source::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The program cannot run.
    Error,
    /// The program runs, but is likely not what was meant.
    Warning,
}

/// A place in the source that a diagnostic talks about, with what it says there.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What; may be empty for the primary label.
    pub text: String,
}

/// An exact edit that repairs the mistake: put `replacement` in place of `span`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fix {
    /// What to replace; empty spans insert.
    pub span: Span,
    /// The text to put there.
    pub replacement: String,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[must_use = "a diagnostic does nothing until it is reported to `Diagnostics`"]
pub struct Diagnostic {
    /// Which rule was broken; `midflight explain` tells the rule.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// One line.
    pub message: String,
    /// The exact place of the mistake.
    pub span: Span,
    /// What is said at `span`; may be empty.
    pub label: String,
    /// Further places.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
    /// The help as an edit.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A diagnostic of `code` at `span`; its severity is the code's.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: code.severity(),
            message: shortened(message),
            span,
            label: String::new(),
            labels: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// Says something at the place of the mistake.
    pub fn with_label(mut self, text: impl Into<String>) -> Diagnostic {
        self.label = shortened(text);
        self
    }

    /// Points to a further place.
    pub fn with_note(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, text: shortened(text) });
        self
    }

    /// Says what to do.
    pub fn with_help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(shortened(help));
        self
    }

    /// Gives the exact edit that repairs the mistake. One that nobody would read is left out.
    pub fn with_fix(mut self, span: Span, replacement: impl Into<String>) -> Diagnostic {
        let replacement = replacement.into();
        if replacement.len() <= TEXT_LEN_MAX {
            self.fix = Some(Fix { span, replacement });
        }
        self
    }
}

/// Bytes that one text of a diagnostic has at most. Names, which are repeated in texts, may be as
/// long as the source.
const TEXT_LEN_MAX: usize = 1_000;

/// Bytes of the beginning and of the end of a text that is too long.
const TEXT_ENDS: (usize, usize) = (700, 200);

/// A text, its middle left out where it is too long.
fn shortened(text: impl Into<String>) -> String {
    let text = text.into();
    if text.len() <= TEXT_LEN_MAX {
        return text;
    }
    let head = text.floor_char_boundary(TEXT_ENDS.0);
    let tail = text.ceil_char_boundary(text.len() - TEXT_ENDS.1);
    format!("{} … {}", &text[..head], &text[tail..])
}

/// Collects diagnostics over all passes; at most so many errors and as many
/// warnings are kept as the limits say.
#[derive(Debug, Clone)]
pub struct Diagnostics {
    kept_max: usize,
    list: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
}

impl Default for Diagnostics {
    fn default() -> Diagnostics {
        Diagnostics::new(Limits::default().diagnostics_max)
    }
}

impl Diagnostics {
    /// None yet, and at most so many errors and so many warnings.
    pub(crate) fn new(kept_max: usize) -> Diagnostics {
        Diagnostics { kept_max, list: Vec::new(), errors: 0, warnings: 0 }
    }

    /// Adds one. The same code at the same place is reported once.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        if self
            .list
            .iter()
            .rev()
            .take(16)
            .any(|d| d.code == diagnostic.code && d.span == diagnostic.span)
        {
            return;
        }
        let count = match diagnostic.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *count += 1;
        if *count <= self.kept_max {
            self.list.push(diagnostic);
        }
    }

    /// Takes back what was reported with one of these codes at a place.
    pub(crate) fn forget(&mut self, codes: &[Code], span: Span) {
        let before = self.list.len();
        self.list.retain(|one| one.span != span || !codes.contains(&one.code));
        self.errors -= before - self.list.len();
    }

    /// Whether something was reported whose place begins at this offset.
    pub(crate) fn has_at(&self, start: u32) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.span.start == start)
    }

    /// Whether a text that does not end was reported at or behind this offset. It takes what closes
    /// a bracket into itself.
    pub(crate) fn has_open_text_behind(&self, offset: u32) -> bool {
        self.list.iter().any(|one| one.code == Code::E0002 && one.span.start >= offset)
    }

    /// Whether no further error is kept; then only their number matters.
    pub(crate) fn is_full(&self) -> bool {
        self.errors >= self.kept_max
    }

    /// Counts an error that is not kept.
    pub(crate) fn count_error(&mut self) {
        self.errors += 1;
    }

    /// Whether any error was reported.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Everything in the order of the source, at most so many as the limits say.
    pub fn sorted(&self) -> Vec<Diagnostic> {
        let mut list = self.list.clone();
        list.sort_by_key(|d| (d.severity, d.span, d.code));
        list.truncate(self.kept_max);
        list.sort_by_key(|d| (d.span, d.code));
        list
    }

    /// How many errors were found, those beyond the limit included.
    pub fn error_count(&self) -> usize {
        self.errors
    }
}
