//! Diagnostics as text for people, in rustc's look.
//!
//! Only the lines that a diagnostic talks about are handed to the renderer, and a line that is
//! too long to read is named but not shown, so that the cost of a report does not depend on the
//! size of the source. What stands in the source is shown with control characters replaced.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Origin, Patch, Renderer, Snippet,
};

use super::{Diagnostic, Diagnostics, Fix, Severity};
use crate::source::{Source, Span};

/// Whether the text has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Characters only.
    Plain,
    /// With ANSI escapes, for a terminal.
    Coloured,
}

/// Bytes of source that one report shows at most; more could not be read.
const SHOWN_MAX: usize = 8 << 10;

/// The text of some diagnostics of one source, with an empty line between two of them.
pub fn render(source: &Source, diagnostics: &[Diagnostic], style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text.push_str(&renderer.render(&groups(source, diagnostic)));
        text.push('\n');
    }
    text
}

/// How many errors and warnings there are, and whether all of them are shown: `2 errors`.
pub fn summary(diagnostics: &Diagnostics) -> Option<String> {
    let shown = diagnostics.sorted();
    let warnings = shown.iter().filter(|d| d.severity == Severity::Warning).count();
    let counts = [(diagnostics.error_count(), "error"), (warnings, "warning")];
    let parts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| format!("{count} {noun}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    let rest = if diagnostics.error_count() > diagnostics.kept_max {
        format!("; the first {} are shown", diagnostics.kept_max)
    } else {
        String::new()
    };
    (!parts.is_empty()).then(|| format!("{}{rest}", parts.join(", ")))
}

/// What is wrong and where; and what to do, with the repaired line where it is known.
fn groups<'a>(source: &'a Source, diagnostic: &'a Diagnostic) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.name());
    let group = title.element(place(source, diagnostic));
    let Some(help) = &diagnostic.help else { return vec![group] };
    match diagnostic.fix.as_ref().and_then(|fix| repaired(source, fix)) {
        Some(line) => vec![group, Level::HELP.secondary_title(help.as_str()).element(line)],
        None => vec![group.element(Level::HELP.message(help.as_str()))],
    }
}

/// The line that a fix changes, before and after it; nothing where it makes several lines of one.
fn repaired<'a>(source: &'a Source, fix: &'a Fix) -> Option<Element<'a>> {
    let window = lines_around(source, fix.span).filter(|_| !fix.replacement.contains('\n'))?;
    let (start, end) = (fix.span.start - window.start, fix.span.end - window.start);
    let patch = Patch::new(start as usize..end as usize, fix.replacement.as_str());
    let first_line = source.position(window.start).line as usize;
    let line = Snippet::source(source.slice(window)).line_start(first_line).patch(patch);
    Some(line.into())
}

/// The lines that a diagnostic is about, with its labels; or where they are, when they are too
/// long to show.
fn place<'a>(source: &'a Source, diagnostic: &'a Diagnostic) -> Element<'a> {
    let notes = diagnostic.labels.iter().map(|label| label.span);
    let all = notes.fold(diagnostic.span, Span::to);
    let window = lines_around(source, all).or_else(|| lines_around(source, diagnostic.span));
    let Some(window) = window else {
        let position = source.position(diagnostic.span.start);
        let origin = Origin::path(source.name());
        let (line, column) = (position.line as usize, position.column as usize);
        return origin.line(line).char_column(column).into();
    };
    let first_line = source.position(window.start).line as usize;
    let shown = Shown { text: source.slice(window), start: window.start };
    let primary = annotation(AnnotationKind::Primary, shown, (diagnostic.span, &diagnostic.label));
    let others = diagnostic
        .labels
        .iter()
        .filter(|label| window.start <= label.span.start && label.span.end <= window.end)
        .map(|label| annotation(AnnotationKind::Context, shown, (label.span, &label.text)));
    Snippet::source(shown.text)
        .path(source.name())
        .line_start(first_line)
        .annotation(primary)
        .annotations(others)
        .into()
}

/// The lines that are shown, and where in the source they begin.
#[derive(Clone, Copy)]
struct Shown<'a> {
    text: &'a str,
    start: u32,
}

/// The renderer panics on a span that ends within a character, so it is widened to whole ones.
fn annotation<'a>(
    kind: AnnotationKind,
    shown: Shown<'_>,
    (span, label): (Span, &'a str),
) -> Annotation<'a> {
    let start = shown.text.floor_char_boundary(span.start.saturating_sub(shown.start) as usize);
    let end = shown.text.ceil_char_boundary(span.end.saturating_sub(shown.start) as usize);
    let annotation = kind.span(start..end.max(start));
    if label.is_empty() { annotation } else { annotation.label(label) }
}

/// The whole lines that a span touches; nothing where they are too long.
fn lines_around(source: &Source, span: Span) -> Option<Span> {
    let text = source.text();
    let before = text.get(..span.start as usize)?;
    let near = before.len().saturating_sub(SHOWN_MAX);
    let line_start = match before.as_bytes().get(near..)?.iter().rposition(|b| *b == b'\n') {
        Some(newline) => near + newline + 1,
        None if near == 0 => 0,
        None => return None,
    };
    let after = text.as_bytes().get(span.end as usize..)?;
    let line_end = span.end as usize
        + match after.iter().take(SHOWN_MAX).position(|b| *b == b'\n') {
            Some(newline) => newline,
            None if after.len() <= SHOWN_MAX => after.len(),
            None => return None,
        };
    // What ends lines on another system is no part of them.
    let is_return = line_end > span.end as usize && text.as_bytes()[line_end - 1] == b'\r';
    let line_end = line_end - usize::from(is_return);
    let window = Span::new(line_start as u32, line_end as u32);
    (line_end - line_start <= SHOWN_MAX).then_some(window)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;

    #[test]
    fn a_report_looks_like_rustc() {
        let source = Source::new("game.flight", "fn f() {\n    let x = (1 + 2\n    y()\n}\n");
        let diagnostic = Diagnostic::new(Code::E0102, Span::new(21, 22), "`(` is never closed")
            .with_label("opened here")
            .with_note(Span::new(27, 27), "expected `)` here")
            .with_help("close it");
        let expected = "\
error[E0102]: `(` is never closed
 --> game.flight:2:13
  |
2 |     let x = (1 + 2
  |             ^     - expected `)` here
  |             |
  |             opened here
  |
  = help: close it
";
        assert_eq!(render(&source, &[diagnostic], Style::Plain), expected);
    }

    #[test]
    fn a_line_too_long_is_only_named() {
        let source = Source::new("t", format!("a\n{}@", " ".repeat(SHOWN_MAX)));
        let start = SHOWN_MAX as u32 + 2;
        let diagnostic = Diagnostic::new(Code::E0001, Span::new(start, start + 1), "bad");
        let text = render(&source, &[diagnostic], Style::Plain);
        assert_eq!(text, format!("error[E0001]: bad\n--> t:2:{}\n", SHOWN_MAX + 1));
    }

    #[test]
    fn a_fix_shows_the_line_that_it_makes() {
        let source = Source::new("t", "get f(p: player) -> int {\n    return p.glod\n}\n");
        let diagnostic = Diagnostic::new(Code::E0203, Span::new(39, 43), "no field `glod`")
            .with_help("`gold`")
            .with_fix(Span::new(39, 43), "gold");
        let expected = "\
error[E0203]: no field `glod`
 --> t:2:14
  |
2 |     return p.glod
  |              ^^^^
  |
help: `gold`
  |
2 -     return p.glod
2 +     return p.gold
  |
";
        assert_eq!(render(&source, &[diagnostic], Style::Plain), expected);
    }

    #[test]
    fn a_span_within_a_character_takes_all_of_it() {
        let source = Source::new("t", "aéb");
        let diagnostic = Diagnostic::new(Code::E0001, Span::new(0, 2), "bad");
        let text = render(&source, &[diagnostic], Style::Plain);
        assert!(text.contains("| ^^\n"), "{text}");
    }

    #[test]
    fn line_ends_of_another_system_are_not_shown() {
        let source = Source::new("t", "a\r\nbad\r\n");
        let text =
            render(&source, &[Diagnostic::new(Code::E0001, Span::new(3, 6), "bad")], Style::Plain);
        assert!(text.contains("2 | bad\n"), "{text:?}");
    }

    #[test]
    fn colours_and_control_characters() {
        let source = Source::new("t", "\u{1b}[31m\u{202e}");
        let diagnostic = Diagnostic::new(Code::E0001, Span::new(0, 1), "bad");
        let text = render(&source, std::slice::from_ref(&diagnostic), Style::Plain);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
        assert!(render(&source, &[diagnostic], Style::Coloured).contains('\u{1b}'));
    }

    #[test]
    fn errors_are_counted() {
        let mut diagnostics = Diagnostics::default();
        assert_eq!(summary(&diagnostics), None);
        for start in 0..101 {
            diagnostics.report(Diagnostic::new(Code::E0001, Span::new(start, start), "bad"));
        }
        assert_eq!(summary(&diagnostics).as_deref(), Some("101 errors; the first 100 are shown"));
    }
}
