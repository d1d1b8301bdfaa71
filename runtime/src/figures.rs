//! What an engine shows of itself in numbers, for whoever watches it: what there is now, and what
//! has been counted since it began. Looking takes no world's gate for long and stops no call.

use std::time::Duration;

use midflight_compiler::trap::TrapKind;

use crate::shared::Shared;

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
    /// Worlds.
    pub worlds: usize,
    /// Bytes that all worlds take together, in steps of 4 KiB for each.
    pub memory: usize,
    /// Bytes that the rows, texts and indexes of the largest world take.
    pub world_memory: usize,
    /// Calls that wait for the world that most wait for.
    pub queue_len: usize,
}

/// The numbers of one world.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct WorldFigures {
    /// The number of the version that it runs; 0 where it has none.
    pub version: u64,
    /// Rows of all its tables.
    pub rows: usize,
    /// Bytes that its rows, texts and indexes take.
    pub memory: usize,
    /// Calls that wait for it.
    pub queue_len: usize,
    /// Calls that ended, those that trapped included.
    pub calls: u64,
    /// Calls that trapped.
    pub traps: u64,
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
    /// Functions whose machine code was there from an earlier compilation.
    pub functions_found: u64,
    /// Functions that were turned into machine code.
    pub functions_made: u64,
    /// Bytes of machine code that are kept for further compilations.
    pub cache_size: usize,
}

impl Figures {
    pub(crate) fn of(shared: &Shared) -> Figures {
        let versions = shared.versions();
        let (versions_kept, versions_alive) = (versions.kept().count(), versions.alive());
        let code_size = versions.kept().map(|version| version.code_size()).sum();
        drop(versions);
        let (worlds, totals) = shared.worlds.totals();
        let (mut world_memory, mut queue_len) = (0, 0);
        for world in &worlds {
            let figures = world.figures();
            world_memory = world_memory.max(figures.memory);
            queue_len = queue_len.max(figures.queue_len);
        }
        let kinds = TrapKind::ALL.iter().copied().zip(totals.traps);
        Figures {
            version: shared.current().map_or(0, |version| version.number()),
            versions_kept,
            versions_alive,
            code_size,
            calls: totals.calls,
            traps: kinds.filter(|&(kind, _)| kind != TrapKind::None).collect(),
            compilations: shared.compilations.figures(),
            store: shared.committer.as_ref().map(|committer| committer.queue().figures()),
            worlds: worlds.len(),
            memory: shared.pool.claimed(),
            world_memory,
            queue_len,
        }
    }
}
