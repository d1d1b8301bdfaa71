//! `midflight fmt PATH…`: programs in the one style of Flight.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Failure, on_large_stack, print, read, style};
use crate::report;

#[derive(Args, Debug)]
pub(super) struct Fmt {
    /// Sources in Flight, and folders of them (every `.flight` file below)
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Change nothing; fail if a file is in another style
    #[arg(long)]
    check: bool,
}

impl Fmt {
    /// Rewrites the files that are in another style, or names them.
    pub(super) fn run(self) -> Result<(), Failure> {
        let (mut others, mut unreadable) = (0, String::new());
        let mut files = Vec::new();
        for path in self.paths {
            collect(path, &mut files)?;
        }
        for file in &files {
            let source = read(file)?;
            let refused = |mistakes: Vec<_>| report::diagnostics(&source, &mistakes, style());
            let formatted = on_large_stack(|| midflight_compiler::fmt::format(&source))?;
            // The others are formatted all the same.
            let formatted = match formatted {
                Ok(formatted) => formatted,
                Err(mistakes) => {
                    unreadable.push_str(&refused(mistakes));
                    continue;
                }
            };
            if formatted == source.text() {
                continue;
            }
            others += 1;
            print(format!("{}\n", file.display()));
            if !self.check {
                replace(file, &formatted)?;
            }
        }
        if !unreadable.is_empty() {
            return Err(Failure(unreadable));
        }
        match self.check && others > 0 {
            true => Err(Failure::with_help("not formatted", "midflight fmt PATH")),
            false => Ok(()),
        }
    }
}

/// Adds a file, or the `.flight` files below a folder in the order of their names.
fn collect(path: PathBuf, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if !path.is_dir() {
        files.push(path);
        return Ok(());
    }
    let failed = |error| Failure::new(format!("cannot read `{}`: {error}", path.display()));
    let mut entries = Vec::new();
    for entry in fs::read_dir(&path).map_err(failed)? {
        entries.push(entry.map_err(failed)?.path());
    }
    entries.sort();
    for entry in entries {
        let is_source = entry.extension().is_some_and(|extension| extension == "flight");
        // A link to a folder could lead in circles.
        if is_source || (entry.is_dir() && !entry.is_symlink()) {
            collect(entry, files)?;
        }
    }
    Ok(())
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
