//! Waiting until what a call did, and what it saw, is durable: by a thread, or as a future.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use super::committer::Queue;
use crate::error::CallError;

/// The right to hear when everything up to some call is durable. No answer should be shown before.
///
/// It is a future that needs no particular executor, and [`Ticket::wait`] is for threads. Without a
/// store, and where the engine's [`Durability`](crate::Durability) says that answers do not wait, it
/// is ready at once.
#[derive(Clone, Debug)]
#[must_use = "what it stands for is not durable yet"]
pub struct Ticket {
    awaited: Option<(Arc<Queue>, u64)>,
}

impl Ticket {
    /// A ticket that waits for nothing.
    pub(crate) fn ready() -> Ticket {
        Ticket { awaited: None }
    }

    /// A ticket for everything that was queued up to this number.
    pub(crate) fn of(queue: &Arc<Queue>, sequence: u64) -> Ticket {
        Ticket { awaited: Some((queue.clone(), sequence)) }
    }

    /// Waits until it is durable.
    ///
    /// # Errors
    /// [`CallError::OutcomeUnknown`] when the store has failed meanwhile.
    #[inline]
    pub fn wait(self) -> Result<(), CallError> {
        match &self.awaited {
            Some((queue, sequence)) => queue.outcome(*sequence).unwrap_or_else(|| self.park()),
            None => Ok(()),
        }
    }

    fn park(&self) -> Result<(), CallError> {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        loop {
            match self.poll_with(&waker) {
                Poll::Ready(outcome) => return outcome,
                Poll::Pending => thread::park(),
            }
        }
    }

    fn poll_with(&self, waker: &Waker) -> Poll<Result<(), CallError>> {
        let Some((queue, sequence)) = &self.awaited else { return Poll::Ready(Ok(())) };
        match queue.outcome_or_wake(*sequence, waker) {
            Some(outcome) => Poll::Ready(outcome),
            None => Poll::Pending,
        }
    }
}

impl Future for Ticket {
    type Output = Result<(), CallError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_with(context.waker())
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
