//! What rows and versions take in memory, by the size of the process, and whether a storm of
//! reloads leaves something behind.

use midflight_runtime::{Engine, Limits};

use crate::Error;
use crate::measure::{Row, Settings, Target, Unit, resident};
use crate::works::{builder, engine, fill};

/// Rows of a full run.
const ROWS: u32 = 1_000_000;
/// Bytes of the fields of a row.
const FIELDS: f64 = 48.0;
/// Reloads of a full run.
const RELOADS: u32 = 2_000;
/// Versions that are kept to see what one takes.
const VERSIONS: usize = 200;

const TABLE: &str = "
table player { key id: int, hp: int, gold: int, x: float, y: float, wins: int }
post fill(from: int, to: int) {
    for id in from..to { insert player { id, hp: id % 100, x: float(id) } }
}";

const ARENA: &str = include_str!("../../dsl-examples/arena/arena.flight");

/// Measures everything.
pub(crate) fn measure(settings: Settings) -> Result<Vec<Row>, Error> {
    let rows = settings.count(ROWS);
    let row = of_row(i64::from(rows))?;
    let reloads = settings.count(RELOADS);
    let bytes = |name: String, figure| Row::alone(name, Unit::Bytes, vec![figure]);
    Ok(vec![
        bytes(format!("a row with 48 bytes of fields, of {rows}"), row),
        bytes("what a row takes beside its fields".to_owned(), row - FIELDS)
            .reaching(Target::Figure(24.0, 24.0)),
        bytes("a kept version of the arena".to_owned(), of_version()?),
        bytes(format!("growth by {reloads} reloads, state kept"), growth(reloads)?),
    ])
}

/// Bytes of the process for each of so many rows, look-up by key included.
fn of_row(rows: i64) -> Result<f64, Error> {
    let engine = engine(TABLE)?;
    let before = resident()?;
    fill(&engine, rows)?;
    Ok((resident()? - before) / rows as f64)
}

fn of_version() -> Result<f64, Error> {
    let limits = Limits { versions_kept_max: VERSIONS * 2, ..Limits::default() };
    let engine = builder().limits(limits).memory().build()?;
    let (first, second) = (0..VERSIONS, VERSIONS..2 * VERSIONS);
    load_all(&engine, first)?;
    let before = resident()?;
    load_all(&engine, second)?;
    Ok((resident()? - before) / VERSIONS as f64)
}

/// Bytes that the process grows by while versions replace each other, after as many that warm it up.
fn growth(reloads: u32) -> Result<f64, Error> {
    let engine = builder().memory().build()?;
    let warm = reloads as usize / 4;
    load_all(&engine, 0..warm)?;
    let before = resident()?;
    load_all(&engine, warm..warm + reloads as usize)?;
    Ok(resident()? - before)
}

fn load_all(engine: &Engine, numbers: std::ops::Range<usize>) -> Result<(), Error> {
    for number in numbers {
        let _ = engine.load(&format!("{ARENA}// {number}\n"))?;
    }
    Ok(())
}
