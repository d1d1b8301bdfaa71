//! A world: one copy of the state, behind a gate that lets one call at a time in.
//!
//! A world owns the version that it runs. At the beginning of a turn it compares its epoch with
//! the engine's, one load, and moves to the current version where they differ. A version that has
//! `on load` is not moved to that way: whoever activates it takes every world ([`Room::prepare`]).

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use midflight_compiler::trap::TrapKind;

use crate::call::{Surroundings, Time, Turn};
use crate::counts::Counts;
use crate::data::{Beginning, Data};
use crate::error::{CallError, ImportError};
use crate::figures::WorldFigures;
use crate::frame::Frame;
use crate::gate::{Gate, Spawn};
use crate::generator::Generator;
use crate::import::Import;
use crate::limits::Limits;
use crate::outbox::Outbox;
use crate::shared::Shared;
use crate::timer::{NEVER_MS, Timers};
use crate::trap::Trap;
use crate::version::Version;

/// One world of an engine.
#[derive(Debug)]
pub struct World {
    name: Arc<str>,
    pub(crate) gate: Arc<Gate<Room>>,
    pub(crate) counts: Arc<Counts>,
    /// When its next timer is due, in milliseconds since 1970.
    next_due_ms: Arc<AtomicI64>,
    /// The rows and the memory that there were when somebody looked last.
    seen: [AtomicUsize; 2],
}

/// What the gate guards.
#[derive(Debug)]
pub(crate) struct Room {
    name: Arc<str>,
    /// Absent until the first version.
    frame: Option<Box<Frame>>,
    /// The engine's epoch when the world last moved.
    epoch: u64,
    counts: Arc<Counts>,
    pub(crate) timers: Timers,
    next_due_ms: Arc<AtomicI64>,
    /// What a move that is prepared would leave.
    leaving: Option<Leaving>,
    /// The world was deleted: it has no frame and gets none.
    is_deleted: bool,
}

/// Where a world was before a move.
#[derive(Debug)]
enum Leaving {
    /// It had no version.
    Nowhere,
    /// On this version.
    Version(Arc<Version>),
}

impl World {
    pub(crate) fn new(name: &str, limits: &Limits, spawn: Option<Spawn>) -> World {
        let name: Arc<str> = name.into();
        let room = Room {
            name: name.clone(),
            frame: None,
            epoch: 0,
            counts: Arc::default(),
            timers: Timers::default(),
            next_due_ms: Arc::new(AtomicI64::new(NEVER_MS)),
            leaving: None,
            is_deleted: false,
        };
        let (counts, next_due_ms) = (room.counts.clone(), room.next_due_ms.clone());
        let gate = Arc::new(Gate::new(room, limits.queue_len_max, spawn));
        World { name, gate, counts, next_due_ms, seen: Default::default() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What there is in it and what has been counted. While a call runs in it, its rows and its
    /// memory are those that there were when somebody looked before.
    pub fn figures(&self) -> WorldFigures {
        let [rows, memory] = &self.seen;
        if let Some(room) = self.gate.try_enter() {
            rows.store(room.row_count(), Ordering::Relaxed);
            memory.store(room.memory_taken(), Ordering::Relaxed);
        }
        WorldFigures {
            version: self.counts.version(),
            rows: rows.load(Ordering::Relaxed),
            memory: memory.load(Ordering::Relaxed),
            queue_len: self.gate.queue_len(),
            calls: self.counts.calls(),
            traps: self.counts.traps(),
        }
    }

    /// When its next timer is due, in milliseconds since 1970.
    pub(crate) fn next_due_ms(&self) -> i64 {
        self.next_due_ms.load(Ordering::Relaxed)
    }

    /// Begins a new world on the current version, if there is one. The caller has locked the
    /// versions and nobody else has the world.
    ///
    /// # Errors
    /// When `on load` traps, or the state's defaults take too much memory.
    pub(crate) fn begin(&self, shared: &Shared) -> Result<(), Box<Trap>> {
        let Some(current) = shared.current() else { return Ok(()) };
        let epoch = shared.epoch.load(Ordering::Acquire);
        let mut room = self.gate.enter();
        room.prepare(&current, shared)?;
        // It came from nowhere.
        let _ = room.complete(shared, epoch);
        Ok(())
    }

    /// Ends a world that is no longer in the list, once those have had their turn who wait for it
    /// already.
    pub(crate) fn end(&self) {
        let mut room = self.gate.enter();
        let frame = room.end();
        drop(room);
        // Outside of the gate: it may be large, and the last of its version.
        drop(frame);
    }

    /// Moves the world to the current version if nobody holds it, else leaves that to the holder:
    /// so no idle world keeps an old version alive.
    pub(crate) fn sweep(&self, shared: &Arc<Shared>) {
        if let Some(mut room) = self.gate.try_enter() {
            let left = room.adopt(shared);
            drop(room);
            // Outside of the gate: the last one frees the code.
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
    pub(crate) fn turn<'r>(
        &'r mut self,
        shared: &'r Shared,
        time: Time<'r>,
    ) -> Result<Turn<'r>, CallError> {
        if self.epoch != shared.epoch.load(Ordering::Acquire) {
            drop(self.adopt(shared)?);
        }
        let Some(frame) = &mut self.frame else { return Err(absent(&self.name, self.is_deleted)) };
        if frame.broken {
            return Err(CallError::Closed);
        }
        let surroundings = surroundings(&self.name, &self.counts, shared, time);
        Ok(Turn::new(frame, surroundings, shared.setup.limits.fuel_max))
    }

    /// Bytes that the world's rows and texts take.
    pub(crate) fn memory_taken(&self) -> usize {
        self.frame.as_ref().map_or(0, |frame| frame.data.memory.taken())
    }

    /// How many rows its tables have.
    fn row_count(&self) -> usize {
        let tables = self.frame.iter().flat_map(|frame| &frame.data.tables);
        tables.map(|table| table.len() as usize).sum()
    }

    /// Ends the world; gives what it held.
    fn end(&mut self) -> Option<Box<Frame>> {
        self.is_deleted = true;
        self.timers = Timers::default();
        self.next_due_ms.store(NEVER_MS, Ordering::Relaxed);
        let frame = self.frame.take()?;
        self.counts.left(&frame.version);
        Some(frame)
    }

    /// Puts what was imported in place of the world's data; gives that.
    pub(crate) fn replace(
        &mut self,
        mut import: Import,
        shared: &Shared,
    ) -> Result<Data, ImportError> {
        let turn = self.turn(shared, Time::Of(&shared.setup.clock))?;
        if turn.version().number() != import.version().number() {
            return Err(ImportError::Changed);
        }
        drop(turn);
        for table in 0..import.data.tables.len() {
            import.data.show(table);
        }
        let Some(frame) = &mut self.frame else { return Err(CallError::NoVersion.into()) };
        Ok(frame.replace(import.data))
    }

    /// Takes up the timer that is due longest, if one is.
    pub(crate) fn take_due(&mut self, now_ms: i64) -> Option<String> {
        let due = self.timers.take_due(now_ms);
        self.next_due_ms.store(self.timers.next_due_ms(), Ordering::Relaxed);
        due
    }

    /// Moves to the current version; gives the one that was left.
    fn adopt(&mut self, shared: &Shared) -> Result<Option<Arc<Version>>, CallError> {
        // The epoch first: a version that becomes current after it is read moves the world again.
        let epoch = shared.epoch.load(Ordering::Acquire);
        if epoch == self.epoch {
            return Ok(None);
        }
        if self.is_deleted {
            return Ok(None);
        }
        let Some(current) = shared.current() else { return Ok(None) };
        let left = self.stand_on(current, shared).map_err(|kind| match kind {
            TrapKind::EngineFull => CallError::EngineFull,
            _ => CallError::WorldFull,
        })?;
        self.moved(&left, shared, epoch);
        Ok(match left {
            Leaving::Nowhere => None,
            Leaving::Version(version) => Some(version),
        })
    }

    /// Runs on this version from now on; gives what was before.
    fn stand_on(&mut self, version: Arc<Version>, shared: &Shared) -> Result<Leaving, TrapKind> {
        if let Some(frame) = &mut self.frame {
            return Ok(Leaving::Version(mem::replace(&mut frame.version, version)));
        }
        self.frame = Some(Frame::new(version, beginning(&self.name, shared))?);
        Ok(Leaving::Nowhere)
    }

    /// Counts for the version, and follows its timers.
    fn moved(&mut self, left: &Leaving, shared: &Shared, epoch: u64) {
        let Some(frame) = &self.frame else { return };
        let left = match left {
            Leaving::Version(left) => Some(&**left),
            Leaving::Nowhere => None,
        };
        self.counts.moved(left, &frame.version);
        self.timers.follow(&frame.version, || (shared.setup.clock)());
        self.next_due_ms.store(self.timers.next_due_ms(), Ordering::Relaxed);
        self.epoch = epoch;
    }

    /// Begins to move to a version and runs its `on load`, if it has one. Either
    /// [`Room::complete`] or [`Room::go_back`] has to follow before the gate opens.
    ///
    /// # Errors
    /// When `on load` traps, or the state's defaults take too much memory; the world is where it
    /// was then.
    pub(crate) fn prepare(
        &mut self,
        version: &Arc<Version>,
        shared: &Shared,
    ) -> Result<(), Box<Trap>> {
        let out_of_memory = |kind| Box::new(Trap::at_start(version, kind));
        self.leaving = Some(self.stand_on(version.clone(), shared).map_err(out_of_memory)?);
        let Some(frame) = &mut self.frame else { return Ok(()) };
        let Some(on_load) = version.program().ir.on_load else { return Ok(()) };
        if frame.broken {
            return Ok(());
        }
        let time = Time::Of(&shared.setup.clock);
        let surroundings = surroundings(&self.name, &self.counts, shared, time);
        let turn = Turn::new(frame, surroundings, shared.setup.limits.test_fuel_max);
        let result = turn.run_open(on_load);
        result.map_err(|trap| {
            self.go_back();
            Box::new(trap)
        })
    }

    /// Completes a move that was prepared; gives the version that was left.
    pub(crate) fn complete(&mut self, shared: &Shared, epoch: u64) -> Option<Arc<Version>> {
        let left = self.leaving.take()?;
        if let Some(frame) = &mut self.frame {
            frame.commit(&self.name, &*shared.setup.observer);
            // `on load` has no result that somebody could still read.
            frame.settle();
        }
        self.moved(&left, shared, epoch);
        match left {
            Leaving::Nowhere => None,
            Leaving::Version(version) => Some(version),
        }
    }

    /// Takes back a move that was prepared.
    pub(crate) fn go_back(&mut self) {
        match (self.leaving.take(), &mut self.frame) {
            (Some(Leaving::Nowhere), frame) => *frame = None,
            (Some(Leaving::Version(version)), Some(frame)) => {
                frame.undo.rollback(&mut frame.data);
                frame.outbox = Outbox::default();
                frame.settle();
                frame.version = version;
            }
            (Some(Leaving::Version(_)) | None, _) => {}
        }
    }
}

/// What a world of this name begins with.
pub(crate) fn beginning<'s>(name: &str, shared: &'s Shared) -> Beginning<'s> {
    let (limits, pool) = (&shared.setup.limits, shared.pool.clone());
    Beginning { seed: Generator::seed_of(name), limits, pool }
}

/// Why there is no frame.
fn absent(name: &str, is_deleted: bool) -> CallError {
    match is_deleted {
        true => CallError::UnknownWorld { name: name.to_owned() },
        false => CallError::NoVersion,
    }
}

fn surroundings<'r>(
    world: &'r str,
    counts: &'r Counts,
    shared: &'r Shared,
    time: Time<'r>,
) -> Surroundings<'r> {
    Surroundings { world, counts, observer: &*shared.setup.observer, time }
}
