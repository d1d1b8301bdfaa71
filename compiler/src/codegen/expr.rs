//! Expressions.
//!
//! [`Lower::expr`] gives a value: a register, or the address of a value in memory, which may be
//! borrowed from a place. [`Lower::expr_into`] builds a value where it is wanted. [`Lower::owned`]
//! gives a value that shares nothing with a place, so that its bytes can be moved.
//!
//! `None` means that there is no value: the type has none, or the evaluation does not end. What
//! comes after is lowered into a block that nobody reaches, or not at all.
//!
//! The target of `expr_into` is fresh memory: nothing in the expression can reach it.

use cranelift_codegen::ir::{self as cl, InstBuilder};

use super::arith::Sides;
use super::function::{Lower, Value};
use super::scan::is_pure;
use super::undo::Noted;
use super::value::Form;
use crate::ir::{self, Expr, ExprKind};
use crate::planted::{Fault, is_planted};
use crate::source::Span;
use crate::types::Type;

impl<'p> Lower<'_, 'p, '_> {
    /// Evaluates an expression.
    pub(super) fn expr(&mut self, expr: &'p Expr) -> Option<Value> {
        if let Form::Memory(layout) = self.unit.form(expr.ty)
            && !self.is_borrowed(expr)
        {
            let target = self.temporary(layout, expr.span);
            self.expr_into(expr, target)?;
            return Some(target);
        }
        match &expr.kind {
            ExprKind::Const(value) => self.constant(expr.ty, value),
            ExprKind::Place(place) => self.read(place),
            ExprKind::Neg(inner) => {
                let value = self.expr(inner)?;
                Some(self.negate(inner.ty, value, expr.span))
            }
            ExprKind::Not(inner) => {
                let value = self.expr(inner)?;
                let one = self.number(1);
                Some(self.builder.ins().bxor(value, one))
            }
            ExprKind::Binary(op, left, right) => {
                let left_value = self.operand(left, std::slice::from_ref(&**right))?;
                let right_value = self.expr(right)?;
                let sides = Sides::of(self, (left, left_value), (right, right_value));
                Some(self.binary(*op, sides, expr.span))
            }
            ExprKind::Compare(op, left, right) => self.comparison(*op, (left, right), expr.span),
            ExprKind::And(..) | ExprKind::Or(..) => Some(self.logical(expr)),
            ExprKind::Call(callee, args) => self.call(*callee, args, None),
            ExprKind::Builtin(builtin, args) => self.builtin(*builtin, args, expr),
            ExprKind::Interpolate(pieces) => self.interpolate(pieces, expr.span),
            ExprKind::If { cond, then, otherwise } => {
                self.if_value(cond, (then, otherwise.as_ref()), (expr.ty, None))
            }
            ExprKind::Match { value, arms } => self.match_value(value, arms, (expr.ty, None)),
            ExprKind::Block(block) => self.block(block, None),
            ExprKind::Variant(_, tag, _) => Some(self.number(*tag)),
            ExprKind::Coalesce(left, right) => self.coalesce(left, right, (expr.ty, None)),
            // An optional row is the row itself.
            ExprKind::Some(inner) => self.owned(inner),
            ExprKind::List(items) => self.list_literal(expr, items),
            ExprKind::ToList(inner) => self.growing_copy(inner, expr.span),
            ExprKind::Mutate { builtin, place, args } => {
                self.mutate((*builtin, expr), place, args, None)
            }
            ExprKind::RowGet(table, key) => self.row_get(*table, key, expr.span),
            ExprKind::RowFind(table, key) => self.row_find(*table, key, expr.span),
            ExprKind::RowExists(table, key) => self.row_exists(*table, key, expr.span),
            ExprKind::TableLen(table) => Some(self.table_len(*table)),
            ExprKind::Insert(table, fields) => self.insert(*table, fields, expr.span),
            ExprKind::Return(value) => self.lower_return(value.as_deref()),
            ExprKind::Break => self.leave_loop(super::stmt::Leave::Break),
            ExprKind::Continue => self.leave_loop(super::stmt::Leave::Continue),
            ExprKind::Fail { status, message } => self.fail(*status, message, expr.span),
            ExprKind::Struct(..) | ExprKind::Repeat(_) => {
                unreachable!("structs and arrays stand in memory")
            }
        }
    }

    /// Evaluates an expression whose value stands in memory into fresh memory.
    pub(super) fn expr_into(&mut self, expr: &'p Expr, target: Value) -> Option<()> {
        match &expr.kind {
            ExprKind::Struct(id, fields) => {
                for (index, field) in fields {
                    let offset = self.unit.layouts.strukt(*id).offsets[*index as usize];
                    self.store_expr(field, target, offset)?;
                }
            }
            ExprKind::Call(callee, args) => {
                let _ = self.call(*callee, args, Some(target))?;
            }
            ExprKind::If { cond, then, otherwise } => {
                let arms = (then, otherwise.as_ref());
                let _ = self.if_value(cond, arms, (expr.ty, Some(target)));
            }
            ExprKind::Match { value, arms } => {
                let _ = self.match_value(value, arms, (expr.ty, Some(target)));
            }
            ExprKind::Block(block) => {
                let _ = self.block(block, Some(target));
            }
            ExprKind::Variant(id, tag, payload) => self.variant_into(*id, *tag, payload, target)?,
            ExprKind::Some(inner) => self.some_into(inner, target)?,
            ExprKind::List(items) => self.list_into(expr, items, target)?,
            ExprKind::Repeat(value) => self.repeat_into(expr, value, target)?,
            ExprKind::Coalesce(left, right) => {
                let _ = self.coalesce(left, right, (expr.ty, Some(target)));
            }
            ExprKind::Mutate { builtin, place, args } => {
                let _ = self.mutate((*builtin, expr), place, args, Some(target))?;
            }
            ExprKind::Builtin(builtin, args) => {
                self.parse_into(*builtin, args, (expr, target))?;
            }
            _ => {
                // A place or a constant.
                let source = self.expr(expr)?;
                self.copy_value(expr.ty, target, source, expr.span);
            }
        }
        Some(())
    }

    /// Evaluates an expression of any type into fresh memory at `address + offset`.
    pub(super) fn store_expr(&mut self, expr: &'p Expr, address: Value, offset: u32) -> Option<()> {
        match self.unit.form(expr.ty) {
            Form::Nothing => {
                let _ = self.expr(expr);
            }
            Form::Register(_) => {
                let value = self.owned(expr)?;
                self.store(expr.ty, value, address, offset);
            }
            Form::Memory(_) => {
                let target = self.offset(address, offset);
                self.expr_into(expr, target)?;
            }
        }
        Some(())
    }

    /// Evaluates an expression whose bytes are then moved: no list in it is shared.
    pub(super) fn owned(&mut self, expr: &'p Expr) -> Option<Value> {
        let value = self.expr(expr)?;
        let shares = self.is_borrowed(expr) && self.holds_list(expr.ty);
        if !shares || is_planted(Fault::ListStaysShared) {
            return Some(value);
        }
        Some(self.copied((expr.ty, expr.span), value))
    }

    /// A copy of a value in memory of its own.
    pub(super) fn copied(&mut self, (ty, span): (Type, Span), value: Value) -> Value {
        let target = self.temporary(self.unit.layout(ty), span);
        let source = self.spill(ty, value);
        self.copy_value(ty, target, source, span);
        self.load(ty, target, 0)
    }

    /// Evaluates an operand that is used after `later` was evaluated: what `later` could change is
    /// copied.
    pub(super) fn operand(&mut self, expr: &'p Expr, later: &'p [Expr]) -> Option<Value> {
        let value = self.expr(expr)?;
        let is_shared = self.can_change(expr.ty) && self.is_borrowed(expr);
        if !is_shared || is_planted(Fault::OperandStaysBorrowed) || later.iter().all(is_pure) {
            return Some(value);
        }
        Some(self.copied((expr.ty, expr.span), value))
    }

    /// Whether a value of this type stands in memory that others could write to.
    pub(super) fn can_change(&self, ty: Type) -> bool {
        matches!(self.unit.form(ty), Form::Memory(_)) || matches!(ty, Type::List(_))
    }

    /// Whether evaluating the expression gives memory that belongs to a place or is constant.
    pub(super) fn is_borrowed(&self, expr: &Expr) -> bool {
        matches!(expr.kind, ExprKind::Place(_) | ExprKind::Const(_))
    }

    /// `if` as a value: a register's is handed on to the next block, another is built at the
    /// target, which is made here where nobody gave one.
    fn if_value(
        &mut self,
        cond: &'p Expr,
        arms: (&'p ir::Block, Option<&'p ir::Block>),
        wanted: (Type, Option<Value>),
    ) -> Option<Value> {
        let (then, otherwise) = arms;
        let mut join = self.join(wanted);
        let then_block = self.builder.create_block();
        let else_block = match otherwise {
            Some(_) => self.builder.create_block(),
            None => join.done,
        };
        self.branch(cond, then_block, else_block);
        let before = self.noted.clone();
        let mark = self.ranges.mark();
        self.ranges.assume(self.func, cond, true);
        self.start(then_block);
        self.arm(then, &mut join);
        self.ranges.forget(mark);
        self.noted = before;
        match otherwise {
            Some(otherwise) => {
                self.ranges.assume(self.func, cond, false);
                self.start(else_block);
                self.arm(otherwise, &mut join);
                self.ranges.forget(mark);
            }
            None => join.meet(&self.noted),
        }
        // Behind an `if` whose arm does not end here, its condition is known.
        if then.ty == Type::Never {
            self.ranges.assume(self.func, cond, false);
        }
        self.end_join(join)
    }

    /// The point where the arms of an `if` or `match` meet.
    pub(super) fn join(&mut self, wanted: (Type, Option<Value>)) -> Join {
        let (ty, target) = wanted;
        let done = self.builder.create_block();
        let value = match self.unit.form(ty) {
            Form::Register(register) => Some(self.builder.append_block_param(done, register)),
            _ => None,
        };
        Join { done, ty, target, value, noted: None }
    }

    /// One arm: charges its fuel, runs it, and goes on where the arms meet.
    pub(super) fn arm(&mut self, arm: &'p ir::Block, join: &mut Join) {
        self.charge(arm.fuel, None);
        let value = self.block(arm, join.target);
        if arm.ty != Type::Never {
            self.end_arm(value, join);
        }
    }

    /// The end of an arm that has this value.
    pub(super) fn end_arm(&mut self, value: Option<Value>, join: &mut Join) {
        match (join.value, value) {
            (None, _) => self.jump(join.done, &[]),
            (Some(_), Some(value)) => self.jump(join.done, &[value]),
            (Some(param), None) => {
                let register = self.builder.func.dfg.value_type(param);
                let zero = self.zero(register);
                self.jump(join.done, &[zero]);
            }
        }
        join.meet(&self.noted);
    }

    /// Goes on where the arms meet.
    pub(super) fn end_join(&mut self, join: Join) -> Option<Value> {
        self.start(join.done);
        self.noted = join.noted.unwrap_or_default();
        join.value.or(join.target).filter(|_| join.ty != Type::Never)
    }
}

/// Where the arms of an `if` or `match` meet.
pub(super) struct Join {
    pub(super) done: cl::Block,
    pub(super) ty: Type,
    /// Where a value in memory is built.
    pub(super) target: Option<Value>,
    /// The parameter of `done` that is the value of a register's type.
    pub(super) value: Option<Value>,
    /// What every arm so far has noted.
    pub(super) noted: Option<Noted>,
}

impl Join {
    /// One more way to get here, with what was noted on it.
    pub(super) fn meet(&mut self, noted: &Noted) {
        match &mut self.noted {
            Some(all) => all.meet(noted),
            None => self.noted = Some(noted.clone()),
        }
    }
}
