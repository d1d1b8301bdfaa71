//! The rows that works are done on, and the order in which they are.

/// Rows of the tick.
pub const MOVING: i64 = 10_000;
/// The row whose place is the tick's answer.
pub const WATCHED: i64 = 4_711;
/// Rows that are found by key.
pub const KEYED: i64 = 100_000;
/// What an attack takes.
pub const DAMAGE: i64 = 3;

/// A row of the tick: 64 bytes, as Flight's.
#[derive(Clone, Debug)]
pub struct Moving {
    /// Its number.
    pub id: i64,
    /// Heals to 100.
    pub hp: i64,
    /// Where it is.
    pub x: f64,
    /// Where it is.
    pub y: f64,
    /// How fast it moves.
    pub dx: f64,
    /// How fast it moves.
    pub dy: f64,
    /// What Flight's header takes.
    pub header: [u64; 2],
}

/// The rows of the tick as they are at first.
pub fn moving() -> Vec<Moving> {
    let row = |id: i64| Moving {
        id,
        hp: id % 100,
        x: id as f64,
        y: 0.0,
        dx: 1.0 + (id % 7) as f64,
        dy: 0.5,
        header: [0; 2],
    };
    (0..MOVING).map(row).collect()
}

/// The key of the row of this number: keys that are no indexes.
pub fn key(number: i64) -> i64 {
    number * 7_919 + 13
}

/// Numbers below a bound that look random, the same for everybody.
#[derive(Clone, Debug)]
pub struct Draw {
    state: u64,
    below: u64,
}

impl Draw {
    /// Numbers from 0 to the one before this.
    pub fn new(below: i64) -> Draw {
        Draw { state: 0x9e37_79b9_7f4a_7c15, below: below.unsigned_abs() }
    }

    /// The next number. The state counts, and is mixed: quicker than what is measured.
    pub fn number(&mut self) -> i64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((u128::from(mixed) * u128::from(self.below)) >> 64) as i64
    }

    /// The keys of two rows that are not the same.
    pub fn pair(&mut self) -> (i64, i64) {
        let (one, other) = (self.number(), self.number());
        let other = if one == other { (other + 1) % self.below as i64 } else { other };
        (key(one), key(other))
    }
}
