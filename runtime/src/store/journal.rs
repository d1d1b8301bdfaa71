//! What one world tells the committer: each call's changes, in order.
//!
//! A call that changed nothing queues nothing; the time alone is no change, and goes along with the
//! next one. That a timer is due later is queued with what its run changed.
//!
//! A large world that moves to another layout is written while it is held, but before the batch that
//! moves all worlds, so that this one is short (`place`).

use std::sync::Arc;

use super::committer::{Committer, Queue};
use super::place::other;
use super::record::{changed, rows, timer_bytes, whole, without_rows, without_their_bytes};
use super::ticket::Ticket;
use super::{Batch, Cell, Durability, Persist, StoreError, WorldChange};
use crate::error::CallError;
use crate::frame::Frame;
use crate::observer::Delivery;
use crate::timer::Timers;

/// Rows of a piece, where a whole world is written in pieces: two of them may come into one commit.
const PIECE: usize = 8 << 10;

/// The journal of one world. Its holder is the world's.
#[derive(Debug)]
pub(crate) struct Journal {
    queue: Arc<Queue>,
    /// Where its cells stand.
    place: Arc<str>,
    /// Where its rows stand already as they will be, if the move that is prepared comes about.
    staged: Option<Arc<str>>,
    /// The number of what was queued last.
    sequence: u64,
    /// The time that was queued last.
    time_ms: i64,
    /// The timers, where they have changed since something was queued.
    timers: Option<Vec<u8>>,
}

impl Journal {
    /// The journal of a world of which nothing has been queued.
    pub(crate) fn new(queue: &Arc<Queue>, world: &Arc<str>) -> Journal {
        let (queue, place) = (queue.clone(), world.clone());
        Journal { queue, place, staged: None, sequence: 0, time_ms: 0, timers: None }
    }

    /// What is stored, at this place, is what the frame has.
    pub(crate) fn reopen(&mut self, place: &str, frame: &Frame) {
        self.place = place.into();
        self.time_ms = frame.data.now_ms;
    }

    /// Where the world's cells stand.
    pub(crate) fn place(&self) -> &Arc<str> {
        &self.place
    }

    /// Writes the rows that the world will have to its other place, in pieces: between them, others
    /// are written as well.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn stage(&mut self, frame: &Frame, store: &Committer) -> Result<(), StoreError> {
        let place = self.staged.insert(other(&self.place));
        let mut rows = rows(frame).peekable();
        let mut before: Option<Ticket> = None;
        while rows.peek().is_some() {
            let cells = rows.by_ref().take(PIECE).collect();
            let is_whole = before.is_none();
            let begun = store.begin(Batch::at(place, WorldChange { is_whole, cells }));
            // While one piece is written, the next one is made; no more of them wait.
            before.replace(begun).map_or(Ok(()), |before| store.wait(before))?;
        }
        before.map_or(Ok(()), |last| store.wait(last))
    }

    /// The move came about: where the rows are staged is the world's place. Gives the one that it
    /// had, if that is another one.
    pub(crate) fn take_place(&mut self) -> Option<Arc<str>> {
        let staged = self.staged.take()?;
        Some(std::mem::replace(&mut self.place, staged))
    }

    /// The move does not come about: gives the place that has to be emptied, if there is one.
    pub(crate) fn give_place_up(&mut self) -> Option<Arc<str>> {
        self.staged.take()
    }

    /// Whether a call may begin.
    ///
    /// # Errors
    /// When the store has failed, or too much waits for it.
    pub(crate) fn check(&self) -> Result<(), CallError> {
        self.queue.check()
    }

    /// Queues what the call that is about to commit changed.
    pub(crate) fn record(&mut self, frame: &Frame) {
        let change = self.changed(frame);
        self.push(change);
    }

    /// Queues everything: the world has its first version.
    pub(crate) fn record_whole(&mut self, frame: &Frame, timers: &Timers) {
        let change = self.whole(frame, timers);
        self.push(change);
    }

    /// The timers have changed: the next change that is queued holds it.
    pub(crate) fn note_timers(&mut self, timers: &Timers) {
        self.timers = Some(timer_bytes(timers));
    }

    /// Queues the timers, which have changed.
    pub(crate) fn record_timers(&mut self, timers: &Timers) {
        self.timers = None;
        let cells = [(Cell::TIMERS, Some(timer_bytes(timers)))].into();
        self.push(WorldChange { is_whole: false, cells });
    }

    /// What the call that is about to commit changed, to be made durable by whoever asks.
    pub(crate) fn changed(&mut self, frame: &Frame) -> WorldChange {
        let mut cells = changed(frame);
        cells.extend(self.timers.take().map(|timers| (Cell::TIMERS, Some(timers))));
        if !cells.is_empty() && self.time_ms != frame.data.now_ms {
            self.time_ms = frame.data.now_ms;
            let _ = cells.insert(Cell::TIME, Some(self.time_ms.to_le_bytes().to_vec()));
        }
        WorldChange { is_whole: false, cells }
    }

    /// What makes the world durable as it is after a move, by place.
    pub(crate) fn moved(&mut self, frame: &Frame, timers: &Timers) -> Vec<(Arc<str>, WorldChange)> {
        let Some(staged) = self.staged.clone() else {
            return vec![(self.place.clone(), self.whole(frame, timers))];
        };
        self.timers = None;
        self.time_ms = frame.data.now_ms;
        let arrived = WorldChange { is_whole: false, cells: without_rows(frame, timers) };
        // The rest goes afterwards (`empty`).
        let left = WorldChange { is_whole: false, cells: [(Cell::TIME, None)].into() };
        vec![(staged, arrived), (self.place.clone(), left)]
    }

    /// Everything that the world is now, to be made durable by whoever asks.
    pub(crate) fn whole(&mut self, frame: &Frame, timers: &Timers) -> WorldChange {
        self.timers = None;
        self.time_ms = frame.data.now_ms;
        WorldChange { is_whole: true, cells: whole(frame, timers) }
    }

    /// A ticket for everything that was queued so far.
    pub(crate) fn ticket(&self) -> Ticket {
        match self.queue.durability() {
            Durability::Commit => Ticket::of(&self.queue, self.sequence),
            Durability::Interval(_) | Durability::None => Ticket::ready(),
        }
    }

    /// Tells the outside something once it cannot be taken back.
    pub(crate) fn deliver(&self, deliveries: impl Iterator<Item = Delivery>) {
        match self.queue.durability() {
            Durability::Commit => self.queue.deliver(self.sequence, deliveries),
            Durability::Interval(_) | Durability::None => {
                deliveries.for_each(|deliver| deliver());
            }
        }
    }

    fn push(&mut self, change: WorldChange) {
        if !change.is_whole && change.cells.is_empty() {
            return;
        }
        self.sequence = self.queue.push(Batch::at(&self.place, change), Persist::Later);
    }
}

/// Empties a place that a world has left, whose rows there were those of the frame; in pieces.
///
/// # Errors
/// When the store fails.
pub(crate) fn empty(place: Arc<str>, frame: &Frame, store: &Committer) -> Result<(), StoreError> {
    let mut rows = without_their_bytes(frame).peekable();
    while rows.peek().is_some() {
        let cells = rows.by_ref().take(PIECE).collect();
        store.commit(Batch::at(&place, WorldChange { is_whole: false, cells }))?;
    }
    store.commit(Batch::without(place))
}
