//! Constants as text, in the shape of their type.

use super::Printer;
use crate::ir::Const;
use crate::types::Type;

impl Printer<'_> {
    pub(super) fn constant(&self, value: &Const, ty: Type) -> String {
        let types = &self.program.types;
        let list = |parts: &[Const], ty: Type| {
            let parts: Vec<String> = parts.iter().map(|part| self.constant(part, ty)).collect();
            parts.join(", ")
        };
        match (value, ty) {
            (Const::Unit, _) => "()".to_owned(),
            (Const::Int(value), _) => value.to_string(),
            (Const::Float(value), _) => format!("{value:?}"),
            (Const::Bool(value), _) => value.to_string(),
            (Const::Str(value), _) => format!("{value:?}"),
            (Const::None, _) => "none".to_owned(),
            (Const::Some(inner), Type::Optional(of)) => {
                format!("some({})", self.constant(inner, types.get(of)))
            }
            (Const::Some(inner), _) => format!("some({})", self.constant(inner, Type::Unit)),
            (Const::Struct(fields), Type::Struct(id)) => {
                let known = &types.strukt(id).fields;
                let parts: Vec<String> = fields
                    .iter()
                    .zip(known)
                    .map(|(value, field)| {
                        format!("{}: {}", field.name, self.constant(value, field.ty))
                    })
                    .collect();
                format!("{} {{ {} }}", types.strukt(id).name, parts.join(", "))
            }
            (Const::Struct(fields), _) => format!("{{ {} }}", list(fields, Type::Unit)),
            (Const::Variant(index, payload), Type::Enum(id)) => {
                let owner = &types.enumeration(id).name;
                let name = self.variant_name(id, *index);
                match payload.is_empty() {
                    true => format!("{owner}.{name}"),
                    false => format!("{owner}.{name}({})", list(payload, Type::Unit)),
                }
            }
            (Const::Variant(index, payload), _) => {
                format!("variant {index} ({})", list(payload, Type::Unit))
            }
            (Const::List(elements), Type::Array(of, _) | Type::Bounded(of, _) | Type::List(of)) => {
                format!("[{}]", list(elements, types.get(of)))
            }
            (Const::List(elements), _) => format!("[{}]", list(elements, Type::Unit)),
        }
    }
}
