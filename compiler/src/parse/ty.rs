//! Types where they are written.

use super::cursor::{Context, Parser};
use crate::ast::{TypeExpr, TypeExprKind};
use crate::diag::{Code, Diagnostic};
use crate::lexer::TokenKind;
use crate::source::Span;

impl Parser<'_> {
    /// `type = ( name | "()" | "[" type [ ";" [ ".." ] expr ] "]" ) [ "?" ]`
    pub(super) fn type_expr(&mut self) -> TypeExpr {
        if self.is_panicking() {
            return self.error_type();
        }
        let Some(ty) = self.nested(Self::plain_type) else { return self.error_type() };
        self.optional_marks(ty)
    }

    fn plain_type(&mut self) -> TypeExpr {
        self.count_node();
        let start = self.peek().span.start;
        let kind = match self.kind() {
            TokenKind::Name => self.named_type(),
            TokenKind::OpenBracket => self.list_type(),
            TokenKind::OpenParen if self.nth(1).kind == TokenKind::CloseParen => {
                let _ = self.bump();
                let _ = self.bump();
                TypeExprKind::Unit
            }
            TokenKind::Error => {
                let _ = self.bump();
                // `&T` and its like are one mistake.
                if self.at(TokenKind::Name) && !self.at_line_end() {
                    let _ = self.bump();
                }
                TypeExprKind::Error
            }
            TokenKind::CloseBracket => {
                self.unexpected_with("a type", "a list is `[int]`");
                TypeExprKind::Error
            }
            _ => {
                self.unexpected("a type");
                TypeExprKind::Error
            }
        };
        TypeExpr { kind, span: self.span_from(start) }
    }

    fn named_type(&mut self) -> TypeExprKind {
        let token = self.bump();
        if self.at(TokenKind::Less) && !self.at_line_end() {
            let diagnostic = self.unexpected_token("the end of the type");
            self.fail(diagnostic.with_help("types take no parameters; a list is `[int]`"));
            return TypeExprKind::Error;
        }
        TypeExprKind::Name(self.text(token).into())
    }

    /// `"[" type [ ";" [ ".." ] expr ] "]"`
    fn list_type(&mut self) -> TypeExprKind {
        let opener = self.position();
        let _ = self.bump();
        self.within(Context::BRACKETS, |parser| {
            let element = Box::new(parser.type_expr());
            let kind = if !parser.eat(TokenKind::Semicolon) {
                TypeExprKind::List(element)
            } else if parser.eat(TokenKind::DotDot) {
                TypeExprKind::Bounded(element, Box::new(parser.expr()))
            } else {
                TypeExprKind::Array(element, Box::new(parser.expr()))
            };
            parser.close_list_type(opener);
            kind
        })
    }

    fn close_list_type(&mut self, opener: usize) {
        if self.is_panicking() || self.eat(TokenKind::CloseBracket) {
            return;
        }
        if self.brackets.partner(opener).is_none() {
            return self.unclosed(opener, TokenKind::CloseBracket);
        }
        let expected = self.unexpected_token("`]`");
        self.fail_unless_reported(
            expected.with_help("a list is `[int]`, `[int; 8]` or `[int; ..8]`"),
        );
    }

    /// `?` after a type, at most once.
    fn optional_marks(&mut self, ty: TypeExpr) -> TypeExpr {
        let mut ty = ty;
        let mut seen = false;
        while matches!(self.kind(), TokenKind::Question | TokenKind::Coalesce)
            && !self.is_panicking()
            && !self.at_line_end()
        {
            let mark = self.bump();
            let excess = seen || mark.kind == TokenKind::Coalesce;
            if excess {
                let message = "a type is optional only once";
                let diagnostic = Diagnostic::new(Code::E0121, mark.span, message);
                self.report(diagnostic.with_help("one `?`"));
            }
            if !seen {
                let span = Span::new(ty.span.start, mark.span.end);
                ty = TypeExpr { kind: TypeExprKind::Optional(Box::new(ty)), span };
            }
            seen = true;
        }
        ty
    }

    pub(super) fn error_type(&self) -> TypeExpr {
        let end = self.previous_end();
        TypeExpr { kind: TypeExprKind::Error, span: Span::new(end, end) }
    }
}
