//! Sets of the words of a row: what is noted for undo of a row that is not large.

use std::ops::Range;

use crate::abi::EPOCH_STEP;

/// Bytes of a word.
pub const WORD_SIZE: u32 = 8;

/// Words of the largest row that is not large (`is_large_row`).
pub const ROW_WORDS_MAX: u32 = u16::BITS;

/// Some of the words of a row that is not large, its header counted: a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words(pub u16);

impl Words {
    /// More than any row has.
    pub const ALL: Words = Words(u16::MAX);

    /// The words that `size` bytes from `offset` on lie in.
    ///
    /// # Panics
    /// When a small row cannot have such bytes.
    pub fn of(offset: u32, size: u32) -> Words {
        let end = (offset + size).div_ceil(WORD_SIZE);
        assert!(end <= ROW_WORDS_MAX, "a small row has no word {end}");
        let below = |end: u32| (1_u32 << end) - 1;
        Words((below(end) & !below((offset / WORD_SIZE).min(end))) as u16)
    }

    /// Those that an epoch has noted, by what carries the epoch that noted last.
    pub fn noted(carried: u64, epoch: u64) -> Words {
        let noted = carried ^ epoch;
        if noted < EPOCH_STEP { Words(noted as u16) } else { Words::default() }
    }

    /// Whether these hold all of those.
    pub fn hold(self, those: Words) -> bool {
        those.without(self) == Words::default()
    }

    /// Whether the word of this number is one of them.
    pub fn has(self, word: u32) -> bool {
        self.0 & 1 << word != 0
    }

    /// These and those.
    pub fn with(self, those: Words) -> Words {
        Words(self.0 | those.0)
    }

    /// These that are none of those.
    pub fn without(self, those: Words) -> Words {
        Words(self.0 & !those.0)
    }

    /// How many they are.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Words that stand side by side, from the first to before the last, in order.
    pub fn runs(self) -> impl Iterator<Item = Range<u32>> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let start = left.trailing_zeros();
            let end = start + (left >> start).trailing_ones();
            left &= u16::MAX.checked_shl(end).unwrap_or(0);
            Some(start..end)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn bytes_lie_in_words() {
        let words = |offset, size| Words::of(offset, size).0;
        assert_eq!([words(0, 0), words(16, 0), words(128, 0)], [0; 3]);
        assert_eq!([words(0, 8), words(16, 1), words(23, 1), words(23, 2)], [1, 4, 4, 12]);
        assert_eq!([words(0, 128), words(120, 8), words(16, 112)], [0xffff, 0x8000, 0xfffc]);
    }

    #[test]
    fn runs_are_all_words_in_order() {
        for bits in [0, 1, 0b1101_0110, 0x8000, 0x8001, 0xffff, 0xfffe, 0x7fff] {
            let words: Vec<u32> = Words(bits).runs().flatten().collect();
            let expected: Vec<u32> = (0..16).filter(|word| bits >> word & 1 == 1).collect();
            assert_eq!(words, expected);
            assert!(
                Words(bits).runs().zip(Words(bits).runs().skip(1)).all(|(a, b)| a.end < b.start)
            );
        }
    }
}
