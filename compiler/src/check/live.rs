//! What `old` is in a `migrate` block: the rows of the layout that is live, as types of the program
//! that is checked.
//!
//! A struct or enum that both programs declare alike is one type, so that its values can be passed
//! on and given to functions; every other one becomes a type of its own, which messages call
//! `old Name`.

use std::collections::HashMap;

use super::collect::{EnumDecl, MigrateDecl, Migration, StructDecl, StructRole, TypeName};
use super::{Checker, empty_struct};
use crate::ast;
use crate::source::Span;
use crate::types::{EnumId, EnumType, Field, StructId, TableId, Type, Types, VariantType};

/// The layout that a program's `migrate` blocks begin from.
#[derive(Clone, Copy, Debug)]
pub struct Live<'l> {
    /// The types of the program that laid it out.
    pub types: &'l Types,
    /// The fields of its `state`.
    pub state: StructId,
    /// For each table of the program that is checked, the live table that its rows come from.
    pub tables: &'l [Option<TableId>],
    /// For each `migrate` block of the program that is checked, whether it is to be run.
    pub runs: &'l [bool],
}

/// A `migrate` block that is to be run, with the types that it takes and gives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Typed {
    pub(super) old: StructId,
    pub(super) new: StructId,
}

/// The types of the live program that were taken over.
#[derive(Default)]
struct Taken {
    structs: HashMap<StructId, Type>,
    enums: HashMap<EnumId, Type>,
}

impl<'a> Checker<'a> {
    /// Takes over the types of what is live, for every block that is to be run.
    pub(super) fn take_over(&mut self, live: Live<'_>) {
        let mut taken = Taken::default();
        let blocks = self.declared.migrations.iter().filter_map(Migration::block).copied();
        let blocks: Vec<MigrateDecl<'a>> = blocks.collect();
        for (block, &runs) in blocks.into_iter().zip(live.runs) {
            let typed = if runs { self.typed(live, &mut taken, block) } else { None };
            self.typed_migrations.push(typed);
        }
    }

    fn typed(
        &mut self,
        live: Live<'_>,
        taken: &mut Taken,
        block: MigrateDecl<'a>,
    ) -> Option<Typed> {
        let owner = self.migrated(block.target)?;
        let (name, fields) = match self.type_meaning(&block.target.text) {
            Some(TypeName::Table(id)) => {
                let before = live.types.table(live.tables.get(id.index()).copied().flatten()?);
                (&before.name, &before.fields)
            }
            _ => {
                let before = live.types.strukt(live.state);
                (&before.name, &before.fields)
            }
        };
        let fields = self.take_fields(live, taken, block.target, fields);
        let old = self.add_taken(format!("old {name}"), fields, block.target.span);
        let given = block.fields.iter().filter_map(|(field, _)| {
            let (index, _) = owner.find(&self.types, &field.text)?;
            owner.fields(&self.types).get(index as usize).cloned()
        });
        let given: Vec<Field> = given.collect();
        let new = self.add_taken(format!("new {}", block.target.text), given, block.target.span);
        Some(Typed { old, new })
    }

    fn add_taken(&mut self, name: String, fields: Vec<Field>, name_span: Span) -> StructId {
        let id = StructId(self.types.structs.len() as u32);
        let mut strukt = empty_struct(&name, None);
        strukt.fields = fields;
        self.types.structs.push(strukt);
        let role = StructRole::Struct;
        self.declared.structs.push(StructDecl { role, name_span, fields: &[], broken: false });
        id
    }

    fn take_fields(
        &mut self,
        live: Live<'_>,
        taken: &mut Taken,
        target: &'a ast::Name,
        fields: &[Field],
    ) -> Vec<Field> {
        let take = |field: &Field| Field {
            ty: self.take(live, taken, target, field.ty),
            default: None,
            // Its own span is one of another source.
            span: target.span,
            ..field.clone()
        };
        fields.iter().map(take).collect()
    }

    fn take(&mut self, live: Live<'_>, taken: &mut Taken, target: &'a ast::Name, ty: Type) -> Type {
        let mut inner = |checker: &mut Self, id| {
            let ty = checker.take(live, taken, target, live.types.get(id));
            checker.types.intern(ty)
        };
        match ty {
            Type::Optional(id) => Type::Optional(inner(self, id)),
            Type::Array(id, len) => Type::Array(inner(self, id), len),
            Type::Bounded(id, len) => Type::Bounded(inner(self, id), len),
            Type::List(id) => Type::List(inner(self, id)),
            Type::Struct(id) => match taken.structs.get(&id) {
                Some(&known) => known,
                None => {
                    let ty = self.take_struct(live, taken, target, id);
                    let _ = taken.structs.insert(id, ty);
                    ty
                }
            },
            Type::Enum(id) => match taken.enums.get(&id) {
                Some(&known) => known,
                None => {
                    let ty = self.take_enum(live, taken, target, id);
                    let _ = taken.enums.insert(id, ty);
                    ty
                }
            },
            // A row never stands in a field.
            other => other,
        }
    }

    fn take_struct(
        &mut self,
        live: Live<'_>,
        taken: &mut Taken,
        target: &'a ast::Name,
        id: StructId,
    ) -> Type {
        let before = live.types.strukt(id);
        let fields = self.take_fields(live, taken, target, &before.fields);
        if let Some(TypeName::Struct(same)) = self.type_meaning(&before.name)
            && are_alike(&self.types.strukt(same).fields, &fields)
        {
            return Type::Struct(same);
        }
        Type::Struct(self.add_taken(format!("old {}", before.name), fields, target.span))
    }

    fn take_enum(
        &mut self,
        live: Live<'_>,
        taken: &mut Taken,
        target: &'a ast::Name,
        id: EnumId,
    ) -> Type {
        let before = live.types.enumeration(id);
        let variants = before.variants.iter().map(|variant| VariantType {
            name: variant.name.clone(),
            fields: self.take_fields(live, taken, target, &variant.fields),
        });
        let variants: Vec<VariantType> = variants.collect();
        if let Some(TypeName::Enum(same)) = self.type_meaning(&before.name) {
            let known = &self.types.enumeration(same).variants;
            let pairs = known.iter().zip(&variants);
            let mut alike = pairs.map(|(a, b)| a.name == b.name && are_alike(&a.fields, &b.fields));
            if known.len() == variants.len() && alike.all(|alike| alike) {
                return Type::Enum(same);
            }
        }
        let id = EnumId(self.types.enums.len() as u32);
        let name = format!("old {}", before.name);
        self.types.enums.push(EnumType { name, variants, doc: None });
        self.declared.enums.push(EnumDecl { name: target, variants: &[], broken: false });
        Type::Enum(id)
    }
}

/// Whether fields have the same names and types in the same order.
fn are_alike(a: &[Field], b: &[Field]) -> bool {
    let mut pairs = a.iter().zip(b);
    a.len() == b.len() && pairs.all(|(a, b)| a.name == b.name && a.ty == b.ty)
}
