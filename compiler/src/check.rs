//! The checker: a syntax tree in, the typed program out.
//!
//! It resolves every name, types every node and *builds* the typed program directly: there are no
//! side tables and no second lowering. The sub-passes, in order:
//!
//! 1. `collect`: every declaration gets an id and enters its name space;
//! 2. `consts`: constants are evaluated, each after those that it depends on;
//! 3. `decl` and `containment`: the types of all fields, who holds whom, layouts, defaults,
//!    signatures;
//! 4. `body`: functions, timers, tests (`stmt`, `loops`, `expr`, `literal`, `fields`, `place`,
//!    `operator`, `control`, `call`, `method`, `variant`, `pattern`, `row`, with `scope` and `ty`
//!    below them);
//! 5. `effects`, `cost` and `stack`: what calling a function changes and takes.
//!
//! It guarantees what `ir` lists as invariants, and that it ends on every tree within the parser's
//! limits. It goes on after a mistake: `Type::Error` and nodes of that type silence what follows.
//! It knows nothing about machine code.

mod body;
mod call;
mod collect;
mod consts;
mod containment;
mod control;
mod cost;
mod cycles;
mod decl;
mod effects;
mod exhaust;
mod expr;
mod fields;
mod fold;
mod literal;
mod live;
mod loops;
mod method;
mod migrate;
mod mismatch;
pub(crate) mod near;
mod operator;
mod pattern;
mod place;
mod program;
mod row;
mod scope;
mod stack;
mod stmt;
mod ty;
mod variant;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::ast;
use crate::deadline::Deadline;
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::ir::{self, FuncId};
use crate::layout::Layouts;
use crate::limits::Limits;
use crate::source::{Source, Span};
use crate::types::{Field, StructId, StructType, Type, Types};

use collect::{Declared, Names};
use consts::Constant;
use decl::Signature;
pub use live::Live;
use live::Typed;
use migrate::Migrations;

/// A program without errors.
#[derive(Debug)]
pub struct Checked {
    /// The typed program.
    pub program: ir::Program,
    /// The layouts of what it declares.
    pub layouts: Layouts,
    /// Warnings, in the order of the source.
    pub warnings: Vec<Diagnostic>,
}

/// Checks a program. `diagnostics` is what parsing found; one list in the order of the source
/// comes out of both.
///
/// Recurses over the tree, whose height the parser limits: it wants a stack of 64 MiB for the
/// largest programs.
///
/// # Errors
/// All mistakes of the parser and the checker, warnings among them, if there is one error.
pub fn check(
    source: &Source,
    program: &ast::Program,
    diagnostics: Diagnostics,
) -> Result<Checked, Vec<Diagnostic>> {
    check_within(source, program, diagnostics, (None, &Limits::default(), Deadline::NEVER))
}

/// Checks a program within these limits, unless that takes too long; where it is to be migrated to,
/// with the functions that do so.
///
/// # Errors
/// As [`check`], and when the deadline has passed.
pub(crate) fn check_within(
    source: &Source,
    program: &ast::Program,
    diagnostics: Diagnostics,
    (live, limits, deadline): (Option<Live<'_>>, &Limits, Deadline<'_>),
) -> Result<Checked, Vec<Diagnostic>> {
    let mut checker = Checker::new(source, *limits, diagnostics);
    checker.collect(program);
    checker.constants();
    checker.declarations(live);
    let mut functions = checker.bodies(deadline)?;
    let migrations = checker.migrations(&mut functions);
    checker.finish(functions, migrations)
}

/// What all sub-passes share.
struct Checker<'a> {
    source: &'a Source,
    limits: Limits,
    diagnostics: Diagnostics,
    names: Names<'a>,
    declared: Declared<'a>,
    types: Types,
    /// The fields of `state`.
    state: StructId,
    /// By number; one that has no value yet, or never gets one, has the type `Error`.
    constants: Vec<Constant>,
    /// By `FuncId`, as soon as the declarations are checked.
    signatures: Vec<Rc<Signature<'a>>>,
    /// There as soon as the declarations are checked, unless a type is too large.
    layouts: Option<Layouts>,
    /// For each `migrate` block whether it is to be run, and with which types; empty where nothing
    /// is known of what is live.
    typed_migrations: Vec<Option<Typed>>,
    /// How deep each declared type is nested (`containment`).
    type_depths: Vec<u32>,
    /// Tables with an index on a field that they do not have: another one was meant.
    unknown_indexes: BTreeSet<&'a str>,
    /// Unknown names that need not be reported again; a field with its owner before it.
    unknown: BTreeSet<String>,
    /// The names of declarations that could not be read.
    lost: BTreeSet<&'a str>,
    /// The calls of functions without a result, and those of these that return a value all the same:
    /// one mistake, which is theirs and not the callers'.
    calls_of_nothing: Vec<(FuncId, Span)>,
    lacking_results: BTreeSet<FuncId>,
    /// Warnings about what does nothing: beside a mistake they are no news.
    idle: Vec<Diagnostic>,
    /// Bytes of the constants that were written out so far.
    constants_size: u64,
}

impl<'a> Checker<'a> {
    fn new(source: &'a Source, limits: Limits, diagnostics: Diagnostics) -> Checker<'a> {
        Checker {
            source,
            limits,
            diagnostics,
            names: Names::default(),
            declared: Declared::default(),
            types: Types::default(),
            state: StructId(0),
            constants: Vec::new(),
            signatures: Vec::new(),
            layouts: None,
            typed_migrations: Vec::new(),
            type_depths: Vec::new(),
            unknown_indexes: BTreeSet::new(),
            unknown: BTreeSet::new(),
            lost: BTreeSet::new(),
            calls_of_nothing: Vec::new(),
            lacking_results: BTreeSet::new(),
            idle: Vec::new(),
            constants_size: 0,
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.report(diagnostic);
    }

    fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.report(Diagnostic::new(code, span, message));
    }

    /// Adds the near name to a message about an unknown one. Not beyond the limit on errors, so
    /// that a source full of unknown names is not compared with a source full of known ones.
    fn with_near<'n>(
        &self,
        diagnostic: Diagnostic,
        name: &ast::Name,
        candidates: impl IntoIterator<Item = &'n str>,
    ) -> Diagnostic {
        if self.diagnostics.is_full() {
            return diagnostic;
        }
        match near::nearest(&name.text, candidates) {
            Some(near) => diagnostic.with_help(format!("`{near}`")).with_fix(name.span, near),
            None => diagnostic,
        }
    }

    /// Reports an unknown name. Where a fix is known it is a slip, each time; otherwise one
    /// declaration is missing, and the first mention says so for all.
    fn report_unknown(&mut self, name: impl Into<String>, diagnostic: Diagnostic) {
        if self.lost.contains(self.source.slice(diagnostic.span)) {
            return;
        }
        if diagnostic.fix.is_some() || self.unknown.insert(name.into()) {
            self.report(diagnostic);
        }
    }

    /// Whether some of what a type declares could not be read: then nothing is said about what it
    /// lacks.
    fn is_broken(&self, ty: Type) -> bool {
        match ty {
            Type::Struct(id) => self.declared.structs[id.index()].broken,
            Type::Enum(id) => self.declared.enums[id.index()].broken,
            Type::Row(id) => {
                self.declared.tables.get(id.index()).is_some_and(|table| table.fields.broken)
            }
            _ => false,
        }
    }

    /// The type in backticks, as messages show it.
    fn show(&self, ty: Type) -> String {
        format!("`{}`", self.types.show(ty))
    }

    fn finish(
        mut self,
        mut functions: Vec<ir::Function>,
        migrations: Migrations,
    ) -> Result<Checked, Vec<Diagnostic>> {
        for (function, span) in std::mem::take(&mut self.calls_of_nothing) {
            if self.lacking_results.contains(&function) {
                self.diagnostics.forget(&[Code::E0300, Code::E0301, Code::E0306], span);
            }
        }
        if !self.diagnostics.has_errors() {
            let stack_max = self.limits.stack_max;
            effects::complete(&mut functions, &self.types, (stack_max, &mut self.diagnostics));
            std::mem::take(&mut self.idle).into_iter().for_each(|warning| self.report(warning));
        }
        let Some(layouts) = self.layouts.take().filter(|_| !self.diagnostics.has_errors()) else {
            return Err(self.diagnostics.sorted());
        };
        let warnings = self.diagnostics.sorted();
        debug_assert!(warnings.iter().all(|d| d.severity == Severity::Warning));
        let program = self.program(functions, migrations);
        if cfg!(debug_assertions) {
            ir::verify::verify(&program);
        }
        Ok(Checked { program, layouts, warnings })
    }
}

/// A field without more than a name and a type.
fn plain_field(name: &ast::Name, ty: Type, doc: Option<String>) -> Field {
    Field {
        name: name.text.to_string(),
        ty,
        default: None,
        span: name.span,
        doc,
        was: None,
        transient: false,
    }
}

/// A struct whose fields are not known yet.
fn empty_struct(name: &str, doc: Option<String>) -> StructType {
    StructType { name: name.to_owned(), fields: Vec::new(), doc }
}
