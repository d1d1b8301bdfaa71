//! How long an engine takes to be ready again over a hundred megabytes of state: after it was closed,
//! and after it was killed, which a copy of its directory stands for that is made while it is open.

use std::path::Path;
use std::time::Instant;

use midflight_runtime::{Durability, Engine, Limits};
use tempfile::TempDir;

use crate::Error;
use crate::measure::Durability::Durable;
use crate::measure::{Row, Settings, Target, Unit};

/// Bytes that the world's rows, texts and indexes take in memory in a full run, at least.
const STATE_SIZE: u32 = 100_000_000;
/// Rows that one call inserts.
const ROWS_PER_CALL: i64 = 10_000;
const ROUNDS: usize = 5;

/// Rows as programs have them: a key, an index, a text, and numbers.
const PROGRAM: &str = r#"
table player { key id: int, name: str, hp: int, gold: int, x: float, y: float, index hp }
post fill(from: int, to: int) {
    for id in from..to { insert player { id, name: "player number {id}", hp: id % 100, x: float(id) } }
}
post hit(id: int) { player[id].hp -= 1 }
get count() -> int { return player.len }"#;

/// Measures everything.
pub(crate) fn measure(settings: Settings) -> Result<Vec<Row>, Error> {
    let scratch = TempDir::new()?;
    let (data, copy) = (scratch.path().join("data"), scratch.path().join("copy"));
    let size = settings.count(STATE_SIZE) as usize;
    let engine = engine(&data)?;
    let _ = engine.load(PROGRAM)?;
    let fill = engine.handler::<(i64, i64), ()>("fill")?;
    let (mut rows, mut memory) = (0, 0);
    while memory < size {
        fill.call("main", (rows, rows + ROWS_PER_CALL))?;
        rows += ROWS_PER_CALL;
        memory = engine.memory_taken("main").ok_or("no call runs")?;
    }
    engine.flush()?;
    // Small commits at the end, as a server has them.
    let hit = engine.handler::<(i64,), ()>("hit")?;
    for id in 0..100 {
        hit.call("main", (id * 97,))?;
        engine.flush()?;
    }
    drop((fill, hit));
    let mut killed = Vec::new();
    for _ in 0..ROUNDS {
        // What the next process finds is what this one has written, whether synced or not.
        copy_directory(&data, &copy)?;
        killed.push(ready(&copy, rows)?);
        std::fs::remove_dir_all(&copy)?;
    }
    drop(engine);
    let closed = (0..ROUNDS).map(|_| ready(&data, rows)).collect::<Result<_, _>>()?;
    let file = files(&data)?.iter().map(|file| file.metadata().map_or(0, |file| file.len())).sum();
    Ok(told(rows, [memory as u64, file], closed, killed))
}

/// The rows of the report, over so many rows and bytes in memory and on the disk.
fn told(rows: i64, [memory, file]: [u64; 2], closed: Vec<f64>, killed: Vec<f64>) -> Vec<Row> {
    let name = |end: &str| {
        let [memory, file] = [memory, file].map(|bytes| bytes / 1_000_000);
        format!("ready after {end}, {rows} rows, {memory} MB, {file} MB on the disk")
    };
    let row = |end, seconds| Row::alone(name(end), Unit::Milliseconds, seconds);
    let row = |end, seconds| Row { durability: Durable, ..row(end, seconds) };
    let target = Target::Figure(2_000.0, 2_000.0);
    vec![row("a clean end", closed).reaching(target), row("a kill", killed).reaching(target)]
}

fn engine(data: &Path) -> Result<Engine, Error> {
    let limits = Limits { store_queue_max: 4 << 30, ..Limits::default() };
    let builder = Engine::builder().data(data).limits(limits).durability(Durability::None);
    Ok(builder.build()?)
}

/// Seconds from nothing to the first answer.
fn ready(data: &Path, rows: i64) -> Result<f64, Error> {
    let began = Instant::now();
    let engine = engine(data)?;
    let count = engine.handler::<(), i64>("count")?.call("main", ())?;
    let seconds = began.elapsed().as_secs_f64();
    if count == rows {
        Ok(seconds)
    } else {
        Err(format!("{count} of {rows} rows came back").into())
    }
}

fn copy_directory(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(to)?;
    for file in files(from)? {
        let _ = std::fs::copy(file.path(), to.join(file.file_name()))?;
    }
    Ok(())
}

fn files(directory: &Path) -> Result<Vec<std::fs::DirEntry>, Error> {
    Ok(std::fs::read_dir(directory)?.collect::<Result<_, _>>()?)
}
