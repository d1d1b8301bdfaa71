//! The versions that an engine keeps, and the order in which they were current.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use crate::error::{ActivateError, Unexpected};
use crate::limits::Limits;
use crate::plan::Plan;
use crate::shared::Pause;
use crate::version::Version;

/// The kept versions.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    kept: BTreeMap<u64, Arc<Version>>,
    current: Option<u64>,
    /// What was current before, the latest last. May name versions that are no longer kept.
    before: Vec<u64>,
    /// The last number that was given out.
    last_number: u64,
    /// Everything that was ever admitted and may still be in memory.
    admitted: Vec<Weak<Version>>,
}

/// A version became current.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Activation {
    /// The version that is current now.
    pub number: u64,
    /// The version that was current before; the same where nothing changed.
    pub before: Option<u64>,
    /// What it did to the layout of the state.
    pub plan: Plan,
    /// What became of the data, where all worlds had to stop for it.
    pub pause: Option<Pause>,
}

impl Versions {
    /// Refuses unless `expected` is current (0: none is), where anything is expected.
    pub(crate) fn expect_current(&self, expected: Option<u64>) -> Result<(), Unexpected> {
        let current = self.current.unwrap_or(0);
        match expected {
            Some(expected) if expected != current => Err(Unexpected { expected, current }),
            _ => Ok(()),
        }
    }

    /// Gives a version its number and keeps it. Gives back what is no longer kept for it: the
    /// oldest ones, never the current one.
    pub(crate) fn admit(
        &mut self,
        mut version: Version,
        limits: &Limits,
    ) -> (Arc<Version>, Vec<Arc<Version>>) {
        self.last_number += 1;
        version.number = self.last_number;
        let version = Arc::new(version);
        self.admitted.retain(|version| version.strong_count() > 0);
        self.admitted.push(Arc::downgrade(&version));
        let mut evicted = Vec::new();
        while self.kept.len() >= limits.versions_kept_max.max(1) {
            let oldest = self.kept.keys().copied().find(|&number| Some(number) != self.current);
            let Some(oldest) = oldest else { break };
            evicted.extend(self.kept.remove(&oldest));
        }
        let _ = self.kept.insert(version.number(), version.clone());
        (version, evicted)
    }

    /// The number that the next version gets.
    pub(crate) fn next_number(&self) -> u64 {
        self.last_number + 1
    }

    /// Forgets the version that was admitted last, since it could not be activated, and keeps
    /// those again that had to go for it. Its number is not used again.
    pub(crate) fn withdraw(&mut self, number: u64, evicted: Vec<Arc<Version>>) {
        let _ = self.kept.remove(&number);
        self.kept.extend(evicted.into_iter().map(|version| (version.number(), version)));
    }

    /// Says that a version is current now.
    pub(crate) fn activated(&mut self, number: u64) {
        self.before.extend(self.current.replace(number));
        let kept = &self.kept;
        self.before.retain(|number| kept.contains_key(number));
    }

    /// The version that was current before the current one and is still kept.
    pub(crate) fn before_current(&self) -> Option<u64> {
        let earlier = self.before.iter().rev();
        earlier
            .copied()
            .find(|number| Some(*number) != self.current && self.kept.contains_key(number))
    }

    /// Says that the last activation went back: the next one goes back further.
    pub(crate) fn rolled_back(&mut self) {
        // The version that was left, and the one that is current again.
        let _ = self.before.pop();
        let _ = self.before.pop();
    }

    /// A kept version.
    pub(crate) fn get(&self, number: u64) -> Option<Arc<Version>> {
        self.kept.get(&number).cloned()
    }

    /// The kept versions, by number.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &Arc<Version>> {
        self.kept.values()
    }

    /// Keeps a version no longer.
    pub(crate) fn delete(&mut self, number: u64) -> Result<Arc<Version>, ActivateError> {
        if self.current == Some(number) {
            return Err(ActivateError::Current(number));
        }
        self.kept.remove(&number).ok_or(ActivateError::UnknownVersion(number))
    }

    /// How many versions are in memory.
    pub(crate) fn alive(&self) -> usize {
        self.admitted.iter().filter(|version| version.strong_count() > 0).count()
    }
}
