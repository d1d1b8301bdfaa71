//! Operators: the table of precedence, and the loop that reads it. What stands between the
//! operators is in `primary`.

use super::cursor::{Context, Parser};
use crate::ast::{BinaryOp, Expr, ExprKind, Name, UnaryOp};
use crate::diag::{Code, Diagnostic};
use crate::lexer::{Token, TokenKind};
use crate::source::Span;

/// How an operator goes together with another of its own precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// `a - b - c` is `(a - b) - c`
    Left,
    /// `a ?? b ?? c` is `a ?? (b ?? c)`
    Right,
    /// `a < b < c` is a mistake
    Neither,
}

/// An infix operator.
#[derive(Clone, Copy, Debug)]
pub(super) struct Infix {
    token: TokenKind,
    op: BinaryOp,
    /// The higher, the tighter.
    precedence: u8,
    side: Side,
}

/// The infix operators, from the loosest to the tightest.
#[rustfmt::skip]
const OPERATORS: &[Infix] = &[
    row(TokenKind::BarBar,       BinaryOp::Or,       1, Side::Left),
    row(TokenKind::AndAnd,       BinaryOp::And,      2, Side::Left),
    row(TokenKind::EqualEqual,   BinaryOp::Eq,       3, Side::Neither),
    row(TokenKind::NotEqual,     BinaryOp::Ne,       3, Side::Neither),
    row(TokenKind::Less,         BinaryOp::Lt,       3, Side::Neither),
    row(TokenKind::LessEqual,    BinaryOp::Le,       3, Side::Neither),
    row(TokenKind::Greater,      BinaryOp::Gt,       3, Side::Neither),
    row(TokenKind::GreaterEqual, BinaryOp::Ge,       3, Side::Neither),
    row(TokenKind::In,           BinaryOp::In,       3, Side::Neither),
    row(TokenKind::Coalesce,     BinaryOp::Coalesce, 4, Side::Right),
    row(TokenKind::Plus,         BinaryOp::Add,      5, Side::Left),
    row(TokenKind::Minus,        BinaryOp::Sub,      5, Side::Left),
    row(TokenKind::Star,         BinaryOp::Mul,      6, Side::Left),
    row(TokenKind::Slash,        BinaryOp::Div,      6, Side::Left),
    row(TokenKind::Percent,      BinaryOp::Rem,      6, Side::Left),
];

const fn row(token: TokenKind, op: BinaryOp, precedence: u8, side: Side) -> Infix {
    Infix { token, op, precedence, side }
}

/// The operator that a token is between two operands.
pub(super) fn infix(token: TokenKind) -> Option<Infix> {
    OPERATORS.iter().find(|row| row.token == token).copied()
}

impl Parser<'_> {
    /// `expr = operand { operator operand }`, by precedence
    pub(super) fn expr(&mut self) -> Expr {
        self.binary(0)
    }

    /// An expression of operators that bind at least as tight as `lowest`.
    fn binary(&mut self, lowest: u8) -> Expr {
        if self.is_panicking() {
            return self.error_expr();
        }
        if self.at_next_line() {
            let end = self.previous_end();
            let message = "expected an expression, found the end of the line";
            let diagnostic = Diagnostic::new(Code::E0100, Span::new(end, end), message);
            self.fail_unless_reported(diagnostic);
            return self.error_expr();
        }
        self.nested(|parser| {
            let first = parser.unary();
            parser.operators(first, lowest)
        })
        .unwrap_or_else(|| self.error_expr())
    }

    /// Whether the current token begins a declaration or statement on a line of its own, so that
    /// the line before was not finished.
    fn at_next_line(&self) -> bool {
        self.peek().newline_before && (self.at_item() || self.at_advance())
    }

    /// `{ operator operand }` after the first operand.
    fn operators(&mut self, first: Expr, lowest: u8) -> Expr {
        let mut left = first;
        let mut is_chained = false;
        while let Some(infix) = self.infix_here().filter(|infix| infix.precedence >= lowest) {
            let op_span = self.operator(infix.op).span;
            let lowest_right = infix.precedence + u8::from(infix.side != Side::Right);
            let right = self.binary(lowest_right);
            let span = left.span.to(right.span);
            let (boxed, right) = (Box::new(left), Box::new(right));
            left = self.node(ExprKind::Binary { op: infix.op, op_span, left: boxed, right }, span);
            if infix.side == Side::Neither && !is_chained {
                is_chained = self.refuse_chain(op_span);
            }
        }
        if is_chained {
            return super::cursor::error_at(left.span);
        }
        left
    }

    /// The operator at the current token, if the expression goes on with one.
    fn infix_here(&self) -> Option<Infix> {
        if self.is_panicking() || (self.at_line_end() && !self.continues_line()) {
            return None;
        }
        if self.at_increment() {
            return None;
        }
        if self.at(TokenKind::Name) {
            return infix(self.word_operator()?);
        }
        infix(self.kind())
    }

    /// What `and`, `or` and `not in` are meant for. Two operands never stand side by side, so
    /// no name is taken for an operator.
    fn word_operator(&self) -> Option<TokenKind> {
        match self.text(self.peek()) {
            "and" => Some(TokenKind::AndAnd),
            "or" => Some(TokenKind::BarBar),
            "not" if self.nth(1).kind == TokenKind::In => Some(TokenKind::In),
            _ => None,
        }
    }

    /// Takes an operator, and says how it is spelled where it is a word.
    fn operator(&mut self, op: BinaryOp) -> Token {
        let token = self.bump();
        if token.kind != TokenKind::Name {
            return token;
        }
        let word = self.text(token);
        let message = format!("`{word}` is not an operator in Flight");
        let diagnostic = Diagnostic::new(Code::E0107, token.span, message);
        if op == BinaryOp::In {
            let _ = self.bump();
            self.report(diagnostic.with_help("`!(x in xs)`"));
        } else {
            let help = format!("write `{}`", op.text());
            self.report(diagnostic.with_help(help).with_fix(token.span, op.text()));
        }
        token
    }

    /// `a < b < c` has no meaning. Returns whether it stands here.
    fn refuse_chain(&mut self, first: Span) -> bool {
        let Some(next) = self.infix_here().filter(|next| next.side == Side::Neither) else {
            return false;
        };
        let is_order = matches!(next.op, BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge);
        let help = if is_order { "`a < b && b < c`" } else { "put one of them in parentheses" };
        self.report(
            Diagnostic::new(Code::E0113, self.peek().span, "comparisons cannot be chained")
                .with_note(first, "the first comparison")
                .with_help(help),
        );
        true
    }

    /// `{ "-" | "!" } postfix`
    fn unary(&mut self) -> Expr {
        let token = self.peek();
        let op = match token.kind {
            TokenKind::Minus if self.at_negative_literal() => {
                let _ = self.bump();
                let literal = self.negative_number(token.span.start);
                return self.postfix(literal);
            }
            TokenKind::Minus => UnaryOp::Neg,
            TokenKind::Not => UnaryOp::Not,
            TokenKind::Name if self.at_word_not() => {
                self.report(
                    Diagnostic::new(Code::E0107, token.span, "`not` is not an operator in Flight")
                        .with_help("write `!`")
                        .with_fix(token.span, "!"),
                );
                UnaryOp::Not
            }
            _ => {
                let primary = self.primary();
                return self.postfix(primary);
            }
        };
        let _ = self.bump();
        let operand = self.nested(Self::unary).unwrap_or_else(|| self.error_expr());
        let span = self.span_from(token.span.start);
        self.node(ExprKind::Unary { op, operand: Box::new(operand) }, span)
    }

    fn at_word_not(&self) -> bool {
        let next = self.nth(1);
        let is_apart = next.span.start > self.peek().span.end;
        let operand_follows =
            matches!(next.kind, TokenKind::Name | TokenKind::True | TokenKind::False)
                || (next.kind == TokenKind::OpenParen && is_apart);
        self.at_word("not") && operand_follows && !next.newline_before
    }

    fn at_negative_literal(&self) -> bool {
        matches!(self.nth(1).kind, TokenKind::Int | TokenKind::Float | TokenKind::Duration)
    }

    /// `x++` and `x--` at the end of a statement.
    fn at_increment(&self) -> bool {
        let (first, second, after) = (self.peek(), self.nth(1), self.nth(2));
        matches!(first.kind, TokenKind::Plus | TokenKind::Minus)
            && second.kind == first.kind
            && second.span.start == first.span.end
            && (after.newline_before || after.kind.is_closer() || after.kind == TokenKind::End)
    }

    /// `postfix = primary { "." word [ args ] | "[" expr "]" | args }`
    fn postfix(&mut self, primary: Expr) -> Expr {
        let mut base = primary;
        while !self.is_panicking() {
            self.refuse_colons();
            base = match self.kind() {
                TokenKind::Dot => self.member_access(base),
                TokenKind::OpenBracket if !self.at_line_end() => self.index(base),
                TokenKind::OpenParen if !self.at_line_end() => self.call(base),
                TokenKind::Plus | TokenKind::Minus if self.at_increment() => self.increment(&base),
                _ => return base,
            };
        }
        base
    }

    /// `"." word [ args ]`
    fn member_access(&mut self, base: Expr) -> Expr {
        let _ = self.bump();
        let name = self.word("a field or method");
        let start = base.span.start;
        let base = Box::new(base);
        let kind = if name.text.is_empty() {
            ExprKind::Error
        } else if self.at(TokenKind::OpenParen) && !self.at_line_end() {
            match self.args() {
                Some(args) => ExprKind::Method { base, name, args },
                None => ExprKind::Error,
            }
        } else {
            ExprKind::Field { base, name }
        };
        let span = self.span_from(start);
        self.node(kind, span)
    }

    /// `"[" expr "]"`
    fn index(&mut self, base: Expr) -> Expr {
        let opener = self.position();
        let _ = self.bump();
        let start = base.span.start;
        let index = self.within(Context::BRACKETS, |parser| {
            let index = parser.expr();
            parser.recover_to_closer(opener);
            parser.close(opener, TokenKind::CloseBracket, "`]`").then_some(index)
        });
        let kind = match index {
            Some(index) => ExprKind::Index { base: Box::new(base), index: Box::new(index) },
            None => ExprKind::Error,
        };
        let span = self.span_from(start);
        self.node(kind, span)
    }

    /// `name args`
    fn call(&mut self, callee: Expr) -> Expr {
        let start = callee.span.start;
        let opener = self.peek().span;
        let args = self.args();
        let span = self.span_from(start);
        match callee.kind {
            ExprKind::Name(text) => {
                let name = Name { text, span: callee.span };
                let kind = args.map_or(ExprKind::Error, |args| ExprKind::Call { name, args });
                self.node(kind, span)
            }
            ExprKind::Error => super::cursor::error_at(span),
            _ => {
                let message = "only a name can be called";
                let diagnostic = Diagnostic::new(Code::E0120, opener, message);
                self.report(diagnostic.with_note(callee.span, "this is a value"));
                super::cursor::error_at(span)
            }
        }
    }

    /// `"(" [ expr { "," expr } ] ")"`; `None` where some could not be read.
    fn args(&mut self) -> Option<Vec<Expr>> {
        let _ = self.bump();
        let args = self.comma_list(TokenKind::CloseParen, Self::expr);
        (!args.broken).then_some(args.list)
    }

    fn increment(&mut self, base: &Expr) -> Expr {
        let first = self.bump();
        let second = self.bump();
        let place = first.span.to(second.span);
        let sign = self.text(first);
        let message = format!("`{sign}{sign}` is not an operator in Flight");
        let assignment = format!("{} {sign}= 1", self.source.slice(base.span));
        let diagnostic = Diagnostic::new(Code::E0109, place, message);
        let is_stmt = base.span.start == self.stmt_start;
        self.report(match is_stmt {
            true => diagnostic
                .with_help(format!("write `{assignment}`"))
                .with_fix(place, format!(" {sign}= 1")),
            false => diagnostic.with_help(format!("`{assignment}` has a line of its own")),
        });
        super::cursor::error_at(base.span.to(place))
    }
}
