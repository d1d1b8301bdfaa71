//! Makes one input of others. The same number gives the same input, always.

/// What is put in between: pieces that mean something to one of the targets.
const PIECES: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "'",
    "\\",
    "\\u{",
    "{{",
    "}}",
    "//",
    "///",
    "/*",
    "*/",
    "\n",
    "\r\n",
    "\r",
    "\t",
    ";",
    ",",
    ".",
    "..",
    "?",
    "??",
    "->",
    "=>",
    "==",
    "=",
    "&&",
    "||",
    "!",
    "-",
    "+=",
    "%",
    "_",
    "none",
    "true",
    "match ",
    "if let ",
    "for ",
    " in ",
    "where ",
    " by ",
    "limit ",
    "fail ",
    "return ",
    "insert ",
    "remove ",
    "assert fails ",
    "table t ",
    "key ",
    "index ",
    "enum E ",
    "struct S ",
    "fn f() ",
    "post f() ",
    "every 1s ",
    "test \"\" ",
    "was ",
    "const A = ",
    "9223372036854775807",
    "-9223372036854775808",
    "0.1",
    "1e400",
    "50ms",
    "é",
    "🙂",
    "\u{202e}",
    "\u{feff}",
    "\0",
    "null",
    ":",
    "\\ud800",
    "0",
    "1",
];

/// A small generator.
pub(crate) struct Mutator(u64);

impl Mutator {
    pub(crate) fn new(number: u64) -> Mutator {
        let mut mutator = Mutator(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let _ = (0..8).map(|_| mutator.below(2)).count();
        mutator
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % end.max(1) as u64) as usize
    }

    /// A seed with some changes.
    pub(crate) fn mutate(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut input = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(6) {
            self.change(&mut input, seeds);
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let at = self.below(input.len() + 1);
        let end = (at + 1 + self.below(40)).min(input.len()).max(at);
        match self.below(7) {
            0 => drop(input.drain(at..end)),
            1 => {
                let piece = PIECES[self.below(PIECES.len())];
                let times = if self.below(8) == 0 { self.below(300) } else { 1 };
                drop(input.splice(at..at, piece.repeat(times).into_bytes()));
            }
            2 => {
                let other = &seeds[self.below(seeds.len())];
                let from = self.below(other.len() + 1);
                let to = (from + self.below(200)).min(other.len());
                drop(input.splice(at..end, other[from..to].to_vec()));
            }
            3 => {
                let copy = input[at..end].to_vec();
                let to = self.below(input.len() + 1);
                drop(input.splice(to..to, copy));
            }
            4 => input.truncate(at),
            5 if at < input.len() => input[at] ^= 1 << self.below(8),
            _ if at < input.len() => input[at] = self.below(256) as u8,
            _ => {}
        }
    }
}
