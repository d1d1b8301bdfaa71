//! The random generator of a world: xoshiro256**, seeded by SplitMix64 (Blackman and Vigna,
//! "Scrambled linear pseudorandom number generators", 2018). Its state is part of the world, so
//! that the same calls draw the same numbers.

use sha2::{Digest, Sha256};

use crate::worlds::MAIN_WORLD;

/// The generator's state. Never all zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Generator {
    words: [u64; 4],
}

impl Generator {
    /// The generator that this seed begins.
    pub(crate) fn new(seed: u64) -> Generator {
        let mut state = seed;
        let words = std::array::from_fn(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = state;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^ (word >> 31)
        });
        Generator { words }
    }

    /// The seed of a world of this name: `main` begins with 0, every other one differently and the
    /// same on every machine.
    pub(crate) fn seed_of(world: &str) -> u64 {
        if world == MAIN_WORLD {
            return 0;
        }
        let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = Sha256::digest(world.as_bytes()).into();
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// The generator in this state; `None` where it could not go on.
    pub(crate) fn at(words: [u64; 4]) -> Option<Generator> {
        (words != [0; 4]).then_some(Generator { words })
    }

    /// The state, as it stands in a world's image.
    pub(crate) fn words(&self) -> [u64; 4] {
        self.words
    }

    fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.words;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A number from 0 to `bound` - 1, each as likely as the others (Lemire, "Fast Random Integer
    /// Generation in an Interval", 2019). `bound` is not 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let mut product = u128::from(self.next()) * u128::from(bound);
        let threshold = bound.wrapping_neg() % bound;
        while (product as u64) < threshold {
            product = u128::from(self.next()) * u128::from(bound);
        }
        (product >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_words_are_those_of_the_reference() {
        // From the reference implementation with the state 1, 2, 3, 4.
        let mut generator = Generator { words: [1, 2, 3, 4] };
        let drawn: Vec<u64> = (0..4).map(|_| generator.next()).collect();
        assert_eq!(drawn, [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240]);
    }

    #[test]
    fn numbers_stay_below_the_bound() {
        let mut generator = Generator::new(7);
        let mut seen = [false; 6];
        for _ in 0..200 {
            seen[generator.below(6) as usize] = true;
        }
        assert_eq!(seen, [true; 6]);
    }
}
