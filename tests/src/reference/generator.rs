//! The world's random generator: xoshiro256**, seeded by SplitMix64 (Blackman and Vigna, "Scrambled
//! linear pseudorandom number generators", 2018), and a bound without bias (Lemire, "Fast Random
//! Integer Generation in an Interval", 2019).

use std::num::Wrapping;

/// The generator's state.
#[derive(Clone, Debug)]
pub(crate) struct Generator {
    pub(crate) words: [u64; 4],
}

impl Generator {
    /// Four numbers of SplitMix64.
    pub(crate) fn new(seed: u64) -> Generator {
        let mut counter = Wrapping(seed);
        let mut words = [0; 4];
        for word in &mut words {
            counter += Wrapping(0x9e37_79b9_7f4a_7c15);
            let mut mixed = counter;
            mixed = (mixed ^ (mixed >> 30)) * Wrapping(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)) * Wrapping(0x94d0_49bb_1331_11eb);
            *word = (mixed ^ (mixed >> 31)).0;
        }
        Generator { words }
    }

    fn next(&mut self) -> u64 {
        let s = &mut self.words;
        let scrambled = (Wrapping(s[1]) * Wrapping(5)).0.rotate_left(7);
        let result = (Wrapping(scrambled) * Wrapping(9)).0;
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number from 0 to before `bound`, which is positive. A draw scaled to the bound falls into
    /// one of `bound` intervals; where it falls among the first 2^64 modulo `bound` fractions of
    /// one, that interval would have one draw more than others, so another is drawn.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let excess = (1_u128 << 64) % u128::from(bound);
        loop {
            let scaled = u128::from(self.next()) * u128::from(bound);
            if scaled % (1 << 64) >= excess {
                return (scaled >> 64) as u64;
            }
        }
    }
}
