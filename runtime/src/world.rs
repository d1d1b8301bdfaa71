//! A world: one copy of the state, behind a gate that lets one call at a time in.
//!
//! A world owns the version that it runs. At the beginning of a turn it compares its epoch with
//! the engine's, one load, and moves to the current version where they differ.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use midflight_compiler::trap::TrapKind;

use crate::call::{Budget, Counts, Turn};
use crate::engine::Shared;
use crate::error::CallError;
use crate::frame::Frame;
use crate::gate::{Gate, Spawn};
use crate::limits::Limits;
use crate::version::Version;

/// One world of an engine.
#[derive(Debug)]
pub struct World {
    name: String,
    pub(crate) gate: Arc<Gate<Room>>,
    pub(crate) counts: Arc<Counts>,
}

/// What the gate guards.
#[derive(Debug, Default)]
pub(crate) struct Room {
    /// Absent until the first version.
    frame: Option<Box<Frame>>,
    /// The engine's epoch when the world last moved.
    epoch: u64,
    counts: Arc<Counts>,
}

impl World {
    pub(crate) fn new(name: &str, limits: &Limits, spawn: Option<Spawn>) -> World {
        let room = Room::default();
        let counts = room.counts.clone();
        let gate = Arc::new(Gate::new(room, limits.queue_len_max, spawn));
        World { name: name.to_owned(), gate, counts }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many calls wait.
    pub fn queue_len(&self) -> usize {
        self.gate.queue_len()
    }

    /// Moves the world to the current version if nobody holds it, else leaves that to the holder:
    /// so no idle world keeps an old version alive. Gives back the version that it left.
    pub(crate) fn sweep(&self, shared: &Arc<Shared>) {
        if let Some(mut room) = self.gate.try_enter() {
            let left = room.adopt(shared);
            drop(room);
            drop(left);
            return;
        }
        let shared = shared.clone();
        // A full queue means calls, and the next of them moves the world.
        let _ = self.gate.submit(Box::new(move |room| drop(room.adopt(&shared))));
    }
}

impl Room {
    /// One turn on the current version.
    pub(crate) fn turn(&mut self, shared: &Shared) -> Result<Turn<'_>, CallError> {
        if self.epoch != shared.epoch.load(Ordering::Acquire) {
            drop(self.adopt(shared)?);
        }
        let Some(frame) = &mut self.frame else { return Err(CallError::NoVersion) };
        if frame.broken {
            return Err(CallError::Closed);
        }
        let budget = Budget { fuel: shared.limits.fuel_max, now_ms: (shared.clock)() };
        Ok(Turn::new(frame, &self.counts, budget))
    }

    /// Bytes that the world's rows and texts take.
    pub(crate) fn memory_taken(&self) -> usize {
        self.frame.as_ref().map_or(0, |frame| frame.data.memory.taken())
    }

    /// Moves to the current version; gives the one that was left.
    fn adopt(&mut self, shared: &Shared) -> Result<Option<Arc<Version>>, CallError> {
        // The epoch first: a version that becomes current after it is read moves the world again.
        let epoch = shared.epoch.load(Ordering::Acquire);
        let Some(current) = shared.current() else { return Ok(None) };
        let left = match &mut self.frame {
            Some(frame) => {
                self.counts.flush(&frame.version, &current);
                Some(mem::replace(&mut frame.version, current))
            }
            None => {
                self.counts.version.store(current.number(), Ordering::Relaxed);
                let frame = Frame::new(current, &shared.limits);
                self.frame = Some(frame.map_err(|_: TrapKind| CallError::OutOfMemory)?);
                None
            }
        };
        self.epoch = epoch;
        Ok(left)
    }
}

impl Counts {
    /// Adds what was counted to the version that it was counted for, and begins anew.
    fn flush(&self, left: &Version, next: &Version) {
        self.version.store(next.number(), Ordering::Relaxed);
        let calls = self.calls.swap(0, Ordering::Relaxed);
        let traps = self.traps.swap(0, Ordering::Relaxed);
        let _ = left.calls.fetch_add(calls, Ordering::Relaxed);
        let _ = left.traps.fetch_add(traps, Ordering::Relaxed);
    }
}
