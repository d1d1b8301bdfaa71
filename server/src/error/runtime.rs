//! What the runtime refuses, as problems.

use std::fmt::Display;

use axum::http::StatusCode;
use midflight_compiler::nearest;
use midflight_compiler::source::Source;
use midflight_compiler::trap::TrapKind;
use midflight_runtime::{
    ActivateError, ArgumentError, CallError, Failure, ImportError, LoadError, MigrationFailure,
    Misfit, OnLoadTrap, Plan, StoreError, TestFailure, Trap, Trial, Unexpected, WorldError,
};
use serde_json::{Value, json};

use super::{Kind, Problem};
use crate::report::{self, Style};

impl Problem {
    fn with_place(self, trap: &Trap) -> Problem {
        self.with("line", trap.position.line)
            .with("column", trap.position.column)
            .with("function", trap.function.as_str())
    }
}

impl From<Trap> for Problem {
    fn from(trap: Trap) -> Problem {
        let problem = Problem::new(Kind::Internal, trap.message.as_str());
        let mut problem = problem.with_place(&trap).with("version", trap.version);
        problem.0.kind = trap.kind.name();
        problem.0.title = "the call trapped, and what it did was taken back";
        problem.0.status =
            StatusCode::from_u16(trap.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        problem
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Problem {
        let kind = match error {
            CallError::Trapped(trap) => return trap.into(),
            CallError::Argument(error) => return error.into(),
            CallError::UnknownWorld { .. } => Kind::UnknownWorld,
            CallError::NoVersion => Kind::NoVersion,
            CallError::UnknownHandler { .. } => Kind::UnknownHandler,
            CallError::TooLarge => Kind::ArgumentTooLarge,
            CallError::Busy => Kind::Busy,
            CallError::Closed => Kind::WorldClosed,
            CallError::WorldFull => Kind::WorldFull,
            CallError::EngineFull => Kind::EngineFull,
            CallError::StoreFailed => Kind::StoreFailed,
            CallError::StoreBusy => Kind::StoreBusy,
            CallError::OutcomeUnknown => Kind::OutcomeUnknown,
            _ => Kind::Internal,
        };
        let problem = Problem::new(kind, error.to_string());
        match kind {
            Kind::NoVersion => problem.with_help("midflight load FILE"),
            Kind::StoreFailed => problem.with_help(RESTART),
            Kind::OutcomeUnknown => {
                problem.with_help("look at the state after the restart, before it is tried again")
            }
            Kind::UnknownWorld => problem.with_help(UNKNOWN_WORLD_HELP),
            _ => problem,
        }
    }
}

/// What to do where there is no such world.
const UNKNOWN_WORLD_HELP: &str = "`main` is always there; `midflight worlds create NAME` makes one";

impl From<WorldError> for Problem {
    fn from(error: WorldError) -> Problem {
        let detail = error.to_string();
        match error {
            WorldError::InvalidName { .. } => Problem::invalid_world_name(),
            WorldError::TooMany(_) => Problem::new(Kind::TooManyWorlds, detail)
                .with_help("delete worlds, or start the server with a larger `worlds_max`"),
            WorldError::OnLoad(trapped) => match trapped.trap.kind {
                TrapKind::WorldFull => Problem::new(Kind::WorldFull, detail),
                TrapKind::EngineFull => Problem::new(Kind::EngineFull, detail),
                _ => on_load(&trapped),
            },
            WorldError::Unknown { .. } => {
                Problem::new(Kind::UnknownWorld, detail).with_help(UNKNOWN_WORLD_HELP)
            }
            WorldError::Store(error) => Problem::of_store(&error),
            WorldError::Main => Problem::new(Kind::WorldIsMain, detail),
            _ => Problem::new(Kind::Internal, detail),
        }
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Problem {
        let detail = error.to_string();
        match error {
            ImportError::World(error) => error.into(),
            ImportError::UnknownTable { name, known } => {
                Problem::new(Kind::ImportTable, detail).with_help(known_names(&name, &known))
            }
            ImportError::Slot { .. } => Problem::new(Kind::ImportSlot, detail),
            ImportError::DuplicateKey { .. } => Problem::new(Kind::ImportKey, detail),
            ImportError::TableFull { .. } => Problem::new(Kind::ImportRows, detail),
            ImportError::KeyTooLong { .. } => Problem::new(Kind::ImportKeyLength, detail),
            ImportError::Value(error) => error.into(),
            ImportError::Store(error) => Problem::of_store(&error),
            ImportError::Generator => Problem::new(Kind::InvalidImport, detail),
            ImportError::WorldFull => Problem::new(Kind::WorldFull, detail),
            ImportError::EngineFull => Problem::new(Kind::EngineFull, detail),
            ImportError::Changed => Problem::new(Kind::UnexpectedVersion, detail),
            _ => Problem::new(Kind::Internal, detail),
        }
    }
}

impl Problem {
    /// What was given cannot be the name of a world; it need not even be text.
    pub(crate) fn invalid_world_name() -> Problem {
        let error = WorldError::InvalidName { name: String::new() };
        Problem::new(Kind::InvalidWorldName, error.to_string())
    }
}

impl From<ArgumentError> for Problem {
    fn from(error: ArgumentError) -> Problem {
        let (kind, name) = match &error {
            ArgumentError::Missing { name, .. } => (Kind::MissingArgument, name),
            ArgumentError::Duplicate { name } => (Kind::DuplicateArgument, name),
            ArgumentError::WrongType { name, .. } => (Kind::WrongType, name),
            ArgumentError::TooLarge { name } => (Kind::ArgumentTooLarge, name),
            ArgumentError::Unknown { name, known } => {
                return Problem::new(Kind::UnknownArgument, error.to_string())
                    .with_help(known_names(name, known))
                    .with("argument", name.as_str())
                    .with("known", known.as_slice());
            }
            _ => return Problem::new(Kind::UnreadableArguments, error.to_string()),
        };
        Problem::new(kind, error.to_string()).with("argument", name.as_str())
    }
}

/// What to say to a name that is none of the known ones.
pub(crate) fn known_names(name: &str, known: &[String]) -> String {
    if known.is_empty() {
        return "there are none".to_owned();
    }
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are `{}`", known.join("`, `")),
    }
}

impl Problem {
    /// Why a source was not loaded. `source` is what was posted.
    pub(crate) fn of_load(error: LoadError, source: &Source) -> Problem {
        match error {
            LoadError::Source { file, diagnostics } => {
                let text = report::diagnostics(&file, &diagnostics, Style::Plain);
                Problem::new(Kind::Source, "the source has mistakes; nothing was changed")
                    .with("diagnostics", report::diagnostics_json(&file, &diagnostics))
                    .with("rendered", text.as_str())
                    .with_text(text)
            }
            LoadError::Layout(plan) => layout(&plan, "add the lines to the source"),
            LoadError::Migration(failure) => migration(&failure),
            LoadError::Closed(_) => Problem::new(Kind::WorldClosed, error.to_string()),
            LoadError::Tests(failures) => tests(&failures, source),
            LoadError::OnLoad(trapped) => {
                let text = report::trap(source, "`on load` failed", &trapped.trap);
                on_load(&trapped).with_text(text)
            }
            LoadError::Expected(unexpected) => unexpected.into(),
            LoadError::Store(error) => Problem::of_store(&error),
            LoadError::Busy => Problem::new(Kind::CompilerBusy, error.to_string()),
            error => Problem::new(Kind::Internal, error.to_string()),
        }
    }
}

fn on_load(trapped: &OnLoadTrap) -> Problem {
    let OnLoadTrap { world, trap, .. } = trapped;
    let detail = format!("`on load` trapped in the world `{world}`: {trap}; nothing was changed");
    Problem::new(Kind::OnLoad, detail)
        .with("trap", trap.kind.name())
        .with("world", world.as_str())
        .with_place(trap)
}

/// What helps where a kept version has no place for what is live.
const LOSSY: &str = "load a version that says it, or let the data go: `allow_loss`";

/// What is refused of a plan; the whole of it stands beside.
fn layout(plan: &Plan, help: &str) -> Problem {
    let refused = plan.changes.iter().filter(|change| change.is_refused());
    let refused: Vec<String> = refused.map(|change| format!("\n  {change}")).collect();
    let detail = format!("data has no way into the new layout:{}", refused.concat());
    Problem::new(Kind::Layout, detail)
        .with_help(format!("{help}; nothing was changed"))
        .with("plan", json!(plan))
}

fn migration(MigrationFailure { world, failure, .. }: &MigrationFailure) -> Problem {
    let detail = format!("the world `{world}` cannot move: {failure}; nothing was changed");
    let problem = Problem::new(Kind::Migration, detail);
    problem.with("failures", json!([failure_json(world, failure)]))
}

/// What a dry run found, if something stands in the way.
pub(crate) fn of_trial(trial: &Trial) -> Option<Problem> {
    let count = trial.failure_count;
    let (_, first) = trial.failures.first()?;
    let s = if count == 1 { "" } else { "s" };
    let mut detail = format!("{count} row{s} would not move; nothing was changed");
    for (world, failure) in &trial.failures {
        detail.push_str(&format!("\n  in the world `{world}`: {failure}"));
    }
    let failures = trial.failures.iter().map(|(world, failure)| failure_json(world, failure));
    let failures: Vec<Value> = failures.collect();
    let help = match &first.misfit {
        Misfit::Trap(_) => "the block of `migrate` has to take such a row",
        _ => "say in `migrate` what becomes of such a row, or change it first",
    };
    Some(
        Problem::new(Kind::Migration, detail)
            .with_help(help)
            .with("failures", failures)
            .with("failure_count", count)
            .with("rows", trial.rows),
    )
}

fn failure_json(world: &str, failure: &Failure) -> Value {
    json!({
        "world": world,
        "table": failure.table,
        "key": failure.key,
        "reason": failure.to_string(),
    })
}

fn tests(failures: &[TestFailure], source: &Source) -> Problem {
    let count = failures.len();
    let text = failures.iter().map(|failure| {
        report::trap(source, &format!("the test `{}` failed", failure.name), &failure.trap)
    });
    let text: String = text.collect();
    let failed = failures.iter().map(|TestFailure { name, trap, .. }| {
        json!({
            "test": name,
            "kind": trap.kind.name(),
            "message": trap.message,
            "function": trap.function,
            "line": trap.position.line,
            "column": trap.position.column,
        })
    });
    let failed: Vec<Value> = failed.collect();
    let s = if count == 1 { "" } else { "s" };
    Problem::new(Kind::Tests, format!("{count} test{s} of the program failed; nothing was changed"))
        .with("tests", failed)
        .with("rendered", text.as_str())
        .with_text(text)
}

impl From<Unexpected> for Problem {
    fn from(unexpected: Unexpected) -> Problem {
        Problem::new(Kind::UnexpectedVersion, unexpected.to_string())
            .with("expected", unexpected.expected)
            .with("current", unexpected.current)
    }
}

impl From<ActivateError> for Problem {
    fn from(error: ActivateError) -> Problem {
        let error = match error {
            ActivateError::Source(error) => return Problem::of_migrations(*error),
            error => error,
        };
        match &error {
            ActivateError::UnknownVersion(number) => Problem::unknown_version(number),
            ActivateError::NothingBefore => Problem::new(Kind::NothingBefore, error.to_string()),
            ActivateError::Layout(plan) => layout(plan, LOSSY),
            ActivateError::Migration(failure) => migration(failure),
            ActivateError::Closed(_) => Problem::new(Kind::WorldClosed, error.to_string()),
            ActivateError::OnLoad(trapped) => on_load(trapped),
            ActivateError::Expected(unexpected) => (*unexpected).into(),
            ActivateError::Store(error) => Problem::of_store(error),
            ActivateError::Current(_) => Problem::new(Kind::VersionIsCurrent, error.to_string()),
            _ => Problem::new(Kind::Internal, error.to_string()),
        }
    }
}

/// What to do when the store has failed.
pub(crate) const RESTART: &str =
    "see what the server logged, make room or repair the disk, and restart it";

impl Problem {
    /// Why a kept version was not activated whose blocks had to be compiled for what is live.
    fn of_migrations(error: LoadError) -> Problem {
        let source = match &error {
            LoadError::Source { file, .. } => file.clone(),
            _ => Source::new("", ""),
        };
        Problem::of_load(error, &source)
    }

    /// Why the store could not do something.
    pub(crate) fn of_store(error: &StoreError) -> Problem {
        Problem::new(Kind::StoreFailed, error.to_string()).with_help(RESTART)
    }

    /// There is no such version; what was asked for need not be a number.
    pub(crate) fn unknown_version(asked: impl Display) -> Problem {
        let detail = format!("there is no version {asked}, or it is no longer kept");
        Problem::new(Kind::UnknownVersion, detail).with_help("see `midflight versions`")
    }
}
