//! The demo of the README, word for word.

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
