//! What the manual says of versions: which are kept, which is current, what was before.

use std::collections::BTreeMap;

use crate::layout::Layout;

/// Versions that an engine keeps.
pub(crate) const KEPT_MAX: usize = 4;

/// A version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) layout: Layout,
    /// What its source is known by.
    pub(crate) mark: u64,
}

/// The versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Versions {
    pub(crate) kept: BTreeMap<u64, Version>,
    pub(crate) current: Option<u64>,
    before: Vec<u64>,
    /// The last number that was given out; of what is stored, which may be less.
    pub(crate) last: u64,
    pub(crate) last_stored: u64,
}

impl Versions {
    pub(crate) fn live(&self) -> Option<&Version> {
        self.kept.get(&self.current?)
    }

    /// Keeps a new version; the oldest goes for it.
    pub(crate) fn admit(&mut self, version: Version) -> u64 {
        self.last += 1;
        while self.kept.len() >= KEPT_MAX {
            let oldest = self.kept.keys().copied().find(|&number| Some(number) != self.current);
            let _ = self.kept.remove(&oldest.expect("more than one is kept"));
        }
        let _ = self.kept.insert(self.last, version);
        self.last
    }

    /// Makes a version current.
    pub(crate) fn activate(&mut self, number: u64) {
        self.before.extend(self.current.replace(number));
        self.before.retain(|number| self.kept.contains_key(number));
    }

    /// The version that a roll-back goes to.
    pub(crate) fn earlier(&self) -> Option<u64> {
        let earlier = self.before.iter().rev().copied();
        earlier
            .into_iter()
            .find(|number| Some(*number) != self.current && self.kept.contains_key(number))
    }

    /// Makes the version before current again.
    pub(crate) fn roll_back(&mut self, number: u64) {
        self.activate(number);
        self.before.truncate(self.before.len().saturating_sub(2));
    }

    /// The process has ended: what was given out and not stored is forgotten.
    pub(crate) fn restarted(&mut self) {
        self.last = self.last_stored;
    }
}
