//! What it costs to move a million rows of 64 bytes to another layout: one field more, and through a
//! `migrate` block. What is timed is the pause of the calls.

use midflight_runtime::{ActivateOptions, Engine, Limits};

use crate::measure::{Times, times};

type Error = Box<dyn std::error::Error>;

const ROWS: i64 = 1_000_000;
/// Rows that one call inserts.
const ROWS_PER_CALL: i64 = 10_000;
const ROUNDS: usize = 9;

/// The key and five fields: 48 bytes behind a header of 16.
const V1: &str = "
table player { key id: int, hp: int, gold: int, x: float, y: float, wins: int }
post fill(from: int, to: int) {
    for id in from..to { insert player { id, hp: id % 100, x: float(id) } }
}";

const ADDED: &str = "
table player { key id: int, mana: int = 5, hp: int, gold: int, x: float, y: float, wins: int }";

const COMPUTED: &str = "
table player { key id: int, hp: int, gold: int, x: float, y: float, wins: int }
migrate player(old) { gold = old.gold + old.wins * 10 }";

/// The result.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Migrations {
    pub(crate) rows: i64,
    /// Seconds with a field more, and back.
    pub(crate) added: Times,
    /// Seconds through a `migrate` block.
    pub(crate) computed: Times,
}

/// Measures everything.
pub(crate) fn measure() -> Result<Migrations, Error> {
    let (added, computed) = (pauses(ADDED)?, pauses(COMPUTED)?);
    Ok(Migrations { rows: ROWS, added, computed })
}

/// The pauses of moves from the first version to another one.
fn pauses(source: &str) -> Result<Times, Error> {
    let limits = Limits { world_memory_max: 4 << 30, ..Limits::default() };
    let engine = Engine::builder().memory().limits(limits).build()?;
    let first = engine.load(V1)?.number.ok_or("it became a version")?;
    let fill = engine.handler::<(i64, i64), ()>("fill")?;
    for from in (0..ROWS).step_by(ROWS_PER_CALL as usize) {
        fill.call("main", (from, from + ROWS_PER_CALL))?;
    }
    let loaded = engine.load(source)?;
    let number = loaded.number.ok_or("it became a version")?;
    let mut seconds = Vec::new();
    let back = ActivateOptions { allow_loss: true, ..ActivateOptions::default() };
    for _ in 0..ROUNDS {
        let _ = engine.activate(first, back)?;
        let moved = engine.activate(number, ActivateOptions::default())?;
        let pause = moved.pause.ok_or("the layout is another one")?;
        if pause.rows != ROWS as u64 {
            return Err("every row moved".into());
        }
        seconds.push(pause.time.as_secs_f64());
    }
    Ok(times(seconds))
}
