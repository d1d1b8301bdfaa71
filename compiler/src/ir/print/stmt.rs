//! Statements as text, each on a line.

use std::fmt::{self, Write};

use super::Printer;
use super::expr::binary_text;
use crate::ir::{Expr, Place, Stmt, StmtKind};
use crate::types::Type;

impl Printer<'_> {
    pub(super) fn stmt(&mut self, stmt: &Stmt) -> fmt::Result {
        match &stmt.kind {
            StmtKind::Let { local, value } => {
                let known = self.function.and_then(|function| function.locals.get(local.index()));
                let word = if known.is_some_and(|known| known.mutable) { "var" } else { "let" };
                write!(self.out, "{word} {}: {} = ", self.local(*local), self.ty(value.ty))?;
                self.expr(value)
            }
            StmtKind::Assign { place, value } => self.assign(place, "=", value),
            StmtKind::OpAssign { op, place, value } => {
                self.assign(place, &format!("{}=", binary_text(*op)), value)
            }
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::While { cond, body } => {
                self.words("while ", cond)?;
                self.out.push(' ');
                self.block(body)
            }
            StmtKind::ForRange { local, start, end, body } => {
                write!(self.out, "for {} in ", self.local(*local))?;
                self.expr(start)?;
                self.words("..", end)?;
                self.out.push(' ');
                self.block(body)
            }
            StmtKind::ForList(list) => {
                write!(self.out, "for {} in ", self.local(list.local))?;
                self.expr(&list.list)?;
                self.clause(" where ", list.filter.as_ref())?;
                if let Some(order) = &list.order {
                    let direction = if order.descending { " desc" } else { "" };
                    write!(self.out, " by {:?}{direction}", order.path)?;
                }
                self.clause(" limit ", list.limit.as_ref())?;
                self.out.push(' ');
                self.block(&list.body)
            }
            StmtKind::ForRows(rows) => {
                let table = self.program.types.table(rows.table);
                let snapshot = if rows.snapshot { "snapshot " } else { "" };
                write!(self.out, "for {} in {snapshot}{}", self.local(rows.local), table.name)?;
                self.clause(" where ", rows.filter.as_ref())?;
                if let Some((field, _)) = &rows.lookup {
                    let name = self.field_name(Type::Row(rows.table), *field);
                    write!(self.out, " by index {name}")?;
                }
                if let Some((field, descending)) = rows.order {
                    let name = self.field_name(Type::Row(rows.table), field);
                    let direction = if descending { " desc" } else { "" };
                    write!(self.out, " by {name}{direction}")?;
                }
                self.clause(" limit ", rows.limit.as_ref())?;
                self.out.push(' ');
                self.block(&rows.body)
            }
            StmtKind::Assert { cond, message } => {
                self.words("assert ", cond)?;
                self.words(", ", message)
            }
            StmtKind::AssertFails { call } => self.words("assert fails ", call),
            StmtKind::Emit { event, fields } => {
                let event = &self.program.events[event.index()];
                write!(self.out, "emit {} ", event.name)?;
                self.named(Type::Struct(event.fields), fields)
            }
            StmtKind::Log { message } => self.words("log ", message),
            StmtKind::Remove { row } => self.words("remove ", row),
            StmtKind::Advance { duration_ms } => self.words("advance ", duration_ms),
        }
    }

    fn assign(&mut self, place: &Place, op: &str, value: &Expr) -> fmt::Result {
        self.place(place)?;
        self.words(&format!(" {op} "), value)
    }

    fn clause(&mut self, word: &str, expr: Option<&Expr>) -> fmt::Result {
        match expr {
            Some(expr) => self.words(word, expr),
            None => Ok(()),
        }
    }

    pub(super) fn words(&mut self, words: &str, expr: &Expr) -> fmt::Result {
        self.out.push_str(words);
        self.expr(expr)
    }
}
