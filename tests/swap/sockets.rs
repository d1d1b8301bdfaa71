//! Keep-alive clients against a server that is loaded, rolled back and activated the whole time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use midflight_tests::{Client, Listener, Served};
use serde_json::Value;

use super::version;

const CLIENTS: usize = 8;
const LISTENERS: usize = 4;
const LOADS: u64 = 2_000;

/// The load with number `n` carries the constant `n`: the header's number is the body's. Each version
/// says once that it is there, and every listener hears all of them in order.
#[test]
fn no_request_fails_while_versions_change() {
    let served = Served::start(&version(1));
    let done = AtomicBool::new(false);
    let answered = AtomicU64::new(0);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|key| {
                let (client, done, answered) = (served.client(), &done, &answered);
                scope.spawn(move || call_until(done, answered, client, key))
            })
            .collect();
        for _ in 0..LISTENERS {
            let listener = Listener::to(&served);
            let _ = scope.spawn(|| hear_every_version(listener));
        }
        let mut loader = served.client();
        for number in 2..=LOADS {
            let load = loader.post("/load", version(number));
            assert_eq!(load.status, 200, "{}", load.text());
            assert_eq!(load.version(), number);
            assert_eq!(loader.post("/announce", "").text(), number.to_string());
            // Every load is met by calls: the next one waits for some answers, not for time.
            let seen = answered.load(Ordering::Relaxed);
            while answered.load(Ordering::Relaxed) < seen + CLIENTS as u64 {
                assert!(!clients.iter().any(|client| client.is_finished()), "a client has failed");
                thread::yield_now();
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    let mut client = served.client();
    let answered = answered.into_inner();
    assert_eq!(client.get("/calls").text(), answered.to_string(), "every call counted once");
    let versions = client.get("/-/versions").json();
    let kept = versions["versions"].as_array().map(Vec::len).unwrap_or_default();
    assert_eq!(versions["alive"], kept, "old code is freed: {versions}");
    assert_eq!(kept, served.engine.limits().versions_kept_max);
    assert_eq!(versions["current"], LOADS);
}

/// Hears every version but the first, which was there before.
fn hear_every_version(mut listener: Listener) {
    for number in 2..=LOADS {
        let (name, data) = listener.next_event();
        assert_eq!((name.as_str(), &data["version"]), ("changed", &number.into()));
        assert_eq!(data["fields"], serde_json::json!({"version": number, "again": number}));
    }
}

/// Calls until it is told to stop; gives the numbers it has seen, which only grow.
fn call_until(done: &AtomicBool, answered: &AtomicU64, mut client: Client, key: usize) {
    let mut last = 0;
    while !done.load(Ordering::Relaxed) {
        let number = call(&mut client, key);
        assert!(number >= last, "version {number} after version {last}");
        last = number;
        let _ = answered.fetch_add(1, Ordering::Relaxed);
    }
}

/// One call, checked; gives the version that answered.
fn call(client: &mut Client, key: usize) -> u64 {
    let answer = client.post(&format!("/call?key={key}"), "");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let number = answer.version();
    let sum = key * (0..50).sum::<usize>();
    assert_eq!(answer.text(), format!("{number} {number} {number} {key} 0 {sum}"));
    number
}

/// Refused loads, roll-backs and activations in between change nothing that a caller could see.
#[test]
fn refusals_and_going_back_fail_no_request() {
    let served = Served::start(&version(1));
    let done = AtomicBool::new(false);
    let answered = AtomicU64::new(0);
    let answer_of = |client: &mut Client| client.post("/number", "");
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let (mut client, done, answered) = (served.client(), &done, &answered);
            let _ = scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let answer = answer_of(&mut client);
                    assert_eq!(answer.status, 200, "{}", answer.text());
                    assert_eq!(answer.text(), answer.version().to_string());
                    let _ = answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut changer = served.client();
        for round in 0..50 {
            let number = round + 2;
            assert_eq!(changer.post("/load", version(number)).version(), number);
            assert_eq!(changer.post("/load", "get broken( {").status, 422);
            let layout = version(number).replace("last: int", "last: float");
            assert_eq!(changer.post("/load", layout).status, 422);
            let back = changer.post("/-/rollback", "");
            assert_eq!(back.json()["before"], number, "{}", back.text());
            let again = changer.post(&format!("/-/versions/{number}/activate"), "");
            assert_eq!(again.json()["number"], number, "{}", again.text());
        }
        done.store(true, Ordering::Relaxed);
    });
    let versions: Value = served.client().get("/-/versions").json();
    let calls = versions["versions"].as_array().into_iter().flatten();
    let calls: u64 = calls.filter_map(|version| version["calls"].as_u64()).sum();
    assert!(calls <= answered.into_inner());
    assert_eq!(versions["alive"], served.engine.limits().versions_kept_max);
}
