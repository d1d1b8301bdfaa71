//! `/load`: what a good source is answered with, and each way in which a bad one is refused. What
//! is refused changes nothing.

use midflight_tests::{Answer, Client, Served};
use serde_json::json;

const FIRST: &str = "state { n: int }\nget n() -> int { return state.n }\n";
const JSON: (&str, &str) = ("Accept", "application/json");

fn load_json(client: &mut Client, target: &str, source: &str) -> Answer {
    client.request("POST", target, &[JSON], source.as_bytes())
}

#[test]
fn text_and_json_say_what_has_happened() {
    let served = Served::start(FIRST);
    let mut client = served.client();
    let source = format!("{FIRST}test \"zero\" {{ assert n() == 0 }}\n");
    let text = client.post("/load", &source);
    assert_eq!(text.header("content-type"), Some("text/plain; charset=utf-8"));
    let line = text.text();
    assert!(line.starts_with("done: version 2 is live (hash "), "{line}");
    assert!(line.contains("1 test passed") && line.lines().count() == 1, "{line}");
    let json = load_json(&mut client, "/load", &format!("{source}// again\n"));
    assert_eq!((json.status, json.version()), (200, 3));
    let json = json.json();
    assert_eq!((&json["status"], &json["number"]), (&"activated".into(), &3.into()));
    assert_eq!((&json["before"], &json["tests_passed"]), (&2.into(), &1.into()));
    assert_eq!(json["hash"].as_str().map(str::len), Some(64));
}

#[test]
fn warnings_are_shown_and_do_not_refuse() {
    let served = Served::start(FIRST);
    let source = format!("{FIRST}fn f() {{ let unused = 1 }}\n");
    let answer = served.client().post("/load", source);
    assert_eq!((answer.status, answer.version()), (200, 2));
    assert!(answer.text().starts_with("done: ") && answer.text().contains("E0701"));
}

#[test]
fn mistakes_are_rendered() {
    let served = Served::start(FIRST);
    let mut client = served.client();
    let source = "get n() -> int {\n    return missing + 1\n}\nget m() -> int { return \"x\" }\n";
    let text = client.post("/load", source);
    assert_eq!((text.status, text.version()), (422, 1));
    assert_eq!(text.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(text.text().contains("return missing + 1"), "{}", text.text());
    assert!(text.text().contains("error[E0201]") && text.text().contains("E0300"));
    let json = load_json(&mut client, "/load", source);
    assert_eq!(json.header("content-type"), Some("application/problem+json"));
    let problem = json.json();
    assert_eq!((json.status, &problem["kind"]), (422, &"source".into()));
    assert_eq!(problem["diagnostics"].as_array().map(Vec::len), Some(2));
    assert_eq!(problem["diagnostics"][0]["code"], "E0201");
    assert_eq!(client.get("/n").text(), "0");
    assert_eq!(served.engine.versions().len(), 1);
}

#[test]
fn what_would_be_lost_is_refused_by_its_field() {
    let served = Served::start(FIRST);
    let mut client = served.client();
    for (state, field) in [
        ("state { n: str }", "migrate state(old) { n = … }"),
        ("state { m: int }", "drop state.n"),
        ("", "drop state.n"),
    ] {
        let text = client.post("/load", format!("{state}\nget f() -> int {{ return 1 }}"));
        assert_eq!((text.status, text.version()), (422, 1), "{state}");
        assert!(text.text().contains(field), "{}", text.text());
        let source = format!("{state}\nget f() -> int {{ return 2 }}");
        let problem = load_json(&mut client, "/load", &source).json();
        assert_eq!(problem["kind"], "layout", "{problem}");
        assert!(problem["plan"]["changes"][0]["field"].is_string(), "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(field)));
    }
    assert_eq!(client.get("/n").text(), "0");
}

#[test]
fn a_layout_changes_and_goes_back() {
    let served = Served::start(
        "table t { key id: int, n: int }\npost put(id: int, n: int) { insert t { id, n } }\n",
    );
    let mut client = served.client();
    for (id, n) in [(1, 10), (2, 20)] {
        assert_eq!(client.post(&format!("/put?id={id}&n={n}"), "").status, 204);
    }
    let next = "table t { key id: int, n: int, more: int = 3 }
        migrate t(old) { n = if old.n > 10 { fail \"too much\" } else { old.n } }
        get sum(id: int) -> int { return t[id].n + t[id].more }";
    let refused = load_json(&mut client, "/load?dry_run=true", next).json();
    assert_eq!((&refused["kind"], &refused["failure_count"]), (&json!("migration"), &json!(1)));
    assert_eq!(refused["failures"][0]["key"], "2", "{refused}");
    let refused = load_json(&mut client, "/load", next);
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json()["failures"][0]["world"], "main");
    let next = next.replace("fail \"too much\"", "-old.n");
    let dry = load_json(&mut client, "/load?dry_run=true", &next).json();
    assert_eq!((&dry["status"], &dry["trial"]["rows"]), (&json!("dry_run"), &json!(2)), "{dry}");
    let loaded = client.post("/load", &next);
    let loaded = loaded.text();
    assert!(loaded.contains("the layout changes, 1 field kept, 2 rows moved in"), "{loaded}");
    assert!(loaded.contains("\n  `t.more: int` is added\n"), "{loaded}");
    assert_eq!(client.get("/sum?id=2").text(), "-17");
    let refused = client.post("/-/rollback", "");
    assert_eq!((refused.status, refused.json()["kind"].clone()), (422, json!("layout")));
    let back = client.post("/-/rollback?allow_loss=true", "").json();
    assert_eq!((&back["number"], &back["pause"]["rows"]), (&json!(1), &json!(2)), "{back}");
}

#[test]
fn a_failing_test_refuses() {
    let served = Served::start(FIRST);
    let mut client = served.client();
    let source = format!("{FIRST}test \"wrong\" {{\n    assert n() == 1\n}}\n");
    let text = client.post("/load", &source);
    assert_eq!((text.status, text.version()), (422, 1));
    assert!(text.text().contains("`wrong`") && text.text().contains("assert n() == 1"));
    let problem = load_json(&mut client, "/load", &source).json();
    assert_eq!(
        (&problem["kind"], &problem["tests"][0]["test"]),
        (&"tests".into(), &"wrong".into())
    );
}

#[test]
fn bodies_that_are_no_source() {
    let served = Served::start(FIRST);
    let mut client = served.client();
    let broken = client.request("POST", "/load", &[JSON], b"get f() {}\n\xff\xfe");
    assert_eq!((broken.status, &broken.json()["kind"]), (400, &"not_utf8".into()));
    let long = format!("// {}\n", "x".repeat(4 << 20));
    let long = load_json(&mut client, "/load", &long);
    assert_eq!((long.status, &long.json()["kind"]), (422, &"source".into()), "a limit of source");
    let deep = load_json(
        &mut client,
        "/load",
        &format!("get f() -> int {{ return {}", "(".repeat(100_000)),
    );
    assert_eq!(deep.status, 422);
    let gzip =
        client.request("POST", "/load", &[("Content-Encoding", "gzip")], b"\x1f\x8b\x08\x00");
    assert!((400..500).contains(&gzip.status), "{}", gzip.text());
    for content_type in ["application/x-www-form-urlencoded", "text/plain", "nonsense"] {
        let source = format!("{FIRST}// {content_type}\n");
        let headers = [("Content-Type", content_type)];
        assert_eq!(client.request("POST", "/load", &headers, source.as_bytes()).status, 200);
    }
}

#[test]
fn an_empty_source_is_a_program() {
    let served = Served::start("");
    let answer = served.client().get("/anything");
    assert_eq!((answer.status, &answer.json()["kind"]), (404, &"unknown_handler".into()));
}

#[test]
fn staged_dry_and_expected() {
    let served = Served::start(FIRST);
    let mut client = served.client();
    let next = format!("{FIRST}// next\n");
    let dry = load_json(&mut client, "/load?dry_run=true", &next).json();
    assert_eq!((&dry["status"], &dry["number"]), (&"dry_run".into(), &serde_json::Value::Null));
    let staged = load_json(&mut client, "/load?activate=false", &next);
    assert_eq!((staged.version(), &staged.json()["status"]), (1, &"staged".into()));
    assert_eq!(client.get("/n").version(), 1);
    assert_eq!(client.post("/-/versions/2/activate", "").version(), 2);
    assert_eq!(client.get("/n").version(), 2);
    let late = load_json(&mut client, "/load?expect=1", &format!("{FIRST}// late\n"));
    assert_eq!((late.status, &late.json()["kind"]), (409, &"unexpected_version".into()));
    assert_eq!(late.json()["current"], 2);
    let text = client.post("/load?expect=2", format!("{FIRST}// in time\n"));
    assert_eq!((text.status, text.version()), (200, 3));
    for query in ["expect=two", "expect=-1", "activate=maybe", "unknown=1", "dry_run=1&dry_run=0"] {
        let answer = load_json(&mut client, &format!("/load?{query}"), &next);
        assert_eq!(
            (answer.status, &answer.json()["kind"]),
            (400, &"invalid_query".into()),
            "{query}"
        );
    }
}
