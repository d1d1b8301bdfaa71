//! No text of a user becomes a symbol: names stand in the machine code's listing only where it says
//! for people which function follows.

use libtest_mimic::Failed;
use midflight_compiler::source::Source;
use midflight_compiler::{Emit, inspect};

/// Every kind of name, each with `zzq` in it; texts, too.
const NAMES: &str = r#"
const zzq_const = 3
enum zzq_enum { zzq_variant, zzq_other(zzq_payload: int) }
struct zzq_struct { zzq_field: int, zzq_text: str }
state { zzq_state: zzq_struct, zzq_choice: zzq_enum }
table zzq_table { key zzq_key: str, zzq_column: int, index zzq_column }
event zzq_event { zzq_part: int }
fn zzq_function(zzq_param: int) -> int {
    if zzq_param < 2 { return zzq_const }
    return zzq_function(zzq_param - 1) + zzq_function(zzq_param - 2)
}
post zzq_handler(zzq_argument: int) -> str {
    let zzq_local = insert zzq_table { zzq_key: "zzq {zzq_argument}", zzq_column: 1 }
    for zzq_row in zzq_table by zzq_column { zzq_row.zzq_column += zzq_function(4) }
    emit zzq_event { zzq_part: zzq_local.zzq_column }
    log "zzq says {state.zzq_state.zzq_text}"
    state.zzq_choice = zzq_enum.zzq_other(2)
    if state.zzq_choice == zzq_enum.zzq_variant { fail 409 "zzq failed" }
    return "{sin(1.0)} {pow(2.0, 0.5)} {round(0.5)} zzq"
}
every 1s zzq_timer() { assert state.zzq_state.zzq_field == 0, "zzq" }
on load { state.zzq_state.zzq_text = "zzq" }
test "zzq_test" { assert zzq_handler(1) != "zzq" }
"#;

pub(crate) fn check() -> Result<(), Failed> {
    let source = Source::new("zzq.flight", NAMES);
    for stage in [Emit::Clif, Emit::Asm] {
        let listing = inspect(&source, stage).map_err(|mistakes| format!("{mistakes:?}"))?;
        let code: Vec<&str> = listing.lines().filter(|line| !line.starts_with(';')).collect();
        if let Some(line) = code.iter().find(|line| line.contains("zzq")) {
            return Err(format!("{stage:?} has a name in `{line}`").into());
        }
        if !listing.contains("; zzq_function") || code.len() < 100 {
            return Err(format!("{stage:?} does not list the program").into());
        }
    }
    Ok(())
}
