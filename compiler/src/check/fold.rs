//! Evaluates constant expressions: a typed node in, its value out. It is used for constants and
//! defaults only; everywhere else a trap stays a trap of the call.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::builtins::Builtin;
use crate::ir::{BinaryOp, CompareOp, Const, Expr, ExprKind, Piece};
use crate::source::Span;
use crate::types::{Type, Types};

/// Why an expression has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// A mistake in it was reported before.
    Reported,
    /// It needs a running call.
    NotConstant(Span),
    /// It would trap.
    Traps(Span, &'static str),
    /// A text grew too long.
    TooLong(Span),
}

type Folded = Result<Const, Failure>;

const OVERFLOW: &str = "the result does not fit in an `int`";
const DIVISION: &str = "division by zero";

/// What constants are made of, and how long their texts may be.
#[derive(Clone, Copy)]
pub(super) struct Folding<'t> {
    pub(super) types: &'t Types,
    pub(super) text_len_max: usize,
}

/// The value of a constant expression.
pub(super) fn fold(folding: Folding<'_>, expr: &Expr) -> Folded {
    if expr.ty == Type::Error {
        return Err(Failure::Reported);
    }
    let all =
        |parts: &[Expr]| parts.iter().map(|part| fold(folding, part)).collect::<Result<_, _>>();
    match &expr.kind {
        ExprKind::Const(value) => Ok(value.clone()),
        ExprKind::Neg(operand) => negate(fold(folding, operand)?, expr.span),
        ExprKind::Not(operand) => Ok(Const::Bool(!truth(fold(folding, operand)?)?)),
        ExprKind::Binary(op, left, right) => {
            binary(folding, *op, [fold(folding, left)?, fold(folding, right)?], expr.span)
        }
        ExprKind::Compare(op, left, right) => {
            Ok(Const::Bool(compare(*op, &fold(folding, left)?, &fold(folding, right)?)))
        }
        ExprKind::And(left, right) => {
            Ok(Const::Bool(truth(fold(folding, left)?)? && truth(fold(folding, right)?)?))
        }
        ExprKind::Or(left, right) => {
            Ok(Const::Bool(truth(fold(folding, left)?)? || truth(fold(folding, right)?)?))
        }
        ExprKind::Builtin(builtin, args) => {
            let args: Vec<Const> = all(args)?;
            call(*builtin, &args, expr.span)
        }
        ExprKind::Struct(_, fields) => {
            let mut values = Vec::with_capacity(fields.len());
            for (index, field) in fields {
                values.push((*index, fold(folding, field)?));
            }
            values.sort_by_key(|(index, _)| *index);
            Ok(Const::Struct(values.into_iter().map(|(_, value)| value).collect()))
        }
        ExprKind::Variant(_, variant, payload) => Ok(Const::Variant(*variant, all(payload)?)),
        ExprKind::Some(inner) => Ok(Const::Some(Box::new(fold(folding, inner)?))),
        ExprKind::List(elements) => Ok(Const::List(all(elements)?)),
        ExprKind::Repeat(element) => match expr.ty {
            Type::Array(_, len) => Ok(Const::List(vec![fold(folding, element)?; len as usize])),
            _ => Err(Failure::NotConstant(expr.span)),
        },
        ExprKind::Interpolate(pieces) => interpolate(folding, pieces, expr.span),
        _ => Err(Failure::NotConstant(expr.span)),
    }
}

fn truth(value: Const) -> Result<bool, Failure> {
    match value {
        Const::Bool(value) => Ok(value),
        _ => Err(Failure::Reported),
    }
}

/// A float with the one NaN that Flight has.
fn float(value: f64) -> Const {
    Const::Float(if value.is_nan() { f64::NAN } else { value })
}

fn negate(value: Const, span: Span) -> Folded {
    match value {
        Const::Int(value) => {
            value.checked_neg().map(Const::Int).ok_or(Failure::Traps(span, OVERFLOW))
        }
        Const::Float(value) => Ok(float(-value)),
        _ => Err(Failure::Reported),
    }
}

fn binary(folding: Folding<'_>, op: BinaryOp, [left, right]: [Const; 2], span: Span) -> Folded {
    match (left, right) {
        (Const::Int(left), Const::Int(right)) => int_binary(op, left, right, span),
        (Const::Float(left), Const::Float(right)) => Ok(float(match op {
            BinaryOp::Add => left + right,
            BinaryOp::Sub => left - right,
            BinaryOp::Mul => left * right,
            BinaryOp::Div => left / right,
            BinaryOp::Rem => libm::fmod(left, right),
        })),
        (Const::Str(left), Const::Str(right)) if op == BinaryOp::Add => {
            text(folding, format!("{left}{right}"), span)
        }
        _ => Err(Failure::Reported),
    }
}

fn int_binary(op: BinaryOp, left: i64, right: i64, span: Span) -> Folded {
    if matches!(op, BinaryOp::Div | BinaryOp::Rem) && right == 0 {
        return Err(Failure::Traps(span, DIVISION));
    }
    let value = match op {
        BinaryOp::Add => left.checked_add(right),
        BinaryOp::Sub => left.checked_sub(right),
        BinaryOp::Mul => left.checked_mul(right),
        BinaryOp::Div => left.checked_div(right),
        // Where the quotient does not fit, there is no remainder, as in machine code.
        BinaryOp::Rem => left.checked_rem(right),
    };
    value.map(Const::Int).ok_or(Failure::Traps(span, OVERFLOW))
}

fn compare(op: CompareOp, left: &Const, right: &Const) -> bool {
    let order = match (left, right) {
        (Const::Int(left), Const::Int(right)) => Some(left.cmp(right)),
        (Const::Float(left), Const::Float(right)) => left.partial_cmp(right),
        (Const::Str(left), Const::Str(right)) => Some(left.cmp(right)),
        _ if left == right => Some(Ordering::Equal),
        _ => None,
    };
    match op {
        CompareOp::Eq => order == Some(Ordering::Equal),
        CompareOp::Ne => order != Some(Ordering::Equal),
        CompareOp::Lt => order == Some(Ordering::Less),
        CompareOp::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        CompareOp::Gt => order == Some(Ordering::Greater),
        CompareOp::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}

fn text(folding: Folding<'_>, value: String, span: Span) -> Folded {
    if value.len() > folding.text_len_max {
        return Err(Failure::TooLong(span));
    }
    Ok(Const::Str(Arc::from(value)))
}

/// Floats are left out: how they are written is the runtime's part.
fn interpolate(folding: Folding<'_>, pieces: &[Piece], span: Span) -> Folded {
    let mut joined = String::new();
    for piece in pieces {
        let (value, ty) = match piece {
            Piece::Text(characters) => {
                joined.push_str(characters);
                continue;
            }
            Piece::Value(value, _) => (fold(folding, value)?, value),
        };
        match (value, ty.ty) {
            (Const::Int(value), _) => joined.push_str(&value.to_string()),
            (Const::Bool(value), _) => joined.push_str(if value { "true" } else { "false" }),
            (Const::Str(value), _) => joined.push_str(&value),
            (Const::Variant(variant, _), Type::Enum(id)) => {
                let variants = &folding.types.enumeration(id).variants;
                joined.push_str(&variants[variant as usize].name);
            }
            _ => return Err(Failure::NotConstant(ty.span)),
        }
        if joined.len() > folding.text_len_max {
            return Err(Failure::TooLong(span));
        }
    }
    text(folding, joined, span)
}

/// The built-ins that have the same value everywhere and need no host.
fn call(builtin: Builtin, args: &[Const], span: Span) -> Folded {
    let value = match (builtin, args) {
        (Builtin::MinInt, [Const::Int(a), Const::Int(b)]) => Const::Int(*a.min(b)),
        (Builtin::MaxInt, [Const::Int(a), Const::Int(b)]) => Const::Int(*a.max(b)),
        (Builtin::AbsInt, [Const::Int(a)]) => match a.checked_abs() {
            Some(value) => Const::Int(value),
            None => return Err(Failure::Traps(span, OVERFLOW)),
        },
        (Builtin::ClampInt, [Const::Int(x), Const::Int(low), Const::Int(high)]) if low <= high => {
            Const::Int(*x.clamp(low, high))
        }
        (Builtin::PowInt, [Const::Int(base), Const::Int(exponent)]) if *exponent >= 0 => {
            // Bases that do not grow have the same power for every exponent of the same parity.
            let exponent = u32::try_from(*exponent).unwrap_or(64 + (*exponent % 2) as u32);
            match base.checked_pow(exponent) {
                Some(value) => Const::Int(value),
                None => return Err(Failure::Traps(span, OVERFLOW)),
            }
        }
        (Builtin::MinFloat, [Const::Float(a), Const::Float(b)]) => float(libm::fminimum(*a, *b)),
        (Builtin::MaxFloat, [Const::Float(a), Const::Float(b)]) => float(libm::fmaximum(*a, *b)),
        (Builtin::ClampFloat, [Const::Float(x), Const::Float(low), Const::Float(high)])
            if low <= high =>
        {
            float(libm::fminimum(libm::fmaximum(*x, *low), *high))
        }
        (Builtin::PowFloat, [Const::Float(a), Const::Float(b)]) => float(libm::pow(*a, *b)),
        (Builtin::Atan2, [Const::Float(y), Const::Float(x)]) => float(libm::atan2(*y, *x)),
        (Builtin::Sin, [Const::Float(a)]) => float(libm::sin(*a)),
        (Builtin::Cos, [Const::Float(a)]) => float(libm::cos(*a)),
        (Builtin::AbsFloat, [Const::Float(a)]) => float(a.abs()),
        (Builtin::Sqrt, [Const::Float(a)]) => float(libm::sqrt(*a)),
        (Builtin::Floor, [Const::Float(a)]) => float(libm::floor(*a)),
        (Builtin::Ceil, [Const::Float(a)]) => float(libm::ceil(*a)),
        (Builtin::Round, [Const::Float(a)]) => float(libm::round(*a)),
        (Builtin::FloatOfInt, [Const::Int(a)]) => Const::Float(*a as f64),
        (Builtin::IntOfBool, [Const::Bool(a)]) => Const::Int(i64::from(*a)),
        (Builtin::IntOfFloat, [Const::Float(a)]) => {
            // The upper bound is the first `float` that no `int` holds.
            if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(a) {
                return Err(Failure::Traps(span, OVERFLOW));
            }
            Const::Int(*a as i64)
        }
        (Builtin::StrOf, [Const::Int(a)]) => Const::Str(Arc::from(a.to_string())),
        (Builtin::StrOf, [Const::Bool(a)]) => Const::Str(Arc::from(a.to_string())),
        (Builtin::StrOf, [Const::Str(a)]) => Const::Str(a.clone()),
        _ => return Err(Failure::NotConstant(span)),
    };
    Ok(value)
}
