//! Moving idle worlds to the current version, so that none keeps old code alive. A world that is
//! called moves by itself; this is for the others.
//!
//! Whoever activates a version begins, and does it all where there are few worlds. The rest is
//! done, in pieces, on a thread that may take its time; one such thread at a time.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::limits::SWEEP_MAX;
use crate::shared::Shared;

/// Worlds that are looked up at once.
const PIECE: usize = 256;

/// Moves the idle worlds, now or soon. The engine's epoch has moved on before.
pub(crate) fn sweep(shared: &Arc<Shared>) {
    let (mut last, mut swept) = (None, 0);
    while let Some(next) = piece(shared, last.as_deref()) {
        last = Some(next);
        swept += PIECE;
        if swept >= SWEEP_MAX
            && let Some(spawn) = &shared.spawn
        {
            // Who sweeps already looks at the epoch when he is done, and begins again.
            if !shared.worlds.is_sweeping.swap(true, Ordering::AcqRel) {
                let shared = shared.clone();
                spawn(Box::new(move || sweep_all(&shared)));
            }
            return;
        }
    }
}

/// Moves all idle worlds, as often as a version became current meanwhile.
fn sweep_all(shared: &Arc<Shared>) {
    loop {
        let epoch = shared.epoch.load(Ordering::Acquire);
        let mut last = None;
        while let Some(next) = piece(shared, last.as_deref()) {
            last = Some(next);
        }
        // Read and written at once, so that who finds `true` there has moved the epoch before.
        let _ = shared.worlds.is_sweeping.swap(false, Ordering::AcqRel);
        if shared.epoch.load(Ordering::Acquire) == epoch
            || shared.worlds.is_sweeping.swap(true, Ordering::AcqRel)
        {
            return;
        }
    }
}

/// Moves some worlds behind this one; gives the last of them, if there was one.
fn piece(shared: &Arc<Shared>, after: Option<&str>) -> Option<String> {
    let worlds = shared.worlds.after(after, PIECE);
    worlds.iter().for_each(|world| world.sweep(shared));
    worlds.last().map(|world| world.name().to_owned())
}
