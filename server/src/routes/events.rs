//! `GET /-/events`: the events of all worlds, or with `?world=NAME` of one, as server-sent events,
//! from now on.
//!
//! Each message has the event's name as its `event`, a number as its `id`, and as its `data`
//! `{"world", "version", "event", "fields"}`. Comments in between show that the connection is
//! alive. The stream ends when the client reads too slowly or the server stops.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use hyper::body::{Body as HttpBody, Frame};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::time::timeout;

use crate::error::Problem;
use crate::events::Message;
use crate::limits::HEARTBEAT;
use crate::options::Options;
use crate::state::ServerState;

/// What shows that the connection is alive.
const COMMENT: Bytes = Bytes::from_static(b":\n\n");

/// Messages that are on their way into the connection. The rest waits in the broadcast, whose
/// length says who is too slow.
const AHEAD: usize = 4;

/// `GET /-/events`
pub(super) async fn events(
    State(state): State<Arc<ServerState>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let options = Options::of(query.as_deref(), &["world"])?;
    let world = options.text("world").map(|name| state.engine.world(name)).transpose()?;
    let world = world.map(|world| world.name().to_owned());
    let events = state.events.listen()?;
    let (messages, stream) = mpsc::channel(AHEAD);
    drop(tokio::spawn(async move {
        tokio::select! {
            () = forward(events, messages, world) => {}
            () = state.stopped() => {}
        }
    }));
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    Ok((headers, Body::new(Stream(stream))).into_response())
}

/// Forwards events until the client is gone or too slow.
async fn forward(
    mut events: broadcast::Receiver<Message>,
    messages: mpsc::Sender<Bytes>,
    world: Option<String>,
) {
    let mut message = COMMENT;
    while messages.send(message).await.is_ok() {
        let next = tokio::select! {
            next = timeout(HEARTBEAT, wanted(&mut events, world.as_deref())) => next,
            () = messages.closed() => return,
        };
        message = match next {
            Ok(Ok(event)) => event,
            Ok(Err(_)) => return,
            Err(_) => COMMENT,
        };
    }
}

/// The next event of the world, or of any.
async fn wanted(
    events: &mut broadcast::Receiver<Message>,
    world: Option<&str>,
) -> Result<Bytes, RecvError> {
    loop {
        let event = events.recv().await?;
        if world.is_none_or(|world| *event.world == *world) {
            return Ok(event.text);
        }
    }
}

/// A body that is made while it is sent.
struct Stream(mpsc::Receiver<Bytes>);

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(ctx).map(|message| message.map(|message| Ok(Frame::data(message))))
    }
}
