//! What the server shows of itself: every limit, how much of it is used, and what it has counted.

use midflight_compiler::diag::Code;
use midflight_compiler::trap::TrapKind;
use midflight_limits::{Row, engine, server, source};
use midflight_tests::{Listener, Served};

const PROGRAM: &str = "
state { n: int, text: str }
post add(by: int) -> int {
    state.n += by
    state.text = \"a text of more than a few bytes, so that the world has to keep it\"
    return state.n
}
get fail_always() { fail \"no\" }
";

/// The page as lines.
fn shown(served: &Served) -> Vec<String> {
    let answer = served.client().get("/-/metrics");
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    answer.text().lines().map(str::to_owned).collect()
}

/// Every limit.
fn rows() -> Vec<Row> {
    [source::Limits::rows(), engine::Limits::rows(), server::Limits::rows()].concat()
}

#[test]
fn what_exceeds_a_limit_gets_an_error_that_there_is() {
    let manual = include_str!("../../docs/operating.md");
    for row in rows() {
        let is_trap = |name: &str| TrapKind::ALL.iter().any(|kind| kind.name() == name);
        let is_known = match row.answer.split('`').nth(1) {
            Some(name) => is_trap(name) || manual.contains(&format!("`{name}`")),
            None if row.answer.starts_with('E') => Code::from_name(row.answer).is_some(),
            None => !row.answer.is_empty(),
        };
        assert!(is_known, "{}: {}", row.name, row.answer);
    }
}

#[test]
fn every_limit_is_shown() {
    let served = Served::start(PROGRAM);
    let lines = shown(&served);
    for row in &rows() {
        let line = format!("midflight_limit{{name=\"{}\",unit=", row.name);
        let found = lines.iter().filter(|shown| shown.starts_with(&line)).count();
        assert_eq!(found, 1, "{}", row.name);
    }
    for line in &lines {
        let is_named = line.starts_with("midflight_") || line.starts_with("# ");
        assert!(is_named && !line.contains("NaN"), "{line}");
    }
}

#[test]
fn what_happens_is_counted() {
    let served = Served::start(PROGRAM);
    let mut client = served.client();
    for _ in 0..3 {
        assert_eq!(client.post("/add?by=1", "").status, 200);
    }
    assert_eq!(client.get("/fail_always").status, 400);
    assert_eq!(client.get("/nothing").status, 404);
    assert_eq!(client.post("/load", "get wrong(").status, 422);
    assert_eq!(client.post("/load?dry_run=true", PROGRAM).status, 200);
    assert_eq!(client.post("/load", format!("{PROGRAM}// next\n")).version(), 2);
    assert_eq!(client.post("/add?by=1", "").version(), 2);
    let _listener = Listener::to(&served);
    let lines = shown(&served);
    for expected in [
        "midflight_calls_total 5",
        "midflight_traps_total{kind=\"fail\"} 1",
        "midflight_traps_total{kind=\"overflow\"} 0",
        "midflight_answers_total{status=\"4xx\"} 3",
        "midflight_problems_total{kind=\"fail\"} 1",
        "midflight_problems_total{kind=\"unknown_handler\"} 1",
        "midflight_loads_total{result=\"activated\"} 1",
        "midflight_loads_total{result=\"dry_run\"} 1",
        "midflight_loads_total{result=\"source\"} 1",
        "midflight_version 2",
        "midflight_worlds 1",
        "midflight_limit_used{name=\"versions_kept_max\"} 2",
        "midflight_limit_used{name=\"listeners_max\"} 1",
        "midflight_limit_used{name=\"connections_max\"} 3",
        "midflight_limit_used{name=\"queue_len_max\"} 0",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected}: {}", lines.join("\n"));
    }
    for positive in [
        "midflight_fuel_total ",
        "midflight_compile_seconds_total ",
        "midflight_code_bytes ",
        "midflight_functions_total{machine_code=\"made\"} ",
        "midflight_functions_total{machine_code=\"found\"} ",
        "midflight_limit_used{name=\"code_cache_max\"} ",
        "midflight_limit_used{name=\"memory_max\"} ",
        "midflight_limit_used{name=\"world_memory_max\"} ",
    ] {
        let number = lines.iter().find_map(|line| line.strip_prefix(positive));
        let number = number.and_then(|number| number.parse::<f64>().ok());
        assert!(number.is_some_and(|number| number > 0.0), "{positive}: {number:?}");
    }
}
