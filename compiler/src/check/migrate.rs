//! `migrate`, `was` and `drop`: what can be said about them without the layout that is live. What
//! `old` holds is known only when a load is planned, so here it fits everything.

use std::collections::BTreeMap;

use super::Checker;
use super::body::Body;
use super::collect::{Migration, TypeName};
use super::fields::{Owner, find_or_report};
use crate::ast::{self, Name};
use crate::builtins::Builtin;
use crate::diag::{Code, Diagnostic};
use crate::ir::walk::Part;
use crate::ir::{Expr, ExprKind, Root};
use crate::source::Span;
use crate::types::Type;

impl<'a> Checker<'a> {
    /// Checks every migration against the declarations.
    pub(super) fn migrations(&mut self) {
        for index in 0..self.declared.migrations.len() {
            match self.declared.migrations[index] {
                Migration::Migrate { target, old, fields } => self.migrate(target, old, fields),
                Migration::DropTable(name) => self.drop_table(name),
                Migration::DropField(table, field) => self.drop_field(table, field),
            }
        }
        for index in 0..self.declared.structs.len() {
            self.renames(self.declared.structs[index].fields);
        }
        for index in 0..self.declared.tables.len() {
            self.renames(&self.declared.tables[index].fields);
        }
    }

    /// The table, or `state`.
    fn migrated(&self, target: &Name) -> Option<Owner> {
        if target.text == "state" {
            return Some(Owner::Struct(self.state));
        }
        match self.type_meaning(&target.text)? {
            TypeName::Table(id) => Some(Owner::Row(id)),
            _ => None,
        }
    }

    fn migrate(&mut self, target: &'a Name, old: &'a Name, fields: &'a [(Name, ast::Expr)]) {
        let Some(owner) = self.migrated(target) else {
            let text = format!("unknown table `{}`", target.text);
            let diagnostic = Diagnostic::new(Code::E0207, target.span, text);
            let names = self.names.types.keys().copied().chain(["state"]);
            let diagnostic = self.with_near(diagnostic, target, names);
            return self.report_unknown(&target.text, diagnostic);
        };
        let mut given = BTreeMap::new();
        for (name, value) in fields {
            if let Some(first) = given.insert(name.text.as_str(), name.span) {
                let text = format!("`{}` is given twice", name.text);
                self.report(
                    Diagnostic::new(Code::E0412, name.span, text)
                        .with_note(first, "first given here"),
                );
            }
            let field = find_or_report(self, owner, name);
            let ty = field.map_or(Type::Error, |(_, ty)| ty);
            let checked = Body::for_migration(self, old).value(value, ty);
            if let Some(impure) = first_impure(&checked) {
                self.report(
                    Diagnostic::new(Code::E0413, impure, "a migration sees the old row only")
                        .with_help("use `old`, constants and functions of values"),
                );
            }
        }
    }

    fn drop_table(&mut self, name: &Name) {
        if let Some(TypeName::Table(_)) = self.type_meaning(&name.text) {
            let text = format!("the table `{}` is declared and dropped", name.text);
            self.report(
                Diagnostic::new(Code::E0413, name.span, text).with_help("leave one of both out"),
            );
        }
    }

    fn drop_field(&mut self, table: &Name, field: &Name) {
        let owner = self.migrated(table);
        if owner.and_then(|owner| owner.find(&self.types, &field.text)).is_some() {
            let text = format!("the field `{}.{}` is declared and dropped", table.text, field.text);
            self.report(
                Diagnostic::new(Code::E0413, table.span.to(field.span), text)
                    .with_help("leave one of both out"),
            );
        }
    }

    /// A name that is still declared was not renamed, and only one field can come from an old one.
    fn renames(&mut self, fields: &'a [ast::Field]) {
        let mut sources = BTreeMap::new();
        for field in fields {
            let Some(was) = &field.was else { continue };
            if let Some(first) = sources.insert(was.text.as_str(), was.span) {
                let text = format!("two fields were `{}`", was.text);
                self.report(
                    Diagnostic::new(Code::E0413, was.span, text).with_note(first, "the other one"),
                );
            } else if fields.iter().any(|other| other.name.text == was.text) {
                let text = format!("`{}` is declared and was renamed", was.text);
                self.error(Code::E0413, was.span, text);
            }
        }
    }
}

/// Where an expression first needs more than its operands: the state, a row, the clock.
fn first_impure(expr: &Expr) -> Option<Span> {
    let impure = match &expr.kind {
        ExprKind::Place(place) => matches!(place.root, Root::State | Root::Row(..)),
        ExprKind::RowGet(..)
        | ExprKind::RowFind(..)
        | ExprKind::RowExists(..)
        | ExprKind::TableLen(_)
        | ExprKind::Insert(..)
        | ExprKind::Builtin(Builtin::Random | Builtin::Now, _) => true,
        _ => false,
    };
    if impure {
        return Some(expr.span);
    }
    let mut first = None;
    expr.parts(&mut |part| {
        if let Part::Expr(part) = part
            && first.is_none()
        {
            first = first_impure(part);
        }
    });
    first
}
