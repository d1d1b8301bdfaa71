//! Numbers, strings and lists.

use super::cursor::{Context, Parser, error_at};
use crate::ast::{Expr, ExprKind, StrPiece};
use crate::diag::{Code, Diagnostic};
use crate::lexer::{self, Token, TokenKind};
use crate::source::Span;

/// Digits after the point that a format may ask for: what a `float` can tell apart.
const FORMAT_DIGITS_MAX: u8 = 17;

impl Parser<'_> {
    /// A number or duration.
    pub(super) fn number(&mut self) -> Expr {
        let token = self.bump();
        let text = self.text(token);
        let kind = match token.kind {
            TokenKind::Float => lexer::float(text).map(ExprKind::Float),
            TokenKind::Duration => lexer::duration(text).map(ExprKind::Int),
            _ => lexer::int(text).and_then(|value| i64::try_from(value).ok()).map(ExprKind::Int),
        };
        self.number_node(kind, token.span)
    }

    /// A number or duration whose minus, at `start`, was just taken.
    pub(super) fn negative_number(&mut self, start: u32) -> Expr {
        let token = self.bump();
        let text = self.text(token);
        let kind = match token.kind {
            TokenKind::Float => lexer::float(text).map(|value| ExprKind::Float(-value)),
            TokenKind::Duration => lexer::duration(text).map(|value| ExprKind::Int(-value)),
            _ => lexer::int(text)
                .and_then(|value| 0i64.checked_sub_unsigned(value))
                .map(ExprKind::Int),
        };
        self.number_node(kind, self.span_from(start))
    }

    fn number_node(&mut self, kind: Option<ExprKind>, span: Span) -> Expr {
        let Some(kind) = kind else {
            let message = format!("`{}` does not fit into `int`", self.source.slice(span));
            let help = "the largest `int` is 9223372036854775807";
            self.report(Diagnostic::new(Code::E0004, span, message).with_help(help));
            return error_at(span);
        };
        self.node(kind, span)
    }

    /// `'"' { text | "{" expr [ format ] "}" } '"'`; the lexer closes every string.
    pub(super) fn string(&mut self) -> Expr {
        let start = self.bump().span.start;
        let mut pieces = Vec::new();
        loop {
            let token = self.peek();
            match token.kind {
                TokenKind::StringText => {
                    let _ = self.bump();
                    pieces.push(StrPiece::Text(lexer::decode(self.text(token))));
                }
                TokenKind::InterpolationStart => pieces.push(self.value_piece()),
                _ => break,
            }
        }
        if self.at(TokenKind::StringEnd) {
            let _ = self.bump();
        }
        let span = self.span_from(start);
        self.node(ExprKind::Str(pieces), span)
    }

    /// `"{" expr [ format ] "}"`
    fn value_piece(&mut self) -> StrPiece {
        let opener = self.position();
        let brace = self.bump().span;
        let piece = self.within(Context::BRACKETS, |parser| {
            if parser.at(TokenKind::InterpolationEnd) || parser.at(TokenKind::Format) {
                parser.empty_value(brace);
                return StrPiece::Value(error_at(brace), None);
            }
            let value = parser.expr();
            let format = parser.peek();
            if !parser.eat(TokenKind::Format) {
                return StrPiece::Value(value, None);
            }
            StrPiece::Value(value, parser.format(format))
        });
        let closer = self.brackets.partner(opener);
        let is_closed = closer.is_some_and(|closer| self.width(closer) > 0);
        // One that the lexer put in stands for a `}` whose absence it has reported.
        if is_closed && !self.at(TokenKind::InterpolationEnd) {
            self.unexpected("`}` after the value");
        }
        self.resume();
        if let Some(closer) = closer {
            self.jump_to(closer + 1);
        }
        piece
    }

    /// How many bytes the token at this index takes in the source.
    fn width(&self, index: usize) -> u32 {
        let Span { start, end } = self.token_at(index).span;
        end - start
    }

    fn empty_value(&mut self, brace: Span) {
        if self.peek().is_reported() {
            return;
        }
        let diagnostic =
            Diagnostic::new(Code::E0110, brace, "there is no value between the braces");
        self.report(diagnostic.with_help("write `{{` for a brace"));
    }

    /// `":" "." digits`
    fn format(&mut self, token: Token) -> Option<(u8, Span)> {
        let text = self.text(token).trim_start_matches(':').trim();
        let span = token.span;
        let digits = text.strip_prefix('.').and_then(|digits| digits.parse::<u8>().ok());
        let Some(digits) = digits.filter(|digits| *digits <= FORMAT_DIGITS_MAX) else {
            let message = format!("`:{text}` is not a format");
            let help = format!(
                "the digits after the point are `:.2`, at most {FORMAT_DIGITS_MAX} of them"
            );
            self.report(Diagnostic::new(Code::E0110, span, message).with_help(help));
            return None;
        };
        Some((digits, span))
    }

    /// `"[" [ expr ( ";" expr | { "," expr } ) ] "]"`
    pub(super) fn list(&mut self) -> Expr {
        let opener = self.position();
        let start = self.bump().span.start;
        let mut elements = Vec::new();
        let mut count = None;
        let closed = self.within(Context::BRACKETS, |parser| {
            while !parser.is_panicking() && !parser.at(TokenKind::CloseBracket) {
                elements.push(parser.expr());
                if elements.len() == 1 && parser.eat(TokenKind::Semicolon) {
                    count = Some(Box::new(parser.expr()));
                    break;
                }
                if !parser.eat(TokenKind::Comma) {
                    break;
                }
            }
            parser.recover_to_closer(opener);
            parser.close(opener, TokenKind::CloseBracket, "`,` or `]`")
        });
        let span = self.span_from(start);
        if !closed {
            return error_at(span);
        }
        let kind = match (count, elements.pop()) {
            (Some(count), Some(value)) => ExprKind::Repeat { value: Box::new(value), count },
            (_, last) => {
                elements.extend(last);
                ExprKind::List(elements)
            }
        };
        self.node(kind, span)
    }
}
