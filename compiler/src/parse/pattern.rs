//! Patterns of `match`.

use super::cursor::Parser;
use crate::ast::{ExprKind, Name, Parts, Pattern, PatternKind, StrPiece};
use crate::diag::{Code, Diagnostic};
use crate::lexer::TokenKind;
use crate::source::Span;

impl Parser<'_> {
    /// `pattern = single { "|" single }`
    pub(super) fn pattern(&mut self) -> Pattern {
        let first = self.single_pattern();
        if !self.at(TokenKind::Bar) || self.is_panicking() {
            self.refuse_guard();
            return first;
        }
        let start = first.span.start;
        let mut alternatives = vec![first];
        while self.eat(TokenKind::Bar) {
            alternatives.push(self.single_pattern());
        }
        self.refuse_guard();
        Pattern { kind: PatternKind::Or(alternatives), span: self.span_from(start) }
    }

    fn refuse_guard(&mut self) {
        if self.at(TokenKind::If) && !self.is_panicking() {
            let diagnostic = self.unexpected_token("`=>`");
            self.fail(diagnostic.with_help("a pattern has no guard: put the `if` into the arm"));
        }
    }

    /// `"_" | "none" | literal | [ name "." ] word [ "(" pattern { "," pattern } ")" ]`
    fn single_pattern(&mut self) -> Pattern {
        self.count_node();
        let start = self.peek().span.start;
        let kind = if self.is_panicking() {
            PatternKind::Error
        } else {
            self.nested(Self::pattern_kind).unwrap_or(PatternKind::Error)
        };
        Pattern { kind, span: self.span_from(start) }
    }

    fn pattern_kind(&mut self) -> PatternKind {
        let token = self.peek();
        match token.kind {
            TokenKind::None if self.nth(1).kind != TokenKind::OpenParen => {
                let _ = self.bump();
                PatternKind::None
            }
            TokenKind::Name if self.text(token) == "_" => {
                let _ = self.bump();
                PatternKind::Wildcard
            }
            TokenKind::Int
            | TokenKind::Float
            | TokenKind::Duration
            | TokenKind::Minus
            | TokenKind::True
            | TokenKind::False
            | TokenKind::StringStart => self.literal_pattern(),
            TokenKind::Else => {
                let _ = self.bump();
                let message = "what matches everything is `_`";
                let diagnostic = Diagnostic::new(Code::E0122, token.span, message);
                self.report(diagnostic.with_help("write `_`").with_fix(token.span, "_"));
                PatternKind::Wildcard
            }
            TokenKind::Error => {
                let _ = self.bump();
                PatternKind::Error
            }
            kind if kind.is_word() => self.variant_pattern(),
            _ => {
                self.unexpected("a pattern");
                PatternKind::Error
            }
        }
    }

    /// A number with its sign, a truth value or a text without values.
    fn literal_pattern(&mut self) -> PatternKind {
        let start = self.peek().span.start;
        let literal = if self.eat(TokenKind::Minus) {
            let is_number =
                matches!(self.kind(), TokenKind::Int | TokenKind::Float | TokenKind::Duration);
            if !is_number {
                self.unexpected("a number");
                return PatternKind::Error;
            }
            self.negative_number(start)
        } else {
            self.primary()
        };
        let ExprKind::Str(pieces) = &literal.kind else { return PatternKind::Literal(literal) };
        let value = pieces.iter().find_map(|piece| match piece {
            StrPiece::Value(value, _) => Some(value.span),
            StrPiece::Text(_) => None,
        });
        if let Some(place) = value {
            self.refuse_value(place);
            return PatternKind::Error;
        }
        PatternKind::Literal(literal)
    }

    fn refuse_value(&mut self, place: Span) {
        let message = "the text of a pattern holds no values";
        let diagnostic = Diagnostic::new(Code::E0118, place, message);
        self.report(diagnostic.with_help("write `{{` for a brace"));
    }

    /// `[ name "." ] word [ "(" pattern { "," pattern } ")" ]`
    fn variant_pattern(&mut self) -> PatternKind {
        let first = self.word("a variant");
        self.refuse_colons();
        let (owner, name) = if self.eat(TokenKind::Dot) {
            (Some(first), self.word("a variant"))
        } else {
            (None, first)
        };
        let payload = self.payload_pattern();
        self.refuse_fields(&name);
        match payload {
            _ if name.text.is_empty() || self.is_panicking() => PatternKind::Error,
            Some(payload) if payload.broken => PatternKind::Error,
            payload => PatternKind::Variant(owner, name, payload.map(|payload| payload.list)),
        }
    }

    fn payload_pattern(&mut self) -> Option<Parts<Pattern>> {
        let opens = !self.at_line_end() && self.eat(TokenKind::OpenParen);
        opens.then(|| self.comma_list(TokenKind::CloseParen, Self::pattern))
    }

    /// `Enum::variant`
    pub(super) fn refuse_colons(&mut self) {
        let next = self.nth(1);
        let place = self.peek().span.to(next.span);
        let is_path = next.kind == TokenKind::Colon && place.end - place.start == 2;
        if !self.at(TokenKind::Colon) || !is_path || self.is_panicking() {
            return;
        }
        let _ = self.bump();
        self.report(
            Diagnostic::new(Code::E0100, place, "expected `.`, found `::`")
                .with_help("a variant is `Enum.variant`")
                .with_fix(place, "."),
        );
        self.current_becomes(TokenKind::Dot);
    }

    /// `variant { field }`: a payload binds by position.
    fn refuse_fields(&mut self, name: &Name) {
        if self.at(TokenKind::OpenBrace) && !self.is_panicking() && !self.at_line_end() {
            let diagnostic = self.unexpected_token("`=>`");
            let help = format!("a payload binds by position: `{}(a, b)`", name.text);
            self.fail(diagnostic.with_help(help));
        }
    }
}
