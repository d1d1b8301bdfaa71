//! Many clients at once: idle ones, loading ones, and more than there are descriptors for.

use midflight_server::Limits;
use midflight_tests::{Client, Process};

use crate::surroundings::{Bystander, served};

const PROGRAM: &str = env!("CARGO_BIN_EXE_midflight-under-test");

/// More than the server has places for.
const CROWD: usize = 6_000;

/// How many descriptors this process may have, and a server that it starts.
fn descriptors_max() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").expect("this is Linux");
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|numbers| numbers.split_whitespace().next());
    soft.and_then(|number| number.parse().ok()).unwrap_or(1_024)
}

fn is_served(process: &Process) {
    let answer = process.client().get("/hello");
    assert_eq!(answer.status, 200, "somebody new is answered");
}

#[test]
fn thousands_that_say_nothing() {
    let count = CROWD.min(descriptors_max() - 100);
    let process = Process::serve(PROGRAM, &[]);
    let mut crowd = Vec::new();
    for number in 0..count {
        crowd.push(process.client());
        if number % 500 == 0 {
            is_served(&process);
        }
    }
    is_served(&process);
    let shown = process.client().get("/-/metrics");
    assert!(shown.text().contains("midflight_limit_used{name=\"connections_max\"} "));
}

#[test]
fn more_than_there_are_descriptors_for() {
    let process = Process::serve_limited(PROGRAM, 64);
    let crowd: Vec<Client> = (0..500).map(|_| process.client()).collect();
    is_served(&process);
    drop(crowd);
    is_served(&process);
}

#[test]
fn who_says_nothing_gives_way_to_who_comes() {
    let served = served(Limits { connections_max: 4, ..Limits::default() });
    let mut silent: Vec<Client> = (0..3).map(|_| served.client()).collect();
    let mut bystander = Bystander::of(&served);
    bystander.is_served();
    for _ in 0..3 {
        let mut client = served.client();
        assert_eq!(client.get("/one").status, 200);
        silent.push(client);
    }
    assert_eq!(bystander.metric("midflight_connections_given_way_total"), 3.0);
    for client in &mut silent[..3] {
        assert_eq!(client.rest(), "");
    }
    let mut kept = silent.pop().expect("the last of them");
    assert_eq!(kept.get("/one").status, 200, "who came last is still there");
}

#[test]
fn a_thousand_loads_at_once() {
    let served = served(Limits::default());
    let mut bystander = Bystander::of(&served);
    let count = 1_000.min(descriptors_max() / 2 - 100);
    let mut loads: Vec<Client> = (0..count).map(|_| served.client()).collect();
    for (number, load) in loads.iter_mut().enumerate() {
        let source = format!(
            "state {{ n: int, name: str }}\nget one() -> int {{ return 1 }}\n// {number}\n"
        );
        let head = "POST /load HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n";
        load.send(format!("{head}Content-Length: {}\r\n\r\n{source}", source.len()).as_bytes());
        if number % 50 == 0 {
            bystander.is_served();
        }
    }
    let mut loaded = 0;
    for load in &mut loads {
        let answer = load.receive();
        match answer.status {
            200 => loaded += 1,
            429 => assert!(answer.header("retry-after").is_some(), "{}", answer.head),
            _ => panic!("{}: {}", answer.status, answer.text()),
        }
        bystander.is_served();
    }
    assert!(loaded > 0);
    assert_eq!(bystander.metric("midflight_version"), f64::from(loaded + 1));
}

#[test]
fn a_thousand_requests_in_one_breath() {
    let served = served(Limits::default());
    let mut client = served.client();
    client.send(&b"GET /one HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1_000));
    for _ in 0..1_000 {
        assert_eq!(client.receive().text(), "1");
    }
}

#[test]
fn large_answers_have_places() {
    let served = served(Limits { large_answers_max: 2, ..Limits::default() });
    let mut bystander = Bystander::of(&served);
    // More than the system takes before anybody reads.
    let requests = b"GET /large?count=18 HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(8);
    let mut readers: Vec<Client> = (0..2).map(|_| served.client()).collect();
    for reader in &mut readers {
        reader.send(&requests);
    }
    bystander.until("midflight_limit_used{name=\"large_answers_max\"}", 2.0);
    let refused = served.client().get("/large?count=18");
    assert_eq!((refused.status, &refused.json()["kind"]), (503, &"too_many_answers".into()));
    for reader in &mut readers {
        for _ in 0..8 {
            assert_eq!(reader.receive().body.len(), 16 << 18);
        }
    }
    bystander.until("midflight_limit_used{name=\"large_answers_max\"}", 0.0);
    assert_eq!(served.client().get("/large?count=18").status, 200);
}
