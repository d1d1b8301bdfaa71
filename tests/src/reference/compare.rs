//! Comparisons. Equality is by structure, part by part in the order of the declaration, and ends
//! with the first part that differs: what lies behind it costs nothing.

use midflight_compiler::ir::CompareOp;
use midflight_compiler::source::Span;
use midflight_compiler::types::Type;

use super::activation::{Activation, Step};
use super::cost;
use super::value::Value;

impl Activation<'_, '_, '_> {
    /// `left op right`; the left side comes with the type of both.
    pub(crate) fn compare(
        &mut self,
        op: CompareOp,
        (ty, left): (Type, Value),
        right: Value,
        span: Span,
    ) -> Step<bool> {
        match op {
            CompareOp::Eq => return self.equal(ty, &left, &right, span),
            CompareOp::Ne => return Ok(!self.equal(ty, &left, &right, span)?),
            CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge => {}
        }
        let order = match (&left, &right) {
            (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
            // With NaN, no order holds.
            (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
            (Value::Text(left), Value::Text(right)) => {
                self.charge(cost::comparison(left, right), span)?;
                Some(left.as_bytes().cmp(right.as_bytes()))
            }
            _ => unreachable!("only numbers and texts have an order"),
        };
        Ok(order.is_some_and(|order| match op {
            CompareOp::Lt => order.is_lt(),
            CompareOp::Le => order.is_le(),
            CompareOp::Gt => order.is_gt(),
            _ => order.is_ge(),
        }))
    }

    /// Whether two values of a type are equal by structure; rows, whether they are the same.
    pub(crate) fn equal(
        &mut self,
        ty: Type,
        left: &Value,
        right: &Value,
        span: Span,
    ) -> Step<bool> {
        match (left, right) {
            (Value::Text(left), Value::Text(right)) => {
                self.charge(cost::comparison(left, right), span)?;
                Ok(left == right)
            }
            (Value::Struct(left), Value::Struct(right)) => {
                let Type::Struct(id) = ty else { unreachable!("a struct has a struct's type") };
                let fields = &self.call.program.ir.types.strukt(id).fields;
                let types: Vec<Type> = fields.iter().map(|field| field.ty).collect();
                self.all_equal(&types, left, right, span)
            }
            (Value::Variant(ours, left), Value::Variant(theirs, right)) => {
                let Type::Enum(id) = ty else { unreachable!("a variant has an enum's type") };
                if ours != theirs {
                    return Ok(false);
                }
                let variant = &self.call.program.ir.types.enumeration(id).variants[*ours as usize];
                let types: Vec<Type> = variant.fields.iter().map(|field| field.ty).collect();
                self.all_equal(&types, left, right, span)
            }
            (Value::Some(left), Value::Some(right)) => {
                let Type::Optional(inner) = ty else { unreachable!("it has an optional's type") };
                self.equal(self.inner(inner), left, right, span)
            }
            (Value::List(left), Value::List(right)) => {
                let inner = self.element_type(ty);
                if left.len() != right.len() {
                    return Ok(false);
                }
                // The size of other lists is known before, and paid for with the comparison.
                if let Type::List(_) = ty {
                    let size = self.size(inner);
                    self.charge(cost::elements(left.len(), size), span)?;
                }
                let types = vec![inner; left.len()];
                self.all_equal(&types, left, right, span)
            }
            _ => Ok(left == right),
        }
    }

    fn all_equal(
        &mut self,
        types: &[Type],
        left: &[Value],
        right: &[Value],
        span: Span,
    ) -> Step<bool> {
        for ((ty, left), right) in types.iter().zip(left).zip(right) {
            if !self.equal(*ty, left, right, span)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
