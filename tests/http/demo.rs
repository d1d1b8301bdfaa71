//! The demo of the README, word for word.

use std::fs;
use std::path::Path;

use midflight_runtime::Engine;
use midflight_tests::Served;

const V1: &str = include_str!("../../dsl-examples/hello/v1.flight");
const V2: &str = include_str!("../../dsl-examples/hello/v2.flight");

#[test]
fn the_next_version_answers_and_finds_the_state() {
    let served = Served::start(V1);
    let mut client = served.client();
    let first = client.get("/hello");
    assert_eq!(
        first.text(),
        "hello test, this is a midflight test!, version=1001, name=game1, oldversion=0, oldName=\n"
    );
    assert_eq!((first.status, first.version()), (200, 1));
    assert_eq!(first.header("content-type"), Some("text/plain; charset=utf-8"));

    let load = client.post("/load", V2);
    assert_eq!((load.status, load.version()), (200, 2));
    assert!(load.text().starts_with("done: "), "{}", load.text());

    let second = client.get("/hello");
    assert_eq!(
        second.text(),
        "hello test, this is a midflight test!, version=1002, name=game2, oldversion=1001, \
         oldName=game1\n"
    );
    assert_eq!((second.status, second.version()), (200, 2));
    let ann = client.get("/hello?name=ann");
    assert!(ann.text().starts_with("hello ann, this is"), "{}", ann.text());
}

#[test]
fn the_same_source_again_is_unchanged() {
    let served = Served::start(V1);
    let answer = served.client().post("/load", V1);
    assert_eq!((answer.status, answer.version()), (200, 1));
    assert!(answer.text().starts_with("done: unchanged"), "{}", answer.text());
}

/// Every example passes its own tests and is read without a warning.
#[test]
fn the_examples_are_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dsl-examples");
    let mut found = 0;
    for folder in fs::read_dir(folder).expect("there are examples") {
        let files = fs::read_dir(folder.expect("a folder").path()).expect("it holds an example");
        for file in files.map(|file| file.expect("a file").path()) {
            if file.extension().is_none_or(|extension| extension != "flight") {
                continue;
            }
            let text = fs::read_to_string(&file).expect("an example is text");
            let Ok(engine) = Engine::builder().memory().build();
            let loaded = engine.load(&text);
            let loaded = loaded.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            assert!(loaded.warnings.is_empty(), "{}", file.display());
            found += 1;
        }
    }
    assert!(found >= 2);
}
