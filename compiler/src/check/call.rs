//! Calls: functions of the program first, then the built-ins; `len(x)` and its like get the fix.

use super::body::Body;
use super::collect::TypeName;
use super::decl::Signature;
use super::expr::{Want, constant, error};
use super::method;
use super::mismatch::{Wanted, with_float};
use super::ty::is_printable;
use crate::ast::{self, Name};
use crate::builtins::{Builtin, Form, ROWS, Row, Shape};
use crate::diag::{Code, Diagnostic};
use crate::ir::{self, FuncId};
use crate::source::Span;
use crate::types::Type;

impl<'a> Body<'_, 'a> {
    /// `name(args)`
    pub(super) fn call(&mut self, name: &'a Name, args: &'a [ast::Expr], span: Span) -> ir::Expr {
        if let Some(entry) = self.checker.names.calls.get(name.text.as_str()) {
            let id = entry.meaning;
            return self.call_function(id, name, args, span);
        }
        let rows: Vec<&'static Row> =
            ROWS.iter().filter(|row| row.form == Form::Function && row.name == name.text).collect();
        match rows.as_slice() {
            [] => self.unknown_function(name, args, span),
            [row] => self.call_builtin(row, name, args, span),
            rows => self.call_overloaded(rows, name, args, span),
        }
    }

    fn call_function(
        &mut self,
        id: FuncId,
        name: &'a Name,
        args: &'a [ast::Expr],
        span: Span,
    ) -> ir::Expr {
        let Some(signature) = self.checker.signatures.get(id.index()).cloned() else {
            // A constant is evaluated before signatures are known; it cannot call.
            return error(span);
        };
        if signature.broken {
            args.iter().for_each(|arg| self.ignored(arg));
            return error(span);
        }
        let required = signature.params.iter().rposition(|param| !param.optional);
        let required = required.map_or(0, |last| last + 1);
        let wrong_count = args.len() > signature.params.len() || args.len() < required;
        if wrong_count {
            self.refuse_count(&signature, name, args, required);
        }
        let mut checked = Vec::with_capacity(signature.params.len());
        for (index, arg) in args.iter().enumerate() {
            checked.push(match signature.params.get(index) {
                Some(param) => {
                    let wanted =
                        Wanted { span: param.name.span, text: "the parameter is declared here" };
                    self.value_for(arg, param.ty, Some(wanted))
                }
                None => self.expr(arg, Want::Type(Type::Error)),
            });
        }
        if wrong_count || checked.iter().any(|arg| arg.ty == Type::Error) {
            return error(span);
        }
        for param in signature.params.iter().skip(args.len()) {
            let Some(default) = &param.default else {
                return error(span);
            };
            if self.checker.write_out(param.ty, span).is_none() {
                return error(span);
            }
            checked.push(constant(default.clone(), param.ty, span));
        }
        let kind = ir::ExprKind::Call(id, checked);
        if signature.result == Type::Unit {
            self.checker.calls_of_nothing.push((id, span));
        }
        ir::Expr { kind, ty: signature.result, span }
    }

    fn refuse_count(
        &mut self,
        signature: &Signature<'a>,
        name: &Name,
        args: &[ast::Expr],
        required: usize,
    ) {
        let found = args.len();
        let most = signature.params.len();
        let expected = match (required, most) {
            (least, most) if least == most => count(most),
            (least, _) if found < least => format!("at least {}", count(least)),
            (_, most) => format!("at most {}", count(most)),
        };
        let text = format!("expected {expected} for `{}`, found {found}", name.text);
        let params: Vec<String> = signature
            .params
            .iter()
            .map(|param| format!("{}: {}", param.name.text, self.checker.types.show(param.ty)))
            .collect();
        let diagnostic = Diagnostic::new(Code::E0303, name.span, text)
            .with_note(signature.name_span, "declared here")
            .with_help(format!("`{}({})`", signature.name, params.join(", ")));
        self.checker.report(match (args.get(most), params.get(found)) {
            (Some(excess), _) => diagnostic.with_note(excess.span, "this is one too many"),
            (None, Some(param)) => diagnostic.with_label(format!("`{param}` is missing")),
            (None, None) => diagnostic,
        });
    }

    fn call_builtin(
        &mut self,
        row: &'static Row,
        name: &'a Name,
        args: &'a [ast::Expr],
        span: Span,
    ) -> ir::Expr {
        if args.len() != row.params.len() {
            let expected = count(row.params.len());
            let text = format!("expected {expected} for `{}`, found {}", name.text, args.len());
            self.checker.report(
                Diagnostic::new(Code::E0303, name.span, text)
                    .with_help(format!("`{}`", signature_of(row))),
            );
            args.iter().for_each(|arg| self.ignored(arg));
            return error(span);
        }
        let mut checked = Vec::with_capacity(args.len());
        for (arg, &shape) in args.iter().zip(row.params) {
            checked.push(match self.shape_type(shape) {
                Some(ty) => self.value(arg, ty),
                None => self.printable(arg),
            });
        }
        if checked.iter().any(|arg| arg.ty == Type::Error) {
            return error(span);
        }
        self.builtin(row.builtin, checked, span)
    }

    fn printable(&mut self, arg: &'a ast::Expr) -> ir::Expr {
        let checked = self.any_value(arg);
        let ty = checked.ty;
        if matches!(ty, Type::Error | Type::Never) || is_printable(&self.checker.types, ty) {
            return checked;
        }
        let text = format!("a value of type {} has no text form", self.checker.show(ty));
        self.checker.error(Code::E0305, arg.span, text);
        error(arg.span)
    }

    /// A built-in with several forms: the types of the arguments say which.
    fn call_overloaded(
        &mut self,
        rows: &[&'static Row],
        name: &'a Name,
        args: &'a [ast::Expr],
        span: Span,
    ) -> ir::Expr {
        let checked: Vec<ir::Expr> = args.iter().map(|arg| self.any_value(arg)).collect();
        if checked.iter().any(|arg| arg.ty == Type::Error) {
            return error(span);
        }
        let fits = |row: &&&'static Row| {
            row.params.len() == checked.len()
                && row.params.iter().zip(&checked).all(|(&shape, arg)| {
                    arg.ty == Type::Never || self.shape_type(shape) == Some(arg.ty)
                })
        };
        if let Some(row) = rows.iter().find(fits) {
            return self.builtin(row.builtin, checked, span);
        }
        let found: Vec<String> =
            checked.iter().map(|arg| self.checker.types.show(arg.ty).to_string()).collect();
        let text = format!("`{}({})` is no form of this built-in", name.text, found.join(", "));
        let forms: Vec<String> =
            rows.iter().map(|row| format!("`{}`", signature_of(row))).collect();
        let help = match (name.text.as_str(), found.as_slice()) {
            ("int", [only]) if only == "int" => "it is an `int` already".to_owned(),
            ("int", [only]) if only == "str" => "`parse_int(text)` is an `int?`".to_owned(),
            _ => forms.join(" or "),
        };
        let diagnostic = Diagnostic::new(Code::E0304, span, text);
        let ints: Vec<&ir::Expr> = checked.iter().filter(|arg| arg.ty == Type::Int).collect();
        let has_float = checked.iter().any(|arg| arg.ty == Type::Float);
        let counts = rows.iter().any(|row| row.params.len() == checked.len());
        self.checker.report(match ints.as_slice() {
            [only] if has_float && counts => {
                let diagnostic = diagnostic.with_note(only.span, "this is `int`");
                with_float(self.checker, only, diagnostic)
            }
            _ => diagnostic.with_help(help),
        });
        error(span)
    }

    /// A call of a built-in function whose arguments fit.
    fn builtin(&mut self, builtin: Builtin, args: Vec<ir::Expr>, span: Span) -> ir::Expr {
        let result = builtin.row().result;
        let ty = self.shape_type(result).expect("a function's result does not depend on a list");
        ir::Expr { kind: ir::ExprKind::Builtin(builtin, args), ty, span }
    }

    /// The type of a shape that no receiver decides.
    pub(super) fn shape_type(&mut self, shape: Shape) -> Option<Type> {
        let types = &mut self.checker.types;
        Some(match shape {
            Shape::Int => Type::Int,
            Shape::Float => Type::Float,
            Shape::Bool => Type::Bool,
            Shape::Str => Type::Str,
            Shape::Unit => Type::Unit,
            Shape::OptionalInt => Type::Optional(types.intern(Type::Int)),
            Shape::OptionalFloat => Type::Optional(types.intern(Type::Float)),
            Shape::ListStr => Type::List(types.intern(Type::Str)),
            Shape::List
            | Shape::Element
            | Shape::OptionalElement
            | Shape::ListOfElement
            | Shape::Printable => return None,
        })
    }

    fn unknown_function(&mut self, name: &'a Name, args: &'a [ast::Expr], span: Span) -> ir::Expr {
        let unknown = Want::Type(Type::Error);
        let receiver = args.first().map(|arg| self.expr(arg, unknown));
        args.iter().skip(1).for_each(|arg| self.ignored(arg));
        let text = name.text.as_str();
        let known = receiver
            .as_ref()
            .is_some_and(|value| method::names_for(&self.checker.types, value.ty).contains(&text));
        let is_property = text == "len";
        if known || (is_property && args.len() == 1) {
            self.refuse_function_form(name, args, span);
            return error(span);
        }
        if self.checker.names.calls.contains_key("") {
            return error(span);
        }
        let message = format!("unknown function `{text}`");
        let diagnostic = Diagnostic::new(Code::E0202, name.span, message);
        let builtins = ROWS.iter().filter(|row| row.form == Form::Function).map(|row| row.name);
        let known = self.checker.names.calls.keys().copied().chain(builtins);
        let is_full = self.checker.diagnostics.is_full();
        if let Some(variant) = self.variant_of_one(text).filter(|_| !is_full) {
            let help = format!("a variant is written with its enum: `{variant}(…)`");
            let diagnostic = diagnostic.with_help(help).with_fix(name.span, variant);
            self.checker.report(diagnostic);
            return error(span);
        }
        let diagnostic = match self.elsewhere(text) {
            Some(help) => diagnostic.with_help(help),
            None => self.checker.with_near(diagnostic, name, known),
        };
        self.checker.report_unknown(format!("{text}()"), diagnostic);
        error(span)
    }

    /// What Flight has for a call that other languages write so.
    fn elsewhere(&self, name: &str) -> Option<String> {
        if let Some(TypeName::Struct(_)) = self.checker.type_meaning(name) {
            return Some(format!("a struct is made by `{name} {{ field: value }}`"));
        }
        let help = match name {
            "range" => "a range stands only in `for i in a..b`",
            "print" | "println" | "printf" | "echo" => "`log \"…\"`",
            "panic" | "abort" | "exit" => "`fail \"why\"` ends the call",
            "format" | "sprintf" => "a value in a text is `\"{value}\"`",
            "rand" | "randint" | "random_int" => "`random(n)` is from 0 to n - 1",
            "Some" => "a value of an optional is written as it is",
            "append" => "an element is added by `list.push(x)`",
            "foreach" | "forEach" => "a loop is `for x in list { … }`",
            "sleep" | "wait" => "nothing waits: a timer `every 5s name() { … }` comes back",
            _ => return None,
        };
        Some(help.to_owned())
    }

    /// `len(x)` is `x.len`, `push(list, x)` is `list.push(x)`.
    fn refuse_function_form(&mut self, name: &Name, args: &'a [ast::Expr], span: Span) {
        let slices: Vec<&str> =
            args.iter().map(|arg| self.checker.source.slice(arg.span)).collect();
        let (receiver, rest) = slices.split_first().expect("it has a receiver");
        let fixed = match name.text.as_str() {
            "len" => format!("{receiver}.len"),
            method => format!("{receiver}.{method}({})", rest.join(", ")),
        };
        let kind = if name.text == "len" { "property" } else { "method" };
        let text = format!("`{}` is a {kind}", name.text);
        self.checker.report(
            Diagnostic::new(Code::E0208, name.span, text)
                .with_help(format!("`{fixed}`"))
                .with_fix(span, fixed),
        );
    }
}

fn count(arguments: usize) -> String {
    match arguments {
        0 => "no argument".to_owned(),
        1 => "1 argument".to_owned(),
        many => format!("{many} arguments"),
    }
}

/// A built-in as the manual writes it: `min(int, int) -> int`.
fn signature_of(row: &Row) -> String {
    let params: Vec<&str> = row.params.iter().map(|shape| shape.name()).collect();
    format!("{}({}) -> {}", row.name, params.join(", "), row.result.name())
}
