//! What a call over HTTP costs, and what a swap costs those who call: calls beside ten loads a
//! second, next to those of a quiet server and of a bare one, in turn; and how long an activation
//! takes that finds the layout unchanged, which bounds from above how long it holds a world.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use midflight_runtime::{ActivateOptions, Engine, LoadOptions, Then};

use crate::Error;
use crate::http::{Caller, Kind, Server, call_together};
use crate::measure::{MIDFLIGHT, Row, Settings, Target, Unit};

const ARENA: &str = include_str!("../../dsl-examples/arena/arena.flight");

/// Ten loads a second.
const LOAD_PAUSE: Duration = Duration::from_millis(100);
/// Connections that call at the same time.
const CONNECTIONS: usize = 16;
/// Activations that are timed in a full run.
const ACTIVATIONS: u32 = 2_000;

/// Measures everything.
pub(crate) fn measure(settings: Settings) -> Result<Vec<Row>, Error> {
    let mut rows = calls(settings)?;
    let seconds = activations(settings)?;
    rows.push(Row::alone("activation, layout unchanged", Unit::Microseconds, seconds));
    Ok(rows)
}

/// The figures of one server, slice by slice, in seconds.
#[derive(Default)]
struct Slices {
    median: Vec<f64>,
    p99: Vec<f64>,
    /// Processor time of the server for a request on one connection, and on many.
    one: Vec<f64>,
    many: Vec<f64>,
}

fn calls(settings: Settings) -> Result<Vec<Row>, Error> {
    let slice = Duration::from_millis(if settings.is_quick { 300 } else { 1_000 });
    let (axum, midflight) = (Server::start(Kind::Axum)?, Server::start(Kind::Midflight)?);
    let answers = [&axum, &midflight].map(|server| Caller::connect(server.address)?.answer());
    let [bare, answer] = answers;
    let (bare, answer) = (sorted(bare?), sorted(answer?));
    if bare != answer {
        return Err(format!("the servers give different bytes: {bare:?} and {answer:?}").into());
    }
    let mut loader = Caller::connect(midflight.address)?;
    let [mut quiet, mut bare, mut loaded] = [(); 3].map(|()| Slices::default());
    for round in 0..settings.rounds {
        for (server, slices) in [(&axum, &mut bare), (&midflight, &mut quiet)] {
            slices.take(server, slice)?;
        }
        let mut caller = Caller::connect(midflight.address)?;
        loaded.latencies(beside_loads(&mut caller, &mut loader, round, slice)?);
    }
    let (axum, loads) = (Some("axum"), "midflight, ten loads a second");
    let row = |name, base, figures| Row::compared(name, Unit::Microseconds, base, figures);
    let median = [("axum", bare.median), (MIDFLIGHT, quiet.median), (loads, loaded.median)];
    let p99 = [("axum", bare.p99), (MIDFLIGHT, quiet.p99), (loads, loaded.p99)];
    let one = vec![("axum", bare.one), (MIDFLIGHT, quiet.one)];
    let many = vec![("axum", bare.many), (MIDFLIGHT, quiet.many)];
    let target = Target::Ratio(1.15, 1.15);
    Ok(vec![
        row("call, one after the other, median", axum, median.into()),
        row("call, one after the other, 99th percentile", axum, p99.into()),
        row("server CPU a request, 1 connection", axum, one).reaching(target),
        row("server CPU a request, 16 connections", axum, many).reaching(target),
    ])
}

/// The lines of a head have no order.
fn sorted((mut head, body): (Vec<String>, String)) -> (Vec<String>, String) {
    head.sort();
    (head, body)
}

impl Slices {
    fn take(&mut self, server: &Server, slice: Duration) -> Result<(), Error> {
        let mut caller = Caller::connect(server.address)?;
        let _ = caller.call_for(slice / 20)?;
        let before = server.processor_time()?;
        let latencies = caller.call_for(slice)?;
        self.one.push((server.processor_time()? - before) / latencies.len() as f64);
        self.latencies(latencies);
        let callers = (0..CONNECTIONS).map(|_| Caller::connect(server.address));
        let mut callers = callers.collect::<Result<Vec<Caller>, Error>>()?;
        let _ = call_together(&mut callers, slice / 20)?;
        let before = server.processor_time()?;
        let calls = call_together(&mut callers, slice)?;
        self.many.push((server.processor_time()? - before) / calls as f64);
        Ok(())
    }

    fn latencies(&mut self, mut seconds: Vec<f64>) {
        seconds.sort_by(f64::total_cmp);
        let at = |share: f64| seconds[((seconds.len() - 1) as f64 * share) as usize];
        self.median.push(at(0.5));
        self.p99.push(at(0.99));
    }
}

/// Calls for a slice, while a second connection loads.
fn beside_loads(
    caller: &mut Caller,
    loader: &mut Caller,
    round: usize,
    slice: Duration,
) -> Result<Vec<f64>, Error> {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let loads = scope.spawn(|| {
            let mut count = 0;
            while !done.load(Ordering::Relaxed) {
                loader.load(&format!("{round}.{count}")).map_err(|error| error.to_string())?;
                count += 1;
                thread::sleep(LOAD_PAUSE);
            }
            Ok::<(), String>(())
        });
        let latencies = caller.call_for(slice);
        done.store(true, Ordering::Relaxed);
        loads.join().map_err(|_| "nobody panicked")??;
        latencies
    })
}

/// Two versions of one layout, activated in turn.
fn activations(settings: Settings) -> Result<Vec<f64>, Error> {
    let engine = Engine::builder().memory().build()?;
    let first = engine.load(ARENA)?.number.ok_or("it became a version")?;
    let options = LoadOptions { then: Then::Stage, ..LoadOptions::default() };
    let staged = engine.load_with(&format!("{ARENA}// 2\n"), options)?;
    let second = staged.number.ok_or("it became a version")?;
    let mut seconds = Vec::new();
    for round in 0..settings.count(ACTIVATIONS) {
        let number = if round % 2 == 0 { second } else { first };
        let began = Instant::now();
        let _ = engine.activate(number, ActivateOptions::default())?;
        seconds.push(began.elapsed().as_secs_f64());
    }
    Ok(seconds)
}
