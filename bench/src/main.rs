//! Midflight beside native Rust on the same work, in one run.
//!
//! `cargo run --release -p midflight-bench [-- --json]` measures every pair in turn (native,
//! Midflight, native, …), so that a change of the machine's speed meets both, and prints medians,
//! spreads and the ratio. Native code is compiled with overflow checks, as Flight always has them.
//! What is measured stands in `work`, how in `measure`.

mod measure;
mod migrate;
mod restart;
mod swap;
mod work;
mod worlds;

use std::io::{self, Write};

use measure::{Row, Unit};
use migrate::Migrations;
use restart::Restarts;
use swap::{Latencies, Swap};
use worlds::Worlds;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let as_json = std::env::args().any(|argument| argument == "--json");
    // First, while the process is small: one of its figures is a difference of the process's size.
    let worlds = worlds::measure()?;
    let migrations = migrate::measure()?;
    let restarts = restart::measure()?;
    let figures =
        Figures { work: work::all()?, swap: swap::measure()?, worlds, migrations, restarts };
    let mut out = io::stdout().lock();
    if as_json {
        serde_json::to_writer_pretty(&mut out, &figures)?;
        writeln!(out)?;
    } else {
        print(&mut out, &figures.work)?;
        print_swap(&mut out, &figures.swap)?;
        print_worlds(&mut out, &figures.worlds)?;
        figures.migrations.print(&mut out)?;
        print_restarts(&mut out, &figures.restarts)?;
    }
    Ok(())
}

/// Everything that one run measures.
#[derive(Debug, serde::Serialize)]
struct Figures {
    work: Vec<Row>,
    swap: Swap,
    worlds: Worlds,
    migrations: Migrations,
    restarts: Restarts,
}

fn print(out: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    let repetitions = measure::REPETITIONS;
    writeln!(out, "medians of {repetitions} interleaved repetitions (fastest to slowest)\n")?;
    writeln!(out, "{:<34} {:>26} {:>26} {:>7}", "work", "native, checked", "midflight", "ratio")?;
    for row in rows {
        let native = row.native.as_ref().map_or("–".to_owned(), |times| times.show(row.unit));
        let ratio = row.ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.2}"));
        let midflight = row.midflight.show(row.unit);
        writeln!(out, "{:<34} {native:>26} {midflight:>26} {ratio:>7}", row.name)?;
    }
    Ok(())
}

fn print_swap(out: &mut impl Write, swap: &Swap) -> io::Result<()> {
    let [calls, median, p99, longest] = ["calls", "median ms", "p99 ms", "longest ms"];
    writeln!(out, "\n{:<34} {calls:>8} {median:>10} {p99:>10} {longest:>10}", "calls and loads")?;
    let milliseconds = |seconds: f64| seconds * Unit::Milliseconds.per_second();
    let mut line = |name: &str, latencies: &Latencies| {
        let Latencies { calls, median, p99, longest } = *latencies;
        let [median, p99, longest] = [median, p99, longest].map(milliseconds);
        writeln!(out, "{name:<34} {calls:>8} {median:>10.3} {p99:>10.3} {longest:>10.3}")
    };
    line("calls over HTTP, quiet", &swap.quiet)?;
    line("calls beside ten loads a second", &swap.loading)?;
    let ratio = swap.loading.p99 / swap.quiet.p99;
    writeln!(out, "99th percentile beside loads: {ratio:.2} times that of the quiet server")?;
    let activation = swap.activation.show(Unit::Microseconds);
    writeln!(out, "activation, layout unchanged: {activation}")
}

fn print_worlds(out: &mut impl Write, worlds: &Worlds) -> io::Result<()> {
    let Worlds { count, durability, memory, creation, call, activation, swept } = worlds;
    writeln!(out, "\n{count} worlds, {durability}")?;
    writeln!(out, "memory of a world at rest: {memory:.0} B")?;
    let [creation, call] = [creation, call].map(|seconds| seconds * 1e9);
    writeln!(out, "creation: {creation:.0} ns; a call in another world each time: {call:.0} ns")?;
    writeln!(out, "activation, layout unchanged: {}", activation.show(Unit::Milliseconds))?;
    writeln!(out, "until the old version is left: {}", swept.show(Unit::Milliseconds))
}

fn print_restarts(out: &mut impl Write, restarts: &Restarts) -> io::Result<()> {
    let Restarts { rows, memory, file, closed, killed } = restarts;
    let [memory, file] = [*memory as f64, *file as f64].map(|bytes| bytes / 1e6);
    writeln!(
        out,
        "\na restart over {rows} rows, {memory:.0} MB in memory, {file:.0} MB on the disk"
    )?;
    writeln!(out, "ready after a clean end: {}", closed.show(Unit::Milliseconds))?;
    writeln!(out, "ready after a kill: {}", killed.show(Unit::Milliseconds))
}

impl measure::Times {
    fn show(&self, unit: Unit) -> String {
        let scale = unit.per_second();
        let [low, median, high] = [self.fastest, self.median, self.slowest].map(|t| t * scale);
        format!("{median:.2} {unit} ({low:.2}–{high:.2})")
    }
}
