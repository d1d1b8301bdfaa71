//! The works: the table of what is done, and native Rust and Midflight doing it.

mod call;
mod compute;
mod json;
mod keyed;
pub(crate) mod source;
mod tick;

use std::time::Duration;

use midflight_runtime::compiler::limits as code;
use midflight_runtime::compiler::settings::Settings;
use midflight_runtime::{Builder, Engine, Limits};

use crate::Error;
use crate::bank::{self, Flight, Transfers};
use crate::measure::{Durability, Target, Unit};
use crate::piece::{Piece, Work};

const NATIVE: Option<&str> = Some("native");
const SQLITE: Option<&str> = Some("SQLite");

/// Rows of the table: what is done, in which unit it is told, and how often it is done in a round.
const fn piece(work: Work, name: &'static str, unit: Unit, count: u32) -> Piece {
    let contenders = match work {
        Work::Call | Work::Record | Work::Greet => call::contenders,
        Work::Fibonacci | Work::Sum => compute::contenders,
        Work::Tick | Work::TickEachRow => tick::contenders,
        Work::Attack | Work::Leaderboard => keyed::contenders,
        Work::Json => json::contenders,
        Work::Source(_) | Work::Hello | Work::Reload => source::contenders,
        Work::Bank(_) => bank::contenders,
    };
    let durability = match work {
        Work::Bank(Transfers { is_durable: true, .. }) => Durability::Durable,
        _ => Durability::Memory,
    };
    let section = match work {
        Work::Call | Work::Record | Work::Fibonacci | Work::Sum => "Calls and arithmetic",
        Work::Tick | Work::TickEachRow | Work::Attack | Work::Leaderboard => "Rows",
        Work::Greet | Work::Json => "Text",
        Work::Hello | Work::Source(_) | Work::Reload => "From source to live",
        Work::Bank(Transfers { is_durable: false, .. }) => "Bank, in memory",
        Work::Bank(_) => "Bank, durable",
    };
    let (parts, base, target) = (1, NATIVE, None);
    Piece { work, section, name, unit, count, parts, durability, base, target, contenders }
}

/// A transfer of the bank: skewed or not, kept on the disk or not, from so many threads.
const fn transfer(is_skewed: bool, threads: u32, flight: Flight, is_durable: bool) -> Work {
    Work::Bank(Transfers { is_skewed, threads, flight, is_durable })
}

impl Piece {
    const fn reaching(self, target: Target) -> Piece {
        Piece { target: Some(target), ..self }
    }

    /// One of so many equal parts is what figures are about.
    const fn each(self, parts: u32) -> Piece {
        Piece { parts, ..self }
    }

    const fn beside(self, base: Option<&'static str>) -> Piece {
        Piece { base, ..self }
    }
}

use Flight::{Many, One};
use Target::{Figure, Ratio};
use Unit::{Microseconds, Milliseconds, Nanoseconds};

/// Everything that is compared, in the order in which it is told.
pub(crate) const PIECES: &[Piece] = &[
    piece(Work::Call, "typed call, a + b", Nanoseconds, 100_000).reaching(Figure(30.0, 20.0)),
    piece(Work::Record, "typed call that writes state", Nanoseconds, 100_000),
    piece(Work::Fibonacci, "fib(32)", Milliseconds, 1).reaching(Ratio(1.3, 1.1)),
    piece(Work::Sum, "sum += (i * i) % 7, 10^7 times", Milliseconds, 1).reaching(Ratio(1.3, 1.1)),
    // Often enough that few of them find what the others in the round before left in the caches.
    piece(Work::Tick, "tick over 10,000 rows, a row", Nanoseconds, 100)
        .each(10_000)
        .reaching(Ratio(2.0, 1.3)),
    piece(Work::TickEachRow, "tick, each row a transaction, a row", Nanoseconds, 5).each(10_000),
    piece(Work::Attack, "attack by key among 100,000 rows", Nanoseconds, 100_000)
        .reaching(Ratio(1.5, 1.2)),
    piece(Work::Leaderboard, "score and top 10 of 100,000 by index", Nanoseconds, 20_000),
    piece(Work::Greet, "greeting built and returned", Nanoseconds, 50_000)
        .reaching(Ratio(1.5, 1.1)),
    piece(Work::Json, "JSON in and out, through the router", Microseconds, 5_000),
    piece(Work::Hello, "source to live, hello example", Microseconds, 20).beside(None),
    piece(Work::Source(1), "source to first call, 1 function", Microseconds, 20)
        .beside(None)
        .reaching(Figure(500.0, 500.0)),
    piece(Work::Source(20), "source to first call, 20 functions", Milliseconds, 4).beside(None),
    piece(Work::Source(200), "source to first call, 200 functions", Milliseconds, 1)
        .beside(None)
        .reaching(Figure(25.0, 25.0)),
    piece(Work::Source(2_000), "source to first call, 2,000 functions", Milliseconds, 1)
        .beside(None),
    piece(Work::Reload, "one of a storm of reloads, six handlers, state kept", Microseconds, 100)
        .beside(None)
        .reaching(Figure(350.0, 350.0)),
    piece(transfer(false, 1, One, false), "transfer, zipf 0, 1 thread", Nanoseconds, 100_000)
        .reaching(Figure(150.0, 150.0)),
    piece(transfer(true, 1, One, false), "transfer, zipf 1.5, 1 thread", Nanoseconds, 100_000)
        .reaching(Figure(150.0, 150.0)),
    piece(transfer(false, 2, One, false), "transfer, zipf 0, 2 threads", Nanoseconds, 100_000),
    piece(transfer(true, 2, One, false), "transfer, zipf 1.5, 2 threads", Nanoseconds, 100_000),
    piece(transfer(false, 1, One, true), "transfer, zipf 0, one at a time", Microseconds, 500)
        .beside(SQLITE),
    piece(
        transfer(false, 1, Many, true),
        "transfer, zipf 0, 1 thread, 2,560 in flight",
        Microseconds,
        2_560,
    )
    .beside(SQLITE)
    .reaching(Ratio(0.1, 0.1)),
    piece(
        transfer(true, 1, Many, true),
        "transfer, zipf 1.5, 1 thread, 2,560 in flight",
        Microseconds,
        2_560,
    )
    .beside(SQLITE)
    .reaching(Ratio(0.1, 0.1)),
    piece(
        transfer(false, 2, Many, true),
        "transfer, zipf 0, 2 threads, 2,560 in flight",
        Microseconds,
        2_560,
    )
    .beside(SQLITE)
    .reaching(Ratio(0.1, 0.1)),
];

/// Settings of an engine whose budgets are larger than what the benches use.
pub(crate) fn builder() -> Builder {
    let limits =
        Limits { fuel_max: 1_000_000_000_000, world_memory_max: 4 << 30, ..Limits::default() };
    let code = code::Limits { compile_time_max: Duration::from_secs(600), ..Default::default() };
    Engine::builder().limits(limits).code(Settings::default().limits(code))
}

/// An engine in memory that runs a program.
pub(crate) fn engine(program: &str) -> Result<Engine, Error> {
    let engine = builder().memory().build()?;
    let _ = engine.load(program)?;
    Ok(engine)
}

/// Calls `fill(from, to)` for all numbers below `rows`, some at a time.
pub(crate) fn fill(engine: &Engine, rows: i64) -> Result<(), Error> {
    const ROWS_PER_CALL: i64 = 10_000;
    let fill = engine.handler::<(i64, i64), ()>("fill")?;
    for from in (0..rows).step_by(ROWS_PER_CALL as usize) {
        fill.call("main", (from, rows.min(from + ROWS_PER_CALL)))?;
    }
    Ok(())
}

/// An engine in memory with so many worlds, and no thread but the caller's.
pub(crate) fn many_worlds(program: &str, worlds: usize) -> Result<Engine, Error> {
    let limits = Limits { worlds_max: worlds.max(1), ..Limits::default() };
    let engine = Engine::builder().memory().limits(limits).build()?;
    let _ = engine.load(program)?;
    for number in 1..worlds {
        let _ = engine.create_world(&format!("room-{number}"))?;
    }
    Ok(engine)
}
