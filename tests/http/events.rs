//! Events as server-sent events: what committed calls emit, in order, and nothing of the others.

use std::thread;

use midflight_tests::{Client, Served};
use serde_json::Value;

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

/// A connection that listens, once the server has said so.
fn listen(served: &Served) -> Client {
    let mut client = served.client();
    client.send(b"GET /-/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let answer = client.receive_head();
    assert_eq!(answer.status, 200, "{}", answer.head);
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    while client.line().expect("the stream goes on") != ":" {}
    client
}

/// The next event: its name and its data.
fn next(client: &mut Client) -> (String, Value) {
    let mut name = String::new();
    loop {
        let line = client.line().expect("the stream goes on");
        if let Some(event) = line.strip_prefix("event: ") {
            name = event.to_owned();
        }
        if let Some(data) = line.strip_prefix("data: ") {
            return (name, serde_json::from_str(data).expect("the data is JSON"));
        }
    }
}

#[test]
fn committed_calls_are_heard_in_order_by_everybody() {
    let served = Served::start(PROGRAM);
    let mut listeners = [listen(&served), listen(&served)];
    let mut client = served.client();
    assert_eq!(client.post("/step?id=1", "").text(), "1");
    assert_eq!(client.post("/step?id=-1", "").status, 400);
    assert_eq!(client.post("/load", format!("{PROGRAM}// next\n")).version(), 2);
    assert_eq!(client.post("/step?id=2", "").text(), "2");
    assert_eq!(client.post("/end", "").status, 204);
    for listener in &mut listeners {
        let (name, first) = next(listener);
        assert_eq!((name.as_str(), &first["version"]), ("moved", &1.into()));
        assert_eq!((&first["world"], &first["event"]), (&"main".into(), &"moved".into()));
        let fields = serde_json::json!({"id": 1, "pos": {"x": 10}, "name": "n1"});
        assert_eq!(first["fields"], fields);
        let (_, second) = next(listener);
        assert_eq!((&second["version"], &second["fields"]["id"]), (&2.into(), &2.into()));
        assert_eq!(next(listener).0, "over");
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
    let mut listener = listen(&served);
    let first = next(&mut listener).1;
    assert_eq!(first["fields"]["step"], 1);
    assert_eq!(served.client().post("/load", ticking(2)).version(), 2);
    let mut last = first["fields"]["n"].as_i64().expect("a number");
    loop {
        let fields = next(&mut listener).1["fields"].clone();
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
    let mut listener = listen(&served);
    let ended = thread::spawn(move || while listener.line().is_some() {});
    drop(served);
    ended.join().expect("the stream ends");
}

#[test]
fn a_client_that_does_not_read_holds_up_nobody() {
    let served = Served::start(PROGRAM);
    let _deaf = listen(&served);
    let mut client = served.client();
    for id in 0..5_000 {
        assert_eq!(client.post(&format!("/step?id={id}"), "").status, 200);
    }
    let mut listener = listen(&served);
    assert_eq!(client.post("/end", "").status, 204);
    assert_eq!(next(&mut listener).0, "over");
}
