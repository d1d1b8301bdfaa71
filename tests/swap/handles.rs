//! Typed handles on threads of an embedder, while the engine loads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use midflight_runtime::{ActivateOptions, CallError, Engine};
use midflight_tests::unhurried;

use super::version;

const THREADS: usize = 8;
const LOADS: u64 = 500;

#[test]
fn typed_handles_survive_swaps() {
    let engine =
        Engine::builder().memory().code(unhurried()).build().expect("memory needs no store");
    let _ = engine.load(&version(1)).expect("the first version loads");
    let number = engine.handler::<(), i64>("number").expect("the handler is there");
    let done = AtomicBool::new(false);
    let calls: i64 = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let (number, done) = (number.clone(), &done);
                scope.spawn(move || {
                    let (mut calls, mut last) = (0, 0);
                    while !done.load(Ordering::Relaxed) {
                        let version = number.call("main", ()).expect("no call fails");
                        assert!(version >= last, "version {version} after version {last}");
                        (calls, last) = (calls + 1, version);
                    }
                    calls
                })
            })
            .collect();
        for next in 2..=LOADS {
            let loaded = engine.load(&version(next)).expect("every version loads");
            assert_eq!(loaded.number, Some(next));
        }
        done.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().expect("no thread fails")).sum()
    });
    let count = engine.handler::<(), i64>("calls").expect("the handler is there");
    assert_eq!(count.call("main", ()).expect("it answers"), calls, "every call counted once");
    assert_eq!(engine.versions().len(), engine.limits().versions_kept_max);
    assert_eq!(engine.versions_alive(), engine.limits().versions_kept_max, "old code is freed");
}

#[test]
fn a_handle_says_when_its_types_have_changed() {
    let engine =
        Engine::builder().memory().code(unhurried()).build().expect("memory needs no store");
    let _ = engine.load("get sum(a: int, b: int) -> int { return a + b }").expect("it loads");
    let sum = engine.handler::<(i64, i64), i64>("sum").expect("the handler is there");
    assert_eq!(sum.call("main", (1, 2)).expect("it answers"), 3);
    let _ = engine.load("get sum(a: str, b: int) -> str { return \"{a}{b}\" }").expect("it loads");
    let error = sum.call("main", (1, 2)).expect_err("the types are others now");
    assert!(matches!(&error, CallError::WrongTypes { found, .. } if found == "(str, int) -> str"));
    let _ = engine.load("get other() -> int { return 1 }").expect("it loads");
    let error = sum.call("main", (1, 2)).expect_err("the handler is gone");
    assert!(matches!(&error, CallError::UnknownHandler { name } if name == "sum"));
    let _ = engine.roll_back(ActivateOptions::default()).expect("there is a version before");
    let _ = engine.roll_back(ActivateOptions::default()).expect("there is a version before");
    assert_eq!(sum.call("main", (1, 2)).expect("it answers"), 3, "the handle fits again");
}

#[test]
fn a_call_that_traps_in_one_version_succeeds_in_the_next() {
    let engine =
        Engine::builder().memory().code(unhurried()).build().expect("memory needs no store");
    let source = |divisor: &str| {
        format!(
            "state {{ n: int }}\npost f(a: int) -> int {{\n state.n += 1\n return a / {divisor}\n}}"
        )
    };
    let _ = engine.load(&source("(state.n - 1)")).expect("it loads");
    let handle = engine.handler::<(i64,), i64>("f").expect("the handler is there");
    let Err(CallError::Trapped(trap)) = handle.call("main", (6,)) else {
        panic!("a division by zero traps")
    };
    assert_eq!((trap.kind.name(), trap.version, trap.status), ("division_by_zero", 1, 500));
    assert_eq!((trap.position.line, trap.function.as_str()), (4, "f"));
    let _ = engine.load(&source("(state.n + 1)")).expect("it loads");
    assert_eq!(handle.call("main", (6,)).expect("it answers"), 3, "the trap left no trace");
}
