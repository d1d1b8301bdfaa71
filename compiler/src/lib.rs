//! The Flight compiler: source text in, machine code and a description of it out.
//!
//! It knows no server, no disk, no clock and no threads.

pub mod abi;
pub mod ast;
pub mod builtins;
pub mod diag;
pub mod ir;
pub mod jit;
pub mod layout;
pub mod limits;
pub mod schema;
pub mod source;
pub mod trap;
pub mod types;

/// tmp
#[derive(Debug)]
pub struct Program {
    pub ir: ir::Program,
    pub layouts: layout::Layouts,
    pub code: jit::Code,
    pub warnings: Vec<diag::Diagnostic>,
}
/// tmp
pub fn compile(source: &source::Source) -> Result<Program, Vec<diag::Diagnostic>> {
    let _ = source;
    Err(Vec::new())
}
