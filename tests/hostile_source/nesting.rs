//! Sources that nest: every pass recurses over them.

use crate::case::Expected::{Refused, Runs};
use crate::case::{Case, in_handler};

const MANY: usize = 100_000;

/// So deep that it is still allowed.
const DEEP: usize = 240;

/// A value between brackets.
fn value(open: &str, count: usize, close: &str) -> String {
    in_handler(&format!("let _x = {}1{}", open.repeat(count), close.repeat(count)))
}

fn ty(open: &str, count: usize, close: &str) -> String {
    format!("struct S {{ a: {}int{} }}", open.repeat(count), close.repeat(count))
}

fn blocks(head: &str, count: usize) -> String {
    in_handler(&format!("{}{}", head.repeat(count), "}".repeat(count)))
}

pub(crate) const CASES: &[Case] = &[
    Case { name: "parentheses", source: || value("(", MANY, ")"), expected: Refused(&["E0601"]) },
    Case { name: "parentheses-allowed", source: || value("(", DEEP, ")"), expected: Runs },
    Case {
        name: "parentheses-open",
        source: || value("(", MANY, ""),
        expected: Refused(&["E0601"]),
    },
    Case {
        name: "parentheses-shut",
        source: || value("", MANY, ")") + &")".repeat(MANY),
        expected: Refused(&["E0103"]),
    },
    Case { name: "lists", source: || value("[", MANY, "]"), expected: Refused(&["E0601"]) },
    Case { name: "lists-allowed", source: || value("[", 60, "]"), expected: Runs },
    Case { name: "calls", source: || value("abs(", MANY, ")"), expected: Refused(&["E0601"]) },
    Case { name: "calls-allowed", source: || value("abs(", DEEP, ")"), expected: Runs },
    Case {
        name: "mixed-brackets",
        source: || value("([abs(", MANY, ")])"),
        expected: Refused(&["E0601"]),
    },
    Case {
        name: "wrong-brackets",
        source: || value("([", MANY, ")]"),
        expected: Refused(&["E0601"]),
    },
    Case { name: "minus", source: || value("-", MANY, ""), expected: Refused(&["E0601"]) },
    Case { name: "minus-allowed", source: || value("- ", DEEP, ""), expected: Runs },
    Case {
        name: "not",
        source: || in_handler(&format!("let _x = {}b", "!".repeat(MANY))),
        expected: Refused(&["E0601"]),
    },
    Case {
        name: "coalesce",
        source: || value("none ?? ", MANY, ""),
        expected: Refused(&["E0601"]),
    },
    Case {
        name: "fail",
        source: || in_handler(&"fail ".repeat(MANY)),
        expected: Refused(&["E0601"]),
    },
    Case {
        name: "return",
        source: || in_handler(&"return ".repeat(MANY)),
        expected: Refused(&["E0601"]),
    },
    Case { name: "if", source: || blocks("if b { ", MANY), expected: Refused(&["E0601"]) },
    Case { name: "if-allowed", source: || blocks("if b { ", DEEP), expected: Runs },
    Case {
        name: "if-open",
        source: || in_handler(&"if b {\n".repeat(MANY)),
        expected: Refused(&["E0601"]),
    },
    Case { name: "while", source: || blocks("while b { ", MANY), expected: Refused(&["E0601"]) },
    Case {
        name: "for",
        source: || blocks("for _i in 0..1 { ", MANY),
        expected: Refused(&["E0601"]),
    },
    Case {
        name: "for-deeper-than-its-frame",
        source: || blocks("for _i in 0..1 { ", DEEP),
        expected: Refused(&["E0619"]),
    },
    Case { name: "for-allowed", source: || blocks("for _i in 0..1 { ", 60), expected: Runs },
    Case {
        name: "match",
        source: || blocks("match b { _ => ", MANY),
        expected: Refused(&["E0601"]),
    },
    Case {
        name: "if-as-a-value",
        source: || value("if b { ", MANY, " } else { 1 }"),
        expected: Refused(&["E0601"]),
    },
    Case {
        name: "patterns",
        source: || {
            in_handler(&format!("match n {{ {}_{} => 1 }}", "some(".repeat(MANY), ")".repeat(MANY)))
        },
        expected: Refused(&["E0601"]),
    },
    Case { name: "types", source: || ty("[", MANY, "]"), expected: Refused(&["E0601"]) },
    Case { name: "arrays", source: || ty("[", 64, "; 1]"), expected: Runs },
    Case { name: "arrays-deeper", source: || ty("[", DEEP, "; 1]"), expected: Refused(&["E0614"]) },
    Case {
        name: "arrays-of-arrays",
        source: || ty("[", 40, "; 9]"),
        expected: Refused(&["E0610"]),
    },
    Case { name: "optionals", source: || ty("", MANY, "?"), expected: Refused(&["E0121"]) },
    Case { name: "texts", source: || value("\"{", MANY, "}\""), expected: Refused(&["E0606"]) },
    Case { name: "texts-allowed", source: || value("\"{", 8, "}\""), expected: Runs },
    Case { name: "texts-open", source: || value("\"{", MANY, ""), expected: Refused(&["E0606"]) },
    Case {
        name: "struct-literals",
        source: || {
            in_handler(&format!("let _x = {}1{}", "S { a: ".repeat(MANY), " }".repeat(MANY)))
        },
        expected: Refused(&["E0601"]),
    },
    Case { name: "tests", source: || "test \"a\" { ".repeat(MANY), expected: Refused(&["E0116"]) },
];
