//! The manual in `docs/` and the README as their readers meet them: every program is formatted,
//! compiles and passes its tests, every command prints what the page shows, every table that is
//! made from the sources is up to date, every link leads somewhere. `tests/README.md` tells how a
//! page is written.

mod commands;
mod generated;
mod links;
mod page;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, process};

use libtest_mimic::{Arguments, Failed, Trial};
use midflight_compiler::diag::Severity;
use midflight_compiler::diag::render::{Style, render};
use midflight_compiler::fmt;
use midflight_compiler::source::Source;
use midflight_runtime::{Engine, LoadError};
use midflight_tests::reference::suite;
use midflight_tests::transcript::{self, Session};
use midflight_tests::{is_updating, unhurried};

use commands::Targets;
use page::{Block, Files, Page};

/// The `midflight` command.
const PROGRAM: &str = env!("CARGO_BIN_EXE_midflight-under-test");

const ADVICE: &str =
    "to take over what was found: UPDATE=1 cargo test -p midflight-tests --test manual";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = root.canonicalize().expect("the repository is there");
    let trials = pages(&root).into_iter().flat_map(|path| trials(&root, &path)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Every page of the manual in the order of their names, and the README where there is one.
fn pages(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root.join("docs")).expect("the manual is there");
    let paths = entries.map(|entry| entry.expect("a folder can be read").path());
    let mut pages: Vec<PathBuf> = paths.filter(|path| is_markdown(path)).collect();
    pages.sort();
    let readme = root.join("README.md");
    pages.extend(readme.exists().then_some(readme));
    pages
}

fn is_markdown(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}

fn trials(root: &Path, path: &Path) -> Vec<Trial> {
    type Check = fn(&Path, &Path) -> Result<(), String>;
    let checks: [(&str, Check); 4] =
        [("programs", programs), ("shown", shown), ("links", links), ("commands", commands)];
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let trial = |(aspect, check): (&str, Check)| {
        let (root, path) = (root.to_owned(), path.to_owned());
        Trial::test(format!("{name}/{aspect}"), move || {
            check(&root, &path)
                .map_err(|failure| Failed::from(format!("{}: {failure}", path.display())))
        })
    };
    checks.map(trial).into()
}

/// Every program is right, or wrong in the way that its block says.
fn programs(_root: &Path, path: &Path) -> Result<(), String> {
    let page = Page::read(path)?;
    let mut files = Files::new();
    let mut faults = Vec::new();
    for block in page.blocks().filter(|block| block.language() == "flight") {
        if let Err(fault) = program(&block, &mut files) {
            faults.push(format!("line {}: {fault}", block.line));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

fn program(block: &Block<'_>, files: &mut Files) -> Result<(), String> {
    let source = Source::new(block.file().unwrap_or("program.flight"), block.whole(files));
    let shown = |diagnostics: &[_]| render(&source, diagnostics, Style::Plain);
    let engine =
        Engine::builder().memory().code(unhurried()).build().expect("memory needs no store");
    let report = match (engine.test(source.clone()), block.fails()) {
        (Ok(report), None) => report,
        (Ok(_), Some(code)) => return Err(format!("it must fail with {code}, but is accepted")),
        (Err(LoadError::Source { diagnostics, .. }), Some(code)) => {
            let errors =
                diagnostics.iter().filter(|found| found.code.severity() == Severity::Error);
            return match errors.map(|found| found.code.name()).collect::<Vec<_>>().as_slice() {
                [found] if *found == code => Ok(()),
                _ => Err(format!("it must fail with {code}, but says\n{}", shown(&diagnostics))),
            };
        }
        (Err(LoadError::Source { diagnostics, .. }), None) => return Err(shown(&diagnostics)),
        (Err(error), _) => return Err(error.to_string()),
    };
    let warnings: Vec<&str> = report.warnings.iter().map(|found| found.code.name()).collect();
    if warnings != block.warns().as_slice() {
        return Err(format!("it gets other warnings:\n{}", shown(&report.warnings)));
    }
    if fmt::format(&source).is_ok_and(|formatted| formatted != source.text()) {
        return Err("it is not formatted as `midflight fmt` does it".to_owned());
    }
    let failed = report.results.iter().find_map(|test| Some((&test.name, test.trap.as_ref()?)));
    match failed {
        Some((name, trap)) => Err(format!("the test `{name}` failed: {trap}")),
        None => suite::agree(&report, &engine),
    }
}

/// What the page shows is what is there: what commands print, and tables made from the sources.
fn shown(root: &Path, path: &Path) -> Result<(), String> {
    let page = Page::read(path)?;
    let generated = generated::rewrite(&page.text)?;
    let found = Page { text: generated }.with_blocks(Terminal::open(root, path)?.runner())?;
    if found == page.text {
        return Ok(());
    }
    if is_updating() {
        return fs::write(path, found).map_err(|error| error.to_string());
    }
    Err(format!("what it shows is not what is found:\n{}\n{ADVICE}", changed(&page.text, &found)))
}

/// The lines between what two texts have in common at their beginning and their end.
fn changed(expected: &str, found: &str) -> String {
    let (mut expected, mut found): (Vec<_>, Vec<_>) =
        (expected.lines().collect(), found.lines().collect());
    let common = expected.iter().zip(&found).take_while(|(a, b)| a == b).count();
    drop(expected.drain(..common));
    drop(found.drain(..common));
    while expected.last().is_some() && expected.last() == found.last() {
        let _ = (expected.pop(), found.pop());
    }
    let (expected, found) = (expected.join("\n"), found.join("\n"));
    format!("--- expected, from line {}\n{expected}\n--- found\n{found}", common + 1)
}

/// A terminal in a directory of its own, where the page's files are and `dsl-examples` can be seen.
struct Terminal {
    directory: PathBuf,
    session: Session,
}

impl Terminal {
    fn open(root: &Path, page: &Path) -> Result<Terminal, String> {
        let name = page.file_stem().unwrap_or_default().to_string_lossy();
        let directory = env::temp_dir().join(format!("midflight-manual-{}-{name}", process::id()));
        let failed = |error: std::io::Error| format!("{}: {error}", directory.display());
        fs::create_dir_all(&directory).map_err(failed)?;
        std::os::unix::fs::symlink(root.join("dsl-examples"), directory.join("dsl-examples"))
            .map_err(failed)?;
        let session = Session::new(PROGRAM, &directory);
        Ok(Terminal { directory, session })
    }

    /// Writes the files that blocks give and runs the commands of others, in the page's order.
    fn runner(mut self) -> impl FnMut(&Block<'_>) -> Result<Option<String>, String> {
        let mut files = Files::new();
        move |block| {
            if let Some(file) = block.file() {
                let written = fs::write(self.directory.join(file), block.whole(&mut files));
                return written.map(|()| None).map_err(|error| format!("{file}: {error}"));
            }
            if block.language() == "console" { self.run(block).map(Some) } else { Ok(None) }
        }
    }

    /// The block as it should be: what is as expected stays as it is written.
    fn run(&mut self, block: &Block<'_>) -> Result<String, String> {
        let mut steps = transcript::steps(&block.text())?;
        for step in &mut steps {
            let printed = self.session.run(step)?;
            step.take_over(&printed);
        }
        Ok(transcript::written(&steps))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Commands for those who work on Midflight take minutes or hours, and build what is under test:
/// they are not run here. What they name is there.
fn commands(root: &Path, path: &Path) -> Result<(), String> {
    let page = Page::read(path)?;
    let faults = commands::faults(&page, &Targets::read(root)?);
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// Every link to another page or heading leads there, and the table of contents has every page.
fn links(_root: &Path, path: &Path) -> Result<(), String> {
    let page = Page::read(path)?;
    let mut faults = links::broken(&page, path);
    if path.file_name().is_some_and(|name| name == "SUMMARY.md") {
        faults.extend(links::unlisted(&page, path));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}
