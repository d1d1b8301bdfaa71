//! Expressions and patterns.
//!
//! Where an expression is broken, the language decides on which side of an operator: `??`, `&&`,
//! `||` and `.name` begin a line, every other operator ends one.

use super::layout::Op;
use super::{Formatter, Shape};
use crate::ast::{
    Arm, ArmBody, BinaryOp, Block, Cond, Else, Expr, ExprKind, Name, Pattern, PatternKind, UnaryOp,
};
use crate::source::Span;

impl Formatter<'_> {
    /// A keyword with its blanks, and an expression.
    pub(super) fn keyword_and(&mut self, keyword: &str, expr: &Expr) {
        self.text(keyword);
        self.expr(expr);
    }

    pub(super) fn expr(&mut self, expr: &Expr) {
        let span = expr.span;
        self.comments_before(span.start);
        match &expr.kind {
            ExprKind::Int(_) | ExprKind::Float(_) => self.number(span),
            ExprKind::Str(_) | ExprKind::Bool(_) | ExprKind::None | ExprKind::Name(_) => {
                self.verbatim(span);
            }
            ExprKind::Unit => self.text("()"),
            ExprKind::Break => self.text("break"),
            ExprKind::Continue => self.text("continue"),
            ExprKind::Paren(inner) => {
                self.paren(inner, span.end);
            }
            ExprKind::Unary { op, operand } => {
                self.text(if *op == UnaryOp::Neg { "-" } else { "!" });
                self.operand_of_sign(*op, operand);
            }
            ExprKind::Binary { op, .. } => self.binary(*op, expr),
            ExprKind::Field { .. } | ExprKind::Index { .. } | ExprKind::Method { .. } => {
                self.postfix(expr);
            }
            ExprKind::Call { name, args } => {
                self.name(name);
                self.args(args, span.end);
            }
            ExprKind::Struct { name, fields } => self.field_values(name, fields, span.end),
            ExprKind::Insert { table, fields } => {
                self.text("insert ");
                self.field_values(table, fields, span.end);
            }
            ExprKind::List(elements) => {
                self.bracketed(("[", "]"), elements, span.end, Self::expr);
            }
            ExprKind::Repeat { value, count } => {
                self.text("[");
                self.expr(value);
                self.keyword_and("; ", count);
                self.text("]");
            }
            ExprKind::If { .. } => self.if_expr(expr),
            ExprKind::Match { value, arms } => self.match_expr(value, arms, span.end),
            ExprKind::Return(None) => self.text("return"),
            ExprKind::Return(Some(value)) => self.keyword_and("return ", value),
            ExprKind::Fail { status, message } => {
                self.text("fail ");
                if let Some(status) = status {
                    self.expr(status);
                    self.text(" ");
                }
                self.expr(message);
            }
            ExprKind::Error => unreachable!("a source with errors is not formatted"),
        }
    }

    /// A number as it is written; a minus that belongs to it touches it.
    fn number(&mut self, span: Span) {
        let text = self.source.slice(span);
        let Some(after) = text.strip_prefix('-') else { return self.text(text) };
        // White space and comments may stand between the two.
        let digits = after.rsplit('\n').next().unwrap_or_default().trim_start();
        self.text(&format!("-{digits}"));
    }

    /// The operand of `-` or `!`. A minus before a number would become a part of it.
    fn operand_of_sign(&mut self, op: UnaryOp, operand: &Expr) {
        let doubled = matches!(operand.kind, ExprKind::Unary { op: UnaryOp::Neg, .. })
            || matches!(operand.kind, ExprKind::Int(_) | ExprKind::Float(_));
        if op == UnaryOp::Neg && doubled {
            self.text(" ");
        }
        self.expr(operand);
    }

    fn paren(&mut self, inner: &Expr, end: u32) {
        self.text("(");
        self.group(|fmt| {
            fmt.indented(|fmt| {
                fmt.ops.push(Op::Line(""));
                fmt.expr(inner);
                fmt.comments_before(end.saturating_sub(1));
            });
            fmt.ops.push(Op::Line(""));
        });
        self.text(")");
    }

    fn args(&mut self, args: &[Expr], end: u32) {
        self.bracketed(("(", ")"), args, end, Self::expr);
    }

    /// A chain of operators of the same precedence, which is broken at all of them or at none.
    fn binary(&mut self, op: BinaryOp, expr: &Expr) {
        let (first, links) = chain(op, expr);
        self.group(|fmt| {
            fmt.expr(first);
            fmt.indented(|fmt| {
                for (op, op_span, operand) in links {
                    fmt.link(op, op_span, operand);
                }
            });
        });
    }

    fn link(&mut self, op: BinaryOp, op_span: Span, operand: &Expr) {
        let begins_line = matches!(op, BinaryOp::Coalesce | BinaryOp::And | BinaryOp::Or);
        if begins_line {
            self.ops.push(Op::Line(" "));
            self.leaf(op.text(), op_span.start);
            self.text(" ");
        } else {
            self.leaf(&format!(" {}", op.text()), op_span.start);
            self.ops.push(Op::Line(" "));
        }
        self.expr(operand);
    }

    /// `base.field[index].method(args)`; broken before its methods where there are several.
    fn postfix(&mut self, expr: &Expr) {
        let mut links = Vec::new();
        let mut base = expr;
        while let ExprKind::Field { base: inner, .. }
        | ExprKind::Index { base: inner, .. }
        | ExprKind::Method { base: inner, .. } = &base.kind
        {
            links.push(base);
            base = inner;
        }
        let methods = links.iter().filter(|link| matches!(link.kind, ExprKind::Method { .. }));
        let breaks = methods.count() > 1;
        self.group(|fmt| {
            fmt.expr(base);
            fmt.indented(|fmt| {
                for link in links.into_iter().rev() {
                    fmt.postfix_link(link, breaks);
                }
            });
        });
    }

    fn postfix_link(&mut self, link: &Expr, breaks: bool) {
        match &link.kind {
            ExprKind::Index { index, .. } => {
                self.keyword_and("[", index);
                self.text("]");
            }
            ExprKind::Field { name, .. } => self.member(name),
            ExprKind::Method { name, args, .. } => {
                if breaks {
                    self.ops.push(Op::Line(""));
                }
                self.member(name);
                self.args(args, link.span.end);
            }
            _ => unreachable!("a link of a postfix chain is a field, an index or a method"),
        }
    }

    fn member(&mut self, name: &Name) {
        self.leaf(&format!(".{}", name.text), name.span.start);
    }

    /// A chain of `if`; it stays on one line only as a whole.
    fn if_expr(&mut self, expr: &Expr) {
        let shape = self.chain_shape(expr);
        self.group(|fmt| {
            let mut link = expr;
            while let ExprKind::If { cond, then, otherwise } = &link.kind {
                fmt.text("if ");
                fmt.condition(cond);
                fmt.text(" ");
                fmt.if_block(then, shape);
                match otherwise {
                    Some(Else::If(next)) => {
                        fmt.text(" else ");
                        link = next;
                    }
                    Some(Else::Block(block)) => {
                        fmt.text(" else ");
                        return fmt.if_block(block, shape);
                    }
                    None => return,
                }
            }
        });
    }

    fn condition(&mut self, cond: &Cond) {
        match cond {
            Cond::Bool(expr) => self.expr(expr),
            Cond::Let(name, value) => {
                self.text("let ");
                self.name(name);
                self.keyword_and(" = ", value);
            }
        }
    }

    /// A block of a chain of `if`, broken with the chain.
    fn if_block(&mut self, block: &Block, shape: Shape) {
        if shape == Shape::Lines || block.stmts.is_empty() {
            let end = block.span.end;
            return self.body(&block.stmts, (shape, end), |stmt| stmt.span.start, Self::stmt);
        }
        self.text("{");
        self.indented(|fmt| {
            for stmt in &block.stmts {
                fmt.ops.push(Op::Line(" "));
                fmt.stmt(stmt);
            }
        });
        self.ops.push(Op::Line(" "));
        self.text("}");
    }

    fn chain_shape(&self, expr: &Expr) -> Shape {
        let mut link = expr;
        while let ExprKind::If { then, otherwise, .. } = &link.kind {
            if self.block_shape(then) == Shape::Lines {
                return Shape::Lines;
            }
            match otherwise {
                Some(Else::If(next)) => link = next,
                Some(Else::Block(block)) => return self.block_shape(block),
                None => return Shape::Line,
            }
        }
        Shape::Line
    }

    fn match_expr(&mut self, value: &Expr, arms: &[Arm], end: u32) {
        self.keyword_and("match ", value);
        self.text(" ");
        let before = value.span.end;
        let shape = self.shape(before, arms.first().map_or(before, |arm| arm.span.start));
        self.body(
            arms,
            (shape, end),
            |arm| arm.span.start,
            |fmt, arm| {
                fmt.pattern(&arm.pattern);
                fmt.text(" => ");
                match &arm.body {
                    ArmBody::Block(block) => fmt.block(block),
                    ArmBody::Stmt(stmt) => fmt.stmt(stmt),
                }
            },
        );
    }

    fn pattern(&mut self, pattern: &Pattern) {
        self.comments_before(pattern.span.start);
        match &pattern.kind {
            PatternKind::Wildcard => self.text("_"),
            PatternKind::None => self.text("none"),
            PatternKind::Literal(literal) => self.expr(literal),
            PatternKind::Variant(owner, name, payload) => {
                if let Some(owner) = owner {
                    self.name(owner);
                    self.text(".");
                }
                self.name(name);
                if let Some(payload) = payload {
                    self.bracketed(("(", ")"), payload, pattern.span.end, Self::pattern);
                }
            }
            PatternKind::Or(alternatives) => {
                for (index, alternative) in alternatives.iter().enumerate() {
                    if index > 0 {
                        self.text(" | ");
                    }
                    self.pattern(alternative);
                }
            }
            PatternKind::Error => unreachable!("a source with errors is not formatted"),
        }
    }
}

/// Splits a tree of operators with the same precedence into its first operand and the others,
/// each with the operator before it.
fn chain(op: BinaryOp, expr: &Expr) -> (&Expr, Vec<(BinaryOp, Span, &Expr)>) {
    let mut links = Vec::new();
    let mut first = expr;
    if op == BinaryOp::Coalesce {
        // It groups to the right.
        let ExprKind::Binary { left, op_span, right, .. } = &expr.kind else {
            return (expr, links);
        };
        links.push((op, *op_span, &**right));
        while let Some((span, ExprKind::Binary { op: BinaryOp::Coalesce, op_span, left, right })) =
            links.last().map(|(_, span, last)| (*span, &last.kind))
        {
            let _ = links.pop();
            links.push((op, span, &**left));
            links.push((op, *op_span, &**right));
        }
        return (left, links);
    }
    while let ExprKind::Binary { op: next, op_span, left, right } = &first.kind {
        if precedence(*next) != precedence(op) {
            break;
        }
        links.push((*next, *op_span, &**right));
        first = left;
    }
    links.reverse();
    (first, links)
}

/// Which operators are broken together.
fn precedence(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => 0,
        BinaryOp::Add | BinaryOp::Sub => 1,
        BinaryOp::Coalesce => 2,
        BinaryOp::Eq
        | BinaryOp::Ne
        | BinaryOp::Lt
        | BinaryOp::Le
        | BinaryOp::Gt
        | BinaryOp::Ge
        | BinaryOp::In => 3,
        BinaryOp::And => 4,
        BinaryOp::Or => 5,
    }
}
