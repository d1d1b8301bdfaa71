//! Calls: a request in, one turn of a world, the answer out.
//!
//! Arguments are decoded, the handler runs and the result is encoded in the same turn, so that
//! everything about a call is of one version, which the answer names. The answer is sent when the
//! call is durable. No thread of the event loop
//! waits for a world: whoever holds it takes the turn and sends the answer.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use midflight_compiler::ast::FuncKind;
use midflight_runtime::{
    Arguments, CallError, Content, MAIN_WORLD, Outcome, Ticket, Turn, Version, View,
};
use tokio::sync::oneshot;

use super::MIDFLIGHT_VERSION;
use crate::body;
use crate::error::{Kind, Problem, known_names};
use crate::json;
use crate::query::{self, quoted};
use crate::state::ServerState;

/// Whether a request is for `/{handler}` or `/@{world}/{handler}`.
pub(super) fn is_call(request: &Request<Body>) -> bool {
    let path = request.uri().path();
    path != "/load" && target(path).is_some()
}

/// `/{handler}` and `/@{world}/{handler}`
pub(super) async fn call(
    state: &Arc<ServerState>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let (parts, body) = match *request.method() {
        Method::POST => body::read(state, request).await?,
        _ => (body::discard(request).await, Bytes::new()),
    };
    let call = Call { method: parts.method, uri: parts.uri, body, state: state.clone() };
    if state.creates_worlds() && call.wants_world() {
        // Seldom: it would make the future of every call larger.
        let _ = Box::pin(state.create_world(call.world())).await?;
    }
    let done = state.engine.try_enter(call.world(), |turn| call.answer(Ok(turn)))?;
    let (answer, ticket) = match done {
        Some(done) => done,
        None => Box::pin(submit(call)).await?,
    };
    if let Some(ticket) = ticket {
        // No answer shows what a crash could take back, be it only what was read.
        ticket.await?;
    }
    Ok(answer)
}

/// Leaves a call to whoever holds the world, and waits for the answer.
async fn submit(call: Call) -> Result<(Response, Option<Ticket>), Problem> {
    let state = call.state.clone();
    let world = call.world().to_owned();
    let (sender, answer) = oneshot::channel();
    // A client that has gone does not want its answer any more.
    state.engine.submit(&world, move |turn| drop(sender.send(call.answer(turn))))?;
    answer.await.map_err(|_| Problem::new(Kind::Internal, "the call was lost: please report it"))
}

/// The world and the handler that a path names.
fn target(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_prefix('/')?;
    let (world, handler) = match path.strip_prefix('@') {
        Some(path) => path.split_once('/')?,
        None => (MAIN_WORLD, path),
    };
    (!handler.is_empty() && !handler.contains('/')).then_some((world, handler))
}

/// What a call needs of its request.
struct Call {
    method: Method,
    uri: Uri,
    body: Bytes,
    state: Arc<ServerState>,
}

impl Call {
    fn world(&self) -> &str {
        self.target().0
    }

    /// World and handler.
    fn target(&self) -> (&str, &str) {
        target(self.uri.path()).expect("`is_call` has looked at the path")
    }

    /// Whether the world is missing, and the call is not just a mistake.
    fn wants_world(&self) -> bool {
        let engine = &self.state.engine;
        let (world, handler) = self.target();
        let takes = |version: Arc<Version>| version.handler_kind(handler).is_some();
        engine.world(world).is_err() && engine.current().is_some_and(takes)
    }

    fn answer(&self, turn: Result<&mut Turn<'_>, CallError>) -> (Response, Option<Ticket>) {
        let turn = match turn {
            Ok(turn) => turn,
            Err(error) => return (Problem::from(error).into_response(), None),
        };
        let version = turn.version().number();
        let mut response = self.run(turn).unwrap_or_else(Problem::into_response);
        let _ = response.headers_mut().insert(MIDFLIGHT_VERSION, HeaderValue::from(version));
        (response, Some(turn.ticket()))
    }

    fn run(&self, turn: &mut Turn<'_>) -> Result<Response, Problem> {
        let (_, handler) = self.target();
        self.check_method(turn, handler)?;
        let body = body::text(&self.body)?;
        let bind = |arguments: &mut Arguments<'_>| {
            query::bind(self.uri.query().unwrap_or_default(), arguments)?;
            if body.trim_ascii().is_empty() { Ok(()) } else { json::bind(body, arguments) }
        };
        // Before the call is committed: what cannot be sent is taken back.
        let mut answer = None;
        let outcome = turn.call_shown(handler, bind, |result| {
            answer = encode(result, self.state.limits.result_len_max);
            answer.is_some()
        })?;
        if let Outcome::Trapped(trap) = outcome {
            return Err(trap.into());
        }
        self.state.metrics.count_fuel(turn.fuel_used());
        Ok(answer.expect("what was committed has been shown"))
    }

    fn check_method(&self, turn: &Turn<'_>, handler: &str) -> Result<(), Problem> {
        let version = turn.version();
        let Some(kind) = version.handler_kind(handler) else {
            let known: Vec<String> = version.handlers().map(|(name, _)| name.to_owned()).collect();
            let detail = format!("there is no handler {}", quoted(handler));
            let problem = Problem::new(Kind::UnknownHandler, detail);
            return Err(problem.with_help(known_names(handler, &known)));
        };
        let (is_fitting, allowed, word) = match kind {
            FuncKind::Get => {
                (matches!(self.method, Method::GET | Method::HEAD), "GET, HEAD", "get")
            }
            FuncKind::Post | FuncKind::Fn => (self.method == Method::POST, "POST", "post"),
        };
        if is_fitting {
            return Ok(());
        }
        let method = quoted(self.method.as_str());
        let detail = format!("`{handler}` is a `{word}` handler, it does not take {method}");
        Err(Problem::method(allowed, detail))
    }
}

/// The answer with a result; `None` where it is too large.
fn encode(result: View<'_>, len_max: usize) -> Option<Response> {
    let (content_type, body) = match result.content() {
        Content::Unit => return Some(StatusCode::NO_CONTENT.into_response()),
        Content::Text(text) if text.len() > len_max => return None,
        Content::Text(text) => {
            ("text/plain; charset=utf-8", Bytes::copy_from_slice(text.as_bytes()))
        }
        _ => {
            let mut json = Vec::new();
            json::write(result, &mut json, len_max).ok()?;
            ("application/json", json.into())
        }
    };
    let mut response = Response::new(Body::from(body));
    let content_type = HeaderValue::from_static(content_type);
    let _ = response.headers_mut().insert(CONTENT_TYPE, content_type);
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn paths() {
        for (path, expected) in [
            ("/hello", Some(("main", "hello"))),
            ("/@main/hello", Some(("main", "hello"))),
            ("/@room7/hello", Some(("room7", "hello"))),
            ("/", None),
            ("/@main", None),
            ("/@main/", None),
            ("/a/b", None),
            ("/@main/a/b", None),
            ("*", None),
        ] {
            assert_eq!(target(path), expected, "{path}");
        }
    }
}
