//! Rhai: a tree that is walked, with its own counting of operations, which can stop it.

use std::hint::black_box;

use midflight_bench::rows::{Draw, KEYED, WATCHED};
use midflight_bench::{Contender, Error, Work};
use rhai::{AST, CallFnOptions, Engine, FuncArgs, Scope};

use crate::host::{self, RHAI};
use crate::source;

const WORKS: &str = include_str!("guests/works.rhai");
const NAME: &str = "Rhai";

/// A compiled script.
struct Script {
    engine: Engine,
    ast: AST,
}

pub fn contender(work: Work) -> Result<Option<Contender>, Error> {
    let script = match work {
        Work::Source(functions) => return Ok(Some(source_to_call(functions))),
        Work::Call | Work::Record | Work::Fibonacci | Work::Sum => Script::new(WORKS)?,
        Work::Tick | Work::Attack | Work::Greet => Script::new(WORKS)?,
        _ => return Ok(None),
    };
    host::reset::<RHAI>();
    Ok(Some(match work {
        Work::Call => {
            Contender::new(NAME, move || script.call::<i64>("add", (black_box(40_i64), 2_i64)))
        }
        Work::Record => {
            Contender::new(NAME, move || script.call::<i64>("record", (black_box(1_i64),)))
        }
        Work::Fibonacci => {
            Contender::new(NAME, move || script.call::<i64>("fib", (black_box(32_i64),)))
        }
        Work::Sum => {
            Contender::new(NAME, move || script.call::<i64>("sum", (black_box(10_000_000_i64),)))
        }
        Work::Tick => Contender::new(NAME, move || script.call::<f64>("tick", (WATCHED,))),
        Work::Attack => {
            let mut draw = Draw::new(KEYED);
            Contender::new(NAME, move || script.call::<i64>("attack", draw.pair()))
        }
        _ => Contender::new(NAME, move || {
            script.call::<String>("greet", (black_box("ann").to_owned(), black_box(4_711_i64)))
        }),
    }))
}

impl Script {
    fn new(text: &str) -> Result<Script, Error> {
        let engine = engine();
        let ast = engine.compile(text)?;
        Ok(Script { engine, ast })
    }

    fn call<R: Clone + Send + Sync + 'static>(
        &self,
        function: &str,
        arguments: impl FuncArgs,
    ) -> Result<R, Error> {
        // A script of functions alone has nothing to be run before.
        let options = CallFnOptions::new().eval_ast(false);
        let mut scope = Scope::new();
        let result =
            self.engine.call_fn_with_options(options, &mut scope, &self.ast, function, arguments);
        Ok(result.map_err(|error| error.to_string())?)
    }
}

fn engine() -> Engine {
    let mut engine = Engine::new();
    // Not `Full`: that calls the host once, and believes for ever what it said.
    engine.set_optimization_level(rhai::OptimizationLevel::Simple);
    // It counts, but never gets there.
    engine.set_max_operations(u64::MAX).set_max_expr_depths(0, 0).set_max_functions(usize::MAX);
    engine
        .register_fn("total", host::total::<RHAI>)
        .register_fn("add_total", host::add_total::<RHAI>);
    engine
        .register_fn("add_count", host::add_count::<RHAI>)
        .register_fn("movers", host::movers::<RHAI>);
    engine.register_fn("x", host::x::<RHAI>).register_fn("y", host::y::<RHAI>);
    engine.register_fn("dx", host::dx::<RHAI>).register_fn("dy", host::dy::<RHAI>);
    engine.register_fn("set_x", host::set_x::<RHAI>).register_fn("set_y", host::set_y::<RHAI>);
    engine
        .register_fn("mover_hp", host::mover_hp::<RHAI>)
        .register_fn("set_mover_hp", host::set_mover_hp::<RHAI>);
    engine.register_fn("has", host::has::<RHAI>).register_fn("hp", host::hp::<RHAI>);
    engine.register_fn("set_hp", host::set_hp::<RHAI>).register_fn("win", host::win::<RHAI>);
    engine
}

fn source_to_call(functions: u32) -> Contender {
    let mut round = 0;
    Contender::new(NAME, move || {
        round += 1;
        Script::new(&source::rhai(functions, round))?.call::<i64>("all", (1_i64,))
    })
}
