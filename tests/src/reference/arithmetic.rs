//! Arithmetic. An `int` result is computed without bounds and must then fit; a `float` one is IEEE
//! 754's.

use midflight_compiler::ir::BinaryOp;
use midflight_compiler::source::Span;
use midflight_compiler::trap::TrapKind;

use super::activation::{Activation, Step};
use super::cost;
use super::value::Value;

impl Activation<'_, '_, '_> {
    /// `left op right`; the text `+` pays for both sides.
    pub(crate) fn binary(
        &mut self,
        op: BinaryOp,
        left: Value,
        right: Value,
        span: Span,
    ) -> Step<Value> {
        match (left, right) {
            (Value::Int(left), Value::Int(right)) => self.int_binary(op, left, right, span),
            (Value::Float(left), Value::Float(right)) => {
                Ok(Value::Float(float_binary(op, left, right)))
            }
            (Value::Text(left), Value::Text(right)) => {
                self.charge(cost::text(&left), span)?;
                self.charge(cost::text(&right), span)?;
                self.text(&format!("{left}{right}"), span)
            }
            _ => unreachable!("arithmetic is on two numbers or texts of one type"),
        }
    }

    fn int_binary(&mut self, op: BinaryOp, left: i64, right: i64, span: Span) -> Step<Value> {
        let (wide_left, wide_right) = (i128::from(left), i128::from(right));
        if matches!(op, BinaryOp::Div | BinaryOp::Rem) && right == 0 {
            return self.fail(TrapKind::DivisionByZero, span);
        }
        let result = match op {
            BinaryOp::Add => wide_left + wide_right,
            BinaryOp::Sub => wide_left - wide_right,
            BinaryOp::Mul => wide_left * wide_right,
            BinaryOp::Div => wide_left / wide_right,
            // A remainder is what a quotient leaves: without a quotient there is none.
            BinaryOp::Rem if left == i64::MIN && right == -1 => wide_left / wide_right,
            BinaryOp::Rem => wide_left % wide_right,
        };
        self.fit(result, span)
    }

    /// `-value`
    pub(crate) fn negate(&mut self, value: Value, span: Span) -> Step<Value> {
        match value {
            Value::Float(value) => Ok(Value::Float(-value)),
            value => self.fit(-i128::from(value.int()), span),
        }
    }

    /// `abs(value)` of an `int`
    pub(crate) fn int_abs(&mut self, value: i64, span: Span) -> Step<Value> {
        self.fit(i128::from(value).abs(), span)
    }

    /// `pow(base, exponent)` of `int`s.
    pub(crate) fn int_pow(&mut self, base: i64, exponent: i64, span: Span) -> Step<Value> {
        if exponent < 0 {
            return self.fail(TrapKind::InvalidArgument, span);
        }
        // These never leave the range; of all others, none stays in it for 64 steps.
        let exponent = match base {
            -1 => exponent % 2,
            0 | 1 => exponent.min(1),
            _ => exponent.min(64),
        };
        let mut power = 1_i128;
        for _ in 0..exponent {
            power *= i128::from(base);
            if i64::try_from(power).is_err() {
                return self.fail(TrapKind::Overflow, span);
            }
        }
        self.fit(power, span)
    }

    /// `int(value)` of a `float`: truncated toward zero, where an `int` can hold that.
    pub(crate) fn int_of_float(&mut self, value: f64, span: Span) -> Step<Value> {
        const END: f64 = 9_223_372_036_854_775_808.0;
        if !(-END..END).contains(&value) {
            return self.fail(TrapKind::OutOfRange, span);
        }
        Ok(Value::Int(value as i64))
    }

    fn fit(&mut self, result: i128, span: Span) -> Step<Value> {
        match i64::try_from(result) {
            Ok(result) => Ok(Value::Int(result)),
            Err(_) => self.fail(TrapKind::Overflow, span),
        }
    }
}

fn float_binary(op: BinaryOp, left: f64, right: f64) -> f64 {
    match op {
        BinaryOp::Add => left + right,
        BinaryOp::Sub => left - right,
        BinaryOp::Mul => left * right,
        BinaryOp::Div => left / right,
        BinaryOp::Rem => libm::fmod(left, right),
    }
}

/// The smaller of two: NaN if either is, and -0 is less than +0.
pub(crate) fn float_min(left: f64, right: f64) -> f64 {
    if left.is_nan() || right.is_nan() {
        return f64::NAN;
    }
    if left == right {
        return if left.is_sign_negative() { left } else { right };
    }
    if left < right { left } else { right }
}

/// The larger of two, as [`float_min`].
pub(crate) fn float_max(left: f64, right: f64) -> f64 {
    -float_min(-left, -right)
}
