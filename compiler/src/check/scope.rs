//! Locals and the scopes that they live in: declares, finds, and at the end says which were never
//! used or never changed.

use foldhash::HashMap;
use smol_str::SmolStr;

use super::body::Body;
use crate::ast::Name;
use crate::diag::{Code, Diagnostic};
use crate::ir::{self, LocalId};
use crate::source::Span;
use crate::types::Type;

/// How a local came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LocalKind {
    /// A parameter that the outside gives, or that a timer is given: never reported as unused.
    OuterParam,
    /// A parameter of a `fn`.
    Param,
    /// `let`, with the word's span.
    Let(Span),
    /// `var`, with the word's span.
    Var(Span),
    /// The number of a `for` over a range.
    Counter,
    /// The element or row of a `for`.
    /// Holds the span of the list or table.
    Element(Span),
    /// Bound by a pattern or by `if let`.
    Pattern,
}

/// What a local is besides its type.
#[derive(Clone, Copy, Debug)]
pub(super) struct LocalFacts {
    pub(super) kind: LocalKind,
    pub(super) span: Span,
    pub(super) used: bool,
}

/// A local that a name means, and how deep its scope is.
#[derive(Clone, Copy, Debug)]
struct Binding {
    local: LocalId,
    depth: usize,
}

/// The locals of one function.
#[derive(Debug, Default)]
pub(super) struct Scopes<'a> {
    pub(super) locals: Vec<ir::Local>,
    /// By `LocalId`; `None` for those that the checker makes.
    facts: Vec<Option<LocalFacts>>,
    /// What each name means here.
    bindings: HashMap<&'a str, Binding>,
    open: Vec<Scope<'a>>,
}

/// A scope that is open.
#[derive(Debug, Default)]
struct Scope<'a> {
    /// The names that it declares, and what each meant before.
    names: Vec<(&'a str, Option<Binding>)>,
    /// It declares names that could not be read.
    lost: bool,
}

impl<'a> Scopes<'a> {
    /// Opens a scope.
    pub(super) fn push(&mut self) {
        self.open.push(Scope::default());
    }

    /// Notes that the innermost scope declares names that could not be read, so that any name may
    /// be one of them.
    pub(super) fn lose(&mut self) {
        if let Some(scope) = self.open.last_mut() {
            scope.lost = true;
        }
    }

    /// Whether a name that is not found may be one that could not be read.
    pub(super) fn has_lost(&self) -> bool {
        self.open.iter().any(|scope| scope.lost)
    }

    /// Closes the innermost scope and forgets its names.
    pub(super) fn pop(&mut self) {
        for (name, before) in self.open.pop().unwrap_or_default().names.into_iter().rev() {
            let _ = match before {
                Some(before) => self.bindings.insert(name, before),
                None => self.bindings.remove(name),
            };
        }
    }

    /// The local that a name means here.
    pub(super) fn find(&self, name: &str) -> Option<LocalId> {
        self.bindings.get(name).map(|binding| binding.local)
    }

    /// Whether the innermost scope declares this name.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.bindings.get(name).is_some_and(|binding| binding.depth == self.open.len())
    }

    /// The names that mean something here, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.open.iter().flat_map(|scope| &scope.names).map(|(name, _)| *name)
    }

    /// What a local is, if the program declares it.
    pub(super) fn facts(&self, local: LocalId) -> Option<LocalFacts> {
        self.facts[local.index()]
    }

    /// Notes that a local's value is used.
    pub(super) fn mark_used(&mut self, local: LocalId) {
        if let Some(facts) = &mut self.facts[local.index()] {
            facts.used = true;
        }
    }

    /// Notes that a `var`, or a part of it, is assigned.
    pub(super) fn mark_assigned(&mut self, local: LocalId) {
        self.locals[local.index()].mutable = true;
    }

    /// A local that the checker makes; its name cannot be written.
    pub(super) fn hidden(&mut self, name: &str, ty: Type) -> LocalId {
        self.add(name.into(), ty, None)
    }

    fn add(&mut self, name: SmolStr, ty: Type, facts: Option<LocalFacts>) -> LocalId {
        let id = LocalId(self.locals.len() as u32);
        self.locals.push(ir::Local { name, ty, mutable: false });
        self.facts.push(facts);
        id
    }

    fn bind(&mut self, name: &'a str, local: LocalId) {
        let depth = self.open.len();
        let Some(scope) = self.open.last_mut() else { return };
        let before = self.bindings.insert(name, Binding { local, depth });
        scope.names.push((name, before));
    }
}

impl<'a> Body<'_, 'a> {
    /// Declares a local in the innermost scope.
    pub(super) fn declare(&mut self, name: &'a Name, ty: Type, kind: LocalKind) -> LocalId {
        let text = name.text.as_str();
        let facts = LocalFacts { kind, span: name.span, used: false };
        let before = self.scopes.bindings.get(text).copied();
        let local = self.scopes.add(name.text.clone(), ty, Some(facts));
        if text.is_empty() {
            self.scopes.lose();
        }
        if text.is_empty() || text == "_" {
            return local;
        }
        match before {
            Some(before) => self.redeclared(name, kind, before, local),
            None => self.hides_declaration(name),
        }
        self.scopes.bind(text, local);
        local
    }

    fn redeclared(&mut self, name: &Name, kind: LocalKind, before: Binding, local: LocalId) {
        let Some(facts) = self.scopes.facts(before.local) else { return };
        // The scope of the parameters is that of the body: nothing stands between them.
        if before.depth == self.scopes.open.len() {
            let (place, help) = match (facts.kind, kind) {
                (LocalKind::Pattern, LocalKind::Pattern) => {
                    ("pattern", "give one of them another name, or write `_`".to_owned())
                }
                (LocalKind::Var(_), _) => ("scope", format!("assign to it: `{} = …`", name.text)),
                _ => ("scope", "give it another name".to_owned()),
            };
            // Which of both a use means, nobody knows.
            self.scopes.locals[local.index()].ty = Type::Error;
            let text = format!("`{}` is declared twice in this {place}", name.text);
            return self.checker.report(
                Diagnostic::new(Code::E0209, name.span, text)
                    .with_note(facts.span, "first declared here")
                    .with_help(help),
            );
        }
        let help = match facts.kind {
            LocalKind::Var(_) => format!("to change the other one: `{} = …`", name.text),
            _ => "give it another name".to_owned(),
        };
        self.checker.report(
            Diagnostic::new(Code::E0703, name.span, format!("`{}` hides another local", name.text))
                .with_note(facts.span, "the other one is declared here")
                .with_help(help),
        );
    }

    fn hides_declaration(&mut self, name: &Name) {
        let Some(entry) = self.checker.names.values.get(name.text.as_str()) else { return };
        let span = entry.span;
        let text = format!("`{}` hides a declaration of the program", name.text);
        self.checker.report(
            Diagnostic::new(Code::E0703, name.span, text)
                .with_note(span, "declared here")
                .with_help("give it another name"),
        );
    }

    /// Notes warnings about locals that do nothing, in the order of their declaration.
    pub(super) fn note_idle_locals(&mut self) {
        for index in 0..self.scopes.locals.len() {
            let Some(facts) = self.scopes.facts[index] else { continue };
            let local = &self.scopes.locals[index];
            let is_quiet = local.name.is_empty() || local.name.starts_with('_');
            if is_quiet || local.ty == Type::Error {
                continue;
            }
            let diagnostic = match facts.kind {
                LocalKind::OuterParam => continue,
                _ if !facts.used => {
                    let quiet = format!("_{}", local.name);
                    let text = format!("`{}` is never used", local.name);
                    Diagnostic::new(Code::E0701, facts.span, text)
                        .with_help(format!("`{quiet}` says that this is meant"))
                        .with_fix(facts.span, quiet)
                }
                LocalKind::Var(word) if !local.mutable => {
                    let text = format!("`{}` never changes", local.name);
                    Diagnostic::new(Code::E0704, facts.span, text)
                        .with_help(format!("`let {}`", local.name))
                        .with_fix(word, "let")
                }
                _ => continue,
            };
            self.checker.idle.push(diagnostic);
        }
    }
}
