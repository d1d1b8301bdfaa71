//! Planted faults, hunted for with generated programs: a suite that finds none of them would prove
//! nothing. Each hunt runs in a process of its own, since a fault may crash it.

use std::env;
use std::process::{Command, ExitCode};

use midflight_compiler::limits::COMPILE_STACK_SIZE;
use midflight_compiler::planted::{Fault, plant};

use super::{FailureKind, Machines, examine, undo};
use crate::generate::Generated;

/// The first argument of a process that hunts a fault, by its name.
const CHILD: &str = "--hunt";

/// The name of no fault.
const NO_FAULT: &str = "none";

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

/// Plants a fault in a process of its own, and hunts it there. What shows it must show nothing
/// without it.
///
/// # Errors
/// That it was not found, or that there can be no process.
pub fn hunt(fault: Fault) -> Result<Find, String> {
    let (code, told) = child(&[CHILD, &format!("{fault:?}")])?;
    let last = told.lines().next_back().unwrap_or_default();
    let (programs, how) = last.split_once(' ').unwrap_or((last, "the process crashes"));
    let find = Find { how: how.to_owned(), programs: programs.parse().unwrap_or_default() };
    if code == Some(0) {
        return Err(format!("nothing shows in {programs} programs that {}", fault.what()));
    }
    match child(&[CHILD, NO_FAULT, programs])? {
        (Some(0), _) => Ok(find),
        _ => Err(format!("program {programs} fails without any fault")),
    }
}

/// Runs this program again with arguments; gives its exit code, unless it crashed, and what it said.
fn child(arguments: &[&str]) -> Result<(Option<i32>, String), String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program).args(arguments).output();
    let output = output.map_err(|error| error.to_string())?;
    Ok((output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// Hunts what a parent wants found, if this process is a child.
pub fn hunt_as_child() -> Option<ExitCode> {
    let mut arguments = env::args().skip(1);
    if arguments.next()? != CHILD {
        return None;
    }
    let name = arguments.next()?;
    let fault = Fault::ALL.iter().copied().find(|fault| format!("{fault:?}") == name);
    plant(fault);
    let only = arguments.next().and_then(|number| number.parse().ok());
    let programs = only.map_or(1..=PROGRAMS + SWEPT_PROGRAMS, |only| only..=only);
    let search = move || programs.into_iter().find_map(look).unwrap_or(ExitCode::SUCCESS);
    let thread = std::thread::Builder::new().stack_size(COMPILE_STACK_SIZE).spawn(search);
    thread.expect("a thread can be made").join().ok()
}

/// Runs one program. Its number is told before, and what it showed behind it.
fn look(number: u64) -> Option<ExitCode> {
    tell(&number.to_string());
    let failure = match number.checked_sub(PROGRAMS + 1) {
        None => examine(&Generated::new(number), Machines::Two(number)).err(),
        Some(swept) => undo::sweep(&Generated::new(swept), undo::AGREED).err(),
    }?;
    tell(&format!("{number} {}", showing(&failure.kind)));
    Some(ExitCode::FAILURE)
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
