//! LuaJIT through mlua, with its compiler on. Nothing can stop code that it has compiled.

use std::hint::black_box;

use midflight_bench::bank::{self, ACCOUNTS, AMOUNT, Transfers};
use midflight_bench::rows::{Draw, KEYED, MOVING, WATCHED};
use midflight_bench::{Answer, Contender, Error, Work};
use mlua::{FromLuaMulti, Function, IntoLuaMulti, Lua};

use crate::source;

const WORKS: &str = include_str!("guests/works.lua");
const NAME: &str = "LuaJIT";

/// What it says of itself.
pub fn version() -> Result<String, Error> {
    let lua = Lua::new();
    let (version, is_on): (String, bool) = lua.load("return jit.version, (jit.status())").eval()?;
    match is_on {
        true => Ok(version),
        false => Err("LuaJIT's compiler is off".into()),
    }
}

pub fn contender(work: Work) -> Result<Option<Contender>, Error> {
    let lua = Lua::new();
    lua.load(WORKS).exec()?;
    let fill = |name: &str, count: i64| lua.globals().get::<Function>(name)?.call::<()>(count);
    Ok(Some(match work {
        Work::Call => calls::<_, i64>(lua, "add", || (black_box(40), black_box(2)))?,
        Work::Record => calls::<_, i64>(lua, "record", || black_box(1))?,
        Work::Fibonacci => calls::<_, i64>(lua, "fib", || black_box(32))?,
        Work::Sum => calls::<_, i64>(lua, "sum", || black_box(10_000_000))?,
        Work::Tick => {
            fill("fill_movers", MOVING)?;
            calls::<_, f64>(lua, "tick", || WATCHED)?
        }
        Work::Attack => {
            fill("fill_players", KEYED)?;
            let mut draw = Draw::new(KEYED);
            calls::<_, i64>(lua, "attack", move || draw.pair())?
        }
        Work::Greet => calls::<_, String>(lua, "greet", || (black_box("ann"), black_box(4_711)))?,
        Work::Source(functions) => source_to_call(functions),
        Work::Bank(transfers) if transfers.threads == 1 && !transfers.is_durable => {
            fill("fill_accounts", ACCOUNTS)?;
            transfer(lua, transfers)?
        }
        _ => return Ok(None),
    }))
}

/// Calls a function again and again. A function does not keep its Lua alive, so that comes along.
fn calls<A: IntoLuaMulti, R: FromLuaMulti + Into<Answer>>(
    lua: Lua,
    function: &str,
    mut arguments: impl FnMut() -> A + 'static,
) -> Result<Contender, Error> {
    let function = lua.globals().get::<Function>(function)?;
    Ok(Contender::new(NAME, move || {
        let _ = &lua;
        Ok(function.call::<R>(arguments())?)
    }))
}

fn transfer(lua: Lua, transfers: Transfers) -> Result<Contender, Error> {
    let function = |name: &str| lua.globals().get::<Function>(name);
    let (transfer, balance) = (function("transfer")?, function("balance")?);
    let pairs = bank::drawn(transfers).swap_remove(0).to_vec();
    let mut next = pairs.into_iter().cycle();
    Ok(Contender::of_rounds(NAME, move |count| {
        let _ = &lua;
        for (from, to) in next.by_ref().take(count as usize) {
            transfer.call::<()>((from, to, AMOUNT))?;
        }
        Ok(Answer::Int(balance.call(0)?))
    }))
}

/// In a new Lua each time, as a host would replace one program by another.
fn source_to_call(functions: u32) -> Contender {
    let mut round = 0;
    Contender::new(NAME, move || {
        round += 1;
        let lua = Lua::new();
        lua.load(source::lua(functions, round)).exec()?;
        Ok(lua.globals().get::<Function>("all")?.call::<i64>(1)?)
    })
}
