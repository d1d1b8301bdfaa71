//! Arithmetic, with overflow checked everywhere.

use std::hint::black_box;

use super::engine;
use crate::Error;
use crate::piece::{Contender, Work};

pub(super) const PROGRAM: &str = "
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
";

pub(super) fn contenders(work: Work) -> Result<Vec<Contender>, Error> {
    let engine = engine(PROGRAM)?;
    let (name, native, n): (_, fn(i64) -> i64, _) = match work {
        Work::Fibonacci => ("fib", fibonacci, 32),
        _ => ("sum", sum, 10_000_000),
    };
    let call = engine.handler::<(i64,), i64>(name)?;
    Ok(vec![
        Contender::new("native", move || Ok(native(black_box(n)))),
        Contender::new("midflight", move || Ok(call.call("main", (black_box(n),))?)),
    ])
}

#[inline(never)]
fn fibonacci(n: i64) -> i64 {
    if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
}

#[inline(never)]
fn sum(n: i64) -> i64 {
    let mut sum = 0;
    for i in 0..n {
        sum += (i * i) % 7;
    }
    sum
}
