//! Tokens → syntax tree, by hand-written recursive descent: one function for each production of
//! the grammar, precedence as a table (`expr`).
//!
//! Parsing never fails: what cannot be read becomes an `Error` node, and a diagnostic says why.
//! After a mistake the parser is *panicking*: it says nothing more and consumes nothing, until a
//! list, a line or a declaration ends and it can trust the tokens again (`recover`). So one run
//! reports every independent mistake, and each of them once.
//!
//! What a hostile source costs is bounded: recursion by `nesting_max`, the tree's height by
//! `tree_height_max`, one declaration's work by `function_nodes_max`; everything is linear in the
//! number of tokens. A loop that does not go on, which would be a fault of ours, ends in a panic before it
//! has taken the memory. Two mebibytes of stack are enough, in a debug build as well.
//!
//! It resolves no name and knows no type.

mod brackets;
mod cursor;
mod expr;
mod field;
mod height;
mod hint;
mod item;
mod literal;
mod loops;
mod mistake;
mod pattern;
mod primary;
mod recover;
mod signature;
mod stmt;
mod ty;

use crate::ast;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::lexer;
use crate::limits::Limits;
use crate::source::{Source, Span};
use cursor::Parser;

/// Parses a whole source. The tree has `Error` nodes where the diagnostics hold errors.
pub fn parse(source: &Source) -> (ast::Program, Diagnostics) {
    parse_within(source, &Limits::default())
}

/// Parses a whole source within these limits; nothing of one that is too long.
pub(crate) fn parse_within(source: &Source, limits: &Limits) -> (ast::Program, Diagnostics) {
    let mut diagnostics = Diagnostics::new(limits.diagnostics_max);
    if let Some(refusal) = too_long(source, limits.source_len_max) {
        diagnostics.report(refusal);
        return (ast::Program::default(), diagnostics);
    }
    let lexed = lexer::lex_within(source, limits, &mut diagnostics);
    let mut parser = Parser::new(source, lexed, (limits, diagnostics));
    let program = parser.program();
    (program, parser.diagnostics)
}

/// The refusal of a source that is longer than the limit.
fn too_long(source: &Source, len_max: usize) -> Option<Diagnostic> {
    let len = source.text().len();
    let message = format!("the source has {len} bytes, more than the {len_max} that are allowed");
    (len > len_max).then(|| Diagnostic::new(Code::E0600, Span::new(0, 0), message))
}

/// The refusal of a program that has more declarations than the limit.
pub(crate) fn too_many(program: &ast::Program, count_max: usize) -> Option<Diagnostic> {
    let item = program.items.get(count_max)?;
    let message = format!(
        "the program has {} declarations, more than the {count_max} that are allowed",
        program.items.len()
    );
    Some(Diagnostic::new(Code::E0607, item.span, message).with_label("this one is too many"))
}
