//! `migrate`, `was` and `drop`: what can be said about them without the layout that is live, and,
//! where that is known (`live`), the functions that `migrate` blocks become.
//!
//! Without it `old` fits everything: what it holds is known only when a load is planned.

use std::collections::{BTreeMap, BTreeSet};

use super::Checker;
use super::body::Body;
use super::collect::{MigrateDecl, Migration, TypeName};
use super::fields::{Owner, find_or_report};
use super::live::Typed;
use crate::ast::{self, Name};
use crate::builtins::Builtin;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::ir::walk::Part;
use crate::ir::{self, Block, Expr, ExprKind, FuncId, Function, Place, Root, StmtKind};
use crate::lexer;
use crate::source::{Source, Span};
use crate::types::Type;

/// What the declarations say about the data of the version before.
#[derive(Debug, Default)]
pub(super) struct Migrations {
    pub(super) blocks: Vec<ir::Migration>,
    pub(super) drops: Vec<ir::Drop>,
}

impl<'a> Checker<'a> {
    /// Checks every migration against the declarations; adds the functions of those that are run.
    pub(super) fn migrations(&mut self, functions: &mut Vec<Function>) -> Migrations {
        let mut found = Migrations::default();
        // What is given by the blocks that are run, together.
        let mut given = BTreeMap::new();
        for index in 0..self.declared.migrations.len() {
            match self.declared.migrations[index] {
                Migration::Block(block) => {
                    let typed = self.typed_migrations.get(found.blocks.len()).copied().flatten();
                    if typed.is_some() {
                        self.refuse_given_before(block, &mut given);
                    }
                    found.blocks.push(self.migrate(block, typed, functions));
                }
                Migration::DropTable(name) => {
                    self.drop_table(name);
                    found.drops.push(ir::Drop::Table(name.text.to_string()));
                }
                Migration::DropField(owner, field) => {
                    self.drop_field(owner, field);
                    let [owner, field] = [owner, field].map(|name| name.text.to_string());
                    found.drops.push(ir::Drop::Field(owner, field));
                }
            }
        }
        for index in 0..self.declared.structs.len() {
            self.renames(self.declared.structs[index].fields);
        }
        for index in 0..self.declared.tables.len() {
            self.renames(&self.declared.tables[index].fields);
        }
        self.table_renames();
        found
    }

    /// The table, or `state`.
    pub(super) fn migrated(&self, target: &Name) -> Option<Owner> {
        if target.text == "state" {
            return Some(Owner::Struct(self.state));
        }
        match self.type_meaning(&target.text)? {
            TypeName::Table(id) => Some(Owner::Row(id)),
            _ => None,
        }
    }

    fn migrate(
        &mut self,
        block: MigrateDecl<'a>,
        typed: Option<Typed>,
        functions: &mut Vec<Function>,
    ) -> ir::Migration {
        let mut migration = ir::Migration {
            table: None,
            span: block.span,
            tokens: tokens(self.source.slice(block.span)),
            fields: Vec::new(),
            function: None,
        };
        let Some(owner) = self.migrated(block.target) else {
            self.unknown_target(block.target);
            return migration;
        };
        if let Owner::Row(table) = owner {
            migration.table = Some(table);
        }
        self.refuse_twice(block.fields);
        let old = typed.map_or(Type::Error, |typed| Type::Struct(typed.old));
        let mut body = Body::for_migration(self, block.old, old);
        let mut values = Vec::new();
        for (name, value) in block.fields {
            let field = find_or_report(body.checker, owner, name);
            let ty = field.map_or(Type::Error, |(_, ty)| ty);
            migration.fields.extend(field.map(|(index, _)| index));
            let value = body.value(value, ty);
            if let Some(impure) = first_impure(&value, functions) {
                body.checker.report(
                    Diagnostic::new(Code::E0413, impure, "a migration sees the old row only")
                        .with_help("use `old`, constants and functions of values"),
                );
            }
            values.push((values.len() as u32, value));
        }
        if let Some(typed) = typed {
            migration.function = Some(FuncId(functions.len() as u32));
            functions.push(body.migration(block, typed, values));
        }
        migration
    }

    fn unknown_target(&mut self, target: &Name) {
        let text = format!("unknown table `{}`", target.text);
        let diagnostic = Diagnostic::new(Code::E0207, target.span, text);
        let names = self.names.types.keys().copied().chain(["state"]);
        let diagnostic = self.with_near(diagnostic, target, names);
        self.report_unknown(target.text.as_str(), diagnostic);
    }

    fn refuse_twice(&mut self, fields: &[(Name, ast::Expr)]) {
        let mut given = BTreeMap::new();
        for (name, _) in fields {
            if let Some(first) = given.insert(name.text.as_str(), name.span) {
                self.given_twice(name, first);
            }
        }
    }

    fn refuse_given_before(
        &mut self,
        block: MigrateDecl<'a>,
        given: &mut BTreeMap<(&'a str, &'a str), Span>,
    ) {
        let mut own = BTreeMap::new();
        for (name, _) in block.fields {
            let key = (block.target.text.as_str(), name.text.as_str());
            if let Some(&first) = given.get(&key) {
                self.given_twice(name, first);
            }
            let _ = own.insert(key, name.span);
        }
        given.append(&mut own);
    }

    fn given_twice(&mut self, name: &Name, first: Span) {
        let text = format!("`{}` is given twice", name.text);
        self.report(
            Diagnostic::new(Code::E0412, name.span, text).with_note(first, "first given here"),
        );
    }

    fn drop_table(&mut self, name: &Name) {
        if let Some(TypeName::Table(_)) = self.type_meaning(&name.text) {
            let text = format!("the table `{}` is declared and dropped", name.text);
            self.report(
                Diagnostic::new(Code::E0413, name.span, text).with_help("leave one of both out"),
            );
        }
    }

    /// A field of a table, of `state`, or of a struct.
    fn drop_field(&mut self, owner: &Name, field: &Name) {
        let found = match self.type_meaning(&owner.text) {
            Some(TypeName::Struct(id)) => Some(Owner::Struct(id)),
            _ => self.migrated(owner),
        };
        if let Some(was) = found.and_then(|found| self.renamed(found, field)) {
            let text = format!("the field `{}.{}` is renamed and dropped", owner.text, field.text);
            return self.report(
                Diagnostic::new(Code::E0413, owner.span.to(field.span), text)
                    .with_note(was, "it goes on under this name")
                    .with_help("leave one of both out"),
            );
        }
        if found.and_then(|found| found.find(&self.types, &field.text)).is_some() {
            let text = format!("the field `{}.{}` is declared and dropped", owner.text, field.text);
            self.report(
                Diagnostic::new(Code::E0413, owner.span.to(field.span), text)
                    .with_help("leave one of both out"),
            );
        }
    }

    /// Where the field stands that goes on with an old one.
    fn renamed(&self, owner: Owner, old: &Name) -> Option<Span> {
        let mut fields = owner.fields(&self.types).iter();
        let goes_on = fields.find(|field| field.was.as_deref() == Some(old.text.as_str()));
        goes_on.map(|field| field.span)
    }

    fn renames(&mut self, fields: &'a [ast::Field]) {
        let named = fields.iter().map(|field| (&field.name, field.was.as_ref()));
        self.refuse_renames("fields", named.collect());
    }

    fn table_renames(&mut self) {
        let tables = self.declared.tables.iter();
        let named = tables.map(|table| (&table.name, table.was.as_ref())).collect();
        self.refuse_renames("tables", named);
    }

    /// A name that is still declared was not renamed, and only one thing can come from an old one.
    fn refuse_renames(&mut self, what: &str, named: Vec<(&'a Name, Option<&'a Name>)>) {
        let names: BTreeSet<&str> = named.iter().map(|(name, _)| name.text.as_str()).collect();
        let mut sources = BTreeMap::new();
        for was in named.iter().filter_map(|(_, was)| *was) {
            if let Some(first) = sources.insert(was.text.as_str(), was.span) {
                let text = format!("two {what} were `{}`", was.text);
                self.report(
                    Diagnostic::new(Code::E0413, was.span, text).with_note(first, "the other one"),
                );
            } else if names.contains(was.text.as_str()) {
                let text = format!("`{}` is declared and was renamed", was.text);
                self.error(Code::E0413, was.span, text);
            }
        }
    }
}

/// The tokens of a block, one space between them. Commas go where newlines may stand, so they tell
/// two blocks apart as little.
fn tokens(text: &str) -> String {
    let source = Source::new("", text);
    let lexed = lexer::lex(&source, &mut Diagnostics::default());
    let texts = lexed.tokens.iter().map(|token| source.slice(token.span));
    texts.filter(|text| !text.is_empty() && *text != ",").collect::<Vec<_>>().join(" ")
}

/// Where an expression first needs more than its operands: the state, a row, the clock; or calls a
/// function that does.
fn first_impure(expr: &Expr, functions: &[Function]) -> Option<Span> {
    if needs_world(expr) {
        return Some(expr.span);
    }
    if let ExprKind::Call(callee, _) = &expr.kind
        && reaches_world(*callee, functions)
    {
        return Some(expr.span);
    }
    let mut first = None;
    expr.parts(&mut |part| first = first.or_else(|| first_impure_part(part, functions)));
    first
}

fn first_impure_part(part: Part<'_>, functions: &[Function]) -> Option<Span> {
    match part {
        Part::Expr(expr) => first_impure(expr, functions),
        Part::Block(block) => first_impure_in(block, functions),
    }
}

fn first_impure_in(block: &Block, functions: &[Function]) -> Option<Span> {
    let needing = block.stmts.iter().find(|stmt| does_to_world(&stmt.kind));
    if let Some(stmt) = needing {
        return Some(stmt.span);
    }
    let mut first = None;
    block.parts(&mut |part| first = first.or_else(|| first_impure_part(part, functions)));
    first
}

fn needs_world(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Place(place) | ExprKind::Mutate { place, .. } => is_of_world(place),
        ExprKind::RowGet(..)
        | ExprKind::RowFind(..)
        | ExprKind::RowExists(..)
        | ExprKind::TableLen(_)
        | ExprKind::Insert(..)
        | ExprKind::Builtin(Builtin::Random | Builtin::Now, _) => true,
        _ => false,
    }
}

fn does_to_world(stmt: &StmtKind) -> bool {
    match stmt {
        StmtKind::Assign { place, .. } | StmtKind::OpAssign { place, .. } => is_of_world(place),
        StmtKind::ForRows(_)
        | StmtKind::Emit { .. }
        | StmtKind::Log { .. }
        | StmtKind::Remove { .. } => true,
        _ => false,
    }
}

fn is_of_world(place: &Place) -> bool {
    matches!(place.root, Root::State | Root::Row(..))
}

/// Whether a function, or one that it calls, does what a migration must not.
fn reaches_world(function: FuncId, functions: &[Function]) -> bool {
    let (mut seen, mut left) = (BTreeSet::new(), vec![function]);
    while let Some(id) = left.pop() {
        let Some(function) = functions.get(id.index()).filter(|_| seen.insert(id)) else {
            continue;
        };
        // Its callees are looked at here, so that each is looked at once.
        if first_impure_in(&function.body, &[]).is_some() {
            return true;
        }
        callees(&function.body, &mut left);
    }
    false
}

fn callees(block: &Block, found: &mut Vec<FuncId>) {
    block.parts(&mut |part| match part {
        Part::Expr(expr) => callees_of(expr, found),
        Part::Block(block) => callees(block, found),
    });
}

fn callees_of(expr: &Expr, found: &mut Vec<FuncId>) {
    if let ExprKind::Call(callee, _) = expr.kind {
        found.push(callee);
    }
    expr.parts(&mut |part| match part {
        Part::Expr(expr) => callees_of(expr, found),
        Part::Block(block) => callees(block, found),
    });
}
