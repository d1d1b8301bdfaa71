//! `for`: its name, what it runs over, and its clauses.

use super::cursor::Parser;
use crate::ast::{Block, ExprKind, For, Iterable, Name, StmtKind};
use crate::diag::{Code, Diagnostic};
use crate::lexer::TokenKind;

impl Parser<'_> {
    /// `"for" name "in" iterable { clause } block`
    pub(super) fn for_stmt(&mut self) -> StmtKind {
        let _ = self.bump();
        let name = self.loop_name();
        self.loop_in();
        let iterable = self.iterable();
        let mut head = For {
            name,
            iterable,
            filter: None,
            order: None,
            limit: None,
            body: Block { stmts: Vec::new(), span: self.peek().span, height: 1 },
        };
        self.for_clauses(&mut head);
        if self.head_is_wrong() {
            head.name = self.missing_name();
        }
        head.body = self.block();
        StmtKind::For(Box::new(head))
    }

    fn loop_name(&mut self) -> Name {
        if self.at(TokenKind::OpenParen) && !self.is_panicking() {
            let diagnostic = self.unexpected_token("the loop's name");
            self.fail(diagnostic.with_help("no parentheses: `for i in 0..n { … }`"));
        }
        self.name("the loop's name")
    }

    fn loop_in(&mut self) {
        let help = match self.kind() {
            TokenKind::Equal => "the loops are `for i in 0..n`, `for x in list` and `while`",
            TokenKind::Comma => "a loop has one name: `for i in 0..list.len` counts the elements",
            _ if self.at_word("of") || self.at(TokenKind::Colon) => {
                let word = self.bump().span;
                let message = format!("expected `in`, found `{}`", self.source.slice(word));
                let fix = if word.end - word.start == 1 { " in" } else { "in" };
                self.report(
                    Diagnostic::new(Code::E0100, word, message)
                        .with_help("write `in`")
                        .with_fix(word, fix),
                );
                return;
            }
            _ => {
                let _ = self.expect(TokenKind::In);
                return;
            }
        };
        let diagnostic = self.unexpected_token("`in`");
        self.fail_unless_reported(diagnostic.with_help(help));
    }

    /// `expr [ ".." expr ]`
    fn iterable(&mut self) -> Iterable {
        let start = self.head_expr();
        if self.at(TokenKind::DotDotEqual) && !self.is_panicking() {
            let range = self.bump().span;
            let end = self.head_expr();
            // What binds less than `+` would take the 1 into itself.
            let text = self.source.slice(end.span);
            let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let behind = if is_plain { format!("..{text} + 1") } else { format!("..({text}) + 1") };
            let diagnostic = Diagnostic::new(Code::E0111, range, "a range leaves out its end")
                .with_help("`..` and one more: `a..b + 1`");
            self.report(match end.kind {
                ExprKind::Error => diagnostic,
                _ => diagnostic.with_fix(range.to(end.span), behind),
            });
            return Iterable::Range(start, end);
        }
        if !self.eat(TokenKind::DotDot) {
            return Iterable::Expr(start);
        }
        Iterable::Range(start, self.head_expr())
    }

    /// `[ "where" expr ] [ "by" path [ "desc" ] ] [ "limit" expr ]`
    fn for_clauses(&mut self, head: &mut For) {
        const CLAUSES: [&str; 3] = ["where", "by", "limit"];
        let mut next = 0;
        while !self.is_panicking() {
            self.refuse_order_by();
            let Some(clause) = CLAUSES.iter().position(|word| self.at_word(word)) else { return };
            let word = self.bump();
            if clause < next {
                let message = format!("`{}` stands out of place", self.text(word));
                let help = "the order is `where cond by field desc limit n`, each at most once";
                self.report(Diagnostic::new(Code::E0116, word.span, message).with_help(help));
            }
            next = next.max(clause + 1);
            match clause {
                0 => head.filter = Some(self.condition()),
                1 => {
                    let order = self.order();
                    let is_read = order.0.iter().all(|name| !name.text.is_empty());
                    head.order = is_read.then_some(order);
                }
                _ => head.limit = Some(self.head_expr()),
            }
        }
    }

    /// `order by` in the place of `by`.
    fn refuse_order_by(&mut self) {
        let by = self.nth(1);
        let is_by = by.kind == TokenKind::Name && self.text(by) == "by";
        if is_by && (self.at_word("desc") || self.at_word("asc")) {
            self.unexpected_with("`by`", "the direction stands behind the field: `by hp desc`");
            return;
        }
        if !is_by || !["order", "sort", "sorted"].iter().any(|word| self.at_word(word)) {
            return;
        }
        self.leave_out("the order of a loop is `by` alone", "write `by`");
    }

    /// `word { "." word } [ "desc" ]`
    fn order(&mut self) -> (Vec<Name>, bool) {
        let mut path = vec![self.word("a field's name")];
        while self.eat(TokenKind::Dot) {
            path.push(self.word("a field's name"));
        }
        if self.at_word("asc") && !self.is_panicking() {
            let word = self.bump().span;
            self.report(
                Diagnostic::new(Code::E0122, word, "rows come in ascending order without `asc`")
                    .with_help("leave `asc` out")
                    .with_fix(word, ""),
            );
        }
        (path, self.eat_word("desc"))
    }
}
