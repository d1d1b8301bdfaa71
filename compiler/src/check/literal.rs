//! Literals with parts: texts with values in them, structs, lists.

use super::body::{Body, BodyKind};
use super::expr::{Want, constant, error};
use super::mismatch::Wanted;
use super::ty::{element, is_printable};
use crate::ast::{self, FieldInit, Name, StrPiece};
use crate::diag::{Code, Diagnostic};
use crate::ir::{self, Const, Piece};
use crate::source::Span;
use crate::types::Type;
use std::sync::Arc;

impl<'a> Body<'_, 'a> {
    /// A string literal.
    pub(super) fn text(&mut self, pieces: &'a [StrPiece], span: Span) -> ir::Expr {
        match pieces {
            [] => return constant(Const::Str(Arc::from("")), Type::Str, span),
            [StrPiece::Text(text)] => {
                return constant(Const::Str(Arc::from(text.as_str())), Type::Str, span);
            }
            _ => {}
        }
        let mut checked = Vec::with_capacity(pieces.len());
        let mut wrong = false;
        for piece in pieces {
            match piece {
                StrPiece::Text(text) => checked.push(Piece::Text(Arc::from(text.as_str()))),
                StrPiece::Value(value, digits) => match self.piece(value, *digits) {
                    Some(piece) => checked.push(piece),
                    None => wrong = true,
                },
            }
        }
        if wrong {
            // Its type is known, whatever is wrong inside of it.
            return error(span);
        }
        ir::Expr { kind: ir::ExprKind::Interpolate(checked), ty: Type::Str, span }
    }

    fn piece(&mut self, value: &'a ast::Expr, digits: Option<(u8, Span)>) -> Option<Piece> {
        let checked = self.any_value(value);
        let ty = checked.ty;
        if ty == Type::Error {
            return None;
        }
        if ty != Type::Never && !is_printable(&self.checker.types, ty) {
            let shown = self.checker.show(ty);
            let text = format!("a value of type {shown} has no text form");
            let mut diagnostic = Diagnostic::new(Code::E0305, value.span, text)
                .with_label("expected `int`, `float`, `bool`, `str` or an enum without payloads");
            if matches!(ty, Type::Optional(_)) {
                diagnostic = diagnostic.with_help("say what stands for `none`: `{… ?? otherwise}`");
            }
            self.checker.report(diagnostic);
            return None;
        }
        if let Some((_, span)) = digits
            && ty != Type::Float
        {
            let text =
                format!("expected a `float` before this format, found {}", self.checker.show(ty));
            self.checker.error(Code::E0308, span, text);
            return None;
        }
        Some(Piece::Value(checked, digits.map(|(digits, _)| digits)))
    }

    /// `Name { field: value, … }`
    pub(super) fn struct_literal(
        &mut self,
        name: &'a Name,
        fields: &'a [FieldInit],
        span: Span,
    ) -> ir::Expr {
        let Some(id) = self.checker.struct_named(name) else {
            self.check_values(fields);
            return error(span);
        };
        let Some(values) = self.all_fields(id, name, fields) else { return error(span) };
        ir::Expr { kind: ir::ExprKind::Struct(id, values), ty: Type::Struct(id), span }
    }

    /// `[a, b]`
    pub(super) fn list_literal(
        &mut self,
        elements: &'a [ast::Expr],
        span: Span,
        want: Want,
    ) -> ir::Expr {
        let wanted = want.ty().map(|ty| match ty {
            Type::Optional(inner) => self.checker.types.get(inner),
            ty => ty,
        });
        let wanted = wanted.filter(|&ty| element(&self.checker.types, ty).is_some());
        let mut of = wanted.and_then(|ty| element(&self.checker.types, ty));
        let mut checked = Vec::with_capacity(elements.len());
        let mut wrong = false;
        for written in elements {
            let value = match of {
                Some(of) => self.value(written, of),
                None => self.any_value(written),
            };
            wrong |= value.ty == Type::Error;
            if of.is_none() && !matches!(value.ty, Type::Never) {
                of = Some(value.ty);
            }
            checked.push(value);
        }
        let Some(of) = of else {
            if want != Want::Type(Type::Error) {
                self.checker.report(
                    Diagnostic::new(Code::E0307, span, "the type of this list is not known here")
                        .with_help("write the type: `var name: [int] = []`"),
                );
            }
            return error(span);
        };
        if wrong || of == Type::Error {
            return error(span);
        }
        let ty = match wanted {
            Some(ty) => ty,
            None => Type::List(self.checker.types.intern(of)),
        };
        self.list_of(checked, ty, span)
    }

    /// A list literal of a type, unless it has too few or too many elements.
    fn list_of(&mut self, elements: Vec<ir::Expr>, ty: Type, span: Span) -> ir::Expr {
        let found = elements.len();
        let text = match ty {
            Type::Array(_, len) if found != len as usize => {
                format!("expected {len} elements, found {found}")
            }
            Type::Bounded(_, len) if found > len as usize => {
                format!("expected at most {len} elements, found {found}")
            }
            _ => {
                let kind = ir::ExprKind::List(elements);
                return ir::Expr { kind, ty, span };
            }
        };
        self.checker.error(Code::E0300, span, text);
        error(span)
    }

    /// `[x; n]`
    pub(super) fn repeat(
        &mut self,
        value: &'a ast::Expr,
        count: &'a ast::Expr,
        span: Span,
        want: Want,
    ) -> ir::Expr {
        let of = want.ty().and_then(|ty| element(&self.checker.types, ty));
        let value = match of {
            Some(of) => self.value(value, of),
            None => self.any_value(value),
        };
        let count = self.checker.constant_length(count);
        let (false, Some(count)) = (matches!(value.ty, Type::Error | Type::Never), count) else {
            return if value.ty == Type::Never { value } else { error(span) };
        };
        let ty = Type::Array(self.checker.types.intern(value.ty), count);
        let ty = self.checker.sized(ty, span);
        if ty == Type::Error {
            return error(span);
        }
        // Elsewhere it is made at run time.
        if self.kind == BodyKind::Constant && self.checker.write_out(ty, span).is_none() {
            return error(span);
        }
        ir::Expr { kind: ir::ExprKind::Repeat(Box::new(value)), ty, span }
    }

    /// A place for a value that the checker needs twice.
    pub(super) fn read_local(&self, local: ir::LocalId, span: Span) -> ir::Expr {
        let ty = self.scopes.locals[local.index()].ty;
        let place = ir::Place { root: ir::Root::Local(local), path: Vec::new(), ty, span };
        ir::Expr { kind: ir::ExprKind::Place(place), ty, span }
    }

    /// The value of a name in scope, as one of a type.
    pub(super) fn named_for(&mut self, name: &Name, ty: Type, by: Option<Wanted>) -> ir::Expr {
        let value = self.named(name);
        let outer = std::mem::replace(&mut self.wanted_by, by);
        let value = self.fit(value, ty);
        self.wanted_by = outer;
        value
    }

    /// The value of a name in scope.
    pub(super) fn named(&mut self, name: &Name) -> ir::Expr {
        match self.scopes.find(&name.text) {
            Some(local) => {
                self.scopes.mark_used(local);
                self.read_local(local, name.span)
            }
            None => self.declared_value(&name.text, name.span),
        }
    }
}
