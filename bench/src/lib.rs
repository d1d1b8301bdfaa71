//! Midflight beside native Rust, and beside whatever else a user would take, on the same work.
//!
//! What is compared stands in one table (`works::PIECES`); for each piece there are any number of
//! contenders, whose answers must agree before and while they are timed, in turn. Whoever else wants
//! to be compared is a [`Rival`] (`bench/rivals`). What has no counterpart is measured by itself
//! (`worlds`, `migrate`, `swap`, `memory`), and how costs grow by `growth`. One run gives a
//! `report::Report`, which is printed, written as JSON and Markdown, and drawn.

mod growth;
mod http;
mod machine;
mod measure;
mod memory;
mod migrate;
mod options;
mod piece;
mod report;
mod restart;
mod swap;
#[cfg(test)]
mod tests;
mod works;
mod worlds;

pub mod bank;
pub mod rows;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

pub use machine::locked;
pub use piece::{Answer, Contender, Rival, Work};
pub use works::source::functions;

use machine::Machine;
use measure::{Row, Settings};
use options::Options;
use report::{Report, Section};

/// What goes wrong, in words.
pub type Error = Box<dyn std::error::Error>;

/// What is measured by itself: heading, and how.
type Group = (&'static str, fn(Settings) -> Result<Vec<Row>, Error>);

/// The first are measured while the process is small: they tell differences of its size.
const GROUPS: &[Group] = &[
    ("Memory", memory::measure),
    ("Worlds", worlds::measure),
    ("Migration, rows of 64 bytes", migrate::measure),
    ("Restart", restart::measure),
    ("Calls over HTTP, and swaps", swap::measure),
];

/// The program: reads the command line, measures, and reports. `lock` is the text of the
/// `Cargo.lock` that it was built with. Fails, and says why, when something cannot be measured, or when
/// contenders give different answers or cannot be set up.
pub fn run(lock: &str, rivals: Result<Vec<Rival>, Error>) -> ExitCode {
    match rivals.and_then(|rivals| try_run(lock, &rivals)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where even this cannot be written, the status still tells.
            let _ = writeln!(std::io::stderr(), "the bench ended: {error}");
            ExitCode::FAILURE
        }
    }
}

fn try_run(lock: &str, rivals: &[Rival]) -> Result<(), Error> {
    let options = Options::parse();
    if let Some(kind) = options.serve {
        return http::run(kind);
    }
    let report = measure(&options, lock, rivals)?;
    let mut out = std::io::stdout().lock();
    out.write_all(report::text::text(&report).as_bytes())?;
    options.write(&report)
}

fn measure(options: &Options, lock: &str, rivals: &[Rival]) -> Result<Report, Error> {
    let settings = Settings::new(options.quick);
    let machine = Machine::here(lock, rivals);
    let mut sections: Vec<Section> = Vec::new();
    for (title, measure) in GROUPS {
        if options.wants(title) {
            progress(title)?;
            sections.push(Section { title, rows: measure(settings)? });
        }
    }
    // They are told behind the works.
    let groups = std::mem::take(&mut sections);
    for piece in works::PIECES {
        if !options.wants(piece.name) && !options.wants(piece.section) {
            continue;
        }
        progress(piece.name)?;
        let row = piece.measure(rivals, settings)?;
        match sections.iter_mut().find(|section| section.title == piece.section) {
            Some(section) => section.rows.push(row),
            None => sections.push(Section { title: piece.section, rows: vec![row] }),
        }
    }
    sections.extend(groups);
    let growth = if options.wants("growth") {
        progress("growth")?;
        growth::measure(settings)?
    } else {
        Vec::new()
    };
    Ok(Report { machine, is_quick: options.quick, rounds: settings.rounds, sections, growth })
}

/// Says what is under way, where it does not get into the report.
fn progress(what: &str) -> Result<(), Error> {
    Ok(writeln!(std::io::stderr(), "… {what}")?)
}
