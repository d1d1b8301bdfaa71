//! One connection: its requests, one after the other, to the application.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::progress::{AnswerBody, Progress, RequestBody};
use super::refusal::{self, refuse};
use super::stream::Stream;
use crate::limits::{BUFFER_LEN_MAX, HEADERS_ON_STACK};
use crate::routes::App;
use crate::state::ServerState;

/// What every connection is given.
#[derive(Clone)]
pub(super) struct Served {
    pub(super) state: Arc<ServerState>,
    pub(super) app: Arc<App>,
    /// Changes when the server stops.
    pub(super) stopping: watch::Receiver<()>,
}

/// Serves a connection until one of both sides ends it.
pub(super) async fn serve(socket: TcpStream, progress: Arc<Progress>, mut served: Served) {
    // Answers are written whole, so there is nothing to wait for.
    let _ = socket.set_nodelay(true);
    let (app, state) = (served.app, served.state);
    let stream = Stream::new(socket, progress.clone(), state.limits);
    let service = {
        let progress = progress.clone();
        service_fn(move |request| {
            progress.begin();
            answer(app.clone(), progress.clone(), request)
        })
    };
    let mut http = http1::Builder::new();
    if state.limits.headers_max != HEADERS_ON_STACK {
        let _ = http.max_headers(state.limits.headers_max);
    }
    let mut connection = http
        // The stream has its own, which can tell an idle connection from a slow head.
        .header_read_timeout(None)
        // Who has nothing more to say is answered nevertheless.
        .half_close(true)
        .max_header_size(state.limits.header_len_max)
        .max_buf_size(BUFFER_LEN_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        // The sender says nothing; it is dropped.
        _ = served.stopping.changed() => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    let Err(error) = ended else { return };
    tracing::debug!(%error, "a connection ended");
    if !progress.is_between_requests() {
        return;
    }
    let parts = connection.into_parts();
    let (socket, is_late) = parts.io.into_inner().into_parts();
    let problem = match is_late {
        true => Some(refusal::too_late(&state.limits)),
        false => refusal::unreadable(&error, &parts.read_buf, &state.limits),
    };
    if let Some(problem) = problem {
        refuse(socket, problem, &state).await;
    }
}

async fn answer(
    app: Arc<App>,
    progress: Arc<Progress>,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Infallible> {
    let request = request.map(|body| match body.is_end_stream() {
        true => Body::empty(),
        false => Body::new(RequestBody { body, progress: progress.clone() }),
    });
    let response = app.answer(request).await;
    Ok(response.map(|body| AnswerBody::new(body, progress)))
}
