//! The types of a generated program and what it declares. Names follow from numbers (`S0`, `E1`,
//! `t2`), so that a type is printed without asking what it stands for.

use std::fmt;

use super::tree::Node;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ty {
    Unit,
    Int,
    Float,
    Bool,
    Str,
    /// By its number in [`Declared::structs`].
    Struct(usize),
    /// By its number in [`Declared::enums`].
    Enum(usize),
    /// A row, by the number of its table in [`Declared::tables`].
    Row(usize),
    Optional(Box<Ty>),
    /// `[T; N]`
    Array(Box<Ty>, usize),
    /// `[T; ..N]`
    Bounded(Box<Ty>, usize),
    /// `[T]`
    List(Box<Ty>),
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ty::Unit => f.write_str("()"),
            Ty::Int => f.write_str("int"),
            Ty::Float => f.write_str("float"),
            Ty::Bool => f.write_str("bool"),
            Ty::Str => f.write_str("str"),
            Ty::Struct(number) => write!(f, "S{number}"),
            Ty::Enum(number) => write!(f, "E{number}"),
            Ty::Row(number) => write!(f, "t{number}"),
            Ty::Optional(inner) => write!(f, "{inner}?"),
            Ty::Array(inner, len) => write!(f, "[{inner}; {len}]"),
            Ty::Bounded(inner, len) => write!(f, "[{inner}; ..{len}]"),
            Ty::List(inner) => write!(f, "[{inner}]"),
        }
    }
}

impl Ty {
    pub(super) fn optional(inner: &Ty) -> Ty {
        Ty::Optional(Box::new(inner.clone()))
    }

    pub(super) fn list(inner: &Ty) -> Ty {
        Ty::List(Box::new(inner.clone()))
    }

    /// The type of the elements, where it is a list of any kind.
    pub(super) fn element(&self) -> Option<&Ty> {
        match self {
            Ty::Array(inner, _) | Ty::Bounded(inner, _) | Ty::List(inner) => Some(inner),
            _ => None,
        }
    }

    /// Whether a row stands in it, so that it lives within a call only.
    pub(super) fn holds_rows(&self) -> bool {
        match self {
            Ty::Row(_) => true,
            Ty::Optional(inner) => inner.holds_rows(),
            _ => self.element().is_some_and(Ty::holds_rows),
        }
    }
}

/// A field of a struct, a variant, a table, an event or `state`.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) ty: Ty,
    /// `= constant`
    pub(crate) default: Option<Node>,
}

/// A variant of an enum.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) payload: Vec<Field>,
}

/// A table; its key is the first field.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) fields: Vec<Field>,
    /// The fields with an index.
    pub(crate) indexed: Vec<usize>,
}

impl Table {
    /// The field that rows are found by.
    pub(super) fn key(&self) -> &Field {
        &self.fields[0]
    }
}

/// What can be called.
#[derive(Clone, Debug)]
pub(crate) struct Signature {
    pub(crate) name: String,
    /// A handler's may have defaults.
    pub(crate) params: Vec<Field>,
    pub(crate) result: Ty,
    /// About how many steps a call takes.
    pub(super) cost: u64,
    /// How the first parameter is kept small, where the function calls itself.
    pub(super) recursion: Recursion,
}

/// Whether a function calls itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recursion {
    /// It does not.
    None,
    /// As often as its first parameter says.
    Counted,
}

/// A timer.
#[derive(Clone, Debug)]
pub(crate) struct Timer {
    pub(crate) name: String,
    /// The table for whose rows it runs; absent for the whole world.
    pub(super) table: Option<usize>,
}

/// What a program declares.
#[derive(Clone, Debug, Default)]
pub(crate) struct Declared {
    pub(crate) structs: Vec<Vec<Field>>,
    pub(crate) enums: Vec<Vec<Variant>>,
    pub(crate) tables: Vec<Table>,
    pub(crate) state: Vec<Field>,
    pub(super) events: Vec<Vec<Field>>,
    /// Constants by name.
    pub(super) constants: Vec<(String, Ty)>,
    /// What can be called so far: functions, then handlers.
    pub(super) functions: Vec<Signature>,
    /// The handlers among them begin here.
    pub(super) first_handler: usize,
    pub(super) timers: Vec<Timer>,
    /// Whether there is a handler that calls itself until the stack ends.
    pub(super) goes_deepest: bool,
}

impl Declared {
    /// Whether no variant of an enum carries anything.
    pub(super) fn is_bare(&self, number: usize) -> bool {
        self.enums[number].iter().all(|variant| variant.payload.is_empty())
    }

    /// Whether interpolation writes it and loops and indexes go by it.
    pub(super) fn is_printable(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Int | Ty::Float | Ty::Bool | Ty::Str => true,
            Ty::Enum(number) => self.is_bare(*number),
            _ => false,
        }
    }
}
