//! The Flight compiler: source text in, machine code and a description of it out.
//!
//! The stages, each a function over the result of the one before it: [`parse::parse`] makes the
//! syntax tree ([`ast`]), [`check::check`] the typed program ([`ir`]) with its layouts
//! ([`layout`]), code generation the machine code ([`jit`]). [`compile`] runs them all,
//! [`inspect`] shows what is in between. Mistakes are [`diag::Diagnostic`]s.
//!
//! What the host has to provide stands in three tables: [`abi`] (the call context and the host
//! functions), [`builtins`] and [`trap`].
//!
//! The crate knows no server, no disk, no clock and no threads. Its passes recurse over the
//! program: call it on a stack of [`limits::COMPILE_STACK_SIZE`] bytes.
//!
//! ```
//! use midflight_compiler::{compile, source::Source};
//!
//! let source = Source::new("two.flight", "get two() -> int { return 1 + 1 }");
//! let program = compile(&source).expect("the program is right");
//! assert_eq!(program.ir.handlers[0].name, "two");
//!
//! let wrong = Source::new("wrong.flight", "get two() -> int { return 1 + true }");
//! let diagnostics = compile(&wrong).expect_err("`true` is no `int`");
//! assert_eq!(diagnostics[0].code.name(), "E0301");
//! ```

#![cfg_attr(not(test), warn(clippy::panic))]

pub mod abi;
pub mod ast;
pub mod builtins;
pub mod check;
mod codegen;
mod deadline;
pub mod diag;
pub mod fmt;
pub mod ir;
pub mod jit;
pub mod layout;
pub mod lexer;
pub mod limits;
pub mod parse;
pub mod planted;
pub mod schema;
pub mod settings;
pub mod source;
pub mod trap;
pub mod types;

pub use check::near::nearest;
pub use deadline::Deadline;

use check::Checked;
use diag::Diagnostic;
use layout::Layouts;
use settings::Settings;
use source::Source;

/// A compiled program.
#[derive(Debug)]
pub struct Program {
    /// What it means: what it declares and what its functions do.
    pub ir: ir::Program,
    /// How its values stand in memory.
    pub layouts: Layouts,
    /// Its machine code.
    pub code: jit::Code,
    /// What is suspicious in its source.
    pub warnings: Vec<Diagnostic>,
}

/// What [`inspect`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emit {
    /// The syntax tree.
    Ast,
    /// The typed program.
    Ir,
    /// Offsets, sizes and alignments.
    Layout,
    /// Cranelift's IR, before optimisation.
    Clif,
    /// Machine code as assembly.
    Asm,
}

/// Reads a source and checks it, without generating code.
///
/// # Errors
/// Everything that is wrong with the source, warnings included, in its order.
pub fn check(source: &Source) -> Result<Checked, Vec<Diagnostic>> {
    let (tree, diagnostics) = parse::parse(source);
    check::check(source, &tree, diagnostics)
}

/// Compiles a source.
///
/// # Errors
/// Everything that is wrong with the source, warnings included, in its order.
pub fn compile(source: &Source) -> Result<Program, Vec<Diagnostic>> {
    compile_with(source, Settings::default())
}

/// Compiles a source as the settings say.
///
/// # Errors
/// As [`compile`].
pub fn compile_with(source: &Source, settings: Settings) -> Result<Program, Vec<Diagnostic>> {
    compile_until(source, settings, Deadline::NEVER)
}

/// Compiles a source as the settings say, unless that takes too long.
///
/// # Errors
/// As [`compile`], and when the deadline has passed.
pub fn compile_until(
    source: &Source,
    settings: Settings,
    deadline: Deadline<'_>,
) -> Result<Program, Vec<Diagnostic>> {
    let settings = settings.limits(settings.limits);
    let (tree, diagnostics) = parse::parse_within(source, &settings.limits);
    if let Some(refusal) = parse::too_many(&tree, settings.limits.declarations_max) {
        return Err(vec![refusal]);
    }
    let within = (None, &settings.limits, deadline);
    let checked = check::check_within(source, &tree, diagnostics, within)?;
    let Checked { program: mut ir, layouts, warnings } = checked;
    let code = codegen::generate(&mut ir, &layouts, settings, deadline)?;
    Ok(Program { ir, layouts, code, warnings })
}

/// Compiles the `migrate` blocks of a source for the layout that is live, and nothing else of it:
/// in what comes out, [`ir::Migration::function`] of those that `live` says are run is there, and
/// the host can enter nothing but them.
///
/// # Errors
/// Everything that is wrong with the source, now that it is known what `old` is.
pub fn compile_migrations(
    source: &Source,
    live: check::Live<'_>,
    settings: Settings,
    deadline: Deadline<'_>,
) -> Result<Program, Vec<Diagnostic>> {
    let settings = settings.limits(settings.limits);
    let (tree, diagnostics) = parse::parse_within(source, &settings.limits);
    let within = (Some(live), &settings.limits, deadline);
    let checked = check::check_within(source, &tree, diagnostics, within)?;
    let Checked { program: mut ir, layouts, warnings } = checked;
    (ir.handlers, ir.timers, ir.tests, ir.on_load) = (vec![], vec![], vec![], None);
    let code = codegen::generate(&mut ir, &layouts, settings, deadline)?;
    Ok(Program { ir, layouts, code, warnings })
}

/// Shows a stage of a source on its way to machine code, as text.
///
/// # Errors
/// As [`compile`]; the syntax tree is shown whatever is wrong with it.
pub fn inspect(source: &Source, emit: Emit) -> Result<String, Vec<Diagnostic>> {
    let (tree, diagnostics) = parse::parse(source);
    if emit == Emit::Ast {
        return Ok(ast::print::print(source, &tree));
    }
    let Checked { program: mut ir, layouts, .. } = check::check(source, &tree, diagnostics)?;
    match emit {
        Emit::Ast => unreachable!("the tree was shown above"),
        Emit::Ir => Ok(ir::print::print(&ir)),
        Emit::Layout => Ok(layout::print::print(&ir.types, &layouts, ir.state)),
        Emit::Clif => codegen::list(&mut ir, &layouts, codegen::Listing::Clif),
        Emit::Asm => codegen::list(&mut ir, &layouts, codegen::Listing::Asm),
    }
}
