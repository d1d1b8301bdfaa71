//! Versions of `dsl-examples/bank`: each a number of its own, that its `on load` writes into the state,
//! and one of two layouts, between which rows are renamed, converted, computed and dropped.

const BANK: &str = include_str!("../../dsl-examples/bank/bank.flight");

/// How a version lays out its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// As the example has it.
    Plain,
    /// A field has another name, one another type, one is new, and `state` another order.
    Other,
}

impl Layout {
    pub(crate) fn opposite(self) -> Layout {
        match self {
            Layout::Plain => Layout::Other,
            Layout::Other => Layout::Plain,
        }
    }
}

/// The source of a version.
pub(crate) fn source(number: u64, layout: Layout) -> String {
    // Its tests would run at each load.
    let (program, _tests) = BANK.split_once("\ntest ").expect("the example has tests");
    let replacements: &[(&str, &str)] = match layout {
        Layout::Plain => &[
            ("    owner: str\n", "    owner: str was holder\n"),
            ("    paid_out: int\n", "    paid_out: int\n    loads: int\n    number: int\n"),
        ],
        Layout::Other => &[
            ("    owner: str\n", "    holder: str was owner\n    rank: int?\n"),
            ("    opened: int\n", "    opened: float\n"),
            ("{ number, owner, opened: now() }", "{ number, holder: owner, opened: float(now()) }"),
            ("    paid_in: int\n", "    number: int\n    loads: int\n    paid_in: int\n"),
        ],
    };
    let mut program = program.to_owned();
    for (from, to) in replacements {
        assert!(program.contains(from), "the example has `{from}`");
        program = program.replace(from, to);
    }
    if layout == Layout::Plain {
        program
            .push_str("\ndrop account.rank\nmigrate account(old) { opened = int(old.opened) }\n");
    }
    program.push_str(&format!(
        "\non load {{\n    state.loads += 1\n    state.number = {number}\n}}\n\
         get number() -> int {{ return {number} }}\n"
    ));
    program
}
