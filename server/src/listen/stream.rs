//! A connection's socket as hyper sees it: it ends a wait for the client that lasts too long, ends
//! a stream of events whose client has gone, and keeps hyper's own error answers, which lack
//! everything that ours have, from the client.
//!
//! hyper knows a time limit for heads, but measures it from the end of the last answer, so that it
//! would close idle connections as well; for writing it knows none.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::progress::Progress;
use crate::limits::Limits;

/// The socket of one connection.
#[derive(Debug)]
pub(super) struct Stream {
    socket: TcpStream,
    progress: Arc<Progress>,
    limits: Limits,
    reading: Reading,
    /// Until when the client has to take something, while it takes nothing.
    blocked_until: Option<Instant>,
    /// Whether the client was too slow with a head.
    is_late: bool,
    /// Whether hyper has written an error answer of its own.
    is_refused: bool,
    alarm: Alarm,
}

/// What is awaited from the client between requests.
#[derive(Clone, Copy, Debug)]
enum Reading {
    /// The first byte of a request, until then.
    First(Instant),
    /// The rest of a head that has just begun.
    Rest,
    /// The rest of a head that did not come in one piece, until then.
    RestUntil(Instant),
}

impl Stream {
    pub(super) fn new(socket: TcpStream, progress: Arc<Progress>, limits: Limits) -> Stream {
        Stream {
            socket,
            progress,
            limits,
            reading: Reading::First(Instant::now() + limits.idle_timeout),
            blocked_until: None,
            is_late: false,
            is_refused: false,
            alarm: Alarm::default(),
        }
    }

    /// The socket, and whether the client was too slow with a head.
    pub(super) fn into_parts(self) -> (TcpStream, bool) {
        (self.socket, self.is_late)
    }

    /// Waits for a request's bytes no longer than the client may take.
    fn poll_head(&mut self, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let until = match self.reading {
            Reading::First(until) | Reading::RestUntil(until) => until,
            Reading::Rest => Instant::now() + self.limits.header_timeout,
        };
        if !matches!(self.reading, Reading::First(_)) {
            self.reading = Reading::RestUntil(until);
        }
        ready!(self.alarm.poll(ctx, until));
        self.is_late = true;
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Lets the client take nothing for a limited time only.
    fn pace(
        &mut self,
        ctx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            if self.blocked_until.take().is_some() {
                self.progress.go_on();
            }
            return written;
        }
        let until = *self.blocked_until.get_or_insert_with(|| {
            let now = Instant::now();
            self.progress.wait(now);
            now + self.limits.write_timeout
        });
        ready!(self.alarm.poll(ctx, until));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Whether the client of an endless answer has gone; hyper looks no earlier than it writes.
    fn poll_gone(&self, ctx: &mut Context<'_>) -> Poll<()> {
        let mut byte = [0];
        match ready!(self.socket.poll_peek(ctx, &mut ReadBuf::new(&mut byte))) {
            Ok(0) | Err(_) => Poll::Ready(()),
            // It has asked for something else meanwhile.
            Ok(_) => Poll::Pending,
        }
    }

    /// Whether what is written now is hyper's own, and not to be written.
    fn refuses(&mut self) -> bool {
        self.is_refused |= self.progress.is_between_requests();
        self.is_refused
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read_before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(ctx, buffer);
        if !self.progress.is_between_requests() {
            return read;
        }
        if read.is_pending() {
            return self.poll_head(ctx);
        }
        if buffer.filled().len() > read_before && matches!(self.reading, Reading::First(_)) {
            self.reading = Reading::Rest;
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.refuses() {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.socket).poll_write(ctx, bytes);
        self.pace(ctx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.refuses() {
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        let written = Pin::new(&mut self.socket).poll_write_vectored(ctx, slices);
        self.pace(ctx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.socket).poll_flush(ctx))?;
        if self.progress.is_streaming() && self.poll_gone(ctx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if self.progress.flushed() {
            let now = Instant::now();
            self.progress.wait(now);
            let until = now + self.limits.idle_timeout;
            self.reading = Reading::First(until);
            // hyper may have asked for the next request's bytes already, and asks again only when
            // it is woken.
            let _ = self.alarm.poll(ctx, until);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Where hyper has refused a request, our own answer is still to be written.
        if self.is_refused {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.socket).poll_shutdown(ctx)
    }
}

/// Wakes a task at a time that is moved with every request. The timer itself is seldom moved: it
/// ends at the earliest time that it was set to, and is set again then.
#[derive(Debug, Default)]
struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Ready when it is past this time.
    fn poll(&mut self, ctx: &mut Context<'_>, until: Instant) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if sleep.deadline() > until {
            sleep.as_mut().reset(until);
        }
        loop {
            ready!(sleep.as_mut().poll(ctx));
            if sleep.deadline() >= until {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(until);
        }
    }
}
