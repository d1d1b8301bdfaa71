//! Wrong programs: each with the code and the text under every span that is reported, in the order
//! of the source. Nothing else may be reported.

use super::{check_whole, reported};

/// Holds a table of `(program, reports)`.
fn hold(table: &[(&str, &[&str])]) {
    for (text, expected) in table {
        let found = match check_whole(text) {
            Ok(checked) => reported(text, &checked.warnings),
            Err(diagnostics) => reported(text, &diagnostics),
        };
        assert_eq!(found, *expected, "in\n{text}");
    }
}

/// Holds a table of bodies of a function `f(i: int, x: float, b: bool, s: str)`.
fn hold_bodies(table: &[(&str, &[&str])]) {
    for (body, expected) in table {
        let text = format!(
            "struct P {{ x: int, y: float = 1.5 }}\nstate {{ n: int, p: P }}\n\
             get f(i: int, x: float, b: bool, s: str) {{\n    {body}\n}}\n"
        );
        hold(&[(&text, expected)]);
    }
}

#[test]
fn names() {
    hold_bodies(&[
        ("state.n = zz", &["E0201 zz"]),
        ("state.n = n", &["E0201 n"]),
        ("zz = 1", &["E0201 zz"]),
        ("state.n = ff(1)", &["E0202 ff"]),
        ("state.m = 1", &["E0203 m"]),
        ("state.p.z = 1", &["E0203 z"]),
        ("let q: PP = 1\nstate.n = q", &["E0204 PP"]),
        ("let q: string = s\nstate.n = q.len", &["E0204 string"]),
        ("state.n = s.size()", &["E0205 size"]),
        ("state.n = len(s)", &["E0208 len"]),
        ("state.n = s.len()", &["E0208 len"]),
        ("state.n = i.abs()", &["E0208 abs"]),
        ("let a = 1\nlet a = 2\nstate.n = a", &["E0209 a"]),
        ("state.n = P", &["E0211 P"]),
        ("let q = state\n", &["E0211 state"]),
    ]);
    hold(&[
        ("get load() { }", &["E0210 load"]),
        ("struct int { x: int }", &["E0210 int"]),
        ("fn a() { }\nget a() { }", &["E0200 a"]),
        ("const A = 1\nconst A = 2", &["E0200 A"]),
        ("struct S { a: int, a: int }", &["E0200 a"]),
        ("state { }\nstate { }", &["E0401 state"]),
        ("fn load() { }\nfn min(a: int) -> int { a }\nget g() -> int { min(1) }", &[]),
    ]);
}

#[test]
fn types() {
    hold_bodies(&[
        ("state.n = x", &["E0300 x"]),
        ("state.n = 1.0", &["E0300 1.0"]),
        ("state.p.y = 1", &["E0300 1"]),
        ("if i { }", &["E0300 i"]),
        ("while s { }", &["E0300 s"]),
        ("state.n = i + x", &["E0301 +"]),
        ("state.n = s * 2", &["E0301 *"]),
        ("state.n = -s", &["E0301 s"]),
        ("state.n += x", &["E0300 x"]),
        ("state.p += 1", &["E0300 1"]),
        ("let c = i == x\nstate.n = int(c)", &["E0302 =="]),
        ("let c = b < b\nstate.n = int(c)", &["E0302 <"]),
        ("state.n = f2(1)", &["E0202 f2"]),
        ("state.n = max(1)", &["E0304 max(1)"]),
        ("state.n = max(1, x)", &["E0304 max(1, x)"]),
        ("state.n = int(sqrt(1, 2))", &["E0303 sqrt"]),
        ("let t = \"{state.p}\"\nstate.n = t.len", &["E0305 state.p"]),
        ("let t = \"{i:.2}\"\nstate.n = t.len", &["E0308 :.2"]),
        ("let t = f(1, 1.0, true, \"\")", &["E0306 f(1, 1.0, true, \"\")"]),
        ("state.n = if b { 1 } else { }", &["E0306 }"]),
        ("state.n = if b { 1 } else { s }", &["E0300 s"]),
        ("state.n = s[0]", &["E0309 s"]),
        ("return 1", &["E0300 1"]),
        ("state.p = P { x: 1, x: 2 }", &["E0412 x"]),
        ("state.p = P { z: 1 }", &["E0203 z"]),
        ("state.p = P { x: 1.5 }", &["E0300 1.5"]),
    ]);
}

#[test]
fn declarations() {
    hold(&[
        ("struct A { b: B }\nstruct B { a: A? }", &["E0402 A"]),
        ("const A = B\nconst B = A + 1", &["E0403 A"]),
        ("const A = now()", &["E0404 now()"]),
        ("const A = 9223372036854775807 + 1", &["E0405 9223372036854775807 + 1"]),
        ("const A = 1 / 0", &["E0405 1 / 0"]),
        ("const A = ()", &["E0406 ()"]),
        ("fn f(a: int = 1) -> int { a }", &["E0400 1"]),
        ("struct S { }", &["E0409 S"]),
        ("struct S { l: [int] }", &["E0407 [int]"]),
        ("struct S { a: [int; 0] }", &["E0408 0"]),
        ("state { a: [int; 1000000] }", &["E0617 state"]),
        ("struct S { a: S2 = S2 { } }\nstruct S2 { b: int = 1 / 0 }", &["E0405 1 / 0"]),
        ("get g(a: ()) { }", &["E0407 ()"]),
        ("fn f(a: int) -> int { if a > 0 { return 1 } }", &["E0504 }"]),
        ("fn f() -> int { while true { break } }", &["E0504 }"]),
        ("fn f() -> int { while true { } }", &[]),
        ("test \"t\" { return 1 }", &["E0300 1"]),
    ]);
}

#[test]
fn statements_and_places() {
    hold_bodies(&[
        ("i = 1", &["E0500 i"]),
        ("let a = 1\na = 2\nstate.n = a", &["E0500 a"]),
        ("for k in 0..3 { k = 1 }", &["E0500 k"]),
        ("f(1, 1.0, true, \"\") = 1", &["E0501 f(1, 1.0, true, \"\")"]),
        ("state = 1", &["E0502 state"]),
        ("break", &["E0503 break"]),
        ("continue", &["E0503 continue"]),
        ("i + 1", &["E0505 i + 1"]),
        ("state.n == 1", &["E0505 state.n == 1"]),
        ("if b { 1 } else { 2 }", &["E0505 1", "E0505 2"]),
        ("fail 200 \"no\"", &["E0506 200"]),
        ("advance 5s", &["E0507 advance 5s"]),
        ("assert fails f(1, 1.0, true, \"\")", &["E0507 assert fails f(1, 1.0, true, \"\")"]),
        ("for k in 0..3 where b { state.n = k }", &["E0508 b"]),
        ("for k in i { state.n = k }", &["E0300 i"]),
    ]);
    hold(&[("test \"t\" { assert fails max(1, 2) }", &["E0507 max(1, 2)"])]);
}

#[test]
fn warnings() {
    hold_bodies(&[
        ("let a = 1", &["E0701 a"]),
        ("let _a = 1", &[]),
        ("var a = 1\na = 2", &["E0701 a"]),
        ("var a = 1\nstate.n = a", &["E0704 a"]),
        ("return\nstate.n = 1\nstate.n = 2", &["E0702 state.n = 1"]),
        ("while true { }\nstate.n = 1", &["E0702 state.n = 1"]),
        ("if b { let i = 1\nstate.n = i }", &["E0703 i"]),
        ("let z = fail \"x\"\nstate.n = z", &["E0702 state.n = z"]),
    ]);
    hold(&[("const A = 1\nget f() -> int { let A = 2\nreturn A }", &["E0703 A"])]);
}

#[test]
fn one_mistake_gets_one_message() {
    hold_bodies(&[
        ("var a = i\na++", &["E0109 ++"]),
        ("let q: str = null", &["E0112 null"]),
        ("let c = 1 < i < 3", &["E0113 <"]),
        ("fail i \"no\"", &["E0100 i"]),
        ("fail 1", &["E0100 "]),
        ("let c = if b { 1 }\nstate.n = c", &["E0306 }"]),
        ("let c = match b { true => if b { 1 }, false => 2 }", &["E0306 }"]),
        ("let q = \"a {i b\"", &["E0002 \"a {i b\""]),
        ("let q = \"a {i", &["E0002 \"a {i"]),
        ("let gold = 1\nstate.n = gols", &["E0201 gols"]),
        ("let p = state.p\nstate.n = p.xx", &["E0203 xx"]),
        ("return i ? 1 : 2", &["E0100 ?"]),
        ("switch i { }", &["E0122 switch"]),
        ("let q = i ? 1 : 2\nstate.n = q", &["E0100 ?"]),
        ("state.n = max(i 1)", &["E0100 1"]),
    ]);
    hold(&[
        ("fn broken( {\n    return 1\n}\nget a() -> int { return 1 }", &["E0100 {"]),
        ("fn f() => int { return 1 }", &["E0114 =>"]),
        ("get f(a: int b: int) -> int { return a + b }", &["E0100 b"]),
        ("test \"t\" { assert fails 1 + 1 }", &["E0507 1 + 1"]),
        ("get f(a: bool) -> int {\n    if a { 1 }\n}", &["E0504 }"]),
        ("get f(a: bool) -> Nope { if a { log \"x\" } else { 1 } }", &["E0204 Nope"]),
        ("struct P { x: int }\nconst A = P { x: 1 }", &["E0406 P { x: 1 }"]),
        ("enum E { a }\nconst A = E.a\nget f() -> int { return A }", &["E0406 E.a"]),
        ("const A = none", &["E0406 none"]),
    ]);
    let long = format!("get f() -> int {{\n{}\n    return 1\n}}", "    log \"x\"\n".repeat(20_001));
    hold(&[(&long, &["E0603 get"])]);
}

#[test]
fn several_mistakes_and_no_noise() {
    let text = "struct S { a: Nope, b: int }\n\
                state { s: S, t: Gone }\n\
                fn f(x: Missing) -> int {\n    let y = x.foo + unknown\n    state.t.z = y\n    \
                state.s.a.c += 1\n    state.s.bb = 1\n    return y\n}\n\
                get g() -> int { f(1, 2) + \"a\" }\n";
    hold(&[(
        text,
        &["E0204 Nope", "E0204 Gone", "E0204 Missing", "E0201 unknown", "E0203 bb", "E0303 f"],
    )]);
}

#[test]
fn messages_say_what_to_do() {
    let table = [
        (
            "table player { key id: str }\nstate { a: player }",
            "a field cannot hold `player`",
            "keep the row's key: `str`",
        ),
        (
            "state { a: [float] }",
            "a field cannot hold `[float]`",
            "`[float; ..16]` holds at most 16 elements",
        ),
        (
            "get f(n: int) -> int { match n { 0 => 1 } }",
            "this `match` leaves out all other values of `int`",
            "add `_ => …` for them",
        ),
        (
            "state { a: [int; 1000000] }",
            "`state` takes more than 1048576 bytes",
            "a list takes the room of all its elements; rows of a table do not",
        ),
        ("get f(a: int) -> float { a }", "expected `float`, found `int`", "`float(a)`"),
        ("get f() -> float { 1 }", "expected `float`, found `int`", "`1.0`"),
        ("get f(s: str) -> int { len(s) }", "`len` is a property", "`s.len`"),
        ("get f() { let a = 1\na = 2 }", "`a` is declared by `let` and does not change", "`var a`"),
        ("state { hp: int }\nget f() -> int { state.hpp }", "no field `hpp` in `state`", "`hp`"),
        (
            "state { hp: int }\nget f() -> int { hp }",
            "unknown name `hp`",
            "the state's field is `state.hp`",
        ),
        ("get f(a: string) { }", "unknown type `string`", "`str`"),
        ("get f() { x = 1 }", "unknown name `x`", "`var x = …` declares it"),
        (
            "get f(a: int) { for i in a { } }",
            "expected a range, a list or a table after `in`, found `int`",
            "`0..a`",
        ),
    ];
    for (text, message, help) in table {
        let found = check_whole(text).err().unwrap_or_default();
        let first = found.first().map(|d| (d.message.as_str(), d.help.as_deref()));
        assert_eq!(first, Some((message, Some(help))), "in {text}");
    }
}
