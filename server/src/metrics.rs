//! What the server counts of itself.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use axum::response::Response;

/// The counts of a server since it began.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Answers by the hundreds of their status.
    answers: [AtomicU64; 6],
    problems: Names,
    loads: Names,
    fuel: AtomicU64,
}

/// Counts by name; for what is rare.
#[derive(Debug, Default)]
struct Names(Mutex<BTreeMap<&'static str, u64>>);

/// Stands with an answer that is a problem: the name of its kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProblemName(pub(crate) &'static str);

impl Metrics {
    /// An answer is about to be sent.
    pub(crate) fn count_answer(&self, response: &Response) {
        let hundreds = usize::from(response.status().as_u16() / 100);
        if let Some(answers) = self.answers.get(hundreds) {
            let _ = answers.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(&ProblemName(name)) = response.extensions().get() {
            self.problems.count(name);
        }
    }

    /// A source was loaded, or not; with what result.
    pub(crate) fn count_load(&self, result: &'static str) {
        self.loads.count(result);
    }

    /// A call has committed.
    pub(crate) fn count_fuel(&self, fuel: i64) {
        let _ = self.fuel.fetch_add(u64::try_from(fuel).unwrap_or(0), Ordering::Relaxed);
    }

    /// Answers by the hundreds of their status.
    pub(crate) fn answers(&self) -> impl Iterator<Item = (usize, u64)> {
        self.answers.iter().map(|count| count.load(Ordering::Relaxed)).enumerate().skip(1)
    }

    /// Problems by the name of their kind.
    pub(crate) fn problems(&self) -> Vec<(&'static str, u64)> {
        self.problems.all()
    }

    /// Loads by their result.
    pub(crate) fn loads(&self) -> Vec<(&'static str, u64)> {
        self.loads.all()
    }

    /// Fuel of calls that committed.
    pub(crate) fn fuel(&self) -> u64 {
        self.fuel.load(Ordering::Relaxed)
    }
}

impl Names {
    fn count(&self, name: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
    }

    fn all(&self) -> Vec<(&'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(&name, &count)| (name, count)).collect()
    }
}
