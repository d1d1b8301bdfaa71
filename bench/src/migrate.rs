//! What it costs to move a million rows of 64 bytes to another layout: one field more, and through a
//! `migrate` block. What is timed is the pause of the calls.

use midflight_runtime::ActivateOptions;

use crate::Error;
use crate::measure::{Row, Settings, Target, Unit};
use crate::works::{builder, fill};

/// Rows of a full run.
const ROWS: u32 = 1_000_000;

/// The key and five fields: 48 bytes behind a header of 16.
const V1: &str = "
table player { key id: int, hp: int, gold: int, x: float, y: float, wins: int }
post fill(from: int, to: int) {
    for id in from..to { insert player { id, hp: id % 100, x: float(id) } }
}";

pub(crate) const ADDED: &str = "
table player { key id: int, mana: int = 5, hp: int, gold: int, x: float, y: float, wins: int }";

const COMPUTED: &str = "
table player { key id: int, hp: int, gold: int, x: float, y: float, wins: int }
migrate player(old) { gold = old.gold + old.wins * 10 }";

/// Measures everything.
pub(crate) fn measure(settings: Settings) -> Result<Vec<Row>, Error> {
    let rows = settings.count(ROWS);
    let row = |how: &str, source| {
        let name = format!("{rows} rows of 64 bytes: {how}");
        Ok::<Row, Error>(Row::alone(name, Unit::Milliseconds, pauses(source, rows, settings)?))
    };
    let target = Target::Figure(100.0, 100.0);
    Ok(vec![
        row("a field is added", ADDED)?.reaching(target),
        row("a field is computed", COMPUTED)?,
    ])
}

/// The pauses of moves from the first version to another one, in seconds.
pub(crate) fn pauses(source: &str, rows: u32, settings: Settings) -> Result<Vec<f64>, Error> {
    let engine = builder().memory().build()?;
    let first = engine.load(V1)?.number.ok_or("it became a version")?;
    fill(&engine, i64::from(rows))?;
    let loaded = engine.load(source)?;
    let number = loaded.number.ok_or("it became a version")?;
    let mut seconds = Vec::new();
    let back = ActivateOptions { allow_loss: true, ..ActivateOptions::default() };
    for _ in 0..settings.rounds {
        let _ = engine.activate(first, back)?;
        let moved = engine.activate(number, ActivateOptions::default())?;
        let pause = moved.pause.ok_or("the layout is another one")?;
        if pause.rows != u64::from(rows) {
            return Err("every row moved".into());
        }
        seconds.push(pause.time.as_secs_f64());
    }
    Ok(seconds)
}
