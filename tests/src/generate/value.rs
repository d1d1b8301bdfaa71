//! Values: arguments of calls, defaults, literals. They lean to the edges of their types.

use super::Generator;
use super::tree::{Node, parts};
use super::ty::{Declared, Field, Ty};

/// A value that comes from outside, in the shape of its type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An `int`.
    Int(i64),
    /// A `float`.
    Float(f64),
    /// A `bool`.
    Bool(bool),
    /// A `str`.
    Text(String),
    /// A struct's fields, in the order of the declaration.
    Struct(Vec<Value>),
    /// A variant, by number, with its payload.
    Variant(usize, Vec<Value>),
    /// `none`
    None,
    /// An optional with a value.
    Some(Box<Value>),
    /// A list of any kind.
    List(Vec<Value>),
}

/// Keys that rows are made and looked for with; few, so that they are found.
const INT_KEYS: &[i64] = &[0, 1, 2, 3, 4, 5, 7, -1, i64::MAX, i64::MIN];
const TEXT_KEYS: &[&str] = &["a", "b", "c", "", "ab", "é", "日本"];

const INT_EDGES: &[i64] = &[
    i64::MIN,
    i64::MIN + 1,
    i64::MAX,
    i64::MAX - 1,
    -1,
    1 << 31,
    (1 << 31) - 1,
    -(1 << 31) - 1,
    1 << 32,
    (1 << 53) + 1,
    1 << 62,
    -(1 << 62),
    (1 << 62) - 1,
    255,
    256,
    65_535,
    65_536,
];

const FLOAT_EDGES: &[f64] = &[
    -0.0,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    5e-324,
    -2.5e-310,
    f64::MIN_POSITIVE,
    f64::MAX,
    f64::MIN,
    0.1,
    1e16,
    9e-5,
    9_007_199_254_740_993.0,
    9_223_372_036_854_775_807.0,
    -9_223_372_036_854_775_808.0,
    0.5,
    -2.5,
    1e300,
];

const TEXTS: &[&str] = &[
    "",
    "a",
    "b",
    "ab",
    "Hello, World",
    "é",
    "日本語",
    "🙂",
    "ß",
    "İi",
    "ΑΣ",
    "ǅ",
    " \tx \n",
    "\u{a0}pad\u{3000}",
    "12",
    "-7",
    "+3",
    "9223372036854775808",
    "1.5",
    "1e3",
    "-0.0",
    "inf",
    "NaN",
    "a,b,,c",
    "e\u{301}",
    "{x}",
    "a longer text that does not fit into any small buffer, with a \"quote\" and a \\",
];

impl Generator {
    pub(super) fn int_value(&mut self) -> i64 {
        match self.random.below(100) {
            0..60 => self.random.between(0, 6),
            60..90 => self.random.between(-20, 100),
            90..96 => self.random.between(-100_000, 100_000),
            _ => self.random.pick(INT_EDGES).copied().unwrap_or_default(),
        }
    }

    pub(super) fn float_value(&mut self) -> f64 {
        match self.random.below(100) {
            0..45 => self.random.between(-8, 8) as f64 * 0.5,
            45..85 => self.random.between(-10_000, 10_000) as f64 / 64.0,
            _ => self.random.pick(FLOAT_EDGES).copied().unwrap_or_default(),
        }
    }

    pub(super) fn text_value(&mut self) -> String {
        self.random.pick(TEXTS).copied().unwrap_or_default().to_owned()
    }

    /// A value that is often a key.
    pub(super) fn key_value(&mut self, ty: &Ty) -> Value {
        let seldom = self.random.chance(5);
        match ty {
            Ty::Int if !seldom => {
                // The first ones are there more often, so that they are found again.
                let reach = [4, 7, INT_KEYS.len()][self.random.below(3)];
                Value::Int(INT_KEYS[self.random.below(reach)])
            }
            Ty::Str if !seldom => {
                let reach = [3, 5, TEXT_KEYS.len()][self.random.below(3)];
                Value::Text(TEXT_KEYS[self.random.below(reach)].to_owned())
            }
            ty => self.value(ty),
        }
    }

    /// A value of a type that can come from outside.
    pub(super) fn value(&mut self, ty: &Ty) -> Value {
        match ty {
            Ty::Int => Value::Int(self.int_value()),
            Ty::Float => Value::Float(self.float_value()),
            Ty::Bool => Value::Bool(self.random.chance(50)),
            Ty::Str => Value::Text(self.text_value()),
            Ty::Struct(number) => {
                let fields = self.declared.structs[*number].clone();
                Value::Struct(self.values(&fields))
            }
            Ty::Enum(number) => {
                let variants = self.declared.enums[*number].clone();
                let chosen = self.random.below(variants.len());
                Value::Variant(chosen, self.values(&variants[chosen].payload))
            }
            Ty::Optional(_) if self.random.chance(40) => Value::None,
            Ty::Optional(inner) => Value::Some(Box::new(self.value(inner))),
            Ty::Array(inner, len) => self.list_value(inner, *len),
            Ty::Bounded(inner, len) => {
                let found = if self.random.chance(20) { *len } else { self.random.below(len + 1) };
                self.list_value(inner, found)
            }
            Ty::List(inner) => {
                let found = self.random.below(5);
                self.list_value(inner, found)
            }
            Ty::Unit | Ty::Row(_) => unreachable!("no such value comes from outside"),
        }
    }

    fn values(&mut self, fields: &[Field]) -> Vec<Value> {
        fields.iter().map(|field| self.value(&field.ty)).collect()
    }

    fn list_value(&mut self, inner: &Ty, len: usize) -> Value {
        Value::List((0..len).map(|_| self.value(inner)).collect())
    }

    /// A constant expression of a type.
    pub(super) fn constant(&mut self, ty: &Ty) -> Node {
        let known = self.declared.constants.iter().filter(|(_, of)| of == ty);
        let names: Vec<String> = known.map(|(name, _)| name.clone()).collect();
        match self.random.pick(&names) {
            Some(name) if self.random.chance(25) => {
                Node::new(ty, parts![name.clone()]).labelled("constant")
            }
            _ => {
                let value = self.value(ty);
                self.literal(ty, &value)
            }
        }
    }

    /// A value as the source of a program has it.
    pub(super) fn literal(&mut self, ty: &Ty, value: &Value) -> Node {
        literal(&self.declared, ty, value)
    }
}

/// A value as the source of a program has it.
pub(crate) fn literal(declared: &Declared, ty: &Ty, value: &Value) -> Node {
    match (value, ty) {
        (Value::None, _) => Node::new(ty, parts!["none"]).wanting(),
        (Value::Some(value), Ty::Optional(inner)) => {
            let inner = literal(declared, inner, value);
            Node::new(ty, inner.parts).wanting()
        }
        (Value::Struct(values), Ty::Struct(number)) => {
            let mut parts = parts![format!("S{number} {{ ")];
            for (index, (field, value)) in declared.structs[*number].iter().zip(values).enumerate()
            {
                let comma = if index == 0 { "" } else { ", " };
                parts.extend(parts![
                    format!("{comma}{}: ", field.name),
                    literal(declared, &field.ty, value)
                ]);
            }
            parts.extend(parts![" }"]);
            Node::new(ty, parts)
        }
        (Value::Variant(chosen, values), Ty::Enum(number)) => {
            let variant = &declared.enums[*number][*chosen];
            let name = format!("E{number}.{}", variant.name);
            let tys = variant.payload.iter().map(|field| &field.ty);
            let values = tys.zip(values).map(|(ty, value)| literal(declared, ty, value));
            match variant.payload.is_empty() {
                true => Node::new(ty, parts![name]),
                false => Node::new(ty, enclosed(name + "(", values, ")")),
            }
        }
        (Value::List(values), ty) => {
            let Some(inner) = ty.element() else { unreachable!("a list has elements") };
            let values = values.iter().map(|value| literal(declared, inner, value));
            Node::new(ty, enclosed("[", values, "]")).wanting()
        }
        (scalar, _) => Node::new(ty, parts![scalar_text(scalar)]),
    }
    .labelled("literal")
}

/// Nodes with commas between them, in brackets.
pub(super) fn enclosed(
    open: impl Into<super::tree::Part>,
    nodes: impl IntoIterator<Item = Node>,
    close: &'static str,
) -> Vec<super::tree::Part> {
    let mut parts = vec![open.into()];
    for (index, node) in nodes.into_iter().enumerate() {
        if index > 0 {
            parts.extend(parts![", "]);
        }
        parts.extend(parts![node]);
    }
    parts.extend(parts![close]);
    parts
}

fn scalar_text(value: &Value) -> String {
    match value {
        Value::Int(value) => value.to_string(),
        Value::Float(value) => float_text(*value),
        Value::Bool(value) => value.to_string(),
        Value::Text(text) => quoted(text),
        _ => unreachable!("only scalars are written without parts"),
    }
}

/// Digits stand on both sides of the point; what has no literal is computed.
fn float_text(value: f64) -> String {
    if value.is_nan() {
        return "(0.0 / 0.0)".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "(1.0 / 0.0)" } else { "(-1.0 / 0.0)" }.to_owned();
    }
    let text = format!("{value:?}");
    match text.split_once('e') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0e{exponent}"),
        _ => text,
    }
}

/// A text between quotes, with what cannot stand there as it is escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '{' => quoted.push_str("{{"),
            '}' => quoted.push_str("}}"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
