//! Worlds over HTTP: made, listed, called, listened to, deleted.

use std::sync::mpsc;
use std::thread;

use midflight_runtime::Limits;
use midflight_tests::served::Setup;
use midflight_tests::{Answer, Client, Listener, Served};

const PROGRAM: &str = r#"
state { count: int }
table player { key id: int }
event counted { count: int }
post count(by: int = 1) -> int {
    if by < 1 { fail "the step is at least 1" }
    insert player { id: state.count }
    state.count += by
    emit counted { count: state.count }
    return state.count
}
"#;

fn put(client: &mut Client, name: &str) -> Answer {
    client.request("PUT", &format!("/-/worlds/{name}"), &[], b"")
}

fn delete(client: &mut Client, name: &str) -> Answer {
    client.request("DELETE", &format!("/-/worlds/{name}"), &[], b"")
}

/// Status and kind of a refusal.
fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["kind"].as_str().expect("a problem has a kind").to_owned())
}

fn is_unknown(answer: &Answer) -> bool {
    refusal(answer) == (404, "unknown_world".to_owned())
}

#[test]
fn a_world_is_created_once_called_and_deleted() {
    let served = Served::start(PROGRAM);
    let mut client = served.client();
    assert!(is_unknown(&client.post("/@room-7/count", "")));
    let created = put(&mut client, "room-7");
    assert_eq!((created.status, &created.json()["name"]), (201, &"room-7".into()));
    assert_eq!(client.post("/@room-7/count?by=5", "").text(), "5");
    let again = put(&mut client, "room-7");
    assert_eq!((again.status, &again.json()["calls"]), (200, &1.into()), "it is the same world");
    assert_eq!(client.post("/count", "").text(), "1", "`main` is another world");
    assert_eq!(client.post("/@room-7/count?by=0", "").status, 400);
    let world = client.get("/-/worlds/room-7").json();
    assert_eq!((&world["version"], &world["rows"]), (&1.into(), &1.into()));
    assert_eq!(
        (&world["calls"], &world["traps"], &world["waiting"]),
        (&2.into(), &1.into(), &0.into())
    );
    assert!(world["memory"].as_u64().is_some_and(|memory| memory > 0));
    let list = client.get("/-/worlds").json();
    let names = list["worlds"].as_array().expect("a list of worlds").iter();
    let names: Vec<_> = names.map(|world| world["name"].as_str()).collect();
    assert_eq!(names, [Some("main"), Some("room-7")]);
    assert!(list["next"].is_null());
    assert_eq!(delete(&mut client, "room-7").status, 204);
    for answer in [
        delete(&mut client, "room-7"),
        client.get("/-/worlds/room-7"),
        client.post("/@room-7/count", ""),
        client.get("/-/events?world=room-7"),
    ] {
        assert!(is_unknown(&answer), "{}", answer.text());
    }
}

#[test]
fn long_lists_come_in_pieces() {
    let limits = Limits { worlds_max: 2_500, ..Limits::default() };
    let served = Served::set_up(Setup { limits, ..Setup::default() });
    let mut expected = vec!["main".to_owned()];
    for number in 1..2_500 {
        let name = format!("w{number}");
        assert_eq!(served.engine.create_world(&name).ok(), Some(true));
        expected.push(name);
    }
    expected.sort();
    let (mut client, mut found, mut target) = (served.client(), Vec::new(), "/-/worlds".to_owned());
    loop {
        let list = client.get(&target).json();
        let worlds = list["worlds"].as_array().expect("a list of worlds");
        assert!(worlds.len() <= 1_000);
        found.extend(worlds.iter().filter_map(|world| world["name"].as_str()).map(str::to_owned));
        let Some(next) = list["next"].as_str() else { break };
        target = format!("/-/worlds?after={next}");
    }
    assert_eq!(found, expected);
}

#[test]
fn what_cannot_be_made_or_deleted_is_refused() {
    let limits = Limits { worlds_max: 2, ..Limits::default() };
    let served = Served::set_up(Setup { limits, ..Setup::default() });
    let _ = served.engine.load(PROGRAM).expect("it loads");
    let mut client = served.client();
    let long = "x".repeat(65);
    for name in ["..", ".a", "-a", "a%2Fb", "a%20b", "%00", "%ff", "gr%C3%B6%C3%9Fe", &long] {
        let refused = refusal(&put(&mut client, name));
        assert_eq!(refused, (400, "invalid_world_name".to_owned()), "{name}");
    }
    assert_eq!(refusal(&delete(&mut client, "main")), (409, "world_is_main".to_owned()));
    assert_eq!(put(&mut client, "a").status, 201);
    assert_eq!(refusal(&put(&mut client, "b")), (507, "too_many_worlds".to_owned()));
    assert_eq!(put(&mut client, "a").status, 200, "what is there takes no room");
    assert_eq!(delete(&mut client, "a").status, 204);
    assert_eq!(put(&mut client, "b").status, 201);
    let wrong = client.request("POST", "/-/worlds/c", &[], b"");
    assert_eq!(refusal(&wrong), (405, "method_not_allowed".to_owned()));
}

#[test]
fn a_world_that_cannot_begin_is_none() {
    let served =
        Served::start("state { n: int }\non load { if random(1000) < 500 { fail \"no\" } }");
    let mut client = served.client();
    assert_eq!(put(&mut client, "a").status, 201);
    let refused = put(&mut client, "b");
    assert_eq!(refusal(&refused), (422, "on_load".to_owned()));
    assert_eq!(refused.json()["world"], "b");
    assert!(is_unknown(&client.get("/-/worlds/b")));
}

#[test]
fn full_worlds_have_errors_of_their_own() {
    let program = "
        table t { key id: int, a: [int; 100] }
        post fill(count: int) { for _i in 0..count { insert t { id: t.len } } }";
    let limits = Limits { world_memory_max: 700 << 10, memory_max: 1 << 20, ..Limits::default() };
    let served = Served::set_up(Setup { limits, ..Setup::default() });
    let _ = served.engine.load(program).expect("it loads");
    let mut client = served.client();
    assert_eq!(put(&mut client, "a").status, 201);
    assert_eq!(refusal(&client.post("/fill?count=900", "")), (503, "world_full".to_owned()));
    assert_eq!(client.post("/fill?count=600", "").status, 204);
    assert_eq!(refusal(&client.post("/@a/fill?count=800", "")), (503, "engine_full".to_owned()));
    assert_eq!(client.post("/@a/fill?count=200", "").status, 204);
    let page = client.get("/-/metrics");
    let page = page.text();
    let used = |name: &str| -> usize {
        let line = format!("midflight_limit_used{{name=\"{name}\"}} ");
        let number = page.lines().find_map(|shown| shown.strip_prefix(&line));
        number.and_then(|number| number.parse().ok()).expect("a number")
    };
    assert_eq!(used("worlds_max"), 2);
    assert!(used("memory_max") > used("world_memory_max"), "the one is of all, the other of one");
    assert_eq!(delete(&mut client, "a").status, 204);
    assert_eq!(put(&mut client, "b").status, 201);
    assert_eq!(client.post("/@b/fill?count=200", "").status, 204, "the memory is free again");
}

#[test]
fn a_call_makes_its_world_where_the_server_says_so() {
    let served = Served::set_up(Setup { create_worlds: true, ..Setup::default() });
    let _ = served.engine.load(PROGRAM).expect("it loads");
    let mut client = served.client();
    assert_eq!(refusal(&client.get("/@room/nothing")), (404, "unknown_world".to_owned()));
    assert_eq!(refusal(&client.post("/@a..%20/count", "")), (400, "invalid_world_name".to_owned()));
    assert_eq!(served.engine.worlds().len(), 1);
    let counts: Vec<String> = thread::scope(|scope| {
        let calls: Vec<_> = (0..8)
            .map(|_| {
                let mut client = served.client();
                scope.spawn(move || client.post("/@room/count", "").text().to_owned())
            })
            .collect();
        calls.into_iter().map(|call| call.join().expect("it is answered")).collect()
    });
    let mut counts: Vec<u64> =
        counts.iter().map(|count| count.parse().expect("a number")).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 2, 3, 4, 5, 6, 7, 8], "they all met in one world");
}

#[test]
fn a_world_is_deleted_while_it_is_called() {
    let served = Served::start(PROGRAM);
    assert_eq!(served.engine.create_world("room").ok(), Some(true));
    let (answers, answered) = mpsc::channel();
    let world = served.engine.world("room").expect("it is there");
    thread::scope(|scope| {
        let held = served.engine.enter("room", |_turn| {
            let mut client = served.client();
            let waiting = scope.spawn(move || client.post("/@room/count", ""));
            while world.figures().queue_len < 1 {
                thread::yield_now();
            }
            let mut client = served.client();
            let _ = scope.spawn(move || answers.send(delete(&mut client, "room").status));
            while served.engine.world("room").is_ok() {
                thread::yield_now();
            }
            let late = served.client().post("/@room/count", "");
            assert!(is_unknown(&late), "who comes later finds no world");
            assert!(answered.try_recv().is_err(), "the deletion waits for the calls");
            waiting
        });
        let waiting = held.expect("there is a version").join().expect("it is answered");
        assert_eq!((waiting.status, waiting.text()), (200, "1"), "who waited has had the turn");
    });
    assert_eq!(answered.recv().ok(), Some(204));
}

#[test]
fn events_of_one_world_are_heard_alone() {
    let served = Served::start(PROGRAM);
    let mut client = served.client();
    assert_eq!(put(&mut client, "room").status, 201);
    let mut of_room = Listener::to_world(&served, "room");
    let mut of_all = Listener::to(&served);
    for target in ["/count", "/@room/count?by=7", "/count"] {
        assert_eq!(client.post(target, "").status, 200);
    }
    let event = of_room.next_event().1;
    assert_eq!((&event["world"], &event["fields"]["count"]), (&"room".into(), &7.into()));
    let worlds: Vec<_> = (0..3).map(|_| of_all.next_event().1["world"].clone()).collect();
    assert_eq!(worlds, ["main", "room", "main"]);
    let unknown = client.get("/-/events?word=room");
    assert_eq!(refusal(&unknown), (400, "invalid_query".to_owned()));
}

#[test]
fn timers_of_a_new_world_run_and_those_of_a_deleted_one_end() {
    let served = Served::start(
        "state { n: int }\nevent tick { n: int }\n\
         every 1ms beat() {\n    state.n += 1\n    emit tick { n: state.n }\n}\n\
         get beats() -> int { return state.n }\n",
    );
    let mut client = served.client();
    assert_eq!(put(&mut client, "room").status, 201);
    let mut room = Listener::to_world(&served, "room");
    let first = room.next_event().1["fields"]["n"].as_i64().expect("a number");
    assert_eq!(room.next_event().1["fields"]["n"], first + 1);
    assert_eq!(delete(&mut client, "room").status, 204);
    let mut main = Listener::to(&served);
    for _ in 0..20 {
        assert_eq!(main.next_event().1["world"], "main");
    }
}
