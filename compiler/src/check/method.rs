//! Methods: of texts, of lists, `get` of a table, and variants with a payload.

use super::body::Body;
use super::expr::error;
use super::fields::Owner;
use super::place::{is_length, read_place, root_local};
use super::ty::{element, optional};
use crate::ast::{self, Name};
use crate::builtins::{Builtin, Form, ROWS, Row, Shape};
use crate::diag::{Code, Diagnostic};
use crate::ir::{self, Place};
use crate::source::Span;
use crate::types::{TableId, Type, Types};

/// The names of the methods that values of a type have.
pub(super) fn names_for(types: &Types, ty: Type) -> Vec<&'static str> {
    rows_for(types, ty).map(|row| row.name).collect()
}

/// The methods that values of a type have.
fn rows_for(types: &Types, ty: Type) -> impl Iterator<Item = &'static Row> {
    let is_text = ty == Type::Str;
    let is_list = element(types, ty).is_some();
    ROWS.iter().filter(move |row| match row.form {
        Form::TextMethod => is_text,
        Form::ListMethod | Form::ListMutation => is_list,
        Form::Function | Form::Property => false,
    })
}

/// What Flight calls the methods that other languages call so.
fn elsewhere(method: &str) -> Option<&'static str> {
    Some(match method {
        "add" | "append" | "push_back" | "Add" => "push",
        "delete" | "erase" | "removeAt" | "remove_at" => "remove",
        "has" | "includes" | "Contains" => "contains",
        "to_upper" | "toUpper" | "toUpperCase" | "to_uppercase" | "uppercase" => "upper",
        "to_lower" | "toLower" | "toLowerCase" | "to_lowercase" | "lowercase" => "lower",
        "substr" | "substring" | "sub" => "slice",
        "strip" => "trim",
        "startsWith" | "startswith" | "has_prefix" => "starts_with",
        "endsWith" | "endswith" | "has_suffix" => "ends_with",
        "empty" | "reset" => "clear",
        _ => return None,
    })
}

/// Whether a change of a list changes how many elements it has.
fn resizes(builtin: Builtin) -> bool {
    !matches!(builtin, Builtin::ListSort | Builtin::ListAssign)
}

impl<'a> Body<'_, 'a> {
    /// `base.name(args)`
    pub(super) fn method(
        &mut self,
        base: &'a ast::Expr,
        name: &'a Name,
        args: &'a [ast::Expr],
        span: Span,
    ) -> ir::Expr {
        if let Some(id) = self.enum_named(base) {
            return self.variant(id, name, args, span);
        }
        if let Some(table) = self.table_named(base) {
            return self.table_method(table, name, args, span);
        }
        let place = self.found_place(base);
        let row = rows_for(&self.checker.types, place.ty).find(|row| row.name == name.text);
        let Some(row) = row else {
            if let Some(local) = root_local(&place) {
                self.scopes.mark_used(local);
            }
            self.check_all(args);
            if !matches!(place.ty, Type::Error | Type::Never) {
                let call = MethodCall { base, name, args, span };
                self.unknown_method(&place, call);
            }
            return error(span);
        };
        if row.form == Form::ListMutation {
            return self.mutate(row, place, MethodCall { base, name, args, span });
        }
        if let Some(local) = root_local(&place) {
            self.scopes.mark_used(local);
        }
        let receiver = read_place(place);
        let of = element(&self.checker.types, receiver.ty);
        let ty = receiver.ty;
        let receiver = match row.params.first() {
            Some(Shape::ListStr) => {
                let texts = Type::List(self.checker.types.intern(Type::Str));
                self.fit(receiver, texts)
            }
            _ => receiver,
        };
        let rest = self.method_args(row, of, MethodCall { base, name, args, span });
        let Some(rest) = rest.filter(|_| receiver.ty != Type::Error) else { return error(span) };
        let mut all = vec![receiver];
        all.extend(rest);
        let ty = self.method_type(row.result, of, ty);
        ir::Expr { kind: ir::ExprKind::Builtin(row.builtin, all), ty, span }
    }

    fn check_all(&mut self, args: &'a [ast::Expr]) {
        args.iter().for_each(|arg| self.ignored(arg));
    }

    /// A method that changes the list at a place.
    fn mutate(&mut self, row: &'static Row, place: Place, call: MethodCall<'a>) -> ir::Expr {
        let span = call.span;
        if matches!(row.builtin, Builtin::ListPop | Builtin::ListRemove)
            && let Some(local) = root_local(&place)
        {
            self.scopes.mark_used(local);
        }
        let of = element(&self.checker.types, place.ty);
        let args = self.method_args(row, of, call);
        let mut allowed = self.assignable(&place, call.base);
        if allowed && matches!(place.ty, Type::Array(..)) && resizes(row.builtin) {
            let shown = self.checker.show(place.ty);
            let text = format!("{shown} always has the same number of elements");
            self.checker.report(
                Diagnostic::new(Code::E0205, call.name.span, text)
                    .with_help("a bounded list `[T; ..N]` grows and shrinks"),
            );
            allowed = false;
        }
        if allowed && row.builtin == Builtin::ListSort {
            allowed = self.sortable(of, call.name);
        }
        let Some(args) = args.filter(|_| allowed) else { return error(span) };
        let ty = self.method_type(row.result, of, place.ty);
        let kind = ir::ExprKind::Mutate { builtin: row.builtin, place, args };
        ir::Expr { kind, ty, span }
    }

    fn sortable(&mut self, of: Option<Type>, name: &Name) -> bool {
        let Some(of) = of else { return false };
        if matches!(of, Type::Int | Type::Float | Type::Str) {
            return true;
        }
        let text = format!("elements of type {} have no order", self.checker.show(of));
        self.checker.report(
            Diagnostic::new(Code::E0302, name.span, text)
                .with_help("`for element in list by field { … }` visits them in order"),
        );
        false
    }

    /// The arguments after the receiver; `None` when there is a mistake in them.
    fn method_args(
        &mut self,
        row: &'static Row,
        of: Option<Type>,
        call: MethodCall<'a>,
    ) -> Option<Vec<ir::Expr>> {
        let expected = row.params.len() - 1;
        if call.args.len() != expected {
            let text = format!(
                "expected {expected} argument{} for `{}`, found {}",
                if expected == 1 { "" } else { "s" },
                call.name.text,
                call.args.len(),
            );
            let diagnostic = Diagnostic::new(Code::E0303, call.name.span, text);
            let diagnostic = match call.args.get(expected) {
                Some(excess) => diagnostic.with_note(excess.span, "this is one too many"),
                None => diagnostic,
            };
            self.checker.report(diagnostic.with_help(row.doc));
            self.check_all(call.args);
            return None;
        }
        let mut checked = Vec::with_capacity(expected);
        for (arg, &shape) in call.args.iter().zip(row.params.iter().skip(1)) {
            let ty = self.method_type(shape, of, Type::Error);
            checked.push(self.value(arg, ty));
        }
        (!checked.iter().any(|arg| arg.ty == Type::Error)).then_some(checked)
    }

    /// The type of a parameter or result, given the element type of the receiver.
    fn method_type(&mut self, shape: Shape, of: Option<Type>, receiver: Type) -> Type {
        if let Some(ty) = self.shape_type(shape) {
            if shape == Shape::ListStr {
                let texts = Type::List(self.checker.types.intern(Type::Str));
                return texts;
            }
            return ty;
        }
        let Some(of) = of else { return receiver };
        let types = &mut self.checker.types;
        match shape {
            Shape::Element => of,
            // An optional does not nest.
            Shape::OptionalElement if matches!(of, Type::Optional(_)) => of,
            Shape::OptionalElement => Type::Optional(types.intern(of)),
            Shape::ListOfElement => Type::List(types.intern(of)),
            _ => receiver,
        }
    }

    fn unknown_method(&mut self, place: &Place, call: MethodCall<'a>) {
        let MethodCall { base, name, args, span } = call;
        let ty = place.ty;
        let is_len =
            name.text == "len" && (ty == Type::Str || element(&self.checker.types, ty).is_some());
        if is_len {
            let fixed = format!("{}.len", self.checker.source.slice(base.span));
            return self.checker.report(
                Diagnostic::new(Code::E0208, name.span, "`len` is a property")
                    .with_help(format!("`{fixed}`"))
                    .with_fix(span, fixed),
            );
        }
        let is_function = |row: &&Row| row.form == Form::Function && row.name == name.text;
        if ROWS.iter().any(|row| is_function(&row))
            || self.checker.names.calls.contains_key(name.text.as_str())
        {
            let all = std::iter::once(base).chain(args);
            let all: Vec<&str> = all.map(|arg| self.checker.source.slice(arg.span)).collect();
            let fixed = format!("{}({})", name.text, all.join(", "));
            return self.checker.report(
                Diagnostic::new(Code::E0208, name.span, format!("`{}` is a function", name.text))
                    .with_help(format!("`{fixed}`")),
            );
        }
        let field = Owner::of(ty).and_then(|owner| owner.find(&self.checker.types, &name.text));
        if field.is_some() && args.is_empty() {
            let fixed = format!("{}.{}", self.checker.source.slice(base.span), name.text);
            return self.checker.report(
                Diagnostic::new(Code::E0208, name.span, format!("`{}` is a field", name.text))
                    .with_help(format!("`{fixed}`"))
                    .with_fix(span, fixed),
            );
        }
        let shown = self.checker.show(ty);
        let text = format!("a value of type {shown} has no method `{}`", name.text);
        let diagnostic = Diagnostic::new(Code::E0205, name.span, text);
        let known = names_for(&self.checker.types, ty);
        let ours = elsewhere(&name.text);
        let row = rows_for(&self.checker.types, ty).find(|row| Some(row.name) == ours);
        let diagnostic = match row {
            Some(row) if row.params.len() == args.len() + 1 => {
                diagnostic.with_help(format!("`{}`", row.name)).with_fix(name.span, row.name)
            }
            Some(row) => diagnostic.with_help(row.doc),
            None if optional(&self.checker.types, ty).is_some() => diagnostic
                .with_note(place.span, "this may be `none`")
                .with_help("`value ?? other`, or `if let found = value { … }`"),
            None => match name.text.as_str() {
                "is_empty" | "isEmpty" if !known.is_empty() => diagnostic.with_help("`.len == 0`"),
                "to_string" | "toString" | "ToString" => diagnostic.with_help("`str(value)`"),
                _ => self.with_method(diagnostic, name, &known),
            },
        };
        self.checker.report_unknown(format!("{shown}.{}()", name.text), diagnostic);
    }

    /// Names the near method, or all of them.
    fn with_method(&self, diagnostic: Diagnostic, name: &Name, known: &[&str]) -> Diagnostic {
        let diagnostic = self.checker.with_near(diagnostic, name, known.iter().copied());
        if diagnostic.help.is_some() || known.is_empty() {
            return diagnostic;
        }
        let all: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        diagnostic.with_help(format!("it has {}", all.join(", ")))
    }

    /// `table.get(key)`
    fn table_method(
        &mut self,
        table: TableId,
        name: &'a Name,
        args: &'a [ast::Expr],
        span: Span,
    ) -> ir::Expr {
        let owner = self.checker.types.table(table).name.clone();
        let ([key], "get") = (args, name.text.as_str()) else {
            self.check_all(args);
            let text = match name.text.as_str() {
                "get" => format!("expected 1 argument for `get`, found {}", args.len()),
                method => format!("the table `{owner}` has no method `{method}`"),
            };
            let code = if name.text == "get" { Code::E0303 } else { Code::E0205 };
            let help = match name.text.as_str() {
                method if method == "len" || is_length(method) => format!("`{owner}.len`"),
                "insert" | "push" => format!("`insert {owner} {{ … }}`"),
                "remove" => format!("`remove {owner}[key]`"),
                "contains" => format!("`key in {owner}`"),
                _ => format!("`{owner}.get(key)` is the row or `none`"),
            };
            self.checker.report(Diagnostic::new(code, name.span, text).with_help(help));
            return error(span);
        };
        let key = self.table_key(table, key);
        if key.ty == Type::Error {
            return error(span);
        }
        let ty = Type::Optional(self.checker.types.intern(Type::Row(table)));
        ir::Expr { kind: ir::ExprKind::RowFind(table, Box::new(key)), ty, span }
    }
}

/// A call of a method, as it is written.
#[derive(Clone, Copy)]
struct MethodCall<'a> {
    base: &'a ast::Expr,
    name: &'a Name,
    args: &'a [ast::Expr],
    span: Span,
}
