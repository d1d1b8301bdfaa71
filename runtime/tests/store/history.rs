//! A short life of an engine: loads, activations, calls; and what it looks like after each step.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use midflight_runtime::store::Store;
use midflight_runtime::{
    ActivateError, ActivateOptions, BuildError, CallError, Engine, Limits, LoadError,
};

/// What a step does, and to which handler.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Load(&'static str),
    Activate(u64),
    RollBack,
    Delete(u64),
    Post(&'static str, i64),
}

/// A step was not acknowledged.
#[derive(Debug)]
pub(crate) struct Refused;

const V1: &str = r#"
state { total: int, names: [str; ..3], transient seen: int }
table player { key id: int, name: str, hp: int = 100, transient idle: int = 7, index hp }
post join(n: int) -> int {
    insert player { id: n, name: "player {n}" }
    state.total += 1
    return state.total
}
post hit(n: int) -> int {
    let p = player[n]
    p.hp -= random(10) + 1
    return p.hp
}
post leave(n: int) -> int {
    let p = player[n]
    remove p
    state.names = ["{n}"]
    return player.len
}
post fails(n: int) -> int {
    state.total += n
    fail "on purpose"
}
"#;

const V2: &str = r#"
// The second version greets everybody.
state { total: int, names: [str; ..3], transient seen: int }
table player { key id: int, name: str, hp: int = 100, transient idle: int = 7, index hp }
on load {
    state.total += 1000
    for p in player { p.name = "veteran {p.id}" }
}
post join(n: int) -> int {
    insert player { id: n, name: "new {n}", hp: 50 }
    return n
}
post hit(n: int) -> int {
    let p = player[n]
    p.hp -= 1
    return p.hp
}
"#;

const V3: &str = r#"
// The third version calls things by other names, in another order, and doubles the total.
table hero was player { key number: int was id, index life, life: int was hp, name: str }
state { names: [str; ..3], total: int }
migrate state(old) { total = old.total * 2 }
drop player.idle
drop state.seen
post join(n: int) -> int {
    let h = insert hero { number: n, name: "hero {n}", life: 70 }
    state.total += h.life
    return state.total
}
"#;

/// A history that has everything that is stored.
pub(crate) const STEPS: &[Step] = &[
    Step::Load(V1),
    Step::Post("join", 1),
    Step::Post("join", 2),
    Step::Post("join", 3),
    Step::Post("hit", 2),
    Step::Post("leave", 1),
    Step::Post("fails", 5),
    Step::Load(V2),
    Step::Post("join", 9),
    Step::Post("hit", 2),
    Step::RollBack,
    Step::Post("join", 4),
    Step::Activate(2),
    Step::Post("hit", 4),
    Step::Delete(1),
    Step::Post("join", 5),
    Step::Load(V3),
    Step::Post("join", 6),
    Step::RollBack,
    Step::Post("join", 7),
];

/// An engine whose clock is the number of the step.
pub(crate) struct Life {
    pub(crate) engine: Engine,
    clock: Arc<AtomicI64>,
}

impl Life {
    pub(crate) fn begin(store: impl Store + 'static) -> Result<Life, BuildError> {
        let clock = Arc::new(AtomicI64::new(0));
        let now = clock.clone();
        let engine = Engine::builder()
            .store(store)
            .limits(Limits::default())
            .clock(move || now.load(Ordering::Relaxed))
            .build()?;
        Ok(Life { engine, clock })
    }

    /// Takes a step; tells whether it was acknowledged.
    pub(crate) fn step(&self, number: usize, step: Step) -> Result<(), Refused> {
        self.clock.store(number as i64, Ordering::Relaxed);
        match step {
            Step::Load(source) => match self.engine.load(source) {
                Ok(_) => Ok(()),
                Err(LoadError::Store(_)) => Err(Refused),
                Err(error) => panic!("step {number}: {error}"),
            },
            Step::Activate(version) => {
                activated(self.engine.activate(version, ActivateOptions::default()).map(drop))
            }
            Step::RollBack => {
                activated(self.engine.roll_back(ActivateOptions::default()).map(drop))
            }
            Step::Delete(version) => activated(self.engine.delete(version)),
            Step::Post(handler, argument) => {
                let handler = self.engine.handler::<(i64,), i64>(handler).expect("it is there");
                match handler.call("main", (argument,)) {
                    Ok(_) | Err(CallError::Trapped(_)) => Ok(()),
                    Err(CallError::OutcomeUnknown | CallError::StoreFailed) => Err(Refused),
                    Err(error) => panic!("step {number}: {error}"),
                }
            }
        }
    }

    /// Everything that a later step could tell apart.
    pub(crate) fn look(&self) -> Vec<u8> {
        let mut seen = Vec::new();
        for version in self.engine.versions() {
            let (number, is_current) = (version.version.number(), version.is_current);
            seen.extend(format!("{number} {is_current} {}\n", version.version.hash()).bytes());
        }
        if self.engine.current().is_some() {
            let image = self.engine.enter("main", |turn| turn.image());
            seen.extend(image.expect("the world can be entered"));
        }
        seen
    }
}

fn activated(result: Result<(), ActivateError>) -> Result<(), Refused> {
    match result {
        Ok(()) => Ok(()),
        Err(ActivateError::Store(_)) => Err(Refused),
        Err(error) => panic!("{error}"),
    }
}

/// What an engine looks like before the first step and after each.
pub(crate) fn looks() -> Vec<Vec<u8>> {
    let disk = crate::disk::Disk::new();
    let life = Life::begin(disk.store().expect("the disk is good")).expect("it is empty");
    let mut looks = vec![life.look()];
    for (number, &step) in STEPS.iter().enumerate() {
        life.step(number, step).expect("the disk is good");
        looks.push(life.look());
    }
    looks
}
