//! What happens in the worlds, on its way out: events to the clients that listen, log lines of
//! programs and traps of timers to the server's own log.
//!
//! An event is encoded once, while its world is still held, sent when it is durable, and kept for
//! the slowest listener for a while. A listener that falls further behind is dropped: no world ever waits for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use midflight_runtime::{Delivery, Event, LogLine, Observer, StoreError, Trap};
use serde_json::json;
use tokio::sync::broadcast;

use crate::error::{Kind, Problem};
use crate::json;
use crate::limits::Limits;

/// The target of log lines of programs, for `MIDFLIGHT_LOG=flight=info`.
const PROGRAM: &str = "flight";

/// An event on its way to the clients.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// The world that it happened in.
    pub(crate) world: Arc<str>,
    /// A message of an event stream.
    pub(crate) text: Bytes,
}

/// The events of an engine. Cheap to clone: clones are the same events.
#[derive(Clone, Debug)]
pub struct Events {
    sender: broadcast::Sender<Message>,
    /// How many there were.
    count: Arc<AtomicU64>,
    limits: Limits,
}

impl Default for Events {
    fn default() -> Events {
        Events::new(Limits::default())
    }
}

impl Events {
    /// The events of a server with these limits.
    pub fn new(limits: Limits) -> Events {
        let sender = broadcast::Sender::new(limits.events_kept_max);
        Events { sender, count: Arc::default(), limits }
    }

    /// The server's limits.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many clients listen.
    pub(crate) fn listeners(&self) -> usize {
        self.sender.receiver_count()
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// The events from now on.
    pub(crate) fn listen(&self) -> Result<broadcast::Receiver<Message>, Problem> {
        if self.listeners() >= self.limits.listeners_max {
            let detail = format!("{} clients listen to events already", self.limits.listeners_max);
            return Err(Problem::new(Kind::TooManyListeners, detail));
        }
        Ok(self.sender.subscribe())
    }
}

impl Observer for Events {
    fn event(&self, event: &Event<'_>) -> Option<Delivery> {
        // Listeners come and go until it is sent; who listens then wants it.
        let message = message(event, self.limits.event_len_max);
        let events = self.clone();
        let world: Arc<str> = event.world.into();
        Some(Box::new(move || {
            let number = events.count.fetch_add(1, Ordering::Relaxed) + 1;
            if events.sender.receiver_count() > 0 {
                let text = [format!("id: {number}\n").into_bytes(), message].concat().into();
                // It fails when the last listener has just gone.
                let _ = events.sender.send(Message { world, text });
            }
        }))
    }

    fn log(&self, line: &LogLine<'_>) -> Option<Delivery> {
        let &LogLine { world, version, text, rolled_back, .. } = line;
        let (world, text) = (world.to_owned(), text.to_owned());
        Some(Box::new(move || {
            tracing::info!(target: PROGRAM, world, version, rolled_back, "{text}");
        }))
    }

    fn timer_trapped(&self, world: &str, timer: &str, trap: &Trap) -> Option<Delivery> {
        let (world, timer, trap) = (world.to_owned(), timer.to_owned(), trap.clone());
        Some(Box::new(move || {
            tracing::warn!(target: PROGRAM, world, timer, version = trap.version, "{trap}");
        }))
    }

    fn store_failed(&self, error: &StoreError) {
        tracing::error!("the store has failed, calls are refused until a restart: {error}");
    }
}

/// The event as a message, its number aside: JSON has no line breaks, and names are words.
fn message(event: &Event<'_>, len_max: usize) -> Vec<u8> {
    let &Event { world, name, version, .. } = event;
    let mut message = format!("event: {name}\ndata: ").into_bytes();
    let (world, name) = (json!(world), json!(name));
    let head = format!(r#"{{"world":{world},"version":{version},"event":{name},"fields":"#);
    message.extend_from_slice(head.as_bytes());
    let fields = message.len();
    if json::write(event.fields, &mut message, len_max).is_err() {
        message.truncate(fields);
        message.extend_from_slice(b"null,\"too_large\":true");
    }
    message.extend_from_slice(b"}\n\n");
    message
}
