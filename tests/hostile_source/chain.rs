//! Sources without nesting whose trees lean to one side: as deep as they are long.

use crate::case::Expected::{Refused, Runs};
use crate::case::{Case, in_handler, lines};

const MANY: usize = 100_000;

/// A first value and many links.
fn chain(first: &str, link: &str, count: usize) -> String {
    in_handler(&format!("let _x = {first}{}", link.repeat(count)))
}

fn else_if(count: usize) -> String {
    in_handler(&format!("if b {{ }}{}", " else if b { }".repeat(count)))
}

pub(crate) const CASES: &[Case] = &[
    Case { name: "sum", source: || chain("n", " + n", MANY), expected: Refused(&["E0602"]) },
    Case { name: "sum-allowed", source: || chain("n", " + n", 900), expected: Runs },
    Case {
        name: "sum-over-lines",
        source: || chain("n", " +\n n", MANY),
        expected: Refused(&["E0602"]),
    },
    Case { name: "division", source: || chain("n", " / n", MANY), expected: Refused(&["E0602"]) },
    Case {
        name: "constant-sum",
        source: || format!("const X = 1{}", " + 1".repeat(MANY)),
        expected: Refused(&["E0602"]),
    },
    Case {
        name: "constant-sum-allowed",
        source: || format!("const X = 1{}\ntest \"sum\" {{ assert X == 901 }}", " + 1".repeat(900)),
        expected: Runs,
    },
    Case { name: "and", source: || chain("b", " && b", MANY), expected: Refused(&["E0602"]) },
    Case { name: "and-or", source: || chain("b", " && b || b", 400), expected: Runs },
    Case {
        name: "texts",
        source: || chain("\"a\"", " + \"a\"", MANY),
        expected: Refused(&["E0602"]),
    },
    Case {
        name: "comparisons",
        source: || chain("n", " < n", MANY),
        expected: Refused(&["E0113", "E0602"]),
    },
    Case {
        name: "methods",
        source: || chain("\"a\"", ".trim()", MANY),
        expected: Refused(&["E0602"]),
    },
    Case {
        name: "methods-over-lines",
        source: || chain("\"a\"", "\n.trim()", MANY),
        expected: Refused(&["E0602"]),
    },
    Case { name: "methods-allowed", source: || chain("\"a\"", ".trim()", 900), expected: Runs },
    Case { name: "fields", source: || chain("state", ".a", MANY), expected: Refused(&["E0602"]) },
    Case { name: "indexes", source: || chain("[1]", "[0]", MANY), expected: Refused(&["E0602"]) },
    Case { name: "ranges", source: || chain("0", "..1", MANY), expected: Refused(&["E0100"]) },
    Case { name: "else-if", source: || else_if(MANY), expected: Refused(&["E0603"]) },
    Case { name: "else-if-shorter", source: || else_if(2_000), expected: Refused(&["E0602"]) },
    Case { name: "else-if-allowed", source: || else_if(900), expected: Runs },
    Case {
        name: "alternatives",
        source: || {
            in_handler(&format!("match n {{ 0{} => {{ }}\n_ => {{ }} }}", " | 1".repeat(MANY)))
        },
        expected: Refused(&["E0603"]),
    },
    Case {
        name: "calls-in-a-row",
        source: || {
            lines(4_000, |i| format!("fn f{i}(n: int) -> int {{ return f{}(n) }}", i + 1))
                + "fn f4000(n: int) -> int { return n }"
        },
        expected: Refused(&["E0613"]),
    },
];
