//! The kind `swap`: versions as parts of a case, and lines `> command = result` that load, call and
//! go back, on the embedding API, in the order in which they stand.

use std::collections::BTreeMap;

use midflight_runtime::compiler::ast::FuncKind;
use midflight_runtime::{
    ActivateError, ActivateOptions, Activation, Engine, LoadError, LoadOptions, LoadStatus,
    MAIN_WORLD, Outcome, Plan, Then,
};

use crate::case::{Case, version_part};
use crate::expect::Found;
use crate::listing::Listing;
use crate::script::{Call, show};

struct Player {
    engine: Engine,
    /// By the name of the part.
    sources: BTreeMap<String, String>,
}

/// Runs a case's script.
pub(crate) fn run(case: &Case) -> Result<Found, String> {
    let player = Player { engine: crate::program::engine(case)?, sources: sources(case)? };
    let mut lines = Vec::new();
    for line in &case.lines {
        lines.push(match line.strip_prefix("> ") {
            Some(statement) => player.play(statement)?,
            None => line.clone(),
        });
    }
    Ok(Found { lines, sidecars: Vec::new() })
}

/// What stands under each `--- v1` that is no script.
fn sources(case: &Case) -> Result<BTreeMap<String, String>, String> {
    let mut parts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut part = None;
    for line in &case.lines {
        let heading = line.strip_prefix("--- ").and_then(version_part);
        part = heading.map(str::to_owned).or(part);
        let Some(name) = &part else { continue };
        let lines = parts.entry(name.clone()).or_default();
        if heading.is_none() && !line.starts_with("> ") {
            lines.push(line);
        }
    }
    let source = |(name, lines): (String, Vec<&str>)| {
        Ok((name, Listing::new(lines.into_iter())?.text().to_owned()))
    };
    parts.into_iter().map(source).collect()
}

impl Player {
    /// Does what a line says and gives the line with its result.
    fn play(&self, statement: &str) -> Result<String, String> {
        let (verb, text) = statement.split_once(' ').unwrap_or((statement, ""));
        let kind = match verb {
            "get" => FuncKind::Get,
            "post" => FuncKind::Post,
            _ => {
                let command = statement.split_once(" =").map_or(statement, |(command, _)| command);
                return Ok(format!("> {command} = {}", self.change(command)?));
            }
        };
        let (call, result) = self.call(kind, text)?;
        Ok(format!("> {verb} {call} = {result}"))
    }

    /// The call as it is written, and what it gives.
    fn call<'a>(&self, kind: FuncKind, text: &'a str) -> Result<(&'a str, String), String> {
        let (world, rest) = match text.strip_prefix('@') {
            Some(text) => text.split_once('/').ok_or("`@WORLD/` begins a call in a world")?,
            None => (MAIN_WORLD, text),
        };
        let (call, behind) = Call::parse(rest)?;
        let called = self.engine.enter(world, |turn| {
            if turn.version().handler_kind(call.handler).is_some_and(|found| found != kind) {
                return format!("error `{}` is the other kind of handler", call.handler);
            }
            let version = turn.version().number();
            match turn.call(call.handler, |arguments| call.bind(arguments)) {
                Ok(Outcome::Done(result)) => show(result),
                Ok(Outcome::Trapped(trap)) if trap.version != version => {
                    format!("trap that names version {}", trap.version)
                }
                Ok(Outcome::Trapped(trap)) => {
                    format!("trap {}: {}", trap.kind.name(), trap.message)
                }
                Err(error) => format!("error {error}"),
            }
        });
        let result = called.unwrap_or_else(|error| format!("error {error}"));
        Ok((&text[..text.len() - behind.len()], result))
    }

    /// What is no call: `load v1 stage expect 0`, `activate 1`, `rollback`, `delete 1`,
    /// `versions`, `alive`, `state`, `create room`, `destroy room`, `worlds`.
    fn change(&self, command: &str) -> Result<String, String> {
        let words: Vec<&str> = command.split_whitespace().collect();
        let (words, allow_loss) = match words.as_slice() {
            [words @ .., "allow_loss"] => (words, true),
            words => (words, false),
        };
        let (words, expect) = match words {
            [words @ .., "expect", number] => (words, Some(self.number(number)?)),
            words => (words, None),
        };
        match words {
            ["load", part] => self.load(part, Then::Activate, expect),
            ["load", part, "stage"] => self.load(part, Then::Stage, expect),
            ["load", part, "dry_run"] => self.load(part, Then::Forget, expect),
            ["activate", number] => {
                let options = ActivateOptions { expect, allow_loss };
                let activated = self.engine.activate(self.number(number)?, options);
                Ok(activated.map_or_else(refused, activation))
            }
            ["rollback"] => {
                let options = ActivateOptions { expect, allow_loss };
                let activated = self.engine.roll_back(options);
                Ok(activated.map_or_else(refused, activation))
            }
            ["delete", number] => {
                let deleted = self.engine.delete(self.number(number)?);
                Ok(deleted.map_or_else(refused, |()| "deleted".to_owned()))
            }
            ["versions"] => Ok(self.versions()),
            ["alive"] => Ok(self.engine.versions_alive().to_string()),
            ["create", name] => Ok(self.engine.create_world(name).map_or_else(
                |error| format!("refused {error}"),
                |is_new| if is_new { "created" } else { "it is there" }.to_owned(),
            )),
            ["destroy", name] => Ok(self
                .engine
                .delete_world(name)
                .map_or_else(|error| format!("refused {error}"), |()| "destroyed".to_owned())),
            ["worlds"] => {
                let worlds = self.engine.worlds();
                let names: Vec<&str> = worlds.iter().map(|world| world.name()).collect();
                Ok(names.join(", "))
            }
            ["state"] => {
                let state = self.engine.enter(MAIN_WORLD, |turn| show(turn.state()));
                Ok(state.unwrap_or_else(|error| format!("error {error}")))
            }
            _ => Err(format!("`{command}` is no command of a script")),
        }
    }

    fn number(&self, word: &str) -> Result<u64, String> {
        word.parse().map_err(|_| format!("`{word}` is no version"))
    }

    /// `1 2*`: the kept ones, the current one marked, with their calls and traps.
    fn versions(&self) -> String {
        let shown = self.engine.versions().into_iter().map(|info| {
            let mark = if info.is_current { "*" } else { "" };
            format!("{}{mark} ({} calls, {} traps)", info.version.number(), info.calls, info.traps)
        });
        let shown: Vec<String> = shown.collect();
        if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
    }

    fn load(&self, part: &str, then: Then, expect: Option<u64>) -> Result<String, String> {
        let source = self.sources.get(part).ok_or_else(|| format!("there is no `--- {part}`"))?;
        let options = LoadOptions { name: format!("{part}.flight"), then, expect };
        let loaded = match self.engine.load_with(source, options) {
            Ok(loaded) => loaded,
            Err(error) => return Ok(format!("refused {}", reason(&error))),
        };
        let status = match loaded.status {
            LoadStatus::Activated => "activated",
            LoadStatus::Staged => "staged",
            LoadStatus::DryRun => "accepted",
            LoadStatus::Unchanged => "unchanged",
        };
        let number = loaded.number.map(|number| format!(" {number}")).unwrap_or_default();
        let found = match (&loaded.pause, &loaded.trial) {
            (Some(pause), _) => moved(&loaded.plan, pause.rows),
            (_, Some(trial)) if trial.failures.is_empty() => moved(&loaded.plan, trial.rows),
            (_, Some(trial)) => {
                let failures = trial.failures.iter().map(|(_, failure)| format!("; {failure}"));
                format!(", {} of {} not moved", trial.failure_count, trial.rows)
                    + &failures.collect::<String>()
            }
            (None, None) => String::new(),
        };
        Ok(format!("{status}{number}{found}"))
    }
}

fn reason(error: &LoadError) -> String {
    match error {
        LoadError::Source { diagnostics, .. } => {
            let errors = diagnostics.iter().map(|d| format!("{} {}", d.code.name(), d.message));
            errors.collect::<Vec<_>>().join("; ")
        }
        LoadError::Layout(plan) => refusals(plan),
        LoadError::Tests(failures) => {
            let failed =
                failures.iter().map(|test| format!("test \"{}\": {}", test.name, test.trap));
            failed.collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}

/// What an activation did to the rows, and to the layout.
fn moved(plan: &Plan, rows: u64) -> String {
    match plan.moves {
        true => format!(", {rows} moved: {}", changes(plan)),
        false => String::new(),
    }
}

fn activation(activation: Activation) -> String {
    let rows = activation.pause.map_or(0, |pause| pause.rows);
    format!("{}{}", activation.number, moved(&activation.plan, rows))
}

fn refused(error: ActivateError) -> String {
    match error {
        ActivateError::Layout(plan) => format!("refused {}", refusals(&plan)),
        ActivateError::Source(error) => format!("refused {}", reason(&error)),
        other => format!("refused {other}"),
    }
}

fn changes(plan: &Plan) -> String {
    plan.changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn refusals(plan: &Plan) -> String {
    let refused = plan.changes.iter().filter(|change| change.is_refused());
    refused.map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
