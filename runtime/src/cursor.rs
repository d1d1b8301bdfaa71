//! Typed cursors over memory in a program's layout: [`Slot`] writes a value, [`View`] reads one.
//!
//! They are how the outside reaches arguments, results and state without a tree in between: a
//! host walks the cursor and its own text (JSON, a command line) side by side. A cursor knows the
//! type of what it stands on, checks every write against it, and never leaves the value.

#![expect(unsafe_code, reason = "reads and writes values by layout")]

mod slot;
mod view;

pub(crate) use slot::TextMemory;
pub use slot::{Kind, Slot, WriteError};
pub use view::{Content, Elements, Fields, View};
