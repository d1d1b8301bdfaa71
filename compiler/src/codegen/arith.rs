//! Arithmetic: every step that could leave the range of its type is checked before or after it by
//! an explicit branch to a cold block. No instruction here can fault: a division is emitted only
//! where its divisor is known, or was tested, to be neither 0 nor -1.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, types as clif};

use super::function::{Lower, Value};
use super::range::Range;
use crate::abi::HostFunction;
use crate::ir::{self, BinaryOp};
use crate::planted::{Fault, is_planted};
use crate::source::Span;
use crate::trap::TrapKind;
use crate::types::Type;

/// The operands of a binary operation, with what is known of them.
pub(super) struct Sides {
    ty: Type,
    left: Value,
    right: Value,
    left_range: Range,
    right_range: Range,
}

impl Sides {
    /// Two evaluated expressions.
    pub(super) fn of(
        lower: &Lower<'_, '_, '_>,
        left: (&ir::Expr, Value),
        right: (&ir::Expr, Value),
    ) -> Sides {
        Sides {
            ty: left.0.ty,
            left: left.1,
            right: right.1,
            left_range: lower.ranges.of(left.0),
            right_range: lower.ranges.of(right.0),
        }
    }

    /// What stands at a place, and an evaluated expression.
    pub(super) fn of_place(
        lower: &Lower<'_, '_, '_>,
        left: (&ir::Place, Value),
        right: (&ir::Expr, Value),
    ) -> Sides {
        Sides {
            ty: left.0.ty,
            left: left.1,
            right: right.1,
            left_range: lower.ranges.of_place(left.0),
            right_range: lower.ranges.of(right.0),
        }
    }
}

/// 2^63, the first `float` above every `int`; its negative is the smallest `int`.
const INT_END: f64 = 9_223_372_036_854_775_808.0;

/// What a number of 63 bits is multiplied with, for the upper 64 bits of the product, and how far these
/// are shifted to the right then: that divides it by a divisor above zero that is no power of two.
///
/// After theorem 4.2 of "Division by Invariant Integers using Multiplication", Granlund and Montgomery,
/// 1994: for dividends of 63 bits the factor has no more than 64.
fn reciprocal(divisor: i64) -> (u64, u32) {
    let divisor = u128::from(divisor.unsigned_abs());
    let shift = divisor.ilog2();
    let factor = (1 << (u64::BITS + shift)) / divisor + 1;
    (factor as u64, shift)
}

impl Lower<'_, '_, '_> {
    /// `left op right` on `int`, `float` or `str`.
    pub(super) fn binary(&mut self, op: BinaryOp, sides: Sides, span: Span) -> Value {
        match sides.ty {
            Type::Float => self.float_binary(op, sides, span),
            Type::Str => {
                self.host_value(HostFunction::text_concat, &[sides.left, sides.right], span)
            }
            _ => self.int_binary(op, sides, span),
        }
    }

    fn float_binary(&mut self, op: BinaryOp, sides: Sides, span: Span) -> Value {
        let (left, right) = (sides.left, sides.right);
        match op {
            BinaryOp::Add => self.builder.ins().fadd(left, right),
            BinaryOp::Sub => self.builder.ins().fsub(left, right),
            BinaryOp::Mul => self.builder.ins().fmul(left, right),
            BinaryOp::Div => self.builder.ins().fdiv(left, right),
            BinaryOp::Rem => self.host_value(HostFunction::float_rem, &[left, right], span),
        }
    }

    fn int_binary(&mut self, op: BinaryOp, sides: Sides, span: Span) -> Value {
        let (left, right) = (sides.left, sides.right);
        let known = matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul)
            || sides.right_range.single().is_some();
        let safe = known && Range::of_binary(op, sides.left_range, sides.right_range).is_some();
        match op {
            BinaryOp::Add if safe => self.builder.ins().iadd(left, right),
            BinaryOp::Sub if safe => self.builder.ins().isub(left, right),
            BinaryOp::Mul if safe => self.builder.ins().imul(left, right),
            BinaryOp::Div | BinaryOp::Rem if safe => {
                let divisor = sides.right_range.single().expect("a safe divisor is known");
                self.safe_division(op, left, sides.left_range, divisor)
            }
            BinaryOp::Add => match (sides.left_range.single(), sides.right_range.single()) {
                (_, Some(constant)) => self.add_constant(left, right, constant, span),
                (Some(constant), _) => self.add_constant(right, left, constant, span),
                _ if is_planted(Fault::SumIsUnchecked) => self.builder.ins().iadd(left, right),
                _ => {
                    let (sum, overflow) = self.builder.ins().sadd_overflow(left, right);
                    self.trap_if(overflow, TrapKind::Overflow, span);
                    sum
                }
            },
            BinaryOp::Sub => match sides.right_range.single() {
                Some(constant) => self.sub_constant(left, right, constant, span),
                None => {
                    let (difference, overflow) = self.builder.ins().ssub_overflow(left, right);
                    self.trap_if(overflow, TrapKind::Overflow, span);
                    difference
                }
            },
            BinaryOp::Mul if is_planted(Fault::ProductIsUnchecked) => {
                self.builder.ins().imul(left, right)
            }
            BinaryOp::Mul => {
                let (product, overflow) = self.builder.ins().smul_overflow(left, right);
                self.trap_if(overflow, TrapKind::Overflow, span);
                product
            }
            BinaryOp::Div | BinaryOp::Rem => self.checked_division(op, sides, span),
        }
    }

    /// A sum with a constant overflows where it lies on the wrong side of the other operand: one
    /// comparison that the branch absorbs, where the overflow flag would have to be read out.
    fn add_constant(&mut self, value: Value, constant: Value, number: i64, span: Span) -> Value {
        let sum = self.builder.ins().iadd(value, constant);
        let wrong = if number < 0 { IntCC::SignedGreaterThan } else { IntCC::SignedLessThan };
        let overflow = self.builder.ins().icmp(wrong, sum, value);
        self.trap_if(overflow, TrapKind::Overflow, span);
        sum
    }

    fn sub_constant(&mut self, value: Value, constant: Value, number: i64, span: Span) -> Value {
        let difference = self.builder.ins().isub(value, constant);
        let wrong = if number < 0 { IntCC::SignedLessThan } else { IntCC::SignedGreaterThan };
        let overflow = self.builder.ins().icmp(wrong, difference, value);
        self.trap_if(overflow, TrapKind::Overflow, span);
        difference
    }

    /// A division that has a result. The divisor is written as a constant, whatever it was computed
    /// from: `audit` takes it for none otherwise.
    fn safe_division(
        &mut self,
        op: BinaryOp,
        left: Value,
        left_range: Range,
        divisor: i64,
    ) -> Value {
        // Without a sign there is no rounding towards zero to make good.
        let has_no_sign = left_range.low >= 0 || is_planted(Fault::DivisionTakesNoSign);
        if has_no_sign && divisor > 0 {
            return self.division_without_sign(op, left, divisor);
        }
        let constant = self.int(divisor);
        match op {
            BinaryOp::Rem if divisor == -1 => self.int(0),
            BinaryOp::Rem => self.builder.ins().srem(left, constant),
            _ if divisor == -1 => self.builder.ins().ineg(left),
            _ => self.builder.ins().sdiv(left, constant),
        }
    }

    /// A division of what is not below zero by a constant that is above. (Cranelift's division without a
    /// sign does not know that the highest bit is zero, and is the longer one for some divisors.)
    fn division_without_sign(&mut self, op: BinaryOp, left: Value, divisor: i64) -> Value {
        if divisor.count_ones() == 1 {
            return match op {
                BinaryOp::Rem => self.builder.ins().band_imm_u(left, divisor - 1),
                _ => self.builder.ins().ushr_imm_u(left, i64::from(divisor.trailing_zeros())),
            };
        }
        let (factor, shift) = reciprocal(divisor);
        let factor = self.int(factor.cast_signed());
        let product = self.builder.ins().umulhi(left, factor);
        let quotient = self.builder.ins().ushr_imm_u(product, i64::from(shift));
        match op {
            BinaryOp::Rem => {
                let divisor = self.int(divisor);
                let multiple = self.builder.ins().imul(quotient, divisor);
                self.builder.ins().isub(left, multiple)
            }
            _ => quotient,
        }
    }

    /// A division whose divisor may be 0 or -1: one comparison tests for both.
    fn checked_division(&mut self, op: BinaryOp, sides: Sides, span: Span) -> Value {
        let (left, right) = (sides.left, sides.right);
        let special = self.builder.create_block();
        let divide = self.builder.create_block();
        let done = self.builder.create_block();
        self.builder.set_cold_block(special);
        let result = self.builder.append_block_param(done, clif::I64);
        let above = self.builder.ins().iadd_imm_s(right, 1);
        let two = self.int(2);
        let is_special = self.builder.ins().icmp(IntCC::UnsignedLessThan, above, two);
        self.brif(is_special, special, divide);

        self.start(special);
        let by_zero = self.builder.ins().icmp_imm_s(IntCC::Equal, right, 0);
        self.trap_if(by_zero, TrapKind::DivisionByZero, span);
        let overflow = self.builder.ins().icmp_imm_s(IntCC::Equal, left, i64::MIN);
        self.trap_if(overflow, TrapKind::Overflow, span);
        let by_minus_one = match op {
            BinaryOp::Rem if is_planted(Fault::RemainderByMinusOne) => left,
            BinaryOp::Rem => self.int(0),
            _ => self.builder.ins().ineg(left),
        };
        self.jump(done, &[by_minus_one]);

        self.start(divide);
        let quotient = match op {
            BinaryOp::Rem => self.builder.ins().srem(left, right),
            _ => self.builder.ins().sdiv(left, right),
        };
        self.jump(done, &[quotient]);
        self.start(done);
        result
    }

    /// `-value`
    pub(super) fn negate(&mut self, ty: Type, value: Value, span: Span) -> Value {
        if ty == Type::Float {
            return self.builder.ins().fneg(value);
        }
        self.trap_if_smallest(value, span);
        self.builder.ins().ineg(value)
    }

    fn trap_if_smallest(&mut self, value: Value, span: Span) {
        if is_planted(Fault::NegationIsUnchecked) {
            return;
        }
        let smallest = self.builder.ins().icmp_imm_s(IntCC::Equal, value, i64::MIN);
        self.trap_if(smallest, TrapKind::Overflow, span);
    }

    /// `abs` on `int`
    pub(super) fn int_abs(&mut self, value: Value, span: Span) -> Value {
        self.trap_if_smallest(value, span);
        self.builder.ins().iabs(value)
    }

    /// The left value where the condition holds between both, else the right one.
    pub(super) fn choose(&mut self, condition: IntCC, left: Value, right: Value) -> Value {
        let first = self.builder.ins().icmp(condition, left, right);
        self.builder.ins().select(first, left, right)
    }

    /// `clamp` on `int`
    pub(super) fn int_clamp(&mut self, args: [Value; 3], span: Span) -> Value {
        let [value, low, high] = args;
        let empty = self.builder.ins().icmp(IntCC::SignedGreaterThan, low, high);
        self.trap_if(empty, TrapKind::InvalidArgument, span);
        let raised = self.choose(IntCC::SignedGreaterThan, value, low);
        self.choose(IntCC::SignedLessThan, raised, high)
    }

    /// Traps where the bounds of `clamp` on `float` are out of order; one that is NaN is no bound.
    pub(super) fn refuse_bounds(&mut self, low: Value, high: Value, span: Span) {
        let empty = self.builder.ins().fcmp(FloatCC::UnorderedOrGreaterThan, low, high);
        self.trap_if(empty, TrapKind::InvalidArgument, span);
    }

    /// `clamp` on `float`, between bounds that are in order.
    pub(super) fn float_clamp(&mut self, value: Value, low: Value, high: Value) -> Value {
        let raised = self.builder.ins().fmax(value, low);
        self.builder.ins().fmin(raised, high)
    }

    /// `int(value)`: the range is tested first, so that the conversion has an answer.
    pub(super) fn int_of_float(&mut self, value: Value, span: Span) -> Value {
        let start = self.builder.ins().f64const(-INT_END);
        let end = self.builder.ins().f64const(INT_END);
        let below = self.builder.ins().fcmp(FloatCC::UnorderedOrLessThan, value, start);
        self.trap_if(below, TrapKind::OutOfRange, span);
        let above = self.builder.ins().fcmp(FloatCC::GreaterThanOrEqual, value, end);
        self.trap_if(above, TrapKind::OutOfRange, span);
        self.builder.ins().fcvt_to_sint_sat(clif::I64, value)
    }
}

#[cfg(test)]
mod tests {
    use super::reciprocal;

    #[test]
    fn a_product_with_the_reciprocal_is_the_quotient() {
        let small = 3..2_000_i64;
        let large = (2..63).flat_map(|bits| (-3..=3).map(move |more| (1 << bits) + more));
        let divisors = small.chain(large).chain([i64::MAX, i64::MAX / 3, 1_000_000_007]);
        for divisor in divisors.filter(|divisor| *divisor > 2 && divisor.count_ones() > 1) {
            let (factor, shift) = reciprocal(divisor);
            let last = i64::MAX / divisor * divisor;
            // Where a quotient begins, and in front of that, a factor that is off shows first.
            let edges = [0, 1, divisor - 1, divisor, last / 2 / divisor * divisor, last, i64::MAX];
            let dividends = edges.into_iter().flat_map(|edge| [edge.max(1) - 1, edge]);
            for dividend in dividends {
                let product = u128::from(dividend.unsigned_abs()) * u128::from(factor);
                let quotient = (product >> 64) as u64 >> shift;
                assert_eq!(quotient, (dividend / divisor).unsigned_abs(), "{dividend} / {divisor}");
            }
        }
    }
}
