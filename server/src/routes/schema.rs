//! What the current version exposes: its state, its handlers, its types.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};

use super::{MIDFLIGHT_VERSION, json};
use crate::error::{Kind, Problem};
use crate::state::ServerState;

/// `GET /-/schema`
pub(super) async fn schema(State(state): State<Arc<ServerState>>) -> Result<Response, Problem> {
    let Some(version) = state.engine.current() else {
        return Err(Problem::new(Kind::NoVersion, "no version has been loaded"));
    };
    let answered = [(MIDFLIGHT_VERSION, HeaderValue::from(version.number()))];
    Ok((answered, json(&version.schema())).into_response())
}
