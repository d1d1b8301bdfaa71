//! The engine: worlds by name, versions by number, and which version is current.
//!
//! Activation with an unchanged layout is one store: the current version, then the epoch. Calls in
//! flight finish on the version they began with; each world moves at its next turn, and idle ones
//! are moved by whoever activates. No call takes a lock of the engine while the version stays.

mod worlds;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use midflight_compiler::settings::Settings;
use midflight_compiler::source::Source;

use crate::builder::Builder;
use crate::call::{Time, Turn};
use crate::error::{ActivateError, CallError, LoadError};
use crate::figures::Figures;
use crate::gate::Full;
use crate::handle::{FlightArguments, FlightResult, Handler};
use crate::limits::Limits;
use crate::load::{ActivateOptions, LoadOptions, LoadStatus, Loaded, Then};
use crate::migrate::try_out;
use crate::plan::{Moves, plan};
use crate::shared::{Pause, Shared, Unpublished};
use crate::store::{Batch, StoreError, StoredVersion, VersionOrder, VersionsChange};
use crate::test::{TestReport, all_passed, run_tests};
use crate::tick::tick;
use crate::timer::NEVER_MS;
use crate::version::Version;
use crate::versions::{Activation, Versions};
use crate::world::Room;

/// The engine. Cheap to clone: clones are the same engine.
#[derive(Clone, Debug)]
pub struct Engine {
    shared: Arc<Shared>,
}

/// One of the versions that an engine knows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VersionInfo {
    /// The version.
    pub version: Arc<Version>,
    /// Whether calls run on it.
    pub is_current: bool,
    /// Calls that ended in it, those that trapped included.
    pub calls: u64,
    /// Calls that trapped in it.
    pub traps: u64,
}

impl Engine {
    pub(crate) fn new(shared: Arc<Shared>) -> Engine {
        Engine { shared }
    }

    /// Begins to set up an engine.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Compiles, checks, tests and activates a source.
    ///
    /// # Errors
    /// When the source has mistakes, one of its tests fails, or its layout of the state is not
    /// the live one. Nothing has changed then.
    ///
    /// ```
    /// # use midflight_runtime::Engine;
    /// let engine = Engine::builder().memory().build()?;
    /// let loaded = engine.load("get answer() -> int { return 42 }")?;
    /// assert_eq!(loaded.number, Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load(&self, source: &str) -> Result<Loaded, LoadError> {
        self.load_with(source, LoadOptions::default())
    }

    /// Loads a source as `options` says.
    ///
    /// # Errors
    /// As [`Engine::load`], and when another version is current than was expected.
    pub fn load_with(&self, source: &str, options: LoadOptions) -> Result<Loaded, LoadError> {
        let source = Source::new(options.name, source);
        self.shared.versions().expect_current(options.expect)?;
        if options.then == Then::Activate
            && let Some(current) = self.current()
            && current.source().text() == source.text()
        {
            return Ok(Loaded::unchanged(&current));
        }
        let began = Instant::now();
        let program = self.shared.compilations.compile(&source, &self.shared.setup)?;
        let compile_time = began.elapsed();
        let version = Arc::new(Version::new(source, program));
        let tests_passed = all_passed(run_tests(&version, &self.shared.setup.limits))?;
        let version = Arc::into_inner(version).expect("the worlds of the tests are gone");
        let admitted = self.admit(version, options.then, options.expect)?;
        Ok(Loaded { tests_passed, compile_time, ..admitted })
    }

    /// Compiles a source and runs its tests, each in a fresh world. Nothing is loaded.
    ///
    /// # Errors
    /// When the source cannot be compiled; a test that fails stands in the report.
    pub fn test(&self, source: Source) -> Result<TestReport, LoadError> {
        let program = self.shared.compilations.compile(&source, &self.shared.setup)?;
        let version = Arc::new(Version::new(source, program));
        Ok(TestReport {
            results: run_tests(&version, &self.shared.setup.limits),
            source: version.source().clone(),
            warnings: version.warnings().to_vec(),
        })
    }

    /// Gives a good version its number and makes it what `then` says. What is refused here has
    /// changed nothing.
    fn admit(
        &self,
        mut version: Version,
        then: Then,
        expect: Option<u64>,
    ) -> Result<Loaded, LoadError> {
        let mut versions = self.shared.versions();
        versions.expect_current(expect)?;
        let live = self.current();
        version.number = versions.next_number();
        let (plan, moves) = plan(live.as_deref(), &version, false);
        version.plan = plan;
        if version.plan.is_refused() {
            return Err(LoadError::Layout(version.plan));
        }
        let before = live.as_ref().map(|live| live.number());
        let mut loaded = Loaded::of(&version, before);
        if then == Then::Forget {
            drop(versions);
            if let (Some(live), Some(moves)) = (live, moves) {
                let migration = self.shared.migration(moves, &live, &Arc::new(version))?;
                loaded.trial = Some(try_out(&self.shared, &migration));
            }
            return Ok(loaded);
        }
        let (version, evicted) = versions.admit(version, &self.shared.setup.limits);
        loaded.number = Some(version.number());
        let order = match then {
            Then::Activate => versions.order_with(version.number()),
            Then::Stage | Then::Forget => versions.order().clone(),
        };
        let change = VersionsChange {
            added: vec![stored(&version)],
            removed: evicted.iter().map(|version| version.number()).collect(),
            order: order.clone(),
        };
        match self.move_to(&version, moves, (change, then == Then::Activate)) {
            Ok(pause) => loaded.pause = pause,
            Err(error) => {
                versions.withdraw(version.number(), evicted);
                return Err(error);
            }
        }
        versions.set_order(order);
        loaded.status = match then {
            Then::Activate => LoadStatus::Activated,
            Then::Stage | Then::Forget => LoadStatus::Staged,
        };
        drop(versions);
        // Unmapping their code takes its time; nobody waits for it here.
        drop(evicted);
        Ok(loaded)
    }

    /// Makes a version current, or sees only whether its `migrate` blocks fit what is live now; and
    /// stores what that means for the versions. The caller has locked `versions`.
    fn move_to(
        &self,
        version: &Arc<Version>,
        moves: Option<Moves>,
        (change, activates): (VersionsChange, bool),
    ) -> Result<Option<Pause>, LoadError> {
        let migration = match (self.current(), moves) {
            (Some(live), Some(moves)) => Some(self.shared.migration(moves, &live, version)?),
            _ => None,
        };
        match activates {
            true => Ok(self.shared.publish(version, migration.as_ref(), change)?),
            false => {
                self.shared.store_versions(change).map_err(Unpublished::Store)?;
                Ok(None)
            }
        }
    }

    /// Makes a version current that is kept, through a migration where its layout is another one.
    ///
    /// # Errors
    /// When there is no such version, data would be lost on the way to it or cannot become what it
    /// wants, or another version is current than the options expect.
    pub fn activate(
        &self,
        number: u64,
        options: ActivateOptions,
    ) -> Result<Activation, ActivateError> {
        let mut versions = self.shared.versions();
        versions.expect_current(options.expect)?;
        let order = versions.order_with(number);
        self.activate_in(&mut versions, number, (order, options.allow_loss))
    }

    /// Makes the version current that was it before the current one became it.
    ///
    /// # Errors
    /// When there is none that is kept; otherwise as [`Engine::activate`].
    pub fn roll_back(&self, options: ActivateOptions) -> Result<Activation, ActivateError> {
        let mut versions = self.shared.versions();
        versions.expect_current(options.expect)?;
        let number = versions.before_current().ok_or(ActivateError::NothingBefore)?;
        let order = versions.order_back_to(number);
        self.activate_in(&mut versions, number, (order, options.allow_loss))
    }

    fn activate_in(
        &self,
        versions: &mut Versions,
        number: u64,
        (order, allow_loss): (VersionOrder, bool),
    ) -> Result<Activation, ActivateError> {
        let version = versions.get(number).ok_or(ActivateError::UnknownVersion(number))?;
        let live = self.current();
        let (plan, moves) = plan(live.as_deref(), &version, allow_loss);
        if plan.is_refused() {
            return Err(ActivateError::Layout(plan));
        }
        let before = live.map(|live| live.number());
        let mut pause = None;
        if before != Some(number) {
            let change = VersionsChange { order: order.clone(), ..VersionsChange::default() };
            pause = self.move_to(&version, moves, (change, true))?;
            versions.set_order(order);
        }
        Ok(Activation { number, before, plan, pause })
    }

    /// Forgets a version that is not current. Its code is freed when its last call has ended.
    ///
    /// # Errors
    /// When there is no such version, or it is current.
    pub fn delete(&self, number: u64) -> Result<(), ActivateError> {
        let mut versions = self.shared.versions();
        versions.check_delete(number)?;
        let order = versions.order().clone();
        let change = VersionsChange { removed: vec![number], order, ..VersionsChange::default() };
        self.shared.store_versions(change)?;
        let deleted = versions.delete(number);
        drop(versions);
        drop(deleted);
        Ok(())
    }

    /// The version that calls run on.
    pub fn current(&self) -> Option<Arc<Version>> {
        self.shared.current()
    }

    /// The versions that are kept, by number.
    pub fn versions(&self) -> Vec<VersionInfo> {
        let kept: Vec<_> = self.shared.versions().kept().cloned().collect();
        let current = self.current().map(|current| current.number());
        let info = |version: Arc<Version>| {
            let (calls, traps) = version.counts();
            VersionInfo { is_current: current == Some(version.number()), version, calls, traps }
        };
        let mut infos: Vec<VersionInfo> = kept.into_iter().map(info).collect();
        for world in self.shared.worlds.all() {
            let number = world.counts.version();
            let running = infos.binary_search_by_key(&number, |info| info.version.number());
            let Some(info) = running.ok().and_then(|index| infos.get_mut(index)) else { continue };
            let (calls, traps) = world.counts.of_version();
            info.calls += calls;
            info.traps += traps;
        }
        infos
    }

    /// How many versions have their code in memory: those that are kept, and those whose last
    /// call has not ended.
    pub fn versions_alive(&self) -> usize {
        self.shared.versions().alive()
    }

    /// A typed handle on a handler. It survives swaps; a call gives an error when the handler has
    /// other types by then.
    ///
    /// # Errors
    /// When the current version has no such handler with these types.
    ///
    /// ```
    /// # use midflight_runtime::Engine;
    /// let engine = Engine::builder().memory().build()?;
    /// engine.load("get sum(a: int, b: int) -> int { return a + b }")?;
    /// let sum = engine.handler::<(i64, i64), i64>("sum")?;
    /// assert_eq!(sum.call("main", (1, 2))?, 3);
    ///
    /// engine.load("get sum(a: int, b: int) -> int { return a + b + 100 }")?;
    /// assert_eq!(sum.call("main", (1, 2))?, 103);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn handler<A: FlightArguments, R: FlightResult>(
        &self,
        name: &str,
    ) -> Result<Handler<A, R>, CallError> {
        Handler::new(self.shared.clone(), name)
    }

    /// Waits for the world and does something in it, on one version from beginning to end; then
    /// waits until all of that is durable.
    ///
    /// # Errors
    /// When there is no such world, nothing has been loaded, or the store has failed.
    pub fn enter<T>(
        &self,
        world: &str,
        action: impl FnOnce(&mut Turn<'_>) -> T,
    ) -> Result<T, CallError> {
        let world = self.world(world)?;
        let mut room = world.gate.enter();
        let mut turn = room.turn(&self.shared, Time::Of(&self.shared.setup.clock))?;
        let result = action(&mut turn);
        let ticket = turn.ticket();
        drop(turn);
        drop(room);
        ticket.wait()?;
        Ok(result)
    }

    /// Does something in the world now, if nobody holds it; else gives `None`, and `action` is
    /// dropped. What it did and saw may be shown to others when the turn's
    /// [`Ticket`](crate::Ticket) says so.
    ///
    /// # Errors
    /// When there is no such world, nothing has been loaded, or the store has failed.
    pub fn try_enter<T>(
        &self,
        world: &str,
        action: impl FnOnce(&mut Turn<'_>) -> T,
    ) -> Result<Option<T>, CallError> {
        let world = self.world(world)?;
        let Some(mut room) = world.gate.try_enter() else { return Ok(None) };
        let mut turn = room.turn(&self.shared, Time::Of(&self.shared.setup.clock))?;
        Ok(Some(action(&mut turn)))
    }

    /// Does something in the world without waiting: now if nobody holds it, else the holder does
    /// it when the turn has come. `action` is told when there can be no turn. What it did and saw
    /// may be shown to others when the turn's [`Ticket`](crate::Ticket) says so.
    ///
    /// # Errors
    /// When there is no such world, or too many wait for it; `action` is dropped then.
    pub fn submit(
        &self,
        world: &str,
        action: impl FnOnce(Result<&mut Turn<'_>, CallError>) + Send + 'static,
    ) -> Result<(), CallError> {
        let world = self.world(world)?;
        let shared = self.shared.clone();
        let job = Box::new(move |room: &mut Room| {
            match room.turn(&shared, Time::Of(&shared.setup.clock)) {
                Ok(mut turn) => action(Ok(&mut turn)),
                Err(error) => action(Err(error)),
            }
        });
        world.gate.submit(job).map_err(|Full| CallError::Busy)
    }

    /// Bytes that a world's rows, texts and indexes take; `None` while a call runs in it.
    pub fn memory_taken(&self, world: &str) -> Option<usize> {
        let world = self.world(world).ok()?;
        let room = world.gate.try_enter()?;
        Some(room.memory_taken())
    }

    /// When the next timer of any world is due, in milliseconds since 1970; `None` without timers.
    /// A load or an activation can change it.
    pub fn next_due(&self) -> Option<i64> {
        // A world that has not moved yet has timers that do not run any more.
        if self.current()?.program().ir.timers.is_empty() {
            return None;
        }
        let due = self.shared.worlds.least(|world| world.next_due_ms());
        due.filter(|&due| due != NEVER_MS)
    }

    /// Runs every timer that is due at `now_ms`, once, in every world; tells how many ran. The
    /// worlds' calls go on between the runs.
    pub fn run_due(&self, now_ms: i64) -> usize {
        let worlds = self.worlds();
        worlds.iter().map(|world| tick(&self.shared, world, now_ms)).sum()
    }

    /// Waits until everything that was done so far is durable, whatever the durability. Dropping
    /// the last clone of the engine, and its last handle, does the same, but cannot tell an error.
    ///
    /// # Errors
    /// When the store has failed.
    pub fn flush(&self) -> Result<(), StoreError> {
        let committer = self.shared.committer.as_ref();
        committer.map_or(Ok(()), |committer| committer.commit(Batch::default()))
    }

    /// Writes a consistent copy of everything that is stored to a new file: a store of its own.
    ///
    /// # Errors
    /// When the engine has no store, it cannot be read, or the file cannot be written.
    pub fn snapshot(&self, file: &Path) -> Result<(), StoreError> {
        self.flush()?;
        let committer = self.shared.committer.as_ref().ok_or(StoreError::Absent)?;
        committer.store().snapshot(file)
    }

    /// Whether the store has failed: no call runs then until the engine is built anew.
    pub fn has_failed(&self) -> bool {
        let committer = self.shared.committer.as_ref();
        committer.is_some_and(|committer| committer.queue().is_failed())
    }

    /// The budgets.
    pub fn limits(&self) -> &Limits {
        &self.shared.setup.limits
    }

    /// How machine code is made, and what a source may take.
    pub fn code(&self) -> Settings {
        self.shared.setup.code
    }

    /// What there is and what has happened, in numbers.
    pub fn figures(&self) -> Figures {
        Figures::of(&self.shared)
    }
}

/// What a store keeps of a version.
fn stored(version: &Version) -> StoredVersion {
    let source = version.source();
    StoredVersion {
        number: version.number(),
        name: source.name().to_owned(),
        source: source.text().to_owned(),
    }
}
