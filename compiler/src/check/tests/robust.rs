//! Whatever the source, the checker ends without a panic, and what it accepts keeps the invariants
//! of the typed program (`verify` runs in tests).

use super::whole::GAME;
use super::{check_whole, reported};
use crate::diag::Diagnostics;
use crate::diag::render::{Style, render};
use crate::lexer::lex;
use crate::limits::{COMPILE_STACK_SIZE, Limits};
use crate::source::Source;

/// More forms than the game has, one after the other.
const FORMS: &str = r#"
const A = 3
const T = "a{A}b"
enum E { one, two(n: int), three(e: F, f: F) }
enum F { x, y }
struct S { a: int = A, b: str, c: float, o: int?, l: [int; ..4], g: [[int; 2]; 2] }
state { s: S, e: E = E.two(4), n: int }
table t { key k: str, v: int, s: S, transient w: bool, index v }
event ev { a: int, s: S }
fn fib(n: int) -> int { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }
fn pick(e: E) -> int? { match e { one => none, two(n) => n, three(x | y, _) => 1 } }
post set(a: int?, l: [int], d: float = 1.5) -> S {
    var s = S { b: "x", l: [1, 2], g: [[0; 2], [1, 2]] }
    s.c += d * 2.0
    s.l.push(a ?? fail 409 "no")
    for x in l where x > 1 by x desc limit 2 { s.a += x % 7 }
    for i in 0..s.l.len { if i == 2 { break } else { continue } }
    let p = s.l.pop()
    if let v = p { state.n -= v } else if s.a > 3 && !(d == 2.0) { return s }
    state.s = s
    state.s.g[0][1] = -1
    emit ev { a: 1, s }
    let r = insert t { k: "{A}", v: pick(state.e) ?? 0 }
    r.v = max(r.v, abs(-3)) + t["k"].v
    for row in t where row.v == 1 { remove row }
    for row in t by v desc limit 3 { row.w = "a" in t }
    log "{s.b} {d:.3} {F.x}"
    while true { if s.a > random(3) { return s } }
}
on load { state.n = 0 }
every 1s tick() { state.n += 1 }
migrate t(old) { v = old.v + 1 }
test "t" {
    assert fib(10) == 55
    assert fails set(none, [])
    advance 5s
    assert t.len == 0, "why"
}
"#;

/// A small generator, so that every run makes the same programs.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

/// The texts of the tokens, each with the white space before it.
fn tokens(text: &str) -> Vec<&str> {
    let source = Source::new("test", text);
    let lexed = lex(&source, &mut Diagnostics::default());
    let mut ends: Vec<usize> = lexed.tokens.iter().map(|token| token.span.end as usize).collect();
    ends.dedup();
    let mut start = 0;
    let mut all = Vec::new();
    for end in ends {
        if let Some(token) = text.get(start..end) {
            all.push(token);
        }
        start = end;
    }
    all
}

#[test]
fn a_program_cut_anywhere() {
    for text in [GAME, FORMS] {
        for end in (0..text.len()).filter(|&end| text.is_char_boundary(end)).step_by(3) {
            let _ = check_whole(&text[..end]);
        }
    }
}

#[test]
fn tokens_left_out_doubled_moved_and_foreign() {
    let mut random = Random(7);
    let mut accepted = 0;
    for text in [GAME, FORMS] {
        let tokens = tokens(text);
        for _ in 0..1_500 {
            let mut changed = tokens.clone();
            for _ in 0..=random.below(3) {
                let (at, other) = (random.below(changed.len()), random.below(changed.len()));
                match random.below(5) {
                    0 => drop(changed.remove(at)),
                    1 => changed.insert(at, changed[other]),
                    2 => changed.swap(at, other),
                    3 => changed[at] = " é",
                    _ => changed[at] = changed[other],
                }
            }
            let text = changed.concat();
            match check_whole(&text) {
                Ok(_) => accepted += 1,
                // Whatever is reported can be shown.
                Err(found) => drop(render(&Source::new("test", text), &found, Style::Plain)),
            }
        }
    }
    // Some changes do no harm; that most do shows that something was tested.
    assert!((1..1_500).contains(&accepted), "{accepted} of 3000 were accepted");
}

#[test]
fn every_form_is_understood() {
    let found = check_whole(FORMS).map(|_| ()).map_err(|found| reported(FORMS, &found));
    assert_eq!(found, Ok(()));
}

/// Programs whose work would grow with a power of their size if nothing bounded it, each with the
/// first thing that is reported.
#[test]
fn programs_that_try_to_take_forever() {
    let many =
        |count: usize, one: &dyn Fn(usize) -> String| -> String { (0..count).map(one).collect() };
    let programs = [
        (
            many(60, &|i| format!("struct S{i} {{ a: S{0}, b: S{0} }}\n", i + 1))
                + "struct S60 { a: int }\n",
            "E0610 S42",
        ),
        (
            "const A0 = \"aaaaaaaaaaaaaaaa\"\n".to_owned()
                + &many(60, &|i| format!("const A{} = A{i} + A{i}\n", i + 1)),
            "E0612 A12 + A12",
        ),
        (
            "struct S { a: [int; 100000] }\n".to_owned()
                + &many(100, &|i| format!("fn g{i}() -> S {{ S {{ }} }}\n")),
            "E0618 S",
        ),
        (
            "fn f() { }\n".to_owned() + &many(20_000, &|i| format!("fn f{i}() {{ g{i}() }}\n")),
            "E0202 g0",
        ),
        (
            many(4_000, &|i| format!("fn f{i}() {{ f{}() }}\n", i + 1)) + "fn f4000() { }\n",
            "E0613 f0",
        ),
        (
            many(70, &|i| format!("struct S{i} {{ a: S{} }}\n", i + 1)) + "struct S70 { a: int }\n",
            "E0614 S5",
        ),
        (format!("struct S {{ {} }}", many(1_100, &|i| format!("f{i}: int\n"))), "E0615 f1000"),
        (
            format!(
                "fn f(a: int) -> int {{ match a {{ {} _ => 2 }} }}",
                many(4_000, &|i| format!("{} => 1\n", i % 3_999)),
            ),
            "E0705 0",
        ),
    ];
    for (text, expected) in programs {
        let found = match check_whole(&text) {
            Ok(checked) => reported(&text, &checked.warnings),
            Err(found) => reported(&text, &found),
        };
        assert_eq!(found.first().map(String::as_str), Some(expected));
    }
}

#[test]
fn the_tallest_trees_fit_the_stack_that_is_promised() {
    let height = Limits::LARGEST.tree_height_max as usize - 20;
    let nested = Limits::LARGEST.nesting_max as usize - 10;
    let programs = [
        format!("get f(a: int) -> int {{ a{} }}", " + a".repeat(height)),
        format!("get f(s: str) -> str {{ s{} }}", ".trim()".repeat(height)),
        format!("get f(a: int?) -> int {{ {} }}", "a ?? ".repeat(height / 4) + "1"),
        format!(
            "get f(a: int) -> int {{ {}a{} }}",
            "-(".repeat(nested / 2),
            ")".repeat(nested / 2)
        ),
        format!("get f() {{ {}{} }}", "while true { ".repeat(nested), "}".repeat(nested)),
        format!("get f(a: {}int{}) {{ }}", "[".repeat(nested), "]".repeat(nested)),
    ];
    let check_all = move || {
        for text in programs {
            let found = check_whole(&text).map(|_| ()).map_err(|found| reported(&text, &found));
            let codes: Vec<String> = found.err().unwrap_or_default();
            // That they are too deep is found out by going through them.
            let is_allowed = |one: &String| one.starts_with("E03") || one.starts_with("E0614");
            assert!(codes.iter().all(is_allowed), "{codes:?}");
        }
    };
    let thread = std::thread::Builder::new().stack_size(COMPILE_STACK_SIZE);
    let checked = thread.spawn(check_all).expect("a thread can be made").join();
    assert!(checked.is_ok());
}
