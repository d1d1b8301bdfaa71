//! The canonical bytes of a world, as `Turn::image` of the runtime gives them: everything that a
//! later call could see. Numbers are little-endian.

use midflight_compiler::types::{TableId, Type, Types};

use super::value::Value;
use super::{Program, World};

impl World {
    /// The image of the world.
    pub fn image(&self, program: &Program<'_>) -> Vec<u8> {
        let types = &program.ir.types;
        let mut image = Image { types, bytes: Vec::new() };
        image.value(Type::Struct(program.ir.state), &self.state);
        for index in 0..self.tables.len() {
            image.table(self, TableId(index as u32));
        }
        for word in self.generator.words {
            image.put(&word.to_le_bytes());
        }
        image.put(&self.now_ms.to_le_bytes());
        image.bytes
    }
}

struct Image<'t> {
    types: &'t Types,
    bytes: Vec<u8>,
}

impl Image<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn count(&mut self, count: usize) {
        self.put(&(count as u64).to_le_bytes());
    }

    /// The rows with their slots, then the slots in the order of each index.
    fn table(&mut self, world: &World, id: TableId) {
        let (table, declared) = (&world.tables[id.index()], self.types.table(id));
        let rows = table.in_slot_order();
        self.count(rows.len());
        for at in rows {
            self.put(&at.slot.to_le_bytes());
            let row = table.row(at.of(id)).expect("it was just found");
            for (field, value) in declared.fields.iter().zip(&row.fields) {
                self.value(field.ty, value);
            }
        }
        for &field in &declared.indexes {
            let rows = table.in_order_of(field);
            self.count(rows.len());
            for at in rows {
                self.put(&at.slot.to_le_bytes());
            }
        }
    }

    fn value(&mut self, ty: Type, value: &Value) {
        match (ty, value) {
            (_, Value::Unit | Value::Row(_)) => {}
            (_, Value::Int(value)) => self.put(&value.to_le_bytes()),
            (_, Value::Float(value)) => {
                let value = if value.is_nan() { f64::NAN } else { *value };
                self.put(&value.to_le_bytes());
            }
            (_, Value::Bool(value)) => self.put(&[u8::from(*value)]),
            (_, Value::Text(text)) => {
                self.count(text.len());
                self.put(text.as_bytes());
            }
            (Type::Struct(id), Value::Struct(fields)) => {
                let types = self.types.strukt(id).fields.iter().map(|field| field.ty);
                types.zip(fields).for_each(|(ty, field)| self.value(ty, field));
            }
            (Type::Enum(id), Value::Variant(variant, payload)) => {
                self.put(&variant.to_le_bytes());
                let declared = &self.types.enumeration(id).variants[*variant as usize];
                let types = declared.fields.iter().map(|field| field.ty);
                types.zip(payload).for_each(|(ty, part)| self.value(ty, part));
            }
            (_, Value::None) => self.put(&[0]),
            (Type::Optional(inner), Value::Some(value)) => {
                self.put(&[1]);
                self.value(self.types.get(inner), value);
            }
            (Type::Array(inner, _), Value::List(elements)) => self.elements(inner, elements),
            (Type::Bounded(inner, _) | Type::List(inner), Value::List(elements)) => {
                self.count(elements.len());
                self.elements(inner, elements);
            }
            _ => unreachable!("a value has the shape of its type"),
        }
    }

    fn elements(&mut self, inner: midflight_compiler::types::TypeId, elements: &[Value]) {
        let ty = self.types.get(inner);
        elements.iter().for_each(|element| self.value(ty, element));
    }
}
