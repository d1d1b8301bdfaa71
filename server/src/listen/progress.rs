//! How far a connection is with its requests. The stream, the service and the bodies of one
//! connection share it: only together do they know whose turn it is, the server's or the client's.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::Instant;

/// No request is under way: whatever hyper writes now is an error of its own.
const BETWEEN: u8 = 0;
/// A request is under way.
const ANSWERING: u8 = 1;
/// Its answer is complete, but not yet written.
const FLUSHING: u8 = 2;

/// Times are told in milliseconds from here.
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// How far one connection is. All its parts are polled by one task; others only look.
#[derive(Debug)]
pub(super) struct Progress {
    phase: AtomicU8,
    /// Whether the answer goes on for as long as the client is there.
    is_streaming: AtomicBool,
    /// Since when the client would have to do something, in milliseconds; 0 while it need not.
    waiting_since_ms: AtomicU64,
}

impl Progress {
    /// Of a connection that has just been accepted.
    pub(super) fn new() -> Progress {
        let progress = Progress {
            phase: AtomicU8::new(BETWEEN),
            is_streaming: AtomicBool::new(false),
            waiting_since_ms: AtomicU64::new(0),
        };
        progress.wait(Instant::now());
        progress
    }

    /// A request has been read.
    pub(super) fn begin(&self) {
        self.phase.store(ANSWERING, Ordering::Relaxed);
        self.go_on();
    }

    /// Whether the answer goes on for as long as the client is there.
    pub(super) fn is_streaming(&self) -> bool {
        self.is_streaming.load(Ordering::Relaxed)
    }

    /// The answer's last byte is on its way.
    fn end_answer(&self) {
        self.phase.store(FLUSHING, Ordering::Relaxed);
        self.is_streaming.store(false, Ordering::Relaxed);
    }

    /// Everything has been written. Whether a request has ended with that.
    pub(super) fn flushed(&self) -> bool {
        let has_ended = self.phase.load(Ordering::Relaxed) == FLUSHING;
        if has_ended {
            self.phase.store(BETWEEN, Ordering::Relaxed);
        }
        has_ended
    }

    /// Whether no request is under way.
    pub(super) fn is_between_requests(&self) -> bool {
        self.phase.load(Ordering::Relaxed) == BETWEEN
    }

    /// The client has to do something; `now`, unless it had before.
    pub(super) fn wait(&self, now: Instant) {
        if self.waiting_since_ms().is_none() {
            let ms = u64::try_from(now.duration_since(*BEGAN).as_millis()).unwrap_or(u64::MAX);
            self.waiting_since_ms.store(ms.max(1), Ordering::Relaxed);
        }
    }

    /// The client has done its part.
    pub(super) fn go_on(&self) {
        self.waiting_since_ms.store(0, Ordering::Relaxed);
    }

    /// Since when the server has been waiting for the client, in milliseconds of some clock.
    pub(super) fn waiting_since_ms(&self) -> Option<u64> {
        Some(self.waiting_since_ms.load(Ordering::Relaxed)).filter(|&since| since != 0)
    }
}

/// The body of a request.
pub(super) struct RequestBody {
    pub(super) body: Incoming,
    pub(super) progress: Arc<Progress>,
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(ctx);
        match frame {
            Poll::Ready(_) => self.progress.go_on(),
            Poll::Pending => self.progress.wait(Instant::now()),
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.progress.go_on();
    }
}

/// The body of an answer. When hyper lets go of it, it has taken all that it wants of it.
pub(super) struct AnswerBody {
    body: Body,
    progress: Arc<Progress>,
}

impl AnswerBody {
    pub(super) fn new(body: Body, progress: Arc<Progress>) -> AnswerBody {
        let is_streaming = body.size_hint().exact().is_none();
        progress.is_streaming.store(is_streaming, Ordering::Relaxed);
        AnswerBody { body, progress }
    }
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(ctx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        self.progress.end_answer();
    }
}
