//! Roto: compiled to machine code by Cranelift, too. Nothing can stop it, and sums wrap.

use std::hint::black_box;

use midflight_bench::rows::{Draw, KEYED, WATCHED};
use midflight_bench::{Contender, Error, Work};
use roto::{FileTree, NoCtx, Package, RotoString, Runtime, library};

use crate::host::{self, ROTO};
use crate::source;

const WORKS: &str = include_str!("guests/works.roto");
const NAME: &str = "Roto";

pub fn contender(work: Work) -> Result<Option<Contender>, Error> {
    let mut package = match work {
        Work::Source(functions) => return Ok(Some(source_to_call(functions)?)),
        Work::Call | Work::Record | Work::Fibonacci | Work::Sum => compile(WORKS)?,
        Work::Tick | Work::Attack | Work::Greet => compile(WORKS)?,
        _ => return Ok(None),
    };
    host::reset::<ROTO>();
    // A function keeps its package alive.
    Ok(Some(match work {
        Work::Call => {
            let add = package.get_function::<fn(i64, i64) -> i64>("add")?;
            Contender::new(NAME, move || Ok(add.call(black_box(40), black_box(2))))
        }
        Work::Record => {
            let record = package.get_function::<fn(i64) -> i64>("note")?;
            Contender::new(NAME, move || Ok(record.call(black_box(1))))
        }
        Work::Fibonacci => {
            let fib = package.get_function::<fn(i64) -> i64>("fib")?;
            Contender::new(NAME, move || Ok(fib.call(black_box(32))))
        }
        Work::Sum => {
            let sum = package.get_function::<fn(i64) -> i64>("sum")?;
            Contender::new(NAME, move || Ok(sum.call(black_box(10_000_000))))
        }
        Work::Tick => {
            let tick = package.get_function::<fn(i64) -> f64>("tick")?;
            Contender::new(NAME, move || Ok(tick.call(WATCHED)))
        }
        Work::Attack => {
            let attack = package.get_function::<fn(i64, i64) -> i64>("attack")?;
            let mut draw = Draw::new(KEYED);
            Contender::new(NAME, move || {
                let (attacker, target) = draw.pair();
                Ok(attack.call(attacker, target))
            })
        }
        _ => {
            let greet = package.get_function::<fn(RotoString, i64) -> RotoString>("greet")?;
            Contender::new(NAME, move || {
                let name = RotoString::from(black_box("ann"));
                Ok(greet.call(name, black_box(4_711)).to_string())
            })
        }
    }))
}

fn runtime() -> Result<Runtime<NoCtx>, Error> {
    let functions = library! {
        fn total() -> i64 { host::total::<ROTO>() }
        fn add_total(value: i64) { host::add_total::<ROTO>(value) }
        fn add_count(value: i64) { host::add_count::<ROTO>(value) }
        fn movers() -> i64 { host::movers::<ROTO>() }
        fn x(index: i64) -> f64 { host::x::<ROTO>(index) }
        fn y(index: i64) -> f64 { host::y::<ROTO>(index) }
        fn dx(index: i64) -> f64 { host::dx::<ROTO>(index) }
        fn dy(index: i64) -> f64 { host::dy::<ROTO>(index) }
        fn set_x(index: i64, x: f64) { host::set_x::<ROTO>(index, x) }
        fn set_y(index: i64, y: f64) { host::set_y::<ROTO>(index, y) }
        fn mover_hp(index: i64) -> i64 { host::mover_hp::<ROTO>(index) }
        fn set_mover_hp(index: i64, hp: i64) { host::set_mover_hp::<ROTO>(index, hp) }
        fn has(id: i64) -> bool { host::has::<ROTO>(id) }
        fn hp(id: i64) -> i64 { host::hp::<ROTO>(id) }
        fn set_hp(id: i64, hp: i64) { host::set_hp::<ROTO>(id, hp) }
        fn win(id: i64) { host::win::<ROTO>(id) }
    };
    Ok(Runtime::from_lib(functions)?)
}

fn compile(text: &str) -> Result<Package<NoCtx>, Error> {
    compile_for(&runtime()?, text)
}

fn compile_for(runtime: &Runtime<NoCtx>, text: &str) -> Result<Package<NoCtx>, Error> {
    Ok(FileTree::test_file("works.roto", text, 0).compile(runtime)?)
}

fn source_to_call(functions: u32) -> Result<Contender, Error> {
    let runtime = Runtime::new();
    let mut round = 0;
    Ok(Contender::new(NAME, move || {
        round += 1;
        let mut package = compile_for(&runtime, &source::roto(functions, round))?;
        let all = package.get_function::<fn(i64) -> i64>("all")?;
        Ok(all.call(1))
    }))
}
