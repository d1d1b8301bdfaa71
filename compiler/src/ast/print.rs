//! The syntax tree as indented text, for `inspect --emit ast` and for tests: one node a line,
//! what it is and says, then its place as `line:column-line:column`.
//!
//! The text is stable: it changes only when the tree does. It recurses over the tree, whose
//! height the parser keeps within bounds.

use std::fmt::{Display, Write};

use super::{
    ArmBody, Block, Cond, Else, Expr, ExprKind, Field, FieldInit, For, Func, FuncKind, Item,
    ItemKind, Iterable, Name, Param, Pattern, PatternKind, Program, Stmt, StmtKind, StrPiece,
    Table, TypeExpr, TypeExprKind, UnaryOp, Variant,
};
use crate::source::{Source, Span};

/// Prints a whole program. `source` is what it was parsed from.
pub fn print(source: &Source, program: &Program) -> String {
    let mut printer = Printer { source, text: String::new(), depth: 0 };
    for item in &program.items {
        printer.item(item);
    }
    printer.text
}

struct Printer<'a> {
    source: &'a Source,
    text: String,
    depth: usize,
}

impl Printer<'_> {
    // Lines.

    fn line(&mut self, what: impl Display) {
        let indent = 2 * self.depth;
        let _ = writeln!(self.text, "{:indent$}{what}", "");
    }

    fn node(&mut self, what: impl Display, span: Span) {
        let start = self.source.position(span.start);
        let end = self.source.position(span.end);
        self.line(format_args!(
            "{what} {}:{}-{}:{}",
            start.line, start.column, end.line, end.column
        ));
    }

    fn inside(&mut self, print: impl FnOnce(&mut Self)) {
        self.depth += 1;
        print(self);
        self.depth -= 1;
    }

    /// A line that says what the one node below it is for.
    fn part(&mut self, what: impl Display, print: impl FnOnce(&mut Self)) {
        self.line(what);
        self.inside(print);
    }

    fn part_expr(&mut self, what: impl Display, expr: &Expr) {
        self.part(what, |printer| printer.expr(expr));
    }

    fn optional_expr(&mut self, what: impl Display, expr: Option<&Expr>) {
        if let Some(expr) = expr {
            self.part_expr(what, expr);
        }
    }

    fn doc(&mut self, doc: Option<&String>) {
        for line in doc.into_iter().flat_map(|doc| doc.lines()) {
            self.line(format_args!("doc {line:?}"));
        }
    }

    fn was(&mut self, was: Option<&Name>) {
        if let Some(was) = was {
            self.node(format_args!("was {}", was.text), was.span);
        }
    }

    // Declarations.

    fn item(&mut self, item: &Item) {
        self.node(item_title(&item.kind), item.span);
        self.inside(|printer| {
            printer.doc(item.doc.as_ref());
            printer.item_parts(&item.kind);
        });
    }

    fn item_parts(&mut self, kind: &ItemKind) {
        match kind {
            ItemKind::Const { value, .. } => self.expr(value),
            ItemKind::State { fields, .. }
            | ItemKind::Struct { fields, .. }
            | ItemKind::Event { fields, .. } => self.fields(fields),
            ItemKind::Enum { variants, .. } => {
                for variant in variants.iter() {
                    self.variant(variant);
                }
            }
            ItemKind::Table(table) => self.table(table),
            ItemKind::Func(func) => self.func(func),
            ItemKind::Timer { period, params, body, .. } => {
                self.part_expr("period", period);
                self.params(params);
                self.block(body);
            }
            ItemKind::OnLoad { body } | ItemKind::Test { body, .. } => self.block(body),
            ItemKind::Migrate { old, fields, .. } => {
                self.node(format_args!("old {}", old.text), old.span);
                for (name, value) in fields {
                    self.node(format_args!("field {}", name.text), name.span);
                    self.inside(|printer| printer.expr(value));
                }
            }
            ItemKind::DropTable { .. } | ItemKind::DropField { .. } | ItemKind::Error => {}
        }
    }

    fn table(&mut self, table: &Table) {
        self.was(table.was.as_ref());
        self.fields(&table.fields);
        for index in &table.indexes {
            self.node(format_args!("index {}", index.text), index.span);
        }
    }

    fn func(&mut self, func: &Func) {
        self.params(&func.params);
        if let Some(result) = &func.result {
            self.part("result", |printer| printer.type_expr(result));
        }
        self.block(&func.body);
    }

    fn fields(&mut self, fields: &[Field]) {
        for field in fields {
            self.field(field);
        }
    }

    fn field(&mut self, field: &Field) {
        let key = if field.key.is_some() { "key " } else { "" };
        let transient = if field.transient.is_some() { "transient " } else { "" };
        self.node(format_args!("field {key}{transient}{}", field.name.text), field.span);
        self.inside(|printer| {
            printer.doc(field.doc.as_ref());
            printer.type_expr(&field.ty);
            printer.optional_expr("default", field.default.as_ref());
            printer.was(field.was.as_ref());
        });
    }

    fn variant(&mut self, variant: &Variant) {
        self.node(format_args!("variant {}", variant.name.text), variant.name.span);
        self.inside(|printer| {
            printer.doc(variant.doc.as_ref());
            printer.fields(&variant.fields);
        });
    }

    fn params(&mut self, params: &[Param]) {
        for param in params {
            self.node(format_args!("param {}", param.name.text), param.name.span);
            self.inside(|printer| {
                printer.type_expr(&param.ty);
                printer.optional_expr("default", param.default.as_ref());
            });
        }
    }

    fn type_expr(&mut self, ty: &TypeExpr) {
        let title = match &ty.kind {
            TypeExprKind::Name(name) => return self.node(format_args!("type {name}"), ty.span),
            TypeExprKind::Optional(_) => "type optional",
            TypeExprKind::List(_) => "type list",
            TypeExprKind::Array(..) => "type array",
            TypeExprKind::Bounded(..) => "type bounded",
            TypeExprKind::Unit => "type ()",
            TypeExprKind::Error => "type error",
        };
        self.node(title, ty.span);
        self.inside(|printer| match &ty.kind {
            TypeExprKind::Optional(inner) | TypeExprKind::List(inner) => printer.type_expr(inner),
            TypeExprKind::Array(inner, len) | TypeExprKind::Bounded(inner, len) => {
                printer.type_expr(inner);
                printer.expr(len);
            }
            TypeExprKind::Name(_) | TypeExprKind::Unit | TypeExprKind::Error => {}
        });
    }

    // Statements.

    fn block(&mut self, block: &Block) {
        self.node("block", block.span);
        self.inside(|printer| {
            for stmt in &block.stmts {
                printer.stmt(stmt);
            }
        });
    }

    fn stmt(&mut self, stmt: &Stmt) {
        if let StmtKind::Expr(expr) = &stmt.kind {
            return self.expr(expr);
        }
        self.node(stmt_title(&stmt.kind), stmt.span);
        self.inside(|printer| printer.stmt_parts(&stmt.kind));
    }

    fn stmt_parts(&mut self, kind: &StmtKind) {
        match kind {
            StmtKind::Let { ty, value, .. } => {
                if let Some(ty) = ty {
                    self.type_expr(ty);
                }
                self.expr(value);
            }
            StmtKind::Assign { place, value, .. } => {
                self.expr(place);
                self.expr(value);
            }
            StmtKind::While { cond, body } => {
                self.expr(cond);
                self.block(body);
            }
            StmtKind::For(head) => self.for_parts(head),
            StmtKind::Assert { cond, message } => {
                self.expr(cond);
                self.optional_expr("message", message.as_ref());
            }
            StmtKind::Emit { fields, .. } => self.field_values(fields),
            StmtKind::AssertFails { call: value }
            | StmtKind::Log { message: value }
            | StmtKind::Remove { row: value }
            | StmtKind::Advance { duration: value }
            | StmtKind::Expr(value) => self.expr(value),
            StmtKind::Error => {}
        }
    }

    fn for_parts(&mut self, head: &For) {
        match &head.iterable {
            Iterable::Range(start, end) => self.part("range", |printer| {
                printer.expr(start);
                printer.expr(end);
            }),
            Iterable::Expr(list) => self.part_expr("in", list),
        }
        self.optional_expr("where", head.filter.as_ref());
        if let Some((path, descending)) = &head.order {
            let path: Vec<&str> = path.iter().map(|name| name.text.as_str()).collect();
            let direction = if *descending { " desc" } else { "" };
            self.line(format_args!("by {}{direction}", path.join(".")));
        }
        self.optional_expr("limit", head.limit.as_ref());
        self.block(&head.body);
    }

    fn field_values(&mut self, fields: &[FieldInit]) {
        for field in fields {
            self.node(format_args!("field {}", field.name.text), field.name.span);
            if let Some(value) = &field.value {
                self.inside(|printer| printer.expr(value));
            }
        }
    }

    // Expressions.

    fn expr(&mut self, expr: &Expr) {
        self.node(expr_title(&expr.kind), expr.span);
        self.inside(|printer| printer.expr_parts(&expr.kind));
    }

    fn exprs(&mut self, exprs: &[Expr]) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn expr_parts(&mut self, kind: &ExprKind) {
        match kind {
            ExprKind::Str(pieces) => self.pieces(pieces),
            ExprKind::Paren(inner) | ExprKind::Unary { operand: inner, .. } => self.expr(inner),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Field { base, .. } => self.expr(base),
            ExprKind::Index { base, index } => {
                self.expr(base);
                self.expr(index);
            }
            ExprKind::Call { args, .. } | ExprKind::List(args) => self.exprs(args),
            ExprKind::Method { base, args, .. } => {
                self.expr(base);
                self.exprs(args);
            }
            ExprKind::Struct { fields, .. } | ExprKind::Insert { fields, .. } => {
                self.field_values(fields);
            }
            ExprKind::Repeat { value, count } => {
                self.expr(value);
                self.part_expr("count", count);
            }
            ExprKind::If { cond, then, otherwise } => self.if_parts(cond, then, otherwise.as_ref()),
            ExprKind::Match { value, arms } => {
                self.expr(value);
                for arm in arms {
                    self.node("arm", arm.span);
                    self.inside(|printer| {
                        printer.pattern(&arm.pattern);
                        printer.arm_body(&arm.body);
                    });
                }
            }
            ExprKind::Return(value) => {
                self.exprs(value.as_deref().map_or(&[], std::slice::from_ref))
            }
            ExprKind::Fail { status, message } => {
                self.optional_expr("status", status.as_deref());
                self.expr(message);
            }
            ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Bool(_)
            | ExprKind::None
            | ExprKind::Name(_)
            | ExprKind::Unit
            | ExprKind::Break
            | ExprKind::Continue
            | ExprKind::Error => {}
        }
    }

    fn if_parts(&mut self, cond: &Cond, then: &Block, otherwise: Option<&Else>) {
        match cond {
            Cond::Bool(cond) => self.expr(cond),
            Cond::Let(name, value) => {
                self.node(format_args!("let {}", name.text), name.span);
                self.inside(|printer| printer.expr(value));
            }
        }
        self.block(then);
        match otherwise {
            Some(Else::Block(block)) => self.part("else", |printer| printer.block(block)),
            Some(Else::If(expr)) => self.part_expr("else", expr),
            None => {}
        }
    }

    fn arm_body(&mut self, body: &ArmBody) {
        match body {
            ArmBody::Block(block) => self.block(block),
            ArmBody::Stmt(stmt) => self.stmt(stmt),
        }
    }

    fn pieces(&mut self, pieces: &[StrPiece]) {
        for piece in pieces {
            match piece {
                StrPiece::Text(text) => self.line(format_args!("text {text:?}")),
                StrPiece::Value(value, None) => self.part_expr("value", value),
                StrPiece::Value(value, Some((digits, span))) => {
                    self.node(format_args!("value .{digits}"), *span);
                    self.inside(|printer| printer.expr(value));
                }
            }
        }
    }

    fn pattern(&mut self, pattern: &Pattern) {
        let title = match &pattern.kind {
            PatternKind::Wildcard => "pattern _".to_owned(),
            PatternKind::Variant(Some(owner), name, _) => {
                format!("pattern {}.{}", owner.text, name.text)
            }
            PatternKind::Variant(None, name, _) => format!("pattern {}", name.text),
            PatternKind::None => "pattern none".to_owned(),
            PatternKind::Literal(_) => "pattern literal".to_owned(),
            PatternKind::Or(_) => "pattern or".to_owned(),
            PatternKind::Error => "pattern error".to_owned(),
        };
        self.node(title, pattern.span);
        self.inside(|printer| match &pattern.kind {
            PatternKind::Variant(_, _, Some(inner)) | PatternKind::Or(inner) => {
                for pattern in inner {
                    printer.pattern(pattern);
                }
            }
            PatternKind::Literal(literal) => printer.expr(literal),
            PatternKind::Wildcard
            | PatternKind::Variant(_, _, None)
            | PatternKind::None
            | PatternKind::Error => {}
        });
    }
}

fn item_title(kind: &ItemKind) -> String {
    match kind {
        ItemKind::Const { name, .. } => format!("const {}", name.text),
        ItemKind::State { .. } => "state".to_owned(),
        ItemKind::Struct { name, .. } => format!("struct {}", name.text),
        ItemKind::Enum { name, .. } => format!("enum {}", name.text),
        ItemKind::Table(table) => format!("table {}", table.name.text),
        ItemKind::Event { name, .. } => format!("event {}", name.text),
        ItemKind::Func(func) => {
            let keyword = match func.kind {
                FuncKind::Fn => "fn",
                FuncKind::Get => "get",
                FuncKind::Post => "post",
            };
            format!("{keyword} {}", func.name.text)
        }
        ItemKind::Timer { name, .. } => format!("every {}", name.text),
        ItemKind::OnLoad { .. } => "on load".to_owned(),
        ItemKind::Migrate { target, .. } => format!("migrate {}", target.text),
        ItemKind::DropTable { name } => format!("drop table {}", name.text),
        ItemKind::DropField { table, field } => format!("drop {}.{}", table.text, field.text),
        ItemKind::Test { name, .. } => format!("test {name:?}"),
        ItemKind::Error => "error".to_owned(),
    }
}

fn stmt_title(kind: &StmtKind) -> String {
    match kind {
        StmtKind::Let { mutable: true, name, .. } => format!("var {}", name.text),
        StmtKind::Let { mutable: false, name, .. } => format!("let {}", name.text),
        StmtKind::Assign { op: None, .. } => "assign =".to_owned(),
        StmtKind::Assign { op: Some((op, _)), .. } => format!("assign {}=", op.text()),
        StmtKind::While { .. } => "while".to_owned(),
        StmtKind::For(head) => format!("for {}", head.name.text),
        StmtKind::Assert { .. } => "assert".to_owned(),
        StmtKind::AssertFails { .. } => "assert fails".to_owned(),
        StmtKind::Emit { event, .. } => format!("emit {}", event.text),
        StmtKind::Log { .. } => "log".to_owned(),
        StmtKind::Remove { .. } => "remove".to_owned(),
        StmtKind::Advance { .. } => "advance".to_owned(),
        StmtKind::Expr(_) => "value".to_owned(),
        StmtKind::Error => "error".to_owned(),
    }
}

fn expr_title(kind: &ExprKind) -> String {
    match kind {
        ExprKind::Int(value) => format!("int {value}"),
        ExprKind::Float(value) => format!("float {value:?}"),
        ExprKind::Bool(value) => format!("bool {value}"),
        ExprKind::None => "none".to_owned(),
        ExprKind::Str(_) => "str".to_owned(),
        ExprKind::Name(name) => format!("name {name}"),
        ExprKind::Unit => "()".to_owned(),
        ExprKind::Paren(_) => "paren".to_owned(),
        ExprKind::Unary { op: UnaryOp::Neg, .. } => "unary -".to_owned(),
        ExprKind::Unary { op: UnaryOp::Not, .. } => "unary !".to_owned(),
        ExprKind::Binary { op, .. } => format!("binary {}", op.text()),
        ExprKind::Field { name, .. } => format!("field .{}", name.text),
        ExprKind::Index { .. } => "index".to_owned(),
        ExprKind::Call { name, .. } => format!("call {}", name.text),
        ExprKind::Method { name, .. } => format!("method .{}", name.text),
        ExprKind::Struct { name, .. } => format!("struct {}", name.text),
        ExprKind::List(_) => "list".to_owned(),
        ExprKind::Repeat { .. } => "repeat".to_owned(),
        ExprKind::If { .. } => "if".to_owned(),
        ExprKind::Match { .. } => "match".to_owned(),
        ExprKind::Insert { table, .. } => format!("insert {}", table.text),
        ExprKind::Return(_) => "return".to_owned(),
        ExprKind::Break => "break".to_owned(),
        ExprKind::Continue => "continue".to_owned(),
        ExprKind::Fail { .. } => "fail".to_owned(),
        ExprKind::Error => "error".to_owned(),
    }
}
