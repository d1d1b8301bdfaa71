//! Constants and defaults: what is computed while a program is checked.
//!
//! First a walk over the syntax says whether an expression can be constant at all and what it
//! depends on; then everything is evaluated after what it depends on, so that a chain of any
//! length takes no stack. Types come from the same rules as everywhere (`expr`), values from
//! `fold`.

use super::Checker;
use super::body::Body;
use super::collect::{TypeName, ValueName};
use super::containment::type_node_of;
use super::cycles::{Graph, components, is_cycle};
use super::expr::Want;
use super::fields::Owner;
use super::fold::{self, Failure, Folding};
use crate::ast::{self, BinaryOp, ExprKind, StrPiece};
use crate::diag::{Code, Diagnostic};
use crate::ir::{self, Const};
use crate::source::Span;
use crate::types::{Field, Type};

/// A `const` and its value.
#[derive(Clone, Debug)]
pub(super) struct Constant {
    /// `Error` until it is evaluated, and for good when it has no value.
    pub(super) ty: Type,
    pub(super) value: Const,
}

/// Where a constant expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Site {
    /// The value of a `const`, or a length: scalars and texts, before types are known.
    Scalar,
    /// A default: any value.
    Default,
}

/// What a constant expression depends on.
#[derive(Debug, Default)]
struct Mentions {
    constants: Vec<usize>,
    /// Nodes of the containment graph: structs whose defaults a literal takes.
    structs: Vec<usize>,
}

impl<'a> Checker<'a> {
    /// Evaluates every `const`.
    pub(super) fn constants(&mut self) {
        let unknown = Constant { ty: Type::Error, value: Const::Unit };
        self.constants = vec![unknown; self.declared.constants.len()];
        let mut graph = Graph::new();
        let mut is_constant = Vec::new();
        for index in 0..self.declared.constants.len() {
            let mut mentions = Mentions::default();
            let (_, value) = self.declared.constants[index];
            is_constant.push(self.admit(value, Site::Scalar, &mut mentions));
            graph.push(mentions.constants);
        }
        for component in components(&graph) {
            if is_cycle(&graph, &component) {
                self.refuse_constant_cycle(&component);
            } else if is_constant[component[0]] {
                self.evaluate_constant(component[0]);
            }
        }
    }

    fn refuse_constant_cycle(&mut self, component: &[usize]) {
        let names: Vec<&ast::Name> =
            component.iter().map(|&index| self.declared.constants[index].0).collect();
        let text = format!("the constant `{}` depends on itself", names[0].text);
        let mut diagnostic = Diagnostic::new(Code::E0403, names[0].span, text);
        for name in names.iter().skip(1).take(3) {
            diagnostic = diagnostic.with_note(name.span, format!("by way of `{}`", name.text));
        }
        self.report(diagnostic);
    }

    fn evaluate_constant(&mut self, index: usize) {
        let (_, written) = self.declared.constants[index];
        let mut body = Body::for_constant(self);
        let checked = body.expr(written, Want::Any);
        let ty = checked.ty;
        if !matches!(ty, Type::Int | Type::Float | Type::Bool | Type::Str | Type::Error) {
            let text = format!("a constant cannot have the type {}", self.show(ty));
            return self.refuse_constant(written.span, text);
        }
        if let Some(value) = self.fold(&checked) {
            self.constants[index] = Constant { ty, value };
        }
    }

    /// The value of a default; `None` when it has none, which is reported.
    pub(super) fn constant_of_type(&mut self, written: &'a ast::Expr, ty: Type) -> Option<Const> {
        if ty == Type::Error || !self.admit(written, Site::Default, &mut Mentions::default()) {
            return None;
        }
        self.evaluate_default(written, ty)
    }

    /// The value of a default that can be constant.
    fn evaluate_default(&mut self, written: &'a ast::Expr, ty: Type) -> Option<Const> {
        let checked = Body::for_constant(self).value(written, ty);
        self.fold(&checked)
    }

    /// A length in a list's type, or the count of `[x; n]`.
    pub(super) fn constant_length(&mut self, written: &'a ast::Expr) -> Option<u32> {
        if !self.admit(written, Site::Scalar, &mut Mentions::default()) {
            return None;
        }
        let checked = Body::for_constant(self).value(written, Type::Int);
        let Const::Int(len) = self.fold(&checked)? else { return None };
        let known = u32::try_from(len).ok().filter(|&len| len > 0);
        if known.is_none() {
            let text = "a length is a constant of at least 1 that fits in memory";
            self.error(Code::E0408, written.span, text);
        }
        known
    }

    /// Evaluates the defaults of all fields, structs and enums after those whose defaults they
    /// take.
    pub(super) fn defaults(&mut self) {
        let mut graph = Graph::new();
        let mut admitted = Vec::new();
        for node in 0..self.types.structs.len() + self.types.enums.len() {
            let mut mentions = Mentions::default();
            let mut written = self.written_defaults(node);
            for default in &mut written {
                *default =
                    default.filter(|written| self.admit(written, Site::Default, &mut mentions));
            }
            let held = self.fields_of(node).filter_map(|field| type_node_of(&self.types, field.ty));
            mentions.structs.extend(held);
            graph.push(mentions.structs);
            admitted.push(written);
        }
        for component in components(&graph) {
            let cycle = is_cycle(&graph, &component);
            for node in component {
                let written = std::mem::take(&mut admitted[node]);
                match written.iter().flatten().next() {
                    Some(first) if cycle => {
                        self.error(Code::E0403, first.span, "a default that depends on itself");
                    }
                    _ => self.evaluate_defaults(node, &written),
                }
            }
        }
        for index in 0..self.types.tables.len() {
            self.table_defaults(index);
        }
    }

    /// The fields of a struct, or of all variants of an enum.
    pub(super) fn fields_of(&self, node: usize) -> Box<dyn Iterator<Item = &Field> + '_> {
        match self.types.structs.get(node) {
            Some(strukt) => Box::new(strukt.fields.iter()),
            None => {
                let variants = &self.types.enums[node - self.types.structs.len()].variants;
                Box::new(variants.iter().flat_map(|variant| &variant.fields))
            }
        }
    }

    /// The default of each of those fields, as it is written; none for a field whose type is wrong.
    fn written_defaults(&self, node: usize) -> Vec<Option<&'a ast::Expr>> {
        let syntax: Vec<&'a ast::Field> = match self.declared.structs.get(node) {
            Some(decl) => decl.fields.iter().collect(),
            None => {
                let variants = self.declared.enums[node - self.declared.structs.len()].variants;
                variants.iter().flat_map(|variant| variant.fields.iter()).collect()
            }
        };
        // In the same order; a field that is declared twice is left out of the type.
        let mut syntax = syntax.into_iter();
        self.fields_of(node)
            .map(|field| {
                let written = syntax.find(|written| written.name.span == field.span)?;
                written.default.as_ref().filter(|_| field.ty != Type::Error)
            })
            .collect()
    }

    fn evaluate_defaults(&mut self, node: usize, written: &[Option<&'a ast::Expr>]) {
        let types: Vec<Type> = self.fields_of(node).map(|field| field.ty).collect();
        let values: Vec<Option<Const>> = written
            .iter()
            .zip(types)
            .map(|(written, ty)| self.evaluate_default((*written)?, ty))
            .collect();
        let structs = self.types.structs.len();
        let fields: Box<dyn Iterator<Item = &mut Field>> = match self.types.structs.get_mut(node) {
            Some(strukt) => Box::new(strukt.fields.iter_mut()),
            None => {
                let variants = &mut self.types.enums[node - structs].variants;
                Box::new(variants.iter_mut().flat_map(|variant| &mut variant.fields))
            }
        };
        for (field, value) in fields.zip(values) {
            field.default = value;
        }
    }

    fn table_defaults(&mut self, index: usize) {
        for field in self.declared.tables[index].fields.iter() {
            let Some(default) = &field.default else { continue };
            let fields = &self.types.tables[index].fields;
            let Some(at) = fields.iter().position(|known| known.span == field.name.span) else {
                continue;
            };
            let ty = fields[at].ty;
            let value = self.constant_of_type(default, ty);
            self.types.tables[index].fields[at].default = value;
        }
    }

    /// The value of a field that is not given; `None` when a mistake in it is reported.
    pub(super) fn default_of(&mut self, owner: Owner, index: u32, span: Span) -> Option<Const> {
        let ty = owner.fields(&self.types)[index as usize].ty;
        self.write_out(ty, span)?;
        Const::default_of(&self.types, &owner.fields(&self.types)[index as usize])
    }

    /// Counts a constant that is written out into the program; `None` when that is too much, which
    /// is reported once.
    pub(super) fn write_out(&mut self, ty: Type, span: Span) -> Option<()> {
        let size_max = self.limits.constants_size_max;
        let full = self.constants_size > size_max;
        let layout = self.layouts.as_ref().and_then(|layouts| layouts.of(&self.types, ty));
        self.constants_size += layout.map_or(0, |layout| u64::from(layout.size));
        if self.constants_size <= size_max {
            return Some(());
        }
        if !full {
            let text = format!("the program's constants take more than {size_max} bytes");
            self.error(Code::E0618, span, text);
        }
        None
    }

    fn fold(&mut self, checked: &ir::Expr) -> Option<Const> {
        let text_len_max = self.limits.constant_text_max;
        match fold::fold(Folding { types: &self.types, text_len_max }, checked) {
            Ok(value) => Some(value),
            Err(Failure::Reported) => None,
            Err(Failure::NotConstant(span)) => {
                self.report(known_late(span, "this is"));
                None
            }
            Err(Failure::Traps(span, why)) => {
                self.error(Code::E0405, span, format!("this constant has no value: {why}"));
                None
            }
            Err(Failure::TooLong(span)) => {
                let text = format!("a constant text has more than {text_len_max} bytes");
                self.error(Code::E0612, span, text);
                None
            }
        }
    }

    /// Whether an expression can be constant; what cannot is reported. Unknown names pass: they
    /// are reported when the expression is typed.
    fn admit(&mut self, expr: &'a ast::Expr, site: Site, mentions: &mut Mentions) -> bool {
        let default = site == Site::Default;
        match &expr.kind {
            ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_) | ExprKind::Unit => true,
            ExprKind::None if default => true,
            ExprKind::Str(pieces) => pieces.iter().all(|piece| match piece {
                StrPiece::Text(_) => true,
                StrPiece::Value(value, _) => self.admit(value, site, mentions),
            }),
            ExprKind::Name(name) => self.admit_name(name, expr.span, mentions),
            ExprKind::Paren(inner) | ExprKind::Unary { operand: inner, .. } => {
                self.admit(inner, site, mentions)
            }
            ExprKind::Binary { op, left, right, .. }
                if !matches!(op, BinaryOp::In | BinaryOp::Coalesce) =>
            {
                self.admit(left, site, mentions) && self.admit(right, site, mentions)
            }
            ExprKind::Call { name, args } if !self.names.calls.contains_key(name.text.as_str()) => {
                args.iter().all(|arg| self.admit(arg, site, mentions))
            }
            ExprKind::List(elements) if default => {
                elements.iter().all(|element| self.admit(element, site, mentions))
            }
            ExprKind::Repeat { value, .. } if default => self.admit(value, site, mentions),
            ExprKind::Field { base, .. } if default && self.is_enum(base) => true,
            ExprKind::Method { base, args, .. } if default && self.is_enum(base) => {
                args.iter().all(|arg| self.admit(arg, site, mentions))
            }
            ExprKind::Struct { name, fields } if default => {
                if let Some(TypeName::Struct(id)) = self.type_meaning(&name.text) {
                    mentions.structs.push(id.index());
                }
                let mut values = fields.iter().filter_map(|field| field.value.as_ref());
                values.all(|value| self.admit(value, site, mentions))
            }
            ExprKind::Error => false,
            ExprKind::Field { base, .. }
            | ExprKind::Method { base, .. }
            | ExprKind::Index { base, .. }
                if self.is_unknown(base) =>
            {
                true
            }
            _ if !default && self.is_large_literal(expr) => {
                self.refuse_constant(expr.span, "expected a constant of a simple type");
                false
            }
            _ => {
                let diagnostic = match &expr.kind {
                    ExprKind::Call { name, .. } => {
                        known_late(expr.span, &format!("the result of `{}` is", name.text))
                    }
                    _ => known_late(expr.span, "this is"),
                };
                self.report(match default {
                    true => diagnostic,
                    false => diagnostic.with_help("an `fn` can compute it at each use"),
                });
                false
            }
        }
    }

    /// A value that a default may be, and a `const` may not.
    fn is_large_literal(&self, expr: &ast::Expr) -> bool {
        match &expr.kind {
            ExprKind::None
            | ExprKind::List(_)
            | ExprKind::Repeat { .. }
            | ExprKind::Struct { .. } => true,
            ExprKind::Field { base, .. } | ExprKind::Method { base, .. } => self.is_enum(base),
            _ => false,
        }
    }

    fn refuse_constant(&mut self, span: Span, text: impl Into<String>) {
        self.report(
            Diagnostic::new(Code::E0406, span, text)
                .with_label("expected `int`, `float`, `bool` or `str`")
                .with_help("an `fn` without parameters can return any value"),
        );
    }

    fn admit_name(&mut self, name: &str, span: Span, mentions: &mut Mentions) -> bool {
        match self.names.values.get(name).map(|entry| entry.meaning) {
            Some(ValueName::Constant(index)) => {
                mentions.constants.push(index);
                true
            }
            None if name != "state" => true,
            _ => {
                self.report(known_late(span, &format!("`{name}` is")));
                false
            }
        }
    }

    /// Whether an expression is a name that nothing has, which is what will be said about it.
    fn is_unknown(&self, expr: &ast::Expr) -> bool {
        let ExprKind::Name(name) = &expr.kind else { return false };
        let name = name.as_str();
        name != "state"
            && !self.names.values.contains_key(name)
            && !self.names.types.contains_key(name)
    }

    fn is_enum(&self, expr: &ast::Expr) -> bool {
        let ExprKind::Name(name) = &expr.kind else { return false };
        matches!(self.type_meaning(name), Some(TypeName::Enum(_)))
    }

    /// What a type's name means.
    pub(super) fn type_meaning(&self, name: &str) -> Option<TypeName> {
        self.names.types.get(name).map(|entry| entry.meaning)
    }
}

/// Says that something is there only while a call runs; `what` is its name and the verb.
fn known_late(span: Span, what: &str) -> Diagnostic {
    Diagnostic::new(Code::E0404, span, "this is not a constant expression")
        .with_label(format!("{what} known only while a call runs"))
}
