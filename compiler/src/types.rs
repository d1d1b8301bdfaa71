//! Types: what a value can be. [`Type`] is small and copied; what is declared (structs, enums,
//! tables) stands in [`Types`], which also interns the types inside optionals and lists.
//!
//! `Type::Error` is the type of what is already reported: it fits everything and silences what
//! would follow.

use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::ir::Const;
use crate::source::Span;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// The id as an index.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}
pub(crate) use ids;

ids! {
    /// An interned type.
    TypeId,
    /// A struct of the program; the fields of `state` are one, and so are an event's.
    StructId,
    /// An enum of the program.
    EnumId,
    /// A table of the program.
    TableId,
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Already reported; fits everything.
    Error,
    /// The type of what never has a value: `return`, `fail`, `break`, `continue`.
    Never,
    /// `()`
    Unit,
    /// `int`: 64 bits, signed.
    Int,
    /// `float`: IEEE 754 binary64.
    Float,
    /// `bool`
    Bool,
    /// `str`: immutable UTF-8.
    Str,
    /// A struct, by value.
    Struct(StructId),
    /// An enum, by value.
    Enum(EnumId),
    /// A row of a table, by reference.
    Row(TableId),
    /// `T?`; the inner type is never itself optional.
    Optional(TypeId),
    /// `[T; N]`
    Array(TypeId, u32),
    /// `[T; ..N]`
    Bounded(TypeId, u32),
    /// `[T]`
    List(TypeId),
}

/// A field of a struct, a variant or a table.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Its default; absent means the type's zero where one is needed.
    pub default: Option<Const>,
    /// Where it is declared (its name).
    pub span: Span,
    /// Its documentation.
    pub doc: Option<String>,
    /// `was old_name`
    pub was: Option<String>,
    /// Kept in memory only.
    pub transient: bool,
}

/// A struct; fields in the order of the source.
#[derive(Clone, Debug)]
pub struct StructType {
    /// Its name; `state` for the state, the event's name for an event.
    pub name: String,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Its documentation.
    pub doc: Option<String>,
}

/// An enum; variants in the order of the source.
#[derive(Clone, Debug)]
pub struct EnumType {
    /// Its name.
    pub name: String,
    /// Its variants.
    pub variants: Vec<VariantType>,
    /// Its documentation.
    pub doc: Option<String>,
}

/// A variant of an enum.
#[derive(Clone, Debug)]
pub struct VariantType {
    /// Its name.
    pub name: String,
    /// Its payload.
    pub fields: Vec<Field>,
}

impl EnumType {
    /// Whether no variant carries anything, so that a value is its tag alone.
    pub fn is_bare(&self) -> bool {
        self.variants.iter().all(|variant| variant.fields.is_empty())
    }
}

/// A table.
#[derive(Clone, Debug)]
pub struct TableType {
    /// Its name.
    pub name: String,
    /// Its fields in the order of the source, the key among them.
    pub fields: Vec<Field>,
    /// Which field is the key (`int` or `str`).
    pub key: u32,
    /// Which fields have an ordered index.
    pub indexes: Vec<u32>,
    /// `was old_name`
    pub was: Option<String>,
    /// Its documentation.
    pub doc: Option<String>,
}

/// Everything that is declared, and the interned types.
#[derive(Clone, Debug, Default)]
pub struct Types {
    /// By `StructId`.
    pub structs: Vec<StructType>,
    /// By `EnumId`.
    pub enums: Vec<EnumType>,
    /// By `TableId`.
    pub tables: Vec<TableType>,
    interned: Vec<Type>,
    ids: HashMap<Type, TypeId>,
}

impl Types {
    /// The id of a type, the same for the same type.
    pub fn intern(&mut self, ty: Type) -> TypeId {
        if let Some(&id) = self.ids.get(&ty) {
            return id;
        }
        let id = TypeId(self.interned.len() as u32);
        self.interned.push(ty);
        let _ = self.ids.insert(ty, id);
        id
    }

    /// The id of a type that was interned before.
    pub fn id_of(&self, ty: Type) -> Option<TypeId> {
        self.ids.get(&ty).copied()
    }

    /// The type with this id.
    pub fn get(&self, id: TypeId) -> Type {
        self.interned[id.index()]
    }

    /// Every interned type, by id.
    pub fn interned(&self) -> &[Type] {
        &self.interned
    }

    /// The struct with this id.
    pub fn strukt(&self, id: StructId) -> &StructType {
        &self.structs[id.index()]
    }

    /// The enum with this id.
    pub fn enumeration(&self, id: EnumId) -> &EnumType {
        &self.enums[id.index()]
    }

    /// The table with this id.
    pub fn table(&self, id: TableId) -> &TableType {
        &self.tables[id.index()]
    }

    /// Whether values of a type hold texts.
    pub fn hold_text(&self, ty: Type) -> bool {
        self.hold_text_beside(ty, &mut HashSet::new())
    }

    /// As [`Types::hold_text`]; what was looked at before holds none. Without it, structs that
    /// others hold twice would be looked at twice as often on every level.
    fn hold_text_beside(&self, ty: Type, seen: &mut HashSet<Type>) -> bool {
        let fields: Vec<&Field> = match ty {
            Type::Str => return true,
            Type::Optional(inner)
            | Type::Array(inner, _)
            | Type::Bounded(inner, _)
            | Type::List(inner) => return self.hold_text_beside(self.get(inner), seen),
            Type::Struct(id) => self.strukt(id).fields.iter().collect(),
            Type::Enum(id) => {
                self.enumeration(id).variants.iter().flat_map(|variant| &variant.fields).collect()
            }
            _ => return false,
        };
        seen.insert(ty) && fields.iter().any(|field| self.hold_text_beside(field.ty, seen))
    }

    /// Whether a type is a row, or a list or optional of rows. Fields never are.
    pub fn mentions_row(&self, ty: Type) -> bool {
        match ty {
            Type::Row(_) => true,
            Type::Optional(inner)
            | Type::Array(inner, _)
            | Type::Bounded(inner, _)
            | Type::List(inner) => self.mentions_row(self.get(inner)),
            _ => false,
        }
    }

    /// Whether values of a type hold growing lists. Fields never do.
    pub(crate) fn hold_list(&self, ty: Type) -> bool {
        match ty {
            Type::List(_) => true,
            Type::Optional(inner) | Type::Array(inner, _) | Type::Bounded(inner, _) => {
                self.hold_list(self.get(inner))
            }
            _ => false,
        }
    }

    /// The type as a program writes it.
    pub fn show(&self, ty: Type) -> impl fmt::Display + '_ {
        Shown { types: self, ty }
    }
}

struct Shown<'a> {
    types: &'a Types,
    ty: Type,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types = self.types;
        match self.ty {
            Type::Error => f.write_str("?"),
            Type::Never => f.write_str("never"),
            Type::Unit => f.write_str("()"),
            Type::Int => f.write_str("int"),
            Type::Float => f.write_str("float"),
            Type::Bool => f.write_str("bool"),
            Type::Str => f.write_str("str"),
            Type::Struct(id) => f.write_str(&types.strukt(id).name),
            Type::Enum(id) => f.write_str(&types.enumeration(id).name),
            Type::Row(id) => f.write_str(&types.table(id).name),
            Type::Optional(inner) => write!(f, "{}?", types.show(types.get(inner))),
            Type::Array(inner, len) => write!(f, "[{}; {len}]", types.show(types.get(inner))),
            Type::Bounded(inner, len) => write!(f, "[{}; ..{len}]", types.show(types.get(inner))),
            Type::List(inner) => write!(f, "[{}]", types.show(types.get(inner))),
        }
    }
}
