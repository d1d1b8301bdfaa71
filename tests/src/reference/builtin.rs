//! Built-ins that read their arguments: of numbers here, of texts and lists in `text` and `list`.

use std::hash::Hasher;

use midflight_compiler::builtins::Builtin;
use midflight_compiler::ir::Expr;
use midflight_compiler::source::Span;
use midflight_compiler::trap::TrapKind;

use super::activation::{Activation, Step};
use super::arithmetic::{float_max, float_min};
use super::format;
use super::value::Value;

impl<'p> Activation<'_, 'p, '_> {
    /// Evaluates the arguments, then the built-in.
    pub(crate) fn builtin(
        &mut self,
        builtin: Builtin,
        arguments: &'p [Expr],
        span: Span,
    ) -> Step<Value> {
        let values = self.all(arguments)?;
        match builtin {
            Builtin::StrOf => {
                let ty = arguments.first().expect("`str` has an argument").ty;
                let [value] = take(values);
                let mut text = String::new();
                format::write(&mut text, &self.printable(ty, value), None);
                self.text(&text, span)
            }
            Builtin::ListLen | Builtin::ListContains | Builtin::ListJoin | Builtin::ListSlice => {
                let ty = arguments.first().expect("a list's method has a receiver").ty;
                self.list_builtin(builtin, (ty, values), span)
            }
            Builtin::HashStr
            | Builtin::ParseInt
            | Builtin::ParseFloat
            | Builtin::TextLen
            | Builtin::TextContains
            | Builtin::TextStartsWith
            | Builtin::TextEndsWith
            | Builtin::TextSlice
            | Builtin::TextTrim
            | Builtin::TextLower
            | Builtin::TextUpper
            | Builtin::TextSplit => self.text_builtin(builtin, values, span),
            Builtin::Now => Ok(Value::Int(self.call.now_ms)),
            Builtin::Random => {
                let [bound] = take(values).map(Value::int);
                if bound <= 0 {
                    return self.fail(TrapKind::InvalidArgument, span);
                }
                let drawn = self.call.world.generator.below(bound.cast_unsigned());
                Ok(Value::Int(drawn.cast_signed()))
            }
            _ => self.number_builtin(builtin, values, span),
        }
    }

    fn number_builtin(&mut self, builtin: Builtin, values: Vec<Value>, span: Span) -> Step<Value> {
        Ok(match builtin {
            Builtin::MinInt => {
                let [left, right] = take(values).map(Value::int);
                Value::Int(left.min(right))
            }
            Builtin::MaxInt => {
                let [left, right] = take(values).map(Value::int);
                Value::Int(left.max(right))
            }
            Builtin::AbsInt => {
                let [value] = take(values).map(Value::int);
                self.int_abs(value, span)?
            }
            Builtin::ClampInt => {
                let [value, low, high] = take(values).map(Value::int);
                if low > high {
                    return self.fail(TrapKind::InvalidArgument, span);
                }
                Value::Int(value.max(low).min(high))
            }
            Builtin::PowInt => {
                let [base, exponent] = take(values).map(Value::int);
                self.int_pow(base, exponent, span)?
            }
            Builtin::HashInt => {
                let [value] = take(values).map(Value::int);
                Value::Int(hash(&value.to_le_bytes()))
            }
            Builtin::FloatOfInt => {
                let [value] = take(values).map(Value::int);
                Value::Float(value as f64)
            }
            Builtin::IntOfBool => {
                let [value] = take(values).map(Value::bool);
                Value::Int(i64::from(value))
            }
            Builtin::IntOfFloat => {
                let [value] = take(values).map(Value::float);
                self.int_of_float(value, span)?
            }
            Builtin::ClampFloat => {
                let [value, low, high] = take(values).map(Value::float);
                if low > high || low.is_nan() || high.is_nan() {
                    return self.fail(TrapKind::InvalidArgument, span);
                }
                Value::Float(float_min(float_max(value, low), high))
            }
            Builtin::MinFloat | Builtin::MaxFloat | Builtin::PowFloat | Builtin::Atan2 => {
                let [left, right] = take(values).map(Value::float);
                Value::Float(match builtin {
                    Builtin::MinFloat => float_min(left, right),
                    Builtin::MaxFloat => float_max(left, right),
                    Builtin::PowFloat => libm::pow(left, right),
                    _ => libm::atan2(left, right),
                })
            }
            _ => {
                let [value] = take(values).map(Value::float);
                Value::Float(float_function(builtin, value))
            }
        })
    }
}

fn float_function(builtin: Builtin, value: f64) -> f64 {
    match builtin {
        Builtin::AbsFloat => value.abs(),
        Builtin::Sqrt => value.sqrt(),
        Builtin::Floor => value.floor(),
        Builtin::Ceil => value.ceil(),
        Builtin::Round => libm::round(value),
        Builtin::Sin => libm::sin(value),
        Builtin::Cos => libm::cos(value),
        _ => unreachable!("{builtin:?} is evaluated elsewhere"),
    }
}

/// The arguments of a built-in that takes so many.
pub(crate) fn take<const N: usize>(values: Vec<Value>) -> [Value; N] {
    values.try_into().expect("the checker counts arguments")
}

/// SipHash-1-3 with key zero.
pub(crate) fn hash(bytes: &[u8]) -> i64 {
    let mut hasher = siphasher::sip::SipHasher13::new_with_keys(0, 0);
    hasher.write(bytes);
    hasher.finish().cast_signed()
}
