//! The requests in `cases/`, each on a connection of its own.

use std::fmt::Write;
use std::path::Path;

use midflight_tests::{Answer, Served};

use crate::case::{Case, parse};
use crate::surroundings::{Bystander, served};

/// Sends every request of a file and compares the answers.
fn run(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile/cases").join(file);
    let text = std::fs::read_to_string(&path).expect("the file is there");
    let served = served(midflight_server::Limits::default());
    let mut bystander = Bystander::of(&served);
    let mut faults = String::new();
    let cases = parse(&text);
    assert!(!cases.is_empty(), "{file} has cases");
    for case in &cases {
        let found = send(&served, &mut bystander, case);
        if found != case.expected {
            let Case { name, expected, .. } = case;
            writeln!(faults, "{name}: expected `{expected}`, found `{found}`").expect("a `String`");
        }
    }
    assert!(faults.is_empty(), "{file}:\n{faults}");
}

fn send(served: &Served, bystander: &mut Bystander, case: &Case) -> String {
    let mut client = served.client();
    client.send(&case.request);
    bystander.is_served();
    let answer = client.receive();
    assert_eq!(answer.version(), 1, "{}", case.name);
    assert!(answer.status < 500, "{}: {}", case.name, answer.text());
    if answer.status >= 400 {
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    shown(&answer)
}

/// Status and kind, or status and text.
fn shown(answer: &Answer) -> String {
    let status = answer.status;
    if status < 400 {
        return format!("{status} {}", serde_json::json!(answer.text()));
    }
    format!("{status} {}", answer.json()["kind"].as_str().expect("a problem has a kind"))
}

#[test]
fn json() {
    run("json.case");
}

#[test]
fn queries() {
    run("query.case");
}

#[test]
fn heads() {
    run("head.case");
}

#[test]
fn bodies() {
    run("body.case");
}

#[test]
fn strangers() {
    run("stranger.case");
}
