//! Which brackets belong together and how lines are indented, found before parsing, for recovery.
//!
//! A brace is stronger than the parentheses and brackets in it, so that a forgotten `)` spoils no
//! more than its block; the end of a value in a string is stronger than both.

use crate::lexer::{Token, TokenKind};
use crate::source::{Source, Span};

/// Which bracket closes which.
pub(super) struct Brackets {
    /// For each token the partner's index, or `NONE`.
    partners: Vec<u32>,
    /// Whether a `}` closes nothing, so that a `{` is missing somewhere before it.
    pub has_stray_brace: bool,
    /// Whether a `{` is never closed.
    pub has_open_brace: bool,
}

const NONE: u32 = u32::MAX;

impl Brackets {
    pub(super) fn new(tokens: &[Token]) -> Brackets {
        let partners = vec![NONE; tokens.len()];
        let mut brackets = Brackets { partners, has_stray_brace: false, has_open_brace: false };
        let mut open: Vec<(TokenKind, usize)> = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            if let Some(closer) = token.kind.closer() {
                open.push((closer, index));
            } else if token.kind.is_closer() {
                brackets.close(&mut open, (token.kind, index));
            }
        }
        brackets.has_open_brace = open.iter().any(|(closer, _)| *closer == TokenKind::CloseBrace);
        brackets
    }

    fn close(&mut self, open: &mut Vec<(TokenKind, usize)>, (kind, index): (TokenKind, usize)) {
        while open.last().is_some_and(|&(closer, _)| strength(closer) < strength(kind)) {
            let _ = open.pop();
        }
        let Some((_, opener)) = open.pop_if(|(closer, _)| *closer == kind) else {
            self.has_stray_brace |= kind == TokenKind::CloseBrace;
            return;
        };
        for (one, other) in [(opener, index), (index, opener)] {
            if let Some(partner) = self.partners.get_mut(one) {
                *partner = other as u32;
            }
        }
    }

    /// The bracket that belongs to the one at this index.
    pub(super) fn partner(&self, index: usize) -> Option<usize> {
        self.partners.get(index).copied().filter(|&partner| partner != NONE).map(|p| p as usize)
    }
}

/// A closing bracket closes what is weaker and still open in its pair.
fn strength(closer: TokenKind) -> u8 {
    match closer {
        TokenKind::InterpolationEnd => 2,
        TokenKind::CloseBrace => 1,
        _ => 0,
    }
}

/// How far the line of each token is indented, in bytes.
pub(super) fn indents(source: &Source, tokens: &[Token]) -> Vec<u32> {
    let mut indent = 0;
    let of_token = |token: &Token| {
        if token.newline_before {
            let before = source.slice(Span::new(0, token.span.start));
            indent = before.bytes().rev().take_while(|byte| *byte != b'\n').count() as u32;
        }
        indent
    };
    tokens.iter().map(of_token).collect()
}
