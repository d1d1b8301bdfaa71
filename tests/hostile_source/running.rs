//! Sources that compile, and want more than a call may have when they run.

use crate::case::Case;
use crate::case::Expected::{Runs, Traps};

fn test(body: &str) -> String {
    format!("test \"hostile\" {{\n{body}\n}}\n")
}

/// A table, and a handler that fills it until it traps.
const FILL: &str = "
table t { key id: int, name: str, a: [int; 20], index name }
post fill(from: int) {
    for id in from..100000000 { insert t { id, name: \"row {id}\" } }
}
";

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "endless-loop",
        source: || test("while true { }"),
        expected: Traps("out_of_fuel"),
    },
    Case {
        name: "endless-for",
        source: || test("for _i in 0..9223372036854775807 { }"),
        expected: Traps("out_of_fuel"),
    },
    Case {
        name: "loops-in-loops",
        source: || test(&format!("{} {}", "for _i in 0..1000 { ".repeat(50), "}".repeat(50))),
        expected: Traps("out_of_fuel"),
    },
    Case {
        name: "recursion",
        source: || {
            "fn f(n: int) -> int { return f(n + 1) + 1 }\ntest \"a\" { assert f(0) == 0 }"
                .to_owned()
        },
        expected: Traps("out_of_stack"),
    },
    Case {
        name: "recursion-in-a-ring",
        source: || {
            "fn a(n: int) -> int { return b(n) + 1 }\nfn b(n: int) -> int { return c(n) + 1 }\nfn c(n: int) -> int { return a(n) + 1 }\ntest \"a\" { assert a(0) == 0 }".to_owned()
        },
        expected: Traps("out_of_stack"),
    },
    Case {
        name: "recursion-with-large-frames",
        source: || {
            "struct B { a: [int; 100] }\nfn f(n: int, b: B) -> int {\nvar c = b\nc.a[n % 100] = n\nreturn f(n + 1, c) + 1\n}\ntest \"a\" { assert f(0, B { }) == 0 }".to_owned()
        },
        expected: Traps("out_of_stack"),
    },
    Case {
        name: "recursion-below-the-limit",
        source: || {
            "fn f(n: int) -> int { if n == 0 { return 0 }\nreturn f(n - 1) + 1 }\ntest \"a\" { assert f(500) == 500 }".to_owned()
        },
        expected: Runs,
    },
    Case {
        name: "recursion-in-text",
        source: || {
            "fn f(n: int) -> str { return \"{f(n)}{f(n)}\" }\ntest \"a\" { assert f(0) == \"\" }"
                .to_owned()
        },
        expected: Traps("out_of_stack"),
    },
    Case {
        name: "texts-that-double",
        source: || test("var s = \"0123456789\"\nwhile true { s = s + s }"),
        expected: Traps("out_of_memory"),
    },
    Case {
        name: "texts-that-double-in-texts",
        source: || test("var s = \"0123456789\"\nwhile true { s = \"{s}{s}\" }"),
        expected: Traps("out_of_memory"),
    },
    Case {
        name: "texts-in-state-that-double",
        source: || {
            "state { s: str }\n".to_owned()
                + &test("state.s = \"0123456789\"\nwhile true { state.s = state.s + state.s }")
        },
        expected: Traps("out_of_memory"),
    },
    Case {
        name: "lists-that-grow",
        source: || test("var l: [int] = []\nwhile true { l.push(1) }"),
        expected: Traps("out_of_memory"),
    },
    Case {
        name: "lists-of-lists",
        source: || test("var l = [[1]]\nwhile true { l.push(l[l.len - 1]) }"),
        expected: Traps("out_of_memory"),
    },
    Case {
        name: "lists-in-bounds",
        source: || "state { l: [int; ..4] }\n".to_owned() + &test("while true { state.l.push(1) }"),
        expected: Traps("list_full"),
    },
    Case {
        name: "parts-of-a-text",
        source: || {
            test(
                "var s = \",\"\nfor _i in 0..18 { s = s + s }\nwhile true { assert s.split(\",\").len > 0 }",
            )
        },
        expected: Traps("out_of_memory"),
    },
    Case {
        name: "rows-to-the-quota",
        source: || format!("{FILL}{}", test("fill(0)")),
        expected: Traps("out_of_memory"),
    },
    Case {
        name: "rows-that-are-taken-back",
        source: || {
            format!(
                "{FILL}{}",
                test(
                    "for _i in 0..3 {\nassert fails fill(0)\nassert t.len == 0\n}\ninsert t { id: 1 }\nassert t.len == 1"
                )
            )
        },
        expected: Runs,
    },
    Case {
        name: "lines-of-the-log",
        source: || {
            test("while true { log \"{random(9)} and a line that takes some room in the log\" }")
        },
        expected: Traps("out_of_memory"),
    },
    Case {
        name: "events",
        source: || {
            "event e { text: str }\n".to_owned()
                + &test("while true { emit e { text: \"something that happened\" } }")
        },
        expected: Traps("out_of_fuel"),
    },
    Case {
        name: "smallest-by-minus-one",
        source: || {
            "fn f(a: int, b: int) -> int { return a / b }\ntest \"a\" { assert f(-9223372036854775808, -1) == 0 }".to_owned()
        },
        expected: Traps("overflow"),
    },
    Case {
        name: "remainder-of-smallest-by-minus-one",
        source: || {
            "fn f(a: int, b: int) -> int { return a % b }\ntest \"a\" { assert f(-9223372036854775808, -1) == 0 }".to_owned()
        },
        expected: Traps("overflow"),
    },
    Case {
        name: "remainder-by-nothing",
        source: || {
            "fn f(a: int, b: int) -> int { return a % b }\ntest \"a\" { assert f(1, 0) == 0 }"
                .to_owned()
        },
        expected: Traps("division_by_zero"),
    },
    Case {
        name: "negation-of-smallest",
        source: || {
            "fn f(a: int) -> int { return -a }\ntest \"a\" { assert f(-9223372036854775808) == 0 }"
                .to_owned()
        },
        expected: Traps("overflow"),
    },
    Case {
        name: "numbers-that-are-none",
        source: || {
            "fn f(x: float) -> int { return int(x) }\ntest \"a\" { assert f(0.0 / 0.0) == 0 }\ntest \"b\" { assert f(1.0 / 0.0) == 0 }\ntest \"c\" { assert f(-1e300) == 0 }".to_owned()
        },
        expected: Traps("out_of_range"),
    },
    Case {
        name: "indexes-out-of-bounds",
        source: || {
            "fn f(l: [int], i: int) -> int { return l[i] }\ntest \"a\" { assert f([1], -1) == 0 }\ntest \"b\" { assert f([1], 9223372036854775807) == 0 }\ntest \"c\" { assert f([], 0) == 0 }".to_owned()
        },
        expected: Traps("index_out_of_bounds"),
    },
    Case {
        name: "powers",
        source: || {
            "fn f(n: int) -> int { return pow(n, n) }\ntest \"a\" { assert f(100) == 0 }\ntest \"b\" { assert f(9223372036854775807) == 0 }".to_owned()
        },
        expected: Traps("overflow"),
    },
    Case {
        name: "random-of-nothing",
        source: || test("assert random(0) == 0"),
        expected: Traps("invalid_argument"),
    },
    Case {
        name: "a-message-without-end",
        source: || {
            test("var s = \"0123456789\"\nfor _i in 0..10 { s = s + s }\nassert s == s + \"!\"")
        },
        expected: Traps("assertion"),
    },
    Case {
        name: "a-loop-over-rows-that-are-gone",
        source: || {
            "table t { key id: int }\n".to_owned()
                + &test(
                    "for id in 0..1000 { insert t { id } }\nfor r in t { remove r }\nwhile true { for _r in t { } }",
                )
        },
        expected: Traps("out_of_fuel"),
    },
];
