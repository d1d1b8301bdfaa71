//! The golden suite: finds the cases under `cases/`, runs them in parallel as tests that `cargo
//! test` counts, filters and reports, and checks itself (`coverage`, `shape`).

mod case;
mod coverage;
mod expect;
mod listing;
mod program;
mod script;
mod swap;
mod view;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use case::{Kind, Topic};
use expect::{Expectations, Found};

/// Lines of a topic file; a longer one is two topics.
const TOPIC_LINES_MAX: usize = 150;

const ADVICE: &str =
    "to take over what was found: UPDATE=1 cargo test -p midflight-tests --test golden";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let topics: Arc<[Topic]> = match read(&cases) {
        Ok(topics) => topics.into(),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let expectations = Arc::new(Expectations::from_environment());
    let conclusion = libtest_mimic::run(&arguments, trials(&topics, &expectations));
    if let Err(error) = expectations.write(&topics) {
        eprintln!("the expectations could not be written: {error}");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// Every topic, by kind and name.
fn read(cases: &Path) -> Result<Vec<Topic>, String> {
    let mut topics = Vec::new();
    for &(kind, folder) in Kind::ALL {
        for path in files(&cases.join(folder))? {
            if path.extension().is_some_and(|extension| extension == "case") {
                topics.push(Topic::read(kind, &path)?);
            }
        }
    }
    Ok(topics)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(failed)?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>();
    let mut paths = paths.map_err(failed)?;
    paths.sort();
    Ok(paths)
}

fn trials(topics: &Arc<[Topic]>, expectations: &Arc<Expectations>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (place, topic) in topics.iter().enumerate() {
        for (index, case) in topic.cases.iter().enumerate() {
            let (topics, expectations) = (topics.clone(), expectations.clone());
            trials.push(Trial::test(format!("{}/{}", topic.name, case.name), move || {
                run(&topics[place], index, &expectations).map_err(Failed::from)
            }));
        }
    }
    let (all, update) = (topics.clone(), expectations.update());
    trials.push(Trial::test("suite/shape", move || shape(&all, update).map_err(Failed::from)));
    let all = topics.clone();
    trials.push(Trial::test("suite/format", move || format(&all).map_err(Failed::from)));
    let all = topics.clone();
    trials.push(Trial::test("suite/coverage", move || coverage::check(&all).map_err(Failed::from)));
    trials
}

fn run(topic: &Topic, index: usize, expectations: &Expectations) -> Result<(), String> {
    let case = &topic.cases[index];
    let found: Result<Found, String> = match topic.kind {
        Kind::Check | Kind::Run | Kind::Trap | Kind::Limit => program::run(topic.kind, case),
        Kind::Emit => view::emit(case),
        Kind::Swap => swap::run(case),
    };
    let met = found.and_then(|found| expectations.meet(topic, index, found));
    met.map_err(|failure| {
        format!("{}, case `{}`\n{failure}\n{ADVICE}", topic.path.display(), case.name)
    })
}

/// The formatter leaves every program that runs what it is.
fn format(topics: &[Topic]) -> Result<(), String> {
    let mut faults = Vec::new();
    for topic in topics.iter().filter(|topic| matches!(topic.kind, Kind::Run | Kind::Trap)) {
        for case in &topic.cases {
            if let Err(fault) = view::keeps_its_meaning(case) {
                faults.push(format!("{}/{}: {fault}", topic.name, case.name));
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// Names are there once, topics are short, and every file beside them is expected by a case.
fn shape(topics: &[Topic], update: bool) -> Result<(), String> {
    let mut faults = Vec::new();
    let mut known = BTreeSet::new();
    let mut folders = BTreeSet::new();
    for topic in topics {
        let path = topic.path.display();
        let lines = topic.with_lines(|_| None).lines().count();
        if lines > TOPIC_LINES_MAX {
            faults.push(format!("{path}: {lines} lines, at most {TOPIC_LINES_MAX} are allowed"));
        }
        let mut names = BTreeSet::new();
        for case in &topic.cases {
            if !names.insert(&case.name) {
                faults.push(format!("{path}: `{}` is there twice", case.name));
            }
            known.extend(case.views().map(|view| topic.sidecar(case, view)));
        }
        let _ = known.insert(topic.path.clone());
        folders.extend(topic.path.parent());
    }
    for folder in folders {
        for path in files(folder)?.into_iter().filter(|path| !known.contains(path)) {
            match update {
                true => fs::remove_file(&path).map_err(|error| error.to_string())?,
                false => faults.push(format!("{}: no case expects it\n{ADVICE}", path.display())),
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}
