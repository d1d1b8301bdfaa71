//! `midflight fmt FILE…`: programs in the one style of Flight.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Failure, on_large_stack, print, read, style};
use crate::report;

#[derive(Args, Debug)]
pub(super) struct Fmt {
    /// Sources in Flight
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Change nothing; fail if a file is in another style
    #[arg(long)]
    check: bool,
}

impl Fmt {
    /// Rewrites the files that are in another style, or names them.
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut others = 0;
        for file in &self.files {
            let source = read(file)?;
            let refused = |mistakes: Vec<_>| report::diagnostics(&source, &mistakes, style());
            let formatted = on_large_stack(|| midflight_compiler::fmt::format(&source))?;
            let formatted = formatted.map_err(|mistakes| Failure(refused(mistakes)))?;
            if formatted == source.text() {
                continue;
            }
            others += 1;
            print(format!("{}\n", file.display()));
            if !self.check {
                replace(file, &formatted)?;
            }
        }
        match self.check && others > 0 {
            true => Err(Failure::with_help("not formatted", "midflight fmt FILE")),
            false => Ok(()),
        }
    }
}

/// Puts a new text in place of a file's, whole or not at all.
fn replace(file: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error| Failure::new(format!("cannot write `{}`: {error}", file.display()));
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    fs::write(&beside, text).map_err(failed)?;
    let permissions = fs::metadata(file).map_err(failed)?.permissions();
    fs::set_permissions(&beside, permissions).map_err(failed)?;
    fs::rename(&beside, file).map_err(failed)
}
