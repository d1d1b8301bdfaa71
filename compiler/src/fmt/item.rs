//! Declarations.

use super::Formatter;
use crate::ast::{
    Expr, Field, Func, FuncKind, Item, ItemKind, Name, Param, Program, Table, TypeExpr,
    TypeExprKind, Variant,
};
use crate::source::Span;

/// A line in the body of a table.
enum Member<'a> {
    Field(&'a Field),
    Index(&'a Name),
}

impl Member<'_> {
    fn start(&self) -> u32 {
        match self {
            Member::Field(field) => field.span.start,
            Member::Index(name) => name.span.start,
        }
    }
}

impl Formatter<'_> {
    pub(super) fn program(&mut self, program: &Program) {
        for item in &program.items {
            self.begin_line(item.span.start);
            self.item(item);
        }
        self.comments_before(u32::MAX);
    }

    pub(super) fn item(&mut self, item: &Item) {
        let end = item.span.end;
        match &item.kind {
            ItemKind::Const { name, value } => {
                self.text("const ");
                self.name(name);
                self.text(" = ");
                self.expr(value);
            }
            ItemKind::State { keyword, fields } => {
                self.text("state ");
                self.fields(fields, keyword.end, end);
            }
            ItemKind::Struct { name, fields } => self.named_fields(("struct ", name), fields, end),
            ItemKind::Event { name, fields } => self.named_fields(("event ", name), fields, end),
            ItemKind::Enum { name, variants } => self.enumeration(name, variants, end),
            ItemKind::Table(table) => self.table(table, end),
            ItemKind::Func(func) => self.func(func),
            ItemKind::Timer { period, name, params, body, result: _ } => {
                self.text("every ");
                self.expr(period);
                self.text(" ");
                self.name(name);
                self.params(params, body.span.start);
                self.text(" ");
                self.block(body);
            }
            ItemKind::OnLoad { body } => {
                self.text("on load ");
                self.block(body);
            }
            ItemKind::Migrate { target, old, fields } => self.migrate((target, old), fields, end),
            ItemKind::DropTable { name } => {
                self.text("drop table ");
                self.name(name);
            }
            ItemKind::DropField { table, field } => {
                self.text("drop ");
                self.name(table);
                self.text(".");
                self.name(field);
            }
            ItemKind::Test { name_span, body, .. } => {
                self.text("test ");
                self.verbatim(*name_span);
                self.text(" ");
                self.block(body);
            }
            ItemKind::Error => unreachable!("a source with errors is not formatted"),
        }
    }

    fn named_fields(&mut self, (keyword, name): (&str, &Name), fields: &[Field], end: u32) {
        self.text(keyword);
        self.name(name);
        self.text(" ");
        self.fields(fields, name.span.end, end);
    }

    fn fields(&mut self, fields: &[Field], before: u32, end: u32) {
        let shape = self.shape(before, fields.first().map_or(before, |field| field.span.start));
        self.body(fields, (shape, end), |field| field.span.start, Self::field);
    }

    /// `key transient name: type = default was old`
    fn field(&mut self, field: &Field) {
        self.comments_before(field.span.start);
        let mut words = [(field.key, "key "), (field.transient, "transient ")];
        words.sort_by_key(|(span, _)| *span);
        for (_, word) in words.iter().filter(|(span, _)| span.is_some()) {
            self.text(word);
        }
        self.typed_name(&field.name, &field.ty);
        self.default(field.default.as_ref());
        self.was(field.was.as_ref());
    }

    fn typed_name(&mut self, name: &Name, ty: &TypeExpr) {
        self.name(name);
        self.text(": ");
        self.type_expr(ty);
    }

    fn default(&mut self, default: Option<&Expr>) {
        if let Some(default) = default {
            self.text(" = ");
            self.expr(default);
        }
    }

    fn was(&mut self, was: Option<&Name>) {
        if let Some(was) = was {
            self.text(" was ");
            self.name(was);
        }
    }

    fn enumeration(&mut self, name: &Name, variants: &[Variant], end: u32) {
        self.text("enum ");
        self.name(name);
        self.text(" ");
        let before = name.span.end;
        let first = variants.first().map_or(before, |variant| variant.name.span.start);
        let shape = self.shape(before, first);
        self.body(variants, (shape, end), |variant| variant.name.span.start, Self::variant);
    }

    fn variant(&mut self, variant: &Variant) {
        self.name(&variant.name);
        if let Some(last) = variant.fields.last() {
            self.bracketed(("(", ")"), &variant.fields, last.span.end + 1, Self::field);
        }
    }

    fn table(&mut self, table: &Table, end: u32) {
        self.text("table ");
        self.name(&table.name);
        self.was(table.was.as_ref());
        self.text(" ");
        let mut members: Vec<Member<'_>> = table.fields.iter().map(Member::Field).collect();
        members.extend(table.indexes.iter().map(Member::Index));
        members.sort_by_key(Member::start);
        let before = table.was.as_ref().unwrap_or(&table.name).span.end;
        let shape = self.shape(before, members.first().map_or(before, Member::start));
        self.body(&members, (shape, end), Member::start, |fmt, member| match member {
            Member::Field(field) => fmt.field(field),
            Member::Index(name) => {
                fmt.comments_before(name.span.start);
                fmt.text("index ");
                fmt.name(name);
            }
        });
    }

    fn func(&mut self, func: &Func) {
        self.text(match func.kind {
            FuncKind::Fn => "fn ",
            FuncKind::Get => "get ",
            FuncKind::Post => "post ",
        });
        self.name(&func.name);
        let after = func.result.as_ref().map_or(func.body.span.start, |ty| ty.span.start);
        self.params(&func.params, after);
        if let Some(result) = &func.result {
            self.text(" -> ");
            self.type_expr(result);
        }
        self.text(" ");
        self.block(&func.body);
    }

    /// The parameters; their `)` stands before the offset `after`.
    fn params(&mut self, params: &[Param], after: u32) {
        let last = params.last().map(|param| match &param.default {
            Some(default) => default.span.end,
            None => param.ty.span.end,
        });
        let between = last.map(|last| self.source.slice(Span::new(last, after)));
        let closes = between.and_then(|text| text.rfind(')')).zip(last);
        let end = closes.map_or(0, |(offset, last)| last + offset as u32 + 1);
        self.bracketed(("(", ")"), params, end, |fmt, param| {
            fmt.typed_name(&param.name, &param.ty);
            fmt.default(param.default.as_ref());
        });
    }

    fn migrate(&mut self, (target, old): (&Name, &Name), fields: &[(Name, Expr)], end: u32) {
        self.text("migrate ");
        self.name(target);
        self.text("(");
        self.name(old);
        self.text(") ");
        let before = old.span.end;
        let shape = self.shape(before, fields.first().map_or(before, |(name, _)| name.span.start));
        self.body(
            fields,
            (shape, end),
            |(name, _)| name.span.start,
            |fmt, (name, value)| {
                fmt.name(name);
                fmt.text(" = ");
                fmt.expr(value);
            },
        );
    }

    pub(super) fn type_expr(&mut self, ty: &TypeExpr) {
        match &ty.kind {
            TypeExprKind::Name(name) => self.leaf(name, ty.span.start),
            TypeExprKind::Unit => self.leaf("()", ty.span.start),
            TypeExprKind::Optional(inner) => {
                self.type_expr(inner);
                self.text("?");
            }
            TypeExprKind::List(inner) => self.list_type((inner, ""), None, ty.span),
            TypeExprKind::Array(inner, len) => self.list_type((inner, "; "), Some(len), ty.span),
            TypeExprKind::Bounded(inner, len) => {
                self.list_type((inner, "; .."), Some(len), ty.span)
            }
            TypeExprKind::Error => unreachable!("a source with errors is not formatted"),
        }
    }

    fn list_type(&mut self, (inner, mark): (&TypeExpr, &str), len: Option<&Expr>, span: Span) {
        self.leaf("[", span.start);
        self.type_expr(inner);
        self.text(mark);
        if let Some(len) = len {
            self.expr(len);
        }
        self.text("]");
    }
}
