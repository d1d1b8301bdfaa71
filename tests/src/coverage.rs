//! The suite's check of itself: what the compiler and the runtime declare in tables (diagnostic
//! codes, trap kinds, built-ins, limits) occurs in a case, or stands here with the reason why not. A
//! reason that names a test holds only where that test names the limit or its answer.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use midflight_compiler::builtins::ROWS;
use midflight_compiler::diag::Code;
use midflight_compiler::trap::TrapKind;
use midflight_limits::{Row as Limit, engine, server, source};

use crate::case::{Kind, Topic};
use crate::listing::is_annotation;
use crate::view;

/// What no case holds, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("trap none", "means that there is no trap"),
    ("trap internal", "is raised by a fault of Midflight only"),
    ("trap result_too_large", "needs a server: `http/results.rs`"),
    ("E0690", "is a fault of Midflight only"),
    ("limit queue_len_max", "needs callers at the same time: `http/busy.rs`"),
    ("limit store_queue_max", "needs a store: `../runtime/tests/store/modes.rs`"),
    ("limit compiles_max", "shows only in how long a load takes"),
    ("limit code_cache_max", "shows only in how long a load takes"),
    ("limit body_len_max", "needs a server: `hostile/cases/body.case`"),
    ("limit large_bodies_max", "needs a server: `hostile/slow.rs`"),
    ("limit import_len_max", "needs a server: `http/transfer.rs`"),
    ("limit body_timeout", "needs a server: `hostile/slow.rs`"),
    ("limit header_len_max", "needs a server: `hostile/cases/head.case`"),
    ("limit headers_max", "needs a server: `hostile/cases/head.case`"),
    ("limit header_timeout", "needs a server: `hostile/slow.rs`"),
    ("limit idle_timeout", "needs a server: `hostile/slow.rs`"),
    ("limit write_timeout", "needs a server: `hostile/slow.rs`"),
    ("limit connections_max", "needs a server: `hostile/crowd.rs`"),
    ("limit loads_max", "needs a server: `hostile/slow.rs`"),
    ("limit result_len_max", "needs a server: `http/results.rs`"),
    ("limit large_answers_max", "needs a server: `hostile/crowd.rs`"),
    ("limit event_len_max", "needs a server: `hostile/slow.rs`"),
    ("limit events_kept_max", "needs a server: `hostile/slow.rs`"),
    ("limit listeners_max", "needs a server: `hostile/slow.rs`"),
    ("limit shutdown_timeout", "needs a server: `http/process.rs`"),
];

/// Finds what no case holds.
pub(crate) fn check(topics: &[Topic]) -> Result<(), String> {
    let excepted: BTreeSet<&str> = EXCEPTIONS.iter().map(|&(name, _)| name).collect();
    let held = held(topics)?;
    let mut faults = Vec::new();
    for name in declared() {
        match (held.contains(&name), excepted.contains(name.as_str())) {
            (false, false) => {
                faults.push(format!("no case holds `{name}`, and it is no exception"))
            }
            (true, true) => faults.push(format!("`{name}` is an exception, but a case holds it")),
            (true, false) | (false, true) => {}
        }
    }
    faults.extend(limits().iter().filter_map(unnamed));
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// What is wrong with the test that the exception of a limit names.
fn unnamed(limit: &Limit) -> Option<String> {
    let name = format!("limit {}", limit.name);
    let &(_, reason) = EXCEPTIONS.iter().find(|&&(excepted, _)| excepted == name)?;
    let file = reason.split('`').nth(1)?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let Ok(test) = fs::read_to_string(path) else { return Some(format!("there is no `{file}`")) };
    let mut names = limit.answer.split('`').skip(1).step_by(2).chain([limit.name]);
    let is_named = names.any(|name| test.contains(name));
    (!is_named).then(|| format!("`{file}` does not test `{name}`"))
}

fn limits() -> Vec<Limit> {
    [source::Limits::rows(), engine::Limits::rows(), server::Limits::rows()].concat()
}

/// Everything that the tables declare, named after its table.
fn declared() -> BTreeSet<String> {
    let codes = Code::ALL.iter().map(|code| code.name().to_owned());
    let traps = TrapKind::ALL.iter().map(|kind| format!("trap {}", kind.name()));
    let built_ins = ROWS.iter().map(|row| format!("{:?}(", row.builtin));
    let limits = limits().into_iter().map(|row| format!("limit {}", row.name));
    codes.chain(traps).chain(built_ins).chain(limits).collect()
}

fn held(topics: &[Topic]) -> Result<BTreeSet<String>, String> {
    let mut held = BTreeSet::new();
    for topic in topics {
        for case in &topic.cases {
            held.extend(case.settings().map(|(name, value)| match name {
                "limit" => format!("limit {value}"),
                _ => format!("limit {name}"),
            }));
            let lines = case.lines.iter();
            let annotations = lines.filter(|line| is_annotation(line) || line.starts_with("> "));
            held.extend(annotations.flat_map(|line| expected(line)));
            if topic.kind == Kind::Run {
                let typed = view::typed(case).map_err(|why| format!("{}: {why}", case.name))?;
                held.extend(used(&typed));
            }
        }
    }
    Ok(held)
}

/// The code or trap that an annotation or a line of a script expects.
fn expected(line: &str) -> impl Iterator<Item = String> + '_ {
    let words: Vec<&str> = line.split([' ', ':']).collect();
    let traps = words.windows(2).filter(|pair| pair[0] == "trap").map(|pair| pair.join(" "));
    let codes = words.iter().filter(|word| word.starts_with('E')).map(|&word| word.to_owned());
    traps.chain(codes).collect::<Vec<_>>().into_iter()
}

/// The built-ins that a typed program uses, each form of one by itself.
fn used(typed: &str) -> impl Iterator<Item = String> + '_ {
    let begins = |name: &String| {
        let mut places = typed.match_indices(name.as_str());
        places.any(|(place, _)| !typed[..place].ends_with(char::is_alphanumeric))
    };
    ROWS.iter().map(|row| format!("{:?}(", row.builtin)).filter(begins)
}
