//! How costs grow: with rows, with source, with worlds.

use std::time::Instant;

use midflight_runtime::{ActivateOptions, LoadOptions, Then};

use crate::Error;
use crate::measure::{Durability, Settings, Times, Unit, times};
use crate::migrate;
use crate::rows::{Draw, key};
use crate::works::source::functions;
use crate::works::{builder, engine, fill, many_worlds};

/// How a cost changes with something.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Growth {
    pub(crate) name: &'static str,
    /// What there is more and more of.
    pub(crate) of: &'static str,
    pub(crate) unit: Unit,
    pub(crate) law: Law,
    /// How many there are, and what it costs then, in seconds or bytes.
    pub(crate) points: Vec<(f64, Times)>,
}

/// How a cost should grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Law {
    Constant,
    Logarithmic,
    Linear,
}

impl Law {
    /// What the law says of `x`, but for a factor.
    pub(crate) fn of(self, x: f64) -> f64 {
        match self {
            Law::Constant => 1.0,
            Law::Logarithmic => (x + 1.0).log2(),
            Law::Linear => x,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Law::Constant => "constant",
            Law::Logarithmic => "logarithmic",
            Law::Linear => "linear",
        }
    }
}

impl Growth {
    /// The exponent between the last two points that are at least a factor of four apart: 0 for
    /// what is constant, 1 for what is linear.
    pub(crate) fn exponent(&self) -> Option<f64> {
        let (last, cost) = self.points.last()?;
        let (before, less) = self.points.iter().rev().find(|(x, _)| x * 4.0 <= *last)?;
        Some((cost.median / less.median).ln() / (last / before).ln())
    }
}

const ROWS: &[u32] = &[1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
const FUNCTIONS: &[u32] = &[1, 4, 16, 64, 250, 1_000, 3_500];
const WORLDS: &[u32] = &[1, 10, 100, 1_000, 10_000, 100_000];

const PLAYER: &str = "
table player { key id: int, hp: int = 100, gold: int, index gold }
post fill(from: int, to: int) {
    for n in from..to { insert player { id: n * 7919 + 13, gold: n } }
}
post hit(id: int) -> int {
    player[id].hp += 1
    return player[id].hp
}
post score(id: int, gold: int) -> int {
    player[id].gold = gold
    for p in player by gold desc limit 1 { return p.gold }
    return 0
}";

/// Measures everything.
pub(crate) fn measure(settings: Settings) -> Result<Vec<Growth>, Error> {
    use Law::{Constant, Linear, Logarithmic};
    use Unit::{Bytes, Microseconds, Milliseconds, Nanoseconds};
    let rows = if settings.is_quick { &ROWS[..6] } else { ROWS };
    let sources = if settings.is_quick { &FUNCTIONS[..5] } else { FUNCTIONS };
    let worlds = if settings.is_quick { &WORLDS[..5] } else { WORLDS };
    let growth = |name, of, unit, law, points| Growth { name, of, unit, law, points };
    Ok(vec![
        growth("a call by key", "rows", Nanoseconds, Constant, over(rows, settings, by_key)?),
        growth(
            "a call by index",
            "rows",
            Nanoseconds,
            Logarithmic,
            over(rows, settings, by_index)?,
        ),
        growth("memory of rows", "rows", Bytes, Linear, over(rows, settings, of_rows)?),
        growth("a migration", "rows", Milliseconds, Linear, over(&rows[2..], settings, migration)?),
        growth("a load", "lines", Milliseconds, Linear, lines(sources, settings)?),
        growth(
            "an activation",
            "worlds",
            Microseconds,
            Linear,
            over(worlds, settings, activation)?,
        ),
    ])
}

/// The points of a curve.
fn over(
    sizes: &[u32],
    settings: Settings,
    cost: fn(u32, Settings) -> Result<Vec<f64>, Error>,
) -> Result<Vec<(f64, Times)>, Error> {
    let point = |&size: &u32| Ok((f64::from(size), times(cost(size, settings)?)));
    sizes.iter().map(point).collect()
}

/// Calls of a round.
const CALLS: u32 = 50_000;

fn by_key(rows: u32, settings: Settings) -> Result<Vec<f64>, Error> {
    let engine = engine(PLAYER)?;
    fill(&engine, i64::from(rows))?;
    let call = engine.handler::<(i64,), i64>("hit")?;
    let mut draw = Draw::new(i64::from(rows));
    rounds(settings, CALLS, || {
        let _ = call.call("main", (key(draw.number()),))?;
        Ok(())
    })
}

fn by_index(rows: u32, settings: Settings) -> Result<Vec<f64>, Error> {
    let engine = engine(PLAYER)?;
    fill(&engine, i64::from(rows))?;
    let call = engine.handler::<(i64, i64), i64>("score")?;
    let mut draw = Draw::new(i64::from(rows));
    rounds(settings, CALLS, || {
        let _ = call.call("main", (key(draw.number()), draw.number()))?;
        Ok(())
    })
}

/// The seconds of one piece of work in each round, after a round that does not count.
fn rounds(
    settings: Settings,
    count: u32,
    mut work: impl FnMut() -> Result<(), Error>,
) -> Result<Vec<f64>, Error> {
    let count = settings.count(count);
    let mut seconds = Vec::new();
    for _ in 0..=settings.rounds {
        let began = Instant::now();
        for _ in 0..count {
            work()?;
        }
        seconds.push(began.elapsed().as_secs_f64() / f64::from(count));
    }
    Ok(seconds.split_off(1))
}

/// What the world says that it takes: the process keeps what earlier engines gave back.
fn of_rows(rows: u32, _settings: Settings) -> Result<Vec<f64>, Error> {
    let engine = engine(PLAYER)?;
    fill(&engine, i64::from(rows))?;
    Ok(vec![engine.world("main")?.figures().memory as f64])
}

fn migration(rows: u32, settings: Settings) -> Result<Vec<f64>, Error> {
    let settings = Settings { rounds: 3, ..settings };
    Ok(migrate::moves(migrate::ADDED, rows, Durability::Memory, settings)?.pauses)
}

/// Functions of 15 lines, and the line that calls each.
fn lines(sizes: &[u32], settings: Settings) -> Result<Vec<(f64, Times)>, Error> {
    let settings = Settings { rounds: 3, ..settings };
    let engine = builder().memory().build()?;
    let mut points = Vec::new();
    for &size in sizes {
        let mut round = 0;
        let seconds = rounds(settings, 1, || {
            round += 1;
            let _ = engine.load(&functions(size, round))?;
            Ok(())
        })?;
        points.push((functions(size, 0).lines().count() as f64, times(seconds)));
    }
    Ok(points)
}

fn activation(worlds: u32, settings: Settings) -> Result<Vec<f64>, Error> {
    const PROGRAM: &str = "state { n: int }\npost bump() { state.n += 1 }\n";
    let engine = many_worlds(PROGRAM, worlds as usize)?;
    let first = engine.current().ok_or("it became a version")?.number();
    let options = LoadOptions { then: Then::Stage, ..LoadOptions::default() };
    let staged = engine.load_with(&format!("{PROGRAM}// 2\n"), options)?;
    let second = staged.number.ok_or("it became a version")?;
    let mut is_second = false;
    rounds(settings, 5, || {
        is_second = !is_second;
        let number = if is_second { second } else { first };
        let _ = engine.activate(number, ActivateOptions::default())?;
        Ok(())
    })
}
