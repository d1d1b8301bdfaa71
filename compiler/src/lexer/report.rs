//! What the lexer says about characters and tokens that are none.

use std::ops::Range;

use super::number::Malformed;
use super::{Lexer, Mode, TokenKind, span, text};
use crate::diag::{Code, Diagnostic};

/// Characters that are typed for, or look like, one that Flight knows.
const LOOKALIKES: [(&str, &str); 12] = [
    ("“”„«»", "\""),
    ("‘’‚", "\""),
    ("−–—", "-"),
    ("×", "*"),
    ("÷", "/"),
    ("≤", "<="),
    ("≥", ">="),
    ("≠", "!="),
    ("…", ".."),
    ("→", "->"),
    ("，", ","),
    ("；：", ":"),
];

impl Lexer<'_> {
    /// A word with characters that Flight does not know; the first of them is named.
    pub(super) fn unknown_character(&mut self, range: Range<usize>) {
        if self.diagnostics.is_full() {
            self.diagnostics.count_error();
            return self.push(TokenKind::Error, range);
        }
        let word = self.slice(range.clone());
        let foreign = word.char_indices().find(|(_, character)| !character.is_ascii());
        let Some((offset, character)) = foreign.or_else(|| word.char_indices().next()) else {
            return;
        };
        let start = range.start + offset;
        let place = span(start..start + character.len_utf8());
        let message = format!("{} cannot stand here", show(character));
        let mut diagnostic = Diagnostic::new(Code::E0001, place, message);
        diagnostic.help = self.help_for(character);
        self.diagnostics.report(diagnostic);
        self.push(TokenKind::Error, range);
    }

    fn help_for(&self, character: char) -> Option<String> {
        let help = match character {
            '\\' if !self.modes.is_empty() => {
                "in a string `{` begins a value; write `{{` for a brace"
            }
            '&' => "write `&&` for the logical and; Flight has no operators on bits",
            '^' | '~' => "Flight has no operators on bits",
            '#' => "a comment begins with `//`",
            '\u{A0}' | '\u{2007}' | '\u{202F}' | '\u{3000}' => "write a plain space",
            _ => return help_for_lookalike(character),
        };
        Some(help.to_owned())
    }

    /// Refuses characters in text and comments that would show something else than there is.
    pub(super) fn refuse_deceptive(&mut self, range: Range<usize>) {
        let Some((offset, character)) = text::first_deceptive(self.slice(range.clone())) else {
            return;
        };
        let start = range.start + offset;
        let message = format!("{} may not stand in text or comments as it is", show(character));
        let help = format!("in a string write `\\u{{{:X}}}`", u32::from(character));
        let place = span(start..start + character.len_utf8());
        self.diagnostics.report(Diagnostic::new(Code::E0007, place, message).with_help(help));
    }

    pub(super) fn check_escape(&mut self, range: Range<usize>) {
        let raw = self.slice(range.clone());
        if text::escape(raw).is_some() {
            return;
        }
        let message = match raw.chars().nth(1) {
            Some(character) if text::is_deceptive(character) => {
                format!("`\\` before {} is not an escape", show(character))
            }
            _ => format!("`{raw}` is not an escape"),
        };
        let help = match raw {
            "\\{" => "write `{{` for a brace".to_owned(),
            "\\}" => "write `}` without `\\`".to_owned(),
            "\\'" => "write `'` without `\\`".to_owned(),
            _ => format!("the escapes are {}", text::ESCAPES),
        };
        let diagnostic = Diagnostic::new(Code::E0003, span(range), message).with_help(help);
        self.diagnostics.report(diagnostic);
    }

    pub(super) fn report_number(&mut self, range: Range<usize>, malformed: Malformed) {
        let diagnostic = Diagnostic::new(Code::E0004, span(range), malformed.message);
        self.diagnostics.report(diagnostic.with_help(malformed.help));
    }

    pub(super) fn report_block_comment(&mut self, range: Range<usize>) {
        let place = span(range.start..range.start + 2);
        self.diagnostics.report(
            Diagnostic::new(Code::E0005, place, "`/* … */` is not a comment in Flight")
                .with_help("begin each line of the comment with `//`"),
        );
    }

    pub(super) fn report_foreign_quotes(&mut self, range: Range<usize>, quote: char) {
        let raw = self.slice(range.clone());
        let inner = raw.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        let diagnostic =
            Diagnostic::new(Code::E0006, span(range.clone()), "text stands in double quotes");
        let diagnostic = match inner {
            Some(inner) if !inner.contains('"') => {
                let replacement = format!("\"{inner}\"");
                let help = format!("write `{replacement}`");
                diagnostic.with_help(help).with_fix(span(range), replacement)
            }
            _ => diagnostic.with_help("write `\"` in its place"),
        };
        self.diagnostics.report(diagnostic);
    }

    /// The line, or the source, ends in a string.
    pub(super) fn report_open_string(&mut self) {
        let Some(Mode::Text { quote }) = self.modes.first().copied() else { return };
        let line = self.text.get(quote..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let place = span(quote..quote + line.len());
        let diagnostic = match self.modes.get(1).copied() {
            Some(Mode::Value { open, .. }) => {
                Diagnostic::new(Code::E0002, place, "a value in a text does not end")
                    .with_note(span(open..open + 1), "begins here")
                    .with_help("the value ends with `}`; write `{{` for a brace")
            }
            _ => Diagnostic::new(Code::E0002, place, "a text does not end")
                .with_label("begins here")
                .with_help("a text ends on its line with `\"`; a line break in it is `\\n`"),
        };
        self.diagnostics.report(diagnostic);
    }

    pub(super) fn report_interpolation_depth(&mut self, range: Range<usize>) {
        let message = format!("strings are nested more than {} deep", self.interpolation_max);
        self.diagnostics.report(
            Diagnostic::new(Code::E0606, span(range), message)
                .with_help("give the inner text a name with `let`"),
        );
    }
}

fn help_for_lookalike(character: char) -> Option<String> {
    let meant = LOOKALIKES.iter().find(|(characters, _)| characters.contains(character));
    if let Some((_, meant)) = meant {
        return Some(format!("write `{meant}`"));
    }
    let is_letter = character.is_alphanumeric();
    is_letter.then(|| "names are made of `a` to `z`, `A` to `Z`, digits and `_`".to_owned())
}

/// A character with its code point; only the code point where it cannot be seen.
fn show(character: char) -> String {
    let code_point = format!("U+{:04X}", u32::from(character));
    let is_visible = !text::is_deceptive(character)
        && !character.is_whitespace()
        && !matches!(character, '\u{200B}'..='\u{200D}' | '\u{2060}');
    if character.is_ascii_graphic() {
        format!("`{character}`")
    } else if is_visible {
        format!("`{character}` ({code_point})")
    } else {
        let name = match character {
            '\0' => "the NUL character",
            '\u{FEFF}' => "a byte order mark",
            _ if text::is_deceptive(character) && !character.is_control() => {
                "a mark of text direction"
            }
            _ if character.is_control() => "a control character",
            _ => "an invisible character",
        };
        format!("{name} ({code_point})")
    }
}
