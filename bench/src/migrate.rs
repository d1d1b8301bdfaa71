//! What it costs to move a million rows of 64 bytes to another layout, in memory and with a store
//! whose durability is `commit`; and how long calls in another world wait meanwhile.
//!
//! Beside it stands what a program in Rust would do: copy the rows into larger ones, and keep the
//! map that finds them.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use midflight_runtime::{ActivateOptions, CallError, Engine};
use tempfile::TempDir;

use crate::Error;
use crate::measure::{Durability, MIDFLIGHT, Row, Settings, Target, Unit};
use crate::works::{builder, fill};

/// Rows of a full run.
const ROWS: u32 = 1_000_000;
/// Rounds with a store, at most.
const ROUNDS_DURABLE: usize = 3;
const NATIVE: &str = "native";

/// The key and five fields: 48 bytes behind a header of 16.
const V1: &str = "
state { touched: int }
table player { key id: int, hp: int, gold: int, x: float, y: float, wins: int }
post fill(from: int, to: int) {
    for id in from..to { insert player { id, hp: id % 100, x: float(id) } }
}
post touch() { state.touched += 1 }";

pub(crate) const ADDED: &str = "
state { touched: int }
table player { key id: int, mana: int = 5, hp: int, gold: int, x: float, y: float, wins: int }
post touch() { state.touched += 1 }";

const COMPUTED: &str = "
state { touched: int }
table player { key id: int, hp: int, gold: int, x: float, y: float, wins: int }
migrate player(old) { gold = old.gold + old.wins * 10 }
post touch() { state.touched += 1 }";

/// Measures everything.
pub(crate) fn measure(settings: Settings) -> Result<Vec<Row>, Error> {
    let rows = settings.count(ROWS);
    let mut told = Vec::new();
    for durability in [Durability::Memory, Durability::Durable] {
        for (change, source) in [("a field is added", ADDED), ("a field is computed", COMPUTED)] {
            let moves = moves(source, rows, durability, settings)?;
            let native = match (durability, source) {
                (Durability::Memory, ADDED) => vec![(NATIVE, native(rows, settings))],
                _ => Vec::new(),
            };
            told.extend(of_moves(&format!("{rows} rows, {change}"), durability, moves, native));
        }
    }
    Ok(told)
}

/// Seconds, move by move.
pub(crate) struct Moves {
    /// What calls in the world of the rows waited at most, as the engine tells it.
    pub(crate) pauses: Vec<f64>,
    /// What the activation took.
    totals: Vec<f64>,
    /// What the longest call took that wrote in another world meanwhile.
    others: Vec<f64>,
}

fn of_moves(
    name: &str,
    durability: Durability,
    moves: Moves,
    native: Vec<(&'static str, Vec<f64>)>,
) -> [Row; 3] {
    let Moves { pauses, totals, others } = moves;
    let base = native.first().map(|(native, _)| *native);
    let row = |what: &str, base, results| {
        let row = Row::compared(format!("{name}: {what}"), Unit::Milliseconds, base, results);
        Row { durability, ..row }
    };
    let pauses = native.into_iter().chain([(MIDFLIGHT, pauses)]).collect();
    let pause = row("pause", base, pauses);
    let target = match durability {
        Durability::Memory => Some(Target::Figure(100.0, 100.0)),
        Durability::Durable => None,
    };
    [
        Row { target, ..pause },
        row("in all", None, vec![(MIDFLIGHT, totals)]),
        row("longest call in another world", None, vec![(MIDFLIGHT, others)]),
    ]
}

/// Moves from the first version to another one, and back, which does not count.
pub(crate) fn moves(
    source: &str,
    rows: u32,
    durability: Durability,
    settings: Settings,
) -> Result<Moves, Error> {
    let directory = TempDir::new()?;
    let (engine, rounds) = match durability {
        Durability::Memory => (builder().memory().build()?, settings.rounds),
        Durability::Durable => {
            let built = builder().data(directory.path());
            let commit = midflight_runtime::Durability::Commit;
            (built.durability(commit).build()?, settings.rounds.min(ROUNDS_DURABLE))
        }
    };
    let first = engine.load(V1)?.number.ok_or("it became a version")?;
    let _ = engine.create_world("other")?;
    fill(&engine, i64::from(rows))?;
    let number = engine.load(source)?.number.ok_or("it became a version")?;
    let back = ActivateOptions { allow_loss: true, ..ActivateOptions::default() };
    let mut moves = Moves { pauses: Vec::new(), totals: Vec::new(), others: Vec::new() };
    for _ in 0..rounds {
        let _ = engine.activate(first, back)?;
        let began = Instant::now();
        let activate = || engine.activate(number, ActivateOptions::default());
        let (moved, longest) = beside(&engine, activate)?;
        moves.totals.push(began.elapsed().as_secs_f64());
        let pause = moved?.pause.ok_or("the layout is another one")?;
        if pause.rows != u64::from(rows) {
            return Err("every row moved".into());
        }
        moves.pauses.push(pause.time.as_secs_f64());
        moves.others.push(longest.as_secs_f64());
    }
    Ok(moves)
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
fn native(rows: u32, settings: Settings) -> Vec<f64> {
    let places: HashMap<i64, u32> = (0..rows).map(|id| (i64::from(id), id)).collect();
    let rows = vec![Row64::default(); rows as usize];
    let mut seconds = Vec::new();
    for _ in 0..settings.rounds {
        let began = Instant::now();
        let moved: Vec<Row72> = black_box(&rows)
            .iter()
            .map(|row| Row72 { _header: row.header, _mana: 5, _fields: row.fields })
            .collect();
        let copy = (moved, black_box(&places).clone());
        seconds.push(began.elapsed().as_secs_f64());
        drop(black_box(copy));
    }
    seconds
}
