//! Source text → tokens, with the comments beside them.
//!
//! A string literal becomes real tokens: its start, pieces of text, the tokens of every
//! interpolated value between `{` and `}`, and its end. A stack of modes tells text from values;
//! it is empty at the end of every line, since a string ends on its line. So a forgotten quote
//! spoils one line and no more.
//!
//! Guarantees: never fails and never panics; tokens are in the order of the source and do not
//! overlap; strings and interpolations are closed, by tokens of no width where the source does
//! not do it; the last token is `End`. What is reported here becomes a token for which
//! `Token::is_reported` holds, and the parser is silent about it.

mod number;
mod report;
mod text;
mod token;

use std::ops::Range;

use logos::Logos;

pub use number::{duration, float, int};
pub use text::decode;
pub use token::{Token, TokenKind};

use crate::diag::Diagnostics;
use crate::limits::Limits;
use crate::source::{Source, Span};
use text::Piece;

/// A comment, which is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Whether it documents what follows.
    pub kind: CommentKind,
    /// From its slashes to the end of the line, the newline not included.
    pub span: Span,
}

/// The kinds of comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentKind {
    /// `// …`
    Plain,
    /// `/// …`
    Doc,
}

/// What the lexer makes of a source.
#[derive(Debug, Default)]
pub struct Lexed {
    /// The tokens; the last one is `TokenKind::End`.
    pub tokens: Vec<Token>,
    /// The comments, in the order of the source.
    pub comments: Vec<Comment>,
}

/// Cuts a source into tokens, within the limits that are the default.
pub fn lex(source: &Source, diagnostics: &mut Diagnostics) -> Lexed {
    lex_within(source, &Limits::default(), diagnostics)
}

/// Cuts a source into tokens. The source is no longer than any limit allows.
pub(crate) fn lex_within(source: &Source, limits: &Limits, diagnostics: &mut Diagnostics) -> Lexed {
    let text = source.text();
    let offset = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    let mut lexer = Lexer {
        text,
        offset,
        modes: Vec::new(),
        newline: true,
        has_no_close: false,
        interpolation_max: limits.interpolation_max,
        lexed: Lexed::default(),
        diagnostics,
    };
    lexer.run();
    lexer.lexed
}

/// Some editors begin a file with it; anywhere else it is a mistake.
const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// Where in a string literal the lexer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Between the quotes; `quote` is the offset of the first.
    Text { quote: usize },
    /// In an interpolated value, which the brace at offset `open` begins; `braces` are open in it.
    Value { open: usize, braces: u32 },
}

struct Lexer<'a> {
    text: &'a str,
    /// Where the next token begins.
    offset: usize,
    /// Outermost first; empty outside of strings.
    modes: Vec<Mode>,
    /// Whether a newline was read since the last token.
    newline: bool,
    /// No `*/` stands behind `offset`.
    has_no_close: bool,
    /// How deep values in strings may nest.
    interpolation_max: usize,
    lexed: Lexed,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) {
        while self.offset < self.text.len() {
            match self.modes.last() {
                Some(Mode::Text { .. }) => self.text_run(),
                Some(Mode::Value { .. }) | None => self.code_run(),
            }
        }
        if !self.modes.is_empty() {
            self.close_strings();
        }
        self.push(TokenKind::End, self.text.len()..self.text.len());
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    fn slice(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    fn push(&mut self, kind: TokenKind, range: Range<usize>) {
        let newline_before = std::mem::take(&mut self.newline);
        self.lexed.tokens.push(Token { kind, span: span(range), newline_before });
    }

    /// Reads code up to where the mode changes.
    fn code_run(&mut self) {
        let base = self.offset;
        let modes = self.modes.len();
        let mut tokens = TokenKind::lexer(self.rest());
        while let Some(kind) = tokens.next() {
            let range = base + tokens.span().start..base + tokens.span().end;
            self.offset = range.end;
            self.code_token(kind.unwrap_or(TokenKind::Error), range.clone());
            if self.modes.len() != modes || self.offset != range.end {
                return;
            }
        }
        self.offset = self.text.len();
    }

    fn code_token(&mut self, kind: TokenKind, range: Range<usize>) {
        match kind {
            TokenKind::Newline => self.newline(),
            TokenKind::Comment => self.comment(range),
            TokenKind::BlockComment => self.block_comment(range),
            TokenKind::ForeignQuote => self.foreign_quoted(range),
            TokenKind::Int => self.number(range),
            TokenKind::Error => self.unknown_character(range),
            TokenKind::StringStart => {
                self.modes.push(Mode::Text { quote: range.start });
                self.push(kind, range);
            }
            TokenKind::OpenBrace | TokenKind::CloseBrace => self.brace(kind, range),
            TokenKind::Colon
                if matches!(self.modes.last(), Some(Mode::Value { braces: 0, .. })) =>
            {
                let rest = self.rest();
                let length = rest.find(['}', '"', '\n']).unwrap_or(rest.len());
                self.offset += length;
                self.push(TokenKind::Format, range.start..self.offset);
            }
            _ => self.push(kind, range),
        }
    }

    fn newline(&mut self) {
        if !self.modes.is_empty() {
            self.close_strings();
        }
        self.newline = true;
    }

    fn comment(&mut self, range: Range<usize>) {
        let text = self.slice(range.clone());
        let is_doc = text.starts_with("///") && !text.starts_with("////");
        let kind = if is_doc { CommentKind::Doc } else { CommentKind::Plain };
        self.refuse_deceptive(range.clone());
        let length = text.strip_suffix('\r').unwrap_or(text).len();
        self.lexed.comments.push(Comment { kind, span: span(range.start..range.start + length) });
    }

    /// `/* … */` is skipped whole, so that it gives one message.
    fn block_comment(&mut self, range: Range<usize>) {
        let rest = self.rest();
        let line_end = rest.find('\n').unwrap_or(rest.len());
        let close = if self.has_no_close { None } else { rest.find("*/") };
        // Where one is missing, none is behind it: nobody looks again.
        self.has_no_close = close.is_none();
        let length = close.map_or(line_end, |end| end + 2);
        let skipped = rest.get(..length).unwrap_or_default();
        self.report_block_comment(range.start..self.offset + length);
        self.newline |= skipped.contains('\n');
        if self.newline && !self.modes.is_empty() {
            self.close_strings();
        }
        self.offset += length;
    }

    /// `'text'` is taken whole where the second quote stands on the same line.
    fn foreign_quoted(&mut self, range: Range<usize>) {
        // No further than to the next quote: a line may have very many.
        let rest = self.rest();
        let quote = if self.slice(range.clone()) == "'" { '\'' } else { '`' };
        let is_quote = |at: &usize| rest.as_bytes().get(*at) != Some(&b'\n');
        let next = rest.find([quote, '\n']).filter(is_quote);
        let end = next.map_or(range.end, |length| self.offset + length + 1);
        self.report_foreign_quotes(range.start..end, quote);
        self.offset = end;
        self.push(TokenKind::Error, range.start..end);
    }

    fn number(&mut self, range: Range<usize>) {
        let rest = self.rest();
        match number::classify(self.slice(range.clone()), rest) {
            Ok(kind) => self.push(kind, range),
            Err(malformed) => {
                let has_point = rest.starts_with('.') && !rest.starts_with("..");
                let end = if has_point { range.end + 1 } else { range.end };
                self.report_number(range.start..end, malformed);
                self.offset = end;
                self.push(TokenKind::Error, range.start..end);
            }
        }
    }

    /// Counts the braces in an interpolated value; the one that was not opened in it ends it.
    fn brace(&mut self, kind: TokenKind, range: Range<usize>) {
        let Some(Mode::Value { braces, .. }) = self.modes.last_mut() else {
            return self.push(kind, range);
        };
        if kind == TokenKind::OpenBrace {
            *braces += 1;
        } else if *braces == 0 {
            let _ = self.modes.pop();
            return self.push(TokenKind::InterpolationEnd, range);
        } else {
            *braces -= 1;
        }
        self.push(kind, range);
    }

    /// Reads the text of a string up to where the mode changes.
    fn text_run(&mut self) {
        let base = self.offset;
        let mut pieces = Piece::lexer(self.rest());
        while let Some(piece) = pieces.next() {
            let range = base + pieces.span().start..base + pieces.span().end;
            self.offset = range.end;
            match piece.unwrap_or(Piece::Plain) {
                Piece::Plain => self.refuse_deceptive(range),
                Piece::Escape => self.check_escape(range),
                Piece::Open => return self.open_value(base..range.start),
                Piece::Quote => {
                    self.push_text(base..range.start);
                    let _ = self.modes.pop();
                    return self.push(TokenKind::StringEnd, range);
                }
                Piece::LineEnd => {
                    self.offset = range.start;
                    self.push_text(base..range.start);
                    let is_plain = self.modes.len() == 1;
                    self.close_strings();
                    self.offset = range.end;
                    self.newline = self.slice(range) == "\n";
                    if is_plain {
                        self.skip_second_line();
                    }
                    return;
                }
            }
        }
        self.push_text(base..self.text.len());
        self.offset = self.text.len();
    }

    fn push_text(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.push(TokenKind::StringText, range);
        }
    }

    /// `{` in a string; the text before it has not become a token yet.
    fn open_value(&mut self, before: Range<usize>) {
        let open = before.end..self.offset;
        self.push_text(before);
        let values = self.modes.iter().filter(|mode| matches!(mode, Mode::Value { .. })).count();
        if values < self.interpolation_max {
            self.modes.push(Mode::Value { open: open.start, braces: 0 });
            return self.push(TokenKind::InterpolationStart, open);
        }
        self.report_interpolation_depth(open);
        self.push_closers();
        let rest = self.rest();
        self.offset += rest.find('\n').unwrap_or(rest.len());
    }

    /// The line ends in a string: reports it and closes what is open.
    /// A text that was reported as open goes on in this line, where else another would be open in it:
    /// up to its quote the line is part of the mistake.
    fn skip_second_line(&mut self) {
        let line = self.rest().split('\n').next().unwrap_or_default();
        let quotes = line.matches('"').count() - line.matches("\\\"").count();
        if let Some(end) = line.find('"').filter(|_| quotes % 2 == 1) {
            self.offset += end + 1;
            self.newline = false;
        }
    }

    fn close_strings(&mut self) {
        let last = self.lexed.tokens.last().map(|token| (token.kind, token.span));
        // `"… {` at the end of a line: the brace opened a block, and the quote before was missing.
        let block = last.filter(|(kind, _)| *kind == TokenKind::InterpolationStart);
        if block.is_some() {
            let _ = self.lexed.tokens.pop();
            let _ = self.modes.pop();
        }
        self.report_open_string();
        self.push_closers();
        if let Some((_, brace)) = block {
            self.push(TokenKind::OpenBrace, brace.range());
        }
    }

    /// Closes every string and value that is open with tokens of no width.
    fn push_closers(&mut self) {
        let end = self.lexed.tokens.last().map_or(0, |token| token.span.end as usize);
        while let Some(mode) = self.modes.pop() {
            let kind = match mode {
                Mode::Text { .. } => TokenKind::StringEnd,
                Mode::Value { .. } => TokenKind::InterpolationEnd,
            };
            self.push(kind, end..end);
        }
    }
}

/// The span of a range of offsets, which the limit on its length keeps within 32 bits.
fn span(range: Range<usize>) -> Span {
    Span::new(range.start as u32, range.end as u32)
}
