//! Types as they are written, and which type fits where another is wanted.

use super::Checker;
use super::collect::TypeName;
use crate::ast::{self, TypeExpr, TypeExprKind};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::types::{Type, TypeId, Types};

/// Where a type is written: decides which types can stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypeSite {
    /// A field of `state`, a struct, a table, an event or a variant: what is stored.
    Field,
    /// A parameter of a handler: what comes from outside.
    HandlerParam,
    /// Any other parameter.
    Param,
    /// A result.
    Result,
    /// A local.
    Local,
}

/// The element type of any list.
pub(super) fn element(types: &Types, ty: Type) -> Option<Type> {
    match ty {
        Type::List(inner) | Type::Array(inner, _) | Type::Bounded(inner, _) => {
            Some(types.get(inner))
        }
        _ => None,
    }
}

/// The type inside of an optional.
pub(super) fn optional(types: &Types, ty: Type) -> Option<Type> {
    match ty {
        Type::Optional(inner) => Some(types.get(inner)),
        _ => None,
    }
}

/// Whether interpolation can write a value of this type.
pub(super) fn is_printable(types: &Types, ty: Type) -> bool {
    match ty {
        Type::Int | Type::Float | Type::Bool | Type::Str => true,
        Type::Enum(id) => types.enumeration(id).is_bare(),
        _ => false,
    }
}

/// Whether values of this type have an order that loops and indexes can go by.
pub(super) fn is_ordered(types: &Types, ty: Type) -> bool {
    is_printable(types, ty)
}

/// Whether a type is, or is a list or optional of, a type that `wanted` names.
fn mentions(types: &Types, ty: Type, wanted: fn(Type) -> bool) -> bool {
    if wanted(ty) {
        return true;
    }
    match element(types, ty).or_else(|| optional(types, ty)) {
        Some(inner) => mentions(types, inner, wanted),
        None => false,
    }
}

impl<'a> Checker<'a> {
    /// The type that is written; `Error` when it is wrong or cannot stand here.
    pub(super) fn resolve(&mut self, written: &'a TypeExpr, site: TypeSite) -> Type {
        let ty = self.resolve_anywhere(written);
        if let Some(diagnostic) = self.misplaced(ty, site, written.span) {
            self.report(diagnostic);
            return Type::Error;
        }
        let depth_max = self.limits.type_depth_max;
        if self.type_depth(ty) > depth_max {
            let diagnostic = Diagnostic::new(Code::E0614, written.span, "nested too deep");
            self.report(diagnostic.with_label(format!("types nest at most {depth_max} deep")));
            return Type::Error;
        }
        self.sized(ty, written.span)
    }

    fn resolve_anywhere(&mut self, written: &'a TypeExpr) -> Type {
        match &written.kind {
            TypeExprKind::Name(name) => self.resolve_name(name, written.span),
            TypeExprKind::Unit => Type::Unit,
            TypeExprKind::Error => Type::Error,
            TypeExprKind::Optional(inner) => match self.resolve_part(inner) {
                Some(Type::Optional(_)) => {
                    let text = "an optional of an optional";
                    self.error(Code::E0407, written.span, text);
                    Type::Error
                }
                Some(inner) => Type::Optional(self.types.intern(inner)),
                None => Type::Error,
            },
            TypeExprKind::List(inner) => match self.resolve_part(inner) {
                Some(inner) => Type::List(self.types.intern(inner)),
                None => Type::Error,
            },
            TypeExprKind::Array(inner, len) => self.resolve_counted(inner, len, Type::Array),
            TypeExprKind::Bounded(inner, len) => self.resolve_counted(inner, len, Type::Bounded),
        }
    }

    fn resolve_counted(
        &mut self,
        inner: &'a TypeExpr,
        len: &'a ast::Expr,
        make: fn(TypeId, u32) -> Type,
    ) -> Type {
        let inner = self.resolve_part(inner);
        let len = self.constant_length(len);
        match (inner, len) {
            (Some(inner), Some(len)) => make(self.types.intern(inner), len),
            _ => Type::Error,
        }
    }

    /// The type inside of an optional or list; `None` when it is wrong.
    fn resolve_part(&mut self, written: &'a TypeExpr) -> Option<Type> {
        match self.resolve_anywhere(written) {
            Type::Error => None,
            Type::Unit => {
                self.error(Code::E0407, written.span, "`()` cannot stand here");
                None
            }
            ty => Some(ty),
        }
    }

    fn resolve_name(&mut self, name: &str, span: Span) -> Type {
        match name {
            "int" => return Type::Int,
            "float" => return Type::Float,
            "bool" => return Type::Bool,
            "str" => return Type::Str,
            _ => {}
        }
        match self.names.types.get(name).map(|entry| entry.meaning) {
            Some(TypeName::Struct(id)) => Type::Struct(id),
            Some(TypeName::Enum(id)) => Type::Enum(id),
            Some(TypeName::Table(id)) => Type::Row(id),
            Some(TypeName::Event(_)) => {
                let text = format!("expected a type, found the event `{name}`");
                self.error(Code::E0211, span, text);
                Type::Error
            }
            None => {
                self.unknown_type(name, span);
                Type::Error
            }
        }
    }

    fn unknown_type(&mut self, name: &str, span: Span) {
        if self.names.types.contains_key("") {
            return;
        }
        let diagnostic = Diagnostic::new(Code::E0204, span, format!("unknown type `{name}`"));
        let elsewhere = match name {
            "i64" | "i32" | "u64" | "u32" | "usize" | "integer" | "Int" | "number" => Some("int"),
            "f64" | "f32" | "double" | "Float" => Some("float"),
            "string" | "String" | "text" => Some("str"),
            "boolean" | "Bool" => Some("bool"),
            _ => None,
        };
        if matches!(name, "void" | "unit" | "Unit") {
            let help = "a function without a result has no `->`";
            return self.report_unknown(name, diagnostic.with_help(help));
        }
        let diagnostic = match elsewhere {
            Some(ours) => diagnostic.with_help(format!("`{ours}`")).with_fix(span, ours),
            None => {
                let wanted = ast::Name { text: name.into(), span };
                let known = ["int", "float", "bool", "str"].into_iter();
                self.with_near(diagnostic, &wanted, known.chain(self.names.types.keys().copied()))
            }
        };
        self.report_unknown(name, diagnostic);
    }

    /// What is said about a type that cannot stand at a site.
    fn misplaced(&self, ty: Type, site: TypeSite, span: Span) -> Option<Diagnostic> {
        let shown = self.show(ty);
        let holds = |wanted| mentions(&self.types, ty, wanted);
        let refused = |text: String| Diagnostic::new(Code::E0407, span, text);
        match site {
            TypeSite::Field if holds(|ty| matches!(ty, Type::Row(_))) => {
                let diagnostic = refused(format!("a field cannot hold {shown}"))
                    .with_label("a row lives within a call and is never stored");
                Some(self.with_key(diagnostic, ty))
            }
            TypeSite::HandlerParam if holds(|ty| matches!(ty, Type::Row(_))) => {
                let diagnostic = refused(format!("a handler cannot be given {shown}"))
                    .with_label("a row lives within a call and does not come from outside");
                Some(self.with_key(diagnostic, ty))
            }
            TypeSite::Field if holds(|ty| matches!(ty, Type::List(_))) => {
                let diagnostic = refused(format!("a field cannot hold {shown}"))
                    .with_label("what is stored has a fixed size");
                let Type::List(inner) = ty else {
                    return Some(diagnostic.with_help("a list with a bound is `[T; ..N]`"));
                };
                let bounded = format!("[{}; ..16]", self.types.show(self.types.get(inner)));
                let help = format!("`{bounded}` holds at most 16 elements");
                Some(diagnostic.with_help(help).with_fix(span, bounded))
            }
            TypeSite::Field | TypeSite::HandlerParam | TypeSite::Param if ty == Type::Unit => Some(
                refused("`()` is not the type of a value".to_owned())
                    .with_label("it can only be a result"),
            ),
            _ => None,
        }
    }

    /// Says which key stands for a row.
    fn with_key(&self, diagnostic: Diagnostic, ty: Type) -> Diagnostic {
        let Type::Row(table) = ty else {
            return diagnostic.with_help("keep the keys of the rows");
        };
        let fields = &self.declared.tables[table.index()].fields;
        let Some(key) = fields.iter().find(|field| field.key.is_some()) else { return diagnostic };
        let key = self.source.slice(key.ty.span);
        let (span, help) = (diagnostic.span, format!("keep the row's key: `{key}`"));
        diagnostic.with_help(help).with_fix(span, key)
    }

    /// The type itself, or `Error` when its values are too large. Before layouts are known nothing
    /// is refused: what is declared is measured as a whole.
    pub(super) fn sized(&mut self, ty: Type, span: Span) -> Type {
        let Some(layouts) = &self.layouts else { return ty };
        let size_max = self.limits.value_size_max;
        let size = layouts.of(&self.types, ty).map(|layout| u64::from(layout.size));
        if size.is_some_and(|size| size <= size_max) {
            return ty;
        }
        let text = format!("a value of {} takes more than {size_max} bytes", self.show(ty));
        self.error(Code::E0610, span, text);
        Type::Error
    }
}
