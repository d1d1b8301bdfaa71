//! Calls of the program's own functions, and of built-ins on numbers and texts.
//!
//! An argument that stands in memory is passed by address. The callee never writes to it; it is
//! copied first where something else could while the callee still reads it.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, types as clif};

use super::function::{Lower, Value};
use super::scan::{Holder, is_pure};
use super::value::Form;
use crate::abi::{CallContext, HostFunction};
use crate::builtins::Builtin;
use crate::ir::{self, Expr, ExprKind};
use crate::types::Type;

impl<'p> Lower<'_, 'p, '_> {
    /// Calls a function of the program; a result in memory goes to the target, which is made here
    /// where nobody gave one.
    pub(super) fn call(
        &mut self,
        callee: ir::FuncId,
        args: &'p [Expr],
        target: Option<Value>,
    ) -> Option<Value> {
        let func = self.unit.program.function(callee);
        let form = self.unit.form(func.result);
        let out = match form {
            Form::Memory(layout) => {
                Some(target.unwrap_or_else(|| self.temporary(layout, self.func.span)))
            }
            _ => None,
        };
        let mut values = Vec::with_capacity(args.len());
        for (index, arg) in args.iter().enumerate() {
            let rest = args.get(index + 1..).unwrap_or_default();
            if let Some(value) = self.argument(arg, rest, func)? {
                values.push(value);
            }
        }
        // The arguments are evaluated by now, so that this is what is left for the callee.
        let mut passed = vec![self.ctx, self.stack_left, self.fuel()];
        passed.extend(out.into_iter().chain(values));
        let reference = self.callee(callee);
        let call = self.builder.ins().call(reference, &passed);
        let results = self.builder.inst_results(call).to_vec();
        let left = results.last().copied().expect("every function gives its fuel back");
        self.propagate(left);
        if func.effects.removes {
            self.noted.rows_may_be_gone();
        }
        match (form, &results[..]) {
            (Form::Register(_), [value, _]) => Some(*value),
            _ => out,
        }
    }

    /// Evaluates one argument; the outer `None` where that does not end, the inner one where its
    /// type has no value.
    #[expect(clippy::option_option, reason = "the inner one is an argument of type `()`")]
    fn argument(
        &mut self,
        arg: &'p Expr,
        rest: &'p [Expr],
        callee: &ir::Function,
    ) -> Option<Option<Value>> {
        if self.unit.form(arg.ty) == Form::Nothing {
            let _ = self.expr(arg);
            return if arg.ty == Type::Never { None } else { Some(None) };
        }
        let value = self.expr(arg)?;
        if !self.can_change(arg.ty) {
            return Some(Some(value));
        }
        let stands_still = match &arg.kind {
            ExprKind::Place(place) => {
                let in_world = Holder::of(&place.root) == Some(Holder::World);
                rest.iter().all(is_pure) && !(in_world && callee.effects.writes)
            }
            _ => true,
        };
        if stands_still {
            return Some(Some(value));
        }
        Some(Some(self.copied((arg.ty, arg.span), value)))
    }

    /// Evaluates operands of a built-in, in order.
    pub(super) fn operands<const N: usize>(&mut self, args: &'p [Expr]) -> Option<[Value; N]> {
        let mut values = Vec::with_capacity(N);
        for (index, arg) in args.iter().enumerate() {
            values.push(self.operand(arg, args.get(index + 1..).unwrap_or_default())?);
        }
        Some(values.try_into().expect("the checker counts arguments"))
    }

    /// A built-in that only reads its arguments.
    pub(super) fn builtin(
        &mut self,
        builtin: Builtin,
        args: &'p [Expr],
        expr: &'p Expr,
    ) -> Option<Value> {
        let span = expr.span;
        match builtin {
            Builtin::AbsInt => {
                let [value] = self.operands(args)?;
                Some(self.int_abs(value, span))
            }
            Builtin::ClampInt => {
                let values = self.operands(args)?;
                Some(self.int_clamp(values, span))
            }
            Builtin::ClampFloat => {
                let [value, low, high] = self.operands(args)?;
                if !are_ordered(args) {
                    self.refuse_bounds(low, high, span);
                }
                Some(self.float_clamp(value, low, high))
            }
            Builtin::IntOfFloat => {
                let [value] = self.operands(args)?;
                Some(self.int_of_float(value, span))
            }
            Builtin::StrOf => self.text_of(args.first()?, span),
            Builtin::Now => Some(self.load_ctx(clif::I64, offset_of!(CallContext, now))),
            Builtin::ListLen | Builtin::ListContains | Builtin::ListJoin | Builtin::ListSlice => {
                self.list_builtin(builtin, args, expr)
            }
            _ => match args {
                [arg] => {
                    let [value] = self.operands(std::slice::from_ref(arg))?;
                    Some(self.unary_builtin(builtin, value, expr))
                }
                [_, _] => {
                    let [left, right] = self.operands(args)?;
                    Some(self.binary_builtin(builtin, [left, right], expr))
                }
                _ => {
                    let values = self.operands::<3>(args)?;
                    Some(self.host_value(HostFunction::text_slice, &values, span))
                }
            },
        }
    }

    fn unary_builtin(&mut self, builtin: Builtin, value: Value, expr: &Expr) -> Value {
        match builtin {
            Builtin::AbsFloat => self.builder.ins().fabs(value),
            Builtin::Sqrt => self.builder.ins().sqrt(value),
            Builtin::Floor => self.builder.ins().floor(value),
            Builtin::Ceil => self.builder.ins().ceil(value),
            Builtin::IntOfBool => self.builder.ins().uextend(clif::I64, value),
            Builtin::FloatOfInt => self.builder.ins().fcvt_from_sint(clif::F64, value),
            Builtin::Round => self.host_value(HostFunction::float_round, &[value], expr.span),
            Builtin::Sin => self.host_value(HostFunction::float_sin, &[value], expr.span),
            Builtin::Cos => self.host_value(HostFunction::float_cos, &[value], expr.span),
            Builtin::HashInt => self.host_value(HostFunction::hash_int, &[value], expr.span),
            Builtin::HashStr => self.host_value(HostFunction::hash_text, &[value], expr.span),
            Builtin::Random => self.host_value(HostFunction::random, &[value], expr.span),
            Builtin::TextLen => self.host_value(HostFunction::text_len, &[value], expr.span),
            Builtin::TextTrim => self.host_value(HostFunction::text_trim, &[value], expr.span),
            Builtin::TextLower => self.host_value(HostFunction::text_lower, &[value], expr.span),
            Builtin::TextUpper => self.host_value(HostFunction::text_upper, &[value], expr.span),
            _ => unreachable!("every other built-in is lowered elsewhere"),
        }
    }

    fn binary_builtin(&mut self, builtin: Builtin, values: [Value; 2], expr: &Expr) -> Value {
        let [left, right] = values;
        let host = match builtin {
            Builtin::MinInt => return self.choose(IntCC::SignedLessThan, left, right),
            Builtin::MaxInt => return self.choose(IntCC::SignedGreaterThan, left, right),
            Builtin::MinFloat => return self.builder.ins().fmin(left, right),
            Builtin::MaxFloat => return self.builder.ins().fmax(left, right),
            Builtin::PowInt => HostFunction::int_pow,
            Builtin::PowFloat => HostFunction::float_pow,
            Builtin::Atan2 => HostFunction::float_atan2,
            Builtin::TextContains => HostFunction::text_contains,
            Builtin::TextStartsWith => HostFunction::text_starts_with,
            Builtin::TextEndsWith => HostFunction::text_ends_with,
            Builtin::TextSplit => HostFunction::text_split,
            _ => unreachable!("every other built-in is lowered elsewhere"),
        };
        self.host_value(host, &values, expr.span)
    }
}

/// Whether the bounds of `clamp` are constants in their order: Cranelift does not decide that, since
/// it folds no comparison of floats.
fn are_ordered(args: &[Expr]) -> bool {
    let bound = |index: usize| match args.get(index).map(|arg| &arg.kind) {
        Some(ExprKind::Const(ir::Const::Float(bound))) => *bound,
        _ => f64::NAN,
    };
    bound(1) <= bound(2)
}
