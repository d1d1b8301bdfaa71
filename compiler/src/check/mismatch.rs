//! What is said where a value has another type than is wanted: both types, what wants the type,
//! and the conversion that would help.

use super::Checker;
use super::body::Body;
use super::expr::error;
use super::ty::{element, optional};
use crate::diag::{Code, Diagnostic};
use crate::ir::{self, Const};
use crate::source::Span;
use crate::types::{Type, Types};

/// The longest piece of source that a help line repeats, in bytes.
const REPEATED_MAX: usize = 60;

/// What wants a value to be of a type, for the message: its place, and what is said there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) span: Span,
    pub(super) text: &'static str,
}

impl Body<'_, '_> {
    /// The value as one of the wanted type, or a mistake.
    pub(super) fn fit(&mut self, checked: ir::Expr, want: Type) -> ir::Expr {
        if self.fits(checked.ty, want) {
            return self.convert(checked, want);
        }
        let diagnostic = self.mismatch(&checked, want);
        self.checker.report(match self.wanted_by {
            Some(Wanted { span, text }) => diagnostic.with_note(span, text),
            None => diagnostic,
        });
        error(checked.span)
    }

    fn mismatch(&self, checked: &ir::Expr, want: Type) -> Diagnostic {
        let checker = &*self.checker;
        let (expected, found) = (checker.show(want), checker.show(checked.ty));
        let span = checked.span;
        if checked.ty == Type::Unit {
            let text = format!("expected {expected}, found no value");
            return Diagnostic::new(Code::E0306, span, text).with_label("this has the type `()`");
        }
        let text = format!("expected {expected}, found {found}");
        conversion(checker, checked, want, Diagnostic::new(Code::E0300, span, text))
    }
}

/// Adds the conversion that would help to a message about types.
fn conversion(
    checker: &Checker<'_>,
    checked: &ir::Expr,
    want: Type,
    diagnostic: Diagnostic,
) -> Diagnostic {
    let written = short(checker, checked.span).unwrap_or("…");
    let literal = match &checked.kind {
        ir::ExprKind::Const(Const::Str(text)) => Some(&**text),
        _ => None,
    };
    match (want, checked.ty) {
        (Type::Float, Type::Int) => with_float(checker, checked, diagnostic),
        (Type::Int, Type::Float | Type::Bool) => with_call(checker, checked, "int", diagnostic),
        (Type::Str, Type::Int | Type::Float | Type::Bool) => {
            with_call(checker, checked, "str", diagnostic)
        }
        // A text that is written out is converted by nobody: a number was meant, or another name.
        (Type::Int | Type::Float, Type::Str) if let Some(text) = literal => {
            match is_number(text, want) {
                true => diagnostic.with_help(format!("`{text}`")).with_fix(checked.span, text),
                false => diagnostic,
            }
        }
        (Type::Int, Type::Str) => {
            diagnostic.with_help(format!("`parse_int({written})` is an `int?`"))
        }
        (Type::Float, Type::Str) => {
            diagnostic.with_help(format!("`parse_float({written})` is a `float?`"))
        }
        (Type::Bool, Type::Int) => diagnostic.with_help(format!("`{written} != 0` is a `bool`")),
        (Type::Bool, Type::Optional(_)) => {
            diagnostic.with_help(format!("`{written} != none` is a `bool`"))
        }
        (want, found) if optional(&checker.types, found) == Some(want) => {
            let help = without_none(checker, checked.span, want);
            diagnostic.with_help(format!("say what stands for `none`: `{help}`"))
        }
        (Type::Bounded(inner, _) | Type::Array(inner, _), found)
            if element(&checker.types, found) == Some(checker.types.get(inner)) =>
        {
            diagnostic.with_help("`place.assign(list)` copies the elements")
        }
        _ => diagnostic,
    }
}

/// Whether a text could stand as a number of the type without its quotes.
fn is_number(text: &str, ty: Type) -> bool {
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match (ty, text.split_once('.')) {
        (Type::Float, Some((whole, digits))) => are_digits(whole) && are_digits(digits),
        (Type::Int, None) => are_digits(text) && text.parse::<i64>().is_ok(),
        _ => false,
    }
}

/// Says how an `int` becomes a `float`.
pub(super) fn with_float(
    checker: &Checker<'_>,
    int: &ir::Expr,
    diagnostic: Diagnostic,
) -> Diagnostic {
    let written = checker.source.slice(int.span);
    let digits = written.strip_prefix('-').unwrap_or(written);
    let is_literal = matches!(int.kind, ir::ExprKind::Const(Const::Int(_)))
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_literal {
        let literal = format!("{written}.0");
        return diagnostic.with_help(format!("`{literal}`")).with_fix(int.span, literal);
    }
    with_call(checker, int, "float", diagnostic)
}

fn with_call(
    checker: &Checker<'_>,
    value: &ir::Expr,
    function: &str,
    diagnostic: Diagnostic,
) -> Diagnostic {
    let Some(written) = short(checker, value.span) else {
        return diagnostic.with_help(format!("`{function}(…)` converts it"));
    };
    let converted = format!("{function}({written})");
    diagnostic.with_help(format!("`{converted}`")).with_fix(value.span, converted)
}

/// The value of an optional as an expression, with what stands for `none`.
pub(super) fn without_none(checker: &Checker<'_>, span: Span, inner: Type) -> String {
    let written = short(checker, span).unwrap_or("…");
    format!("({written} ?? {})", example_of(&checker.types, inner))
}

/// Some value of a type, for a help line.
fn example_of(types: &Types, ty: Type) -> String {
    match ty {
        Type::Int => "0".to_owned(),
        Type::Float => "0.0".to_owned(),
        Type::Bool => "false".to_owned(),
        Type::Str => "\"\"".to_owned(),
        Type::Row(table) => format!("fail 404 \"no such {}\"", types.table(table).name),
        _ => "otherwise".to_owned(),
    }
}

/// The source of a value, where it is short enough to be repeated.
pub(super) fn short<'s>(checker: &Checker<'s>, span: Span) -> Option<&'s str> {
    let written = checker.source.slice(span);
    (written.len() <= REPEATED_MAX && !written.contains('\n')).then_some(written)
}
