//! Events as server-sent events: what committed calls emit, in order, and nothing of the others.

use std::thread;

use midflight_tests::{Listener, Served};

const PROGRAM: &str = r#"
struct Pos { x: int }
event moved { id: int, pos: Pos, name: str }
event over {}
post step(id: int) -> int {
    emit moved { id, pos: Pos { x: id * 10 }, name: "n{id}" }
    if id < 0 { fail "not there" }
    return id
}
post end() { emit over {} }
"#;

#[test]
fn committed_calls_are_heard_in_order_by_everybody() {
    let served = Served::start(PROGRAM);
    let mut listeners = [Listener::to(&served), Listener::to(&served)];
    let mut client = served.client();
    assert_eq!(client.post("/step?id=1", "").text(), "1");
    assert_eq!(client.post("/step?id=-1", "").status, 400);
    assert_eq!(client.post("/load", format!("{PROGRAM}// next\n")).version(), 2);
    assert_eq!(client.post("/step?id=2", "").text(), "2");
    assert_eq!(client.post("/end", "").status, 204);
    for listener in &mut listeners {
        let (name, first) = listener.next_event();
        assert_eq!((name.as_str(), &first["version"]), ("moved", &1.into()));
        assert_eq!((&first["world"], &first["event"]), (&"main".into(), &"moved".into()));
        let fields = serde_json::json!({"id": 1, "pos": {"x": 10}, "name": "n1"});
        assert_eq!(first["fields"], fields);
        let (_, second) = listener.next_event();
        assert_eq!((&second["version"], &second["fields"]["id"]), (&2.into(), &2.into()));
        assert_eq!(listener.next_event().0, "over");
    }
}

#[test]
fn timers_are_heard_and_go_on_with_the_next_version() {
    let ticking = |step: u64| {
        format!(
            "state {{ n: int }}\nevent tick {{ n: int, step: int }}\n\
             every 1ms beat() {{\n    state.n += 1\n    emit tick {{ n: state.n, step: {step} }}\n}}\n"
        )
    };
    let served = Served::start(&ticking(1));
    let mut listener = Listener::to(&served);
    let first = listener.next_event().1;
    assert_eq!(first["fields"]["step"], 1);
    assert_eq!(served.client().post("/load", ticking(2)).version(), 2);
    let mut last = first["fields"]["n"].as_i64().expect("a number");
    loop {
        let fields = listener.next_event().1["fields"].clone();
        assert_eq!(fields["n"], last + 1, "no beat is lost and none is heard twice");
        last += 1;
        if fields["step"] == 2 {
            break;
        }
    }
}

#[test]
fn streams_end_when_the_server_stops() {
    let served = Served::start(PROGRAM);
    let mut listener = Listener::to(&served);
    let ended = thread::spawn(move || while listener.line().is_some() {});
    drop(served);
    ended.join().expect("the stream ends");
}

#[test]
fn a_client_that_does_not_read_holds_up_nobody() {
    let served = Served::start(PROGRAM);
    let _deaf = Listener::to(&served);
    let mut client = served.client();
    for id in 0..5_000 {
        assert_eq!(client.post(&format!("/step?id={id}"), "").status, 200);
    }
    let mut listener = Listener::to(&served);
    assert_eq!(client.post("/end", "").status, 204);
    assert_eq!(listener.next_event().0, "over");
}
