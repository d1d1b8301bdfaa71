//! What can be seen of a program that runs: the one form in which interpreter and machines are
//! compared.

use std::fmt;

/// What one step of a script did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// What a call gave; absent for time that passes.
    pub outcome: Option<Outcome>,
    /// Events, lines of the log and traps of timers, in the order in which they were told.
    pub told: Vec<String>,
    /// Fuel that a call used that returned.
    pub fuel: Option<i64>,
    /// The world's canonical bytes afterwards.
    pub image: Vec<u8>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With this value.
    Returned(String),
    /// With a trap.
    Trapped(Trapped),
    /// It did not run, for this reason.
    Refused(String),
}

/// A trap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trapped {
    /// The name of its kind.
    pub kind: &'static str,
    /// Line and column.
    pub position: (u32, u32),
    /// What it says.
    pub message: String,
    /// The HTTP status that fits.
    pub status: u16,
}

impl fmt::Display for Trapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Trapped { kind, position: (line, column), message, status } = self;
        write!(f, "trap {kind} at {line}:{column}, status {status}: {message}")
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Returned(value) => write!(f, "= {value}"),
            Outcome::Trapped(trap) => trap.fmt(f),
            Outcome::Refused(reason) => write!(f, "refused: {reason}"),
        }
    }
}

/// The part of an observation in which two runs differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// One returned and the other did not, or the values differ.
    Result,
    /// The kinds of the traps.
    TrapKind,
    /// Where the traps are reported, or what they say.
    TrapReport,
    /// Events, lines, traps of timers.
    Told,
    /// The bytes of the world.
    Image,
    /// The fuel that was used.
    Fuel,
    /// The memory that the world takes after calls that were cut short.
    Memory,
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Aspect::Result => "a result",
            Aspect::TrapKind => "the kind of a trap",
            Aspect::TrapReport => "the place or message of a trap",
            Aspect::Told => "events or lines of the log",
            Aspect::Image => "the bytes of the world",
            Aspect::Fuel => "fuel",
            Aspect::Memory => "memory that a world keeps",
        })
    }
}

impl Observed {
    /// The first part in which another run differs.
    pub fn differs(&self, other: &Observed) -> Option<Aspect> {
        let traps = match (&self.outcome, &other.outcome) {
            (Some(Outcome::Trapped(one)), Some(Outcome::Trapped(two))) => Some((one, two)),
            // A smaller program may lack the handler; nobody need say so in the same words.
            (Some(Outcome::Refused(_)), Some(Outcome::Refused(_))) => return None,
            _ => None,
        };
        match traps {
            Some((one, two)) if one.kind != two.kind => return Some(Aspect::TrapKind),
            Some((one, two)) if one != two => return Some(Aspect::TrapReport),
            Some(_) => {}
            None if self.outcome != other.outcome => return Some(Aspect::Result),
            None => {}
        }
        if self.told != other.told {
            return Some(Aspect::Told);
        }
        if self.image != other.image {
            return Some(Aspect::Image);
        }
        (self.fuel != other.fuel).then_some(Aspect::Fuel)
    }

    /// The part as text.
    pub fn show(&self, aspect: Aspect) -> String {
        match aspect {
            Aspect::Result | Aspect::TrapKind | Aspect::TrapReport => {
                self.outcome.as_ref().map_or_else(String::new, ToString::to_string)
            }
            Aspect::Told => format!("{:?}", self.told),
            Aspect::Fuel => format!("fuel {:?}", self.fuel),
            Aspect::Memory => String::new(),
            Aspect::Image => self.image.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}
