//! JSON ↔ the runtime's typed cursors, without a tree in between: arguments are written where the
//! call finds them while they are read, results are encoded where they stand.
//!
//! Types are strict and the errors name the place: an `int` takes a whole number in its range, a
//! `float` any number, a struct an object with exactly its fields (those with a default and
//! optionals may be left out), an enum `"mage"` or `{"healer": {"power": 3}}`. A member that is
//! unknown, or given twice, is an error. Nothing here recurses deeper than the types of the
//! program do, whatever a client sends.
//!
//! `float`s that JSON cannot spell (NaN, the infinities) are written as `null`; in an export, where
//! nothing may be lost, as names.

mod decode;
mod encode;
mod float;
mod value;

pub use decode::bind;
pub(crate) use decode::{read, read_member};
pub(crate) use encode::{TooLarge, write, write_exact};

#[cfg(test)]
mod tests;
