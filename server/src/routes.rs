//! The table of all routes, and what every request passes before them and every answer after.

mod call;
mod deploy;
mod events;
mod health;
mod metrics;
mod schema;
mod snapshot;
mod transfer;
mod versions;
mod worlds;

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderValue, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;
use tower::Service;

use crate::body;
use crate::error::{Form, Kind, Problem};
use crate::limits::SMALL_LEN_MAX;
use crate::query::quoted;
use crate::state::ServerState;

/// Which version answered; 0 where none is loaded.
pub(crate) const MIDFLIGHT_VERSION: HeaderName = HeaderName::from_static("midflight-version");

/// The application: everything that a server answers.
///
/// Calls of handlers are what most requests are. They do not go through the router, which would box
/// and move each of them several times; everything else does.
#[derive(Clone)]
pub struct App {
    state: Arc<ServerState>,
    others: Router,
}

/// The application of a server.
pub fn app(state: Arc<ServerState>) -> App {
    let others = Router::new()
        .route("/load", post(deploy::load))
        .route("/-/versions", get(versions::list))
        .route("/-/versions/{number}", get(versions::show).delete(versions::delete))
        .route("/-/versions/{number}/activate", post(versions::activate))
        .route("/-/rollback", post(versions::roll_back))
        .route("/-/worlds", get(worlds::list))
        .route("/-/worlds/{name}", get(worlds::show).put(worlds::create).delete(worlds::delete))
        .route("/-/worlds/{name}/export", get(transfer::export))
        .route("/-/worlds/{name}/import", post(transfer::import))
        .route("/-/schema", get(schema::schema))
        .route("/-/snapshot", get(snapshot::snapshot))
        .route("/-/events", get(events::events))
        .route("/-/metrics", get(metrics::metrics))
        .route("/-/healthy", get(health::healthy))
        .route("/-/ready", get(health::ready))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .with_state(state.clone());
    App { state, others }
}

impl App {
    /// Answers a request: lets in who may come in, and says which version answered. The answer to
    /// `HEAD` has the body of `GET`'s; the connection leaves it out.
    pub async fn answer(&self, request: Request<Body>) -> Response {
        let state = &self.state;
        let answered = catch_panic(async {
            if let Err(problem) = state.access.check(&request) {
                return refuse(problem, request).await;
            }
            match call::is_call(&request) {
                true => call::call(state, request).await.unwrap_or_else(Problem::into_response),
                false => self.answer_other(request).await,
            }
        });
        let response = answered.await.unwrap_or_else(Problem::into_response);
        complete(bounded(response, state), state)
    }

    async fn answer_other(&self, request: Request<Body>) -> Response {
        self.others.clone().call(request).await.unwrap_or_else(|never| match never {})
    }
}

/// Names the current version in an answer that names none, and counts it.
pub(crate) fn complete(mut response: Response, state: &ServerState) -> Response {
    let headers = response.headers_mut();
    if !headers.contains_key(MIDFLIGHT_VERSION) {
        let _ = headers.insert(MIDFLIGHT_VERSION, HeaderValue::from(state.current_number()));
    }
    state.metrics.count_answer(&response);
    response
}

/// Holds a place for an answer that is large, until it is sent or given up.
fn bounded(response: Response, state: &ServerState) -> Response {
    let len = response.body().size_hint().exact().unwrap_or(0);
    if len <= SMALL_LEN_MAX as u64 {
        return response;
    }
    match state.begin_large_answer() {
        Ok(place) => response.map(|body| Body::new(body::Placed::new(body, place))),
        Err(problem) => {
            let mut refusal = problem.into_response();
            if let Some(version) = response.headers().get(MIDFLIGHT_VERSION) {
                let _ = refusal.headers_mut().insert(MIDFLIGHT_VERSION, version.clone());
            }
            refusal
        }
    }
}

/// A panic is a fault of ours, which must cost the client no more than this answer.
async fn catch_panic<T>(answer: impl Future<Output = T>) -> Result<T, Problem> {
    let mut answer = pin!(answer);
    let caught =
        poll_fn(|ctx| match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(ctx))) {
            Ok(poll) => poll.map(Ok),
            Err(_panic) => Poll::Ready(Err(())),
        });
    caught.await.map_err(|()| Problem::new(Kind::Internal, "a panic: please report it"))
}

/// Answers with a problem once the client has sent its body.
async fn refuse(problem: Problem, request: Request<Body>) -> Response {
    let form = Form::of(&request);
    let _ = body::discard(request).await;
    problem.answer(form)
}

/// A value as JSON.
fn json(value: &impl Serialize) -> Response {
    let json = serde_json::to_vec(value).expect("what the server shows has names as its keys");
    ([(CONTENT_TYPE, "application/json")], json).into_response()
}

async fn not_found(request: Request<Body>) -> Response {
    let detail = format!("there is nothing at {}", quoted(request.uri().path()));
    let problem = Problem::new(Kind::NotFound, detail)
        .with_help("a handler is called at `/NAME`; `/-/schema` lists them");
    refuse(problem, request).await
}

async fn method_not_allowed(request: Request<Body>) -> Response {
    let detail = format!("`{}` does not take {}", request.uri().path(), request.method());
    // `axum` adds the header with the methods that the path does take.
    let problem = Problem::new(Kind::MethodNotAllowed, detail);
    let problem = match request.uri().path() {
        "/load" => problem.with_help("curl --data-binary @FILE http://HOST:PORT/load"),
        _ => problem,
    };
    refuse(problem, request).await
}
