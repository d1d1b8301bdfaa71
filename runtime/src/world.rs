//! A world: one copy of the state, behind a gate that lets one call at a time in.
//!
//! A world owns the version that it runs. At the beginning of a turn it compares its epoch with
//! the engine's, one load, and moves to the current version where they differ. A version that has
//! `on load`, or another layout, is not moved to that way: whoever activates it takes every world
//! ([`Room::prepare`]).

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use midflight_compiler::trap::TrapKind;

use crate::call::{Surroundings, Time, Turn, tell};
use crate::counts::Counts;
use crate::data::Data;
use crate::error::{CallError, ImportError, WorldError};
use crate::figures::WorldFigures;
use crate::frame::Frame;
use crate::gate::{Gate, Spawn};
use crate::import::Import;
use crate::limits::Limits;
use crate::migrate::{Failure, Migration};
use crate::outbox::{Ending, Outbox};
use crate::shared::Shared;
use crate::store::committer::Queue;
use crate::store::journal::{Journal, empty};
use crate::store::restore::Restored;
use crate::store::{Batch, Cell, StoreError, WorldChange};
use crate::timer::{NEVER_MS, Timers};
use crate::trap::Trap;
use crate::version::Version;

/// Rows from which on a world that moves to another layout is written before the others are held:
/// fewer take no longer than the batch that moves all worlds.
const STAGED_ROWS_MIN: usize = 1 << 10;

/// One world of an engine.
#[derive(Debug)]
pub struct World {
    pub(crate) name: Arc<str>,
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
    /// Absent without a store. In a box, so that a call without one asks no more than whether there is.
    journal: Option<Box<Journal>>,
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
    /// In another layout, with the version of that.
    Frame(Box<Frame>),
}

/// What a world has left behind. Giving its memory and code back takes time: drop it where nobody
/// waits.
#[derive(Debug)]
pub(crate) struct Left {
    leaving: Leaving,
    /// Where it stood in the store, if it stands elsewhere by now.
    place: Option<Arc<str>>,
}

/// Why a world cannot move.
#[derive(Debug)]
pub(crate) enum Immovable {
    /// `on load` trapped, or the defaults of the state take too much memory.
    Trapped(Box<Trap>),
    /// A row or the state does not fit into the new layout.
    Misfit(Box<Failure>),
    /// Its memory cannot be trusted.
    Closed,
}

impl World {
    /// A world without a version. `store` is the queue of the engine's store, if it has one.
    pub(crate) fn new(
        name: &str,
        limits: &Limits,
        spawn: Option<Spawn>,
        store: Option<&Arc<Queue>>,
    ) -> World {
        let name: Arc<str> = name.into();
        let journal = store.map(|queue| Box::new(Journal::new(queue, &name)));
        let room = Room {
            name: name.clone(),
            frame: None,
            epoch: 0,
            counts: Arc::default(),
            timers: Timers::default(),
            next_due_ms: Arc::new(AtomicI64::new(NEVER_MS)),
            leaving: None,
            journal,
            is_deleted: false,
        };
        let (counts, next_due_ms) = (room.counts.clone(), room.next_due_ms.clone());
        let gate = Arc::new(Gate::new(room, limits.queue_len_max, spawn));
        World { name, gate, counts, next_due_ms, seen: Default::default() }
    }

    /// Its name.
    #[inline]
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
    /// When `on load` traps, the state's defaults take too much memory, or the store fails.
    pub(crate) fn begin(&self, shared: &Shared) -> Result<(), WorldError> {
        let mut room = self.gate.enter();
        let epoch = shared.epoch.load(Ordering::Acquire);
        if let Some(current) = shared.current()
            && let Err(why) = room.prepare(&current, None, shared)
        {
            return Err(WorldError::beginning(&self.name, why));
        }
        // A world without a version is stored as a time.
        let time = (Cell::TIME, Some(0_i64.to_le_bytes().to_vec()));
        let empty = || WorldChange { is_whole: true, cells: [time].into() };
        let mut worlds = room.prepared_changes();
        if worlds.is_empty() {
            worlds.push((self.name.clone(), empty()));
        }
        let worlds = worlds.into_iter().collect();
        if let Err(error) = shared.store(Batch { versions: None, worlds }) {
            room.go_back();
            return Err(error.into());
        }
        // It came from nowhere.
        let _ = room.complete(shared, epoch);
        Ok(())
    }

    /// Ends a world that is no longer in the list, once those have had their turn who wait for it
    /// already. Gives the name under which it stands in a store.
    pub(crate) fn end(&self) -> Arc<str> {
        let mut room = self.gate.enter();
        let frame = room.end();
        let place = room.journal.as_deref().map_or(&room.name, Journal::place).clone();
        drop(room);
        // Outside of the gate: it may be large, and the last of its version.
        drop(frame);
        place
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
    /// One turn on the current version. Always inline: a turn that is moved costs more than one
    /// that is made where it stands.
    #[inline(always)]
    pub(crate) fn turn<'r>(
        &'r mut self,
        shared: &'r Shared,
        time: Time<'r>,
    ) -> Result<Turn<'r>, CallError> {
        if self.epoch != shared.epoch.load(Ordering::Acquire) {
            self.adopt_now(shared)?;
        }
        if let Some(journal) = &self.journal {
            journal.check()?;
        }
        let Some(frame) = &mut self.frame else { return Err(absent(&self.name, self.is_deleted)) };
        if frame.broken {
            return Err(CallError::Closed);
        }
        let journal = self.journal.as_deref_mut();
        let surroundings = surroundings(&self.name, (&self.counts, journal), shared, time);
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
        let before = frame.replace(import.data);
        if let Some(journal) = &mut self.journal {
            let change = journal.whole(frame, &self.timers);
            if let Err(error) = shared.store(Batch::at(journal.place(), change)) {
                let _ = frame.replace(before);
                return Err(error.into());
            }
        }
        Ok(before)
    }

    /// Takes up the timer that is due longest, if one is.
    pub(crate) fn take_due(&mut self, now_ms: i64) -> Option<String> {
        let due = self.timers.take_due(now_ms);
        self.next_due_ms.store(self.timers.next_due_ms(), Ordering::Relaxed);
        if let (Some(_), Some(journal)) = (&due, &mut self.journal) {
            journal.note_timers(&self.timers);
        }
        due
    }

    /// Goes on from what was stored at a place, on the current version, which it has the layout of.
    pub(crate) fn reopen(&mut self, restored: Restored, place: &str, shared: &Shared) {
        let Restored { frame, timers } = restored;
        if let Some(journal) = &mut self.journal {
            journal.reopen(place, &frame);
        }
        (self.frame, self.timers) = (Some(frame), timers);
        self.counts_moved(None);
        self.follow_timers(shared);
        self.epoch = shared.epoch.load(Ordering::Acquire);
    }

    /// Writes the rows of a large world that is prepared to move to the store, where nobody sees them
    /// yet.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn stage(&mut self, shared: &Shared) -> Result<(), StoreError> {
        let is_large = self.row_count() >= STAGED_ROWS_MIN;
        match (&self.leaving, &self.frame, &mut self.journal, &shared.committer) {
            (Some(Leaving::Frame(_)), Some(frame), Some(journal), Some(store)) if is_large => {
                journal.stage(frame, store)
            }
            _ => Ok(()),
        }
    }

    /// What a move that is prepared changes in the store.
    pub(crate) fn prepared_changes(&mut self) -> Vec<(Arc<str>, WorldChange)> {
        let (Some(frame), Some(journal), Some(leaving)) =
            (&self.frame, &mut self.journal, &self.leaving)
        else {
            return Vec::new();
        };
        let is_same_layout = match leaving {
            Leaving::Version(left) => left.layout_identity() == frame.version.layout_identity(),
            Leaving::Frame(_) | Leaving::Nowhere => false,
        };
        match is_same_layout {
            // Memory that cannot be trusted is not stored.
            _ if frame.broken => Vec::new(),
            true => vec![(journal.place().clone(), journal.changed(frame))],
            false => journal.moved(frame, &self.timers),
        }
    }

    /// Moves to the current version.
    #[cold]
    fn adopt_now(&mut self, shared: &Shared) -> Result<(), CallError> {
        self.adopt(shared).map(drop)
    }

    /// Moves to the current version; gives the one that was left.
    fn adopt(&mut self, shared: &Shared) -> Result<Option<Left>, CallError> {
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
        if let (Leaving::Nowhere, Some(frame), Some(journal)) =
            (&left, &self.frame, &mut self.journal)
        {
            journal.record_whole(frame, &self.timers);
        }
        self.moved(&left, shared, epoch);
        Ok(Some(Left { leaving: left, place: None }))
    }

    /// What its calls run in; absent before the first version.
    pub(crate) fn frame(&self) -> Option<&Frame> {
        self.frame.as_deref()
    }

    /// Runs on this version from now on; gives what was before.
    fn stand_on(&mut self, version: Arc<Version>, shared: &Shared) -> Result<Leaving, TrapKind> {
        if let Some(frame) = &mut self.frame {
            return Ok(Leaving::Version(mem::replace(&mut frame.version, version)));
        }
        self.frame = Some(Frame::new(version, shared.beginning(&self.name))?);
        Ok(Leaving::Nowhere)
    }

    /// Counts for the version, and follows its timers.
    fn moved(&mut self, left: &Leaving, shared: &Shared, epoch: u64) {
        self.counts_moved(match left {
            Leaving::Version(left) => Some(&**left),
            Leaving::Frame(left) => Some(&*left.version),
            Leaving::Nowhere => None,
        });
        self.follow_timers(shared);
        self.epoch = epoch;
    }

    fn counts_moved(&self, left: Option<&Version>) {
        if let Some(frame) = &self.frame {
            self.counts.moved(left, &frame.version);
        }
    }

    fn follow_timers(&mut self, shared: &Shared) {
        let Some(frame) = &self.frame else { return };
        let is_changed = self.timers.follow(&frame.version, || (shared.setup.clock)());
        self.next_due_ms.store(self.timers.next_due_ms(), Ordering::Relaxed);
        if let Some(journal) = self.journal.as_mut().filter(|_| is_changed) {
            journal.record_timers(&self.timers);
        }
    }

    /// Begins to move to a version, through the migration if there is one, and runs its `on load`,
    /// if it has one. Either [`Room::complete`] or [`Room::go_back`] has to follow before the gate
    /// opens. Gives the number of rows that were moved.
    ///
    /// # Errors
    /// When that cannot be done; the world is where it was then.
    pub(crate) fn prepare(
        &mut self,
        version: &Arc<Version>,
        migration: Option<&Migration>,
        shared: &Shared,
    ) -> Result<u64, Immovable> {
        let limits = &shared.setup.limits;
        let mut rows = 0;
        match (migration, &self.frame) {
            (Some(_), Some(old)) if old.broken => return Err(Immovable::Closed),
            (Some(migration), Some(old)) => {
                let moved = migration.run(old, shared.beginning(&self.name));
                let (frame, moved) = moved.map_err(|why| Immovable::Misfit(Box::new(why)))?;
                rows = moved;
                self.leaving = self.frame.replace(frame).map(Leaving::Frame);
            }
            _ => {
                let trapped = |kind| Immovable::Trapped(Box::new(Trap::at_start(version, kind)));
                self.leaving = Some(self.stand_on(version.clone(), shared).map_err(trapped)?);
            }
        }
        let (Some(frame), Some(on_load)) = (&mut self.frame, version.program().ir.on_load) else {
            return Ok(rows);
        };
        if frame.broken {
            return Ok(rows);
        }
        let time = Time::Of(&shared.setup.clock);
        let journal = self.journal.as_deref_mut();
        let surroundings = surroundings(&self.name, (&self.counts, journal), shared, time);
        let turn = Turn::new(frame, surroundings, limits.test_fuel_max);
        let result = turn.run_open(on_load);
        result.map_err(|trap| {
            self.go_back();
            Immovable::Trapped(Box::new(trap))
        })?;
        Ok(rows)
    }

    /// Completes a move that was prepared; gives what was left.
    pub(crate) fn complete(&mut self, shared: &Shared, epoch: u64) -> Option<Left> {
        let left = self.leaving.take()?;
        let place = self.journal.as_deref_mut().and_then(Journal::take_place);
        if let Some(frame) = &mut self.frame {
            // What it did is durable: `Shared` has seen to it.
            frame.commit();
            let (observer, journal) = (&*shared.setup.observer, self.journal.as_deref());
            tell(frame, &self.name, observer, journal, Ending::Committed);
            // `on load` has no result that somebody could still read.
            frame.settle();
        }
        self.moved(&left, shared, epoch);
        Some(Left { leaving: left, place })
    }

    /// Where rows are in the store for a move that was taken back.
    pub(crate) fn give_place_up(&mut self) -> Option<Arc<str>> {
        self.journal.as_deref_mut().and_then(Journal::give_place_up)
    }

    /// Takes back a move that was prepared.
    pub(crate) fn go_back(&mut self) {
        match (self.leaving.take(), &mut self.frame) {
            (Some(Leaving::Nowhere), frame) => *frame = None,
            (Some(Leaving::Frame(old)), frame) => *frame = Some(old),
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

impl Left {
    /// Removes what it has left behind in the store. May take long.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn remove_stored(&mut self, shared: &Shared) -> Result<(), StoreError> {
        match (&self.leaving, self.place.take(), &shared.committer) {
            (Leaving::Frame(frame), Some(place), Some(store)) => empty(place, frame, store),
            _ => Ok(()),
        }
    }
}

/// Why there is no frame.
#[cold]
fn absent(name: &str, is_deleted: bool) -> CallError {
    match is_deleted {
        true => CallError::UnknownWorld { name: name.to_owned() },
        false => CallError::NoVersion,
    }
}

#[inline(always)]
fn surroundings<'r>(
    world: &'r Arc<str>,
    (counts, journal): (&'r Arc<Counts>, Option<&'r mut Journal>),
    shared: &'r Shared,
    time: Time<'r>,
) -> Surroundings<'r> {
    Surroundings { world, counts, observer: &shared.setup.observer, journal, time }
}
