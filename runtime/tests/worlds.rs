//! Worlds as an embedder uses them: created, swapped in pieces, deleted, bounded.

use std::sync::{Arc, Mutex};

use midflight_runtime::{
    ActivateOptions, CallError, Delivery, Engine, Event, Limits, LoadOptions, Observer, Then, Trap,
    WorldError,
};

type Job = Box<dyn FnOnce() + Send>;

/// Work that the engine leaves to a thread of the host's, kept to be done when the test says so.
#[derive(Clone, Default)]
struct Work(Arc<Mutex<Vec<Job>>>);

impl Work {
    fn take(&self) -> Vec<Job> {
        std::mem::take(&mut *self.0.lock().expect("nobody panics here"))
    }
}

fn engine_with(limits: Limits, work: &Work) -> Engine {
    let work = work.clone();
    Engine::builder()
        .memory()
        .limits(limits)
        .spawn(move |job| work.0.lock().expect("nobody panics here").push(job))
        .build()
        .expect("memory needs no store")
}

fn version(number: u64) -> String {
    format!(
        "state {{ n: int }}
         post add() -> int {{ state.n += 1
             return state.n }}
         get version() -> int {{ return {number} }}"
    )
}

fn load(engine: &Engine, source: &str) {
    let _ = engine.load(source).expect("the source is right");
}

fn create(engine: &Engine, name: &str) {
    assert!(engine.create_world(name).expect("it can be created"), "{name} is new");
}

#[test]
fn idle_worlds_leave_the_old_version_in_the_background() {
    const WORLDS: usize = 5_000;
    let work = Work::default();
    let engine = engine_with(Limits { worlds_max: WORLDS, ..Limits::default() }, &work);
    load(&engine, &version(1));
    (1..WORLDS).for_each(|number| create(&engine, &format!("w{number}")));
    let stage = LoadOptions { then: Then::Stage, ..LoadOptions::default() };
    let _ = engine.load_with(&version(2), stage).expect("the source is right");
    let _ = engine.activate(2, ActivateOptions::default()).expect("it is staged");
    engine.delete(1).expect("it is not current");
    let jobs = work.take();
    assert_eq!(jobs.len(), 1, "whoever activates moves some worlds, not all of so many");
    assert_eq!(engine.versions_alive(), 2);
    let version_of = engine.handler::<(), i64>("version").expect("it is there");
    assert_eq!(version_of.call("w999", ()).ok(), Some(2), "a call does not wait for that");
    // A second activation meanwhile needs no second thread: the first one looks again.
    load(&engine, &version(3));
    engine.delete(2).expect("it is not current");
    assert!(work.take().is_empty());
    jobs.into_iter().for_each(|job| job());
    assert_eq!(engine.versions_alive(), 1);
    assert!(engine.worlds().iter().all(|world| world.figures().version == 3));
    // Who looked again has ended: the next activation may need a thread again.
    load(&engine, &version(4));
    let jobs = work.take();
    jobs.into_iter().for_each(|job| job());
    assert!(engine.worlds().iter().all(|world| world.figures().version == 4));
}

#[test]
fn a_deleted_world_frees_its_memory_and_its_version_and_keeps_the_counts() {
    let engine = engine_with(Limits::default(), &Work::default());
    load(
        &engine,
        "table t { key id: int, a: [int; 100] }
         post fill(count: int) { for _i in 0..count { insert t { id: t.len } } }
         post trap() { fail \"no\" }",
    );
    let before = engine.figures();
    create(&engine, "room");
    let fill = engine.handler::<(i64,), ()>("fill").expect("it is there");
    fill.call("room", (1_000,)).expect("there is room");
    let trap = engine.handler::<(), ()>("trap").expect("it is there");
    assert!(matches!(trap.call("room", ()), Err(CallError::Trapped(_))));
    let room = engine.world("room").expect("it is there").figures();
    assert_eq!((room.rows, room.calls, room.traps), (1_000, 2, 1));
    let full = engine.figures();
    assert!(full.memory >= before.memory + room.memory, "{full:?}");
    assert_eq!((full.worlds, full.world_memory), (2, room.memory));
    engine.delete_world("room").expect("it is there");
    let after = engine.figures();
    assert_eq!((after.worlds, after.memory), (before.worlds, before.memory));
    assert_eq!((after.calls, after.traps), (full.calls, full.traps), "counts never go back");
    assert_eq!(engine.versions()[0].calls, 2);
}

#[test]
fn a_handle_finds_the_new_world_of_an_old_name() {
    let engine = engine_with(Limits::default(), &Work::default());
    load(&engine, &version(1));
    create(&engine, "room");
    let add = engine.handler::<(), i64>("add").expect("it is there");
    assert_eq!(add.call("room", ()).ok(), Some(1));
    engine.delete_world("room").expect("it is there");
    assert!(matches!(add.call("room", ()), Err(CallError::UnknownWorld { .. })));
    create(&engine, "room");
    assert_eq!(add.call("room", ()).ok(), Some(1));
    engine.delete_world("room").expect("it is there");
    create(&engine, "room");
    assert_eq!(add.call("room", ()).ok(), Some(1), "without a refusal in between");
}

#[test]
fn who_waits_has_the_turn_and_who_comes_later_finds_no_world() {
    let engine = engine_with(Limits::default(), &Work::default());
    load(&engine, &version(1));
    create(&engine, "room");
    let told = Arc::new(Mutex::new(Vec::new()));
    let submit = |name: &'static str| {
        let told = told.clone();
        engine.submit("room", move |turn| {
            let found = turn.map(|turn| turn.version().number()).map_err(|error| error.to_string());
            told.lock().expect("nobody panics here").push((name, found));
        })
    };
    let room = engine.world("room").expect("it is there");
    std::thread::scope(|scope| {
        let entered = engine.enter("room", |_turn| {
            submit("early").expect("it waits");
            let deletion = scope.spawn(|| engine.delete_world("room"));
            // The deletion is the second one in the queue.
            while room.figures().queue_len < 2 {
                std::thread::yield_now();
            }
            assert!(matches!(submit("late"), Err(CallError::UnknownWorld { .. })));
            deletion
        });
        let deletion = entered.expect("there is a version");
        deletion.join().expect("it does not panic").expect("it is deleted");
    });
    assert_eq!(*told.lock().expect("nobody panics here"), [("early", Ok(1))]);
    assert_eq!(room.figures().version, 0, "whoever holds on to it holds no version");
}

#[test]
fn worlds_are_equal_by_their_calls_and_their_name() {
    let source = "
        state { n: int }
        post draw() { state.n = random(1000000000) }
        get n() -> int { return state.n }";
    let image = |engine: &Engine, name: &str| engine.enter(name, |turn| turn.image()).ok();
    let engines = [(); 2].map(|()| engine_with(Limits::default(), &Work::default()));
    for engine in &engines {
        load(engine, source);
        for name in ["a", "b"] {
            create(engine, name);
            let draw = engine.handler::<(), ()>("draw").expect("it is there");
            draw.call(name, ()).expect("it commits");
        }
    }
    let [one, other] = &engines;
    assert_eq!(image(one, "a"), image(other, "a"));
    assert_ne!(image(one, "a"), image(one, "b"));
}

/// Says which world's events and traps it was told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Observer for Told {
    fn event(&self, event: &Event<'_>) -> Option<Delivery> {
        self.0.lock().expect("nobody panics here").push(event.world.to_owned());
        None
    }

    fn timer_trapped(&self, world: &str, _timer: &str, _trap: &Trap) -> Option<Delivery> {
        self.0.lock().expect("nobody panics here").push(format!("{world} trapped"));
        None
    }
}

#[test]
fn timers_of_a_world_begin_with_it_and_end_with_it() {
    let told = Told::default();
    let engine = Engine::builder().clock(|| 1_000).observer(told.clone()).build();
    let engine = engine.expect("memory needs no store");
    load(&engine, "event beaten {}\nevery 50ms beat() { emit beaten {} }");
    create(&engine, "room");
    assert_eq!(engine.run_due(1_050), 2);
    engine.delete_world("room").expect("it is there");
    assert_eq!(engine.run_due(1_100), 1);
    assert_eq!(*told.0.lock().expect("nobody panics here"), ["main", "room", "main"]);
}

#[test]
fn a_world_without_memory_for_its_state_is_none() {
    let limits = Limits { memory_max: 4 << 20, ..Limits::default() };
    let engine = engine_with(limits, &Work::default());
    load(&engine, "state { a: [int; 100000] }\nget one() -> int { return 1 }");
    let mut count = 1;
    let refused = loop {
        match engine.create_world(&format!("w{count}")) {
            Ok(_) => count += 1,
            Err(error) => break error,
        }
    };
    let WorldError::OnLoad(refused) = refused else { panic!("it is refused: {refused}") };
    assert_eq!((refused.trap.kind.name(), refused.trap.status), ("engine_full", 503));
    assert_eq!((engine.worlds().len(), count), (5, 5), "800 KB for each");
    engine.delete_world("w1").expect("it is there");
    create(&engine, "w1");
}

#[test]
fn a_world_goes_on_while_a_larger_one_is_moved() {
    let layout = |fields: &str, at: &str| {
        format!(
            "state {{ {fields} }}
             table t {{ key id: int }}
             post fill(count: int) {{ for id in 0..count {{ insert t {{ id }} }} }}
             get count() -> int {{ return t.len }}
             {at}"
        )
    };
    // Asked by `on load` in each world, while that world is held.
    let engine: Arc<Mutex<Option<Engine>>> = Arc::default();
    let seen: Arc<Mutex<Vec<[Option<i64>; 3]>>> = Arc::default();
    let clock = {
        let (engine, seen) = (engine.clone(), seen.clone());
        move || {
            let Some(engine) = &*engine.lock().expect("nobody panics here") else { return 1_000 };
            let counts = ["first", "main", "small"].map(|world| {
                let _ = engine.memory_taken(world)?;
                let count = engine.handler::<(), i64>("count").expect("it is there");
                Some(count.call(world, ()).expect("it is open"))
            });
            seen.lock().expect("nobody panics here").push(counts);
            1_000
        }
    };
    let built = Engine::builder().memory().clock(clock).build().expect("memory needs no store");
    load(&built, &layout("n: int", ""));
    for (world, rows) in [("first", 2), ("main", 3), ("small", 1)] {
        let _ = built.create_world(world).expect("there is room");
        let fill = built.handler::<(i64,), ()>("fill").expect("it is there");
        fill.call(world, (rows,)).expect("there is room");
    }
    *engine.lock().expect("nobody panics here") = Some(built.clone());
    load(&built, &layout("n: int, at: int", "on load { state.at = now() }"));
    *engine.lock().expect("nobody panics here") = None;
    let seen = seen.lock().expect("nobody panics here");
    // The largest is moved first; what is smaller still answers, on the version before.
    assert_eq!(*seen, [[Some(2), None, Some(1)], [None, None, Some(1)], [None, None, None]]);
}
