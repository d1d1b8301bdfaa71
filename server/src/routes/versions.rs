//! The life cycle of versions: which there are, one in full, activation, going back, deletion.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use midflight_runtime::{ActivateError, ActivateOptions, Activation, Engine, VersionInfo};
use serde_json::{Value, json};

use super::{MIDFLIGHT_VERSION, deploy, json as json_answer};
use crate::error::Problem;
use crate::options::Options;
use crate::report;
use crate::state::ServerState;

/// `GET /-/versions`
pub(super) async fn list(State(state): State<Arc<ServerState>>) -> Result<Response, Problem> {
    let look = |engine: &Engine| {
        let versions = engine.versions();
        let current = versions.iter().find(|info| info.is_current);
        json!({
            "current": current.map(|info| info.version.number()),
            "alive": engine.versions_alive(),
            "versions": versions.iter().map(summary).collect::<Vec<_>>(),
        })
    };
    Ok(json_answer(&state.ask(look).await?))
}

/// `GET /-/versions/{number}`
pub(super) async fn show(
    State(state): State<Arc<ServerState>>,
    number: NumberPath,
) -> Result<Response, Problem> {
    let number = parse_number(number)?;
    let look = move |engine: &Engine| {
        let mut versions = engine.versions().into_iter();
        versions.find(|info| info.version.number() == number).as_ref().map(whole)
    };
    let version = state.ask(look).await?;
    version.map(|version| json_answer(&version)).ok_or_else(|| Problem::unknown_version(number))
}

/// `POST /-/versions/{number}/activate`, `?expect=N`, `?allow_loss=true`
pub(super) async fn activate(
    State(state): State<Arc<ServerState>>,
    number: NumberPath,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let number = parse_number(number)?;
    let options = options(query.as_deref())?;
    change(&state, move |engine| engine.activate(number, options)).await
}

/// `POST /-/rollback`, `?expect=N`, `?allow_loss=true`
pub(super) async fn roll_back(
    State(state): State<Arc<ServerState>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let options = options(query.as_deref())?;
    change(&state, move |engine| engine.roll_back(options)).await
}

/// `DELETE /-/versions/{number}`
pub(super) async fn delete(
    State(state): State<Arc<ServerState>>,
    number: NumberPath,
) -> Result<StatusCode, Problem> {
    let number = parse_number(number)?;
    let _place = state.begin_load()?;
    state.ask(move |engine| engine.delete(number)).await??;
    Ok(StatusCode::NO_CONTENT)
}

async fn change(
    state: &ServerState,
    change: impl FnOnce(&Engine) -> Result<Activation, ActivateError> + Send + 'static,
) -> Result<Response, Problem> {
    let _place = state.begin_load()?;
    let activation = state.change(change).await??;
    let status =
        if activation.before == Some(activation.number) { "unchanged" } else { "activated" };
    let document = json!({
        "status": status,
        "number": activation.number,
        "before": activation.before,
        "plan": activation.plan,
        "pause": activation.pause.as_ref().map(deploy::pause),
    });
    let answered = [(MIDFLIGHT_VERSION, HeaderValue::from(activation.number))];
    Ok((answered, json_answer(&document)).into_response())
}

fn options(query: Option<&str>) -> Result<ActivateOptions, Problem> {
    let options = Options::of(query, &["expect", "allow_loss"])?;
    let allow_loss = options.flag("allow_loss")?.unwrap_or(false);
    Ok(ActivateOptions { expect: options.number("expect")?, allow_loss })
}

/// The number in a path, unless it is no text.
type NumberPath = Result<Path<String>, PathRejection>;

fn parse_number(number: NumberPath) -> Result<u64, Problem> {
    let Ok(Path(number)) = number else { return Err(Problem::unknown_version("of that number")) };
    number.parse().map_err(|_| Problem::unknown_version(crate::query::quoted(&number)))
}

fn summary(info: &VersionInfo) -> Value {
    let version = &info.version;
    json!({
        "number": version.number(),
        "hash": version.hash(),
        "name": version.source().name(),
        "is_current": info.is_current,
        "source_size": version.source().text().len(),
        "code_size": version.code_size(),
        "calls": info.calls,
        "traps": info.traps,
    })
}

fn whole(info: &VersionInfo) -> Value {
    let version = &info.version;
    let mut document = summary(info);
    document["source"] = json!(version.source().text());
    document["plan"] = json!(version.plan());
    document["warnings"] = report::diagnostics_json(version.source(), version.warnings());
    document
}
