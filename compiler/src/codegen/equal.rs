//! Equality of small values of scalars, part by part and without a call.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, types as clif};

use super::function::{Lower, Value};
use super::value::Form;
use crate::types::Type;

/// Scalars of a value up to which they are compared here; the host compares larger values.
const PARTS_MAX: usize = 4;

impl Lower<'_, '_, '_> {
    /// Whether two values in memory are equal, as a `bool`, where they are made of few scalars.
    pub(super) fn equal_parts(&mut self, ty: Type, left: Value, right: Value) -> Option<Value> {
        let mut parts = Vec::new();
        self.scalars(ty, 0, &mut parts)?;
        let mut all = self.number(1);
        for (ty, offset) in parts {
            let (left, right) = (self.load(ty, left, offset), self.load(ty, right, offset));
            let same = match ty {
                Type::Float => self.builder.ins().fcmp(FloatCC::Equal, left, right),
                _ => self.builder.ins().icmp(IntCC::Equal, left, right),
            };
            let same = self.builder.ins().uextend(clif::I32, same);
            all = self.builder.ins().band(all, same);
        }
        Some(all)
    }

    /// Adds the scalars of a value that stands at an offset; `None` where it has other parts, or
    /// too many.
    fn scalars(&self, ty: Type, offset: u32, parts: &mut Vec<(Type, u32)>) -> Option<()> {
        match (ty, self.unit.form(ty)) {
            (Type::Struct(id), _) => {
                let fields = &self.unit.types.strukt(id).fields;
                let offsets = &self.unit.layouts.strukt(id).offsets;
                fields
                    .iter()
                    .zip(offsets)
                    .try_for_each(|(field, at)| self.scalars(field.ty, offset + at, parts))
            }
            (Type::Array(inner, len), _) => {
                let inner = self.unit.types.get(inner);
                let size = self.unit.layout(inner).size;
                (0..len).try_for_each(|index| self.scalars(inner, offset + index * size, parts))
            }
            (Type::Str | Type::List(_), _) | (_, Form::Memory(_) | Form::Nothing) => None,
            _ if parts.len() == PARTS_MAX => None,
            (_, Form::Register(_)) => {
                parts.push((ty, offset));
                Some(())
            }
        }
    }
}
