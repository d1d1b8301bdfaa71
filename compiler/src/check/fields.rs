//! Named fields: what has them, which one a name means, and the values that a literal, an `insert`
//! or an `emit` gives them.

use std::collections::BTreeMap;

use super::Checker;
use super::body::Body;
use super::expr::constant;
use super::mismatch::Wanted;
use crate::ast::{FieldInit, Name};
use crate::diag::{Code, Diagnostic};
use crate::ir;
use crate::source::Span;
use crate::types::{Field, StructId, TableId, Type, Types};

/// The longest list of fields that a help line writes out.
const LISTED_MAX: usize = 8;

/// What has named fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// A struct, `state` or an event.
    Struct(StructId),
    /// A row of a table.
    Row(TableId),
}

impl Owner {
    /// The owner that a value of a type is.
    pub(super) fn of(ty: Type) -> Option<Owner> {
        match ty {
            Type::Struct(id) => Some(Owner::Struct(id)),
            Type::Row(id) => Some(Owner::Row(id)),
            _ => None,
        }
    }

    /// The type that has the fields.
    fn ty(self) -> Type {
        match self {
            Owner::Struct(id) => Type::Struct(id),
            Owner::Row(id) => Type::Row(id),
        }
    }

    /// The fields, in the order of the source.
    pub(super) fn fields(self, types: &Types) -> &[Field] {
        match self {
            Owner::Struct(id) => &types.strukt(id).fields,
            Owner::Row(id) => &types.table(id).fields,
        }
    }

    /// The name of the declaration.
    pub(super) fn name(self, types: &Types) -> &str {
        match self {
            Owner::Struct(id) => &types.strukt(id).name,
            Owner::Row(id) => &types.table(id).name,
        }
    }

    /// The field of this name and its type.
    pub(super) fn find(self, types: &Types, name: &str) -> Option<(u32, Type)> {
        let fields = self.fields(types);
        let index = fields.iter().position(|field| field.name == name)?;
        Some((index as u32, fields[index].ty))
    }
}

/// The field that a name means, or a message that there is none.
pub(super) fn find_or_report(
    checker: &mut Checker<'_>,
    owner: Owner,
    name: &Name,
) -> Option<(u32, Type)> {
    let found = owner.find(&checker.types, &name.text);
    if found.is_some() || checker.is_broken(owner.ty()) {
        return found;
    }
    let types = &checker.types;
    let text = format!("no field `{}` in `{}`", name.text, owner.name(types));
    let diagnostic = Diagnostic::new(Code::E0203, name.span, text);
    let fields = owner.fields(types);
    let names = fields.iter().map(|field| field.name.as_str());
    let mut diagnostic = checker.with_near(diagnostic, name, names);
    if diagnostic.help.is_none() && !fields.is_empty() && fields.len() <= LISTED_MAX {
        let all: Vec<String> = fields.iter().map(|field| format!("`{}`", field.name)).collect();
        diagnostic = diagnostic.with_help(format!("it has {}", all.join(", ")));
    }
    let key = format!("{}.{}", owner.name(&checker.types), name.text);
    checker.report_unknown(key, diagnostic);
    None
}

/// Values of fields by index, as they are written.
#[derive(Default)]
struct Given {
    values: Vec<(u32, ir::Expr)>,
    spans: BTreeMap<u32, Span>,
    /// There is a mistake in them, which is reported.
    wrong: bool,
    /// One of the names is no field.
    misnamed: bool,
}

impl<'a> Body<'_, 'a> {
    /// The values of all fields of a struct or event: those that are given, in the order of the
    /// source, then the defaults of the others. `None` when there is a mistake in them.
    pub(super) fn all_fields(
        &mut self,
        id: StructId,
        name: &'a Name,
        inits: &'a [FieldInit],
    ) -> Option<Vec<(u32, ir::Expr)>> {
        let given = self.given(Owner::Struct(id), inits);
        let mut values = given.values;
        for index in 0..self.checker.types.strukt(id).fields.len() as u32 {
            if given.wrong || given.spans.contains_key(&index) {
                continue;
            }
            let ty = self.checker.types.strukt(id).fields[index as usize].ty;
            let default = self.checker.default_of(Owner::Struct(id), index, name.span)?;
            values.push((index, constant(default, ty, name.span)));
        }
        (!given.wrong).then_some(values)
    }

    /// The values that an `insert` gives; the key is one of them.
    pub(super) fn row_fields(
        &mut self,
        table: TableId,
        name: &'a Name,
        inits: &'a [FieldInit],
    ) -> Option<Vec<(u32, ir::Expr)>> {
        let given = self.given(Owner::Row(table), inits);
        let declared = self.checker.types.table(table);
        // A table without a key was refused where it is declared.
        let key = declared.fields.get(declared.key as usize)?;
        let is_missing = !given.misnamed && !given.spans.contains_key(&declared.key);
        if is_missing && !self.checker.is_broken(Type::Row(table)) {
            let text = format!("the key `{}` of `{}` is missing", key.name, declared.name);
            self.checker.report(
                Diagnostic::new(Code::E0412, name.span, text)
                    .with_note(key.span, "the key is declared here")
                    .with_help(format!("add `{}: …`", key.name)),
            );
            return None;
        }
        (!given.wrong).then_some(given.values)
    }

    fn given(&mut self, owner: Owner, inits: &'a [FieldInit]) -> Given {
        let mut given = Given::default();
        for init in inits {
            let Some((index, ty)) = find_or_report(self.checker, owner, &init.name) else {
                self.check_values(std::slice::from_ref(init));
                (given.wrong, given.misnamed) = (true, true);
                continue;
            };
            let declared = owner.fields(&self.checker.types)[index as usize].span;
            let wanted = Some(Wanted { span: declared, text: "the field is declared here" });
            let value = match &init.value {
                Some(value) => self.value_for(value, ty, wanted),
                None => self.named_for(&init.name, ty, wanted),
            };
            given.wrong |= value.ty == Type::Error;
            given.values.push((index, value));
            if let Some(first) = given.spans.insert(index, init.name.span) {
                given.wrong = true;
                let text = format!("`{}` is given twice", init.name.text);
                self.checker.report(
                    Diagnostic::new(Code::E0412, init.name.span, text)
                        .with_note(first, "first given here"),
                );
            }
        }
        given
    }

    /// Looks for mistakes in values whose fields are not known.
    pub(super) fn check_values(&mut self, fields: &'a [FieldInit]) {
        for field in fields {
            match &field.value {
                Some(value) => self.ignored(value),
                None => {
                    if let Some(local) = self.scopes.find(&field.name.text) {
                        self.scopes.mark_used(local);
                    }
                }
            }
        }
    }
}
