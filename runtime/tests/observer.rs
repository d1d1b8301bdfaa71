//! An observer is the host's code, and may panic: what the call did stays, and the world goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use midflight_runtime::{Arguments, Delivery, Engine, Event, LogLine, Observer, Outcome, Turn};

/// Notes what it is told, and panics where a line says so.
#[derive(Clone, Default)]
struct Careless(Arc<Mutex<Vec<String>>>);

impl Careless {
    fn add(&self, line: String) {
        self.0.lock().expect("nobody panics while it is locked").push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("nobody panics while it is locked"))
    }
}

impl Observer for Careless {
    fn event(&self, event: &Event<'_>) -> Option<Delivery> {
        self.add(format!("{} {:?}", event.name, event.fields));
        None
    }

    fn log(&self, line: &LogLine<'_>) -> Option<Delivery> {
        self.add(line.text.to_owned());
        assert!(!line.text.starts_with("panic"), "as the line says");
        None
    }
}

/// An engine that runs this source and tells this observer.
fn engine(observer: &Careless, source: &str) -> Engine {
    let engine = Engine::builder().memory().observer(observer.clone()).build();
    let engine = engine.expect("memory has no store");
    let _ = engine.load(source).expect("it is right");
    engine
}

#[test]
fn what_was_to_be_told_when_an_observer_panicked_is_not_told_later() {
    let careless = Careless::default();
    let source = r#"
        state { calls: int }
        event called { number: int, text: str }
        post call(text: str, fails: bool) -> int {
            state.calls += 1
            log "{text} {state.calls}"
            emit called { number: state.calls, text: "{text}!" }
            log "and that was it"
            if fails { fail "as it was asked to" }
            return state.calls
        }
        get calls() -> int { return state.calls }
    "#;
    let engine = engine(&careless, source);
    let call = engine.handler::<(&str, bool), i64>("call").expect("it is declared");
    let calls = engine.handler::<(), i64>("calls").expect("it is declared");
    for (fails, calls_after) in [(false, 1), (true, 1)] {
        let ended = catch_unwind(AssertUnwindSafe(|| call.call("main", ("panic", fails)).is_ok()));
        assert!(ended.is_err(), "it came through to whoever called");
        assert_eq!(careless.take().len(), 1, "nothing behind the panic was told");
        assert_eq!(calls.call("main", ()).ok(), Some(calls_after));
        assert_eq!(careless.take(), [""; 0], "nor later");
    }
    // The same through a turn, which ends by being dropped.
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let called = engine.enter("main", |turn| {
            turn.call("call", |arguments| {
                let text = arguments.slot("text")?.write_text("panic");
                let fails = arguments.slot("fails")?.write_bool(false);
                text.and(fails).expect("both have their types");
                Ok(())
            })
            .is_ok()
        });
        called.is_ok()
    }));
    assert!(ended.is_err());
    assert_eq!(careless.take(), ["panic 2"]);
    assert_eq!(call.call("main", ("fine", false)).ok(), Some(3));
    let event = r#"called {"number": 3, "text": "fine!"}"#;
    assert_eq!(careless.take(), ["fine 3", "and that was it", event]);
}

#[test]
fn a_call_whose_host_panics_before_it_commits_is_taken_back() {
    let careless = Careless::default();
    let source = r#"
        state { calls: int, name: str }
        table item { key id: int, name: str }
        event called { number: int }
        post call(name: str) -> int {
            state.calls += 1
            state.name = name
            insert item { id: state.calls, name }
            log "called {name}"
            emit called { number: state.calls }
            return state.calls
        }
    "#;
    let engine = engine(&careless, source);
    let call = engine.handler::<(&str,), i64>("call").expect("it is declared");
    assert_eq!(call.call("main", ("first",)).ok(), Some(1));
    let image = || engine.enter("main", |turn| turn.image()).expect("the world is there");
    let before = image();
    let _ = careless.take();
    let bind = |arguments: &mut Arguments<'_>| {
        arguments.slot("name")?.write_text("second").expect("it is a `str`");
        Ok(())
    };
    let panics = |turn: &mut Turn<'_>| {
        turn.call_shown("call", bind, |_| panic!("it cannot be shown")).is_ok()
    };
    let ended = catch_unwind(AssertUnwindSafe(|| engine.enter("main", panics).is_ok()));
    assert!(ended.is_err());
    assert_eq!((image() == before, careless.take()), (true, Vec::new()));
    assert_eq!(call.call("main", ("third",)).ok(), Some(2));
    assert_eq!(careless.take(), ["called third", r#"called {"number": 2}"#]);
    // Where the host catches it, the same turn goes on.
    let called = engine.enter("main", |turn| {
        assert!(catch_unwind(AssertUnwindSafe(|| panics(turn))).is_err());
        matches!(turn.call("call", bind), Ok(Outcome::Done(_)))
    });
    assert_eq!(called.ok(), Some(true));
    assert_eq!(careless.take(), ["called second", r#"called {"number": 3}"#]);
}
