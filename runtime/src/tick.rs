//! Running the timers of a world that are due.
//!
//! A timer of the whole world is one call. A timer of a table is one call for each row that was
//! there when the tick began; between them others have their turn, so that a large table holds
//! nobody up. A run that traps is taken back alone and told to the observer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use midflight_compiler::ir::Timer;
use midflight_compiler::types::TableId;

use crate::call::{Time, Turn};
use crate::shared::Shared;
use crate::version::Version;
use crate::world::World;

/// How long a tick goes on while nobody else wants the world.
const HOLD_MAX: Duration = Duration::from_millis(1);

/// The rows of a tick that have not had their run.
struct Rows {
    table: TableId,
    table_name: String,
    /// Slot and generation, the next one last.
    left: Vec<(u32, u32)>,
}

/// Runs every timer that is due, each once; tells how many timers ran.
pub(crate) fn tick(shared: &Arc<Shared>, world: &World, now_ms: i64) -> usize {
    let mut count = 0;
    while world.next_due_ms() <= now_ms {
        let mut room = world.gate.enter();
        let Some(name) = room.take_due(now_ms) else { break };
        let Ok(mut turn) = room.turn(shared, Time::At(now_ms)) else { break };
        count += 1;
        let rest = begin(shared, world, &mut turn, &name);
        drop(turn);
        drop(room);
        if let Some(rows) = rest {
            run_rows(shared, world, (&name, now_ms), rows);
        }
    }
    count
}

/// Runs a timer of the whole world; collects the rows of a timer of a table.
fn begin(shared: &Shared, world: &World, turn: &mut Turn<'_>, name: &str) -> Option<Rows> {
    let timer = named(turn.version(), name)?;
    let Some(table) = timer.table else {
        if let Err(trap) = turn.run(timer.function) {
            turn.deliver(shared.setup.observer.timer_trapped(world.name(), name, &trap));
        }
        return None;
    };
    let mut left = turn.rows(table);
    left.reverse();
    let table_name = turn.version().program().ir.types.table(table).name.clone();
    Some(Rows { table, table_name, left })
}

fn run_rows(shared: &Arc<Shared>, world: &World, (name, now_ms): (&str, i64), mut rows: Rows) {
    while !rows.left.is_empty() {
        let mut room = world.gate.enter();
        let Ok(mut turn) = room.turn(shared, Time::At(now_ms)) else { return };
        // A swap may have come between: the new version's timer of this name goes on.
        let Some(timer) = named(turn.version(), name) else { return };
        let types = &turn.version().program().ir.types;
        if timer.table != Some(rows.table) || types.table(rows.table).name != rows.table_name {
            return;
        }
        let began = Instant::now();
        while let Some((slot, generation)) = rows.left.pop() {
            let Some(row) = turn.row(rows.table, slot, generation) else { continue };
            if let Err(trap) = turn.run_with(timer.function, row) {
                turn.deliver(shared.setup.observer.timer_trapped(world.name(), name, &trap));
            }
            if world.gate.is_wanted() || began.elapsed() > HOLD_MAX {
                break;
            }
        }
    }
}

fn named<'v>(version: &'v Version, name: &str) -> Option<&'v Timer> {
    version.program().ir.timers.iter().find(|timer| timer.name == name)
}
