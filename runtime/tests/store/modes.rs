//! When calls are answered and the outside is told.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use midflight_runtime::store::Persist;
use midflight_runtime::{
    CallError, Delivery, Durability, Engine, Event, Limits, LoadError, Observer,
};

use crate::map::Map;

const COUNTER: &str = "
    state { count: int }
    event counted { to: int }
    post count() -> int {
        state.count += 1
        emit counted { to: state.count }
        return state.count
    }
    get seen() -> int { return state.count }
";

/// Sends what may be known.
struct Told(Sender<()>);

impl Observer for Told {
    fn event(&self, _event: &Event<'_>) -> Option<Delivery> {
        let sender = self.0.clone();
        Some(Box::new(move || {
            let _ = sender.send(());
        }))
    }
}

fn engine(store: &Map, durability: Durability) -> (Engine, Receiver<()>) {
    let (sender, told) = mpsc::channel();
    let engine = Engine::builder().store(store.clone()).observer(Told(sender));
    let engine = engine.durability(durability).build().expect("the store is good");
    let _ = engine.load(COUNTER).expect("the source is right");
    (engine, told)
}

#[test]
fn commit_answers_nobody_before_the_commit() {
    let store = Map::default();
    let (engine, told) = engine(&store, Durability::Commit);
    let count = engine.handler::<(), i64>("count").expect("it is there");
    let seen = engine.handler::<(), i64>("seen").expect("it is there");
    store.hold();
    let (written, ticket) = count.submit("main", ()).expect("it runs");
    let (read, reader) = seen.submit("main", ()).expect("it runs");
    assert_eq!((written, read), (1, 1));
    store.wait_for_commit();
    assert!(told.try_recv().is_err(), "an event of a call that is not durable");
    let waiting = thread::spawn(move || ticket.wait().and_then(|()| reader.wait()));
    store.let_go();
    assert!(waiting.join().expect("it does not panic").is_ok());
    told.recv().expect("the event is told after the commit");
}

#[test]
fn calls_that_wait_share_a_commit() {
    let store = Map::default();
    let (engine, told) = engine(&store, Durability::Commit);
    let count = engine.handler::<(), i64>("count").expect("it is there");
    store.hold();
    let (_, first) = count.submit("main", ()).expect("it runs");
    store.wait_for_commit();
    let commits = store.content().commits.len();
    let tickets: Vec<_> = (0..100).map(|_| count.submit("main", ()).expect("it runs").1).collect();
    store.let_go();
    first.wait().expect("the store is good");
    tickets.into_iter().for_each(|ticket| ticket.wait().expect("the store is good"));
    assert_eq!(store.content().commits.len(), commits + 2, "one for the first, one for the others");
    assert_eq!(told.iter().take(101).count(), 101);
    let figures = engine.figures().store.expect("there is a store");
    assert_eq!((figures.durability, figures.waiting), ("commit", 0));
    assert!(figures.changes > figures.commits && figures.bytes > 0);
}

#[test]
fn interval_and_none_answer_at_once_and_end_durable() {
    for durability in [Durability::Interval(Duration::from_secs(3600)), Durability::None] {
        let store = Map::default();
        let (engine, told) = engine(&store, durability);
        let count = engine.handler::<(), i64>("count").expect("it is there");
        engine.flush().expect("the store is good");
        store.content().commits.clear();
        store.hold();
        assert_eq!(count.call("main", ()).expect("it does not wait"), 1);
        told.recv().expect("nor does the event");
        store.let_go();
        drop(count);
        drop(engine);
        let commits = store.content().commits.clone();
        assert_eq!(commits.last(), Some(&Persist::Now), "the end is durable: {commits:?}");
        let (engine, _) = engine_again(&store);
        let seen = engine.handler::<(), i64>("seen").expect("it is there");
        assert_eq!(seen.call("main", ()).expect("it ends"), 1);
    }
}

fn engine_again(store: &Map) -> (Engine, Receiver<()>) {
    let (sender, told) = mpsc::channel();
    let engine = Engine::builder().store(store.clone()).observer(Told(sender)).build();
    (engine.expect("it goes on"), told)
}

#[test]
fn interval_syncs_by_itself() {
    let store = Map::default();
    let (engine, _told) = engine(&store, Durability::Interval(Duration::from_millis(1)));
    let count = engine.handler::<(), i64>("count").expect("it is there");
    let _ = count.call("main", ()).expect("it ends");
    // Ends when the store has synced everything; nothing else is asked of it.
    while store.content().commits.last() != Some(&Persist::Now)
        || engine.figures().store.is_none_or(|store| store.waiting > 0)
    {
        thread::yield_now();
    }
}

#[test]
fn a_load_is_durable_in_every_mode() {
    let store = Map::default();
    let (engine, _told) = engine(&store, Durability::None);
    let count = engine.handler::<(), i64>("count").expect("it is there");
    let _ = count.call("main", ()).expect("it ends");
    store.content().commits.clear();
    let _ = engine.load(&format!("// again\n{COUNTER}")).expect("the source is right");
    assert!(store.content().commits.contains(&Persist::Now));
    assert_eq!(store.content().versions.order.current, Some(2));
}

#[test]
fn a_failed_store_ends_calls_and_tells_nothing() {
    let store = Map::default();
    let (engine, told) = engine(&store, Durability::Commit);
    let count = engine.handler::<(), i64>("count").expect("it is there");
    assert_eq!(count.call("main", ()).expect("it ends"), 1);
    told.recv().expect("the event is told");
    let good = store.copy();
    store.fail();
    assert!(matches!(count.call("main", ()), Err(CallError::OutcomeUnknown)));
    assert!(matches!(count.call("main", ()), Err(CallError::StoreFailed)));
    let seen = engine.handler::<(), i64>("seen").expect("it is there");
    assert!(matches!(seen.call("main", ()), Err(CallError::StoreFailed)));
    assert!(matches!(engine.load("get a() -> int { return 1 }"), Err(LoadError::Layout(_))));
    let refused = engine.load(&format!("// again\n{COUNTER}"));
    assert!(matches!(refused, Err(LoadError::Store(_))));
    assert_eq!(engine.current().map(|version| version.number()), Some(1));
    assert!(engine.has_failed() && engine.flush().is_err());
    drop((count, seen, engine));
    assert!(told.recv().is_err(), "no event of a call that may not have happened");
    let (engine, _) = engine_again(&good);
    let seen = engine.handler::<(), i64>("seen").expect("it is there");
    assert_eq!(seen.call("main", ()).expect("it ends"), 1);
}

#[test]
fn a_full_queue_refuses_calls() {
    let store = Map::default();
    let limits = Limits { store_queue_max: 65_536, ..Limits::default() };
    let engine = Engine::builder().store(store.clone()).limits(limits).build();
    let engine = engine.expect("the store is good");
    let source = "state { numbers: [int; 2000] }
        post put(n: int) { state.numbers[n] += 1 }";
    let _ = engine.load(source).expect("the source is right");
    let put = engine.handler::<(i64,), ()>("put").expect("it is there");
    store.hold();
    let mut tickets = Vec::new();
    let refused = loop {
        match put.submit("main", (tickets.len() as i64 % 10,)) {
            Ok(((), ticket)) => tickets.push(ticket),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, CallError::StoreBusy), "{refused}");
    store.let_go();
    tickets.into_iter().for_each(|ticket| ticket.wait().expect("the store is good"));
    put.call("main", (1,)).expect("there is room again");
}
