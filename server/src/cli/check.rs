//! `midflight check FILE`: the diagnostics, as the compiler shows them.

use std::path::Path;

use super::{Failure, on_large_stack, print, read, style, tell};
use crate::report;

/// Compiles a file and throws the result away; limits of code generation are found so, too.
pub(super) fn run(file: &Path) -> Result<(), Failure> {
    let source = read(file)?;
    let compiled = on_large_stack(|| midflight_compiler::compile(&source))?;
    let show = |diagnostics: &_| report::diagnostics(&source, diagnostics, style());
    let program = compiled.map_err(|diagnostics| Failure(show(&diagnostics)))?;
    tell(&show(&program.warnings));
    let warnings = match program.warnings.len() {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        count => format!(", {count} warnings"),
    };
    print(format!("{}: no mistakes{warnings}\n", source.name()));
    Ok(())
}
