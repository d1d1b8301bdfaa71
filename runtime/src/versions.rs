//! The versions that an engine keeps, and the order in which they were current.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use crate::error::{ActivateError, Unexpected};
use crate::limits::Limits;
use crate::plan::Plan;
use crate::shared::Pause;
use crate::store::VersionOrder;
use crate::version::Version;

/// The kept versions.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    kept: BTreeMap<u64, Arc<Version>>,
    order: VersionOrder,
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
        let current = self.order.current.unwrap_or(0);
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
        self.order.last_number += 1;
        version.number = self.order.last_number;
        let version = Arc::new(version);
        self.admitted.retain(|version| version.strong_count() > 0);
        self.admitted.push(Arc::downgrade(&version));
        let mut evicted = Vec::new();
        while self.kept.len() >= limits.versions_kept_max.max(1) {
            let current = self.order.current;
            let oldest = self.kept.keys().copied().find(|&number| Some(number) != current);
            let Some(oldest) = oldest else { break };
            evicted.extend(self.kept.remove(&oldest));
        }
        let _ = self.kept.insert(version.number(), version.clone());
        (version, evicted)
    }

    /// The number that the next version gets.
    pub(crate) fn next_number(&self) -> u64 {
        self.order.last_number + 1
    }

    /// Forgets the version that was admitted last, since it could not be activated, and keeps
    /// those again that had to go for it. Its number is not used again.
    pub(crate) fn withdraw(&mut self, number: u64, evicted: Vec<Arc<Version>>) {
        let _ = self.kept.remove(&number);
        self.kept.extend(evicted.into_iter().map(|version| (version.number(), version)));
    }

    /// Takes up what a store had.
    pub(crate) fn reopen(&mut self, order: VersionOrder, versions: Vec<Arc<Version>>) {
        self.order = order;
        self.admitted = versions.iter().map(Arc::downgrade).collect();
        self.kept = versions.into_iter().map(|version| (version.number(), version)).collect();
    }

    /// What holds now.
    pub(crate) fn order(&self) -> &VersionOrder {
        &self.order
    }

    /// What holds once a version is current.
    pub(crate) fn order_with(&self, number: u64) -> VersionOrder {
        let mut order = self.order.clone();
        order.before.extend(order.current.replace(number));
        order.before.retain(|number| self.kept.contains_key(number));
        order
    }

    /// What holds once the version before is current again: the next time goes back further.
    pub(crate) fn order_back_to(&self, number: u64) -> VersionOrder {
        let mut order = self.order_with(number);
        // The version that was left, and the one that is current again.
        order.before.truncate(order.before.len().saturating_sub(2));
        order
    }

    /// Says what holds from now on.
    pub(crate) fn set_order(&mut self, order: VersionOrder) {
        self.order = order;
    }

    /// The version that was current before the current one and is still kept.
    pub(crate) fn before_current(&self) -> Option<u64> {
        let VersionOrder { current, before, .. } = &self.order;
        let earlier = before.iter().rev().copied();
        earlier
            .into_iter()
            .find(|number| Some(*number) != *current && self.kept.contains_key(number))
    }

    /// A kept version.
    pub(crate) fn get(&self, number: u64) -> Option<Arc<Version>> {
        self.kept.get(&number).cloned()
    }

    /// The kept versions, by number.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &Arc<Version>> {
        self.kept.values()
    }

    /// Whether a version can be deleted.
    pub(crate) fn check_delete(&self, number: u64) -> Result<(), ActivateError> {
        if self.order.current == Some(number) {
            return Err(ActivateError::Current(number));
        }
        let is_kept = self.kept.contains_key(&number);
        if is_kept { Ok(()) } else { Err(ActivateError::UnknownVersion(number)) }
    }

    /// Keeps a version no longer.
    pub(crate) fn delete(&mut self, number: u64) -> Option<Arc<Version>> {
        self.kept.remove(&number)
    }

    /// How many versions are in memory.
    pub(crate) fn alive(&self) -> usize {
        self.admitted.iter().filter(|version| version.strong_count() > 0).count()
    }
}
