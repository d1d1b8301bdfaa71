//! The clock of the timers (`every 50ms …`): one task that sleeps until the next one is due.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::sleep;

use crate::limits::TIMER_SLEEP_MAX;
use crate::state::ServerState;

/// Runs the timers of all worlds for as long as it is polled.
pub async fn run_timers(state: Arc<ServerState>) {
    loop {
        let wait = match state.engine.next_due() {
            Some(due_ms) => Duration::from_millis(u64::try_from(due_ms - now_ms()).unwrap_or(0)),
            None => Duration::MAX,
        };
        if wait.is_zero() {
            // A fault is told by whoever asked; the timers go on.
            let _ = state.ask(|engine| engine.run_due(now_ms())).await;
            continue;
        }
        tokio::select! {
            () = sleep(wait.min(TIMER_SLEEP_MAX)) => {}
            () = state.versions_changed.notified() => {}
        }
    }
}

/// The engine's clock: milliseconds since 1970.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
