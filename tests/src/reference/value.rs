//! Values, and what does not need a running call to be said about them: defaults, and the order
//! that indexes and sorted loops go by.

use std::cmp::Ordering;
use std::sync::Arc;

use midflight_compiler::ir::Const;
use midflight_compiler::types::TableId;

/// A value, in the shape of its type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `()`
    Unit,
    /// An `int`.
    Int(i64),
    /// A `float`.
    Float(f64),
    /// A `bool`.
    Bool(bool),
    /// A `str`.
    Text(Arc<str>),
    /// A struct's fields, in the order of the declaration.
    Struct(Vec<Value>),
    /// A variant of an enum, by its number, with its payload.
    Variant(u32, Vec<Value>),
    /// `none`
    None,
    /// An optional that has a value.
    Some(Box<Value>),
    /// A fixed, bounded or growing list.
    List(Vec<Value>),
    /// A row of a table: the one kind of reference.
    Row(RowRef),
}

/// Which row a reference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowRef {
    /// Its table.
    pub table: TableId,
    /// Where it stands in the table.
    pub slot: u32,
    /// Tells it from the other rows that were or will be in its slot.
    pub generation: u64,
}

impl Value {
    /// The value of a constant.
    pub fn of_const(constant: &Const) -> Value {
        let all = |parts: &[Const]| parts.iter().map(Value::of_const).collect();
        match constant {
            Const::Unit => Value::Unit,
            Const::Int(value) => Value::Int(*value),
            Const::Float(value) => Value::Float(*value),
            Const::Bool(value) => Value::Bool(*value),
            Const::Str(text) => Value::Text(text.clone()),
            Const::Struct(fields) => Value::Struct(all(fields)),
            Const::Variant(variant, payload) => Value::Variant(*variant, all(payload)),
            Const::None => Value::None,
            Const::Some(inner) => Value::Some(Box::new(Value::of_const(inner))),
            Const::List(elements) => Value::List(all(elements)),
        }
    }

    /// A text.
    pub fn text(characters: &str) -> Value {
        Value::Text(Arc::from(characters))
    }

    /// An optional.
    pub(crate) fn optional(value: Option<Value>) -> Value {
        value.map_or(Value::None, |value| Value::Some(Box::new(value)))
    }

    /// How two values of one ordered type sort: NaN last, -0 equal to 0, `false` before `true`,
    /// texts by bytes, variants by their number.
    pub(crate) fn sorts(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Int(left), Value::Int(right)) => left.cmp(right),
            (Value::Float(left), Value::Float(right)) => match left.partial_cmp(right) {
                Some(order) => order,
                None => left.is_nan().cmp(&right.is_nan()),
            },
            (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
            (Value::Text(left), Value::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
            (Value::Variant(left, _), Value::Variant(right, _)) => left.cmp(right),
            _ => unreachable!("only values of one ordered type are sorted"),
        }
    }

    pub(crate) fn int(self) -> i64 {
        let Value::Int(value) = self else { unreachable!("the checker wants an `int` here") };
        value
    }

    pub(crate) fn float(self) -> f64 {
        let Value::Float(value) = self else { unreachable!("the checker wants a `float` here") };
        value
    }

    pub(crate) fn bool(self) -> bool {
        let Value::Bool(value) = self else { unreachable!("the checker wants a `bool` here") };
        value
    }

    pub(crate) fn characters(self) -> Arc<str> {
        let Value::Text(text) = self else { unreachable!("the checker wants a `str` here") };
        text
    }

    pub(crate) fn elements(self) -> Vec<Value> {
        let Value::List(elements) = self else { unreachable!("the checker wants a list here") };
        elements
    }

    pub(crate) fn row(self) -> RowRef {
        let Value::Row(row) = self else { unreachable!("the checker wants a row here") };
        row
    }
}
