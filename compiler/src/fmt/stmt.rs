//! Blocks and statements.

use super::layout::Op;
use super::{Formatter, Shape};
use crate::ast::{Block, FieldInit, For, Iterable, Name, Stmt, StmtKind};

impl Formatter<'_> {
    /// A block; one statement that stands on the line of its braces stays there.
    pub(super) fn block(&mut self, block: &Block) {
        let shape = self.block_shape(block);
        self.body(&block.stmts, (shape, block.span.end), |stmt| stmt.span.start, Self::stmt);
    }

    pub(super) fn block_shape(&self, block: &Block) -> Shape {
        let is_short = block.stmts.len() <= 1;
        match self.shape(block.span.start, block.span.end) {
            Shape::Line if is_short => Shape::Line,
            _ => Shape::Lines,
        }
    }

    pub(super) fn stmt(&mut self, stmt: &Stmt) {
        self.comments_before(stmt.span.start);
        match &stmt.kind {
            StmtKind::Let { mutable, name, ty, value } => {
                self.text(if *mutable { "var " } else { "let " });
                self.name(name);
                if let Some(ty) = ty {
                    self.text(": ");
                    self.type_expr(ty);
                }
                self.text(" = ");
                self.expr(value);
            }
            StmtKind::Assign { place, op, value } => {
                self.expr(place);
                let op = op.map_or("", |(op, _)| op.text());
                self.text(&format!(" {op}= "));
                self.expr(value);
            }
            StmtKind::While { cond, body } => {
                self.text("while ");
                self.expr(cond);
                self.text(" ");
                self.block(body);
            }
            StmtKind::For(head) => self.for_stmt(head),
            StmtKind::Assert { cond, message } => {
                self.text("assert ");
                self.group(|fmt| {
                    fmt.expr(cond);
                    if let Some(message) = message {
                        fmt.text(",");
                        fmt.indented(|fmt| {
                            fmt.ops.push(Op::Line(" "));
                            fmt.expr(message);
                        });
                    }
                });
            }
            StmtKind::AssertFails { call } => {
                // `fails` and the call must stand on one line.
                self.comments_before(call.span.start);
                self.keyword_and("assert fails ", call);
            }
            StmtKind::Emit { event, fields } => {
                self.text("emit ");
                self.field_values(event, fields, stmt.span.end);
            }
            StmtKind::Log { message } => self.keyword_and("log ", message),
            StmtKind::Remove { row } => self.keyword_and("remove ", row),
            StmtKind::Advance { duration } => self.keyword_and("advance ", duration),
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::Error => unreachable!("a source with errors is not formatted"),
        }
    }

    fn for_stmt(&mut self, head: &For) {
        self.text("for ");
        self.name(&head.name);
        self.text(" in ");
        match &head.iterable {
            Iterable::Range(start, end) => {
                self.expr(start);
                self.text("..");
                self.expr(end);
            }
            Iterable::Expr(list) => self.expr(list),
        }
        if let Some(filter) = &head.filter {
            self.keyword_and(" where ", filter);
        }
        if let Some((path, descending)) = &head.order {
            self.text(" by ");
            for (index, name) in path.iter().enumerate() {
                if index > 0 {
                    self.text(".");
                }
                self.name(name);
            }
            if *descending {
                self.text(" desc");
            }
        }
        if let Some(limit) = &head.limit {
            self.keyword_and(" limit ", limit);
        }
        self.text(" ");
        self.block(&head.body);
    }

    /// `Name { field: value, … }`, which ends at the offset `end`.
    pub(super) fn field_values(&mut self, name: &Name, fields: &[FieldInit], end: u32) {
        self.name(name);
        self.text(" ");
        let before = name.span.end;
        let shape = self.shape(before, fields.first().map_or(before, |f| f.name.span.start));
        self.body(
            fields,
            (shape, end),
            |field| field.name.span.start,
            |fmt, field| {
                fmt.name(&field.name);
                if let Some(value) = &field.value {
                    fmt.keyword_and(": ", value);
                }
            },
        );
    }
}
