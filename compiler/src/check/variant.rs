//! Variants of enums, by name and as values.

use super::body::Body;
use super::expr::error;
use crate::ast::{self, Name};
use crate::diag::{Code, Diagnostic};
use crate::ir;
use crate::source::Span;
use crate::types::{EnumId, Type};

impl<'a> Body<'_, 'a> {
    /// `Enum.name` and `Enum.name(args)`
    pub(super) fn variant(
        &mut self,
        id: EnumId,
        name: &'a Name,
        args: &'a [ast::Expr],
        span: Span,
    ) -> ir::Expr {
        let Some((index, payload)) = self.variant_named(id, name) else {
            args.iter().for_each(|arg| self.ignored(arg));
            return error(span);
        };
        if args.len() != payload.len() {
            if !self.checker.is_broken(Type::Enum(id)) {
                self.refuse_payload(name, payload.len(), args.len());
            }
            args.iter().for_each(|arg| self.ignored(arg));
            return error(span);
        }
        let values: Vec<ir::Expr> =
            args.iter().zip(payload).map(|(arg, ty)| self.value(arg, ty)).collect();
        if values.iter().any(|value| value.ty == Type::Error) {
            return error(span);
        }
        ir::Expr { kind: ir::ExprKind::Variant(id, index, values), ty: Type::Enum(id), span }
    }

    /// The number of a variant and the types of its payload; an unknown one is reported.
    pub(super) fn variant_named(&mut self, id: EnumId, name: &Name) -> Option<(u32, Vec<Type>)> {
        let enumeration = self.checker.types.enumeration(id);
        let variants = &enumeration.variants;
        if let Some(index) = variants.iter().position(|variant| variant.name == name.text) {
            let payload = variants[index].fields.iter().map(|field| field.ty).collect();
            return Some((index as u32, payload));
        }
        if self.checker.is_broken(Type::Enum(id)) {
            return None;
        }
        let text = format!("no variant `{}` in `{}`", name.text, enumeration.name);
        let key = format!("{}.{}", enumeration.name, name.text);
        let diagnostic = Diagnostic::new(Code::E0206, name.span, text);
        let known: Vec<&str> = variants.iter().map(|variant| variant.name.as_str()).collect();
        let listed: Vec<String> = known.iter().take(8).map(|name| format!("`{name}`")).collect();
        let mut diagnostic = self.checker.with_near(diagnostic, name, known);
        if diagnostic.help.is_none() && !listed.is_empty() {
            diagnostic = diagnostic.with_help(format!("it has {}", listed.join(", ")));
        }
        self.checker.report_unknown(key, diagnostic);
        None
    }

    fn refuse_payload(&mut self, name: &Name, expected: usize, found: usize) {
        let values = if expected == 1 { "value" } else { "values" };
        let text = format!("expected {expected} {values} for `{}`, found {found}", name.text);
        let diagnostic = Diagnostic::new(Code::E0303, name.span, text);
        self.checker.report(match expected {
            0 => diagnostic.with_help(format!("`{}` carries nothing", name.text)),
            _ => diagnostic,
        });
    }
}
