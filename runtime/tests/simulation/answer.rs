//! What an engine answers to each step, in words that can be compared.

use midflight_runtime::{
    ActivateError, CallError, Engine, LoadError, LoadOptions, LoadStatus, Then, WorldError,
};

use crate::model::Look;
use crate::step::Call;

/// Why a step did not end.
pub(crate) enum Stop {
    /// The store has failed: whether it happened is known after a restart.
    Lost,
    /// This should not be.
    Wrong(String),
}

/// Calls a handler.
pub(crate) fn call(
    engine: &Engine,
    world: &str,
    Call { handler, id, amount }: Call,
) -> Result<String, Stop> {
    let handler = engine.handler::<(i64, i64), i64>(handler);
    match handler.and_then(|handler| handler.call(world, (id, amount))) {
        Ok(result) => Ok(format!("done {result}")),
        Err(CallError::Trapped(_)) => Ok("trapped".to_owned()),
        Err(CallError::UnknownWorld { .. }) => Ok("unknown".to_owned()),
        Err(CallError::NoVersion) => Ok("no version".to_owned()),
        Err(CallError::OutcomeUnknown | CallError::StoreFailed) => Err(Stop::Lost),
        Err(error) => Err(Stop::Wrong(error.to_string())),
    }
}

/// Loads a source.
pub(crate) fn load(
    engine: &Engine,
    source: &str,
    then: Then,
    expect: Option<u64>,
) -> Result<String, Stop> {
    let options = LoadOptions { then, expect, ..LoadOptions::default() };
    let refused = match engine.load_with(source, options) {
        Ok(loaded) => {
            let number = loaded.number.unwrap_or(0);
            return Ok(match loaded.status {
                LoadStatus::Activated => format!("activated {number}"),
                LoadStatus::Staged => format!("staged {number}"),
                LoadStatus::Unchanged => format!("unchanged {number}"),
                LoadStatus::DryRun => "tried".to_owned(),
            });
        }
        Err(refused) => refused,
    };
    let refusal = match refused {
        LoadError::Source { .. } => "Source",
        LoadError::Layout(_) => "Layout",
        LoadError::Tests(_) => "Tests",
        LoadError::Migration(_) | LoadError::OnLoad(_) => "World",
        LoadError::Expected(_) => "Expected",
        LoadError::Store(_) => return Err(Stop::Lost),
        error => return Err(Stop::Wrong(error.to_string())),
    };
    Ok(format!("refused {refusal}"))
}

/// What the engine looks like.
pub(crate) fn look(engine: &Engine) -> Result<Look, Stop> {
    let mut look = Look {
        versions: engine.versions().iter().map(|info| info.version.number()).collect(),
        current: engine.current().map(|version| version.number()),
        worlds: engine
            .worlds()
            .iter()
            .map(|world| (world.name().to_owned(), String::new()))
            .collect(),
    };
    if look.current.is_none() {
        return Ok(look);
    }
    for (name, text) in &mut look.worlds {
        let seen = engine.handler::<(), String>("look").and_then(|look| look.call(name, ()));
        *text = seen.map_err(|error| match error {
            CallError::OutcomeUnknown | CallError::StoreFailed => Stop::Lost,
            error => Stop::Wrong(format!("{name}: {error}")),
        })?;
    }
    Ok(look)
}

/// How an activation ended.
pub(crate) fn activated(result: Result<u64, ActivateError>) -> Result<String, Stop> {
    let refusal = match result {
        Ok(number) => return Ok(format!("activated {number}")),
        Err(ActivateError::UnknownVersion(_)) => return Ok("unknown".to_owned()),
        Err(ActivateError::NothingBefore) => return Ok("nothing before".to_owned()),
        Err(ActivateError::Current(_)) => return Ok("current".to_owned()),
        Err(ActivateError::Store(_)) => return Err(Stop::Lost),
        Err(ActivateError::Layout(_)) => "Layout",
        Err(ActivateError::Source(_)) => "Source",
        Err(ActivateError::Migration(_) | ActivateError::OnLoad(_)) => "World",
        Err(ActivateError::Expected(_)) => "Expected",
        Err(error) => return Err(Stop::Wrong(error.to_string())),
    };
    Ok(format!("refused {refusal}"))
}

/// How a world was refused.
pub(crate) fn world_refused(error: WorldError) -> Result<String, Stop> {
    match error {
        WorldError::Main => Ok("main stays".to_owned()),
        WorldError::Unknown { .. } => Ok("unknown".to_owned()),
        WorldError::Store(_) => Err(Stop::Lost),
        error => Err(Stop::Wrong(error.to_string())),
    }
}
