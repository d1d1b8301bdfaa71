//! How the parser goes on after a mistake: to the end of a line, to the bracket that closes, to
//! the next element of a list. Lists and bodies are parsed here, since they are where it goes on.

use super::cursor::{Context, Parser, Trust};
use super::stmt;
use crate::ast::Parts;
use crate::diag::{Code, Diagnostic};
use crate::lexer::TokenKind;
use crate::source::Span;

/// A body whose `{` was taken.
#[derive(Clone, Copy)]
pub(super) struct OpenBody {
    /// Index of the `{`, or `MISSING`.
    opener: usize,
    /// Where some `}` is missing in the source: how far the line of the `{` is indented. A line
    /// that is not indented more does not belong to the body, if its first line is.
    outdent: Option<u32>,
}

/// Whether the commas of a list were all there so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Commas {
    Written,
    Missing,
}

/// The index of a bracket that the source lacks; it has no partner.
const MISSING: usize = usize::MAX;

impl Parser<'_> {
    /// The tokens can be trusted again, unless the declaration is given up.
    pub(super) fn resume(&mut self) {
        if self.trust == Trust::Panicking {
            self.trust = Trust::Full;
        }
    }

    /// Skips tokens, and bracketed groups as a whole, up to one that `stop` names, one that
    /// closes a bracket around this place, or one that begins a declaration.
    pub(super) fn skip_until(&mut self, stop: impl Fn(&Self) -> bool) {
        loop {
            let position = self.position();
            let partner = self.brackets.partner(position);
            let token = self.peek();
            let leaves_group = token.kind.is_closer() && partner.is_some();
            let ends = token.kind == TokenKind::End || leaves_group || self.at_item();
            if ends || stop(self) {
                return;
            }
            self.jump_to(partner.unwrap_or(position) + 1);
        }
    }

    /// Leaves the brackets that were opened since token `start` and are closed further on.
    pub(super) fn leave_brackets_since(&mut self, start: usize) {
        let mut index = start;
        while index < self.position() {
            match self.brackets.partner(index) {
                Some(partner) if partner >= self.position() => return self.jump_to(partner + 1),
                Some(partner) if partner > index => index = partner + 1,
                _ => index += 1,
            }
        }
    }

    /// Whether the current token begins a line that does not go on with the line before.
    pub(super) fn at_new_line(&self) -> bool {
        let Some(before) = self.position().checked_sub(1).map(|index| self.token_at(index)) else {
            return true;
        };
        let goes_on = continues_after(before.kind) && !begins_only_stmts(self.kind());
        self.peek().newline_before && !goes_on && !self.continues_line()
    }

    /// Whether a line that begins with the current token goes on with the line before.
    pub(super) fn continues_line(&self) -> bool {
        use TokenKind as T;
        matches!(self.kind(), T::Dot | T::Coalesce | T::AndAnd | T::BarBar | T::Else)
    }

    /// After a mistake in a statement that began at token `start`: goes to the end of its line,
    /// always at least one token further.
    pub(super) fn recover_line(&mut self, start: usize) {
        if self.trust == Trust::Exhausted {
            return;
        }
        self.leave_element(start);
        self.skip_until(|parser| parser.at_new_line() || parser.at(TokenKind::Semicolon));
        if self.at(TokenKind::Semicolon) {
            let _ = self.bump();
        }
        self.resume();
    }

    /// Leaves what began at token `start`, by at least one token or bracketed group.
    fn leave_element(&mut self, start: usize) {
        self.leave_brackets_since(start);
        if self.position() == start {
            let partner = self.brackets.partner(start).unwrap_or(start);
            self.jump_to(partner.max(start) + 1);
        }
    }

    /// After a mistake in a head: goes to the `{` on the same line, if there is one.
    fn recover_to_block(&mut self) {
        if self.trust != Trust::Panicking {
            return;
        }
        self.skip_until(|parser| parser.at(TokenKind::OpenBrace) || parser.at_new_line());
        if self.at(TokenKind::OpenBrace) {
            self.resume();
        }
    }

    /// Parses `element, element, …` and the bracket `close`; the opening one was just taken.
    pub(super) fn comma_list<T>(
        &mut self,
        close: TokenKind,
        mut element: impl FnMut(&mut Self) -> T,
    ) -> Parts<T> {
        let opener = self.position().saturating_sub(1);
        self.within(Context::BRACKETS, |parser| {
            let (mut list, mut broken) = (Vec::new(), parser.is_panicking());
            let mut commas = Commas::Written;
            while !parser.is_panicking() && !parser.at(close) && !parser.at(TokenKind::End) {
                let start = parser.position();
                list.push(element(parser));
                broken |= parser.is_panicking();
                if parser.is_panicking() && parser.brackets.partner(opener).is_some() {
                    parser.skip_until(|parser| parser.at(TokenKind::Comma));
                    parser.resume();
                }
                // What stopped in front of a declaration, which no list goes over, has taken nothing and
                // would not the next time.
                let goes_on = parser.eat(TokenKind::Comma)
                    || parser.position() > start && parser.lacks_comma(opener, close, &mut commas);
                if !goes_on {
                    break;
                }
            }
            let expected = format!("`,` or {}", close.name());
            broken |= !parser.close(opener, close, &expected) || commas == Commas::Missing;
            Parts { list, broken }
        })
    }

    /// Whether another element follows without a comma, which is said once for a list.
    fn lacks_comma(&mut self, opener: usize, close: TokenKind, commas: &mut Commas) -> bool {
        use TokenKind as T;
        let begins_element = match self.kind() {
            // Two words in a row are no element: one of them is out of place.
            T::Name => self.nth(1).kind != T::Name,
            T::Int | T::Float | T::Duration | T::StringStart | T::True | T::False => true,
            _ => false,
        };
        if !begins_element || self.is_panicking() || self.brackets.partner(opener).is_none() {
            return false;
        }
        if *commas == Commas::Written {
            let end = self.previous_end();
            let diagnostic = self.unexpected_token(&format!("`,` or {}", close.name()));
            let help = "a comma stands between two elements";
            self.report(diagnostic.with_help(help).with_fix(Span::new(end, end), ","));
            *commas = Commas::Missing;
        }
        true
    }

    /// Takes the bracket that closes the one at token `opener`; `expected` is what could stand
    /// here. Returns whether it was found where it should be.
    pub(super) fn close(&mut self, opener: usize, close: TokenKind, expected: &str) -> bool {
        if self.is_panicking() || self.eat(close) {
            return !self.is_panicking();
        }
        match self.brackets.partner(opener) {
            Some(partner) => {
                let diagnostic = self.unexpected_token(expected);
                let before = opener.checked_sub(1).map(|index| self.token_at(index).kind);
                self.fail_unless_reported(match (self.kind(), before) {
                    (TokenKind::Comma, Some(TokenKind::Fail | TokenKind::Assert)) => diagnostic
                        .with_help("no parentheses: `fail 404 \"why\"`, `assert cond, \"why\"`"),
                    (TokenKind::Comma, Some(TokenKind::Log)) => {
                        diagnostic.with_help("`log` takes one text: `log \"{a} {b}\"`")
                    }
                    (TokenKind::Comma, _) => {
                        diagnostic.with_help("there are no tuples: a `struct` holds several values")
                    }
                    (TokenKind::Colon, _) => {
                        diagnostic.with_help("arguments go by their place and have no names")
                    }
                    _ => diagnostic,
                });
                if self.trust == Trust::Panicking {
                    self.jump_to(partner + 1);
                    self.resume();
                }
            }
            None => self.unclosed(opener, close),
        }
        false
    }

    /// After a mistake inside of the bracket at token `opener`: goes to the one that closes it,
    /// if there is one.
    pub(super) fn recover_to_closer(&mut self, opener: usize) {
        if let (Trust::Panicking, Some(closer)) = (self.trust, self.brackets.partner(opener)) {
            self.jump_to(closer);
            self.resume();
        }
    }

    /// The bracket at token `opener` is never closed.
    pub(super) fn unclosed(&mut self, opener: usize, close: TokenKind) {
        if opener == MISSING {
            return self.panic_silently();
        }
        let opener = self.token_at(opener);
        if close != TokenKind::CloseBrace
            && self.diagnostics.has_open_text_behind(opener.span.start)
        {
            return self.panic_silently();
        }
        let message = format!("{} is never closed", opener.kind.name());
        // At the place where it was noticed: enclosing brackets say the same about it, once.
        let place = if close == TokenKind::CloseBrace { self.peek().span } else { opener.span };
        let diagnostic = Diagnostic::new(Code::E0102, place, message);
        let diagnostic = if close == TokenKind::CloseBrace {
            let label = format!("expected {} before this", close.name());
            diagnostic.with_label(label).with_note(opener.span, "opened here")
        } else {
            let end = self.previous_end();
            diagnostic.with_note(Span::new(end, end), format!("expected {} here", close.name()))
        };
        self.fail_unless_reported(diagnostic);
    }

    /// Takes the `{` of a body, or finds it further on the line after a mistake. A `{` that is
    /// missing at the end of a line is taken as given, where some `}` would be left over else.
    pub(super) fn open_body(&mut self) -> Option<OpenBody> {
        self.recover_to_block();
        let goes_on = self.peek().newline_before && !self.at_item();
        if !self.is_panicking() && !self.at(TokenKind::OpenBrace) {
            let diagnostic = match self.kind() {
                TokenKind::OpenParen => {
                    self.missing("`{`").with_help("what it consists of stands in braces")
                }
                TokenKind::Colon => self.missing("`{`").with_help("leave the `:` out"),
                _ if self.at_word("then") || self.at_word("do") => {
                    self.missing("`{`").with_help("the body stands in braces, without a word")
                }
                _ => self.missing("`{`"),
            };
            if goes_on && self.brackets.has_stray_brace {
                let end = self.previous_end();
                self.report(diagnostic.with_fix(Span::new(end, end), " {"));
                return Some(OpenBody { opener: MISSING, outdent: None });
            }
            self.fail_unless_reported(diagnostic);
            self.recover_to_block();
        }
        let opener = self.position();
        let found = self.eat(TokenKind::OpenBrace);
        found.then(|| OpenBody { opener, outdent: self.outdent(opener) })
    }

    /// How far the line of the `{` before the current token is indented, where that can tell
    /// which `}` is missing.
    fn outdent(&self, opener: usize) -> Option<u32> {
        let first = self.peek();
        if !self.brackets.has_open_brace {
            return None;
        }
        let outdent = self.indent(opener);
        let shows = !first.newline_before || self.indent(self.position()) > outdent;
        shows.then_some(outdent)
    }

    /// Parses a body: `{`, elements that commas or newlines separate, and `}`.
    pub(super) fn line_list<T>(&mut self, mut element: impl FnMut(&mut Self) -> T) -> Parts<T> {
        let Some(body) = self.open_body() else { return Parts { list: Vec::new(), broken: true } };
        self.within(Context::BRACES, |parser| {
            let (mut list, mut broken) = (Vec::new(), false);
            while parser.trust != Trust::Exhausted && parser.goes_on(body) {
                let start = parser.position();
                list.push(element(parser));
                parser.separator();
                if parser.is_panicking() || parser.position() == start {
                    broken = true;
                    parser.recover_element(start);
                }
            }
            broken |= !parser.close_body(body);
            Parts { list, broken }
        })
    }

    /// Whether a body has further elements: it is not closed, and nothing shows that it should
    /// have been.
    pub(super) fn goes_on(&self, body: OpenBody) -> bool {
        let closes = self.at(TokenKind::CloseBrace)
            || (self.kind().is_closer() && self.brackets.partner(self.position()).is_some());
        let begins_item = self.brackets.partner(body.opener).is_none() && self.at_item();
        let is_outdented =
            |outdent| self.peek().newline_before && self.indent(self.position()) <= outdent;
        let unclosed = begins_item || body.outdent.is_some_and(is_outdented);
        !closes && !unclosed && !self.at(TokenKind::End)
    }

    /// Takes the `}` of a body. Returns whether it is there.
    pub(super) fn close_body(&mut self, body: OpenBody) -> bool {
        if self.trust == Trust::Exhausted {
            return false;
        }
        self.resume();
        let closed = self.eat(TokenKind::CloseBrace);
        if !closed {
            self.unclosed(body.opener, TokenKind::CloseBrace);
            self.resume();
        }
        closed
    }

    /// What stands between two elements of a body.
    fn separator(&mut self) {
        if self.is_panicking() || self.eat(TokenKind::Comma) {
            return;
        }
        if self.at(TokenKind::Semicolon) {
            let semicolon = self.bump().span;
            let comma = if self.peek().newline_before { "" } else { "," };
            self.report(
                Diagnostic::new(Code::E0105, semicolon, "`;` separates nothing here")
                    .with_help("a comma or a new line")
                    .with_fix(semicolon, comma),
            );
            return;
        }
        if self.at(TokenKind::CloseBrace) || self.at(TokenKind::End) || self.at_line_end() {
            return;
        }
        let missing = self.unexpected_token("`,`, a new line or `}`");
        if self.begins_element() {
            let end = self.previous_end();
            let help = "a comma or a new line stands between two elements";
            self.report(missing.with_help(help).with_fix(Span::new(end, end), ","));
        } else {
            self.fail_unless_reported(missing);
        }
    }

    /// Whether what stands here can only be the next element of a body: `name:`, `name =` or
    /// `pattern =>`.
    fn begins_element(&self) -> bool {
        use TokenKind as T;
        let can_begin = match self.kind() {
            T::Int | T::Float | T::Duration => true,
            kind => kind.is_word(),
        };
        can_begin && matches!(self.nth(1).kind, T::Colon | T::Equal | T::FatArrow)
    }

    /// After a mistake in an element that began at token `start`: goes to the next one.
    fn recover_element(&mut self, start: usize) {
        if self.trust == Trust::Exhausted {
            return;
        }
        self.leave_element(start);
        self.skip_until(|parser| parser.at_new_line() || parser.at(TokenKind::Comma));
        self.resume();
        let _ = self.eat(TokenKind::Comma);
    }
}

/// Whether this word begins a statement and stands nowhere in an expression.
fn begins_only_stmts(kind: TokenKind) -> bool {
    use TokenKind as T;
    matches!(kind, T::Let | T::Var | T::While | T::For | T::Assert | T::Emit | T::Log | T::Remove)
}

/// Whether a line that ends with this token goes on with the next.
fn continues_after(kind: TokenKind) -> bool {
    use TokenKind as T;
    let operator = matches!(
        kind,
        T::Plus
            | T::Minus
            | T::Star
            | T::Slash
            | T::Percent
            | T::Coalesce
            | T::EqualEqual
            | T::NotEqual
            | T::Less
            | T::LessEqual
            | T::Greater
            | T::GreaterEqual
            | T::In
            | T::AndAnd
            | T::BarBar
            | T::Not
    );
    operator
        || stmt::assignment(kind).is_some()
        || matches!(kind, T::Comma | T::Arrow | T::FatArrow)
}
