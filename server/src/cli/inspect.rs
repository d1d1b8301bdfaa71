//! `midflight inspect FILE --emit WHAT`: what a program becomes on its way to machine code.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use midflight_compiler::Emit;

use super::{Failure, on_large_stack, print, read, style};
use crate::report;

#[derive(Args, Debug)]
pub(super) struct Inspect {
    /// Source in Flight
    file: PathBuf,
    /// What to show
    #[arg(long, value_enum, default_value_t = What::Ir)]
    emit: What,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// The syntax tree
    Ast,
    /// The typed program
    Ir,
    /// Size, alignment and offset of everything in memory
    Layout,
    /// Cranelift's IR
    Clif,
    /// Machine code as assembly
    Asm,
}

impl Inspect {
    /// Prints it.
    pub(super) fn run(self) -> Result<(), Failure> {
        let source = read(&self.file)?;
        let emit = match self.emit {
            What::Ast => Emit::Ast,
            What::Ir => Emit::Ir,
            What::Layout => Emit::Layout,
            What::Clif => Emit::Clif,
            What::Asm => Emit::Asm,
        };
        let listing = on_large_stack(|| midflight_compiler::inspect(&source, emit))?;
        let refused = |mistakes: Vec<_>| report::diagnostics(&source, &mistakes, style());
        print(listing.map_err(|mistakes| Failure(refused(mistakes)))?);
        Ok(())
    }
}
