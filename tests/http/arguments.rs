//! Calls with the arguments that clients send, good and bad: each mistake has its status and kind,
//! names the argument, and the handler does not run.

use midflight_tests::{Answer, Served};

const PROGRAM: &str = r#"
struct Vec2 { x: float, y: float = 2.5 }
state { calls: int }
get add(a: int, b: int = 10) -> int { return a + b }
get half(x: float) -> float { return x / 2.0 }
get not(on: bool) -> bool { return !on }
get greet(name: str = "you") -> str { return "hello {name}" }
get flip(at: Vec2) -> Vec2 { return Vec2 { x: at.y, y: at.x } }
post count(by: int) -> int {
    state.calls += by
    return state.calls
}
post touch() { state.calls += 1 }
get divide(a: int, b: int) -> int {
    return a / b
}
post spin() {
    while true { state.calls += 1 }
}
fn down(n: int) -> int { return down(n + 1) + 1 }
get deep() -> int { return down(0) }
get refuse(n: int) -> int {
    if n == 1 { fail "plain" }
    fail 418 "a teapot"
}
get ratio() -> float { return 0.0 / 0.0 }
"#;

/// What a request must be answered with: status, and the whole body or the problem's kind.
fn expect(answer: &Answer, status: u16, expected: &str) {
    assert_eq!(answer.status, status, "{}{}", answer.head, answer.text());
    assert_eq!(answer.version(), 1);
    match answer.header("content-type") {
        Some("application/problem+json") => {
            let problem = answer.json();
            assert_eq!(problem["kind"], expected, "{problem}");
            assert_eq!(problem["status"], status, "{problem}");
            assert!(!problem["title"].as_str().unwrap_or_default().is_empty(), "{problem}");
            assert!(!problem["detail"].as_str().unwrap_or_default().is_empty(), "{problem}");
        }
        _ => assert_eq!(answer.text(), expected),
    }
}

#[test]
fn arguments_in_the_query() {
    let served = Served::start(PROGRAM);
    let mut client = served.client();
    for (target, status, expected) in [
        ("/add?a=1&b=2", 200, "3"),
        ("/add?b=2&a=-1", 200, "1"),
        ("/add?a=1", 200, "11"),
        ("/@main/add?a=1", 200, "11"),
        ("/half?x=3", 200, "1.5"),
        ("/half?x=1e3", 200, "500.0"),
        ("/not?on=true", 200, "false"),
        ("/greet", 200, "hello you"),
        ("/greet?name=", 200, "hello "),
        ("/greet?name=J%C3%BCrgen+%26%20co", 200, "hello Jürgen & co"),
        ("/flip?at=%7B%22x%22%3A1.5%7D", 200, r#"{"x":2.5,"y":1.5}"#),
        ("/add", 400, "missing_argument"),
        ("/add?b=1", 400, "missing_argument"),
        ("/add?a=1&c=2", 400, "unknown_argument"),
        ("/add?a=1&a=2", 400, "duplicate_argument"),
        ("/add?a=one", 400, "wrong_type"),
        ("/add?a=1.5", 400, "wrong_type"),
        ("/add?a=", 400, "wrong_type"),
        ("/add?a=9223372036854775808", 400, "wrong_type"),
        ("/add?a=-9223372036854775808&b=0", 200, "-9223372036854775808"),
        ("/not?on=1", 400, "wrong_type"),
        ("/half?x=NaN", 400, "wrong_type"),
        ("/half?x=1e400", 400, "wrong_type"),
        ("/greet?name=%", 400, "unreadable_arguments"),
        ("/greet?name=%FF", 400, "unreadable_arguments"),
        ("/flip?at=%7B%22x%22", 400, "unreadable_arguments"),
        ("/nothing", 404, "unknown_handler"),
        ("/@nowhere/add?a=1", 404, "unknown_world"),
        ("/a/b/c", 404, "not_found"),
        ("/", 404, "not_found"),
    ] {
        let answer = client.get(target);
        println!("{target}");
        expect(&answer, status, expected);
    }
}

#[test]
fn arguments_in_the_body() {
    let served = Served::start(PROGRAM);
    let mut client = served.client();
    for (target, body, status, expected) in [
        ("/count", r#"{"by": 2}"#, 200, "2"),
        ("/count?by=3", "", 200, "5"),
        ("/count?by=1", "{}", 200, "6"),
        ("/touch", "", 204, ""),
        ("/touch", " \n", 204, ""),
        ("/count", "", 400, "missing_argument"),
        ("/count", r#"{"by": "2"}"#, 400, "wrong_type"),
        ("/count", r#"{"by": 2.5}"#, 400, "wrong_type"),
        ("/count", r#"{"by": null}"#, 400, "wrong_type"),
        ("/count", r#"{"by": [2]}"#, 400, "wrong_type"),
        ("/count", r#"{"by": 9223372036854775808}"#, 400, "wrong_type"),
        ("/count", r#"{"by": 1e400}"#, 400, "wrong_type"),
        ("/count", r#"{"by": 1, "by": 2}"#, 400, "duplicate_argument"),
        ("/count?by=1", r#"{"by": 2}"#, 400, "duplicate_argument"),
        ("/count", r#"{"by": 1, "to": 2}"#, 400, "unknown_argument"),
        ("/touch", r#"{"by": 1}"#, 400, "unknown_argument"),
        ("/count", r#"{"by": 1"#, 400, "unreadable_arguments"),
        ("/count", r#"{"by": 1} x"#, 400, "unreadable_arguments"),
        ("/count", "by=1", 400, "unreadable_arguments"),
        ("/count", "[1]", 400, "unreadable_arguments"),
        ("/count", r#"{"by": 1}"#, 200, "9"),
    ] {
        let answer = client.post(target, body);
        println!("{target} {body}");
        expect(&answer, status, expected);
    }
    let not_utf8 = client.post("/count", b"{\"by\": \"\xff\"}");
    expect(&not_utf8, 400, "not_utf8");
    let deep = client.post("/count", format!("{{\"by\": {}", "[".repeat(100_000)));
    assert_eq!(deep.status, 400);
    assert_eq!(client.post("/count", r#"{"by": 0}"#).text(), "9", "no mistake has run the handler");
}

#[test]
fn mistakes_name_the_argument() {
    let served = Served::start(PROGRAM);
    let mut client = served.client();
    let unknown = client.get("/greet?nmae=ann").json();
    assert_eq!(unknown["argument"], "nmae");
    assert_eq!(unknown["known"][0], "name");
    assert!(unknown["help"].as_str().is_some_and(|help| help.contains("`name`")), "{unknown}");
    let missing = client.get("/add").json();
    assert_eq!(missing["argument"], "a");
    let wrong = client.get("/add?a=one").json();
    let detail = wrong["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("`a`") && detail.contains("`int`") && detail.contains("`one`"));
    let near = client.get("/gret").json();
    assert!(near["help"].as_str().is_some_and(|help| help.contains("`greet`")), "{near}");
    let inner = client.get("/flip?at=%7B%22x%22%3Atrue%7D").json();
    assert!(inner["detail"].as_str().is_some_and(|detail| detail.contains("at.x")), "{inner}");
}

#[test]
fn methods_are_those_of_the_handler() {
    let served = Served::start(PROGRAM);
    let mut client = served.client();
    for (method, target, allow) in [
        ("GET", "/touch", "POST"),
        ("DELETE", "/touch", "POST"),
        ("POST", "/greet", "GET, HEAD"),
        ("PUT", "/greet", "GET, HEAD"),
        ("GET", "/load", "POST"),
        ("POST", "/-/versions", "GET,HEAD"),
        ("GET", "/-/rollback", "POST"),
    ] {
        let answer = client.request(method, target, &[("Accept", "application/json")], b"");
        expect(&answer, 405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {target}");
    }
    let head = client.request("HEAD", "/greet", &[], b"");
    assert_eq!((head.status, head.header("content-length")), (200, Some("9")));
    assert_eq!(client.get("/greet").text(), "hello you");
}

#[test]
fn traps_are_problems_with_their_place() {
    let served = Served::start(PROGRAM);
    let mut client = served.client();
    let divided = client.get("/divide?a=1&b=0");
    expect(&divided, 500, "division_by_zero");
    let problem = divided.json();
    assert_eq!((&problem["line"], &problem["column"]), (&15.into(), &12.into()));
    assert_eq!((&problem["function"], &problem["version"]), (&"divide".into(), &1.into()));
    assert_eq!(problem["type"], "/problems/division_by_zero");
    expect(&client.get("/refuse?n=1"), 400, "fail");
    let teapot = client.get("/refuse?n=2");
    expect(&teapot, 418, "fail");
    assert_eq!(teapot.json()["detail"], "a teapot");
    expect(&client.get("/ratio"), 200, "null");
}

#[test]
fn endless_calls_end_and_leave_no_trace() {
    let served = Served::start(PROGRAM);
    let mut client = served.client();
    expect(&client.post("/spin", ""), 503, "out_of_fuel");
    expect(&client.get("/deep"), 503, "out_of_stack");
    expect(&client.post("/count", r#"{"by": 1}"#), 200, "1");
}
