//! What many worlds cost: the memory of one at rest, an activation that finds their layout
//! unchanged, and how long it takes until the last of them has left the old version.

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use midflight_runtime::{ActivateOptions, Engine, Limits, LoadOptions, Then};

use crate::measure::{Times, times};

type Error = Box<dyn std::error::Error>;

const ARENA: &str = include_str!("../../dsl-examples/arena/arena.flight");
const WORLDS: usize = 100_000;
const ACTIVATIONS: usize = 20;
/// Calls that are timed in worlds here and there.
const CALLS: usize = 100_000;

/// The result.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Worlds {
    /// How many there are.
    pub(crate) count: usize,
    /// They are kept in memory only.
    pub(crate) durability: &'static str,
    /// Bytes of the process for each of them.
    pub(crate) memory: f64,
    /// Seconds to create one.
    pub(crate) creation: f64,
    /// Seconds of a call in one of them, each time another one.
    pub(crate) call: f64,
    /// Seconds that an activation takes.
    pub(crate) activation: Times,
    /// Seconds from its beginning until no world keeps the old version.
    pub(crate) swept: Times,
}

/// Measures everything.
pub(crate) fn measure() -> Result<Worlds, Error> {
    let (engine, sweeps) = engine()?;
    let first = engine.load(ARENA)?.number.ok_or("it became a version")?;
    let before = resident()?;
    let began = Instant::now();
    for number in 1..WORLDS {
        let _ = engine.create_world(&name(number))?;
    }
    let creation = began.elapsed().as_secs_f64() / WORLDS as f64;
    let memory = (resident()? - before) / WORLDS as f64;
    let call = calls(&engine)?;
    let options = LoadOptions { then: Then::Stage, ..LoadOptions::default() };
    let staged = engine.load_with(&format!("{ARENA}// 2\n"), options)?;
    let second = staged.number.ok_or("it became a version")?;
    let (mut activation, mut swept) = (Vec::new(), Vec::new());
    for round in 0..ACTIVATIONS {
        let number = if round % 2 == 0 { second } else { first };
        let began = Instant::now();
        let _ = engine.activate(number, ActivateOptions::default())?;
        activation.push(began.elapsed().as_secs_f64());
        sweeps.recv()?;
        swept.push(began.elapsed().as_secs_f64());
    }
    let (activation, swept) = (times(activation), times(swept));
    Ok(Worlds { count: WORLDS, durability: "memory", memory, creation, call, activation, swept })
}

/// An engine, and word of each sweep that has ended on a thread of its own.
fn engine() -> Result<(Engine, Receiver<()>), Error> {
    let (ended, sweeps) = channel();
    let limits = Limits { worlds_max: WORLDS, ..Limits::default() };
    let spawn = move |work: Box<dyn FnOnce() + Send>| {
        let ended = ended.clone();
        drop(thread::spawn(move || {
            work();
            // Nobody listens any more when the bench is over.
            let _ = ended.send(());
        }));
    };
    Ok((Engine::builder().memory().limits(limits).spawn(spawn).build()?, sweeps))
}

fn calls(engine: &Engine) -> Result<f64, Error> {
    let began = Instant::now();
    let mut number = 0;
    for _ in 0..CALLS {
        number = (number + 7_919) % (WORLDS - 1);
        let called =
            engine.enter(&name(number + 1), |turn| turn.call("top", |_| Ok(())).is_ok())?;
        if !called {
            return Err("the call ran".into());
        }
    }
    Ok(began.elapsed().as_secs_f64() / CALLS as f64)
}

fn name(number: usize) -> String {
    format!("room-{number}")
}

/// Bytes of the process that are in memory.
fn resident() -> Result<f64, Error> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()).ok_or("a size")?;
    Ok(kilobytes.parse::<f64>()? * 1_024.0)
}
