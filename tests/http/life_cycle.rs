//! Versions over their life, and what the server tells about itself.

use midflight_tests::Served;
use midflight_tests::served::Setup;

fn numbered(number: u64) -> String {
    format!("state {{ n: int }}\nget number() -> int {{ return {number} }}\n")
}

#[test]
fn versions_are_listed_and_shown() {
    let served = Served::start(&numbered(1));
    let mut client = served.client();
    assert_eq!(client.post("/load", numbered(2)).status, 200);
    let _ = client.get("/number");
    let list = client.get("/-/versions").json();
    assert_eq!((&list["current"], &list["alive"]), (&2.into(), &2.into()));
    let versions = list["versions"].as_array().expect("a list of versions");
    assert_eq!(versions.len(), 2);
    assert_eq!((&versions[0]["number"], &versions[0]["is_current"]), (&1.into(), &false.into()));
    assert_eq!((&versions[1]["calls"], &versions[1]["traps"]), (&1.into(), &0.into()));
    assert!(versions[1]["code_size"].as_u64().is_some_and(|size| size > 0));
    let whole = client.get("/-/versions/1").json();
    assert_eq!(whole["source"], numbered(1));
    assert!(whole["plan"].is_object() && whole["hash"].is_string());
    for target in ["/-/versions/3", "/-/versions/0", "/-/versions/x", "/-/versions/-1"] {
        let answer = client.get(target);
        assert_eq!((answer.status, &answer.json()["kind"]), (404, &"unknown_version".into()));
    }
}

#[test]
fn back_and_forth() {
    let served = Served::start(&numbered(1));
    let mut client = served.client();
    for number in 2..=3 {
        assert_eq!(client.post("/load", numbered(number)).status, 200);
    }
    let back = client.post("/-/rollback", "");
    assert_eq!((back.status, back.version()), (200, 2));
    assert_eq!((&back.json()["number"], &back.json()["before"]), (&2.into(), &3.into()));
    assert_eq!(client.get("/number").text(), "2");
    assert_eq!(client.post("/-/rollback", "").version(), 1);
    let nothing = client.post("/-/rollback", "");
    assert_eq!((nothing.status, &nothing.json()["kind"]), (409, &"nothing_before".into()));
    let wrong = client.post("/-/versions/3/activate?expect=2", "");
    assert_eq!((wrong.status, &wrong.json()["kind"]), (409, &"unexpected_version".into()));
    assert_eq!(client.post("/-/versions/3/activate?expect=1", "").version(), 3);
    assert_eq!(client.get("/number").text(), "3");
    let same = client.post("/-/versions/3/activate", "");
    assert_eq!((same.status, &same.json()["status"]), (200, &"unchanged".into()));
    let unknown = client.post("/-/versions/9/activate", "");
    assert_eq!((unknown.status, &unknown.json()["kind"]), (404, &"unknown_version".into()));
}

#[test]
fn versions_are_deleted() {
    let served = Served::start(&numbered(1));
    let mut client = served.client();
    assert_eq!(client.post("/load", numbered(2)).status, 200);
    let mut delete = |target| {
        let answer = client.request("DELETE", target, &[], b"");
        (answer.status, answer.version())
    };
    assert_eq!(delete("/-/versions/2"), (409, 2), "it is current");
    assert_eq!(delete("/-/versions/1"), (204, 2));
    assert_eq!(delete("/-/versions/1"), (404, 2));
    assert_eq!(client.get("/-/versions").json()["alive"], 1);
}

#[test]
fn without_a_version_nothing_is_ready() {
    let served = Served::set_up(Setup::default());
    let mut client = served.client();
    let healthy = client.get("/-/healthy");
    assert_eq!((healthy.status, healthy.version()), (200, 0));
    let ready = client.get("/-/ready");
    assert_eq!((ready.status, ready.version()), (503, 0));
    let call = client.get("/number");
    assert_eq!((call.status, &call.json()["kind"]), (503, &"no_version".into()));
    let schema = client.get("/-/schema");
    assert_eq!(schema.status, 503, "{}", schema.text());
    assert_eq!(client.post("/load", numbered(1)).version(), 1);
    assert_eq!(client.get("/-/ready").status, 200);
}

#[test]
fn the_schema_tells_tables_events_and_timers() {
    let served = Served::start(
        "/// The players.\ntable player { key id: int, gold: int = 5, index gold }\n\
         event hit { target: int }\nevery 2s step(p: player) { p.gold += 1 }\n\
         every 50ms tick() { emit hit { target: 1 } }\n",
    );
    let schema = served.client().get("/-/schema").json();
    let table = &schema["tables"][0];
    assert_eq!((&table["name"], &table["doc"]), (&"player".into(), &"The players.".into()));
    assert_eq!((&table["key"], &table["indexes"][0]), (&"id".into(), &"gold".into()));
    // Behind the row's header of 16 bytes.
    assert_eq!((&table["fields"][0]["offset"], &table["size"]), (&16.into(), &32.into()));
    assert_eq!(table["fields"][1]["default"], 5);
    assert_eq!(schema["events"][0]["fields"][0]["name"], "target");
    assert_eq!(schema["structs"], serde_json::json!([]), "an event is no struct");
    assert_eq!(schema["timers"][0]["table"], "player");
    assert_eq!(schema["timers"][1]["period_ms"], 50);
}

#[test]
fn the_schema_tells_state_and_handlers() {
    let source = "struct Vec2 { x: float, y: float }\n\
                  /// What is kept.\nstate { n: int = 3, pos: Vec2 }\n\
                  /// Moves.\npost move(by: float, name: str = \"ann\") -> Vec2 { return state.pos }\n";
    let served = Served::start(source);
    let schema = served.client().get("/-/schema").json();
    assert_eq!(schema["state"]["fields"][0]["name"], "n");
    assert_eq!(schema["state"]["fields"][0]["default"], 3);
    assert_eq!(schema["state"]["fields"][1]["type"], "Vec2");
    let handler = &schema["handlers"][0];
    assert_eq!((&handler["name"], &handler["method"]), (&"move".into(), &"post".into()));
    assert_eq!((&handler["result"], &handler["doc"]), (&"Vec2".into(), &"Moves.".into()));
    assert_eq!(handler["params"][1]["default"], "ann");
    assert_eq!(handler["params"][0].get("default"), None);
}
