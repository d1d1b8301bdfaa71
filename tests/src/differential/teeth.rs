//! Planted faults, hunted for with generated programs: a suite that finds none of them would prove
//! nothing. Each hunt runs in a process of its own, since a fault may crash it.

use std::env;
use std::process::{Command, ExitCode};

use midflight_compiler::limits::COMPILE_STACK_SIZE;
use midflight_compiler::planted::{Fault, plant};

use super::{Failure, FailureKind, Machines, examine, undo};
use crate::generate::Generated;

/// The first argument of a process that hunts a fault, by its name.
const CHILD: &str = "--hunt";

/// Programs that are run everywhere.
const PROGRAMS: u64 = 2_000;

/// Programs whose calls are cut short, where the others have not shown the fault.
const SWEPT_PROGRAMS: u64 = 150;

/// How a fault was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Find {
    /// In what it showed.
    pub how: String,
    /// The number of programs that it took.
    pub programs: u64,
}

/// Plants a fault in a process of its own, and hunts it there.
///
/// # Errors
/// That it was not found, or that there can be no process.
pub fn hunt(fault: Fault) -> Result<Find, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program).args([CHILD, &format!("{fault:?}")]).output();
    let output = output.map_err(|error| error.to_string())?;
    let told = String::from_utf8_lossy(&output.stdout);
    let mut lines = told.lines().rev();
    let last = lines.next().unwrap_or_default();
    let (programs, how) = last.split_once(' ').unwrap_or((last, ""));
    let programs = programs.parse::<u64>().unwrap_or_default();
    match output.status.code() {
        Some(0) => Err(format!("nothing shows in {programs} programs that {}", fault.what())),
        Some(1) => Ok(Find { how: how.to_owned(), programs }),
        _ => Ok(Find { how: "the process crashes".to_owned(), programs }),
    }
}

/// Hunts what a parent wants found, if this process is a child.
pub fn hunt_as_child() -> Option<ExitCode> {
    let mut arguments = env::args().skip(1);
    if arguments.next()? != CHILD {
        return None;
    }
    let name = arguments.next()?;
    let fault = Fault::ALL.iter().copied().find(|fault| format!("{fault:?}") == name);
    plant(Some(fault?));
    let thread = std::thread::Builder::new().stack_size(COMPILE_STACK_SIZE).spawn(search);
    thread.expect("a thread can be made").join().ok()
}

/// Prints the number of each program before it runs, and what it showed behind the last one.
fn search() -> ExitCode {
    let agreement = (0..PROGRAMS).map(|seed| {
        let generated = Generated::new(seed);
        move || examine(&generated, Machines::Two(seed)).err()
    });
    let undo = (0..SWEPT_PROGRAMS).map(|seed| {
        let generated = Generated::new(seed);
        move || undo::sweep(&generated).err()
    });
    let mut programs = 0;
    let mut look = |failure: &dyn Fn() -> Option<Failure>| {
        programs += 1;
        tell(&programs.to_string());
        let failure = failure()?;
        tell(&format!("{programs} {}", showing(&failure.kind)));
        Some(ExitCode::FAILURE)
    };
    let found = agreement.into_iter().find_map(|program| look(&program));
    found
        .or_else(|| undo.into_iter().find_map(|program| look(&program)))
        .unwrap_or(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn tell(line: &str) {
    println!("{line}");
}

fn showing(kind: &FailureKind) -> String {
    match kind {
        FailureKind::Differs(aspect) => format!("{aspect}"),
        FailureKind::LoadDiffers => "whether it loads, or how its tests end".to_owned(),
        FailureKind::Panicked(_) => "a panic".to_owned(),
        FailureKind::Refused(code) => code.clone(),
    }
}
