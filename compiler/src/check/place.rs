//! Places: where a value stands, how it is read, and what may be assigned.

use super::body::Body;
use super::collect::{TypeName, ValueName};
use super::expr::{Want, error};
use super::fields::{Owner, find_or_report};
use super::mismatch::{Wanted, without_none};
use super::operator::arithmetic_op;
use super::scope::LocalKind;
use super::ty::{element, optional};
use crate::ast::{self, ExprKind, Name};
use crate::builtins::Builtin;
use crate::diag::{Code, Diagnostic};
use crate::ir::{self, Place, Root, Step, StepKind};
use crate::source::Span;
use crate::types::{TableId, Type};

/// A place that stands for a mistake.
fn no_place(span: Span) -> Place {
    value_place(error(span))
}

/// The place of a value without a name.
fn value_place(value: ir::Expr) -> Place {
    let (ty, span) = (value.ty, value.span);
    Place { root: Root::Value(Box::new(value)), path: Vec::new(), ty, span }
}

/// The value that stands at a place.
pub(super) fn read_place(place: Place) -> ir::Expr {
    match place {
        Place { root: Root::Value(value), path, span, .. } if path.is_empty() => {
            ir::Expr { span, ..*value }
        }
        place => {
            let (ty, span) = (place.ty, place.span);
            ir::Expr { kind: ir::ExprKind::Place(place), ty, span }
        }
    }
}

impl<'a> Body<'_, 'a> {
    /// A name, a field or an element, read.
    pub(super) fn read(&mut self, expr: &'a ast::Expr) -> ir::Expr {
        let place = self.place(expr);
        if let (Root::State, []) = (&place.root, place.path.as_slice()) {
            self.checker.report(
                Diagnostic::new(Code::E0211, expr.span, "`state` is not a value")
                    .with_help("name a field: `state.field`"),
            );
            return error(expr.span);
        }
        read_place(place)
    }

    /// Where an expression's value stands; what has no name of its own is a place all the same.
    pub(super) fn place(&mut self, expr: &'a ast::Expr) -> Place {
        let place = self.found_place(expr);
        if let Some(local) = root_local(&place) {
            self.scopes.mark_used(local);
        }
        place
    }

    /// As [`Body::place`], without counting a local as used.
    pub(super) fn found_place(&mut self, expr: &'a ast::Expr) -> Place {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Paren(inner) => self.found_place(inner),
            ExprKind::Name(name) => match self.scopes.find(name) {
                Some(local) => {
                    let ty = self.scopes.locals[local.index()].ty;
                    match ty {
                        Type::Error => no_place(span),
                        ty => Place { root: Root::Local(local), path: Vec::new(), ty, span },
                    }
                }
                None if name == "state" => {
                    let ty = Type::Struct(self.checker.state);
                    Place { root: Root::State, path: Vec::new(), ty, span }
                }
                None => value_place(self.declared_value(name, span)),
            },
            ExprKind::Field { base, name } => self.field(base, name, span),
            ExprKind::Index { base, index } => self.index(base, index, span),
            _ => value_place(self.expr(expr, Want::Any)),
        }
    }

    fn field(&mut self, base: &'a ast::Expr, name: &'a Name, span: Span) -> Place {
        if let Some(id) = self.enum_named(base) {
            return value_place(self.variant(id, name, &[], span));
        }
        if let Some(table) = self.table_named(base) {
            if name.text == "len" {
                let kind = ir::ExprKind::TableLen(table);
                return value_place(ir::Expr { kind, ty: Type::Int, span });
            }
            self.refuse_table_field(table, name);
            return no_place(span);
        }
        let place = self.found_place(base);
        match place.ty {
            Type::Error => no_place(span),
            Type::Struct(id) => {
                let found = find_or_report(self.checker, Owner::Struct(id), name);
                let Some((index, ty)) = found else { return no_place(span) };
                step(place, StepKind::Field(index), ty, span)
            }
            Type::Row(table) => self.row_field(table, place, name, span),
            _ => self.property(place, name, span),
        }
    }

    fn row_field(&mut self, table: TableId, place: Place, name: &Name, span: Span) -> Place {
        let found = find_or_report(self.checker, Owner::Row(table), name);
        let Some((index, ty)) = found else { return no_place(span) };
        if let Some(local) = root_local(&place) {
            self.scopes.mark_used(local);
        }
        let root = Root::Row(table, Box::new(read_place(place)));
        let row = Place { root, path: Vec::new(), ty: Type::Row(table), span };
        step(row, StepKind::Field(index), ty, span)
    }

    fn refuse_table_field(&mut self, table: TableId, name: &Name) {
        let table = &self.checker.types.table(table).name;
        let text = format!("the table `{table}` has no property `{}`", name.text);
        let diagnostic = Diagnostic::new(Code::E0203, name.span, text);
        self.checker.report(match is_length(&name.text) {
            true => diagnostic.with_help(format!("`{table}.len`")).with_fix(name.span, "len"),
            false => diagnostic.with_help(format!("a row's field is `{table}[key].{}`", name.text)),
        });
    }

    /// `.len` of a text or list.
    fn property(&mut self, place: Place, name: &Name, span: Span) -> Place {
        let ty = place.ty;
        let is_list = element(&self.checker.types, ty).is_some();
        if name.text == "len" && (is_list || ty == Type::Str) {
            if let Some(local) = root_local(&place) {
                self.scopes.mark_used(local);
            }
            let builtin = if is_list { Builtin::ListLen } else { Builtin::TextLen };
            let kind = ir::ExprKind::Builtin(builtin, vec![read_place(place)]);
            return value_place(ir::Expr { kind, ty: Type::Int, span });
        }
        if ty == Type::Never {
            return place;
        }
        self.refuse_property(&place, name);
        no_place(span)
    }

    fn refuse_property(&mut self, place: &Place, name: &Name) {
        let ty = place.ty;
        if let Some(local) = root_local(place).filter(|_| place.path.is_empty())
            && optional(&self.checker.types, ty).is_some()
        {
            // It was meant to be opened where it is declared: once is enough to say so.
            self.scopes.mark_used(local);
            self.scopes.locals[local.index()].ty = Type::Error;
        }
        let types = &self.checker.types;
        let shown = self.checker.show(ty);
        let text = format!("a value of type {shown} has no field `{}`", name.text);
        let diagnostic = Diagnostic::new(Code::E0203, name.span, text);
        let has_len = element(types, ty).is_some() || ty == Type::Str;
        let methods = super::method::names_for(types, ty);
        self.checker.report(if methods.contains(&name.text.as_str()) {
            diagnostic.with_help(format!("call it: `.{}(…)`", name.text))
        } else if has_len && is_length(&name.text) {
            diagnostic.with_help("`len`").with_fix(name.span, "len")
        } else if let Some(inner) = optional(types, ty) {
            let value = without_none(self.checker, place.span, inner);
            let field = &name.text;
            diagnostic
                .with_note(place.span, "this may be `none`")
                .with_help(format!("`{value}.{field}`, or `if let found = … {{ found.{field} }}`"))
        } else {
            diagnostic.with_note(place.span, format!("this is {shown}"))
        });
    }

    fn index(&mut self, base: &'a ast::Expr, index: &'a ast::Expr, span: Span) -> Place {
        if let Some(table) = self.table_named(base) {
            let key = self.table_key(table, index);
            if key.ty == Type::Error {
                return no_place(span);
            }
            let kind = ir::ExprKind::RowGet(table, Box::new(key));
            return value_place(ir::Expr { kind, ty: Type::Row(table), span });
        }
        let place = self.found_place(base);
        if place.ty == Type::Error {
            self.ignored(index);
            return no_place(span);
        }
        let wanted = Wanted { span: base.span, text: "this is indexed by an `int`" };
        let index = self.value_for(index, Type::Int, Some(wanted));
        if index.ty == Type::Error {
            return no_place(span);
        }
        let Some(of) = element(&self.checker.types, place.ty) else {
            if place.ty != Type::Never {
                self.refuse_index(base, place.ty);
            }
            return no_place(span);
        };
        step(place, StepKind::Index(Box::new(index)), of, span)
    }

    fn refuse_index(&mut self, base: &ast::Expr, ty: Type) {
        let found = self.checker.show(ty);
        let text = format!("expected a list or a table before `[`, found {found}");
        let mut diagnostic = Diagnostic::new(Code::E0309, base.span, text);
        if ty == Type::Str {
            let help = "a part of a text is `text.slice(start, end)`";
            diagnostic = diagnostic.with_help(help);
        }
        self.checker.report(diagnostic);
    }

    /// The table that an expression names, if it does.
    pub(super) fn table_named(&self, expr: &ast::Expr) -> Option<TableId> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.table_named(inner),
            ExprKind::Name(name) if self.scopes.find(name).is_none() => {
                match self.checker.names.values.get(name.as_str())?.meaning {
                    ValueName::Table(id) => Some(id),
                    ValueName::Constant(_) => None,
                }
            }
            _ => None,
        }
    }

    /// The enum that an expression names, if it does.
    pub(super) fn enum_named(&self, expr: &ast::Expr) -> Option<crate::types::EnumId> {
        let ExprKind::Name(name) = &expr.kind else { return None };
        if self.scopes.find(name).is_some() || self.checker.names.values.contains_key(name.as_str())
        {
            return None;
        }
        match self.checker.type_meaning(name)? {
            TypeName::Enum(id) => Some(id),
            _ => None,
        }
    }

    /// `place = value` and `place op= value`
    pub(super) fn assign(
        &mut self,
        target: &'a ast::Expr,
        op: Option<(ast::BinaryOp, Span)>,
        value: &'a ast::Expr,
    ) -> Option<ir::StmtKind> {
        if let Some(name) = self.undeclared(target) {
            self.suggest_let(name, target.span);
            self.ignored(value);
            return None;
        }
        let place = self.found_place(target);
        let assignable = self.assignable(&place, target);
        if let Some(local) = root_local(&place).filter(|_| !assignable) {
            // One mistake is enough for it.
            self.scopes.mark_used(local);
        }
        let ty = if assignable { place.ty } else { Type::Error };
        let Some((op, op_span)) = op else {
            let value = self.value(value, ty);
            return (value.ty != Type::Error).then_some(ir::StmtKind::Assign { place, value });
        };
        let op = arithmetic_op(op)?;
        let value = self.value(value, ty);
        if value.ty == Type::Error {
            return None;
        }
        if !(matches!(ty, Type::Int | Type::Float) || (op == ir::BinaryOp::Add && ty == Type::Str))
        {
            let written = self.checker.source.slice(op_span).to_owned();
            let text = format!("`{written}` does not go with {}", self.checker.show(ty));
            self.checker.error(Code::E0301, op_span, text);
            return None;
        }
        Some(ir::StmtKind::OpAssign { op, place, value })
    }

    /// The name that an assignment probably means to declare.
    fn undeclared(&self, target: &'a ast::Expr) -> Option<&'a str> {
        let ExprKind::Name(name) = &target.kind else { return None };
        let known = name == "state"
            || self.scopes.find(name).is_some()
            || self.checker.names.values.contains_key(name.as_str())
            || self.checker.names.types.contains_key(name.as_str());
        (!known).then_some(name.as_str())
    }

    fn suggest_let(&mut self, name: &str, span: Span) {
        if self.scopes.has_lost() || self.checker.names.values.contains_key("") {
            return;
        }
        let text = format!("unknown name `{name}`");
        let diagnostic = Diagnostic::new(Code::E0201, span, text);
        let state = Owner::Struct(self.checker.state);
        let diagnostic = match state.find(&self.checker.types, name) {
            Some(_) => diagnostic
                .with_help(format!("the state's field is `state.{name}`"))
                .with_fix(span, format!("state.{name}")),
            None => {
                let wanted = Name { text: name.into(), span };
                let found = self.checker.with_near(diagnostic, &wanted, self.scopes.names());
                match found.fix {
                    Some(_) => found,
                    None => found.with_help(format!("`var {name} = …` declares it")),
                }
            }
        };
        self.checker.report_unknown(name, diagnostic);
    }

    /// Whether a place can be written to; what cannot is reported.
    pub(super) fn assignable(&mut self, place: &Place, target: &ast::Expr) -> bool {
        if place.ty == Type::Error {
            return false;
        }
        match &place.root {
            Root::Local(local) => self.assignable_local(*local, place, target),
            Root::State if place.path.is_empty() => {
                let text = "`state` cannot be assigned as a whole";
                self.checker.report(
                    Diagnostic::new(Code::E0502, target.span, text)
                        .with_help("assign its fields: `state.field = …`"),
                );
                false
            }
            Root::State => true,
            Root::Row(table, _) => self.assignable_field(*table, place, target),
            Root::Value(value) if matches!(value.kind, ir::ExprKind::RowGet(..)) => {
                let text = "a row cannot be assigned as a whole";
                self.checker.report(
                    Diagnostic::new(Code::E0502, target.span, text)
                        .with_help("assign its fields, or `remove` it and `insert` another"),
                );
                false
            }
            Root::Value(_) => {
                let text = "this is a value, not a place that can be assigned";
                let diagnostic = Diagnostic::new(Code::E0501, target.span, text);
                self.checker.report(match self.constant_named(target) {
                    Some(declared) => {
                        diagnostic.with_note(declared, "this is a constant").with_help(
                            "what changes is a field of `state`, or a `var` of the function",
                        )
                    }
                    None => diagnostic,
                });
                false
            }
        }
    }

    /// Where the constant is declared that an expression names, if it does.
    fn constant_named(&self, expr: &ast::Expr) -> Option<Span> {
        let ExprKind::Name(name) = &expr.kind else { return None };
        let entry = self.checker.names.values.get(name.as_str())?;
        matches!(entry.meaning, ValueName::Constant(_)).then_some(entry.span)
    }

    fn assignable_field(&mut self, table: TableId, place: &Place, target: &ast::Expr) -> bool {
        let table = self.checker.types.table(table);
        let is_key = place
            .path
            .first()
            .is_some_and(|step| matches!(step.kind, StepKind::Field(index) if index == table.key));
        if !is_key {
            return true;
        }
        let text = format!("the key of `{}` cannot be assigned", table.name);
        self.checker.report(
            Diagnostic::new(Code::E0502, target.span, text)
                .with_help("`remove` the row and `insert` one with the other key"),
        );
        false
    }

    fn assignable_local(&mut self, local: ir::LocalId, place: &Place, target: &ast::Expr) -> bool {
        let Some(facts) = self.scopes.facts(local) else { return false };
        let name = self.scopes.locals[local.index()].name.clone();
        let text = match facts.kind {
            LocalKind::Var(_) => {
                self.scopes.mark_assigned(local);
                return true;
            }
            LocalKind::Let(word) => {
                let text = format!("`{name}` is declared by `let` and does not change");
                self.checker.report(
                    Diagnostic::new(Code::E0500, target.span, text)
                        .with_note(facts.span, "declared here")
                        .with_help(format!("`var {name}`"))
                        .with_fix(word, "var"),
                );
                return false;
            }
            LocalKind::OuterParam | LocalKind::Param => {
                format!("`{name}` is a parameter and does not change")
            }
            LocalKind::Counter => format!("`{name}` counts the loop and does not change"),
            LocalKind::Pattern => format!("`{name}` is a copy and does not change"),
            LocalKind::Element(_) => return self.refuse_copy(local, place, target),
        };
        self.checker.report(
            Diagnostic::new(Code::E0500, target.span, text)
                .with_note(facts.span, "declared here")
                .with_help(format!("copy it into a `var` and change that: `var changed = {name}`")),
        );
        false
    }
}

/// Whether this is how other languages call `len`.
pub(super) fn is_length(name: &str) -> bool {
    matches!(name, "length" | "size" | "count" | "Length" | "Count")
}

/// The local that a place begins with.
pub(super) fn root_local(place: &Place) -> Option<ir::LocalId> {
    match place.root {
        Root::Local(local) => Some(local),
        _ => None,
    }
}

fn step(mut place: Place, kind: StepKind, ty: Type, span: Span) -> Place {
    if ty == Type::Error {
        return no_place(span);
    }
    // A value that already is a read place goes on from there.
    if place.path.is_empty()
        && let Root::Value(value) = &mut place.root
        && let ir::ExprKind::Place(inner) = &mut value.kind
    {
        let inner = std::mem::replace(inner, no_place(span));
        place = inner;
    }
    place.path.push(Step { kind, ty });
    place.ty = ty;
    place.span = span;
    place
}
