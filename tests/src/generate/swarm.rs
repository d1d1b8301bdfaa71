//! Swarm testing (Groce and others, "Swarm Testing", 2012): each seed leaves some constructs out and
//! favours others, so that programs differ more than by chance, and a construct is also tested
//! where nothing hides its faults.

use super::random::mix;

/// What a seed makes of the constructs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Swarm {
    seed: u64,
    /// In how many of a hundred places a step is left without the guard that keeps it from a trap.
    pub(super) risk: usize,
}

impl Swarm {
    pub(super) fn new(seed: u64) -> Swarm {
        let risk = [0, 1, 2, 4, 8, 20][(mix(seed ^ 0x5eed) % 6) as usize];
        Swarm { seed, risk }
    }

    /// How often a construct is chosen: its weight, more of it, or never.
    pub(super) fn weight(&self, label: &str, weight: u32) -> u32 {
        let hash = label.bytes().fold(self.seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        match mix(hash) % 8 {
            0 | 1 => 0,
            2..=5 => weight,
            6 => weight * 3,
            _ => weight * 8,
        }
    }
}
