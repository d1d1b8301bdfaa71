//! What is stored of a world, and what comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use midflight_runtime::store::Cell;
use midflight_runtime::{BuildError, Builder, Engine};

use crate::map::Map;

/// Every type that state and rows can have.
const ALL: &str = r#"
enum Colour { red, green, mixed(share: float, name: str) }
struct Deep { x: int, y: float, colours: [Colour; ..3], tag: str? }
state {
    a: int, b: float, c: bool, d: str, e: Colour, f: Deep, g: int?, h: [str; 3], i: [Deep; ..2],
    transient j: str = "fresh", big: [int; 100], k: str = "default",
}
table by_number {
    key id: int, deep: Deep, text: str, maybe: Deep?, transient cache: str = "cold", many: [int; 50],
    index text
}
table by_text { key name: str, colour: Colour, points: float, index points }
post fill(n: int) {
    state.a = -n
    state.b = float(n) / 3.0
    state.c = true
    state.d = "text {n}"
    state.e = Colour.mixed(0.25, "shade")
    state.f = Deep { x: n, y: 1.5, colours: [Colour.red, Colour.mixed(0.5, "x"), Colour.green], tag: "t" }
    state.g = n
    state.h = ["", "middle", "ü"]
    state.i = [Deep { x: 1, y: -0.0, colours: [], tag: none }]
    state.j = "warm"
    state.big[99] = n
    for id in 0..10 {
        let deep = Deep { x: id, y: 0.5, colours: [Colour.green], tag: none }
        let r = insert by_number { id: id * 7, deep: deep, text: "row {id}", maybe: deep }
        r.cache = "hot"
        r.many[49] = id
    }
    insert by_text { name: "nan", colour: Colour.red, points: 0.0 / 0.0 }
    insert by_text { name: "", colour: Colour.mixed(1.0, ""), points: -1.0 }
    let _drawn = random(1000)
}
post thin() {
    for r in by_number where r.id % 2 == 0 { remove r }
}
post change(id: int) {
    let r = by_number[id]
    r.text = "changed"
    r.many[0] = 5
    r.maybe = none
}
post only_transient() {
    state.j = "hot"
    by_number[7].cache = "hotter"
}
post same() {
    state.a = state.a
}
post grow(id: int) -> int {
    insert by_number { id: id, deep: Deep { x: 0, y: 0.0, colours: [], tag: none } }
    return by_number.len
}
get transient_state() -> str { return state.j }
get transient_row(id: int) -> str { return by_number[id].cache }
get found(text: str) -> int {
    for r in by_number where r.text == text { return r.id }
    return -1
}
"#;

fn builder(store: &Map) -> Builder {
    Engine::builder().store(store.clone()).clock(|| 5)
}

fn image(engine: &Engine) -> Vec<u8> {
    engine.enter("main", |turn| turn.image()).expect("the world can be entered")
}

fn post(engine: &Engine, handler: &str) {
    let handler = engine.handler::<(), ()>(handler).expect("it is there");
    handler.call("main", ()).expect("it commits");
}

fn post_with(engine: &Engine, handler: &str, argument: i64) {
    let handler = engine.handler::<(i64,), ()>(handler).expect("it is there");
    handler.call("main", (argument,)).expect("it commits");
}

fn text(engine: &Engine, handler: &str) -> String {
    engine.handler::<(), String>(handler).expect("it is there").call("main", ()).expect("it ends")
}

/// An engine with rows, holes between them, and texts that were replaced.
fn filled(store: &Map) -> Engine {
    let engine = builder(store).build().expect("the store is empty");
    let _ = engine.load(ALL).expect("the source is right");
    post_with(&engine, "fill", 7);
    post(&engine, "thin");
    post_with(&engine, "change", 21);
    engine
}

#[test]
fn every_type_comes_back() {
    let store = Map::default();
    let engine = filled(&store);
    assert_eq!(text(&engine, "transient_state"), "warm");
    // Transient fields are in the image, and not in the store.
    post(&engine, "only_transient");
    drop(engine);
    let engine = builder(&store).build().expect("it goes on");
    assert_eq!(text(&engine, "transient_state"), "fresh");
    let row = engine.handler::<(i64,), String>("transient_row").expect("it is there");
    assert_eq!(row.call("main", (7,)).expect("the row is there"), "cold");
    let found = engine.handler::<(&str,), i64>("found").expect("it is there");
    assert_eq!(found.call("main", ("changed",)).expect("it ends"), 21);
    let before = image(&engine);
    drop(engine);
    let engine = builder(&store).build().expect("it goes on");
    assert!(image(&engine) == before, "a second restart changes nothing");
}

#[test]
fn free_slots_and_the_generator_go_on_as_before() {
    let store = Map::default();
    let engine = filled(&store);
    let copy = store.copy();
    let restarted = builder(&copy).build().expect("it goes on");
    for engine in [&engine, &restarted] {
        for id in 200..210 {
            let grow = engine.handler::<(i64,), i64>("grow").expect("it is there");
            let _ = grow.call("main", (id,)).expect("it commits");
        }
    }
    let slots =
        |store: &Map| -> Vec<Cell> { store.content().worlds["main"].keys().copied().collect() };
    assert_eq!(slots(&store), slots(&copy));
    assert!(store.content().worlds == copy.content().worlds, "the same calls, the same bytes");
}

#[test]
fn what_changed_nothing_is_not_written() {
    let store = Map::default();
    let engine = filled(&store);
    let commits = store.content().commits.len();
    post(&engine, "same");
    post(&engine, "only_transient");
    let _ = text(&engine, "transient_state");
    engine.flush().expect("the store is good");
    // The flush itself is one.
    assert_eq!(store.content().commits.len(), commits + 1);
}

#[test]
fn only_what_changed_is_written() {
    let store = Map::default();
    let engine = filled(&store);
    let before = store.content().worlds["main"].clone();
    post_with(&engine, "change", 35);
    let after = store.content().worlds["main"].clone();
    let changed: Vec<&Cell> =
        after.keys().filter(|&cell| before.get(cell) != after.get(cell)).collect();
    let [row] = changed[..] else { panic!("{changed:?}") };
    // The first table, the slot of the sixth row.
    assert_eq!((row.part, row.index), (2, 5));
}

/// Whatever stands in the cells of a world, the outcome is an engine or an error that names it.
#[test]
fn damaged_cells_are_refused() {
    let store = Map::default();
    drop(filled(&store));
    let cells = store.content().worlds["main"].clone();
    let mut refused = 0;
    // Rows are much alike.
    for (cell, bytes) in cells.iter().filter(|(cell, _)| cell.part < 2 || cell.index < 3) {
        let mut damaged =
            vec![vec![], bytes[..bytes.len() / 2].to_vec(), [&bytes[..], &[0]].concat()];
        for index in 0..bytes.len().min(8) {
            for value in [2, 0xff] {
                let mut flipped = bytes.clone();
                flipped[index] = value;
                damaged.push(flipped);
            }
        }
        for bytes in damaged {
            let copy = store.copy();
            let _ =
                copy.content().worlds.get_mut("main").expect("it is there").insert(*cell, bytes);
            match builder(&copy).build() {
                Ok(engine) => drop(image(&engine)),
                Err(BuildError::World { world, .. }) => {
                    assert_eq!(world, "main");
                    refused += 1;
                }
                Err(error) => panic!("{cell:?}: {error}"),
            }
        }
    }
    assert!(refused > 100, "{refused}: what is too short or too long is always seen");
    for cell in cells.keys().filter(|cell| cell.part == 1) {
        let copy = store.copy();
        let _ = copy.content().worlds.get_mut("main").expect("it is there").remove(cell);
        assert!(builder(&copy).build().is_err(), "{cell:?} is missing");
    }
}

#[test]
fn time_does_not_go_back_and_timers_keep_their_rhythm() {
    let clock = Arc::new(AtomicI64::new(10_000));
    let store = Map::default();
    let start = || {
        let now = clock.clone();
        let builder = Engine::builder().store(store.clone());
        builder.clock(move || now.load(Ordering::Relaxed)).build().expect("the store is good")
    };
    let engine = start();
    let _ = engine
        .load(
            "state { at: int, ticks: int }
             post mark() -> int {
                 state.at = now()
                 return state.at
             }
             every 1s beat() { state.ticks += 1 }
             get ticks() -> int { return state.ticks }",
        )
        .expect("the source is right");
    let mark = |engine: &Engine| {
        engine.handler::<(), i64>("mark").expect("it is there").call("main", ()).expect("it ends")
    };
    assert_eq!(mark(&engine), 10_000);
    assert_eq!(engine.next_due(), Some(11_000));
    assert_eq!(engine.run_due(11_500), 1);
    clock.store(11_500, Ordering::Relaxed);
    assert_eq!(mark(&engine), 11_500);
    drop(engine);
    // The clock of the machine was set back meanwhile.
    clock.store(3_000, Ordering::Relaxed);
    let engine = start();
    assert_eq!(engine.next_due(), Some(12_000));
    assert_eq!(mark(&engine), 11_500);
    let ticks = engine.handler::<(), i64>("ticks").expect("it is there");
    assert_eq!(ticks.call("main", ()).expect("it ends"), 1);
}

#[test]
fn a_world_that_was_never_called_comes_back() {
    let store = Map::default();
    drop(filled(&store));
    let cells = [(Cell::LAYOUT, Vec::new())].into();
    let _ = store.content().worlds.insert("quiet".to_owned(), cells);
    for _ in 0..2 {
        let engine = builder(&store).build().expect("it goes on");
        let names: Vec<String> =
            engine.worlds().iter().map(|world| world.name().to_owned()).collect();
        assert_eq!(names, ["main", "quiet"]);
        let same = engine.handler::<(), ()>("same").expect("it is there");
        same.call("quiet", ()).expect("it begins with its defaults");
    }
    assert!(store.content().worlds["quiet"].len() > 10, "its state is stored now");
}

#[test]
fn a_world_may_not_take_more_than_its_limit() {
    let store = Map::default();
    drop(filled(&store));
    let limits = midflight_runtime::Limits { world_memory_max: 4096, ..Default::default() };
    let refused = builder(&store).limits(limits).build().map(drop);
    let message = refused.expect_err("it does not fit").to_string();
    assert!(message.contains("no memory left"), "{message}");
}
