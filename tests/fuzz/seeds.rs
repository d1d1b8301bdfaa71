//! What inputs are made from.

use std::fs;
use std::path::Path;

/// Bytes of a seed. Longer ones make every round slow, and no other paths are reached.
const LEN_MAX: usize = 6_000;

/// Every `.flight` file and every golden case, in the order of their paths.
pub(crate) fn programs() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut seeds = Vec::new();
    let folders =
        ["dsl-examples", "compiler/tests/samples", "runtime/tests/samples", "tests/cases"];
    for folder in folders {
        collect(&root.join(folder), &mut seeds);
    }
    assert!(seeds.len() > 300, "{} programs were found", seeds.len());
    seeds
}

fn collect(folder: &Path, seeds: &mut Vec<Vec<u8>>) {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<_> =
        entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.sort();
    for path in paths {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension {
            _ if path.is_dir() => collect(&path, seeds),
            Some("flight") => seeds.push(cut(fs::read(&path).expect("it can be read"))),
            Some("case") => {
                let text = fs::read_to_string(&path).expect("it can be read");
                let cases = text.split("\n--- ").filter_map(|case| case.split_once('\n'));
                seeds.extend(cases.map(|(_, program)| cut(program.as_bytes().to_vec())));
            }
            _ => {}
        }
    }
}

fn cut(mut seed: Vec<u8>) -> Vec<u8> {
    seed.truncate(LEN_MAX);
    seed
}

/// Arguments as JSON, right and wrong.
pub(crate) fn documents() -> Vec<Vec<u8>> {
    let documents = [
        r#"{"i": 9223372036854775807, "f": -0.0, "b": true, "s": "a\u0041\ud83d\ude00\n", "o": null}"#,
        r#"{"p": {"x": 1.5, "y": 1e300}, "c": {"healer": {"power": 3, "at": {"x": 2}}}}"#,
        r#"{"l": ["mage", {"healer": {"power": 1, "at": {"x": 0}}}], "a": [{"x": 1}, {"x": 2}]}"#,
        r#"{"g": [["a", "b"], [], ["\u0000"]], "o": 7}"#,
        r#"{"i": 1e400, "f": 1e-400, "i": 1}"#,
        r#"{"i": [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]], "unknown": {"a": {"b": {}}}}"#,
        "{}",
        "null",
        "[1, 2",
    ];
    documents.map(|document| document.as_bytes().to_vec()).to_vec()
}
