//! Right programs: accepted without a word, some with a piece of the typed program that they must
//! become.

use super::{check_whole, printed, reported};

/// Holds a table of `(program, piece of the printed program)`.
fn hold(table: &[(&str, &str)]) {
    for (text, piece) in table {
        let found = printed(text);
        assert!(found.contains(piece), "no\n{piece}\nin\n{found}");
    }
}

#[test]
fn the_demo() {
    let text = r#"
/// The demo of the article: each version says who answered before it.
const VERSION = 1001
const NAME = "game1"

state {
    version: int
    name: str
}

get hello(name: str = "test") -> str {
    let reply = "hello {name}, version={VERSION}, old={state.version}, {state.name}\n"
    state.version = VERSION
    state.name = NAME
    return reply
}
"#;
    let checked = check_whole(text).expect("the demo is right");
    assert!(checked.warnings.is_empty());
    let handler = &checked.program.handlers[0];
    assert_eq!(handler.name, "hello");
    assert!(handler.defaults[0].is_some());
    let function = checked.program.function(handler.function);
    assert!(function.effects.writes && !function.recursive);
}

#[test]
fn expressions() {
    hold(&[
        ("const A = B * 2\nconst B = 3\nget f() -> int { A }", "=> 6"),
        ("get f() -> int { -9223372036854775808 }", "=> -9223372036854775808"),
        ("get f(a: int) -> float { float(a) / 2.0 }", "(FloatOfInt(a.0) / 2.0)"),
        ("get f(a: int) -> bool { a > 0 && !(a == 3) }", "((a.0 > 0) && (!(a.0 == 3)))"),
        ("get f(a: float) -> str { \"{a:.2}!\" }", "\"{a.0:.2}!\""),
        ("get f(a: str) -> str { a + \"x\" }", "(a.0 + \"x\")"),
        ("get f(a: str) -> int { a.trim().len }", "TextLen(TextTrim(a.0))"),
        ("get f(a: int) -> int { max(a, min(1, 2)) }", "MaxInt(a.0, MinInt(1, 2))"),
        ("get f(a: int) -> int { if a > 0 { 1 } else if a < 0 { -1 } else { 0 } }", "=> -1"),
        ("get f(a: int) -> int { let r = if a > 0 { a } else { fail \"x\" }\nr }", "fail 400"),
        ("get f(a: bool) { a || fail 404 \"x\" }", "(a.0 || fail 404 \"x\")"),
        ("get g(a: int = 7) -> int { a }\nget f() -> int { g() }", "=> g(7)"),
    ]);
}

#[test]
fn structs_and_places() {
    let types = "struct V { x: float, y: float = 2.5 }\nstruct W { v: V, n: int = 4 }\n";
    hold(&[
        (&format!("{types}get f() -> W {{ W {{ n: 1 }} }}"), "W { n: 1, v: V { x: 0.0, y: 2.5 } }"),
        (
            &format!("{types}state {{ w: W }}\nget f() {{ state.w.v.x += 1.0 }}"),
            "state.w.v.x += 1.0",
        ),
        (
            &format!("{types}get f() -> float {{ var w = W {{ }}\nw.v.y = 1.0\nw.v.y }}"),
            "w.0.v.y = 1.0",
        ),
        (
            &format!("{types}fn g() -> W {{ W {{ }} }}\nget f() -> bool {{ g() == g() }}"),
            "(g() == g())",
        ),
        (&format!("{types}get f(x: float) -> V {{ V {{ x }} }}"), "V { x: x.0, y: 2.5 }"),
    ]);
}

#[test]
fn control() {
    hold(&[
        ("get f() { var i = 0\nwhile i < 9 { i += 1\nif i == 3 { continue } } }", "continue"),
        ("get f() -> int { var s = 0\nfor i in 0..10 { s += i }\ns }", "for i.1 in 0..10"),
        ("fn f() -> int { while true { return 1 } }", "while true { // never"),
        ("fn f(a: int) -> int { fail \"no {a}\" }", "fail 400 \"no {a.0}\""),
        ("fn f(a: int) -> int { 1 + fail \"x\" }", "1\n"),
        ("fn g() { }\nfn f() { return g() }", "g()\n"),
        ("fn f() { }\nfn g() { f() }\nget h() { g() }", "pure; stack 72 of 136"),
        (
            "fn f(n: int) -> int { if n < 2 { n } else { g(n) } }\nfn g(n: int) -> int { f(n - 1) }",
            "recursive",
        ),
    ]);
}

#[test]
fn asserts() {
    hold(&[
        (
            "get a() -> int { 1 }\ntest \"t\" { assert a() == 2 }",
            "assert ($left.0 == 2), \"`a() == 2` is false: left is {$left.0}, right is {2}\"",
        ),
        ("test \"t\" { assert true, \"why\" }", "assert true, \"why\""),
        ("get a() { fail \"x\" }\ntest \"t\" { assert fails a() }", "assert fails a()"),
    ]);
}

#[test]
fn a_long_chain_of_constants() {
    let mut text = String::from("const A0 = 1\n");
    for index in 1..20_000 {
        text.push_str(&format!("const A{index} = A{} + 1\n", index - 1));
    }
    text.push_str("get f() -> int { A19999 }\n");
    assert!(printed(&text).contains("=> 20000"));
}

#[test]
fn warnings_are_no_errors() {
    let text = "get f() { let a = 1 }";
    let checked = check_whole(text).expect("a warning is no error");
    assert_eq!(reported(text, &checked.warnings), ["E0701 a"]);
}
