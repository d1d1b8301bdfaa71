//! What it costs to move a million rows of 64 bytes to another layout, in memory and with a store
//! whose durability is `commit`; and how long calls in another world wait meanwhile.
//!
//! Beside it stands what a program in Rust would do: copy the rows into larger ones, and keep the
//! map that finds them.

use std::collections::HashMap;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use midflight_runtime::{ActivateOptions, CallError, Durability, Engine, Limits};

use crate::measure::{Times, Unit, times};

type Error = Box<dyn std::error::Error>;

const ROWS: i64 = 1_000_000;
/// Rows that one call inserts.
const ROWS_PER_CALL: i64 = 10_000;
const ROUNDS: usize = 9;
/// Rounds with a store.
const ROUNDS_DURABLE: usize = 3;

/// The key and five fields: 48 bytes behind a header of 16.
const V1: &str = "
state { touched: int }
table player { key id: int, hp: int, gold: int, x: float, y: float, wins: int }
post fill(from: int, to: int) {
    for id in from..to { insert player { id, hp: id % 100, x: float(id) } }
}
post touch() { state.touched += 1 }";

const ADDED: &str = "
state { touched: int }
table player { key id: int, mana: int = 5, hp: int, gold: int, x: float, y: float, wins: int }
post touch() { state.touched += 1 }";

const COMPUTED: &str = "
state { touched: int }
table player { key id: int, hp: int, gold: int, x: float, y: float, wins: int }
migrate player(old) { gold = old.gold + old.wins * 10 }
post touch() { state.touched += 1 }";

/// The result.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Migrations {
    rows: i64,
    /// Seconds for the same in Rust: a field is added, the map is kept.
    native: Times,
    moves: Vec<Move>,
}

/// One kind of move, with one kind of store.
#[derive(Debug, serde::Serialize)]
struct Move {
    change: &'static str,
    /// `memory`, or the durability of the store.
    durability: &'static str,
    /// Seconds that calls in the world of the rows waited at most, as the engine tells it.
    pause: Times,
    /// Seconds that the activation took.
    total: Times,
    /// Seconds of the longest call that wrote in another world meanwhile.
    other: Times,
}

/// Measures everything.
pub(crate) fn measure() -> Result<Migrations, Error> {
    let (added, computed) = ("a field is added", "a field is computed");
    let moves = vec![
        in_memory(added, ADDED)?,
        in_memory(computed, COMPUTED)?,
        durable(added, ADDED)?,
        durable(computed, COMPUTED)?,
    ];
    Ok(Migrations { rows: ROWS, native: native(), moves })
}

impl Migrations {
    /// The text form.
    pub(crate) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let shown = |times: &Times| times.show(Unit::Milliseconds);
        writeln!(out, "\n{} rows of 64 bytes move to another layout", self.rows)?;
        writeln!(out, "the same in Rust, memory: a field is added: {}", shown(&self.native))?;
        for Move { change, durability, pause, total, other } in &self.moves {
            let (pause, total, other) = (shown(pause), shown(total), shown(other));
            writeln!(out, "{change}, {durability}: pause {pause}, in all {total}")?;
            writeln!(out, "    the longest call in another world: {other}")?;
        }
        Ok(())
    }
}

fn in_memory(change: &'static str, source: &str) -> Result<Move, Error> {
    let engine = Engine::builder().memory().limits(limits()).build()?;
    moves(&engine, (change, source), ("memory", ROUNDS))
}

fn durable(change: &'static str, source: &str) -> Result<Move, Error> {
    let durability = Durability::Commit;
    let directory = Directory::new();
    let built = Engine::builder().data(&directory.0).durability(durability).limits(limits());
    let engine = built.build()?;
    moves(&engine, (change, source), (durability.name(), ROUNDS_DURABLE))
}

fn limits() -> Limits {
    Limits { world_memory_max: 4 << 30, ..Limits::default() }
}

/// A directory that goes when it is dropped.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Directory {
        Directory(env::temp_dir().join(format!("midflight-bench-{}", process::id())))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // Whoever looks at the temporary directory later may remove it as well.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Moves from the first version to another one, and back, which does not count.
fn moves(
    engine: &Engine,
    (change, source): (&'static str, &str),
    (durability, rounds): (&'static str, usize),
) -> Result<Move, Error> {
    let first = engine.load(V1)?.number.ok_or("it became a version")?;
    let _ = engine.create_world("other")?;
    let fill = engine.handler::<(i64, i64), ()>("fill")?;
    for from in (0..ROWS).step_by(ROWS_PER_CALL as usize) {
        fill.call("main", (from, from + ROWS_PER_CALL))?;
    }
    let number = engine.load(source)?.number.ok_or("it became a version")?;
    let back = ActivateOptions { allow_loss: true, ..ActivateOptions::default() };
    let (mut pauses, mut totals, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let _ = engine.activate(first, back)?;
        let began = Instant::now();
        let activate = || engine.activate(number, ActivateOptions::default());
        let (moved, longest) = beside(engine, activate)?;
        totals.push(began.elapsed().as_secs_f64());
        let pause = moved?.pause.ok_or("the layout is another one")?;
        if pause.rows != ROWS as u64 {
            return Err("every row moved".into());
        }
        pauses.push(pause.time.as_secs_f64());
        others.push(longest.as_secs_f64());
    }
    let (pause, total, other) = (times(pauses), times(totals), times(others));
    Ok(Move { change, durability, pause, total, other })
}

/// Does something while a thread calls in another world; tells how long its longest call took.
fn beside<T>(engine: &Engine, action: impl FnOnce() -> T) -> Result<(T, Duration), Error> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let calls = scope.spawn(|| {
            let touch = engine.handler::<(), ()>("touch")?;
            let mut longest = Duration::ZERO;
            while !is_over.load(Ordering::Relaxed) {
                let began = Instant::now();
                touch.call("other", ())?;
                longest = longest.max(began.elapsed());
            }
            Ok(longest)
        });
        let result = action();
        is_over.store(true, Ordering::Relaxed);
        let longest: Result<Duration, CallError> = calls.join().map_err(|_| "the calls ran")?;
        Ok((result, longest?))
    })
}

/// A row before, with what the engine has in a row's header.
#[derive(Clone, Copy, Default)]
struct Row64 {
    header: [u64; 2],
    fields: [u64; 6],
}

/// A row after.
#[derive(Clone, Copy)]
struct Row72 {
    _header: [u64; 2],
    _mana: u64,
    _fields: [u64; 6],
}

/// Copies rows into larger ones in fresh memory, and the map that finds them.
fn native() -> Times {
    let rows = vec![Row64::default(); ROWS as usize];
    let places: HashMap<i64, u32> = (0..ROWS).map(|id| (id, id as u32)).collect();
    let mut seconds = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let moved: Vec<Row72> = black_box(&rows)
            .iter()
            .map(|row| Row72 { _header: row.header, _mana: 5, _fields: row.fields })
            .collect();
        let copy = (moved, black_box(&places).clone());
        seconds.push(began.elapsed().as_secs_f64());
        drop(black_box(copy));
    }
    times(seconds)
}
