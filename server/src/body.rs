//! Bodies of requests: read whole within limits, or thrown away so that a client that still sends
//! gets to reading the answer.

use std::fs::File;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CONTENT_ENCODING, EXPECT, TRANSFER_ENCODING};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Request};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Frame, SizeHint};
use midflight_limits::{Number, Unit};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::error::{Kind, Problem};
use crate::limits::{DISCARD_LEN_MAX, DISCARD_TIMEOUT, SMALL_LEN_MAX};
use crate::query::quoted;
use crate::spool;
use crate::state::ServerState;

/// The whole body of a request, and the rest of it.
pub(crate) async fn read(
    state: &ServerState,
    request: Request<Body>,
) -> Result<(Parts, Bytes), Problem> {
    if let Some(problem) = encoded(request.headers()) {
        let _ = discard(request).await;
        return Err(problem);
    }
    let limits = &state.limits;
    if request.body().size_hint().lower() > limits.body_len_max as u64 {
        let _ = discard(request).await;
        return Err(too_large(limits.body_len_max as u64));
    }
    let (parts, mut body) = request.into_parts();
    let problem = match timeout(limits.body_timeout, collect(state, &mut body)).await {
        Ok(Ok(whole)) => return Ok((parts, whole)),
        Ok(Err(problem)) => problem,
        Err(_) => {
            let time = Unit::Time.show(limits.body_timeout.number());
            let detail = format!("the body was not sent within {time}");
            return Err(Problem::new(Kind::BodyTimeout, detail));
        }
    };
    discard_rest(body).await;
    Err(problem)
}

async fn collect(state: &ServerState, body: &mut Body) -> Result<Bytes, Problem> {
    let mut whole = Vec::new();
    let mut place = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Problem::new(Kind::BodyBroken, error.to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        // Most bodies come in one piece, which is not copied.
        if whole.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        let len = whole.len() + data.len();
        if len > state.limits.body_len_max {
            return Err(too_large(state.limits.body_len_max as u64));
        }
        if len > SMALL_LEN_MAX && place.is_none() {
            place = Some(state.begin_large_body()?);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.into())
}

/// The whole body of a request that may be larger than memory, in a file. The time of a body is
/// that of each of its parts here.
pub(crate) async fn spool(state: &ServerState, request: Request<Body>) -> Result<File, Problem> {
    if let Some(problem) = encoded(request.headers()) {
        let _ = discard(request).await;
        return Err(problem);
    }
    let len_max = state.limits.import_len_max;
    if request.body().size_hint().lower() > len_max {
        let _ = discard(request).await;
        return Err(import_too_large(len_max));
    }
    let no_room = |error: io::Error| Problem::new(Kind::NoRoom, error.to_string());
    let mut body = request.into_body();
    let (mut file, mut len) = (spool::file().map_err(no_room)?, 0);
    let timeout_of_part = state.limits.body_timeout;
    loop {
        let Ok(frame) = timeout(timeout_of_part, body.frame()).await else {
            let detail = "the body stopped coming";
            return Err(Problem::new(Kind::BodyTimeout, detail));
        };
        let Some(frame) = frame else { return Ok(file) };
        let frame = frame.map_err(|error| Problem::new(Kind::BodyBroken, error.to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        len += data.len() as u64;
        if len > len_max {
            discard_rest(body).await;
            return Err(import_too_large(len_max));
        }
        let write = spawn_blocking(move || file.write_all(&data).map(|()| file));
        let written =
            write.await.map_err(|error| Problem::new(Kind::Internal, error.to_string()))?;
        file = written.map_err(no_room)?;
    }
}

/// The refusal of a body that is not simply sent. To unpack one would make of a few bytes as many
/// as the limits let through.
fn encoded(headers: &HeaderMap) -> Option<Problem> {
    let is_other = |value: &&HeaderValue, plain: &str| {
        !value.as_bytes().trim_ascii().eq_ignore_ascii_case(plain.as_bytes())
    };
    let content =
        headers.get_all(CONTENT_ENCODING).iter().find(|value| is_other(value, "identity"));
    // hyper has undone what is `chunked` at the end, and nothing before.
    let transfer = headers.get_all(TRANSFER_ENCODING).iter().find(|v| is_other(v, "chunked"));
    let encoding = quoted(&String::from_utf8_lossy(content.or(transfer)?.as_bytes()));
    let detail = format!("the body is encoded as {encoding}, which is not undone");
    Some(Problem::new(Kind::UnsupportedEncoding, detail).with_help("send the body as it is"))
}

fn import_too_large(len_max: u64) -> Problem {
    let detail = format!("the export is larger than {}", Unit::Bytes.show(len_max));
    Problem::new(Kind::ImportTooLarge, detail)
}

fn too_large(len_max: u64) -> Problem {
    let detail = format!("the body is larger than {}", Unit::Bytes.show(len_max));
    Problem::new(Kind::BodyTooLarge, detail)
}

/// Reads the body of a refused request and throws it away, within limits.
pub(crate) async fn discard(request: Request<Body>) -> Parts {
    let (parts, body) = request.into_parts();
    // Who asks before it sends learns from the answer that it need not.
    if !parts.headers.contains_key(EXPECT) {
        discard_rest(body).await;
    }
    parts
}

async fn discard_rest(body: Body) {
    if body.is_end_stream() {
        return;
    }
    let mut rest = Limited::new(body, DISCARD_LEN_MAX);
    let read = async { while let Some(Ok(_)) = rest.frame().await {} };
    // Who sends for longer finds the connection closed.
    let _ = timeout(DISCARD_TIMEOUT, read).await;
}

/// The text of a body.
pub(crate) fn text(body: &Bytes) -> Result<&str, Problem> {
    std::str::from_utf8(body).map_err(|error| {
        let detail = format!("the body is not UTF-8 from byte {} on", error.valid_up_to());
        Problem::new(Kind::NotUtf8, detail)
    })
}

/// A body that has a place among those of its size, until the last of its bytes is written or
/// given up: what is sent may outlive the body.
pub(crate) struct Placed {
    body: Body,
    place: Arc<OwnedSemaphorePermit>,
}

/// Bytes of such a body.
struct PlacedBytes {
    bytes: Bytes,
    _place: Arc<OwnedSemaphorePermit>,
}

impl Placed {
    pub(crate) fn new(body: Body, place: OwnedSemaphorePermit) -> Placed {
        Placed { body, place: Arc::new(place) }
    }
}

impl AsRef<[u8]> for PlacedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for Placed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(ctx);
        let placed = |bytes| Bytes::from_owner(PlacedBytes { bytes, _place: self.place.clone() });
        frame.map(|frame| frame.map(|frame| frame.map(|frame| frame.map_data(placed))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
