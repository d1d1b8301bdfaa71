//! What a load does to the layout of the state: (live layout, new layout) → [`Plan`], pure and
//! printable. It looks at layouts only, never at whether data happens to be there.
//!
//! Until state can be migrated, a plan is either "nothing changes" or a refusal.

use std::collections::HashMap;
use std::fmt;

use midflight_compiler::Program;
use midflight_compiler::types::{self, TableId, Type};

/// A field of `state` that is no struct, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// `state.pos.x`
    pub(crate) path: String,
    /// The type, enums and structs inside of it spelled out.
    pub(crate) ty: String,
    /// Bytes from the beginning of the state.
    pub(crate) offset: u32,
}

/// What happens to the layout of the state when a version is activated.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// The first version: there is no state yet.
    pub initial: bool,
    /// Fields of `state` that stay as they are.
    pub fields_kept: usize,
    /// The fields whose layout would change; a plan with any is refused.
    pub changes: Vec<Change>,
}

/// One field whose layout would change.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Change {
    /// `state.pos.x`
    pub field: String,
    /// What would happen to it.
    #[serde(flatten)]
    pub kind: ChangeKind,
}

/// What would happen to a field.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChangeKind {
    /// The new version has a field that the live state lacks.
    Added {
        /// Its type.
        new_type: String,
    },
    /// The new version lacks a field that the live state has.
    Removed {
        /// Its type.
        old_type: String,
    },
    /// The field has another type.
    Retyped {
        /// The type in the live state.
        old_type: String,
        /// The type in the new version.
        new_type: String,
    },
    /// The field is the same but stands elsewhere.
    Moved {
        /// Bytes from the beginning of the live state.
        old_offset: u32,
        /// Bytes from the beginning of the new one.
        new_offset: u32,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = &self.field;
        match &self.kind {
            ChangeKind::Added { new_type } => {
                write!(f, "`{field}: {new_type}` is new: the live state does not have it")
            }
            ChangeKind::Removed { old_type } => {
                write!(f, "`{field}: {old_type}` is missing: the live state has it")
            }
            ChangeKind::Retyped { old_type, new_type } => {
                write!(f, "`{field}` is `{old_type}` in the live state and `{new_type}` here")
            }
            ChangeKind::Moved { .. } => {
                write!(f, "`{field}` stands elsewhere: keep the order of the live state's fields")
            }
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.initial {
            return f.write_str("the first version: the state begins with its defaults");
        }
        if self.changes.is_empty() {
            let s = if self.fields_kept == 1 { "" } else { "s" };
            return write!(f, "the layout is unchanged, {} field{s} kept", self.fields_kept);
        }
        for (index, change) in self.changes.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{change}")?;
        }
        Ok(())
    }
}

/// The fields of a program's state and of its rows, those of structs in them one by one, in the
/// order of their places. A table itself is one as well: its type tells key and indexes.
pub(crate) fn state_fields(program: &Program) -> Vec<Field> {
    let (types, layouts) = (&program.ir.types, &program.layouts);
    let mut fields = Vec::new();
    let state = types.strukt(program.ir.state).fields.iter();
    let state = state.zip(layouts.strukt(program.ir.state).offsets.iter().copied());
    collect(program, "state", state, 0, &mut fields);
    for (index, table) in types.tables.iter().enumerate() {
        let name_of = |&field: &u32| table.fields[field as usize].name.as_str();
        let indexes: Vec<&str> = table.indexes.iter().map(name_of).collect();
        let mut ty = format!("table with key {}", name_of(&table.key));
        if !indexes.is_empty() {
            ty = format!("{ty} and index {}", indexes.join(", "));
        }
        fields.push(Field { path: table.name.clone(), ty, offset: index as u32 });
        let offsets = layouts.row(TableId(index as u32)).offsets.iter().copied();
        collect(program, &table.name, table.fields.iter().zip(offsets), 0, &mut fields);
    }
    fields
}

fn collect<'p>(
    program: &'p Program,
    path: &str,
    placed: impl Iterator<Item = (&'p types::Field, u32)>,
    start: u32,
    fields: &mut Vec<Field>,
) {
    for (field, offset) in placed {
        let path = format!("{path}.{}", field.name);
        let offset = start + offset;
        let Type::Struct(inner) = field.ty else {
            fields.push(Field { path, ty: spelled(program, field.ty), offset });
            continue;
        };
        let inner_fields = program.ir.types.strukt(inner).fields.iter();
        let offsets = program.layouts.strukt(inner).offsets.iter().copied();
        let placed: Vec<_> = inner_fields.zip(offsets).collect();
        collect(program, &path, placed.into_iter(), offset, fields);
    }
}

/// The type with everything that decides its layout: structs and enums spelled out.
fn spelled(program: &Program, ty: Type) -> String {
    let types = &program.ir.types;
    let spell_fields = |fields: &[types::Field]| {
        let fields =
            fields.iter().map(|field| format!("{}: {}", field.name, spelled(program, field.ty)));
        fields.collect::<Vec<_>>().join(", ")
    };
    match ty {
        Type::Struct(id) => format!("{{ {} }}", spell_fields(&types.strukt(id).fields)),
        Type::Enum(id) => {
            let variants = types.enumeration(id).variants.iter().map(|variant| {
                match variant.fields.as_slice() {
                    [] => variant.name.clone(),
                    fields => format!("{}({})", variant.name, spell_fields(fields)),
                }
            });
            variants.collect::<Vec<_>>().join(" | ")
        }
        Type::Optional(inner) => format!("{}?", spelled(program, types.get(inner))),
        Type::Array(inner, len) => format!("[{}; {len}]", spelled(program, types.get(inner))),
        Type::Bounded(inner, len) => format!("[{}; ..{len}]", spelled(program, types.get(inner))),
        Type::List(inner) => format!("[{}]", spelled(program, types.get(inner))),
        _ => types.show(ty).to_string(),
    }
}

/// The plan from the live layout (absent before the first version) to a new one.
pub(crate) fn plan(live: Option<&[Field]>, new: &[Field]) -> Plan {
    let Some(live) = live else {
        return Plan { initial: true, ..Plan::default() };
    };
    let mut plan = Plan::default();
    let by_path = |fields: &'_ [Field]| -> HashMap<String, usize> {
        fields.iter().enumerate().map(|(index, field)| (field.path.clone(), index)).collect()
    };
    let (old_paths, new_paths) = (by_path(live), by_path(new));
    for field in new {
        let before = old_paths.get(&field.path).map(|&index| &live[index]);
        let kind = match before {
            None => ChangeKind::Added { new_type: field.ty.clone() },
            Some(before) if before.ty != field.ty => {
                ChangeKind::Retyped { old_type: before.ty.clone(), new_type: field.ty.clone() }
            }
            Some(before) if before.offset != field.offset => {
                ChangeKind::Moved { old_offset: before.offset, new_offset: field.offset }
            }
            Some(_) => {
                plan.fields_kept += 1;
                continue;
            }
        };
        plan.changes.push(Change { field: field.path.clone(), kind });
    }
    for before in live {
        if !new_paths.contains_key(&before.path) {
            let kind = ChangeKind::Removed { old_type: before.ty.clone() };
            plan.changes.push(Change { field: before.path.clone(), kind });
        }
    }
    // What moved only because something before it changed says nothing new.
    if plan.changes.iter().any(|change| !matches!(change.kind, ChangeKind::Moved { .. })) {
        plan.changes.retain(|change| !matches!(change.kind, ChangeKind::Moved { .. }));
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(list: &[(&str, &str, u32)]) -> Vec<Field> {
        list.iter()
            .map(|&(path, ty, offset)| Field { path: path.into(), ty: ty.into(), offset })
            .collect()
    }

    #[test]
    fn every_difference_is_named() {
        let live = fields(&[("state.a", "int", 0), ("state.b", "str", 8), ("state.c", "bool", 16)]);
        let new =
            fields(&[("state.a", "float", 0), ("state.d", "int", 8), ("state.c", "bool", 24)]);
        let text = plan(Some(&live), &new).to_string();
        assert_eq!(
            text,
            "`state.a` is `int` in the live state and `float` here\n\
             `state.d: int` is new: the live state does not have it\n\
             `state.b: str` is missing: the live state has it"
        );
    }

    #[test]
    fn a_new_order_is_a_change() {
        let live = fields(&[("state.a", "int", 0), ("state.b", "int", 8)]);
        let new = fields(&[("state.b", "int", 0), ("state.a", "int", 8)]);
        assert_eq!(plan(Some(&live), &new).changes.len(), 2);
        assert!(plan(Some(&live), &live).changes.is_empty());
    }
}
