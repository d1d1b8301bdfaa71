//! What one world tells the committer: each call's changes, in order.
//!
//! A call that changed nothing queues nothing; the time alone is no change, and goes along with the
//! next one. That a timer is due later is queued with what its run changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::committer::Queue;
use super::record::{changed, timer_bytes, whole};
use super::ticket::Ticket;
use super::{Batch, Cell, Durability, Persist, WorldChange};
use crate::error::CallError;
use crate::frame::Frame;
use crate::observer::Delivery;
use crate::timer::Timers;

/// The journal of one world. Its holder is the world's.
#[derive(Debug)]
pub(crate) struct Journal {
    queue: Arc<Queue>,
    world: Arc<str>,
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
        let (queue, world) = (queue.clone(), world.clone());
        Journal { queue, world, sequence: 0, time_ms: 0, timers: None }
    }

    /// What is stored is what the frame has.
    pub(crate) fn reopen(&mut self, frame: &Frame) {
        self.time_ms = frame.data.now_ms;
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
        let worlds = BTreeMap::from([(self.world.clone(), change)]);
        self.sequence = self.queue.push(Batch { versions: None, worlds }, Persist::Later);
    }
}
