//! The routes, asked without a socket: what each answers, with which status, header and body.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::http::{Request, Response};
use http_body_util::BodyExt;
use midflight_runtime::{Engine, Limits};
use midflight_server::{Access, App, Events, ServerState, Token, app};
use serde_json::Value;

const V1: &str = "
state { count: int }
get count() -> int { return state.count }
get greet(name: str = \"test\") -> str { return \"hello {name}\" }
post add(n: int) { state.count += n }
post late(n: int) -> int {
    state.count += n
    return 1 / (n - n)
}
get spin() -> int {
    var i = 0
    while i < 1 { i -= 1 }
    return i
}
fn dig(n: int) -> int { return dig(n + 1) + 1 }
get deep() -> int { return dig(0) }
get tea() { fail 418 \"no coffee\" }
";

/// An application with this program loaded, if any, that knows this token, if any.
fn server(program: Option<&str>, token: Option<&str>) -> App {
    let limits = Limits { fuel_max: 100_000, ..Limits::default() };
    let events = Events::default();
    let engine = Engine::builder()
        .limits(limits)
        .observer(events.clone())
        .build()
        .expect("memory needs no store");
    if let Some(program) = program {
        let _ = engine.load(program).expect("the program is right");
    }
    let token = token.map(|token| Token::new(token).expect("it is long enough"));
    let address = "127.0.0.1:12345".parse().expect("an address");
    let access = Access::new(address, Vec::new(), token).expect("it may start");
    app(Arc::new(ServerState::new(engine, access, events)))
}

#[tokio::test]
async fn a_panic_is_answered_and_the_next_call_served() {
    let is_broken = Arc::new(AtomicBool::new(false));
    let clock = is_broken.clone();
    let clock = move || if clock.load(Ordering::Relaxed) { panic!("the clock broke") } else { 7 };
    let engine = Engine::builder().clock(clock).build().expect("memory needs no store");
    let _ = engine.load("get time() -> int { return now() }").expect("the program is right");
    let address = "127.0.0.1:12345".parse().expect("an address");
    let access = Access::new(address, Vec::new(), None).expect("it may start");
    let app = app(Arc::new(ServerState::new(engine, access, Events::default())));
    is_broken.store(true, Ordering::Relaxed);
    assert_eq!(problem(&app, "GET /time", "").await, (500, "internal".to_owned()));
    is_broken.store(false, Ordering::Relaxed);
    assert_eq!(ask(&app, "GET /time", "").await, (200, "7".to_owned()));
}

/// `METHOD path` with a body.
fn request(line: &str, body: impl Into<Body>) -> Request<Body> {
    let (method, path) = line.split_once(' ').expect("method and path");
    let request = Request::builder().method(method).uri(path).header("host", "localhost:12345");
    request.body(body.into()).expect("a request")
}

async fn send(app: &App, request: Request<Body>) -> (u16, String, String) {
    let response: Response<Body> = app.answer(request).await;
    let version = response.headers().get("midflight-version").expect("every answer names it");
    let version = version.to_str().expect("a number").to_owned();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("the body is there").to_bytes();
    (status, version, String::from_utf8(body.to_vec()).expect("text"))
}

/// Status and body.
async fn ask(app: &App, line: &str, body: &str) -> (u16, String) {
    let (status, _, body) = send(app, request(line, body.to_owned())).await;
    (status, body)
}

/// Status and kind of a problem.
async fn problem(app: &App, line: &str, body: &str) -> (u16, String) {
    let (status, document) = ask(app, line, body).await;
    let document: Value = serde_json::from_str(&document).expect("a problem document");
    assert_eq!(document["status"], status, "{document}");
    (status, document["kind"].as_str().expect("it has a kind").to_owned())
}

#[tokio::test]
async fn calls() {
    let app = server(Some(V1), None);
    assert_eq!(ask(&app, "GET /greet?name=a+b", "").await, (200, "hello a b".to_owned()));
    assert_eq!(ask(&app, "GET /@main/greet", "").await, (200, "hello test".to_owned()));
    assert_eq!(ask(&app, "POST /add", r#"{"n": 2}"#).await, (204, String::new()));
    assert_eq!(ask(&app, "POST /add?n=3", " ").await, (204, String::new()));
    assert_eq!(ask(&app, "GET /count", "").await, (200, "5".to_owned()));
    for (line, body, expected) in [
        ("GET /late", "", (405, "method_not_allowed")),
        ("POST /count", "", (405, "method_not_allowed")),
        ("BREW /count", "", (405, "method_not_allowed")),
        ("GET /coun", "", (404, "unknown_handler")),
        ("GET /", "", (404, "not_found")),
        ("GET /a/b", "", (404, "not_found")),
        ("GET /-/", "", (404, "not_found")),
        ("GET /@moon/count", "", (404, "unknown_world")),
        ("POST /add", "", (400, "missing_argument")),
        ("POST /add?n=1", r#"{"n": 1}"#, (400, "duplicate_argument")),
        ("POST /add", r#"{"n": true}"#, (400, "wrong_type")),
        ("POST /add", r#"{"m": 1}"#, (400, "unknown_argument")),
        ("POST /add", "n=1", (400, "unreadable_arguments")),
        ("POST /late?n=7", "", (500, "division_by_zero")),
        ("GET /spin", "", (503, "out_of_fuel")),
        ("GET /deep", "", (503, "out_of_stack")),
        ("GET /tea", "", (418, "fail")),
    ] {
        let found = problem(&app, line, body).await;
        assert_eq!((found.0, found.1.as_str()), expected, "{line} {body}");
    }
    assert_eq!(ask(&app, "GET /count", "").await, (200, "5".to_owned()), "traps leave no trace");
    let bytes = request("POST /add", vec![0xff]);
    assert!(send(&app, bytes).await.2.contains("not_utf8"));
    let large = request("POST /add", vec![b' '; 6 << 20]);
    assert_eq!(send(&app, large).await.0, 413);
}

#[tokio::test]
async fn a_trap_says_where() {
    let app = server(Some(V1), None);
    let (status, version, body) = send(&app, request("POST /late?n=7", "")).await;
    let problem: Value = serde_json::from_str(&body).expect("a problem document");
    assert_eq!((status, version.as_str()), (500, "1"));
    assert_eq!(problem["line"], 8);
    assert_eq!(problem["function"], "late");
    assert_eq!(problem["version"], 1);
}

#[tokio::test]
async fn loads() {
    let app = server(None, None);
    assert_eq!(problem(&app, "GET /count", "").await, (503, "no_version".to_owned()));
    assert_eq!(ask(&app, "GET /-/ready", "").await.0, 503);
    let (status, text) = ask(&app, "POST /load", V1).await;
    assert!(status == 200 && text.starts_with("done: version 1 is live (hash "), "{text}");
    assert_eq!(ask(&app, "GET /-/ready", "").await.0, 200);
    let (_, text) = ask(&app, "POST /load", V1).await;
    assert!(text.starts_with("done: unchanged"), "{text}");

    let next = V1.replace("hello", "good morning");
    let (_, text) = ask(&app, "POST /load?dry_run=true", &next).await;
    assert!(text.contains("nothing was changed"), "{text}");
    let (_, text) = ask(&app, "POST /load?activate=false&expect=1", &next).await;
    assert!(text.starts_with("done: version 2 is staged"), "{text}");
    assert_eq!(ask(&app, "GET /greet", "").await.1, "hello test");
    assert_eq!(ask(&app, "POST /-/versions/2/activate?expect=1", "").await.0, 200);
    assert_eq!(ask(&app, "GET /greet", "").await.1, "good morning test");
    assert_eq!(ask(&app, "POST /load?expect=1", V1).await.0, 409);
    assert_eq!(ask(&app, "POST /-/rollback?expect=1", "").await.0, 409);
    assert_eq!(ask(&app, "POST /-/rollback", "").await.0, 200);
    assert_eq!(send(&app, request("GET /greet", "")).await.1, "1");
    assert_eq!(problem(&app, "DELETE /-/versions/1", "").await.1, "version_is_current");
    assert_eq!(ask(&app, "DELETE /-/versions/2", "").await, (204, String::new()));
    assert_eq!(problem(&app, "POST /-/versions/2/activate", "").await.1, "unknown_version");
    assert_eq!(problem(&app, "GET /-/versions/x", "").await.1, "unknown_version");
    let (_, list) = ask(&app, "GET /-/versions", "").await;
    let list: Value = serde_json::from_str(&list).expect("JSON");
    assert_eq!((&list["current"], &list["alive"]), (&Value::from(1), &Value::from(1)));
}

#[tokio::test]
async fn refused_source_changes_nothing() {
    let app = server(Some(V1), None);
    for (source, expected) in [
        ("get x( -> int", "error[E"),
        ("get x() -> int { return true }", "E0300"),
        ("state { count: str }", "`state.count` is `int` in the live state and `str` here"),
        ("state { count: int }\ntest \"odd\" { assert 1 == 2 }", "the test `odd` failed"),
    ] {
        let (status, text) = ask(&app, "POST /load", source).await;
        assert_eq!(status, 422, "{text}");
        assert!(text.contains(expected), "{source}: {text}");

        let mut json = request("POST /load", source);
        let _ = json.headers_mut().insert("accept", "application/json".parse().expect("a value"));
        let (status, version, document) = send(&app, json).await;
        let document: Value = serde_json::from_str(&document).expect("a problem document");
        assert_eq!((status, version.as_str(), &document["status"]), (422, "1", &422.into()));
    }
    let (status, text) = ask(&app, "POST /load?activat=false", V1).await;
    assert!(status == 400 && text.contains("help: did you mean `activate`?"), "{text}");
    let (status, _, text) = send(&app, request("POST /load", vec![b'a', 0xff])).await;
    assert!(status == 400 && text.contains("from byte 1 on"), "{text}");
    let (_, versions) = ask(&app, "GET /-/versions", "").await;
    assert!(versions.contains(r#""current":1"#) && !versions.contains(r#""number":2"#));
}

#[tokio::test]
async fn strangers_are_refused() {
    let app = server(Some(V1), Some("0123456789abcdef"));
    let mut page = request("GET /count", "");
    let _ = page.headers_mut().insert("origin", "http://evil.example".parse().expect("a value"));
    assert_eq!(send(&app, page).await.0, 403);
    let (status, text) = ask(&app, "POST /load", V1).await;
    assert!(status == 401 && text.starts_with("error: "), "{text}");
    assert_eq!(problem(&app, "POST /-/rollback", "").await, (401, "token_missing".to_owned()));
    assert_eq!(ask(&app, "GET /count", "").await.0, 200);
    let mut load = request("POST /load", V1);
    let token = "Bearer 0123456789abcdef".parse().expect("a value");
    let _ = load.headers_mut().insert("authorization", token);
    assert_eq!(send(&app, load).await.0, 200);
}

#[tokio::test]
async fn methods_of_the_servers_own_paths() {
    let app = server(Some(V1), None);
    for (line, allow) in [
        ("GET /load", "POST"),
        ("POST /-/versions", "GET,HEAD"),
        ("PUT /-/versions/1", "GET,HEAD,DELETE"),
        ("GET /-/rollback", "POST"),
    ] {
        let response = app.answer(request(line, "")).await;
        assert_eq!(response.status(), 405, "{line}");
        assert_eq!(response.headers()["allow"], allow, "{line}");
    }
}

#[tokio::test]
async fn events_are_streamed() {
    const PROGRAM: &str = "
event hit { target: int, name: str }
post hurt(n: int) { emit hit { target: n, name: \"a\\nb\" } }
post miss(n: int) -> int {
    emit hit { target: n, name: \"\" }
    return 1 / (n - n)
}
";
    let app = server(Some(PROGRAM), None);
    assert_eq!(ask(&app, "POST /hurt?n=1", "").await.0, 204, "nobody listens yet");
    let response = app.answer(request("GET /-/events", "")).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.into_body();
    assert_eq!(next(&mut stream).await, ":\n\n");
    assert_eq!(ask(&app, "POST /miss?n=2", "").await.0, 500, "its event is taken back");
    assert_eq!(ask(&app, "POST /hurt?n=3", "").await.0, 204);
    let message = next(&mut stream).await;
    let (head, data) = message.split_once("data: ").expect("it has data");
    assert_eq!(head, "id: 2\nevent: hit\n");
    let data: Value = serde_json::from_str(data.trim_end()).expect("the data is JSON");
    assert_eq!((&data["world"], &data["version"]), (&"main".into(), &1.into()));
    assert_eq!(data["fields"], serde_json::json!({ "target": 3, "name": "a\nb" }));
}

/// The next message of a stream.
async fn next(stream: &mut Body) -> String {
    let frame = stream.frame().await.expect("the stream goes on").expect("it is not broken");
    let data = frame.into_data().expect("it is data");
    String::from_utf8(data.to_vec()).expect("text")
}

#[tokio::test]
async fn results_of_every_type_become_json() {
    const PROGRAM: &str = "
enum Class { mage, healer(power: int) }
table player {
    key id: int
    class: Class
    bag: [str; ..2]
    note: str?
}
post join(id: int) -> player {
    return insert player { id, class: Class.healer(id), note: \"n\" }
}
get all() -> [player] {
    var all: [player] = []
    for p in player { all.push(p) }
    return all
}
get find(id: int) -> player? { return player.get(id) }
get class() -> Class { return Class.mage }
get far() -> float { return 1.0 / 0.0 }
";
    let app = server(Some(PROGRAM), None);
    let row = r#"{"id":3,"class":{"healer":{"power":3}},"bag":[],"note":"n"}"#;
    for (line, expected) in [
        ("GET /all", "[]"),
        ("POST /join?id=3", row),
        ("GET /all", format!("[{row}]").as_str()),
        ("GET /find?id=4", "null"),
        ("GET /find?id=3", row),
        ("GET /class", "\"mage\""),
        ("GET /far", "null"),
    ] {
        assert_eq!(ask(&app, line, "").await, (200, expected.to_owned()), "{line}");
    }
    assert_eq!(problem(&app, "POST /join?id=3", "").await, (409, "duplicate_key".to_owned()));
}
