//! The parser's place in the tokens, what it may take there, and how it reports.

use std::cell::Cell;

use smol_str::SmolStr;

use super::brackets::{self, Brackets};
use crate::ast::{Expr, ExprKind, Name};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::lexer::{Comment, CommentKind, Lexed, Token, TokenKind};
use crate::limits::Limits;
use crate::parse::height;
use crate::source::{Source, Span};

/// How often the parser looks at tokens before it goes on, at most: what is right needs some thousands.
const LOOKS_MAX: u32 = 4_000_000;

/// What the enclosing brackets say about the tokens inside of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Context {
    pub newlines: Newlines,
    pub literals: StructLiterals,
}

/// Whether a newline ends a statement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Newlines {
    End,
    Ignored,
}

/// Whether `Name {` begins a struct literal; in the head of `if`, `for` … it does not, and is taken
/// for a mistake where it looks like one. Behind `match` the arms may look so.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum StructLiterals {
    Allowed,
    Refused,
    Never,
}

impl Context {
    /// Inside of `( )` and `[ ]`.
    pub(super) const BRACKETS: Context =
        Context { newlines: Newlines::Ignored, literals: StructLiterals::Allowed };
    /// Inside of `{ }`, and outside of everything.
    pub(super) const BRACES: Context =
        Context { newlines: Newlines::End, literals: StructLiterals::Allowed };
}

/// Where recovery from a mistake stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// The tokens are read as they come.
    Full,
    /// A mistake was reported; nothing is consumed or reported until the next place to go on.
    Panicking,
    /// The declaration is too large or too deep; the rest of it is skipped.
    Exhausted,
}

pub(super) struct Parser<'a> {
    pub source: &'a Source,
    pub limits: &'a Limits,
    pub diagnostics: Diagnostics,
    pub context: Context,
    pub trust: Trust,
    pub brackets: Brackets,
    /// Names of declarations that nobody can read (`ast::Program::lost`).
    pub lost: Vec<String>,
    /// Whether there is a mistake in the declaration before this place.
    pub after_mistake: bool,
    /// Where the statement begins that is being parsed.
    pub stmt_start: u32,
    tokens: Vec<Token>,
    /// How far each token's line is indented.
    indents: Vec<u32>,
    comments: Vec<Comment>,
    position: usize,
    /// How often it has looked at a token since it went on to this position.
    looks: Cell<u32>,
    depth: u32,
    /// Nodes of the current declaration.
    nodes: u32,
    /// Index of the current declaration's first token.
    item_start: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(
        source: &'a Source,
        lexed: Lexed,
        (limits, diagnostics): (&'a Limits, Diagnostics),
    ) -> Parser<'a> {
        Parser {
            source,
            limits,
            diagnostics,
            context: Context::BRACES,
            trust: Trust::Full,
            brackets: Brackets::new(&lexed.tokens),
            lost: Vec::new(),
            after_mistake: false,
            stmt_start: 0,
            indents: brackets::indents(source, &lexed.tokens),
            tokens: lexed.tokens,
            comments: lexed.comments,
            position: 0,
            looks: Cell::new(0),
            depth: 0,
            nodes: 0,
            item_start: 0,
        }
    }

    // The tokens.

    /// The token `n` after the current one; the last token is `End` and stays.
    ///
    /// # Panics
    /// When the parser stands still, which is a fault of ours: a loop in which nothing is taken would
    /// fill the memory with what it makes.
    pub(super) fn nth(&self, n: usize) -> Token {
        let looks = self.looks.get() + 1;
        assert!(looks < LOOKS_MAX, "the parser stands still at token {}", self.position);
        self.looks.set(looks);
        self.token_at(self.position + n)
    }

    pub(super) fn token_at(&self, index: usize) -> Token {
        let index = index.min(self.tokens.len().saturating_sub(1));
        *self.tokens.get(index).expect("the lexer ends its tokens with `End`")
    }

    pub(super) fn peek(&self) -> Token {
        self.nth(0)
    }

    pub(super) fn kind(&self) -> TokenKind {
        self.peek().kind
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// Goes to a later token.
    pub(super) fn jump_to(&mut self, position: usize) {
        self.position = position.clamp(self.position, self.tokens.len().saturating_sub(1));
        self.looks.set(0);
    }

    pub(super) fn item_start(&self) -> usize {
        self.item_start
    }

    /// Begins to count for a new declaration, which starts at the current token.
    pub(super) fn begin_item(&mut self) {
        self.item_start = self.position;
        self.nodes = 0;
    }

    /// How far the line of the token at this index is indented.
    pub(super) fn indent(&self, index: usize) -> u32 {
        self.indents.get(index).copied().unwrap_or(0)
    }

    /// Where the token before the current one ends.
    pub(super) fn previous_end(&self) -> u32 {
        if self.position == 0 { 0 } else { self.token_at(self.position - 1).span.end }
    }

    /// From a place to the end of the last token taken.
    pub(super) fn span_from(&self, start: u32) -> Span {
        Span::new(start, self.previous_end().max(start))
    }

    pub(super) fn text(&self, token: Token) -> &'a str {
        self.source.slice(token.span)
    }

    pub(super) fn at(&self, kind: TokenKind) -> bool {
        self.kind() == kind
    }

    /// Whether the current token is this contextual word.
    pub(super) fn at_word(&self, word: &str) -> bool {
        self.at(TokenKind::Name) && self.text(self.peek()) == word
    }

    /// Whether a newline ends the statement before the current token.
    pub(super) fn at_line_end(&self) -> bool {
        self.context.newlines == Newlines::End && self.peek().newline_before
    }

    pub(super) fn bump(&mut self) -> Token {
        let token = self.peek();
        if token.kind != TokenKind::End {
            self.position += 1;
            self.looks.set(0);
        }
        token
    }

    /// Reads the current token as another kind, where its spelling was a mistake.
    pub(super) fn current_becomes(&mut self, kind: TokenKind) {
        if let Some(token) = self.tokens.get_mut(self.position) {
            token.kind = kind;
        }
    }

    pub(super) fn eat(&mut self, kind: TokenKind) -> bool {
        let found = !self.is_panicking() && self.at(kind);
        if found {
            let _ = self.bump();
        }
        found
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = !self.is_panicking() && self.at_word(word);
        if found {
            let _ = self.bump();
        }
        found
    }

    /// Takes a token that must stand here.
    pub(super) fn expect(&mut self, kind: TokenKind) -> bool {
        let found = self.eat(kind);
        if !found {
            let diagnostic = self.missing(kind.name());
            self.fail_unless_reported(diagnostic);
        }
        found
    }

    /// A name in the place of a variable, a function or a type; `what` is for the message.
    pub(super) fn name(&mut self, what: &str) -> Name {
        let token = self.peek();
        if self.is_panicking() {
            return self.missing_name();
        }
        if token.kind.is_reserved() && self.name_could_stand_before(self.nth(1).kind) {
            let text = self.text(token);
            let message = format!("expected {what}, found the reserved word `{text}`");
            let help = format!("another name, such as `{text}_`");
            self.report(Diagnostic::new(Code::E0117, token.span, message).with_help(help));
        } else if !matches!(token.kind, TokenKind::Name | TokenKind::Error) {
            self.unexpected(what);
            return self.missing_name();
        }
        self.take_name()
    }

    fn name_could_stand_before(&self, kind: TokenKind) -> bool {
        use TokenKind as T;
        matches!(kind, T::Colon | T::Equal | T::OpenParen | T::OpenBrace | T::Comma | T::In)
    }

    /// A name in the place of a field, a variant or a method, where any word will do.
    pub(super) fn word(&mut self, what: &str) -> Name {
        let kind = self.kind();
        if self.is_panicking() || !(kind.is_word() || kind == TokenKind::Error) {
            self.unexpected(what);
            return self.missing_name();
        }
        self.take_name()
    }

    fn take_name(&mut self) -> Name {
        let token = self.bump();
        if token.kind == TokenKind::Error {
            // Nobody knows how much of it was meant.
            return Name { text: SmolStr::default(), span: token.span };
        }
        Name { text: self.text(token).into(), span: token.span }
    }

    pub(super) fn missing_name(&self) -> Name {
        let end = self.previous_end();
        Name { text: SmolStr::default(), span: Span::new(end, end) }
    }

    // What stands around.

    /// Parses inside of brackets, or in a head.
    pub(super) fn within<T>(&mut self, inner: Context, parse: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.context, inner);
        let result = parse(self);
        self.context = outer;
        result
    }

    /// Parses one level deeper; gives up the declaration where that is too deep.
    pub(super) fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let depth_max = self.limits.nesting_max;
        if self.depth >= depth_max {
            let message = format!("nested more than {depth_max} deep");
            let diagnostic = Diagnostic::new(Code::E0601, self.peek().span, message);
            self.report(diagnostic.with_help("move the inner part into a function of its own"));
            self.trust = Trust::Exhausted;
            return None;
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        Some(result)
    }

    /// The `///` lines before the current token, and before a comma before it.
    pub(super) fn documentation(&self) -> Option<String> {
        let end = self.peek().span.start;
        let before = self.tokens.get(..self.position).unwrap_or_default();
        let last = before.iter().rev().find(|token| token.kind != TokenKind::Comma);
        let after = last.map_or(0, |token| token.span.end);
        let first = self.comments.partition_point(|comment| comment.span.start < after);
        let comments = self.comments.get(first..).unwrap_or_default();
        let lines: Vec<&str> = comments
            .iter()
            .take_while(|comment| comment.span.start < end)
            .filter(|comment| comment.kind == CommentKind::Doc && self.begins_line(comment, after))
            .map(|comment| self.source.slice(comment.span).trim_start_matches("///"))
            .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
            .collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// A `///` behind the code of a line documents nothing that follows.
    fn begins_line(&self, comment: &Comment, after: u32) -> bool {
        after == 0 || self.source.slice(Span::new(after, comment.span.start)).contains('\n')
    }

    // Nodes, counted.

    /// Makes an expression, unless the tree becomes too high.
    pub(super) fn node(&mut self, kind: ExprKind, span: Span) -> Expr {
        self.count_node();
        let height = height::of_expr(&kind);
        let height_max = self.limits.tree_height_max;
        if height > height_max {
            let message = format!("more than {height_max} operations build on each other");
            let last = Span::new(span.end.max(1) - 1, span.end);
            let diagnostic = Diagnostic::new(Code::E0602, last, message)
                .with_label("the chain is too long here")
                .with_help("split it with `let`, a loop or a `match`");
            self.fail(diagnostic);
            return error_at(span);
        }
        Expr { kind, span, height }
    }

    /// Counts a node towards the limit of the declaration.
    pub(super) fn count_node(&mut self) {
        self.nodes += 1;
        let nodes_max = self.limits.function_nodes_max;
        if self.nodes <= nodes_max || self.trust == Trust::Exhausted {
            return;
        }
        let place = self.token_at(self.item_start).span;
        let message =
            format!("the declaration has more than {nodes_max} statements and expressions");
        self.report(
            Diagnostic::new(Code::E0603, place, message).with_help("split it into functions"),
        );
        self.trust = Trust::Exhausted;
    }

    // Reports.

    pub(super) fn is_panicking(&self) -> bool {
        self.trust != Trust::Full
    }

    /// Reports a mistake after which the tokens can still be trusted.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        if self.trust == Trust::Full {
            self.diagnostics.report(diagnostic);
        }
    }

    /// Reports a mistake and panics.
    pub(super) fn fail(&mut self, diagnostic: Diagnostic) {
        self.report(diagnostic);
        self.panic_silently();
    }

    pub(super) fn panic_silently(&mut self) {
        if self.trust == Trust::Full {
            self.trust = Trust::Panicking;
        }
    }

    /// Expected something else; panics.
    pub(super) fn unexpected(&mut self, expected: &str) {
        let diagnostic = self.unexpected_token(expected);
        self.fail_unless_reported(diagnostic);
    }

    /// Expected something else, with what helps; panics.
    pub(super) fn unexpected_with(&mut self, expected: &str, help: &str) {
        let diagnostic = self.unexpected_token(expected);
        self.fail_unless_reported(diagnostic.with_help(help));
    }

    /// The message that something else was expected.
    pub(super) fn unexpected_token(&self, expected: &str) -> Diagnostic {
        let found = self.found();
        let message = format!("expected {expected}, found {found}");
        Diagnostic::new(Code::E0100, self.peek().span, message)
    }

    /// The message that something is missing after what was just taken; at a line's end it points
    /// there, and not to the next line.
    pub(super) fn missing(&self, expected: &str) -> Diagnostic {
        if !self.at_line_end() {
            return self.unexpected_token(expected);
        }
        let end = self.previous_end();
        let message = format!("expected {expected}, found the end of the line");
        Diagnostic::new(Code::E0100, Span::new(end, end), message)
    }

    /// Panics, and is silent where the lexer has already spoken about this place.
    pub(super) fn fail_unless_reported(&mut self, diagnostic: Diagnostic) {
        let before = self.position.checked_sub(1).map(|index| self.token_at(index));
        let place = diagnostic.span;
        let is_reported = self.peek().is_reported()
            || before.is_some_and(|token| token.is_reported())
            || self.diagnostics.has_at(place.start);
        if is_reported {
            self.panic_silently();
        } else {
            self.fail(diagnostic);
        }
    }

    /// The current token as a message names it.
    fn found(&self) -> String {
        let token = self.peek();
        match token.kind {
            TokenKind::Name | TokenKind::Int | TokenKind::Float | TokenKind::Duration => {
                let text: String = self.text(token).chars().take(40).collect();
                format!("`{text}`")
            }
            kind => kind.name().to_owned(),
        }
    }

    /// An expression that could not be parsed, at the current place.
    pub(super) fn error_expr(&self) -> Expr {
        let end = self.previous_end();
        error_at(Span::new(end, end))
    }
}

/// An expression that could not be parsed.
pub(super) fn error_at(span: Span) -> Expr {
    Expr { kind: ExprKind::Error, span, height: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer;

    #[test]
    #[should_panic(expected = "the parser stands still at token 1")]
    fn a_loop_in_which_nothing_is_taken_ends() {
        let (source, limits) = (Source::new("test.flight", "a b"), Limits::default());
        let mut diagnostics = Diagnostics::new(limits.diagnostics_max);
        let lexed = lexer::lex_within(&source, &limits, &mut diagnostics);
        let mut parser = Parser::new(&source, lexed, (&limits, diagnostics));
        let _ = parser.bump();
        while !parser.at(TokenKind::End) {}
    }
}
