//! A dry run: every world is moved to a copy, in slices between its calls, and the copy is thrown
//! away. What it finds is advice: the worlds go on meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use midflight_compiler::types::TableId;

use super::moving::Move;
use super::{Failure, Migration, Misfit};
use crate::call::{Surroundings, Time, Turn};
use crate::frame::Frame;
use crate::observer::{NoObserver, Observer};
use crate::shared::Shared;
use crate::table::Kept;
use crate::world::World;

/// How long a slice holds a world.
const HOLD_MAX: Duration = Duration::from_millis(1);

/// Rows between two looks at the clock.
const ROWS_PER_LOOK: u32 = 64;

/// Failures that are told one by one.
const FAILURES_MAX: usize = 20;

/// What a dry run of a migration found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trial {
    /// Worlds that were tried.
    pub worlds: usize,
    /// Rows that were tried.
    pub rows: u64,
    /// What stands in the way, each with its world: the first ones.
    pub failures: Vec<(String, Failure)>,
    /// How many there are altogether.
    pub failure_count: u64,
    /// How long it took to move the copies, together; calls came between.
    pub time: Duration,
}

/// Tries a migration out on every world.
pub(crate) fn try_out(shared: &Arc<Shared>, migration: &Migration) -> Trial {
    let mut trial = Trial::default();
    for world in shared.worlds.all() {
        trial.world(shared, migration, &world);
    }
    trial
}

/// How far a world has come.
struct Progress<'m> {
    moving: Move<'m>,
    table: usize,
    slot: u32,
}

impl Trial {
    fn fail(&mut self, world: &World, failure: Failure) {
        self.failure_count += 1;
        if self.failures.len() < FAILURES_MAX {
            self.failures.push((world.name().to_owned(), failure));
        }
    }

    fn world(&mut self, shared: &Arc<Shared>, migration: &Migration, world: &World) {
        let mut progress: Option<Progress<'_>> = None;
        loop {
            let room = world.gate.enter();
            // A version with another layout may have come between: then this says nothing more.
            let Some(old) = room.frame().filter(|frame| migration.begins_from(frame)) else {
                return;
            };
            let began = Instant::now();
            let so_far = match progress.take() {
                Some(progress) => Ok(progress),
                None => {
                    self.worlds += 1;
                    let moving = Move::begin(migration, old, shared.beginning(world.name()));
                    moving.map(|moving| Progress { moving, table: 0, slot: 0 })
                }
            };
            let result = so_far.and_then(|mut so_far| {
                let ended = self.slice(&mut so_far, old, (world, began))?;
                Ok((so_far, ended))
            });
            self.time += began.elapsed();
            drop(room);
            match result {
                Ok((so_far, false)) => progress = Some(so_far),
                Ok((so_far, true)) => return self.end(shared, world, so_far.moving),
                Err(failure) => return self.fail(world, failure),
            }
        }
    }

    /// Moves rows until the time is over; tells whether none are left.
    fn slice(
        &mut self,
        progress: &mut Progress<'_>,
        old: &Frame,
        (world, began): (&World, Instant),
    ) -> Result<bool, Failure> {
        let migration = progress.moving.migration;
        // Rows come and go between the slices.
        let found = Kept::default();
        while progress.table < migration.tables.len() {
            let id = TableId(progress.table as u32);
            if let Some(from) = migration.source(id, old) {
                progress.moving.make_room(id, from)?;
                let rows = from.rows_from(progress.slot);
                for row in rows {
                    if progress.slot.is_multiple_of(ROWS_PER_LOOK) && began.elapsed() > HOLD_MAX {
                        return Ok(false);
                    }
                    progress.slot = crate::table::slot(row) + 1;
                    self.rows += 1;
                    if let Err(failure) = progress.moving.row(id, row, &found) {
                        let is_over = failure.misfit == Misfit::OutOfMemory;
                        if is_over {
                            return Err(failure);
                        }
                        self.fail(world, failure);
                    }
                }
            }
            (progress.table, progress.slot) = (progress.table + 1, 0);
        }
        Ok(true)
    }

    /// All rows are in the copy, and the world goes on: makes the indexes, and runs `on load`.
    fn end(&mut self, shared: &Arc<Shared>, world: &World, mut moving: Move<'_>) {
        let began = Instant::now();
        let ids = (0..moving.migration.tables.len()).map(|index| TableId(index as u32));
        let ended = ids.into_iter().try_for_each(|id| moving.end(id, &Kept::default()));
        self.time += began.elapsed();
        match ended {
            Ok(()) => self.on_load(shared, world, moving.frame),
            Err(failure) => self.fail(world, failure),
        }
    }

    fn on_load(&mut self, shared: &Arc<Shared>, world: &World, mut frame: Box<Frame>) {
        let Some(on_load) = frame.version.program().ir.on_load else { return };
        let observer: Arc<dyn Observer> = Arc::new(NoObserver);
        let surroundings = Surroundings {
            world: &world.name,
            counts: &Arc::default(),
            journal: None,
            observer: &observer,
            time: Time::Of(&shared.setup.clock),
        };
        let mut turn = Turn::new(&mut frame, surroundings, shared.setup.limits.test_fuel_max);
        if let Err(trap) = turn.run(on_load) {
            self.fail(world, Failure::of_state(Misfit::Trap(Box::new(trap))));
        }
    }
}
