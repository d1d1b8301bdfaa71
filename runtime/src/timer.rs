//! When the `every` timers of a world are due. There is no thread and no clock here: the host asks
//! [`Engine::next_due`](crate::Engine::next_due) and calls
//! [`Engine::run_due`](crate::Engine::run_due).
//!
//! A timer is known by its name. It keeps its rhythm when a version that has it replaces another:
//! due times are multiples of the period after the first one, however late a run is. Missed runs
//! are made up for by one.

use std::collections::BTreeMap;

use midflight_compiler::ir;

use crate::version::Version;

/// The timers of one world.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    timers: BTreeMap<String, Timer>,
}

/// One timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timer {
    /// Positive.
    pub(crate) period_ms: i64,
    /// In milliseconds since 1970.
    pub(crate) due_ms: i64,
}

/// Never due.
pub(crate) const NEVER_MS: i64 = i64::MAX;

impl Timers {
    /// Takes up the timers of a version: new ones begin now, those that the version lacks end, and
    /// one whose period changed goes on from its last run. Tells whether anything has changed.
    pub(crate) fn follow(&mut self, version: &Version, now_ms: impl FnOnce() -> i64) -> bool {
        let timers = &version.program().ir.timers;
        let is_known = |timer: &ir::Timer| {
            self.timers.get(&timer.name).is_some_and(|known| known.period_ms == timer.period_ms)
        };
        if timers.len() == self.timers.len() && timers.iter().all(is_known) {
            return false;
        }
        let now_ms = now_ms();
        let before = std::mem::take(&mut self.timers);
        for timer in timers {
            let period_ms = timer.period_ms;
            let due_ms = match before.get(&timer.name) {
                Some(known) if known.period_ms == period_ms => known.due_ms,
                Some(known) => {
                    known.due_ms.saturating_sub(known.period_ms).saturating_add(period_ms)
                }
                None => now_ms.saturating_add(period_ms),
            };
            let _ = self.timers.insert(timer.name.clone(), Timer { period_ms, due_ms });
        }
        self.timers != before
    }

    /// The timers, by name.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Timer)> {
        self.timers.iter().map(|(name, timer)| (name.as_str(), timer))
    }

    /// Adds a timer that was stored.
    pub(crate) fn put(&mut self, name: &str, timer: Timer) {
        let _ = self.timers.insert(name.to_owned(), timer);
    }

    /// When the next one is due; [`NEVER_MS`] without timers.
    pub(crate) fn next_due_ms(&self) -> i64 {
        self.timers.values().map(|timer| timer.due_ms).min().unwrap_or(NEVER_MS)
    }

    /// The name of the timer that is due longest, if one is, after setting when it is due again.
    pub(crate) fn take_due(&mut self, now_ms: i64) -> Option<String> {
        let due = self.timers.iter_mut().filter(|(_, timer)| timer.due_ms <= now_ms);
        let (name, timer) = due.min_by_key(|(_, timer)| timer.due_ms)?;
        let missed = (now_ms - timer.due_ms) / timer.period_ms;
        timer.due_ms = timer.due_ms.saturating_add((missed + 1).saturating_mul(timer.period_ms));
        Some(name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timers(list: &[(&str, i64, i64)]) -> Timers {
        let timer = |&(name, period_ms, due_ms): &(&str, i64, i64)| {
            (name.to_owned(), Timer { period_ms, due_ms })
        };
        Timers { timers: list.iter().map(timer).collect() }
    }

    #[test]
    fn a_late_run_keeps_the_rhythm_and_makes_up_once() {
        let mut timers = timers(&[("tick", 50, 100)]);
        assert_eq!(timers.take_due(99), None);
        assert_eq!(timers.take_due(100).as_deref(), Some("tick"));
        assert_eq!(timers.next_due_ms(), 150);
        assert_eq!(timers.take_due(322).as_deref(), Some("tick"));
        assert_eq!(timers.take_due(322), None);
        assert_eq!(timers.next_due_ms(), 350);
    }

    #[test]
    fn the_longest_due_runs_first() {
        let mut timers = timers(&[("a", 10, 30), ("b", 10, 20)]);
        assert_eq!(timers.take_due(40).as_deref(), Some("b"));
        assert_eq!(timers.take_due(40).as_deref(), Some("a"));
    }
}
