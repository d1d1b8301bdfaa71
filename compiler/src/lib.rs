//! The Flight compiler: source text in, machine code and a description of it out.
//!
//! It knows no server, no disk, no clock and no threads. Its passes recurse over the program: call
//! [`compile`] and [`inspect`] on a stack of 64 MiB (`limits::TREE_HEIGHT_MAX` is made for it).

pub mod abi;
pub mod ast;
pub mod builtins;
mod codegen;
pub mod diag;
pub mod ir;
pub mod jit;
pub mod layout;
pub mod lexer;
pub mod limits;
pub mod parse;
pub mod source;
pub mod trap;
pub mod types;

use diag::Diagnostic;
use layout::Layouts;

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

impl Program {
    /// Generates the code of a checked program.
    ///
    /// # Errors
    /// What is too large to be compiled, and what this version of Midflight cannot compile yet.
    pub fn generate(
        mut ir: ir::Program,
        layouts: Layouts,
        warnings: Vec<Diagnostic>,
    ) -> Result<Program, Vec<Diagnostic>> {
        let code = codegen::generate(&mut ir, &layouts)?;
        Ok(Program { ir, layouts, code, warnings })
    }
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

/// A part of a checked program as text; the syntax tree is no part of it.
///
/// # Errors
/// As [`Program::generate`].
pub fn inspect_checked(
    program: &mut ir::Program,
    layouts: &Layouts,
    emit: Emit,
) -> Result<String, Vec<Diagnostic>> {
    match emit {
        Emit::Ast => Ok(String::new()),
        Emit::Ir => Ok(format!("{program:#?}\n")),
        Emit::Layout => Ok(layout::print::print(&program.types, layouts, program.state)),
        Emit::Clif => codegen::list(program, layouts, codegen::Listing::Clif),
        Emit::Asm => codegen::list(program, layouts, codegen::Listing::Asm),
    }
}
