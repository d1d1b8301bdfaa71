//! More at once than the server takes: refused at once, with a name and when to come back.

use std::sync::mpsc;
use std::thread;

use midflight_runtime::Limits;
use midflight_tests::served::Setup;
use midflight_tests::{Client, Served};

const PROGRAM: &str = "get one() -> int { return 1 }";

/// Loads that the server has under way at most.
const LOADS_MAX: usize = 16;

#[test]
fn a_full_queue_refuses_and_the_queued_are_answered() {
    let limits = Limits { queue_len_max: 2, ..Limits::default() };
    let served = Served::set_up(Setup { limits, ..Setup::default() });
    let _ = served.engine.load(PROGRAM).expect("it loads");
    let (answers, answered) = mpsc::channel();
    thread::scope(|scope| {
        let held = served.engine.enter("main", |_turn| {
            for mut client in [served.client(), served.client(), served.client()] {
                let answers = answers.clone();
                let _ = scope.spawn(move || answers.send(client.get("/one")));
            }
            // While the world is held, only a refusal can be an answer.
            let refused = answered.recv().expect("one of three is refused");
            assert_eq!((refused.status, &refused.json()["kind"]), (503, &"busy".into()));
            assert!(refused.header("retry-after").is_some());
            assert_eq!(refused.version(), 1);
        });
        held.expect("there is a version");
    });
    let statuses: Vec<u16> = answered.try_iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 200]);
}

/// Begins a load and waits until the server asks for its source.
fn begin_load(served: &Served) -> Client {
    let mut client = served.client();
    client.send(b"POST /load HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n");
    client.send(format!("Content-Length: {}\r\n\r\n", PROGRAM.len()).as_bytes());
    assert_eq!(client.receive_head().status, 100);
    client
}

#[test]
fn too_many_loads_are_refused_and_the_others_go_on() {
    let served = Served::start(PROGRAM);
    let mut begun: Vec<Client> = (0..LOADS_MAX).map(|_| begin_load(&served)).collect();
    let mut client = served.client();
    let accept = [("Accept", "application/json")];
    let refused = client.request("POST", "/load", &accept, PROGRAM.as_bytes());
    assert_eq!((refused.status, &refused.json()["kind"]), (429, &"too_many_loads".into()));
    assert!(refused.header("retry-after").is_some());
    assert_eq!(client.get("/one").status, 200, "calls go on");
    for load in &mut begun {
        load.send(PROGRAM.as_bytes());
        assert_eq!(load.receive().status, 200);
    }
    assert_eq!(client.post("/load", PROGRAM).status, 200, "there is room again");
}

#[test]
fn many_loads_at_once_are_each_answered() {
    let served = Served::start(PROGRAM);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let loads: Vec<_> = (100..164)
            .map(|number| {
                let mut client = served.client();
                let source = format!("get one() -> int {{ return {number} }}");
                scope.spawn(move || client.post("/load", source).status)
            })
            .collect();
        loads.into_iter().map(|load| load.join().expect("it is answered")).collect()
    });
    assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
    let loaded = statuses.iter().filter(|&&status| status == 200).count() as u64;
    let number = served.client().get("/one").version();
    assert!(loaded > 0 && number == loaded + 1, "every load has a number of its own");
}
