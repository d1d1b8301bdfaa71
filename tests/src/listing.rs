//! A program as it stands in a case: its text without annotations, and the annotations of what was
//! found in it put under its lines. `README.md` describes the form.
//!
//! `@repeat(300, "(")` anywhere in a line stands for that text so many times; `#` in it is the
//! number of the repetition, `#+` the next one.

use midflight_compiler::diag::Diagnostic;
use midflight_compiler::source::{Position, Source};

/// Carets reach to this column at most; what lies further right is written in numbers.
const CARET_COLUMN_MAX: u32 = 100;

/// More annotations than this below one line are cut to the first few and a count.
const ANNOTATIONS_MAX: usize = 8;
const ANNOTATIONS_SHOWN: usize = 3;

/// A program's lines.
#[derive(Debug)]
pub(crate) struct Listing {
    lines: Vec<Line>,
    text: String,
}

#[derive(Debug)]
struct Line {
    /// As it stands in the case.
    shown: String,
    /// The number of the first line that it makes in the text.
    first: u32,
}

/// Something to be said about a place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) start: Position,
    /// Absent where only the start is known: a trap's.
    pub(crate) end: Option<Position>,
    pub(crate) text: String,
}

impl Note {
    /// `E0203 no field …; help: …` at the diagnostic's span.
    pub(crate) fn of(source: &Source, diagnostic: &Diagnostic) -> Note {
        let help = diagnostic.help.as_ref().map(|help| format!("; help: {help}"));
        Note {
            start: source.position(diagnostic.span.start),
            end: Some(source.position(diagnostic.span.end)),
            text: format!(
                "{} {}{}",
                diagnostic.code.name(),
                diagnostic.message,
                help.unwrap_or_default()
            ),
        }
    }
}

/// Whether a line of a case says what is expected of the line above it.
pub(crate) fn is_annotation(line: &str) -> bool {
    let Some(comment) = line.trim_start().strip_prefix("//") else { return false };
    comment.trim_start().starts_with('^') || comment.starts_with("@ ")
}

impl Listing {
    /// Reads the program out of the lines of a case.
    pub(crate) fn new<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Listing, String> {
        let mut listing = Listing { lines: Vec::new(), text: String::new() };
        let mut number = 1;
        for shown in lines.filter(|line| !is_annotation(line)) {
            let expanded = expand(shown)?;
            listing.lines.push(Line { shown: shown.to_owned(), first: number });
            number += 1 + expanded.matches('\n').count() as u32;
            listing.text.push_str(&expanded);
            listing.text.push('\n');
        }
        Ok(listing)
    }

    /// The program's text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The lines of the case, each followed by what is said about it.
    pub(crate) fn annotated(&self, mut notes: Vec<Note>) -> Vec<String> {
        notes.sort_by_key(|note| (note.start.line, note.start.column));
        let mut notes = notes.into_iter().peekable();
        let mut annotated = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            annotated.push(line.shown.clone());
            let next = self.lines.get(index + 1).map_or(u32::MAX, |line| line.first);
            let about = std::iter::from_fn(|| notes.next_if(|note| note.start.line < next));
            let about: Vec<String> = about.map(|note| annotation(line, &note)).collect();
            let shown = if about.len() > ANNOTATIONS_MAX { ANNOTATIONS_SHOWN } else { about.len() };
            annotated.extend_from_slice(&about[..shown]);
            if shown < about.len() {
                annotated.push(format!("//@ and {} more", about.len() - shown));
            }
        }
        annotated
    }
}

fn annotation(line: &Line, note: &Note) -> String {
    let indent = line.shown.len() - line.shown.trim_start().len();
    let Note { start, end, text } = note;
    let last = end.map_or(start.column + 1, |end| end.column);
    let on_line = end.is_none_or(|end| end.line == start.line) && start.line == line.first;
    if on_line && start.column > 2 && last > start.column && last <= CARET_COLUMN_MAX {
        let before = start.column as usize - 1;
        let indent = indent.min(before - 2);
        let carets = "^".repeat((last - start.column) as usize);
        return format!(
            "{}//{}{carets} {text}",
            " ".repeat(indent),
            " ".repeat(before - 2 - indent)
        );
    }
    let place = |position: &Position| match position.line - line.first {
        0 => position.column.to_string(),
        down => format!("+{down}:{}", position.column),
    };
    let end = end.as_ref().map(|end| format!("..{}", place(end))).unwrap_or_default();
    format!("{}//@ {}{end} {text}", " ".repeat(indent), place(start))
}

fn expand(line: &str) -> Result<String, String> {
    const OPENING: &str = "@repeat(";
    let malformed = || format!("`{line}`: expected `@repeat(COUNT, \"TEXT\")`");
    let mut expanded = String::new();
    let mut rest = line;
    while let Some((before, repetition)) = rest.split_once(OPENING) {
        expanded.push_str(before);
        let (count, quoted) = repetition.split_once(',').ok_or_else(malformed)?;
        let count: usize = count.trim().parse().map_err(|_| malformed())?;
        let mut texts = serde_json::Deserializer::from_str(quoted).into_iter::<String>();
        let text = texts.next().and_then(Result::ok).ok_or_else(malformed)?;
        rest = quoted[texts.byte_offset()..].strip_prefix(')').ok_or_else(malformed)?;
        for number in 0..count {
            let next = text.replace("#+", &(number + 1).to_string());
            expanded.push_str(&next.replace('#', &number.to_string()));
        }
    }
    Ok(expanded + rest)
}
