//! Do the tests bite? Each fault that can be planted in code generation and runtime is planted, one at
//! a time, and generated programs have to show it. `docs/testing.md` has the table of what was found;
//! `UPDATE=1` writes it again.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, thread};

use libtest_mimic::{Arguments, Failed, Trial};
use midflight_compiler::planted::Fault;
use midflight_tests::differential::teeth::{Find, hunt, hunt_as_child};
use midflight_tests::is_updating;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/testing.md");
const BEGIN: &str = "<!-- faults -->\n";
const END: &str = "<!-- faults end -->\n";

fn main() -> ExitCode {
    if let Some(code) = hunt_as_child() {
        return code;
    }
    let test = Trial::test("every_planted_fault_is_found", every_planted_fault_is_found);
    libtest_mimic::run(&Arguments::from_args(), vec![test]).exit_code()
}

fn every_planted_fault_is_found() -> Result<(), Failed> {
    let found = hunt_all();
    let missed: Vec<&str> =
        found.iter().filter_map(|(_, find)| find.as_ref().err()).map(String::as_str).collect();
    if !missed.is_empty() {
        return Err(missed.join("\n").into());
    }
    let page = fs::read_to_string(PAGE)?;
    let (before, rest) = page.split_once(BEGIN).ok_or("the page has no table of faults")?;
    let (table, after) = rest.split_once(END).ok_or("the table of faults does not end")?;
    if is_updating() {
        let table = written(&found);
        return Ok(fs::write(Path::new(PAGE), format!("{before}{BEGIN}{table}{END}{after}"))?);
    }
    // How soon a fault shows changes with the generator; which faults there are does not.
    let missing = Fault::ALL.iter().find(|fault| !table.contains(&format!("| {} |", fault.what())));
    match missing {
        Some(fault) => Err(format!("`{fault:?}` is not in the table: run with UPDATE=1").into()),
        None => Ok(()),
    }
}

/// Hunts every fault, on all cores.
fn hunt_all() -> Vec<(Fault, Result<Find, String>)> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            let _ = scope.spawn(|| {
                while let Some(&fault) = Fault::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let find = hunt(fault);
                    found.lock().expect("nobody panics here").push((fault, find));
                }
            });
        }
    });
    let mut found = found.into_inner().expect("nobody panics here");
    found.sort_by_key(|(fault, _)| *fault as u8);
    found
}

fn written(found: &[(Fault, Result<Find, String>)]) -> String {
    let mut table = "| planted | shows in | after programs |\n| --- | --- | --: |\n".to_owned();
    for (fault, find) in found {
        let Ok(Find { how, programs }) = find else { continue };
        writeln!(table, "| {} | {how} | {programs} |", fault.what()).expect("a `String` takes all");
    }
    table
}
