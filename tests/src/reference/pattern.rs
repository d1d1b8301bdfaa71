//! `match` and `if let`.

use midflight_compiler::ir::{Arm, Expr, Pattern};
use midflight_compiler::source::Span;
use midflight_compiler::types::Type;

use super::activation::{Activation, Step};
use super::value::Value;

impl<'p> Activation<'_, 'p, '_> {
    /// Evaluates the value once and runs the first arm that it fits. One always does, so that the
    /// last is not tested.
    pub(crate) fn match_value(&mut self, value: &'p Expr, arms: &'p [Arm]) -> Step<Value> {
        let subject = self.expr(value)?;
        let (last, others) = arms.split_last().expect("a `match` has an arm");
        let mut chosen = last;
        for arm in others {
            if self.fits(&arm.pattern, (value.ty, &subject), value.span)? {
                chosen = arm;
                break;
            }
        }
        self.bind(&chosen.pattern, &subject);
        self.charge_unchecked(chosen.body.fuel.into());
        self.block(&chosen.body)
    }

    /// Whether a value fits a pattern: from the outside inwards, from left to right.
    fn fits(
        &mut self,
        pattern: &'p Pattern,
        (ty, value): (Type, &Value),
        span: Span,
    ) -> Step<bool> {
        match (pattern, value) {
            (Pattern::Wildcard | Pattern::Bind(_), _) => Ok(true),
            (Pattern::Const(constant), _) => {
                let constant = Value::of_const(constant);
                self.equal(ty, value, &constant, span)
            }
            (Pattern::Variant(id, wanted, patterns), Value::Variant(found, payload)) => {
                if wanted != found {
                    return Ok(false);
                }
                let variant =
                    &self.call.program.ir.types.enumeration(*id).variants[*found as usize];
                let types = variant.fields.iter().map(|field| field.ty);
                for ((pattern, ty), part) in patterns.iter().zip(types).zip(payload) {
                    if !self.fits(pattern, (ty, part), span)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Pattern::None, _) => Ok(*value == Value::None),
            (Pattern::Some(pattern), Value::Some(inner)) => {
                let Type::Optional(id) = ty else { unreachable!("it has an optional's type") };
                self.fits(pattern, (self.inner(id), inner), span)
            }
            (Pattern::Some(_), _) => Ok(false),
            (Pattern::Or(alternatives), _) => {
                for alternative in alternatives {
                    if self.fits(alternative, (ty, value), span)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Pattern::Variant(..), _) => unreachable!("a pattern has the shape of the type"),
        }
    }

    /// Copies what the pattern names into its locals; the value fits.
    fn bind(&mut self, pattern: &'p Pattern, value: &Value) {
        match (pattern, value) {
            (Pattern::Bind(local), _) => self.locals[local.index()] = value.clone(),
            (Pattern::Variant(_, _, patterns), Value::Variant(_, payload)) => {
                for (pattern, part) in patterns.iter().zip(payload) {
                    self.bind(pattern, part);
                }
            }
            (Pattern::Some(pattern), Value::Some(inner)) => self.bind(pattern, inner),
            _ => {}
        }
    }
}
