//! A world into lines.

use std::io::{self, Write};

use midflight_runtime::Turn;
use serde_json::json;

use super::{FORMAT, FORMAT_VERSION};
use crate::json;

/// Writes the world of a turn, line by line.
///
/// # Errors
/// When `out` does not take it.
pub(crate) fn write(turn: &Turn<'_>, world: &str, out: &mut impl Write) -> io::Result<()> {
    let version = turn.version();
    let header = json!({
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "version": { "number": version.number(), "hash": version.hash() },
        "world": world,
        "time": turn.time_ms(),
        // As text: many readers of JSON take numbers for floats.
        "generator": turn.generator().map(|word| format!("{word:016x}")),
    });
    writeln!(out, "{header}")?;
    let mut line = b"{\"state\":".to_vec();
    json::write_exact(turn.state(), &mut line);
    line.extend_from_slice(b"}\n");
    out.write_all(&line)?;
    let mut count = 0_u64;
    turn.visit_rows(|table, slot, row| {
        count += 1;
        line.clear();
        write!(line, "{{\"table\":\"{table}\",\"slot\":{slot},\"row\":")?;
        json::write_exact(row, &mut line);
        line.extend_from_slice(b"}\n");
        out.write_all(&line)
    })?;
    writeln!(out, "{{\"end\":{{\"rows\":{count}}}}}")?;
    out.flush()
}
