//! From text to what runs.

use std::fmt::Write;
use std::hint::black_box;
use std::ops::Range;

use midflight_runtime::Engine;

use super::{builder, call, compute, engine, fill};
use crate::Error;
use crate::piece::{Contender, Work};

const HELLO: &str = include_str!("../../../dsl-examples/hello/v1.flight");

/// What a reload must keep.
const TABLE: &str = "
table player { key id: int, hp: int = 100 }
post fill(from: int, to: int) {
    for id in from..to { insert player { id } }
}
";

pub(super) fn contenders(work: Work) -> Result<Vec<Contender>, Error> {
    let contender = match work {
        Work::Source(functions) => source_to_call(functions)?,
        Work::Hello => replaced(HELLO)?,
        _ => reload()?,
    };
    Ok(vec![contender])
}

/// From text to the first result. Every source is another one, so that nothing is found again.
fn source_to_call(count: u32) -> Result<Contender, Error> {
    let engine = builder().memory().build()?;
    let mut round = 0;
    Ok(Contender::new("midflight", move || {
        round += 1;
        let _ = engine.load(&functions(count, round))?;
        let call = engine.handler::<(i64,), i64>("all")?;
        Ok(black_box(call.call("main", (1,))?))
    }))
}

/// From text to a new version.
fn replaced(source: &'static str) -> Result<Contender, Error> {
    let engine = engine(source)?;
    let mut round = 0;
    Ok(Contender::new("midflight", move || {
        round += 1;
        load_again(&engine, source, round)
    }))
}

/// A program of six handlers is replaced, and a thousand rows stay.
fn reload() -> Result<Contender, Error> {
    let program = format!("{}{}{TABLE}", call::PROGRAM, compute::PROGRAM);
    let engine = engine(&program)?;
    fill(&engine, 1_000)?;
    let mut round = 0;
    Ok(Contender::new("midflight", move || {
        round += 1;
        load_again(&engine, &program, round)?;
        if engine.versions_alive() > engine.limits().versions_kept_max {
            return Err("an old version stays".into());
        }
        Ok(engine.world("main")?.figures().rows as i64)
    }))
}

fn load_again(engine: &Engine, source: &str, round: u32) -> Result<(), Error> {
    let _ = engine.load(&format!("{source}// {round}\n"))?;
    Ok(())
}

/// So many functions of 15 lines in Flight, all of them called by `all(n)`.
///
/// The result depends on `count` and `round` alone; rivals do the same in their languages.
pub fn functions(count: u32, round: u32) -> String {
    let mut source = String::new();
    for index in 0..count {
        let function = format!(
            "fn work_{index}(n: int, m: int) -> int {{
    var total = {round}
    var step = n % 10 + 1
    for i in 0..10 {{
        if i % 2 == 0 {{
            total += i * step
        }} else {{
            total -= m
        }}
        step += 1
    }}
    if total > 1000 {{
        return total / 3
    }}
    return total + {index}
}}
"
        );
        source.push_str(&function);
    }
    let calls = |indexes: Range<u32>| {
        indexes.map(|index| format!("    total += work_{index}(n, {index})\n")).collect()
    };
    if count <= PART {
        sum(&mut source, "get all", calls(0..count));
        return source;
    }
    // No function may have more than some thousand statements.
    let mut all = String::new();
    for start in (0..count).step_by(PART as usize) {
        sum(&mut source, &format!("fn from_{start}"), calls(start..count.min(start + PART)));
        writeln!(all, "    total += from_{start}(n)").expect("a `String` takes all");
    }
    sum(&mut source, "get all", all);
    source
}

/// How many functions are called by one.
const PART: u32 = 1_000;

fn sum(source: &mut String, function: &str, calls: String) {
    let text =
        format!("{function}(n: int) -> int {{\n    var total = 0\n{calls}    return total\n}}\n");
    source.push_str(&text);
}
