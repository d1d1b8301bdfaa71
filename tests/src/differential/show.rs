//! Values as text, the same for what a machine and what the interpreter gives.

use midflight_compiler::types::{Field, Type};
use midflight_runtime::{Content, Fields, View};

use crate::reference::value::Value;
use crate::reference::{Program, World};

/// A value that a machine gives. Floats are told apart by their bits, but for NaN: there is one.
pub(super) fn view(view: View<'_>) -> String {
    match view.content() {
        Content::Unit => "()".to_owned(),
        Content::Int(value) => value.to_string(),
        Content::Float(value) => format!("{value:?}"),
        Content::Bool(value) => value.to_string(),
        Content::Text(text) => format!("{text:?}"),
        Content::Struct(values) => format!("{{{}}}", fields(values)),
        Content::Variant(name, values) => format!("{name}({})", fields(values)),
        Content::None => "none".to_owned(),
        Content::Some(value) => format!("some {}", self::view(value)),
        Content::List(elements) => {
            let elements: Vec<String> = elements.map(self::view).collect();
            format!("[{}]", elements.join(", "))
        }
        _ => unreachable!("every kind of content is shown above"),
    }
}

fn fields(fields: Fields<'_>) -> String {
    fields.map(|(_, value)| view(value)).collect::<Vec<_>>().join(", ")
}

/// A value that the interpreter gives. A row is shown as the world has it now.
pub(super) fn value(program: &Program<'_>, world: &World, value: &Value, ty: Type) -> String {
    let show = |ty: Type, part: &Value| self::value(program, world, part, ty);
    let types = &program.ir.types;
    let all = |fields: &[Field], values: &[Value]| {
        let parts = fields.iter().zip(values).map(|(field, value)| show(field.ty, value));
        parts.collect::<Vec<_>>().join(", ")
    };
    match (value, ty) {
        (Value::Unit, _) => "()".to_owned(),
        (Value::Int(value), _) => value.to_string(),
        (Value::Float(value), _) => format!("{value:?}"),
        (Value::Bool(value), _) => value.to_string(),
        (Value::Text(text), _) => format!("{text:?}"),
        (Value::Struct(values), Type::Struct(id)) => {
            format!("{{{}}}", all(&types.strukt(id).fields, values))
        }
        (Value::Variant(number, values), Type::Enum(id)) => {
            let variant = &types.enumeration(id).variants[*number as usize];
            format!("{}({})", variant.name, all(&variant.fields, values))
        }
        (Value::None, _) => "none".to_owned(),
        (Value::Some(value), Type::Optional(inner)) => {
            format!("some {}", show(types.get(inner), value))
        }
        (
            Value::List(values),
            Type::Array(inner, _) | Type::Bounded(inner, _) | Type::List(inner),
        ) => {
            let inner = types.get(inner);
            let values: Vec<String> = values.iter().map(|value| show(inner, value)).collect();
            format!("[{}]", values.join(", "))
        }
        (Value::Row(row), _) => match world.tables[row.table.index()].row(*row) {
            Some(found) => {
                format!("{{{}}}", all(&types.table(row.table).fields, &found.fields))
            }
            None => "a removed row".to_owned(),
        },
        _ => unreachable!("a value has the shape of its type"),
    }
}
