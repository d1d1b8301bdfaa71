//! Sources of strange characters: what cannot be seen, what looks like something else, and line
//! ends of all kinds.

use crate::case::Case;
use crate::case::Expected::{Refused, Runs};
use crate::case::{in_handler, lines};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "right-to-left-in-a-text",
        source: || in_handler("log \"user\u{202e} \u{2066}// \u{2069}\""),
        expected: Refused(&["E0007"]),
    },
    Case {
        name: "right-to-left-in-a-comment",
        source: || "// \u{202e} gnihton\nfn f() { }".to_owned(),
        expected: Refused(&["E0007"]),
    },
    Case {
        name: "right-to-left-in-code",
        source: || in_handler("\u{202e}log \"a\""),
        expected: Refused(&["E0001"]),
    },
    Case {
        name: "no-width-in-a-name",
        source: || "fn a\u{200b}b() { }".to_owned(),
        expected: Refused(&["E0001"]),
    },
    Case { name: "nul", source: || in_handler("\0"), expected: Refused(&["E0001"]) },
    Case {
        name: "nul-in-a-text",
        source: || in_handler("log \"a\0b\""),
        expected: Refused(&["E0007"]),
    },
    Case {
        name: "nul-in-a-name",
        source: || "fn a\0b() { }".to_owned(),
        expected: Refused(&["E0001"]),
    },
    Case {
        name: "controls",
        source: || (0u8..32).map(char::from).filter(|c| !"\t\n\r".contains(*c)).collect(),
        expected: Refused(&["E0001"]),
    },
    Case {
        name: "a-mark-of-byte-order",
        source: || "\u{feff}fn f() { }".to_owned(),
        expected: Runs,
    },
    Case {
        name: "a-mark-of-byte-order-inside",
        source: || "fn f() { }\n\u{feff}fn g() { }".to_owned(),
        expected: Refused(&["E0001"]),
    },
    Case {
        name: "letters-that-look-alike",
        source: || "fn pay(аmount: int) { }".to_owned(),
        expected: Refused(&["E0001"]),
    },
    Case {
        name: "digits-of-other-scripts",
        source: || in_handler("let _x = ١٢٣"),
        expected: Refused(&["E0001"]),
    },
    Case {
        name: "spaces-of-other-kinds",
        source: || "fn\u{a0}f() {\u{3000}}\u{2028}".to_owned(),
        expected: Refused(&["E0001"]),
    },
    Case {
        name: "marks-that-combine",
        source: || "fn f\u{301}() { }".to_owned(),
        expected: Refused(&["E0001"]),
    },
    Case {
        name: "a-million-marks-that-combine",
        source: || in_handler(&format!("log \"a{}\"", "\u{301}".repeat(1_000_000))),
        expected: Runs,
    },
    Case {
        name: "characters-of-four-bytes",
        source: || in_handler(&format!("log \"{}\"", "🙂".repeat(500_000))),
        expected: Runs,
    },
    Case {
        name: "private-and-unassigned",
        source: || in_handler("log \"\u{e000}\u{f8ff}\u{10ffff}\""),
        expected: Runs,
    },
    Case {
        name: "carriage-returns-and-newlines",
        source: || "fn f() {\r\n    log \"a\"\r\n}\r\n".to_owned(),
        expected: Runs,
    },
    Case {
        name: "carriage-returns",
        source: || "fn f() {\r    log \"a\"\r}\r".to_owned(),
        expected: Runs,
    },
    Case {
        name: "a-carriage-return-that-hides-code",
        source: || "fn f() { }\n// \rfn g() { }\n".to_owned(),
        expected: Refused(&["E0007"]),
    },
    Case {
        name: "line-ends-mixed",
        source: || "fn f() {\n    log \"a\"\r\n\n\r\n}\r\n// c\r\n/// d\r\nfn g() { }".to_owned(),
        expected: Runs,
    },
    Case {
        name: "a-carriage-return-in-a-text",
        source: || in_handler("log \"a\rb\""),
        expected: Refused(&["E0007"]),
    },
    Case {
        name: "a-newline-in-a-text",
        source: || in_handler("log \"a\nb\""),
        expected: Refused(&["E0002"]),
    },
    Case {
        name: "escapes-of-no-character",
        source: || in_handler("log \"\\u{d800} \\u{110000} \\u{} \\u{ffffffffff} \\q\""),
        expected: Refused(&["E0003"]),
    },
    Case {
        name: "a-hundred-thousand-mistakes",
        source: || "@\n".repeat(100_000),
        expected: Refused(&["E0001"]),
    },
    Case {
        name: "a-million-mistakes-in-a-line",
        source: || "@ ".repeat(1_000_000),
        expected: Refused(&["E0001"]),
    },
    Case {
        name: "a-hundred-thousand-quotes",
        source: || "\"\n".repeat(100_000),
        expected: Refused(&["E0002"]),
    },
    Case {
        name: "escapes-that-do-not-end",
        source: || in_handler(&format!("log \"{}\"", "\\u{".repeat(1_000_000))),
        expected: Refused(&["E0001", "E0003"]),
    },
    Case {
        name: "a-million-single-quotes",
        source: || in_handler(&"'a' ".repeat(1_000_000)),
        expected: Refused(&["E0006"]),
    },
    Case {
        name: "a-hundred-thousand-backslashes",
        source: || in_handler(&format!("log \"{}\"", "\\".repeat(99_999))),
        expected: Refused(&["E0002"]),
    },
    Case {
        name: "names-of-every-library",
        source: || {
            lines(8, |i| {
                format!(
                    "fn {}(n: int) -> int {{ return n + {i} }}",
                    [
                        "system",
                        "malloc",
                        "memcpy",
                        "abort",
                        "main",
                        "free",
                        "__probestack",
                        "_start"
                    ][i]
                )
            }) + "test \"they are ours\" { assert system(1) + malloc(1) + memcpy(1) + abort(1) + main(1) + free(1) + __probestack(1) + _start(1) == 36 }"
        },
        expected: Runs,
    },
];
