//! Sources that are long, or have very many of something.

use crate::case::Expected::{Refused, Runs};
use crate::case::{Case, in_handler, lines};

/// A little less than a source may have.
const LONG: usize = 4_000_000;
const TOO_LONG: usize = 10_000_000;

fn many_locals(count: usize) -> String {
    let lets = lines(count, |i| format!("let a{i} = n + {i}"));
    let uses = lines(count, |i| format!("sum += a{i}"));
    format!(
        "fn id(n: int) -> int {{ return n }}\n\
         get f(n: int) -> int {{\n{lets}var sum = id(n)\n{uses}return sum\n}}\n\
         test \"all of them\" {{ assert f(0) == {} }}\n",
        (0..count).sum::<usize>()
    )
}

fn arms(count: usize) -> String {
    let arms = lines(count, |i| format!("{i} => {}", i * 2));
    format!(
        "get f(n: int) -> int {{ return match n {{\n{arms}_ => -1\n}} }}\n\
         test \"the last arm\" {{ assert f({}) == {} && f(-5) == -1 }}\n",
        count - 1,
        2 * (count - 1)
    )
}

fn variants(count: usize) -> String {
    let names: Vec<String> = (0..count).map(|i| format!("v{i}")).collect();
    let arms = lines(count, |i| format!("v{i} => {i}"));
    format!(
        "enum E {{ {} }}\nfn f(e: E) -> int {{ return match e {{\n{arms}}} }}\n\
         test \"the last\" {{ assert f(E.v{}) == {} }}\n",
        names.join(", "),
        count - 1,
        count - 1
    )
}

fn call_sites(functions: usize, each: usize) -> String {
    let calls = lines(each, |_| "sum += id(n)".to_owned());
    let callers = lines(functions, |i| {
        format!("get f{i}(n: int) -> int {{\nvar sum = 0\n{calls}return sum\n}}")
    });
    format!("fn id(n: int) -> int {{ return n / 3 }}\n{callers}")
}

fn params(count: usize) -> String {
    let params: Vec<String> = (0..count).map(|i| format!("p{i}: int")).collect();
    format!("fn f({}) -> int {{ return p0 }}\n", params.join(", "))
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a-long-line",
        source: || in_handler(&format!("let _x = 1 + {}1", " ".repeat(LONG))),
        expected: Runs,
    },
    Case {
        name: "a-line-that-is-too-long",
        source: || in_handler(&format!("let _x = 1 + {}1", " ".repeat(TOO_LONG))),
        expected: Refused(&["E0600"]),
    },
    Case {
        name: "a-mistake-in-a-long-line",
        source: || {
            in_handler(&format!(
                "let _x = {} nothing + {}1",
                " ".repeat(LONG / 2),
                " ".repeat(LONG / 2)
            ))
        },
        expected: Refused(&["E0201"]),
    },
    Case {
        name: "mistakes-in-a-long-line",
        source: || in_handler(&format!("let _x = [{}]", "nothing, ".repeat(9_000))),
        expected: Refused(&["E0201"]),
    },
    Case {
        name: "a-long-comment",
        source: || format!("// {}\nfn f() {{ }}", "x".repeat(LONG)),
        expected: Runs,
    },
    Case {
        name: "a-comment-that-is-too-long",
        source: || format!("// {}\nfn f() {{ }}", "x".repeat(TOO_LONG)),
        expected: Refused(&["E0600"]),
    },
    Case {
        name: "a-long-documentation",
        source: || {
            format!(
                "{}get f() {{ }}",
                lines(60_000, |_| "/// What it does, at length, and then again and again"
                    .to_owned())
            )
        },
        expected: Runs,
    },
    Case {
        name: "a-comment-that-does-not-end",
        source: || format!("/*{}", " *".repeat(LONG / 2)),
        expected: Refused(&["E0005"]),
    },
    Case {
        name: "comments-that-do-not-end",
        source: || "/*\n".repeat(1_000_000),
        expected: Refused(&["E0005"]),
    },
    Case {
        name: "comments-everywhere",
        source: || in_handler(&format!("let _x = [{}1]", "1, // a\n".repeat(9_000))),
        expected: Runs,
    },
    Case { name: "empty-lines", source: || "\n".repeat(LONG) + "fn f() { }", expected: Runs },
    Case { name: "nothing", source: String::new, expected: Runs },
    Case {
        name: "a-million-tokens",
        source: || in_handler(&format!("let _x = [{}]", "1,".repeat(500_000))),
        expected: Refused(&["E0603"]),
    },
    Case {
        name: "a-million-marks",
        source: || ", ".repeat(1_000_000),
        expected: Refused(&["E0100"]),
    },
    Case {
        name: "a-long-name",
        source: || format!("fn f{}() {{ }}\nget g() {{ f() }}", "o".repeat(LONG)),
        expected: Refused(&["E0202"]),
    },
    Case {
        name: "a-long-number",
        source: || in_handler(&format!("let _x = {}", "9".repeat(LONG))),
        expected: Refused(&["E0004"]),
    },
    Case {
        name: "a-long-fraction",
        source: || in_handler(&format!("let _x = 0.{}", "3".repeat(LONG))),
        expected: Runs,
    },
    Case {
        name: "a-long-text",
        source: || in_handler(&format!("log \"{}\"", "x".repeat(LONG))),
        expected: Runs,
    },
    Case {
        name: "a-text-of-many-values",
        source: || in_handler(&format!("log \"{}\"", "{n}".repeat(15_000))),
        expected: Refused(&["E0613"]),
    },
    Case {
        name: "a-text-of-many-values-allowed",
        source: || in_handler(&format!("log \"{}\"", "{n}".repeat(4_000))),
        expected: Runs,
    },
    Case {
        name: "an-unknown-name-that-is-long",
        source: || in_handler(&format!("let _x = {}", "x".repeat(LONG))),
        expected: Refused(&["E0201"]),
    },
    Case {
        name: "an-unused-name-that-is-long",
        source: || in_handler(&format!("let {} = 1", "x".repeat(LONG))),
        expected: Runs,
    },
    Case {
        name: "a-text-that-does-not-end",
        source: || in_handler(&format!("log \"{}", "x".repeat(LONG))),
        expected: Refused(&["E0002"]),
    },
    Case {
        name: "a-hundred-thousand-functions",
        source: || lines(100_000, |i| format!("fn f{i}() {{ }}")),
        expected: Refused(&["E0607"]),
    },
    Case {
        name: "functions-that-nothing-reaches",
        source: || lines(19_000, |i| format!("fn f{i}(n: int) -> int {{ return n / {i} }}")),
        expected: Runs,
    },
    Case {
        name: "many-handlers",
        source: || lines(3_000, |i| format!("get f{i}(n: int) -> int {{ return n + {i} }}")),
        expected: Runs,
    },
    Case {
        name: "many-types",
        source: || lines(15_000, |i| format!("struct S{i} {{ a: int, b: str? }}")),
        expected: Runs,
    },
    Case {
        name: "many-tables",
        source: || lines(3_000, |i| format!("table t{i} {{ key id: int, a: int, index a }}")),
        expected: Runs,
    },
    Case {
        name: "call-sites-of-one-function",
        source: || call_sites(1, 100_000),
        expected: Refused(&["E0603"]),
    },
    Case { name: "call-sites-of-many-functions", source: || call_sites(100, 500), expected: Runs },
    Case {
        name: "branches",
        source: || in_handler(&lines(50_000, |i| format!("if n == {i} {{ log \"a\" }}"))),
        expected: Refused(&["E0603"]),
    },
    Case {
        name: "branches-of-a-function-that-is-allowed",
        source: || in_handler(&lines(1_500, |i| format!("if n == {i} {{ log \"a\" }}"))),
        expected: Runs,
    },
    Case { name: "arms", source: || arms(50_000), expected: Refused(&["E0603"]) },
    Case { name: "arms-allowed", source: || arms(3_000), expected: Runs },
    Case { name: "variants", source: || variants(2_000), expected: Refused(&["E0206", "E0615"]) },
    Case { name: "variants-allowed", source: || variants(1_000), expected: Runs },
    Case {
        name: "locals-across-a-call",
        source: || many_locals(5_000),
        expected: Refused(&["E0603"]),
    },
    Case {
        name: "fewer-locals-across-a-call",
        source: || many_locals(2_500),
        expected: Refused(&["E0604"]),
    },
    Case { name: "locals-across-a-call-allowed", source: || many_locals(500), expected: Runs },
    Case { name: "parameters", source: || params(1_000), expected: Refused(&["E0611"]) },
    Case {
        name: "arguments",
        source: || in_handler(&format!("abs({})", "n, ".repeat(9_000))),
        expected: Refused(&["E0304"]),
    },
    Case {
        name: "fields",
        source: || format!("state {{\n{}}}", lines(100_000, |i| format!("f{i}: int"))),
        expected: Refused(&["E0603", "E0615"]),
    },
    Case {
        name: "a-huge-frame",
        source: || {
            "struct B { a: [int; 120] }\nget f() -> int {\n".to_owned()
                + &lines(200, |i| format!("let b{i} = B {{ }}"))
                + "return b0.a[0]\n}"
        },
        expected: Refused(&["E0613"]),
    },
    Case {
        name: "large-locals",
        source: || {
            "get f(n: int) -> int {\n".to_owned()
                + &lines(100, |i| format!("var b{i} = [n; 10000]\nb{i}[n] = {i}"))
                + "return b0[0] + b99[0]\n}"
        },
        expected: Runs,
    },
    Case {
        name: "tests",
        source: || lines(3_000, |i| format!("test \"{i}\" {{ assert true }}")),
        expected: Runs,
    },
];
