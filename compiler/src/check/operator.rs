//! Operators: arithmetic, comparison, logic, `??` and `in`.

use super::body::Body;
use super::expr::{Want, error};
use super::mismatch::{with_float, without_none};
use super::ty::{element, optional};
use crate::ast::{self, ExprKind, UnaryOp};
use crate::builtins::Builtin;
use crate::diag::{Code, Diagnostic};
use crate::ir::{self, BinaryOp, CompareOp};
use crate::source::Span;
use crate::types::Type;

/// The operands of a binary operator, as they are written.
#[derive(Clone, Copy)]
struct Operands<'a> {
    left: &'a ast::Expr,
    right: &'a ast::Expr,
    op: ast::BinaryOp,
    op_span: Span,
    span: Span,
}

/// What a binary operator computes.
enum Meaning {
    Arithmetic(BinaryOp),
    Compare(CompareOp),
    And,
    Or,
    Coalesce,
    In,
}

fn meaning(op: ast::BinaryOp) -> Meaning {
    match op {
        ast::BinaryOp::Mul => Meaning::Arithmetic(BinaryOp::Mul),
        ast::BinaryOp::Div => Meaning::Arithmetic(BinaryOp::Div),
        ast::BinaryOp::Rem => Meaning::Arithmetic(BinaryOp::Rem),
        ast::BinaryOp::Add => Meaning::Arithmetic(BinaryOp::Add),
        ast::BinaryOp::Sub => Meaning::Arithmetic(BinaryOp::Sub),
        ast::BinaryOp::Eq => Meaning::Compare(CompareOp::Eq),
        ast::BinaryOp::Ne => Meaning::Compare(CompareOp::Ne),
        ast::BinaryOp::Lt => Meaning::Compare(CompareOp::Lt),
        ast::BinaryOp::Le => Meaning::Compare(CompareOp::Le),
        ast::BinaryOp::Gt => Meaning::Compare(CompareOp::Gt),
        ast::BinaryOp::Ge => Meaning::Compare(CompareOp::Ge),
        ast::BinaryOp::And => Meaning::And,
        ast::BinaryOp::Or => Meaning::Or,
        ast::BinaryOp::Coalesce => Meaning::Coalesce,
        ast::BinaryOp::In => Meaning::In,
    }
}

/// The arithmetic of an operator that can stand before `=`.
pub(super) fn arithmetic_op(op: ast::BinaryOp) -> Option<BinaryOp> {
    match meaning(op) {
        Meaning::Arithmetic(op) => Some(op),
        _ => None,
    }
}

/// Whether arithmetic is defined on a type.
fn computes(op: BinaryOp, ty: Type) -> bool {
    matches!(ty, Type::Int | Type::Float) || (op == BinaryOp::Add && ty == Type::Str)
}

impl<'a> Body<'_, 'a> {
    /// `-x` and `!x`
    pub(super) fn unary(&mut self, op: UnaryOp, operand: &'a ast::Expr, span: Span) -> ir::Expr {
        let checked = match op {
            UnaryOp::Neg => self.any_value(operand),
            UnaryOp::Not => self.value(operand, Type::Bool),
        };
        let ty = checked.ty;
        if ty == Type::Error {
            return error(span);
        }
        let kind = match op {
            UnaryOp::Not => ir::ExprKind::Not(Box::new(checked)),
            UnaryOp::Neg if matches!(ty, Type::Int | Type::Float | Type::Never) => {
                ir::ExprKind::Neg(Box::new(checked))
            }
            UnaryOp::Neg => {
                let found = self.checker.show(ty);
                let text = format!("expected `int` or `float` after `-`, found {found}");
                self.checker.error(Code::E0301, operand.span, text);
                return error(span);
            }
        };
        let ty = if op == UnaryOp::Not { Type::Bool } else { ty };
        ir::Expr { kind, ty, span }
    }

    /// An operator with two operands.
    pub(super) fn binary(&mut self, expr: &'a ast::Expr, want: Want) -> ir::Expr {
        let ExprKind::Binary { op, op_span, left, right } = &expr.kind else {
            unreachable!("called for binary operators only")
        };
        let operands = Operands { left, right, op: *op, op_span: *op_span, span: expr.span };
        match meaning(*op) {
            Meaning::Arithmetic(op) => self.arithmetic(op, operands),
            Meaning::Compare(op) => self.compare(op, operands),
            Meaning::And => self.logic(ir::ExprKind::And, operands),
            Meaning::Or => self.logic(ir::ExprKind::Or, operands),
            Meaning::Coalesce => self.coalesce(operands, want),
            Meaning::In => self.contained(operands),
        }
    }

    fn arithmetic(&mut self, op: BinaryOp, operands: Operands<'a>) -> ir::Expr {
        let span = operands.span;
        let left = self.any_value(operands.left);
        let right = self.any_value(operands.right);
        match (left.ty, right.ty) {
            (Type::Error, _) | (_, Type::Error) => error(span),
            (Type::Never, ty) | (ty, Type::Never) => {
                let kind = ir::ExprKind::Binary(op, Box::new(left), Box::new(right));
                ir::Expr { kind, ty, span }
            }
            (ty, other) if ty == other && computes(op, ty) => {
                let kind = ir::ExprKind::Binary(op, Box::new(left), Box::new(right));
                ir::Expr { kind, ty, span }
            }
            _ => {
                self.refuse_operands(operands, &left, &right);
                error(span)
            }
        }
    }

    fn refuse_operands(&mut self, operands: Operands<'a>, left: &ir::Expr, right: &ir::Expr) {
        let op = operands.op.text();
        let (shown_left, shown_right) = (self.checker.show(left.ty), self.checker.show(right.ty));
        let text = format!("`{op}` does not go with {shown_left} and {shown_right}");
        let mut diagnostic = Diagnostic::new(Code::E0301, operands.op_span, text)
            .with_note(left.span, format!("this is {shown_left}"))
            .with_note(right.span, format!("this is {shown_right}"));
        diagnostic = match (left.ty, right.ty) {
            (Type::Int, Type::Float) => with_float(self.checker, left, diagnostic),
            (Type::Float, Type::Int) => with_float(self.checker, right, diagnostic),
            (Type::Str, _) | (_, Type::Str) => {
                diagnostic.with_help("texts are put together as `\"{a}{b}\"`")
            }
            _ => self.with_present(left, right, diagnostic),
        };
        self.checker.report(diagnostic);
    }

    /// Says how an optional side of an operator becomes a value.
    fn with_present(
        &self,
        left: &ir::Expr,
        right: &ir::Expr,
        diagnostic: Diagnostic,
    ) -> Diagnostic {
        for side in [left, right] {
            if let Some(inner) = optional(&self.checker.types, side.ty) {
                let value = without_none(self.checker, side.span, inner);
                return diagnostic.with_help(format!("say what stands for `none`: `{value}`"));
            }
        }
        diagnostic
    }

    fn compare(&mut self, op: CompareOp, operands: Operands<'a>) -> ir::Expr {
        let span = operands.span;
        let Some((left, right)) = self.compared(operands) else { return error(span) };
        let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        let ty = if left.ty == Type::Never { right.ty } else { left.ty };
        if !equality && !matches!(ty, Type::Int | Type::Float | Type::Str | Type::Never) {
            let shown = self.checker.show(ty);
            let text = format!("values of type {shown} have no order");
            let diagnostic = Diagnostic::new(Code::E0302, operands.op_span, text)
                .with_label("expected `int`, `float` or `str` on both sides");
            let diagnostic = self.with_present(&as_written(left), &as_written(right), diagnostic);
            self.checker.report(diagnostic);
            return error(span);
        }
        let kind = ir::ExprKind::Compare(op, Box::new(left), Box::new(right));
        ir::Expr { kind, ty: Type::Bool, span }
    }

    /// Both sides of a comparison as values of one type; `none` takes its type from the other.
    fn compared(&mut self, operands: Operands<'a>) -> Option<(ir::Expr, ir::Expr)> {
        let (left, right) = if is_untyped(operands.left) {
            let right = self.any_value(operands.right);
            (self.expr(operands.left, Want::Type(right.ty)), right)
        } else {
            let left = self.any_value(operands.left);
            let right = self.expr(operands.right, Want::Type(left.ty));
            (left, right)
        };
        if left.ty == Type::Error || right.ty == Type::Error {
            return None;
        }
        if left.ty == Type::Never || right.ty == Type::Never {
            return Some((left, right));
        }
        if self.fits(right.ty, left.ty) {
            let right = self.convert(right, left.ty);
            return Some((left, right));
        }
        if self.fits(left.ty, right.ty) {
            let left = self.convert(left, right.ty);
            return Some((left, right));
        }
        self.refuse_comparison(operands, &left, &right);
        None
    }

    fn refuse_comparison(&mut self, operands: Operands<'a>, left: &ir::Expr, right: &ir::Expr) {
        let (shown_left, shown_right) = (self.checker.show(left.ty), self.checker.show(right.ty));
        let text = format!("{shown_left} and {shown_right} cannot be compared");
        let diagnostic = Diagnostic::new(Code::E0302, operands.op_span, text)
            .with_note(left.span, format!("this is {shown_left}"))
            .with_note(right.span, format!("this is {shown_right}"));
        let diagnostic = match (left.ty, right.ty) {
            (Type::Int, Type::Float) => with_float(self.checker, left, diagnostic),
            (Type::Float, Type::Int) => with_float(self.checker, right, diagnostic),
            _ => self.with_present(left, right, diagnostic),
        };
        self.checker.report(diagnostic);
    }

    fn logic(
        &mut self,
        make: fn(Box<ir::Expr>, Box<ir::Expr>) -> ir::ExprKind,
        operands: Operands<'a>,
    ) -> ir::Expr {
        let left = self.value(operands.left, Type::Bool);
        let right = self.value(operands.right, Type::Bool);
        if left.ty == Type::Error || right.ty == Type::Error {
            return error(operands.span);
        }
        let kind = make(Box::new(left), Box::new(right));
        ir::Expr { kind, ty: Type::Bool, span: operands.span }
    }

    fn coalesce(&mut self, operands: Operands<'a>, want: Want) -> ir::Expr {
        let span = operands.span;
        let hint = match want.ty() {
            Some(ty)
                if optional(&self.checker.types, ty).is_none() && is_untyped(operands.left) =>
            {
                Want::Type(Type::Optional(self.checker.types.intern(ty)))
            }
            _ => Want::Any,
        };
        let left = self.expr(operands.left, hint);
        let Some(inner) = optional(&self.checker.types, left.ty) else {
            if !matches!(left.ty, Type::Error | Type::Never) {
                let found = self.checker.show(left.ty);
                let text = format!("expected an optional before `??`, found {found}");
                self.checker.report(
                    Diagnostic::new(Code::E0301, operands.left.span, text)
                        .with_help("this is never `none`; leave `??` out"),
                );
            }
            self.ignored(operands.right);
            return if left.ty == Type::Never { left } else { error(span) };
        };
        let right = self.value(operands.right, inner);
        if right.ty == Type::Error {
            return error(span);
        }
        let kind = ir::ExprKind::Coalesce(Box::new(left), Box::new(right));
        ir::Expr { kind, ty: inner, span }
    }

    fn contained(&mut self, operands: Operands<'a>) -> ir::Expr {
        let span = operands.span;
        if let Some(table) = self.table_named(operands.right) {
            let key = self.table_key(table, operands.left);
            if key.ty == Type::Error {
                return error(span);
            }
            let kind = ir::ExprKind::RowExists(table, Box::new(key));
            return ir::Expr { kind, ty: Type::Bool, span };
        }
        let value = self.any_value(operands.left);
        let list = self.any_value(operands.right);
        let Some(of) = element(&self.checker.types, list.ty) else {
            if list.ty != Type::Error {
                let found = self.checker.show(list.ty);
                let text = format!("expected a table or a list after `in`, found {found}");
                let mut diagnostic = Diagnostic::new(Code::E0301, operands.right.span, text);
                if list.ty == Type::Str {
                    diagnostic = diagnostic.with_help("`text.contains(part)`");
                }
                self.checker.report(diagnostic);
            }
            return error(span);
        };
        let value = self.fit(value, of);
        if value.ty == Type::Error {
            return error(span);
        }
        self.in_list(list, value, span)
    }

    /// `value in list`: the value first, as it is written, then the list.
    fn in_list(&mut self, list: ir::Expr, value: ir::Expr, span: Span) -> ir::Expr {
        let local = self.scopes.hidden("$value", value.ty);
        let read = self.read_local(local, value.span);
        let stmt = ir::Stmt { span: value.span, kind: ir::StmtKind::Let { local, value } };
        let contains = ir::ExprKind::Builtin(Builtin::ListContains, vec![list, read]);
        let contains = ir::Expr { kind: contains, ty: Type::Bool, span };
        let block = self.make_block(vec![stmt], Some(contains), Type::Bool);
        ir::Expr { kind: ir::ExprKind::Block(block), ty: Type::Bool, span }
    }
}

/// A side of a comparison before it was made an optional to fit the other side.
fn as_written(side: ir::Expr) -> ir::Expr {
    match side.kind {
        ir::ExprKind::Some(inner) => *inner,
        _ => side,
    }
}

/// Whether an expression takes its type from its surroundings.
fn is_untyped(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::None => true,
        ExprKind::List(elements) => elements.is_empty(),
        ExprKind::Paren(inner) => is_untyped(inner),
        _ => false,
    }
}
