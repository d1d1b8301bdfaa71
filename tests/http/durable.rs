//! What is durable, as clients meet it: servers that stop, stores that fail, copies.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use midflight_runtime::store::redb::RedbStore;
use midflight_runtime::store::{Batch, Cell, Persist, Store, StoredVersions};
use midflight_runtime::{Engine, StoreError};
use midflight_tests::served::Setup;
use midflight_tests::{Listener, Process, Scratch, Served};

use crate::command::PROGRAM;

/// Counts calls; each version counts itself once.
fn counter(version: u64) -> String {
    format!(
        "// {version}
         state {{ calls: int, loads: int }}
         event counted {{ calls: int }}
         on load {{ state.loads += 1 }}
         post count() -> int {{
             state.calls += 1
             emit counted {{ calls: state.calls }}
             return state.calls
         }}
         get calls() -> int {{ return state.calls }}
         get loads() -> int {{ return state.loads }}"
    )
}

fn serve(scratch: &Scratch, arguments: &[&str]) -> Process {
    let arguments = [&["--data", "data"], arguments].concat();
    let served = Process::serve_in(Path::new(PROGRAM), scratch.path(), &arguments);
    served.unwrap_or_else(|messages| panic!("{messages}"))
}

fn number(process: &Process, path: &str) -> u64 {
    let answer = process.client().get(path);
    answer.text().parse().unwrap_or_else(|_| panic!("{path}: {}", answer.text()))
}

#[test]
fn a_clean_stop_loses_nothing_in_any_mode() {
    for mode in ["commit", "interval=1h", "none"] {
        let scratch = Scratch::new(&format!("stop-{}", &mode[..4]));
        let file = scratch.file("counter.flight", &counter(1));
        let process = serve(&scratch, &["--durability", mode, &file]);
        assert_eq!(process.client().post("/count", "").text(), "1");
        process.signal("TERM");
        assert!(process.wait().success());
        let process = serve(&scratch, &[]);
        assert_eq!(number(&process, "/calls"), 1, "{mode}");
    }
}

#[test]
fn two_servers_cannot_share_a_directory() {
    let scratch = Scratch::new("shared");
    let _first = serve(&scratch, &[]);
    let arguments = ["--data", "data"];
    let refused = Process::serve_in(Path::new(PROGRAM), scratch.path(), &arguments);
    let said = refused.map(drop).expect_err("the directory is taken");
    assert!(said.contains("in use by another process") && said.contains("--data DIR"), "{said}");
}

#[test]
fn a_snapshot_is_a_data_directory() {
    let scratch = Scratch::new("snapshot");
    let file = scratch.file("counter.flight", &counter(1));
    let process = serve(&scratch, &[&file]);
    assert_eq!(process.client().post("/count", "").text(), "1");
    let copy = process.client().get("/-/snapshot");
    assert_eq!((copy.status, copy.header("content-type")), (200, Some("application/octet-stream")));
    assert_eq!(process.client().post("/count", "").text(), "2");
    let copied = Scratch::new("snapshot-copy");
    std::fs::create_dir_all(copied.path().join("data")).expect("a directory can be made");
    std::fs::write(copied.path().join("data/midflight.redb"), &copy.body).expect("it is written");
    let process = serve(&copied, &[]);
    assert_eq!(number(&process, "/calls"), 1);
    let kept = std::fs::read_dir(scratch.path().join("data")).expect("it is there");
    let kept: Vec<_> = kept.map(|entry| entry.expect("it can be read").file_name()).collect();
    assert_eq!(kept.len(), 2, "nothing is left of the snapshot: {kept:?}");
}

#[test]
fn a_server_in_memory_has_nothing_to_copy() {
    let served = Served::start(&counter(1));
    let answer = served.client().get("/-/snapshot");
    assert_eq!((answer.status, &answer.json()["kind"]), (409, &"no_store".into()));
}

/// A store whose commits fail on demand.
#[derive(Debug)]
struct Failing {
    inner: RedbStore,
    is_failing: Arc<AtomicBool>,
}

impl Store for Failing {
    fn versions(&self) -> Result<StoredVersions, StoreError> {
        self.inner.versions()
    }

    fn worlds(&self) -> Result<Vec<String>, StoreError> {
        self.inner.worlds()
    }

    fn cells(&self, world: &str, show: &mut dyn FnMut(Cell, &[u8])) -> Result<(), StoreError> {
        self.inner.cells(world, show)
    }

    fn commit(&self, batch: &Batch, persist: Persist) -> Result<(), StoreError> {
        if self.is_failing.load(Ordering::Relaxed) {
            let full = std::io::ErrorKind::StorageFull;
            return Err(StoreError::io("cannot write to the store", full.into()));
        }
        self.inner.commit(batch, persist)
    }

    fn snapshot(&self, file: &Path) -> Result<(), StoreError> {
        self.inner.snapshot(file)
    }
}

#[test]
fn a_full_disk_ends_calls_and_loses_nothing() {
    let scratch = Scratch::new("full");
    let is_failing = Arc::new(AtomicBool::new(false));
    let inner = RedbStore::open(scratch.path()).expect("it is made");
    let store = Failing { inner, is_failing: is_failing.clone() };
    let served = Served::set_up_with(Setup::default(), Engine::builder().store(store));
    let mut client = served.client();
    assert_eq!(client.post("/load", counter(1)).status, 200);
    let mut listener = Listener::to(&served);
    assert_eq!(client.post("/count", "").text(), "1");
    assert_eq!(listener.next_event().1["fields"]["calls"], 1);
    is_failing.store(true, Ordering::Relaxed);
    for (method, path, kind) in [
        ("POST", "/count", "outcome_unknown"),
        ("POST", "/count", "store_failed"),
        ("GET", "/calls", "store_failed"),
        ("GET", "/-/ready", "store_failed"),
        ("GET", "/-/snapshot", "store_failed"),
    ] {
        let answer = client.request(method, path, &[], b"");
        assert_eq!((answer.status, &answer.json()["kind"]), (503, &kind.into()), "{path}");
    }
    let answer = client.post("/load", counter(2));
    assert_eq!(answer.status, 503);
    assert!(
        answer.text().contains("storage full") || answer.text().contains("space"),
        "{}",
        answer.text()
    );
    assert_eq!(client.get("/-/versions").json()["current"], 1);
    assert!(client.get("/-/metrics").text().contains("midflight_store_failed 1"));
    // The engine and its lock go with the last clone, which the server has.
    drop(served);
    let engine = Engine::builder().data(scratch.path()).build().expect("it goes on");
    let calls = engine.handler::<(), i64>("calls").expect("it is there");
    assert_eq!(calls.call("main", ()).expect("it ends"), 1);
}
