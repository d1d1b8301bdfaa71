//! Clients that are slow or silent: each is given its time, and no more. The times are short here;
//! what is awaited is always what the server does, never the clock.

use std::time::Duration;

use midflight_server::Limits;
use midflight_tests::{Client, Listener};

use crate::surroundings::{Bystander, served};

/// A time that is soon over.
const SOON: Duration = Duration::from_millis(50);

/// A time that is not over before a test is.
const NEVER: Duration = Duration::from_secs(3_600);

/// Status and kind of what a client is told at last.
fn told(client: &mut Client) -> (u16, String) {
    let answer = client.receive();
    assert_eq!(answer.version(), 1, "{}", answer.head);
    (answer.status, answer.json()["kind"].as_str().expect("it has a kind").to_owned())
}

#[test]
fn a_head_that_does_not_go_on() {
    let served = served(Limits { header_timeout: SOON, idle_timeout: NEVER, ..Limits::default() });
    let mut bystander = Bystander::of(&served);
    for begun in ["G", "GET /one HTTP/1.1\r\n", "GET /one HTTP/1.1\r\nHost: localhost\r\nX: y"] {
        let mut client = served.client();
        client.send(begun.as_bytes());
        bystander.is_served();
        assert_eq!(told(&mut client), (408, "header_timeout".to_owned()), "{begun}");
        assert!(client.is_closed());
    }
}

#[test]
fn a_head_byte_by_byte() {
    let served = served(Limits { header_timeout: SOON, idle_timeout: NEVER, ..Limits::default() });
    let mut bystander = Bystander::of(&served);
    let mut client = served.client();
    client.send(b"GET /one HTTP/1.1\r\nHost: localhost\r\nX: ");
    // Each byte comes while the server waits; that does not make the time longer.
    let refused = "midflight_answers_total{status=\"4xx\"}";
    bystander.until_then(refused, 1.0, || client.send(b"y"));
    assert_eq!(told(&mut client), (408, "header_timeout".to_owned()));
}

#[test]
fn a_second_head_that_does_not_go_on() {
    let served = served(Limits { header_timeout: SOON, idle_timeout: SOON, ..Limits::default() });
    let mut client = served.client();
    client.send(b"GET /one HTTP/1.1\r\nHost: localhost\r\n\r\nGET /one");
    assert_eq!(client.receive().text(), "1");
    assert_eq!(told(&mut client), (408, "header_timeout".to_owned()));
}

#[test]
fn a_connection_that_idles_is_closed_without_a_word() {
    let served = served(Limits { idle_timeout: SOON, ..Limits::default() });
    let mut silent = served.client();
    let mut once = served.client();
    assert_eq!(once.get("/one").status, 200);
    assert_eq!(silent.rest(), "");
    assert_eq!(once.rest(), "");
}

#[test]
fn a_connection_that_idles_within_its_time_is_kept() {
    let served = served(Limits { header_timeout: SOON, idle_timeout: NEVER, ..Limits::default() });
    let mut idle = served.client();
    assert_eq!(idle.get("/one").status, 200);
    // By when this one is told, the first has idled for longer than a head may take.
    let mut slow = served.client();
    slow.send(b"G");
    assert_eq!(told(&mut slow).0, 408);
    assert_eq!(idle.get("/one").status, 200);
}

#[test]
fn a_body_that_does_not_go_on() {
    let served = served(Limits { body_timeout: SOON, ..Limits::default() });
    let mut bystander = Bystander::of(&served);
    for begun in ["Content-Length: 9\r\n\r\n{\"by\"", "Transfer-Encoding: chunked\r\n\r\n5\r\n{"] {
        for target in ["/add", "/load"] {
            let mut client = served.client();
            client.send(format!("POST {target} HTTP/1.1\r\nHost: localhost\r\n").as_bytes());
            client.send(b"Accept: application/json\r\n");
            client.send(begun.as_bytes());
            bystander.is_served();
            assert_eq!(told(&mut client), (408, "body_timeout".to_owned()), "{target} {begun}");
        }
    }
    assert_eq!(bystander.metric("midflight_limit_used{name=\"loads_max\"}"), 0.0);
}

#[test]
fn chunks_without_end() {
    let served = served(Limits { body_timeout: SOON, ..Limits::default() });
    let mut bystander = Bystander::of(&served);
    let mut client = served.client();
    client.send(b"POST /add HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    let refused = "midflight_problems_total{kind=\"body_timeout\"}";
    bystander.until_then(refused, 1.0, || client.send(b"1\r\n \r\n"));
    assert_eq!(told(&mut client), (408, "body_timeout".to_owned()));
}

#[test]
fn answers_that_are_never_read() {
    let served = served(Limits { write_timeout: SOON, ..Limits::default() });
    let mut bystander = Bystander::of(&served);
    let mut client = served.client();
    client.send(&b"GET /large?count=18 HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(8));
    bystander.until("midflight_connections_total", 2.0);
    bystander.until("midflight_limit_used{name=\"connections_max\"}", 1.0);
    bystander.until("midflight_limit_used{name=\"large_answers_max\"}", 0.0);
    drop(client);
}

#[test]
fn events_that_are_never_read() {
    let served = served(Limits { write_timeout: SOON, idle_timeout: NEVER, ..Limits::default() });
    let mut bystander = Bystander::of(&served);
    let _deaf = Listener::to(&served);
    let listeners = "midflight_limit_used{name=\"listeners_max\"}";
    assert_eq!(bystander.metric(listeners), 1.0);
    let mut client = served.client();
    let text = "x".repeat(60_000);
    bystander.until_then(listeners, 0.0, || {
        let body = format!("{{\"count\": 20, \"text\": \"{text}\"}}");
        assert_eq!(client.post("/emit_many", body).status, 204);
    });
    bystander.until("midflight_limit_used{name=\"connections_max\"}", 2.0);
}

#[test]
fn a_listener_that_goes_frees_its_place_at_once() {
    let served = served(Limits { listeners_max: 1, ..Limits::default() });
    let mut bystander = Bystander::of(&served);
    for _ in 0..20 {
        let listener = Listener::to(&served);
        let refused = served.client().get("/-/events");
        assert_eq!(refused.json()["kind"], "too_many_listeners");
        drop(listener);
        bystander.until("midflight_limit_used{name=\"listeners_max\"}", 0.0);
    }
}

#[test]
fn large_bodies_beyond_the_places() {
    let served = served(Limits { large_bodies_max: 1, ..Limits::default() });
    let mut bystander = Bystander::of(&served);
    let begin = |client: &mut Client| {
        client.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n");
        client.send(&[b' '; 100_000]);
    };
    let mut first = served.client();
    begin(&mut first);
    let places = "midflight_limit_used{name=\"large_bodies_max\"}";
    bystander.until(places, 1.0);
    let mut second = served.client();
    begin(&mut second);
    assert_eq!(told(&mut second), (503, "too_many_bodies".to_owned()));
    drop(first);
    bystander.until(places, 0.0);
}

#[test]
fn a_listener_that_is_too_far_behind_is_dropped() {
    let limits = Limits { events_kept_max: 16, write_timeout: NEVER, ..Limits::default() };
    let served = served(limits);
    let mut bystander = Bystander::of(&served);
    let mut deaf = Listener::to(&served);
    let mut client = served.client();
    let text = "x".repeat(60_000);
    let mut count = 0;
    bystander.until_then("midflight_limit_used{name=\"listeners_max\"}", 0.0, || {
        let body = format!("{{\"count\": 20, \"text\": \"{text}\"}}");
        assert_eq!(client.post("/emit_many", body).status, 204);
        count += 20;
    });
    let mut heard = 0;
    // The chunk of length 0 ends the answer; the connection stays.
    while let Some(line) = deaf.line().filter(|line| line != "0") {
        heard += usize::from(line.starts_with("data: "));
    }
    assert!(heard < count, "the stream ends where something was lost: {heard} of {count}");
}

#[test]
fn an_event_that_is_too_large_comes_without_its_fields() {
    let served = served(Limits { event_len_max: 256, ..Limits::default() });
    let mut listener = Listener::to(&served);
    let mut client = served.client();
    for text in ["short", &"long".repeat(100), "short"] {
        let body = format!("{{\"count\": 1, \"text\": \"{text}\"}}");
        assert_eq!(client.post("/emit_many", body).status, 204);
        let (name, event) = listener.next_event();
        assert_eq!(name, "happened");
        match text {
            "short" => assert_eq!(event["fields"]["text"], "short"),
            _ => assert_eq!((&event["fields"], &event["too_large"]), (&().into(), &true.into())),
        }
    }
}
