//! What a swap costs those who call: the latency of calls over HTTP beside ten loads a second, next
//! to that of a quiet server, in turn; and how long an activation takes that finds the layout
//! unchanged, which bounds from above how long it holds a world.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use midflight_runtime::{ActivateOptions, Engine, LoadOptions, Then};
use midflight_server::{Access, Events, ServerState, serve};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::measure::{Times, times};

type Error = Box<dyn std::error::Error>;

const ARENA: &str = include_str!("../../dsl-examples/arena/arena.flight");

/// How long calls are measured before the other kind has its turn.
const SLICE: Duration = Duration::from_secs(2);
/// Slices of each kind.
const SLICES: usize = 5;
/// Ten loads a second.
const LOAD_PAUSE: Duration = Duration::from_millis(100);
/// Activations that are timed.
const ACTIVATIONS: usize = 2_000;

/// The result.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Swap {
    /// Calls of a server that is otherwise quiet.
    pub(crate) quiet: Latencies,
    /// Calls of a server that loads ten times a second.
    pub(crate) loading: Latencies,
    /// Seconds that an activation of a kept version takes.
    pub(crate) activation: Times,
}

/// Latencies of one kind of slice, in seconds.
#[derive(Debug, Default, serde::Serialize)]
pub(crate) struct Latencies {
    pub(crate) calls: usize,
    pub(crate) median: f64,
    pub(crate) p99: f64,
    pub(crate) longest: f64,
}

/// Measures everything.
pub(crate) fn measure() -> Result<Swap, Error> {
    let engine = Engine::builder().memory().build()?;
    let _ = engine.load(ARENA)?;
    let address = start(&engine)?;
    let (mut quiet, mut loading) = (Vec::new(), Vec::new());
    let mut caller = Caller::connect(address)?;
    let _ = caller.call_for(SLICE)?;
    for slice in 0..SLICES {
        quiet.append(&mut caller.call_for(SLICE)?);
        loading.append(&mut beside_loads(&mut caller, address, slice)?);
    }
    Ok(Swap {
        quiet: Latencies::of(quiet),
        loading: Latencies::of(loading),
        activation: activations()?,
    })
}

/// A server in this process, for as long as the process lives.
fn start(engine: &Engine) -> Result<SocketAddr, Error> {
    let runtime = Runtime::new()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    let access = Access::new(address, Vec::new(), None)?;
    let state = Arc::new(ServerState::new(engine.clone(), access, Events::default()));
    drop(thread::spawn(move || runtime.block_on(serve(listener, state, std::future::pending()))));
    Ok(address)
}

/// Calls for a slice, while a second connection loads.
fn beside_loads(caller: &mut Caller, address: SocketAddr, slice: usize) -> Result<Vec<f64>, Error> {
    let done = AtomicBool::new(false);
    let mut loader = Caller::connect(address)?;
    thread::scope(|scope| {
        let loads = scope.spawn(|| {
            let mut count = 0;
            while !done.load(Ordering::Relaxed) {
                let source = format!("{ARENA}// {slice}.{count}\n");
                loader.post("/load", &source).expect("the program of a bench is right");
                count += 1;
                thread::sleep(LOAD_PAUSE);
            }
        });
        let latencies = caller.call_for(SLICE);
        done.store(true, Ordering::Relaxed);
        loads.join().expect("no load fails");
        latencies
    })
}

/// A connection that is kept alive.
struct Caller {
    stream: BufReader<TcpStream>,
}

impl Caller {
    fn connect(address: SocketAddr) -> Result<Caller, Error> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Caller { stream: BufReader::new(stream) })
    }

    /// Calls one after the other; gives the seconds that each took.
    fn call_for(&mut self, time: Duration) -> Result<Vec<f64>, Error> {
        let began = Instant::now();
        let mut latencies = Vec::new();
        while began.elapsed() < time {
            let call = Instant::now();
            self.post("/top", "")?;
            latencies.push(call.elapsed().as_secs_f64());
        }
        Ok(latencies)
    }

    fn post(&mut self, target: &str, body: &str) -> Result<(), Error> {
        let method = if body.is_empty() { "GET" } else { "POST" };
        let len = body.len();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (mut line, mut len, mut status) = (String::new(), 0, String::new());
        loop {
            line.clear();
            let _ = self.stream.read_line(&mut line)?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                len = value.trim().parse()?;
            }
            if status.is_empty() {
                status.clone_from(&line);
            }
            if line == "\r\n" || line.is_empty() {
                break;
            }
        }
        let mut answer = vec![0; len];
        self.stream.read_exact(&mut answer)?;
        match status.starts_with("HTTP/1.1 200") {
            true => Ok(()),
            false => Err(format!("{status}{}", String::from_utf8_lossy(&answer)).into()),
        }
    }
}

impl Latencies {
    fn of(mut seconds: Vec<f64>) -> Latencies {
        seconds.sort_by(f64::total_cmp);
        let at = |share: f64| seconds[((seconds.len() - 1) as f64 * share) as usize];
        Latencies { calls: seconds.len(), median: at(0.5), p99: at(0.99), longest: at(1.0) }
    }
}

/// Two versions of one layout, activated in turn.
fn activations() -> Result<Times, Error> {
    let engine = Engine::builder().memory().build()?;
    let first = engine.load(ARENA)?.number.ok_or("it became a version")?;
    let options = LoadOptions { then: Then::Stage, ..LoadOptions::default() };
    let staged = engine.load_with(&format!("{ARENA}// 2\n"), options)?;
    let second = staged.number.ok_or("it became a version")?;
    let mut seconds = Vec::with_capacity(ACTIVATIONS);
    for round in 0..ACTIVATIONS {
        let number = if round % 2 == 0 { second } else { first };
        let began = Instant::now();
        let _ = engine.activate(number, ActivateOptions::default())?;
        seconds.push(began.elapsed().as_secs_f64());
    }
    Ok(times(seconds))
}
