//! wasmtime, which can be stopped by epochs (a flag that is looked at) or by fuel (counted).

use std::collections::HashMap;
use std::hint::black_box;

use midflight_bench::bank::{self, AMOUNT, BALANCE, Transfers};
use midflight_bench::rows::{self, Draw, KEYED, WATCHED};
use midflight_bench::{Answer, Contender, Error, Work};
use wasmtime::{
    Caller, Config, Engine, Instance, Linker, Module, Store, TypedFunc, WasmParams, WasmResults,
};

use crate::source;

const WORKS: &str = include_str!("guests/works.wat");

/// Where the guest has its balances, the name that it greets, and its text.
const BALANCES: usize = 655_360;
const NAME: usize = 1_573_888;
const TEXT: usize = 1_576_960;

/// What ends a guest that runs too long.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    Epochs,
    Fuel,
}

impl Stop {
    fn name(self) -> &'static str {
        match self {
            Stop::Epochs => "wasmtime, epochs",
            Stop::Fuel => "wasmtime, fuel",
        }
    }
}

pub fn with_epochs(work: Work) -> Result<Option<Contender>, Error> {
    contender(work, Stop::Epochs)
}

pub fn with_fuel(work: Work) -> Result<Option<Contender>, Error> {
    contender(work, Stop::Fuel)
}

/// What the host keeps: health and victories by key.
type Players = HashMap<i64, (i64, i64)>;

/// An instance of the works.
struct Guest {
    store: Store<Players>,
    instance: Instance,
}

fn contender(work: Work, stop: Stop) -> Result<Option<Contender>, Error> {
    let name = stop.name();
    Ok(Some(match work {
        Work::Call => {
            let (mut guest, add) = Guest::with::<(i64, i64), i64>(stop, "add")?;
            Contender::new(name, move || {
                Ok(add.call(&mut guest.store, (black_box(40), black_box(2)))?)
            })
        }
        Work::Record => {
            let (mut guest, record) = Guest::with::<i64, i64>(stop, "record")?;
            Contender::new(name, move || Ok(record.call(&mut guest.store, black_box(1))?))
        }
        Work::Fibonacci | Work::Sum => {
            let (handler, n) = if work == Work::Sum { ("sum", 10_000_000) } else { ("fib", 32) };
            let (mut guest, function) = Guest::with::<i64, i64>(stop, handler)?;
            Contender::new(name, move || Ok(function.call(&mut guest.store, black_box(n))?))
        }
        Work::Tick => tick(stop)?,
        Work::Attack => {
            let (mut guest, attack) = Guest::with::<(i64, i64), i64>(stop, "attack")?;
            let players = guest.store.data_mut();
            players.extend((0..KEYED).map(|number| (rows::key(number), (100, 0))));
            let mut draw = Draw::new(KEYED);
            Contender::new(name, move || Ok(attack.call(&mut guest.store, draw.pair())?))
        }
        Work::Greet => greet(stop)?,
        Work::Source(functions) => source_to_call(stop, functions)?,
        Work::Bank(transfers) if transfers.threads == 1 && !transfers.is_durable => {
            transfer(stop, transfers)?
        }
        _ => return Ok(None),
    }))
}

fn engine(stop: Stop) -> Result<Engine, Error> {
    let mut config = Config::new();
    config.epoch_interruption(stop == Stop::Epochs).consume_fuel(stop == Stop::Fuel);
    Ok(Engine::new(&config)?)
}

/// A store whose guest may run for as long as the bench wants, but could be stopped.
fn store<T: Default + 'static>(engine: &Engine, stop: Stop) -> Result<Store<T>, Error> {
    let mut store = Store::new(engine, T::default());
    match stop {
        Stop::Epochs => store.set_epoch_deadline(u64::MAX / 2),
        Stop::Fuel => store.set_fuel(u64::MAX / 2)?,
    }
    Ok(store)
}

impl Guest {
    fn new(stop: Stop) -> Result<Guest, Error> {
        let engine = engine(stop)?;
        let module = Module::new(&engine, WORKS)?;
        let mut linker = Linker::new(&engine);
        let unknown = || wasmtime::Error::msg("there is no such player");
        linker.func_wrap("host", "has", |caller: Caller<'_, Players>, id: i64| {
            i32::from(caller.data().contains_key(&id))
        })?;
        linker.func_wrap("host", "hp", move |caller: Caller<'_, Players>, id: i64| {
            caller.data().get(&id).map(|&(hp, _)| hp).ok_or_else(unknown)
        })?;
        let set_hp = move |mut caller: Caller<'_, Players>, id: i64, hp: i64| {
            caller.data_mut().get_mut(&id).map(|player| player.0 = hp).ok_or_else(unknown)
        };
        linker.func_wrap("host", "set_hp", set_hp)?;
        linker.func_wrap("host", "win", move |mut caller: Caller<'_, Players>, id: i64| {
            caller.data_mut().get_mut(&id).map(|player| player.1 += 1).ok_or_else(unknown)
        })?;
        let mut store = store(&engine, stop)?;
        let instance = linker.instantiate(&mut store, &module)?;
        Ok(Guest { store, instance })
    }

    /// A guest, and one of its functions.
    fn with<A: WasmParams, R: WasmResults>(
        stop: Stop,
        function: &str,
    ) -> Result<(Guest, TypedFunc<A, R>), Error> {
        let mut guest = Guest::new(stop)?;
        let function = guest.instance.get_typed_func(&mut guest.store, function)?;
        Ok((guest, function))
    }

    fn write(&mut self, at: usize, bytes: &[u8]) -> Result<(), Error> {
        let memory = self.instance.get_memory(&mut self.store, "memory").ok_or("a memory")?;
        Ok(memory.write(&mut self.store, at, bytes)?)
    }
}

fn tick(stop: Stop) -> Result<Contender, Error> {
    let (mut guest, tick) = Guest::with::<i32, f64>(stop, "tick")?;
    let mut bytes = Vec::new();
    for row in rows::moving() {
        bytes.extend([row.id, row.hp].map(i64::to_le_bytes).concat());
        bytes.extend([row.x, row.y, row.dx, row.dy].map(f64::to_le_bytes).concat());
        bytes.extend([0; 16]);
    }
    guest.write(0, &bytes)?;
    Ok(Contender::new(stop.name(), move || Ok(tick.call(&mut guest.store, WATCHED as i32)?)))
}

/// The host writes the name into the guest's memory, and copies the text out of it.
fn greet(stop: Stop) -> Result<Contender, Error> {
    let (mut guest, greet) = Guest::with::<(i32, i64), i32>(stop, "greet")?;
    let memory = guest.instance.get_memory(&mut guest.store, "memory").ok_or("a memory")?;
    Ok(Contender::new(stop.name(), move || {
        let name = black_box("ann");
        memory.write(&mut guest.store, NAME, name.as_bytes())?;
        let len = greet.call(&mut guest.store, (name.len() as i32, black_box(4_711)))?;
        let text = memory.data(&guest.store).get(TEXT..TEXT + len as usize).ok_or("a text")?;
        Ok(std::str::from_utf8(text)?.to_owned())
    }))
}

fn source_to_call(stop: Stop, functions: u32) -> Result<Contender, Error> {
    let engine = engine(stop)?;
    let mut round = 0;
    Ok(Contender::new(stop.name(), move || {
        round += 1;
        let module = Module::new(&engine, source::wat(functions, round))?;
        let mut store = store::<()>(&engine, stop)?;
        let instance = Instance::new(&mut store, &module, &[])?;
        let all = instance.get_typed_func::<i64, i64>(&mut store, "all")?;
        Ok(all.call(&mut store, 1)?)
    }))
}

fn transfer(stop: Stop, transfers: Transfers) -> Result<Contender, Error> {
    let (mut guest, transfer) = Guest::with::<(i32, i32, i64), ()>(stop, "transfer")?;
    let balances = vec![BALANCE.to_le_bytes(); bank::ACCOUNTS as usize].concat();
    guest.write(BALANCES, &balances)?;
    let memory = guest.instance.get_memory(&mut guest.store, "memory").ok_or("a memory")?;
    let pairs = bank::drawn(transfers).swap_remove(0).to_vec();
    let mut next = pairs.into_iter().cycle();
    Ok(Contender::of_rounds(stop.name(), move |count| {
        for (from, to) in next.by_ref().take(count as usize) {
            transfer.call(&mut guest.store, (from as i32, to as i32, AMOUNT))?;
        }
        let mut balance = [0; 8];
        memory.read(&guest.store, BALANCES, &mut balance)?;
        Ok(Answer::Int(i64::from_le_bytes(balance)))
    }))
}
