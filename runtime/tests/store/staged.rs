//! A large world moves to another layout: it is written in pieces before the others are held, and
//! whatever happens on the way, a restart finds all worlds on one version, whole.

use std::thread;

use midflight_runtime::{ActivateError, ActivateOptions, Engine, LoadOptions, Then};

use crate::map::{Content, Map};

/// More than one piece.
const ROWS: i64 = 20_000;

const V1: &str = "
state { n: int }
table t { key id: int, n: int }
post fill(from: int, to: int) { for id in from..to { insert t { id, n: id * 10 } } }
post drop_one(id: int) { remove t[id] }
get count() -> int { return t.len }
";

const V2: &str = "
state { n: int }
table t { key id: int, more: int = 7, n: int }
post fill(from: int, to: int) { for id in from..to { insert t { id, n: id * 10 } } }
post drop_one(id: int) { remove t[id] }
get count() -> int { return t.len }
";

const FAILS: &str = "
state { n: int }
table t { key id: int, n: int }
migrate t(old) { n = if old.id == 5 { fail \"too small\" } else { old.n + 1 } }
";

fn engine(store: &Map) -> Engine {
    Engine::builder().store(store.clone()).clock(|| 1_000).build().expect("it can go on")
}

/// An engine on version 1, with a large world and one of a single row; version 2 is staged.
fn begin(store: &Map) -> Engine {
    let engine = engine(store);
    let _ = engine.load(V1).expect("it is right");
    let _ = engine.create_world("small").expect("the name is free");
    let fill = engine.handler::<(i64, i64), ()>("fill").expect("it is there");
    for from in (0..ROWS).step_by(4_000) {
        fill.call("main", (from, from + 4_000)).expect("there is room");
    }
    fill.call("small", (5, 6)).expect("there is room");
    let stage = LoadOptions { then: Then::Stage, ..LoadOptions::default() };
    let _ = engine.load_with(V2, stage).expect("it is right");
    engine
}

fn activate(engine: &Engine, number: u64) -> Result<(), ActivateError> {
    let options = ActivateOptions { allow_loss: true, ..ActivateOptions::default() };
    engine.activate(number, options).map(drop)
}

/// The current version, and what is in each world.
fn look(engine: &Engine) -> (u64, Vec<(String, Vec<u8>)>) {
    let names = engine.worlds().into_iter().map(|world| world.name().to_owned());
    let look = |name: String| {
        let image = engine.enter(&name, |turn| turn.image()).expect("it can be entered");
        (name, image)
    };
    (engine.current().expect("there is one").number(), names.map(look).collect())
}

fn places(content: &Content) -> Vec<&str> {
    content.worlds.keys().map(String::as_str).collect()
}

#[test]
fn a_crash_at_any_commit_leaves_all_worlds_on_one_version() {
    let store = Map::default();
    let first = begin(&store);
    let before = look(&first);
    store.content().seen = Some(Vec::new());
    activate(&first, 2).expect("nothing stands in the way");
    let after = look(&first);
    let seen = store.content().seen.take().expect("it was wanted");
    let mut moved = 0;
    for content in &seen {
        let reopened = Map::with(content.clone());
        let found = look(&engine(&reopened));
        assert!(found == before || found == after, "a version with the worlds of another");
        moved += usize::from(found == after);
        let content = reopened.content();
        assert_eq!(content.worlds.len(), 2, "nothing is left behind: {:?}", places(&content));
    }
    assert!(seen.len() > moved, "the rows are written before");
    assert!(moved > 1, "what was there before goes afterwards");
    assert_eq!(places(&store.content()), ["main~", "small"]);
}

#[test]
fn a_world_that_has_moved_goes_on_at_its_other_place() {
    let store = Map::default();
    let first = begin(&store);
    activate(&first, 2).expect("nothing stands in the way");
    let remove = first.handler::<(i64,), ()>("drop_one").expect("it is there");
    remove.call("main", (3,)).expect("it is there");
    let second = engine(&store.copy());
    assert_eq!(look(&second), look(&first));
    activate(&first, 1).expect("what is new may go");
    assert_eq!(places(&store.content()), ["main", "small"]);
    remove.call("main", (4,)).expect("it is there");
    assert_eq!(look(&engine(&store.copy())), look(&first));
}

#[test]
fn a_deleted_world_is_gone_from_its_other_place() {
    let store = Map::default();
    let first = begin(&store);
    let _ = first.create_world("large").expect("the name is free");
    let fill = first.handler::<(i64, i64), ()>("fill").expect("it is there");
    fill.call("large", (0, 2_000)).expect("there is room");
    activate(&first, 2).expect("nothing stands in the way");
    assert_eq!(places(&store.content()), ["large~", "main~", "small"]);
    first.delete_world("large").expect("it is there");
    let _ = first.create_world("large").expect("the name is free");
    assert_eq!(places(&store.content()), ["large", "main~", "small"]);
    assert_eq!(look(&engine(&store.copy())), look(&first));
}

#[test]
fn what_was_written_for_a_move_that_is_refused_goes() {
    let store = Map::default();
    let first = begin(&store);
    let remove = first.handler::<(i64,), ()>("drop_one").expect("it is there");
    remove.call("main", (5,)).expect("it is there");
    let before = look(&first);
    // Moved after the large world, which is written by then.
    let _ = first.load(FAILS).expect_err("a row of the small world stands in the way");
    assert_eq!(look(&first), before);
    assert_eq!(places(&store.content()), ["main", "small"]);
    remove.call("main", (6,)).expect("the world goes on");
    assert_eq!(look(&engine(&store.copy())), look(&first));
}

#[test]
fn calls_in_a_small_world_do_not_wait_for_the_large_one_to_be_written() {
    let store = Map::default();
    let first = begin(&store);
    store.hold();
    let moving = thread::spawn({
        let engine = first.clone();
        move || activate(&engine, 2)
    });
    store.wait_for_commit();
    // The large world is held and being written.
    assert_eq!(first.memory_taken("main"), None);
    let count = first.handler::<(), i64>("count").expect("it is there");
    let (count, _ticket) = count.submit("small", ()).expect("it runs at once");
    assert_eq!((count, first.current().expect("there is one").number()), (1, 1));
    store.let_go();
    moving.join().expect("it does not panic").expect("nothing stands in the way");
    assert_eq!(first.current().expect("there is one").number(), 2);
}
