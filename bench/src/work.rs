//! The work: each piece in Flight and in Rust, checked to give the same result before it is timed.

use std::fmt::Write;
use std::hint::black_box;

use midflight_runtime::{Engine, Limits};

use crate::measure::{Row, Unit, alone, pair};

type Error = Box<dyn std::error::Error>;

const HELLO: &str = include_str!("../../dsl-examples/hello/v1.flight");

const PROGRAM: &str = r#"
get add(a: int, b: int) -> int { return a + b }

fn fib_of(n: int) -> int {
    if n < 2 { return n }
    return fib_of(n - 1) + fib_of(n - 2)
}
get fib(n: int) -> int { return fib_of(n) }

get sum(n: int) -> int {
    var sum = 0
    for i in 0..n { sum += (i * i) % 7 }
    return sum
}

state { total: int, count: int }
post record(value: int) -> int {
    state.total += value
    state.count += 1
    return state.total
}

get greet(name: str, score: int) -> str {
    return "hello {name}, your score is {score}"
}
"#;

/// Everything, in the order in which it is printed.
pub(crate) fn all() -> Result<Vec<Row>, Error> {
    let engine = engine()?;
    let _ = engine.load(PROGRAM)?;
    Ok(vec![
        add(&engine)?,
        record(&engine)?,
        fib(&engine)?,
        sum(&engine)?,
        greet(&engine)?,
        source_to_live()?,
        source_to_call()?,
        many_functions()?,
        reload()?,
    ])
}

/// An engine whose budget is larger than what the benches use.
fn engine() -> Result<Engine, Error> {
    let limits = Limits { fuel_max: i64::MAX / 2, ..Limits::default() };
    Ok(Engine::builder().memory().limits(limits).build()?)
}

fn add(engine: &Engine) -> Result<Row, Error> {
    let call = engine.handler::<(i64, i64), i64>("add")?;
    let native: fn(i64, i64) -> i64 = black_box(|a, b| a + b);
    assert_eq!(call.call("main", (40, 2))?, native(40, 2));
    Ok(pair(
        "typed call, a + b",
        Unit::Nanoseconds,
        100_000,
        &mut || {
            let _ = black_box(native(black_box(40), black_box(2)));
        },
        &mut || {
            let _ = black_box(call.call("main", (black_box(40), black_box(2))));
        },
    ))
}

fn record(engine: &Engine) -> Result<Row, Error> {
    let call = engine.handler::<(i64,), i64>("record")?;
    let mut state = (0_i64, 0_i64);
    let mut native = |value: i64| {
        state.0 += value;
        state.1 += 1;
        state.0
    };
    assert_eq!(call.call("main", (5,))?, native(5));
    Ok(pair(
        "typed call that writes state",
        Unit::Nanoseconds,
        100_000,
        &mut || {
            let _ = black_box(native(black_box(1)));
        },
        &mut || {
            let _ = black_box(call.call("main", (black_box(1),)));
        },
    ))
}

#[inline(never)]
fn native_fib(n: i64) -> i64 {
    if n < 2 { n } else { native_fib(n - 1) + native_fib(n - 2) }
}

fn fib(engine: &Engine) -> Result<Row, Error> {
    let call = engine.handler::<(i64,), i64>("fib")?;
    assert_eq!(call.call("main", (20,))?, native_fib(20));
    Ok(pair(
        "fib(32)",
        Unit::Milliseconds,
        1,
        &mut || {
            let _ = black_box(native_fib(black_box(32)));
        },
        &mut || {
            let _ = black_box(call.call("main", (black_box(32),)));
        },
    ))
}

#[inline(never)]
fn native_sum(n: i64) -> i64 {
    let mut sum = 0;
    for i in 0..n {
        sum += (i * i) % 7;
    }
    sum
}

fn sum(engine: &Engine) -> Result<Row, Error> {
    let call = engine.handler::<(i64,), i64>("sum")?;
    assert_eq!(call.call("main", (1_000,))?, native_sum(1_000));
    Ok(pair(
        "sum += (i * i) % 7, 10^7 times",
        Unit::Milliseconds,
        1,
        &mut || {
            let _ = black_box(native_sum(black_box(10_000_000)));
        },
        &mut || {
            let _ = black_box(call.call("main", (black_box(10_000_000),)));
        },
    ))
}

fn greet(engine: &Engine) -> Result<Row, Error> {
    let call = engine.handler::<(&str, i64), String>("greet")?;
    let native = |name: &str, score: i64| format!("hello {name}, your score is {score}");
    assert_eq!(call.call("main", ("ann", 4_711))?, native("ann", 4_711));
    Ok(pair(
        "greeting built and returned",
        Unit::Nanoseconds,
        50_000,
        &mut || {
            let _ = black_box(native(black_box("ann"), black_box(4_711)));
        },
        &mut || {
            let _ = black_box(call.call("main", (black_box("ann"), black_box(4_711))));
        },
    ))
}

/// From text to the current version of a fresh engine: the hello example.
fn source_to_live() -> Result<Row, Error> {
    let engine = engine()?;
    let _ = engine.load(HELLO)?;
    let mut round = 0;
    Ok(alone("source to live, hello example", Unit::Microseconds, 20, &mut || {
        round += 1;
        load(&engine, &format!("{HELLO}// {round}\n"));
    }))
}

/// From text to the first result: one handler.
fn source_to_call() -> Result<Row, Error> {
    let engine = engine()?;
    let mut round = 0;
    Ok(alone("source to first call, one handler", Unit::Microseconds, 20, &mut || {
        round += 1;
        load(&engine, &format!("get one(n: int) -> int {{ return n + {round} }}\n"));
        let call = engine.handler::<(i64,), i64>("one").expect("it was just loaded");
        let _ = black_box(call.call("main", (1,)));
    }))
}

/// 200 functions of 15 lines, all of them reached from one handler.
fn many_functions() -> Result<Row, Error> {
    let engine = engine()?;
    let mut round = 0;
    Ok(alone("source to first call, 200 functions", Unit::Milliseconds, 1, &mut || {
        round += 1;
        load(&engine, &functions(200, round));
        let call = engine.handler::<(i64,), i64>("all").expect("it was just loaded");
        let _ = black_box(call.call("main", (1,)));
    }))
}

fn functions(count: usize, round: u32) -> String {
    let mut source = String::new();
    let mut calls = String::new();
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
        writeln!(calls, "    total += work_{index}(n, {index})").expect("a `String` takes all");
    }
    writeln!(source, "get all(n: int) -> int {{\n    var total = 0\n{calls}    return total\n}}")
        .expect("a `String` takes all");
    source
}

/// One of many reloads of an engine that keeps its state.
fn reload() -> Result<Row, Error> {
    let engine = engine()?;
    let _ = engine.load(PROGRAM)?;
    let mut round = 0;
    let row = alone("one of 750 reloads, state kept", Unit::Microseconds, 50, &mut || {
        round += 1;
        load(&engine, &format!("{PROGRAM}// {round}\n"));
    });
    assert!(engine.versions_alive() <= engine.limits().versions_kept_max);
    Ok(row)
}

fn load(engine: &Engine, source: &str) {
    let loaded = engine.load(source);
    assert!(loaded.is_ok(), "the program of a bench is right: {:?}", loaded.err());
}
