//! Functions and handlers: names, parameters with their types, results.

use super::cursor::Parser;
use crate::ast::{Block, Func, FuncKind, ItemKind, Name, Param, Parts, TypeExpr, TypeExprKind};
use crate::diag::{Code, Diagnostic};
use crate::lexer::{Token, TokenKind};
use crate::source::Span;

impl Parser<'_> {
    /// `( "fn" | "get" | "post" ) name params [ "->" type ] block`
    pub(super) fn func(&mut self, kind: FuncKind) -> ItemKind {
        let _ = self.bump();
        let name = self.name("a name for the function");
        let mut params = self.params();
        if params.broken && !matches!(self.kind(), TokenKind::Arrow | TokenKind::OpenBrace) {
            self.panic_silently();
        }
        let result = self.result_type();
        // What stands between them may have belonged to the parameters.
        params.broken |= !self.at(TokenKind::OpenBrace) && !self.at_line_end();
        let body = self.func_body();
        ItemKind::Func(Func { kind, name, params, result, body })
    }

    fn func_body(&mut self) -> Block {
        if self.at(TokenKind::Equal) && !self.is_panicking() {
            let diagnostic = self.unexpected_token("`{`");
            self.fail(diagnostic.with_help("a body stands in braces: `{ value }`"));
        }
        self.block()
    }

    /// `"(" [ param { "," param } ] ")"`
    pub(super) fn params(&mut self) -> Parts<Param> {
        if !self.expect(TokenKind::OpenParen) {
            // Perhaps this is its name: `fn fn name(…)`.
            self.lost.push(self.text(self.peek()).to_owned());
            return Parts { list: Vec::new(), broken: true };
        }
        self.comma_list(TokenKind::CloseParen, Self::param)
    }

    /// `name ":" type [ "=" expr ]`
    fn param(&mut self) -> Param {
        let name = self.name("a parameter's name");
        let ty = self.annotation(&name);
        let default = self.eat(TokenKind::Equal).then(|| self.expr());
        Param { name, ty, default }
    }

    /// `":" type`, where it is required.
    pub(super) fn annotation(&mut self, name: &Name) -> TypeExpr {
        if !self.at(TokenKind::Colon) {
            let expected = self.missing("`:` and a type");
            let help = self.annotated(name);
            self.fail_unless_reported(expected.with_help(help));
        } else if !self.is_panicking() {
            let _ = self.bump();
        }
        let ty = self.type_expr();
        match self.at_type_end() {
            true => ty,
            // What was read of it says nothing about the whole.
            false => TypeExpr { kind: TypeExprKind::Error, span: ty.span },
        }
    }

    /// Whether something stands here that can follow the type of a field or parameter.
    fn at_type_end(&self) -> bool {
        use TokenKind as T;
        let kind = self.kind();
        let follows = matches!(kind, T::Comma | T::Equal | T::Semicolon | T::End);
        let next_begins = self.nth(1).kind == T::Colon;
        let ends = follows || kind.is_closer() || self.peek().newline_before;
        ends || self.at_word("was") || next_begins
    }

    /// How a name is written with its type, where something else stands behind it than `:`.
    fn annotated(&self, name: &Name) -> String {
        let name = name.text.as_str();
        let is_type = matches!(name, "int" | "float" | "bool" | "str");
        let next = self.peek();
        match next.kind {
            TokenKind::Question => format!("an optional is `{name}: T?`"),
            TokenKind::Name if !self.at_line_end() && !self.ends_element(self.nth(1)) => {
                "a field or parameter is `name: type`".to_owned()
            }
            TokenKind::Name if !self.at_line_end() => {
                let next = self.text(next);
                let (name, ty) = if is_type { (next, name) } else { (name, next) };
                format!("`{name}: {ty}`")
            }
            _ if is_type => format!("each has a name of its own: `value: {name}`"),
            _ => format!("`{name}: int`"),
        }
    }

    fn ends_element(&self, token: Token) -> bool {
        use TokenKind as T;
        let ends = matches!(token.kind, T::Comma | T::Equal | T::Semicolon | T::End | T::Question);
        ends || token.kind.is_closer() || token.newline_before
    }

    /// `[ "->" type ]`; of kind `Error` where something else stands before the body, since it may
    /// have been meant to be anything.
    pub(super) fn result_type(&mut self) -> Option<TypeExpr> {
        if self.is_panicking() {
            return Some(self.error_type());
        }
        let found = self.peek();
        match found.kind {
            TokenKind::Arrow => {
                let _ = self.bump();
                Some(self.type_expr())
            }
            TokenKind::Colon | TokenKind::FatArrow => {
                let _ = self.bump();
                let arrow = if found.kind == TokenKind::Colon { " ->" } else { "->" };
                self.wrong_arrow(found, found.span, arrow);
                Some(self.type_expr())
            }
            TokenKind::Name | TokenKind::OpenBracket if !self.at_line_end() => {
                let before = Span::new(found.span.start, found.span.start);
                self.wrong_arrow(found, before, "-> ");
                Some(self.type_expr())
            }
            TokenKind::OpenBrace => None,
            _ if self.at_line_end() => None,
            _ => Some(self.error_type()),
        }
    }

    /// The type of a result follows `->`, and not what was found.
    fn wrong_arrow(&mut self, found: Token, place: Span, fix: &str) {
        let found_text = match found.kind {
            TokenKind::Name => format!("`{}`", self.text(found)),
            kind => kind.name().to_owned(),
        };
        let text = format!("expected `->`, found {found_text}");
        self.report(
            Diagnostic::new(Code::E0114, found.span, text)
                .with_help("the type of the result follows `->`")
                .with_fix(place, fix),
        );
    }
}
