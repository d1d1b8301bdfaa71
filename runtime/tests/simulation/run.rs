//! One seed: an engine and the model take the same steps, and must agree after each; after a crash,
//! the engine is what the model was at the last acknowledged step, or at one that was asked for since.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use midflight_runtime::compiler::limits::Limits as SourceLimits;
use midflight_runtime::compiler::settings::{Allocation, Optimisation, Settings};
use midflight_runtime::{ActivateOptions, BuildError, Durability, Engine, Limits, Then};

use crate::Met;
use crate::answer::{self, Stop};
use crate::disk::{Disk, Random};
use crate::expect;
use crate::model::{Look, Model};
use crate::step::Step;
use crate::versions::{KEPT_MAX, Version};

const STEPS: usize = 200;
/// Steps that a failure shows.
const SHOWN_STEPS: usize = 20;

/// What a run of all seeds has to meet.
pub(crate) const ALL: &[&str] = &[
    "done",
    "trapped",
    "activated",
    "staged",
    "tried",
    "unchanged",
    "deleted",
    "created",
    "refused Expected",
    "refused Layout",
    "refused Source",
    "refused Tests",
    "refused World",
    "unknown",
    "current",
    "nothing before",
    "ran",
    "flushed",
    "restarted",
    "killed",
    "power lost",
    "store failed",
    "start failed",
    "happened",
    "did not happen",
];

/// What an answer makes sure of.
#[derive(Clone, Copy)]
enum Reach {
    Nothing,
    /// With durability on commit: everything up to the last change of this world.
    World(&'static str),
    Everything,
}

/// A seed that is played.
pub(crate) struct Run {
    random: Random,
    durability: Durability,
    disk: Disk,
    engine: Option<Engine>,
    clock: Arc<AtomicI64>,
    now: i64,
    /// What the disk may hold, the latest last: that is what the engine holds.
    history: Vec<Model>,
    has_fault: bool,
    /// Sources so far.
    mark: u64,
    steps: VecDeque<String>,
    met: Met,
}

impl Run {
    pub(crate) fn new(seed: u64) -> Run {
        let mut random = Random::new(seed);
        let durability = match random.below(10) {
            0 => Durability::None,
            1 => Durability::Interval(Duration::from_secs(3_600)),
            _ => Durability::Commit,
        };
        Run {
            random,
            durability,
            disk: Disk::new(),
            engine: None,
            clock: Arc::new(AtomicI64::new(0)),
            now: 10_000,
            history: vec![Model::new()],
            has_fault: false,
            mark: 0,
            steps: VecDeque::new(),
            met: Met::new(),
        }
    }

    /// Plays it; gives what was met.
    pub(crate) fn play(mut self) -> Result<Met, String> {
        let played = self.play_steps();
        let Self { durability, steps, met, .. } = self;
        let shown = || steps.into_iter().map(|step| format!("  {step}\n")).collect::<String>();
        played
            .map(|()| met)
            .map_err(|wrong| format!("{durability:?}, the last of its steps:\n{}{wrong}", shown()))
    }

    fn play_steps(&mut self) -> Result<(), String> {
        self.reopen()?;
        for number in 0..STEPS {
            let model = self.history.last().expect("there is always one");
            let step = Step::random(model, &mut self.random);
            if self.steps.len() == SHOWN_STEPS {
                let _ = self.steps.pop_front();
            }
            self.steps.push_back(format!("{number}: {step:?}"));
            match self.take(step).and_then(|()| self.compare()) {
                Ok(()) => {}
                Err(Stop::Wrong(wrong)) => return Err(wrong),
                Err(Stop::Lost) => {
                    self.meet("store failed");
                    let loses_power = self.random.below(2) == 0;
                    self.crash(loses_power)?;
                }
            }
        }
        Ok(())
    }

    fn model(&self) -> &Model {
        self.history.last().expect("there is always one")
    }

    fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("it is built before a step")
    }

    fn meet(&mut self, what: &'static str) {
        *self.met.entry(what).or_default() += 1;
    }

    fn take(&mut self, step: Step) -> Result<(), Stop> {
        let mut next = self.model().clone();
        match step {
            Step::Call(world, call) => {
                let expected = expect::call(&mut next, world, call, self.now);
                let found = answer::call(self.engine(), world, call);
                self.agree(next, expected, found, Reach::World(world))
            }
            Step::Load { layout, then, expect } => {
                self.mark += 1;
                let source = layout.source(self.mark);
                let version = Version { layout: *layout, mark: self.mark };
                let expected = expect::load(&mut next, version, (then, expect), self.now);
                let found = answer::load(self.engine(), &source, then, expect);
                self.agree(next, expected, found, Reach::Everything)
            }
            Step::LoadWrong { fails_its_test } => {
                let (source, expected) = match fails_its_test {
                    true => ("test \"it\" { assert 1 == 2 }", "refused Tests"),
                    false => ("get f() -> int { return missing }", "refused Source"),
                };
                let found = answer::load(self.engine(), source, Then::Activate, None);
                self.agree(next, expected.to_owned(), found, Reach::Nothing)
            }
            Step::LoadAgain => {
                let Some(Version { layout, mark }) = next.versions.live().cloned() else {
                    return Ok(());
                };
                let expected = format!("unchanged {}", next.versions.current.unwrap_or(0));
                let found = answer::load(self.engine(), &layout.source(mark), Then::Activate, None);
                self.agree(next, expected, found, Reach::Nothing)
            }
            Step::Activate { number, allows_loss, expect } => {
                let target = Ok(number);
                let expected =
                    expect::activation(&mut next, target, (allows_loss, expect), self.now);
                let options = ActivateOptions { expect, allow_loss: allows_loss };
                let found = self.engine().activate(number, options);
                let found = answer::activated(found.map(|activation| activation.number));
                self.agree(next, expected, found, Reach::Everything)
            }
            Step::RollBack { allows_loss, expect } => {
                let target = Err(next.versions.earlier());
                let expected =
                    expect::activation(&mut next, target, (allows_loss, expect), self.now);
                let options = ActivateOptions { expect, allow_loss: allows_loss };
                let found = self.engine().roll_back(options);
                let found = answer::activated(found.map(|activation| activation.number));
                self.agree(next, expected, found, Reach::Everything)
            }
            Step::Delete(number) => {
                let expected = expect::deletion(&mut next, number);
                let found = match self.engine().delete(number) {
                    Ok(()) => Ok(format!("deleted {number}")),
                    Err(error) => answer::activated(Err(error)),
                };
                self.agree(next, expected, found, Reach::Everything)
            }
            step => self.take_other(step, next),
        }
    }

    fn take_other(&mut self, step: Step, mut next: Model) -> Result<(), Stop> {
        match step {
            Step::CreateWorld(name) => {
                let is_new = !next.worlds.contains_key(name);
                if is_new {
                    next.create(name, self.now);
                }
                let found = match self.engine().create_world(name) {
                    Ok(is_new) => Ok(format!("created {is_new}")),
                    Err(error) => answer::world_refused(error),
                };
                let reach = if is_new { Reach::Everything } else { Reach::Nothing };
                self.agree(next, format!("created {is_new}"), found, reach)
            }
            Step::DeleteWorld(name) => {
                let (expected, reach) = match next.worlds.contains_key(name) {
                    _ if name == "main" => ("main stays", Reach::Nothing),
                    true => ("deleted", Reach::Everything),
                    false => ("unknown", Reach::Nothing),
                };
                if expected == "deleted" {
                    next.delete(name);
                }
                let found = match self.engine().delete_world(name) {
                    Ok(()) => Ok("deleted".to_owned()),
                    Err(error) => answer::world_refused(error),
                };
                self.agree(next, expected.to_owned(), found, reach)
            }
            Step::Wait(ms) => self.wait(ms),
            Step::Flush => {
                let found = self.engine().flush();
                let found = found.map(|()| "flushed".to_owned()).map_err(|_| Stop::Lost);
                self.agree(next, "flushed".to_owned(), found, Reach::Everything)
            }
            Step::Plan(fault, operations) => {
                self.disk.plan(self.disk.operations() + operations, fault);
                self.has_fault = true;
                Ok(())
            }
            Step::Restart => {
                self.meet("restarted");
                if !self.has_fault {
                    self.reach(Reach::Everything);
                }
                self.engine = None;
                self.reopen().map_err(Stop::Wrong)
            }
            Step::Kill | Step::LosePower => {
                let loses_power = matches!(step, Step::LosePower);
                self.crash(loses_power).map_err(Stop::Wrong)
            }
            step => unreachable!("taken before: {step:?}"),
        }
    }

    /// Says that an answer is the expected one, and notes what it makes sure of.
    fn agree(
        &mut self,
        next: Model,
        expected: String,
        found: Result<String, Stop>,
        reach: Reach,
    ) -> Result<(), Stop> {
        let has_changed = next.change != self.model().change;
        match found {
            Ok(found) if found == expected => {
                let known = ALL.iter().filter(|what| found.starts_with(**what));
                if let Some(what) = known.max_by_key(|what| what.len()) {
                    self.meet(what);
                }
                match has_changed {
                    true => self.history.push(next),
                    // A number that was given out for nothing.
                    false => *self.history.last_mut().expect("there is always one") = next,
                }
                // What changed nothing is not stored either.
                let is_stored = has_changed || expected == "flushed";
                let reach = match reach {
                    Reach::Everything if !is_stored => Reach::Nothing,
                    reach => reach,
                };
                self.reach(reach);
                self.note_timers();
                Ok(())
            }
            Ok(found) => Err(Stop::Wrong(format!("expected `{expected}`, found `{found}`"))),
            Err(Stop::Lost) => {
                if has_changed {
                    self.history.push(next);
                }
                Err(Stop::Lost)
            }
            Err(wrong) => Err(wrong),
        }
    }

    /// What was is no longer what a crash may leave.
    fn reach(&mut self, reach: Reach) {
        let change = match reach {
            Reach::Everything => self.model().change,
            Reach::World(world) if self.durability == Durability::Commit => {
                self.model().worlds.get(world).map_or(0, |world| world.changed)
            }
            Reach::World(_) | Reach::Nothing => return,
        };
        self.history.retain(|model| model.change >= change);
    }

    /// Timers that began are stored a moment later.
    fn note_timers(&mut self) {
        while let Some(stored) = self.model().with_a_timer_stored() {
            self.history.push(stored);
        }
    }

    /// Lets time pass, until it is known of every timer whether it is due, and runs those that are.
    fn wait(&mut self, ms: i64) -> Result<(), Stop> {
        let mut now = self.now + ms;
        let dues: Vec<_> = self.model().worlds.values().map(|world| world.due.clone()).collect();
        while let Some(due) = dues.iter().find(|due| {
            due.first().is_some_and(|&due| due <= now) && due.last().is_some_and(|&due| due > now)
        }) {
            now = due.last().copied().unwrap_or(now);
        }
        self.now = now;
        self.clock.store(now, Ordering::Relaxed);
        let is_due =
            |due: &std::collections::BTreeSet<i64>| due.last().is_some_and(|&due| due <= now);
        let due: Vec<_> =
            self.model().worlds.iter().filter(|(_, world)| is_due(&world.due)).collect();
        let due: Vec<&'static str> = due.into_iter().map(|(name, _)| *name).collect();
        let ran = self.engine().run_due(now);
        for &name in &due {
            let mut next = self.model().clone();
            next.tick(name, now);
            self.history.push(next);
            self.meet("ran");
        }
        if self.engine().has_failed() {
            return Err(Stop::Lost);
        }
        if ran != due.len() {
            return Err(Stop::Wrong(format!("{ran} timers ran, not {}", due.len())));
        }
        let dues = self.model().worlds.values().map(|world| &world.due);
        let dues: Vec<i64> = dues.flatten().copied().collect();
        let found = self.engine().next_due();
        if found != dues.iter().min().copied() && !found.is_some_and(|due| dues.contains(&due)) {
            return Err(Stop::Wrong(format!("a timer is due at {found:?}, not in {dues:?}")));
        }
        Ok(())
    }

    /// Says that engine and model look the same.
    fn compare(&mut self) -> Result<(), Stop> {
        let (found, expected) = (answer::look(self.engine())?, self.model().look());
        if found != expected {
            return Err(Stop::Wrong(format!("expected {expected:#?}\nfound {found:#?}")));
        }
        if expected.current.is_some() {
            let names: Vec<_> = self.model().worlds.keys().copied().collect();
            names.into_iter().for_each(|name| self.reach(Reach::World(name)));
        }
        Ok(())
    }

    /// The process dies, or the machine with it; another one goes on.
    fn crash(&mut self, loses_power: bool) -> Result<(), String> {
        self.meet(if loses_power { "power lost" } else { "killed" });
        let disk = match loses_power {
            true => Disk::with(self.disk.after_power_loss(&mut self.random)),
            false => self.disk.of_the_next_process(),
        };
        self.engine = None;
        self.disk = disk;
        self.reopen()
    }

    /// Builds an engine on the disk, and finds out which of the possible states it has.
    fn reopen(&mut self) -> Result<(), String> {
        self.has_fault = false;
        self.disk = self.disk.of_the_next_process();
        if self.random.below(6) == 0 {
            self.disk.plan(self.random.below(12), crate::disk::Fault::PowerLoss);
            self.has_fault = true;
        }
        let built =
            self.disk.store().map_err(BuildError::Store).and_then(|store| self.build(store));
        let looked = match built {
            Ok(engine) => {
                self.engine = Some(engine);
                answer::look(self.engine())
            }
            Err(_) if self.has_fault => Err(Stop::Lost),
            Err(error) => Err(Stop::Wrong(error.to_string())),
        };
        match looked {
            Ok(found) => self.take_up(&found),
            Err(Stop::Wrong(wrong)) => Err(wrong),
            Err(Stop::Lost) => {
                self.meet("start failed");
                let loses_power = self.random.below(2) == 0;
                self.crash(loses_power)
            }
        }
    }

    fn build(
        &self,
        store: midflight_runtime::store::redb::RedbStore,
    ) -> Result<Engine, BuildError> {
        self.clock.store(self.now, Ordering::Relaxed);
        let clock = self.clock.clone();
        // However busy the machine is.
        let patient = Duration::from_secs(3_600);
        let limits = SourceLimits { compile_time_max: patient, ..SourceLimits::default() };
        let code = Settings::default().optimisation(Optimisation::None).limits(limits);
        Engine::builder()
            .store(store)
            .durability(self.durability)
            .limits(Limits { versions_kept_max: KEPT_MAX, ..Limits::default() })
            .code(code.allocation(Allocation::SinglePass))
            .clock(move || clock.load(Ordering::Relaxed))
            .build()
    }

    /// Goes on with the state that was found, if it is one that may be there.
    fn take_up(&mut self, found: &Look) -> Result<(), String> {
        let latest = self.model().change;
        self.history.iter_mut().for_each(|model| model.restarted(self.now));
        let fitting = self.history.iter().filter(|model| model.look() == *found);
        let fitting: Vec<&Model> = fitting.collect();
        let Some(mut taken) = fitting.last().map(|&model| model.clone()) else {
            let looks: Vec<Look> = self.history.iter().map(Model::look).collect();
            return Err(format!("after a crash, of these states:\n{looks:#?}\nfound {found:#?}"));
        };
        for (name, world) in &mut taken.worlds {
            let alike: Vec<_> = fitting.iter().filter_map(|model| model.worlds.get(name)).collect();
            world.due = alike.iter().flat_map(|world| world.due.iter().copied()).collect();
            world.is_due_stored = alike.iter().all(|world| world.is_due_stored);
            world.may_be_stored =
                alike.iter().any(|world| world.is_due_stored || world.may_be_stored);
        }
        if self.history.len() > 1 {
            self.meet(if taken.change == latest { "happened" } else { "did not happen" });
        }
        self.history = vec![taken];
        self.note_timers();
        Ok(())
    }
}
