//! Sources that read well and mean too much: cycles, constants that grow, types that are large,
//! and mistakes by the thousand.

use crate::case::Expected::{Refused, Runs};
use crate::case::{Case, in_handler, lines};

/// Each is made of two of the next.
fn doubling(count: usize, one: impl Fn(usize, usize) -> String) -> String {
    lines(count, |i| one(i, i + 1))
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "constants-in-a-circle",
        source: || lines(1_000, |i| format!("const A{i} = A{} + 1", (i + 1) % 1_000)),
        expected: Refused(&["E0403"]),
    },
    Case {
        name: "constants-in-a-row",
        source: || {
            lines(5_000, |i| format!("const A{i} = A{} + 1", i + 1))
                + "const A5000 = 1\ntest \"sum\" { assert A0 == 5001 }"
        },
        expected: Runs,
    },
    Case {
        name: "a-constant-of-itself",
        source: || "const A = A".to_owned(),
        expected: Refused(&["E0403"]),
    },
    Case {
        name: "structs-in-a-circle",
        source: || lines(1_000, |i| format!("struct S{i} {{ a: S{} }}", (i + 1) % 1_000)),
        expected: Refused(&["E0402"]),
    },
    Case {
        name: "structs-in-a-circle-of-lists",
        source: || lines(100, |i| format!("struct S{i} {{ a: [S{}]? }}", (i + 1) % 100)),
        expected: Refused(&["E0407"]),
    },
    Case {
        name: "enums-in-a-circle",
        source: || "enum A { a(b: B), x }\nenum B { b(a: A?), y }".to_owned(),
        expected: Refused(&["E0402"]),
    },
    Case {
        name: "structs-in-a-row",
        source: || {
            lines(2_000, |i| format!("struct S{i} {{ a: S{} }}", i + 1)) + "struct S2000 { n: int }"
        },
        expected: Refused(&["E0614"]),
    },
    Case {
        name: "structs-that-double",
        source: || {
            doubling(60, |i, next| format!("struct S{i} {{ a: S{next}, b: S{next} }}"))
                + "struct S60 { n: int }"
        },
        expected: Refused(&["E0610"]),
    },
    Case {
        name: "enums-that-double",
        source: || {
            doubling(60, |i, next| format!("enum E{i} {{ a(x: E{next}, y: E{next}), b }}"))
                + "enum E60 { a }"
        },
        expected: Refused(&["E0610"]),
    },
    Case {
        name: "a-list-of-all-numbers",
        source: || "state { a: [int; 9223372036854775807] }".to_owned(),
        expected: Refused(&["E0408"]),
    },
    Case {
        name: "a-list-of-less-than-nothing",
        source: || "const N = -1\nstate { a: [int; 0], b: [int; N], c: [int; ..0] }".to_owned(),
        expected: Refused(&["E0408"]),
    },
    Case {
        name: "lists-of-lists",
        source: || "struct S { a: [[[[int; 65536]; 65536]; 65536]; 65536] }".to_owned(),
        expected: Refused(&["E0610"]),
    },
    Case {
        name: "texts-that-double",
        source: || {
            doubling(60, |i, next| format!("const A{next} = A{i} + A{i}"))
                + "const A0 = \"0123456789\""
        },
        expected: Refused(&["E0612"]),
    },
    Case {
        name: "texts-that-double-in-texts",
        source: || {
            doubling(60, |i, next| format!("const A{next} = \"{{A{i}}}{{A{i}}}\""))
                + "const A0 = \"0123456789\""
        },
        expected: Refused(&["E0612"]),
    },
    Case {
        name: "numbers-that-double",
        source: || doubling(70, |i, next| format!("const A{next} = A{i} + A{i}")) + "const A0 = 1",
        expected: Refused(&["E0405"]),
    },
    Case {
        name: "constants-without-a-value",
        source: || {
            "const A = 1 / 0\nconst B = 1 % 0\nconst C = -9223372036854775808 / -1\nconst D = pow(10, 19)\nconst E = int(1e300)\nconst F = abs(-9223372036854775807 - 1)\nconst G = clamp(1, 3, 2)".to_owned()
        },
        expected: Refused(&["E0404", "E0405"]),
    },
    Case {
        name: "large-defaults",
        source: || {
            "struct S { a: [int; 100000] }\nstruct T { s: S = S { a: [7; 100000] } }\n".to_owned()
                + &lines(100, |i| format!("get g{i}() -> T {{ return T {{ }} }}"))
        },
        expected: Refused(&["E0618"]),
    },
    Case {
        name: "defaults-in-a-circle",
        source: || "struct A { n: int = A { }.n }".to_owned(),
        expected: Refused(&["E0404"]),
    },
    Case {
        name: "numbers-too-large",
        source: || {
            in_handler(
                "let _a = 9223372036854775808\nlet _b = 1e400\nlet _c = 99999999999999999999h",
            )
        },
        expected: Refused(&["E0004"]),
    },
    Case {
        name: "durations-too-long",
        source: || "every 9223372036854775807h t() { }".to_owned(),
        expected: Refused(&["E0004"]),
    },
    Case {
        name: "unknown-names",
        source: || lines(10_000, |i| format!("fn f{i}() -> int {{ return x{i} }}")),
        expected: Refused(&["E0201"]),
    },
    Case {
        // Whether one of very many locals has such a field, or one of very many enums such a variant.
        name: "unknown-names-among-locals-and-variants",
        source: || {
            let wrong = |i| format!("let v{i} = {i}\nlog \"{{u{i}}}\"\nw{i}()");
            lines(8_000, |i| format!("enum E{i} {{ a{i}, b{i} }}"))
                + &in_handler(&lines(1_000, wrong))
        },
        expected: Refused(&["E0201", "E0202"]),
    },
    Case {
        name: "unknown-functions-among-many",
        source: || {
            "fn f() { }\n".to_owned() + &lines(10_000, |i| format!("fn f{i}() {{ g{i}() }}"))
        },
        expected: Refused(&["E0202"]),
    },
    Case {
        name: "wrong-types",
        source: || in_handler(&lines(5_000, |_| "let _x: int = \"a\"".to_owned())),
        expected: Refused(&["E0209", "E0300"]),
    },
    Case {
        name: "one-name-for-all",
        source: || lines(10_000, |_| "fn f() { }".to_owned()),
        expected: Refused(&["E0200"]),
    },
    Case {
        name: "warnings-before-a-mistake",
        source: || {
            lines(1_000, |i| format!("fn f{i}(n: int) {{ if n > 0 {{ let n = 1 }} }}"))
                + "fn g() -> int { return true }"
        },
        expected: Refused(&["E0300"]),
    },
    Case {
        name: "warnings",
        source: || lines(3_000, |i| format!("fn f{i}() {{ let a = 1 }}")),
        expected: Runs,
    },
    Case {
        name: "patterns-that-explode",
        source: || {
            "enum B { t, f }\nenum W { w(".to_owned()
                + &(0..20).map(|i| format!("a{i}: B")).collect::<Vec<_>>().join(", ")
                + ") }\nfn f(x: W) -> int { return match x {\n"
                + &lines(20, |i| {
                    format!(
                        "w({}) => {i}",
                        (0..20)
                            .map(|j| if i == j { "t" } else { "_" })
                            .collect::<Vec<_>>()
                            .join(", ")
                    )
                })
                + "} }"
        },
        expected: Refused(&["E0510"]),
    },
    Case {
        name: "names-that-are-near",
        source: || {
            lines(2_000, |i| format!("const NAME{i} = {i}"))
                + &lines(2_000, |i| format!("fn f{i}() -> int {{ return NAMF{i} }}"))
        },
        expected: Refused(&["E0201"]),
    },
    Case {
        name: "migrations-of-nothing",
        source: || {
            "migrate t(old) { a = old.b }\ndrop table u\ndrop v.w\ntable t was x { key id: int was y }".to_owned()
        },
        expected: Refused(&["E0203"]),
    },
];
