//! For those who watch the server: does it live, may it be given work.

use std::sync::Arc;

use axum::extract::State;

use crate::error::{Kind, Problem, RESTART};
use crate::state::ServerState;

/// The process runs.
pub(super) async fn healthy() -> &'static str {
    "healthy\n"
}

/// Calls can be answered.
pub(super) async fn ready(State(state): State<Arc<ServerState>>) -> Result<&'static str, Problem> {
    if state.is_stopping() {
        return Err(Problem::new(Kind::Stopping, "the server is stopping"));
    }
    if state.engine.has_failed() {
        let problem = Problem::new(Kind::StoreFailed, "the store has failed: calls are refused");
        return Err(problem.with_help(RESTART));
    }
    match state.engine.current() {
        Some(_) => Ok("ready\n"),
        None => Err(Problem::new(Kind::NoVersion, "no version has been loaded")),
    }
}
