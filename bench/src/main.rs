//! Midflight beside native Rust on the same work, in one run.
//!
//! `cargo run --release -p midflight-bench [-- --json]` measures every pair in turn (native,
//! Midflight, native, …), so that a change of the machine's speed meets both, and prints medians,
//! spreads and the ratio. Native code is compiled with overflow checks, as Flight always has them.
//! What is measured stands in `work`, how in `measure`.

mod measure;
mod work;

use std::io::{self, Write};

use measure::{Row, Unit};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let as_json = std::env::args().any(|argument| argument == "--json");
    let rows = work::all()?;
    let mut out = io::stdout().lock();
    if as_json {
        serde_json::to_writer_pretty(&mut out, &rows)?;
        writeln!(out)?;
    } else {
        print(&mut out, &rows)?;
    }
    Ok(())
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

impl measure::Times {
    fn show(&self, unit: Unit) -> String {
        let scale = unit.per_second();
        let [low, median, high] = [self.fastest, self.median, self.slowest].map(|t| t * scale);
        format!("{median:.2} {unit} ({low:.2}–{high:.2})")
    }
}
