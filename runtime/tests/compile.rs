//! What a load takes over from the one before it, and what it does on many threads, cannot be seen in
//! what it makes.

use std::fmt::Write;

use midflight_compiler::source::Source;
use midflight_runtime::{CallError, Engine, Limits, Trap};

/// Functions with texts, with steps that trap, and with both inlined into another.
const PROGRAM: &str = r#"
fn named(n: int) -> str {
    if n > 2 { return "many" }
    return "few"
}
fn third_of(a: int, b: int) -> int { return 3 * a / b }
get describe(n: int) -> str { return "{named(n)}: {third_of(n, 1)} parts" }
get divide(a: int, b: int) -> int {
    let twice = a * 2
    return third_of(a, b) + third_of(twice, b)
}
get fact(n: int) -> int {
    if n < 2 { return 1 }
    return n * fact_of(n - 1)
}
fn fact_of(n: int) -> int {
    if n < 2 { return 1 }
    return n * fact_of(n - 1)
}
"#;

/// The same with more before it: sites and constants of all have other numbers.
const CHANGED: &str = r#"
get extra(values: int) -> str {
    if values / (values - 1) > 3 { return "something else" }
    return "one more text, {values}"
}
"#;

fn engine(limits: Limits) -> Engine {
    Engine::builder().memory().limits(limits).build().expect("memory needs no store")
}

/// The traps of two steps, as where they are, counted from the beginning of `PROGRAM`.
fn places(engine: &Engine, lines_before: u32) -> Vec<(String, u32, u32)> {
    let divide = engine.handler::<(i64, i64), i64>("divide").expect("it is there");
    let fact = engine.handler::<(i64,), i64>("fact").expect("it is there");
    let trap = |result: Result<i64, CallError>| -> Trap {
        match result {
            Err(CallError::Trapped(trap)) => trap,
            other => panic!("expected a trap, found {other:?}"),
        }
    };
    [
        divide.call("main", (1, 0)),
        divide.call("main", (i64::MAX / 3, 1)),
        divide.call("main", (i64::MAX, 1)),
        fact.call("main", (22,)),
    ]
    .into_iter()
    .map(trap)
    .map(|trap| (trap.function, trap.position.line - lines_before, trap.position.column))
    .collect()
}

fn texts(engine: &Engine) -> Vec<String> {
    let describe = engine.handler::<(i64,), String>("describe").expect("it is there");
    [1, 5].map(|n| describe.call("main", (n,)).expect("it does not trap")).to_vec()
}

#[test]
fn functions_that_stay_are_not_compiled_again() {
    let engine = engine(Limits::default());
    let _ = engine.load(PROGRAM).expect("the source is right");
    let (texts_before, places_before) = (texts(&engine), places(&engine, 0));
    assert_eq!(texts_before, ["few: 3 parts", "many: 15 parts"]);
    let made = engine.figures().compilations.functions_made;
    let _ = engine.load(&format!("{CHANGED}{PROGRAM}")).expect("the source is right");
    let compilations = engine.figures().compilations;
    assert_eq!(compilations.functions_made, made + 1, "`extra` is new");
    assert_eq!(compilations.functions_found, made);
    assert_eq!(texts(&engine), texts_before);
    assert_eq!(places(&engine, CHANGED.lines().count() as u32), places_before);
    let extra = engine.handler::<(i64,), String>("extra").expect("it is there");
    assert_eq!(extra.call("main", (9,)).expect("it does not trap"), "one more text, 9");
}

#[test]
fn nothing_is_kept_where_nothing_may_be() {
    let engine = engine(Limits { code_cache_max: 0, ..Limits::default() });
    for round in 0..3 {
        let _ = engine.load(&format!("{PROGRAM}// {round}")).expect("the source is right");
    }
    let compilations = engine.figures().compilations;
    assert_eq!(compilations.functions_found, 0);
    assert_eq!(compilations.functions_made % 3, 0);
    assert_eq!(texts(&engine), ["few: 3 parts", "many: 15 parts"]);
}

#[test]
fn many_threads_make_what_one_makes() {
    let mut source = String::new();
    for index in 0..100 {
        writeln!(
            source,
            "get work_{index}(n: int) -> str {{ return \"{index}: {{n / (n - {index})}}\" }}"
        )
        .expect("a `String` takes all");
    }
    let alone = midflight_compiler::compile(&Source::new("source", source.as_str()))
        .expect("the source is right");
    let engine = engine(Limits { compiles_max: 4, ..Limits::default() });
    let _ = engine.load(&source).expect("the source is right");
    let version = engine.current().expect("it was loaded");
    assert_eq!(version.code_size(), alone.code.size());
    assert_eq!(version.program().code.sites(), alone.code.sites());
    for index in 0..100 {
        let work = engine.handler::<(i64,), String>(&format!("work_{index}")).expect("it is there");
        assert_eq!(
            work.call("main", (index + 1,)).expect("no trap"),
            format!("{index}: {}", index + 1)
        );
        assert!(matches!(work.call("main", (index,)), Err(CallError::Trapped(trap))
            if trap.function == format!("work_{index}") && trap.position.line == index as u32 + 1));
    }
}
