//! What leaves a world besides answers: events, log lines, and traps of timers. The host that wants
//! them gives the engine an [`Observer`].

use crate::cursor::View;
use crate::store::StoreError;
use crate::trap::Trap;

/// What an observer does with something that it was shown, once no crash can take it back: at once
/// without a store, after the commit that holds the call with one. It must not wait for the engine.
pub type Delivery = Box<dyn FnOnce() + Send>;

/// Is shown what happens in the worlds of an engine, while the world is still held and before it is
/// durable: it should encode what it needs and come back. What it gives is run when the outside may
/// know, in order; it is dropped when the store fails before. If it panics, that comes to whoever called;
/// the call has happened, and what else it wanted to tell is not told. The default does nothing.
pub trait Observer: Send + Sync {
    /// A call committed that had emitted this event.
    fn event(&self, event: &Event<'_>) -> Option<Delivery> {
        let _ = event;
        None
    }

    /// A call wrote this line.
    fn log(&self, line: &LogLine<'_>) -> Option<Delivery> {
        let _ = line;
        None
    }

    /// A run of a timer trapped and was taken back.
    fn timer_trapped(&self, world: &str, timer: &str, trap: &Trap) -> Option<Delivery> {
        let _ = (world, timer, trap);
        None
    }

    /// The store has failed: no call runs until the engine is built anew.
    fn store_failed(&self, error: &StoreError) {
        let _ = error;
    }
}

/// An event of a call that commits.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Event<'a> {
    /// The world that it happened in.
    pub world: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The version that emitted it.
    pub version: u64,
    /// Its fields, as a struct.
    pub fields: View<'a>,
}

/// A line that a program wrote with `log`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LogLine<'a> {
    /// The world that it was written in.
    pub world: &'a str,
    /// The version that wrote it.
    pub version: u64,
    /// The text.
    pub text: &'a str,
    /// Whether the call that wrote it trapped: what the line tells did not happen.
    pub rolled_back: bool,
}

/// Looks away.
#[derive(Debug)]
pub(crate) struct NoObserver;

impl Observer for NoObserver {}
