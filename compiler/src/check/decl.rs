//! What is declared: the types of all fields, who holds whom by value, layouts, defaults and
//! signatures. After it, everything that a body can mention has a type.

use std::rc::Rc;

use super::collect::{EnumDecl, FunctionDecl, Role, StructRole, TypeName};
use super::live::Live;
use super::ty::{TypeSite, is_ordered};
use super::{Checker, plain_field};
use crate::ast;
use crate::diag::{Code, Diagnostic};
use crate::ir::Const;
use crate::source::Span;
use crate::types::{Field, StructId, Type, VariantType};

/// What a call of a function needs to know.
#[derive(Clone, Debug)]
pub(super) struct Signature<'a> {
    pub(super) name: &'a str,
    pub(super) name_span: Span,
    pub(super) params: Vec<Param<'a>>,
    /// Some of the parameters could not be read: any arguments may be right.
    pub(super) broken: bool,
    pub(super) result: Type,
    /// How often a timer runs; 0 for everything else.
    pub(super) period_ms: i64,
}

/// A parameter of a signature.
#[derive(Clone, Debug)]
pub(super) struct Param<'a> {
    pub(super) name: &'a ast::Name,
    pub(super) ty: Type,
    /// What is taken where the argument is left out.
    pub(super) default: Option<Const>,
    /// Whether it was written with a default, a wrong one included.
    pub(super) optional: bool,
}

impl<'a> Checker<'a> {
    /// Checks all declarations but their bodies.
    pub(super) fn declarations(&mut self, live: Option<Live<'_>>) {
        self.field_types();
        self.containment();
        if let Some(live) = live {
            self.take_over(live);
        }
        self.measure();
        self.defaults();
        for index in 0..self.declared.functions.len() {
            let signature = self.signature(self.declared.functions[index]);
            self.signatures.push(Rc::new(signature));
        }
    }

    fn field_types(&mut self) {
        for index in 0..self.declared.structs.len() {
            let decl = self.declared.structs[index];
            let is_empty = decl.fields.is_empty() && !decl.broken;
            if decl.role == StructRole::Struct && is_empty {
                self.error(Code::E0409, decl.name_span, "a struct has at least one field");
            }
            self.types.structs[index].fields = self.fields(decl.fields);
        }
        for index in 0..self.declared.enums.len() {
            self.types.enums[index].variants = self.variants(self.declared.enums[index]);
        }
        for index in 0..self.declared.tables.len() {
            self.table(index);
        }
    }

    fn fields(&mut self, fields: &'a [ast::Field]) -> Vec<Field> {
        let mut checked: Vec<Field> = Vec::new();
        let mut seen = std::collections::BTreeMap::new();
        for field in fields {
            let name = &field.name;
            if let Some(first) = seen.insert(name.text.as_str(), name.span) {
                let text = format!("the field `{}` is declared twice", name.text);
                self.report(
                    Diagnostic::new(Code::E0200, name.span, text)
                        .with_note(first, "first declared here"),
                );
                continue;
            }
            let ty = self.resolve(&field.ty, TypeSite::Field);
            let mut plain = plain_field(name, ty, field.doc.clone());
            plain.transient = field.transient.is_some();
            plain.was = field.was.as_ref().map(|was| was.text.to_string());
            checked.push(plain);
        }
        let excess = fields.get(self.limits.fields_max).map(|field| field.name.span);
        self.refuse_many("fields", &mut checked, excess);
        checked
    }

    /// Refuses parts beyond the limit; `excess` is where the first of them stands.
    fn refuse_many<T>(&mut self, what: &str, parts: &mut Vec<T>, excess: Option<Span>) {
        let count_max = self.limits.fields_max;
        let Some(excess) = excess.filter(|_| parts.len() > count_max) else { return };
        let text = format!("a declaration has at most {count_max} {what}");
        self.report(Diagnostic::new(Code::E0615, excess, text).with_label("this is one too many"));
        parts.truncate(count_max);
    }

    fn variants(&mut self, decl: EnumDecl<'a>) -> Vec<VariantType> {
        let EnumDecl { name, variants, broken } = decl;
        if variants.is_empty() && !broken {
            self.error(Code::E0409, name.span, "an enum has at least one variant");
        }
        let mut checked: Vec<VariantType> = Vec::new();
        let mut seen = std::collections::BTreeMap::new();
        for variant in variants {
            let name = &variant.name;
            if let Some(first) = seen.insert(name.text.as_str(), name.span) {
                let text = format!("the variant `{}` is declared twice", name.text);
                self.report(
                    Diagnostic::new(Code::E0200, name.span, text)
                        .with_note(first, "first declared here"),
                );
                continue;
            }
            let fields = self.fields(&variant.fields);
            checked.push(VariantType { name: name.text.to_string(), fields });
        }
        let excess = variants.get(self.limits.fields_max).map(|variant| variant.name.span);
        self.refuse_many("variants", &mut checked, excess);
        checked
    }

    fn table(&mut self, index: usize) {
        let table = self.declared.tables[index];
        let mut fields = self.fields(&table.fields);
        let keys: Vec<(Span, &ast::Field)> =
            table.fields.iter().filter_map(|field| field.key.map(|span| (span, field))).collect();
        match keys.as_slice() {
            [] if table.fields.broken => {}
            [] => {
                let text = format!("table `{}` has no key", table.name.text);
                self.report(
                    Diagnostic::new(Code::E0410, table.name.span, text)
                        .with_help("give it one field like `key id: int`"),
                );
            }
            [(_, only)] => self.key(index, only, &mut fields),
            [(first, _), (second, _), ..] => self.report(
                Diagnostic::new(Code::E0410, *second, "a table has one key")
                    .with_note(*first, "this is the key")
                    .with_help("join the parts into one text: `\"{a}:{b}\"`"),
            ),
        }
        self.types.tables[index].indexes = self.indexes(table, &fields);
        self.types.tables[index].fields = fields;
    }

    fn key(&mut self, index: usize, key: &'a ast::Field, fields: &mut [Field]) {
        let Some(position) = fields.iter().position(|field| field.name == key.name.text) else {
            return;
        };
        self.types.tables[index].key = position as u32;
        let ty = fields[position].ty;
        if !matches!(ty, Type::Int | Type::Str | Type::Error) {
            let text = format!("expected a key of type `int` or `str`, found {}", self.show(ty));
            self.error(Code::E0410, key.ty.span, text);
            fields[position].ty = Type::Error;
        }
        if let Some(default) = &key.default {
            self.error(Code::E0410, default.span, "a key has no default");
        }
        if let Some(transient) = key.transient {
            self.error(Code::E0410, transient, "a key is always durable");
        }
    }

    fn indexes(&mut self, table: &'a ast::Table, fields: &[Field]) -> Vec<u32> {
        let mut indexes: Vec<u32> = Vec::new();
        for name in &table.indexes {
            let Some(position) = fields.iter().position(|field| field.name == name.text) else {
                if table.fields.broken {
                    continue;
                }
                let text = format!("no field `{}` in `{}`", name.text, table.name.text);
                let diagnostic = Diagnostic::new(Code::E0203, name.span, text);
                let known = fields.iter().map(|field| field.name.as_str());
                let diagnostic = self.with_near(diagnostic, name, known);
                let key = format!("{}.{}", table.name.text, name.text);
                self.report_unknown(key, diagnostic);
                let _ = self.unknown_indexes.insert(table.name.text.as_str());
                continue;
            };
            let ty = fields[position].ty;
            if indexes.contains(&(position as u32)) {
                let text = format!("`{}` is indexed twice", name.text);
                self.error(Code::E0411, name.span, text);
            } else if ty != Type::Error && !is_ordered(&self.types, ty) {
                let text = format!("a field of type {} cannot be indexed", self.show(ty));
                self.report(Diagnostic::new(Code::E0411, name.span, text).with_label(
                    "expected `int`, `float`, `bool`, `str` or an enum without payloads",
                ));
            } else {
                indexes.push(position as u32);
            }
        }
        indexes
    }

    fn signature(&mut self, decl: FunctionDecl<'a>) -> Signature<'a> {
        let count_max = self.limits.params_max;
        if decl.params.len() > count_max {
            let text = format!("`{}` has more than {count_max} parameters", decl.name);
            self.report(
                Diagnostic::new(Code::E0611, decl.name_span, text)
                    .with_help("put what belongs together into a struct"),
            );
        }
        let mut params: Vec<Param<'a>> =
            decl.params.iter().map(|param| self.param(decl.role, param)).collect();
        let result = match decl.result {
            Some(written) => self.resolve(written, TypeSite::Result),
            None => Type::Unit,
        };
        let FunctionDecl { role, name, name_span, broken, .. } = decl;
        let period_ms = match role {
            Role::Timer(period) => self.period(period, &mut params, broken),
            _ => 0,
        };
        Signature { name, name_span, params, broken, result, period_ms }
    }

    /// A timer's period in milliseconds; its parameter, if any, is a row.
    fn period(&mut self, written: &'a ast::Expr, params: &mut [Param<'a>], broken: bool) -> i64 {
        let wrong = match params {
            _ if broken => None,
            [] => None,
            [only] => (!matches!(only.ty, Type::Row(_) | Type::Error)).then_some(only),
            [_, second, ..] => Some(second),
        };
        if let Some(param) = wrong {
            let text = "a timer has no parameter, or one row that it runs for";
            self.error(Code::E0414, param.name.span, text);
            param.ty = Type::Error;
        }
        match self.constant_of_type(written, Type::Int) {
            Some(Const::Int(period)) if period >= 1 => return period,
            Some(_) => {
                let text = "expected a period of at least one millisecond";
                self.error(Code::E0414, written.span, text);
            }
            None => {}
        }
        1
    }

    fn param(&mut self, role: Role<'a>, param: &'a ast::Param) -> Param<'a> {
        let site = match role {
            Role::Handler(_) => TypeSite::HandlerParam,
            _ => TypeSite::Param,
        };
        let ty = self.resolve(&param.ty, site);
        let default = match (&param.default, role) {
            (Some(default), Role::Handler(_)) => self.constant_of_type(default, ty),
            (Some(default), _) => {
                let text = "only a handler's parameter can have a default";
                self.error(Code::E0400, default.span, text);
                None
            }
            (None, Role::Handler(_)) if matches!(ty, Type::Optional(_)) => Some(Const::None),
            (None, _) => None,
        };
        let optional = param.default.is_some() || default.is_some();
        Param { name: &param.name, ty, default, optional }
    }

    /// Looks up a struct by name, for literals.
    pub(super) fn struct_named(&mut self, name: &ast::Name) -> Option<StructId> {
        let found = self.names.types.get(name.text.as_str()).map(|entry| entry.meaning);
        let text = match found {
            Some(TypeName::Struct(id)) => return Some(id),
            Some(TypeName::Enum(_)) => format!("expected a struct, found the enum `{}`", name.text),
            Some(TypeName::Table(_)) => {
                let text = format!("expected a struct, found the table `{}`", name.text);
                let insert = format!("insert {}", name.text);
                self.report(
                    Diagnostic::new(Code::E0211, name.span, text)
                        .with_help(format!("`{insert} {{ … }}` makes a row"))
                        .with_fix(name.span, insert),
                );
                return None;
            }
            Some(TypeName::Event(_)) => {
                format!("expected a struct, found the event `{}`", name.text)
            }
            None if self.names.types.contains_key("") => return None,
            None => {
                let text = format!("unknown type `{}`", name.text);
                let diagnostic = Diagnostic::new(Code::E0204, name.span, text);
                let known = self.names.types.iter();
                let known = known.filter(|(_, e)| matches!(e.meaning, TypeName::Struct(_)));
                let diagnostic = self.with_near(diagnostic, name, known.map(|(&name, _)| name));
                self.report_unknown(name.text.as_str(), diagnostic);
                return None;
            }
        };
        self.error(Code::E0211, name.span, text);
        None
    }
}
