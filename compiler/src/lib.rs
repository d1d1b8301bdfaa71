//! The Flight compiler: source text in, machine code and a description of it out.
//!
//! It knows no server, no disk, no clock and no threads.

pub mod abi;
pub mod ast;
pub mod builtins;
pub mod diag;
pub mod fmt;
pub mod ir;
pub mod layout;
pub mod lexer;
pub mod limits;
pub mod parse;
pub mod source;
pub mod trap;
pub mod types;
