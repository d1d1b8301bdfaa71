//! What stands in the way of a migration: a row, and why it cannot be moved.

use std::fmt;

use midflight_compiler::trap::TrapKind;

use crate::trap::Trap;

/// A row, or the state, that cannot be moved to the new layout.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The table, by its new name; `None` for `state`.
    pub table: Option<String>,
    /// The row's key before, as a program writes it; `None` where it is about no single row.
    pub key: Option<String>,
    /// Why.
    pub misfit: Misfit,
}

/// Why a value cannot be moved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misfit {
    /// The `migrate` block trapped.
    Trap(Box<Trap>),
    /// No `float` is exactly this `int`.
    Inexact {
        /// The field.
        field: String,
        /// Its value before.
        value: i64,
    },
    /// A list holds more elements than its new type does.
    TooMany {
        /// The field.
        field: String,
    },
    /// Another row has the same key by now.
    DuplicateKey,
    /// The key has more bytes than a key may.
    KeyTooLong,
    /// The world has no memory left for the second copy.
    OutOfMemory,
}

impl Failure {
    pub(crate) fn of_state(misfit: Misfit) -> Failure {
        Failure { table: None, key: None, misfit }
    }

    pub(crate) fn of_table(name: &str, misfit: Misfit) -> Failure {
        Failure { table: Some(name.to_owned()), key: None, misfit }
    }
}

impl Misfit {
    pub(crate) fn of_table(kind: TrapKind) -> Misfit {
        match kind {
            TrapKind::DuplicateKey => Misfit::DuplicateKey,
            _ => Misfit::OutOfMemory,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.table, &self.key) {
            (Some(table), Some(key)) => write!(f, "`{table}[{key}]`: ")?,
            (Some(table), None) => write!(f, "`{table}`: ")?,
            (None, _) => write!(f, "`state`: ")?,
        }
        match &self.misfit {
            Misfit::Trap(trap) => write!(f, "{trap}"),
            Misfit::Inexact { field, value } => {
                write!(f, "no `float` is exactly {value}, the value of `{field}`")
            }
            Misfit::TooMany { field } => {
                write!(f, "`{field}` holds more elements than its new type")
            }
            Misfit::DuplicateKey => f.write_str("another row has the same new key"),
            Misfit::KeyTooLong => f.write_str("the new key is longer than 256 bytes"),
            Misfit::OutOfMemory => f.write_str("the world has no memory left for its second copy"),
        }
    }
}
