//! The tick: every row of a table moves and heals, in one transaction or each in its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::{builder, engine, fill};
use crate::Error;
use crate::piece::{Contender, Work};
use crate::rows::{self, MOVING, Moving, WATCHED};

const TABLE: &str = "
table mover { key id: int, hp: int, x: float, y: float, dx: float, dy: float }

post fill(from: int, to: int) {
    for id in from..to {
        insert mover { id, hp: id % 100, x: float(id), dx: 1.0 + float(id % 7), dy: 0.5 }
    }
}

get place(watched: int) -> float { return mover[watched].x }
";

const WHOLE: &str = "
post tick(watched: int) -> float {
    for m in mover {
        m.x += m.dx * 0.05
        m.y += m.dy * 0.05
        if m.hp < 100 { m.hp += 1 }
    }
    return mover[watched].x
}
";

const EACH_ROW: &str = "
every 50ms step(m: mover) {
    m.x += m.dx * 0.05
    m.y += m.dy * 0.05
    if m.hp < 100 { m.hp += 1 }
}
";

pub(super) fn contenders(work: Work) -> Result<Vec<Contender>, Error> {
    let mut rows = rows::moving();
    let native = Contender::new("native", move || {
        tick(&mut rows);
        Ok(rows[WATCHED as usize].x)
    });
    let midflight = match work {
        Work::Tick => {
            let engine = engine(&format!("{TABLE}{WHOLE}"))?;
            fill(&engine, MOVING)?;
            let call = engine.handler::<(i64,), f64>("tick")?;
            Contender::new("midflight", move || Ok(call.call("main", (WATCHED,))?))
        }
        _ => each_row()?,
    };
    Ok(vec![native, midflight])
}

/// A timer that is due with every run, on a clock that the bench moves.
fn each_row() -> Result<Contender, Error> {
    let time = Arc::new(AtomicI64::new(0));
    let clock = time.clone();
    let engine = builder().memory().clock(move || clock.load(Ordering::Relaxed)).build()?;
    let _ = engine.load(&format!("{TABLE}{EACH_ROW}"))?;
    fill(&engine, MOVING)?;
    let place = engine.handler::<(i64,), f64>("place")?;
    Ok(Contender::new("midflight", move || {
        let due = engine.next_due().ok_or("the timer is due at some time")?;
        time.store(due, Ordering::Relaxed);
        let ran = engine.run_due(due);
        if ran != 1 {
            return Err(format!("{ran} timers ran").into());
        }
        Ok(place.call("main", (WATCHED,))?)
    }))
}

#[inline(never)]
fn tick(rows: &mut [Moving]) {
    for row in rows {
        row.x += row.dx * 0.05;
        row.y += row.dy * 0.05;
        if row.hp < 100 {
            row.hp += 1;
        }
    }
}
