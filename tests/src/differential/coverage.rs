//! What a run must have covered: whatever the compiler declares in tables, and every construct that
//! the generator knows. A run that misses one has become weak without anybody noticing.

use midflight_compiler::builtins::ROWS;
use midflight_compiler::trap::TrapKind;

use super::campaign::Tally;
use crate::generate::{CONSTRUCTS, builtin_label};

/// Trap kinds that no program can cause within the budgets of these tests.
const OUT_OF_REACH: &[TrapKind] = &[
    TrapKind::None,
    TrapKind::OutOfMemory,
    TrapKind::KeyTooLong,
    TrapKind::TextTooLong,
    TrapKind::ListTooLong,
    TrapKind::TableFull,
    TrapKind::ResultTooLarge,
    TrapKind::WorldFull,
    TrapKind::EngineFull,
    TrapKind::Internal,
];

/// What a run has not covered.
pub(super) fn missing(tally: &Tally) -> Vec<String> {
    let kinds = TrapKind::ALL.iter().filter(|kind| !OUT_OF_REACH.contains(kind));
    let kinds = kinds.map(|kind| kind.name()).filter(|&name| !tally.outcomes.contains_key(name));
    let kinds = kinds.map(|name| format!("no call ended with the trap `{name}`"));
    let built_ins = ROWS.iter().map(|row| builtin_label(row.builtin));
    let constructs = built_ins.chain(CONSTRUCTS.iter().copied());
    let constructs = constructs.filter(|&name| !tally.constructs.contains_key(name));
    let too_deep = tally.too_deep * 100 > tally.programs;
    let too_deep = too_deep.then(|| format!("{} programs need too much stack", tally.too_deep));
    kinds.chain(too_deep).chain(constructs.map(|name| format!("no program has `{name}`"))).collect()
}
