//! The worlds: which there are, one of them, creation, deletion.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use midflight_runtime::{Engine, World};
use serde_json::{Value, json};

use super::json as json_answer;
use crate::error::Problem;
use crate::limits::WORLDS_LISTED_MAX;
use crate::options::Options;
use crate::state::ServerState;

/// `GET /-/worlds`, `?after=NAME`
pub(super) async fn list(
    State(state): State<Arc<ServerState>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let options = Options::of(query.as_deref(), &["after"])?;
    let after = options.text("after").map(str::to_owned);
    let look = move |engine: &Engine| {
        // One more than is shown says whether there are more.
        let mut worlds = engine.worlds_after(after.as_deref(), WORLDS_LISTED_MAX + 1);
        let has_more = worlds.len() > WORLDS_LISTED_MAX;
        worlds.truncate(WORLDS_LISTED_MAX);
        let next = worlds.last().filter(|_| has_more).map(|world| world.name().to_owned());
        json!({
            "worlds": worlds.iter().map(|world| summary(world)).collect::<Vec<_>>(),
            "next": next,
        })
    };
    Ok(json_answer(&state.ask(look).await?))
}

/// `GET /-/worlds/{name}`
pub(super) async fn show(
    State(state): State<Arc<ServerState>>,
    name: NamePath,
) -> Result<Response, Problem> {
    let name = read_name(name)?;
    let look = move |engine: &Engine| engine.world(&name).map(|world| summary(&world));
    Ok(json_answer(&state.ask(look).await??))
}

/// `PUT /-/worlds/{name}`
pub(super) async fn create(
    State(state): State<Arc<ServerState>>,
    name: NamePath,
) -> Result<Response, Problem> {
    let name = read_name(name)?;
    let is_new = state.create_world(&name).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let look = move |engine: &Engine| engine.world(&name).map(|world| summary(&world));
    Ok((status, json_answer(&state.ask(look).await??)).into_response())
}

/// `DELETE /-/worlds/{name}`
pub(super) async fn delete(
    State(state): State<Arc<ServerState>>,
    name: NamePath,
) -> Result<StatusCode, Problem> {
    let name = read_name(name)?;
    let _place = state.begin_load()?;
    state.ask(move |engine| engine.delete_world(&name)).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// The name in a path, unless it is no text.
pub(super) type NamePath = Result<Path<String>, PathRejection>;

/// What is no text cannot be the name of a world: the empty one is none either.
pub(super) fn read_name(name: NamePath) -> Result<String, Problem> {
    name.map(|Path(name)| name).map_err(|_| Problem::invalid_world_name())
}

fn summary(world: &World) -> Value {
    let figures = world.figures();
    json!({
        "name": world.name(),
        "version": figures.version,
        "rows": figures.rows,
        "memory": figures.memory,
        "waiting": figures.queue_len,
        "calls": figures.calls,
        "traps": figures.traps,
    })
}
