//! A world as a whole, out and in. Both go through a file: the world is held for as long as it
//! takes to write it there, or not at all, whatever the client does.

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Request};
use axum::response::{IntoResponse, Response};
use midflight_runtime::Engine;
use serde_json::json;

use super::worlds::{NamePath, read_name};
use super::{MIDFLIGHT_VERSION, json as json_answer};
use crate::error::{Kind, Problem};
use crate::state::ServerState;
use crate::{body, spool, transfer};

/// Bytes that are read or written at once.
const BUFFER_SIZE: usize = 256 << 10;

/// `GET /-/worlds/{name}/export`
pub(super) async fn export(
    State(state): State<Arc<ServerState>>,
    name: NamePath,
) -> Result<Response, Problem> {
    let name = read_name(name)?;
    let _place = state.begin_load()?;
    let (version, file) = state.ask(move |engine| write(engine, &name)).await??;
    let body = spool::body(file).map_err(|error| failed(&error))?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/jsonl")),
        (MIDFLIGHT_VERSION, version),
    ];
    Ok((headers, body).into_response())
}

/// Writes a world between two of its calls.
fn write(engine: &Engine, name: &str) -> Result<(HeaderValue, File), Problem> {
    let mut out = BufWriter::with_capacity(BUFFER_SIZE, spool::file().map_err(|e| failed(&e))?);
    let written = engine.enter(name, |turn| {
        let version = HeaderValue::from(turn.version().number());
        transfer::write(turn, name, &mut out).map(|()| version)
    });
    let version = written?.map_err(|error| failed(&error))?;
    let file = out.into_inner().map_err(|error| failed(error.error()))?;
    Ok((version, file))
}

/// `POST /-/worlds/{name}/import`
pub(super) async fn import(
    State(state): State<Arc<ServerState>>,
    name: NamePath,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let name = match read_name(name).and_then(|name| Ok(state.engine.world(&name).map(|_| name)?)) {
        Ok(name) => name,
        Err(problem) => return Ok(super::refuse(problem, request).await),
    };
    let place = match state.begin_load() {
        Ok(place) => place,
        Err(problem) => return Ok(super::refuse(problem, request).await),
    };
    let file = body::spool(&state, request).await?;
    let document = state.ask(move |engine| read(engine, &name, file)).await??;
    drop(place);
    Ok(json_answer(&document))
}

/// Builds the world beside the one that is there, and puts it in its place.
fn read(engine: &Engine, name: &str, mut file: File) -> Result<serde_json::Value, Problem> {
    file.rewind().map_err(|error| failed(&error))?;
    let mut import = engine.begin_import(name)?;
    let mut lines = BufReader::with_capacity(BUFFER_SIZE, file);
    let rows = transfer::read(&mut lines, &mut import)?;
    engine.complete_import(name, import)?;
    Ok(json!({ "world": name, "rows": rows }))
}

fn failed(error: &std::io::Error) -> Problem {
    let detail = format!("the file that it goes through cannot be written or read: {error}");
    Problem::new(Kind::NoRoom, detail).with_help("make room in the directory that `TMPDIR` names")
}
