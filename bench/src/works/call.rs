//! Calls that do next to nothing: what a call costs, with state, and with a text.

use std::hint::black_box;

use super::engine;
use crate::Error;
use crate::piece::{Contender, Work};

pub(super) const PROGRAM: &str = r#"
get add(a: int, b: int) -> int { return a + b }

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

pub(super) fn contenders(work: Work) -> Result<Vec<Contender>, Error> {
    let engine = engine(PROGRAM)?;
    Ok(match work {
        Work::Call => {
            let native: fn(i64, i64) -> i64 = black_box(|a, b| a + b);
            let call = engine.handler::<(i64, i64), i64>("add")?;
            vec![
                Contender::new("native", move || Ok(native(black_box(40), black_box(2)))),
                Contender::new("midflight", move || {
                    Ok(call.call("main", (black_box(40), black_box(2)))?)
                }),
            ]
        }
        Work::Record => {
            let mut state = (0_i64, 0_i64);
            let call = engine.handler::<(i64,), i64>("record")?;
            vec![
                Contender::new("native", move || Ok(record(&mut state, black_box(1)))),
                Contender::new("midflight", move || Ok(call.call("main", (black_box(1),))?)),
            ]
        }
        _ => {
            let call = engine.handler::<(&str, i64), String>("greet")?;
            // Hidden once: a text that is hidden with each call comes through memory, and how that
            // is read back would be measured.
            let name: &str = black_box("ann");
            vec![
                Contender::new("native", move || Ok(greet(name, black_box(4_711)))),
                Contender::new("midflight", move || {
                    Ok(call.call("main", (name, black_box(4_711)))?)
                }),
            ]
        }
    })
}

#[inline(never)]
fn record(state: &mut (i64, i64), value: i64) -> i64 {
    state.0 += value;
    state.1 += 1;
    state.0
}

#[inline(never)]
fn greet(name: &str, score: i64) -> String {
    format!("hello {name}, your score is {score}")
}
