//! What a program exposes, as data: its state and tables with every field's place, its handlers,
//! events and timers, the types that they use. The server publishes it; hosts read it; nothing here computes an offset.
//!
//! Types are written as a program writes them (`[Item; ..16]`); structs and enums that occur are
//! listed by name.

use serde::Serialize;

use crate::ast::FuncKind;
use crate::ir::{Const, Program};
use crate::layout::{FieldsLayout, Layouts};
use crate::types::{self, StructId, TableId, Type, Types};

/// A program's outside.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Schema {
    /// The fields of `state`.
    pub state: FieldsSchema,
    /// The tables, in the order of the source.
    pub tables: Vec<TableSchema>,
    /// The structs that the program declares, in the order of the source.
    pub structs: Vec<StructSchema>,
    /// The enums that the program declares, in the order of the source.
    pub enums: Vec<EnumSchema>,
    /// The handlers, in the order of the source.
    pub handlers: Vec<HandlerSchema>,
    /// What clients can subscribe to, in the order of the source.
    pub events: Vec<StructSchema>,
    /// The timers, in the order of the source.
    pub timers: Vec<TimerSchema>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TableSchema {
    /// Its name.
    pub name: String,
    /// The field that rows are found by.
    pub key: String,
    /// The fields with an ordered index.
    pub indexes: Vec<String>,
    /// A row's fields; offsets and size count its header.
    #[serde(flatten)]
    pub fields: FieldsSchema,
    /// Its documentation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

/// A timer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TimerSchema {
    /// Its name.
    pub name: String,
    /// How often it runs, in milliseconds.
    pub period_ms: i64,
    /// The table whose rows it runs for, one by one; absent for the whole world.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Its documentation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

/// Fields with their places.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FieldsSchema {
    /// Bytes of the whole.
    pub size: u32,
    /// The fields in the order of the source.
    pub fields: Vec<FieldSchema>,
}

/// A field of `state` or of a struct.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FieldSchema {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: String,
    /// Bytes from the beginning of the whole.
    pub offset: u32,
    /// What it is at first.
    pub default: Option<Constant>,
    /// Its documentation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

/// A struct.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StructSchema {
    /// Its name.
    pub name: String,
    /// Its fields.
    #[serde(flatten)]
    pub fields: FieldsSchema,
    /// Its documentation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

/// An enum.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EnumSchema {
    /// Its name.
    pub name: String,
    /// Its variants in the order of the source, each as a program writes it: `healer(power: int)`.
    pub variants: Vec<String>,
    /// Its documentation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

/// A handler.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HandlerSchema {
    /// Its name, part of the path.
    pub name: String,
    /// `get` or `post`.
    pub method: &'static str,
    /// Its parameters, in order.
    pub params: Vec<ParamSchema>,
    /// The type of its result.
    pub result: String,
    /// Its documentation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

/// A parameter of a handler.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ParamSchema {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: String,
    /// Its default; a parameter without must be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Constant>,
}

/// A constant in its JSON form.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Constant {
    /// `null`: `none`, and `()`.
    Null,
    /// A `bool`.
    Bool(bool),
    /// An `int`.
    Int(i64),
    /// A `float`.
    Float(f64),
    /// A `str`, or a variant without payload.
    Text(String),
    /// A list or an array.
    List(Vec<Constant>),
    /// A struct, or a variant with its payload.
    Object(std::collections::BTreeMap<String, Constant>),
}

impl Schema {
    /// Describes a checked program.
    pub fn of(program: &Program, layouts: &Layouts) -> Schema {
        let types = &program.types;
        let is_event = |id| program.events.iter().any(|event| event.fields == id);
        let ids = (0..types.structs.len()).map(|index| StructId(index as u32));
        let structs = ids.filter(|&id| id != program.state && !is_event(id)).map(|id| {
            let strukt = types.strukt(id);
            StructSchema {
                name: strukt.name.clone(),
                fields: fields(types, layouts, id),
                doc: strukt.doc.clone(),
            }
        });
        let events = program.events.iter().map(|event| StructSchema {
            name: event.name.clone(),
            fields: fields(types, layouts, event.fields),
            doc: event.doc.clone(),
        });
        let timers = program.timers.iter().map(|timer| TimerSchema {
            name: timer.name.clone(),
            period_ms: timer.period_ms,
            table: timer.table.map(|id| types.table(id).name.clone()),
            doc: timer.doc.clone(),
        });
        let tables = (0..types.tables.len()).map(|index| TableId(index as u32));
        let enums = types.enums.iter().map(|enumeration| EnumSchema {
            name: enumeration.name.clone(),
            variants: enumeration.variants.iter().map(|variant| spell(types, variant)).collect(),
            doc: enumeration.doc.clone(),
        });
        Schema {
            state: fields(types, layouts, program.state),
            tables: tables.map(|id| table(types, layouts, id)).collect(),
            structs: structs.collect(),
            enums: enums.collect(),
            handlers: program.handlers.iter().map(|handler| describe(program, handler)).collect(),
            events: events.collect(),
            timers: timers.collect(),
        }
    }
}

fn fields(types: &Types, layouts: &Layouts, id: StructId) -> FieldsSchema {
    placed(types, &types.strukt(id).fields, layouts.strukt(id))
}

fn table(types: &Types, layouts: &Layouts, id: TableId) -> TableSchema {
    let table = types.table(id);
    let name_of = |&field: &u32| table.fields[field as usize].name.clone();
    TableSchema {
        name: table.name.clone(),
        key: name_of(&table.key),
        indexes: table.indexes.iter().map(name_of).collect(),
        fields: placed(types, &table.fields, layouts.row(id)),
        doc: table.doc.clone(),
    }
}

fn placed(types: &Types, fields: &[types::Field], layout: &FieldsLayout) -> FieldsSchema {
    let fields = fields.iter().zip(&layout.offsets);
    let fields = fields.map(|(field, &offset)| FieldSchema {
        name: field.name.clone(),
        ty: types.show(field.ty).to_string(),
        offset,
        default: Const::default_of(types, field).map(|value| constant(types, field.ty, &value)),
        doc: field.doc.clone(),
    });
    FieldsSchema { size: layout.layout.size, fields: fields.collect() }
}

fn spell(types: &Types, variant: &types::VariantType) -> String {
    if variant.fields.is_empty() {
        return variant.name.clone();
    }
    let payload: Vec<String> = variant
        .fields
        .iter()
        .map(|field| format!("{}: {}", field.name, types.show(field.ty)))
        .collect();
    format!("{}({})", variant.name, payload.join(", "))
}

fn describe(program: &Program, handler: &crate::ir::Handler) -> HandlerSchema {
    let types = &program.types;
    let function = program.function(handler.function);
    let params = function.locals.iter().take(function.param_count).zip(&handler.defaults);
    let params = params.map(|(local, default)| ParamSchema {
        name: local.name.to_string(),
        ty: types.show(local.ty).to_string(),
        default: default.as_ref().map(|value| constant(types, local.ty, value)),
    });
    HandlerSchema {
        name: handler.name.clone(),
        method: if handler.kind == FuncKind::Get { "get" } else { "post" },
        params: params.collect(),
        result: types.show(function.result).to_string(),
        doc: handler.doc.clone(),
    }
}

/// The JSON form of a constant of a type.
fn constant(types: &Types, ty: Type, value: &Const) -> Constant {
    match (value, ty) {
        (Const::Unit | Const::None, _) => Constant::Null,
        (&Const::Int(value), _) => Constant::Int(value),
        (&Const::Float(value), _) => Constant::Float(value),
        (&Const::Bool(value), _) => Constant::Bool(value),
        (Const::Str(value), _) => Constant::Text(value.to_string()),
        (Const::Some(value), Type::Optional(inner)) => constant(types, types.get(inner), value),
        (Const::Struct(values), Type::Struct(id)) => {
            object(types, &types.strukt(id).fields, values)
        }
        (Const::Variant(tag, payload), Type::Enum(id)) => {
            let Some(variant) = types.enumeration(id).variants.get(*tag as usize) else {
                return Constant::Null;
            };
            let name = variant.name.clone();
            if payload.is_empty() {
                return Constant::Text(name);
            }
            Constant::Object([(name, object(types, &variant.fields, payload))].into())
        }
        (
            Const::List(values),
            Type::Array(inner, _) | Type::Bounded(inner, _) | Type::List(inner),
        ) => {
            let inner = types.get(inner);
            Constant::List(values.iter().map(|value| constant(types, inner, value)).collect())
        }
        (Const::Some(_) | Const::Struct(_) | Const::Variant(..) | Const::List(_), _) => {
            unreachable!("the checker gives a constant the shape of its type")
        }
    }
}

fn object(types: &Types, fields: &[types::Field], values: &[Const]) -> Constant {
    let fields = fields.iter().zip(values);
    let fields =
        fields.map(|(field, value)| (field.name.clone(), constant(types, field.ty, value)));
    Constant::Object(fields.collect())
}
