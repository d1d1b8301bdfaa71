//! What an engine shows of itself in numbers, for whoever watches it: what there is now, and what
//! has been counted since it began. Looking takes no world's gate for long and stops no call.

use std::sync::Arc;
use std::time::Duration;

use midflight_compiler::trap::TrapKind;

use crate::shared::Shared;
use crate::world::World;

/// The numbers of an engine.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Figures {
    /// The number of the current version; 0 where there is none.
    pub version: u64,
    /// Versions that are kept.
    pub versions_kept: usize,
    /// Versions whose code is in memory.
    pub versions_alive: usize,
    /// Bytes of machine code and constants of the kept versions.
    pub code_size: usize,
    /// Calls that ended, those that trapped included.
    pub calls: u64,
    /// Calls that trapped, by kind.
    pub traps: Vec<(TrapKind, u64)>,
    /// What the compiler does.
    pub compilations: CompilationFigures,
    /// What the store does, where there is one.
    pub store: Option<StoreFigures>,
    /// The worlds, by name.
    pub worlds: Vec<Arc<World>>,
}

/// The numbers of the store of an engine.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct StoreFigures {
    /// When calls are answered: `commit`, `interval` or `none`.
    pub durability: &'static str,
    /// Whether a commit has failed.
    pub is_failed: bool,
    /// Commits.
    pub commits: u64,
    /// Commits that were brought to the disk.
    pub syncs: u64,
    /// Calls and other changes that they held.
    pub changes: u64,
    /// Bytes that were written in them, the store's own not counted.
    pub bytes: u64,
    /// The time that commits took, together.
    pub time: Duration,
    /// Changes that wait for a commit.
    pub waiting: usize,
    /// Bytes that wait for a commit.
    pub waiting_size: usize,
}

/// The numbers of the compiler of an engine.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct CompilationFigures {
    /// Programs that are compiled now.
    pub running: usize,
    /// Programs that wait.
    pub waiting: usize,
    /// Programs that were compiled, or refused.
    pub ended: u64,
    /// The time that took, together.
    pub time: Duration,
}

impl Figures {
    pub(crate) fn of(shared: &Shared) -> Figures {
        let versions = shared.versions();
        let (versions_kept, versions_alive) = (versions.kept().count(), versions.alive());
        let code_size = versions.kept().map(|version| version.code_size()).sum();
        drop(versions);
        let worlds = shared.worlds();
        let traps =
            |&kind: &TrapKind| (kind, worlds.iter().map(|world| world.counts.traps_of(kind)).sum());
        let kinds = TrapKind::ALL.iter().filter(|&&kind| kind != TrapKind::None);
        Figures {
            version: shared.current().map_or(0, |version| version.number()),
            versions_kept,
            versions_alive,
            code_size,
            calls: worlds.iter().map(|world| world.counts.calls()).sum(),
            traps: kinds.map(traps).collect(),
            compilations: shared.compilations.figures(),
            store: shared.committer.as_ref().map(|committer| committer.queue().figures()),
            worlds,
        }
    }
}
