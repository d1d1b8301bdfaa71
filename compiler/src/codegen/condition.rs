//! Comparisons, and conditions that decide where to go on: `&&`, `||` and `!` become branches.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self as cl, InstBuilder};

use super::function::{Lower, Value};
use super::value::Form;
use crate::abi::HostFunction;
use crate::ir::{self, CompareOp, Expr, ExprKind};
use crate::planted::{Fault, is_planted};
use crate::source::Span;
use crate::types::Type;

impl<'p> Lower<'_, 'p, '_> {
    /// A comparison as a `bool`; one with `none` only looks whether there is a value.
    pub(super) fn comparison(
        &mut self,
        op: CompareOp,
        (left, right): (&'p Expr, &'p Expr),
        span: Span,
    ) -> Option<Value> {
        if is_none(left) || is_none(right) {
            let optional = if is_none(left) { right } else { left };
            let value = self.expr(optional)?;
            let there = self.is_some(optional.ty, value);
            let wanted = self.number(u32::from(op != CompareOp::Eq));
            let holds = self.builder.ins().icmp(IntCC::Equal, there, wanted);
            return Some(self.builder.ins().uextend(cl::types::I32, holds));
        }
        let left_value = self.operand(left, std::slice::from_ref(right))?;
        let right_value = self.expr(right)?;
        Some(self.compare(op, left.ty, [left_value, right_value], span))
    }

    fn compare(&mut self, op: CompareOp, ty: Type, sides: [Value; 2], span: Span) -> Value {
        let [left, right] = sides;
        if let Some(holds) = self.compare_registers(op, ty, left, right) {
            return self.builder.ins().uextend(cl::types::I32, holds);
        }
        let holds = match op {
            CompareOp::Eq => return self.equal(ty, left, right, span),
            CompareOp::Ne => {
                let equal = self.equal(ty, left, right, span);
                let one = self.number(1);
                return self.builder.ins().bxor(equal, one);
            }
            _ => {
                let order = self.host_value(HostFunction::text_compare, &[left, right], span);
                self.builder.ins().icmp_imm_s(int_condition(op), order, 0)
            }
        };
        self.builder.ins().uextend(cl::types::I32, holds)
    }

    /// A comparison of values that are what their registers hold, as Cranelift's narrow truth.
    fn compare_registers(
        &mut self,
        op: CompareOp,
        ty: Type,
        left: Value,
        right: Value,
    ) -> Option<Value> {
        match (ty, self.unit.form(ty)) {
            (Type::Float, _) => Some(self.builder.ins().fcmp(float_condition(op), left, right)),
            (Type::Str | Type::List(_), _) | (_, Form::Memory(_) | Form::Nothing) => None,
            _ => Some(self.builder.ins().icmp(int_condition(op), left, right)),
        }
    }

    /// A condition for a branch: not 0 where it holds.
    fn condition(&mut self, cond: &'p Expr) -> Option<Value> {
        if let ExprKind::Compare(op, left, right) = &cond.kind
            && matches!(left.ty, Type::Int | Type::Float | Type::Bool)
        {
            let (left_value, right_value) = (self.expr(left)?, self.expr(right)?);
            return self.compare_registers(*op, left.ty, left_value, right_value);
        }
        self.expr(cond)
    }

    /// `&&` and `||` as a value.
    pub(super) fn logical(&mut self, expr: &'p Expr) -> Value {
        let [yes, no, done] = [(); 3].map(|()| self.builder.create_block());
        let result = self.builder.append_block_param(done, cl::types::I32);
        self.branch(expr, yes, no);
        self.start(yes);
        let one = self.number(1);
        self.jump(done, &[one]);
        self.start(no);
        let zero = self.number(0);
        self.jump(done, &[zero]);
        self.start(done);
        result
    }

    /// Ends the block with a branch on a condition.
    pub(super) fn branch(&mut self, cond: &'p Expr, then: cl::Block, otherwise: cl::Block) {
        match &cond.kind {
            ExprKind::And(left, right) => {
                let next = self.builder.create_block();
                self.branch(left, next, otherwise);
                self.branch_again(next, (right, then, otherwise));
            }
            ExprKind::Or(left, right) => {
                let next = self.builder.create_block();
                self.branch(left, then, next);
                self.branch_again(next, (right, then, otherwise));
            }
            ExprKind::Not(inner) => self.branch(inner, otherwise, then),
            ExprKind::Const(ir::Const::Bool(true)) => self.jump(then, &[]),
            ExprKind::Const(ir::Const::Bool(false)) => self.jump(otherwise, &[]),
            _ => match self.condition(cond) {
                Some(value) => self.brif(value, then, otherwise),
                None => self.jump(otherwise, &[]),
            },
        }
    }

    /// The right side of `&&` or `||`: what it notes and learns, the way around it has not; what it
    /// removes may be gone behind both.
    fn branch_again(&mut self, here: cl::Block, to: (&'p Expr, cl::Block, cl::Block)) {
        let before = self.noted.clone();
        let mark = self.ranges.mark();
        self.start(here);
        self.branch(to.0, to.1, to.2);
        if !is_planted(Fault::RightSidesAreAlwaysReached) {
            self.ranges.forget(mark);
        }
        match is_planted(Fault::ConditionsRemoveNothing) {
            true => self.noted = before,
            false => self.noted.meet(&before),
        }
    }
}

fn is_none(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Const(ir::Const::None))
}

fn int_condition(op: CompareOp) -> IntCC {
    match op {
        CompareOp::Lt if is_planted(Fault::LessIsLessOrEqual) => IntCC::SignedLessThanOrEqual,
        CompareOp::Gt if is_planted(Fault::GreaterIsUnsigned) => IntCC::UnsignedGreaterThan,
        CompareOp::Eq => IntCC::Equal,
        CompareOp::Ne => IntCC::NotEqual,
        CompareOp::Lt => IntCC::SignedLessThan,
        CompareOp::Le => IntCC::SignedLessThanOrEqual,
        CompareOp::Gt => IntCC::SignedGreaterThan,
        CompareOp::Ge => IntCC::SignedGreaterThanOrEqual,
    }
}

fn float_condition(op: CompareOp) -> FloatCC {
    match op {
        CompareOp::Lt if is_planted(Fault::FloatLessHoldsForNan) => FloatCC::UnorderedOrLessThan,
        CompareOp::Eq => FloatCC::Equal,
        CompareOp::Ne => FloatCC::NotEqual,
        CompareOp::Lt => FloatCC::LessThan,
        CompareOp::Le => FloatCC::LessThanOrEqual,
        CompareOp::Gt => FloatCC::GreaterThan,
        CompareOp::Ge => FloatCC::GreaterThanOrEqual,
    }
}
