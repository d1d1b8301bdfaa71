//! Expressions, places and patterns as text, with every operand in its own brackets.

use std::fmt::{self, Write};

use super::Printer;
use crate::ir::{
    Arm, BinaryOp, Block, CompareOp, Expr, ExprKind, Pattern, Piece, Place, Root, StepKind,
};
use crate::types::{TableId, Type};

impl Printer<'_> {
    pub(super) fn expr(&mut self, expr: &Expr) -> fmt::Result {
        match &expr.kind {
            ExprKind::Const(value) => {
                let text = self.constant(value, expr.ty);
                self.out.write_str(&text)
            }
            ExprKind::Place(place) => self.place(place),
            ExprKind::Neg(operand) => self.prefix("-", operand),
            ExprKind::Not(operand) => self.prefix("!", operand),
            ExprKind::Binary(op, left, right) => self.infix(left, binary_text(*op), right),
            ExprKind::Compare(op, left, right) => self.infix(left, compare_text(*op), right),
            ExprKind::And(left, right) => self.infix(left, "&&", right),
            ExprKind::Or(left, right) => self.infix(left, "||", right),
            ExprKind::Coalesce(left, right) => self.infix(left, "??", right),
            ExprKind::Call(id, args) => {
                let name = &self.program.functions[id.index()].name;
                self.arguments(name, args)
            }
            ExprKind::Builtin(builtin, args) => self.arguments(&format!("{builtin:?}"), args),
            ExprKind::Mutate { builtin, place, args } => {
                self.place(place)?;
                self.arguments(&format!(".{builtin:?}"), args)
            }
            ExprKind::Struct(id, fields) => {
                write!(self.out, "{} ", self.program.types.strukt(*id).name)?;
                self.named(Type::Struct(*id), fields)
            }
            ExprKind::Insert(id, fields) => {
                write!(self.out, "insert {} ", self.program.types.table(*id).name)?;
                self.named(Type::Row(*id), fields)
            }
            ExprKind::Variant(id, index, payload) => {
                let owner = &self.program.types.enumeration(*id).name;
                let name = format!("{owner}.{}", self.variant_name(*id, *index));
                match payload.is_empty() {
                    true => self.out.write_str(&name),
                    false => self.arguments(&name, payload),
                }
            }
            ExprKind::Some(inner) => self.arguments("some", [&**inner]),
            ExprKind::ToList(inner) => self.arguments("to_list", [&**inner]),
            ExprKind::List(elements) => {
                self.out.push('[');
                self.separated(elements)?;
                self.out.write_char(']')
            }
            ExprKind::Repeat(value) => {
                self.words("[", value)?;
                write!(self.out, "; …]: {}", self.ty(expr.ty))
            }
            ExprKind::Interpolate(pieces) => self.pieces(pieces),
            ExprKind::If { cond, then, otherwise } => self.if_expr(cond, then, otherwise.as_ref()),
            ExprKind::Match { value, arms } => self.match_expr(value, arms),
            ExprKind::Block(block) => self.block(block),
            ExprKind::RowGet(id, key) => self.row(*id, "[", key, "]"),
            ExprKind::RowFind(id, key) => self.row(*id, ".get(", key, ")"),
            ExprKind::RowExists(id, key) => self.row(*id, ".has(", key, ")"),
            ExprKind::TableLen(id) => {
                write!(self.out, "{}.len", self.program.types.table(*id).name)
            }
            ExprKind::Return(None) => self.out.write_str("return"),
            ExprKind::Return(Some(value)) => self.words("return ", value),
            ExprKind::Break => self.out.write_str("break"),
            ExprKind::Continue => self.out.write_str("continue"),
            ExprKind::Fail { status, message } => self.words(&format!("fail {status} "), message),
        }
    }

    fn prefix(&mut self, op: &str, operand: &Expr) -> fmt::Result {
        write!(self.out, "({op}")?;
        self.expr(operand)?;
        self.out.write_char(')')
    }

    fn infix(&mut self, left: &Expr, op: &str, right: &Expr) -> fmt::Result {
        self.words("(", left)?;
        self.words(&format!(" {op} "), right)?;
        self.out.write_char(')')
    }

    fn row(&mut self, table: TableId, open: &str, key: &Expr, close: &str) -> fmt::Result {
        write!(self.out, "{}{open}", self.program.types.table(table).name)?;
        self.expr(key)?;
        self.out.write_str(close)
    }

    fn arguments<'e>(
        &mut self,
        name: &str,
        args: impl IntoIterator<Item = &'e Expr>,
    ) -> fmt::Result {
        write!(self.out, "{name}(")?;
        self.separated(args)?;
        self.out.write_char(')')
    }

    fn separated<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> fmt::Result {
        for (index, expr) in exprs.into_iter().enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            self.expr(expr)?;
        }
        Ok(())
    }

    pub(super) fn named(&mut self, owner: Type, fields: &[(u32, Expr)]) -> fmt::Result {
        self.out.push('{');
        for (place, (index, value)) in fields.iter().enumerate() {
            let separator = if place > 0 { "," } else { "" };
            let name = self.field_name(owner, *index);
            self.words(&format!("{separator} {name}: "), value)?;
        }
        self.out.write_str(" }")
    }

    fn pieces(&mut self, pieces: &[Piece]) -> fmt::Result {
        self.out.push('"');
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    let quoted = format!("{text:?}");
                    let inner = quoted.trim_start_matches('"');
                    self.out.push_str(inner.strip_suffix('"').unwrap_or(inner));
                }
                Piece::Value(value, digits) => {
                    self.words("{", value)?;
                    if let Some(digits) = digits {
                        write!(self.out, ":.{digits}")?;
                    }
                    self.out.push('}');
                }
            }
        }
        self.out.write_char('"')
    }

    fn if_expr(&mut self, cond: &Expr, then: &Block, otherwise: Option<&Block>) -> fmt::Result {
        self.words("if ", cond)?;
        self.out.push(' ');
        self.block(then)?;
        let Some(otherwise) = otherwise else { return Ok(()) };
        self.out.push_str(" else ");
        self.block(otherwise)
    }

    fn match_expr(&mut self, value: &Expr, arms: &[Arm]) -> fmt::Result {
        self.words("match ", value)?;
        self.out.push_str(" {\n");
        self.depth += 1;
        for arm in arms {
            self.indent()?;
            let pattern = self.pattern(&arm.pattern);
            write!(self.out, "{pattern} => ")?;
            self.block(&arm.body)?;
            self.out.push('\n');
        }
        self.depth -= 1;
        self.indent()?;
        self.out.write_char('}')
    }

    fn pattern(&self, pattern: &Pattern) -> String {
        let joined = |parts: &[Pattern], separator: &str| {
            let parts: Vec<String> = parts.iter().map(|part| self.pattern(part)).collect();
            parts.join(separator)
        };
        match pattern {
            Pattern::Wildcard => "_".to_owned(),
            Pattern::Bind(local) => self.local(*local),
            Pattern::Const(value) => self.constant(value, Type::Unit),
            Pattern::Variant(id, index, payload) => {
                let name = self.variant_name(*id, *index);
                match payload.is_empty() {
                    true => name.to_owned(),
                    false => format!("{name}({})", joined(payload, ", ")),
                }
            }
            Pattern::None => "none".to_owned(),
            Pattern::Some(inner) => format!("some({})", self.pattern(inner)),
            Pattern::Or(alternatives) => joined(alternatives, " | "),
        }
    }

    pub(super) fn place(&mut self, place: &Place) -> fmt::Result {
        let mut owner = match &place.root {
            Root::Local(local) => {
                let name = self.local(*local);
                self.out.push_str(&name);
                let known = self.function.and_then(|function| function.locals.get(local.index()));
                known.map_or(Type::Unit, |local| local.ty)
            }
            Root::State => {
                self.out.push_str("state");
                Type::Struct(self.program.state)
            }
            Root::Row(table, row) => {
                self.expr(row)?;
                Type::Row(*table)
            }
            Root::Value(value) => {
                self.expr(value)?;
                value.ty
            }
        };
        for step in &place.path {
            match &step.kind {
                StepKind::Field(index) => {
                    let name = self.field_name(owner, *index);
                    write!(self.out, ".{name}")?;
                }
                StepKind::Index(index) => {
                    self.words("[", index)?;
                    self.out.push(']');
                }
            }
            owner = step.ty;
        }
        Ok(())
    }
}

/// The operator as it is written.
pub(super) fn binary_text(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
    }
}

fn compare_text(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::Ne => "!=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}
