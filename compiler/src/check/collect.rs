//! The first sub-pass: gives every declaration an id and enters its name, so that declarations may
//! stand in any order. A name that is declared twice belongs to the first; the second is checked
//! all the same.

use std::collections::BTreeMap;

use super::{Checker, empty_struct};
use crate::ast::{self, FuncKind, Item, ItemKind, Name};
use crate::diag::{Code, Diagnostic};
use crate::ir::{EventId, FuncId};
use crate::source::Span;
use crate::types::{EnumId, EnumType, StructId, TableId, TableType};

/// A name's meaning and where it was declared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<T> {
    pub(super) meaning: T,
    pub(super) span: Span,
}

/// One name space; ordered, so that messages do not depend on hashing.
pub(super) type Space<'a, T> = BTreeMap<&'a str, Entry<T>>;

/// What a type's name can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypeName {
    Struct(StructId),
    Enum(EnumId),
    Table(TableId),
    Event(EventId),
}

/// What a value's name can mean outside of functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueName {
    Constant(usize),
    Table(TableId),
}

/// The name spaces; locals live in `scope`, methods are the built-ins'.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    pub(super) types: Space<'a, TypeName>,
    pub(super) values: Space<'a, ValueName>,
    pub(super) calls: Space<'a, FuncId>,
}

/// What a `fn`-like declaration is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role<'a> {
    /// `fn`
    Fn,
    /// `get` or `post`
    Handler(FuncKind),
    /// `every`, with its period
    Timer(&'a ast::Expr),
    /// `on load`
    OnLoad,
    /// `test`
    Test,
}

/// A declaration with a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct FunctionDecl<'a> {
    pub(super) role: Role<'a>,
    pub(super) name: &'a str,
    pub(super) name_span: Span,
    pub(super) params: &'a [ast::Param],
    /// Some of its parameters could not be read.
    pub(super) broken: bool,
    pub(super) result: Option<&'a ast::TypeExpr>,
    pub(super) body: &'a ast::Block,
    pub(super) doc: Option<&'a str>,
}

/// What a struct stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StructRole {
    Struct,
    State,
    Event,
}

/// A declaration of fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct StructDecl<'a> {
    pub(super) role: StructRole,
    pub(super) name_span: Span,
    pub(super) fields: &'a [ast::Field],
    /// Some of its fields could not be read.
    pub(super) broken: bool,
}

/// A declaration of variants.
#[derive(Clone, Copy, Debug)]
pub(super) struct EnumDecl<'a> {
    pub(super) name: &'a Name,
    pub(super) variants: &'a [ast::Variant],
    /// Some of its variants, or of their fields, could not be read.
    pub(super) broken: bool,
}

/// A `migrate` block.
#[derive(Clone, Copy, Debug)]
pub(super) struct MigrateDecl<'a> {
    pub(super) target: &'a Name,
    pub(super) old: &'a Name,
    pub(super) fields: &'a [(Name, ast::Expr)],
    pub(super) span: Span,
}

/// A `migrate` or `drop`, to be checked after everything else.
#[derive(Clone, Copy, Debug)]
pub(super) enum Migration<'a> {
    Block(MigrateDecl<'a>),
    DropTable(&'a Name),
    DropField(&'a Name, &'a Name),
}

impl<'a> Migration<'a> {
    /// The block, if it is one.
    pub(super) fn block(&self) -> Option<&MigrateDecl<'a>> {
        match self {
            Migration::Block(block) => Some(block),
            Migration::DropTable(_) | Migration::DropField(..) => None,
        }
    }
}

/// The syntax of every declaration, by its id.
#[derive(Debug, Default)]
pub(super) struct Declared<'a> {
    pub(super) constants: Vec<(&'a Name, &'a ast::Expr)>,
    pub(super) structs: Vec<StructDecl<'a>>,
    pub(super) enums: Vec<EnumDecl<'a>>,
    pub(super) tables: Vec<&'a ast::Table>,
    /// Name, fields and documentation of each event, by `EventId`.
    pub(super) events: Vec<(&'a Name, StructId, Option<&'a str>)>,
    pub(super) functions: Vec<FunctionDecl<'a>>,
    pub(super) migrations: Vec<Migration<'a>>,
    /// Where the first `on load` stands.
    pub(super) on_load: Option<Span>,
}

/// Declares a name, unless somebody was first: then says so. One that could not be read is the
/// empty name, which may stand for several.
fn declare<'a, T: Copy>(
    space: &mut Space<'a, T>,
    name: &'a Name,
    meaning: T,
) -> Option<Diagnostic> {
    if name.text.is_empty() {
        // Any name that is not found may be this one.
        let _ = space.insert("", Entry { meaning, span: name.span });
        return None;
    }
    if let Some(first) = space.get(name.text.as_str()) {
        return Some(twice(name, first.span));
    }
    let _ = space.insert(&name.text, Entry { meaning, span: name.span });
    None
}

fn twice(name: &Name, first: Span) -> Diagnostic {
    Diagnostic::new(Code::E0200, name.span, format!("`{}` is declared twice", name.text))
        .with_note(first, "first declared here")
        .with_help("give one of them another name, or remove it")
}

impl<'a> Checker<'a> {
    /// Collects every declaration of the program.
    pub(super) fn collect(&mut self, program: &'a ast::Program) {
        let mut state: Option<Span> = None;
        self.types.structs.push(empty_struct("state", None));
        self.declared.structs.push(StructDecl {
            role: StructRole::State,
            name_span: Span::default(),
            fields: &[],
            broken: false,
        });
        // What nobody can read may have been it.
        let is_lost = program.items.iter().any(|item| matches!(item.kind, ItemKind::Error));
        self.declared.structs[0].broken = is_lost;
        self.lost.extend(program.lost.iter().map(String::as_str));
        for item in &program.items {
            match &item.kind {
                ItemKind::State { fields, .. } if fields.broken && state.is_some() => {}
                ItemKind::State { keyword, fields } => match state {
                    Some(_) if self.declared.structs[0].broken => {}
                    Some(first) => self.only_once("state", *keyword, first),
                    None => {
                        state = Some(*keyword);
                        self.types.structs[0].doc.clone_from(&item.doc);
                        let role = StructRole::State;
                        self.declared.structs[0] = struct_decl(role, *keyword, fields);
                    }
                },
                _ => self.collect_item(item),
            }
        }
    }

    fn only_once(&mut self, what: &str, span: Span, first: Span) {
        self.report(
            Diagnostic::new(Code::E0401, span, format!("`{what}` can stand only once"))
                .with_note(first, "first declared here"),
        );
    }

    fn collect_item(&mut self, item: &'a Item) {
        match &item.kind {
            ItemKind::Const { name, value } => {
                let meaning = ValueName::Constant(self.declared.constants.len());
                self.declared.constants.push((name, value));
                self.declare_value(name, meaning);
            }
            ItemKind::Struct { name, fields } => {
                let id = self.add_struct(StructRole::Struct, name, fields, item);
                self.declare_type(name, TypeName::Struct(id));
            }
            ItemKind::Enum { name, variants } => self.collect_enum(name, variants, item),
            ItemKind::Table(table) => self.collect_table(table, item),
            ItemKind::Event { name, fields } => {
                let id = EventId(self.declared.events.len() as u32);
                let fields = self.add_struct(StructRole::Event, name, fields, item);
                self.declared.events.push((name, fields, item.doc.as_deref()));
                self.declare_type(name, TypeName::Event(id));
            }
            ItemKind::Migrate { target, .. } if target.text.is_empty() => {}
            ItemKind::DropTable { name } if name.text.is_empty() => {}
            ItemKind::DropField { field, .. } if field.text.is_empty() => {}
            ItemKind::Migrate { target, old, fields } => {
                let decl = MigrateDecl { target, old, fields, span: item.span };
                self.declared.migrations.push(Migration::Block(decl));
            }
            ItemKind::DropTable { name } => {
                self.declared.migrations.push(Migration::DropTable(name));
            }
            ItemKind::DropField { table, field } => {
                self.declared.migrations.push(Migration::DropField(table, field));
            }
            ItemKind::Func(_)
            | ItemKind::Timer { .. }
            | ItemKind::OnLoad { .. }
            | ItemKind::Test { .. } => self.collect_function(item),
            ItemKind::State { .. } | ItemKind::Error => {}
        }
    }

    fn add_struct(
        &mut self,
        role: StructRole,
        name: &'a Name,
        fields: &'a ast::Parts<ast::Field>,
        item: &Item,
    ) -> StructId {
        let id = StructId(self.types.structs.len() as u32);
        self.types.structs.push(empty_struct(&name.text, item.doc.clone()));
        self.declared.structs.push(struct_decl(role, name.span, fields));
        id
    }

    fn collect_enum(
        &mut self,
        name: &'a Name,
        variants: &'a ast::Parts<ast::Variant>,
        item: &Item,
    ) {
        let id = EnumId(self.types.enums.len() as u32);
        let doc = item.doc.clone();
        self.types.enums.push(EnumType { name: name.text.to_string(), variants: Vec::new(), doc });
        let broken = variants.broken || variants.iter().any(|variant| variant.fields.broken);
        self.declared.enums.push(EnumDecl { name, variants, broken });
        self.declare_type(name, TypeName::Enum(id));
    }

    fn collect_table(&mut self, table: &'a ast::Table, item: &Item) {
        let id = TableId(self.types.tables.len() as u32);
        self.types.tables.push(TableType {
            name: table.name.text.to_string(),
            fields: Vec::new(),
            // Until the key is found; a table without one stays silent.
            key: u32::MAX,
            indexes: Vec::new(),
            was: table.was.as_ref().map(|was| was.text.to_string()),
            doc: item.doc.clone(),
        });
        self.declared.tables.push(table);
        self.declare_type(&table.name, TypeName::Table(id));
        // A mistake in the name is reported once, as that of a type.
        let entry = Entry { meaning: ValueName::Table(id), span: table.name.span };
        match self.names.values.get(table.name.text.as_str()) {
            Some(first) if matches!(first.meaning, ValueName::Constant(_)) => {
                let first = first.span;
                self.report(twice(&table.name, first));
            }
            Some(_) => {}
            None => {
                let _ = self.names.values.insert(&table.name.text, entry);
            }
        }
    }

    fn collect_function(&mut self, item: &'a Item) {
        let Some(mut decl) = function_decl(item) else { return };
        if let Role::OnLoad = decl.role {
            let words = self.source.slice(decl.name_span).trim_end().len();
            decl.name_span.end = decl.name_span.start + words as u32;
        }
        let id = FuncId(self.declared.functions.len() as u32);
        self.declared.functions.push(decl);
        match &item.kind {
            ItemKind::Func(func) => {
                if func.kind != FuncKind::Fn && func.name.text == "load" {
                    let text = "`load` is taken: `POST /load` loads a program";
                    self.report(
                        Diagnostic::new(Code::E0210, func.name.span, text)
                            .with_help("give the handler another name"),
                    );
                }
                self.declare_call(&func.name, id);
            }
            ItemKind::Timer { name, .. } => {
                self.declare_call(name, id);
            }
            ItemKind::OnLoad { .. } => match self.declared.on_load {
                Some(first) => self.only_once("on load", decl.name_span, first),
                None => self.declared.on_load = Some(decl.name_span),
            },
            _ => {}
        }
    }

    fn declare_type(&mut self, name: &'a Name, meaning: TypeName) {
        if matches!(name.text.as_str(), "int" | "float" | "bool" | "str") {
            let text = format!("`{}` is the name of a built-in type", name.text);
            return self.error(Code::E0210, name.span, text);
        }
        if let Some(twice) = declare(&mut self.names.types, name, meaning) {
            self.report(twice);
        }
    }

    fn declare_value(&mut self, name: &'a Name, meaning: ValueName) {
        if let Some(twice) = declare(&mut self.names.values, name, meaning) {
            self.report(twice);
        }
    }

    fn declare_call(&mut self, name: &'a Name, id: FuncId) {
        if let Some(twice) = declare(&mut self.names.calls, name, id) {
            self.report(twice);
        }
    }
}

fn struct_decl(
    role: StructRole,
    name_span: Span,
    fields: &ast::Parts<ast::Field>,
) -> StructDecl<'_> {
    StructDecl { role, name_span, fields, broken: fields.broken }
}

/// What has a body, in one form.
fn function_decl(item: &Item) -> Option<FunctionDecl<'_>> {
    let doc = item.doc.as_deref();
    let decl = match &item.kind {
        ItemKind::Func(func) => FunctionDecl {
            role: match func.kind {
                FuncKind::Fn => Role::Fn,
                kind => Role::Handler(kind),
            },
            name: &func.name.text,
            name_span: func.name.span,
            params: &func.params,
            broken: func.params.broken,
            result: func.result.as_ref(),
            body: &func.body,
            doc,
        },
        ItemKind::Timer { period, name, params, result, body } => FunctionDecl {
            role: Role::Timer(period),
            name: &name.text,
            name_span: name.span,
            params,
            broken: params.broken,
            result: result.as_ref(),
            body,
            doc,
        },
        ItemKind::OnLoad { body } => FunctionDecl {
            role: Role::OnLoad,
            name: "on load",
            // Up to the body: the two words, and space that is cut off later.
            name_span: Span::new(item.span.start, body.span.start.max(item.span.start)),
            params: &[],
            broken: false,
            result: None,
            body,
            doc,
        },
        ItemKind::Test { name, name_span, body } => FunctionDecl {
            role: Role::Test,
            name,
            name_span: *name_span,
            params: &[],
            broken: false,
            result: None,
            body,
            doc,
        },
        _ => return None,
    };
    Some(decl)
}
