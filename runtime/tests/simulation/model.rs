//! What an engine has to hold, as plain maps.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::OnceLock;

use midflight_runtime::Engine;

use crate::layout::{EXTRA, Layout, NOTE, Note, OnLoad, ROWS_MAX, Way};
use crate::step::Call;
use crate::versions::Versions;

/// How often the timer of all programs runs.
pub(crate) const PERIOD_MS: i64 = 1_000;
/// The worlds that there can be.
pub(crate) const NAMES: [&str; 3] = ["east", "main", "west"];

/// One account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) value: i64,
    pub(crate) note: Option<i64>,
    pub(crate) extra: i64,
}

/// One world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct World {
    calls: i64,
    total: i64,
    loads: i64,
    ticks: i64,
    at: i64,
    /// By slot.
    rows: BTreeMap<u32, Row>,
    /// Numbers drawn so far.
    draws: usize,
    /// When its timer is due: one of these. None before its first version.
    pub(crate) due: BTreeSet<i64>,
    /// Whether that is stored; otherwise the timer begins anew after a crash.
    pub(crate) is_due_stored: bool,
    /// Whether it may be, although it is not sure.
    pub(crate) may_be_stored: bool,
    /// The change that was its last one.
    pub(crate) changed: u64,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) versions: Versions,
    pub(crate) worlds: BTreeMap<&'static str, World>,
    /// Changes so far.
    pub(crate) change: u64,
}

/// What one sees of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) versions: BTreeSet<u64>,
    pub(crate) current: Option<u64>,
    /// What `look` gives in each world; nothing without a version.
    pub(crate) worlds: BTreeMap<String, String>,
}

/// How an activation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Layout,
    Source,
    /// A row does not fit, or `on load` traps. Which of several worlds says so first is open.
    World,
}

impl Model {
    /// One world, no version.
    pub(crate) fn new() -> Model {
        Model { worlds: [("main", World::default())].into(), ..Model::default() }
    }

    pub(crate) fn look(&self) -> Look {
        let live = self.versions.live().map(|version| &version.layout);
        let look = |world: &World| live.map(|layout| world.look(layout)).unwrap_or_default();
        Look {
            versions: self.versions.kept.keys().copied().collect(),
            current: self.versions.current,
            worlds: self
                .worlds
                .iter()
                .map(|(name, world)| ((*name).to_owned(), look(world)))
                .collect(),
        }
    }

    /// A change to a world, as one step.
    fn note_change(&mut self, world: &str) {
        self.change += 1;
        let change = self.change;
        self.world(world).changed = change;
    }

    fn world(&mut self, name: &str) -> &mut World {
        self.worlds.get_mut(name).expect("the step knows which there are")
    }

    /// A call; `None` where it traps.
    pub(crate) fn call(&mut self, name: &str, call: Call, now: i64) -> Option<i64> {
        let layout = self.versions.live().expect("there is a version").layout.clone();
        let world = self.world(name);
        let mut after = world.clone();
        let result = after.call(&layout, call, (draws(name), now))?;
        *world = after;
        self.note_change(name);
        Some(result)
    }

    /// Whether the way to a layout is open in all worlds.
    pub(crate) fn way_to(&self, new: &Layout, allows_loss: bool) -> Result<(), Refusal> {
        let Some(live) = self.versions.live() else { return Ok(()) };
        match live.layout.way_to(new, allows_loss) {
            Way::Refused => Err(Refusal::Layout),
            Way::Mistaken => Err(Refusal::Source),
            Way::Emptied | Way::Open(_) => Ok(()),
        }
    }

    /// Moves all worlds to a layout and runs its `on load`, or none.
    pub(crate) fn move_to(
        &mut self,
        new: &Layout,
        allows_loss: bool,
        now: i64,
    ) -> Result<(), Refusal> {
        self.way_to(new, allows_loss)?;
        let live = self.versions.live().map(|version| version.layout.clone());
        let mut worlds = self.worlds.clone();
        for world in worlds.values_mut() {
            match live.as_ref().map(|live| (live, live.way_to(new, allows_loss))) {
                Some((live, Way::Open(runs))) => {
                    for row in world.rows.values_mut() {
                        *row = live.moved(new, runs, row).ok_or(Refusal::World)?;
                    }
                }
                Some((_, Way::Emptied)) => world.rows.clear(),
                Some((_, Way::Refused | Way::Mistaken)) | None => {}
            }
            if !world.run_on_load(new) {
                return Err(Refusal::World);
            }
            world.begin_timer(now);
        }
        self.worlds = worlds;
        self.change += 1;
        self.worlds.values_mut().for_each(|world| world.changed = self.change);
        Ok(())
    }

    /// A world that begins.
    pub(crate) fn create(&mut self, name: &'static str, now: i64) {
        let mut world = World::default();
        if let Some(live) = self.versions.live() {
            let _ = world.run_on_load(&live.layout);
            world.begin_timer(now);
        }
        let _ = self.worlds.insert(name, world);
        self.note_change(name);
    }

    pub(crate) fn delete(&mut self, name: &str) {
        let _ = self.worlds.remove(name);
        self.change += 1;
    }

    /// The same once the next timer that has begun is stored; `None` where all are.
    pub(crate) fn with_a_timer_stored(&self) -> Option<Model> {
        let mut stored = self.clone();
        stored.change += 1;
        let mut worlds = stored.worlds.values_mut();
        let world = worlds.find(|world| !world.is_due_stored && !world.due.is_empty())?;
        (world.is_due_stored, world.changed) = (true, stored.change);
        Some(stored)
    }

    /// The timer of a world runs.
    pub(crate) fn tick(&mut self, name: &str, now: i64) {
        let world = self.world(name);
        world.ticks += 1;
        let next = |due: &i64| due + ((now - due) / PERIOD_MS + 1) * PERIOD_MS;
        world.due = world.due.iter().map(next).collect();
        self.note_change(name);
    }

    /// An engine has taken this up from its store.
    pub(crate) fn restarted(&mut self, now: i64) {
        self.versions.restarted();
        let has_version = self.versions.current.is_some();
        for world in self.worlds.values_mut().filter(|world| !world.is_due_stored) {
            if !world.may_be_stored {
                world.due.clear();
            }
            world.due.extend(has_version.then_some(now + PERIOD_MS));
        }
    }
}

impl World {
    fn look(&self, layout: &Layout) -> String {
        let World { calls, total, loads, ticks, at, .. } = self;
        let mut text = format!("{calls} {total} {loads} {ticks} {at}");
        for Row { id, value, note, extra } in self.rows.values() {
            let note = match layout.note {
                Note::Absent => "-".to_owned(),
                Note::Int | Note::Optional => note.unwrap_or(-1).to_string(),
            };
            let extra = if layout.has_extra { extra.to_string() } else { "-".to_owned() };
            let _ = write!(text, "; {id} n{id} {value} {note} {extra}");
        }
        text
    }

    fn call(&mut self, layout: &Layout, call: Call, (draws, now): (&[i64], i64)) -> Option<i64> {
        let Call { handler, id, amount } = call;
        self.calls += 1;
        let slot = self.rows.iter().find(|(_, row)| row.id == id).map(|(slot, _)| *slot);
        match handler {
            "put" => {
                if slot.is_some() {
                    return None;
                }
                let free = (0..).find(|slot| !self.rows.contains_key(slot))?;
                let note = (layout.note != Note::Absent).then_some(amount);
                let extra = if layout.has_extra { amount } else { 0 };
                let _ = self.rows.insert(free, Row { id, value: amount, note, extra });
            }
            "add" => {
                self.at = now;
                let row = self.rows.get_mut(&slot?)?;
                row.value += amount;
                return Some(row.value);
            }
            "leave" => {
                self.total += amount;
                let _ = self.rows.remove(&slot?);
            }
            "shift" => {
                self.rows.values_mut().for_each(|row| row.value += amount);
                if id > 4 {
                    return None;
                }
            }
            "draw" => {
                self.draws += 1;
                return draws.get(self.draws - 1).copied();
            }
            handler => unreachable!("no handler `{handler}`"),
        }
        Some(self.rows.len() as i64)
    }

    /// Tells whether it lets the world pass.
    fn run_on_load(&mut self, layout: &Layout) -> bool {
        if layout.on_load == OnLoad::Absent {
            return true;
        }
        self.loads += 1;
        self.rows.values_mut().for_each(|row| row.value += 1);
        layout.on_load == OnLoad::Counts || self.rows.len() <= ROWS_MAX
    }

    fn begin_timer(&mut self, now: i64) {
        if self.due.is_empty() {
            self.due = [now + PERIOD_MS].into();
            self.is_due_stored = false;
        }
    }
}

/// What `random(1000)` gives in a world of this name, from its beginning on.
fn draws(name: &str) -> &'static [i64] {
    static DRAWS: OnceLock<BTreeMap<&str, Vec<i64>>> = OnceLock::new();
    let draws = DRAWS.get_or_init(|| {
        let engine = Engine::builder().memory().build().expect("it needs nothing");
        let _ = engine.load("post draw() -> int { return random(1000) }").expect("it is right");
        let draw = engine.handler::<(), i64>("draw").expect("it is there");
        let of = |name| {
            let _ = engine.create_world(name).expect("it is a name");
            (name, (0..2_000).map(|_| draw.call(name, ()).expect("it ends")).collect())
        };
        NAMES.into_iter().map(of).collect()
    });
    &draws[name]
}

const _: () = assert!(NOTE != EXTRA, "one could stand for the other");
