//! What many worlds cost: the memory of one at rest, an activation that finds their layout
//! unchanged, and how long it takes until the last of them has left the old version.

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use midflight_runtime::{ActivateOptions, Engine, Limits, LoadOptions, Then};

use crate::Error;
use crate::measure::{Row, Settings, Target, Unit, resident};

const ARENA: &str = include_str!("../../dsl-examples/arena/arena.flight");
/// Worlds of a full run.
const WORLDS: u32 = 100_000;
const ACTIVATIONS: usize = 20;

/// Measures everything; while the process is small, since one figure is a difference of its size.
pub(crate) fn measure(settings: Settings) -> Result<Vec<Row>, Error> {
    let count = settings.count(WORLDS) as usize;
    let (engine, sweeps) = engine(count)?;
    let first = engine.load(ARENA)?.number.ok_or("it became a version")?;
    let before = resident()?;
    let began = Instant::now();
    for number in 1..count {
        let _ = engine.create_world(&name(number))?;
    }
    let creation = began.elapsed().as_secs_f64() / count as f64;
    let memory = (resident()? - before) / count as f64;
    let call = calls(&engine, count)?;
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
    let of_worlds = |what: &str| format!("{count} worlds: {what}");
    Ok(vec![
        Row::alone(of_worlds("memory of one at rest"), Unit::Bytes, vec![memory])
            .reaching(Target::Figure(4_096.0, 4_096.0)),
        Row::alone(of_worlds("creation of one"), Unit::Nanoseconds, vec![creation]),
        Row::alone(of_worlds("a call, each time in another"), Unit::Nanoseconds, vec![call]),
        Row::alone(of_worlds("activation, layout unchanged"), Unit::Milliseconds, activation),
        Row::alone(of_worlds("until the old version is left"), Unit::Milliseconds, swept),
    ])
}

/// An engine, and word of each sweep that has ended on a thread of its own.
fn engine(count: usize) -> Result<(Engine, Receiver<()>), Error> {
    let (ended, sweeps) = channel();
    let limits = Limits { worlds_max: count, ..Limits::default() };
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

fn calls(engine: &Engine, count: usize) -> Result<f64, Error> {
    let began = Instant::now();
    let mut number = 0;
    for _ in 0..count {
        number = (number + 7_919) % (count - 1);
        let called =
            engine.enter(&name(number + 1), |turn| turn.call("top", |_| Ok(())).is_ok())?;
        if !called {
            return Err("the call ran".into());
        }
    }
    Ok(began.elapsed().as_secs_f64() / count as f64)
}

fn name(number: usize) -> String {
    format!("room-{number}")
}
