//! What is said where something stands that is no statement and no declaration: the words and
//! habits of other languages, and what Flight has instead.

use super::cursor::Parser;
use super::expr;
use super::field::Body;
use super::hint::{self, Meant};
use super::stmt;
use crate::ast::{Expr, FuncKind, ItemKind, Name, Stmt, StmtKind};
use crate::diag::{Code, Diagnostic};
use crate::lexer::TokenKind;
use crate::source::Span;

impl Parser<'_> {
    /// `if … { 1 } else { 2 } + 3`: the statement ended with its `}`.
    pub(super) fn refuse_continuation(&mut self, start: usize) {
        if expr::infix(self.kind()).is_none() && !self.at(TokenKind::Dot) {
            return;
        }
        let first = self.token_at(start);
        let diagnostic = self.unexpected_token("the end of the statement");
        let help = "a statement that begins with `if` or `match` ends with its `}`; put it in \
                    parentheses to go on";
        let span = first.span;
        self.fail_unless_reported(diagnostic.with_note(span, "begins here").with_help(help));
    }

    /// Whether the current token can only go on with an expression.
    pub(super) fn at_lone_operator(&self) -> bool {
        expr::infix(self.kind()).is_some() && !self.at(TokenKind::Minus)
    }

    /// A line that begins with an operator, which does not go on with the line before.
    pub(super) fn refuse_lone_operator(&mut self) {
        let operator = self.kind().name();
        let message = format!("expected a statement, found {operator}");
        let help = format!("a line that goes on ends with its operator: put the {operator} there");
        let diagnostic = Diagnostic::new(Code::E0100, self.peek().span, message);
        self.fail_unless_reported(diagnostic.with_help(help));
    }

    /// `;` at the end of a statement or declaration.
    pub(super) fn semicolon(&mut self) {
        let semicolon = self.bump().span;
        let ends = self.peek().newline_before || self.kind().is_closer();
        let replacement = if ends || self.at(TokenKind::End) { "" } else { "\n" };
        self.report(
            Diagnostic::new(Code::E0105, semicolon, "a statement ends with its line, not with `;`")
                .with_help("remove the `;`, and put each statement on a line of its own")
                .with_fix(semicolon, replacement),
        );
    }

    /// What stands here begins something that should have a line of its own.
    pub(super) fn report_same_line(&mut self, what: &str, is_sure: bool) {
        let place = self.peek().span;
        if self.diagnostics.has_at(place.start) {
            return;
        }
        let gap = Span::new(self.previous_end(), place.start);
        let message = format!("two {what} on one line");
        let diagnostic = Diagnostic::new(Code::E0101, place, message);
        self.report(match is_sure {
            true => diagnostic.with_help("begin a new line here").with_fix(gap, "\n"),
            false => diagnostic.with_help("an operator or a comma is missing here, or a new line"),
        });
    }

    /// Whether the current token can begin a statement, and goes on with none.
    pub(super) fn begins_stmt(&self) -> bool {
        use TokenKind as T;
        let kind = self.kind();
        let is_literal = matches!(kind, T::Int | T::Float | T::Duration | T::StringStart);
        kind == T::Name || is_literal || (kind.is_reserved() && !matches!(kind, T::Else | T::In))
    }

    /// Whether a statement begins here and nothing that could have belonged to the one before: a
    /// word that only begins statements, or an assignment to a name.
    pub(super) fn surely_begins_stmt(&self) -> bool {
        use TokenKind as T;
        match self.kind() {
            T::Name => stmt::assignment(self.nth(1).kind).is_some(),
            kind => kind.is_reserved() && !matches!(kind, T::State | T::True | T::False | T::None),
        }
    }

    /// What is said of a word that is an operator in other languages.
    pub(super) fn foreign_operator(&self) -> Option<&'static str> {
        if self.at(TokenKind::If) {
            return Some("`if cond { a } else { b }` is a value");
        }
        match self.text(self.peek()) {
            "as" => Some("`int(x)`, `float(x)` and `str(x)` convert"),
            "is" | "eq" | "equals" => Some("values are compared with `==`"),
            _ => None,
        }
    }

    /// Stands for the locals behind a comma: `let a = 1, b = 2`.
    pub(super) fn lost_local(&self) -> Stmt {
        let value = self.error_expr();
        let (name, span) = (self.missing_name(), value.span);
        Stmt { kind: StmtKind::Let { mutable: false, name, ty: None, value }, span }
    }

    /// `post hit(1)` as a call: what follows the parentheses is no body.
    pub(super) fn at_called_handler(&self) -> bool {
        let is_handler = self.at_word("get") || self.at_word("post");
        let opener = self.position() + 2;
        let opens = self.nth(2).kind == TokenKind::OpenParen && !self.nth(1).newline_before;
        let Some(closer) = self.brackets.partner(opener).filter(|_| is_handler && opens) else {
            return false;
        };
        let next = self.token_at(closer + 1);
        let has_body = matches!(next.kind, TokenKind::OpenBrace | TokenKind::Arrow);
        !has_body || next.newline_before
    }

    pub(super) fn called_handler(&mut self) -> StmtKind {
        let message = format!("`{}` stands only before a declaration", self.text(self.peek()));
        self.leave_out(message, "a handler is called by its name alone");
        StmtKind::Expr(self.expr())
    }

    /// Takes a word that Flight does without, and says so.
    pub(super) fn leave_out(&mut self, message: impl Into<String>, help: &str) {
        let word = self.bump().span;
        let gap = Span::new(word.start, self.peek().span.start);
        let diagnostic = Diagnostic::new(Code::E0122, word, message);
        self.report(diagnostic.with_help(help).with_fix(gap, ""));
    }

    /// Whether a `)` or `]` on the line of a statement closes nothing.
    pub(super) fn at_stray_closer(&self) -> bool {
        let kind = self.kind();
        matches!(kind, TokenKind::CloseParen | TokenKind::CloseBracket)
            && self.brackets.partner(self.position()).is_none()
            && !self.at_line_end()
    }

    pub(super) fn refuse_closer(&mut self) {
        let token = self.peek();
        let message = format!("{} closes nothing", token.kind.name());
        let diagnostic = Diagnostic::new(Code::E0103, token.span, message);
        self.fail_unless_reported(diagnostic.with_help("remove it, or open the bracket before"));
    }

    /// After a statement stands something that cannot: says what a newcomer meant by it.
    pub(super) fn unexpected_after(&mut self, start: usize) {
        let first = self.token_at(start);
        let is_lone_word = first.kind == TokenKind::Name && self.position() == start + 1;
        let word = if is_lone_word { self.text(first) } else { "" };
        if let Some(help) = hint::foreign_stmt(word).filter(|_| !self.at(TokenKind::Colon)) {
            let message = format!("`{word}` begins no statement in Flight");
            let diagnostic = Diagnostic::new(Code::E0122, first.span, message).with_help(help);
            return self.fail_unless_reported(diagnostic);
        }
        let diagnostic = self.unexpected_token("the end of the statement");
        let help = match self.kind() {
            TokenKind::Colon if self.nth(1).kind == TokenKind::Equal => Some("`let name = value`"),
            TokenKind::Colon => Some("`let name: type = value`"),
            TokenKind::Question if self.nth(1).kind == TokenKind::Dot => {
                Some("what may be `none` is opened by `if let` or `??`")
            }
            TokenKind::Question => Some("`if cond { a } else { b }`"),
            TokenKind::Not if self.nth(1).kind == TokenKind::OpenParen => {
                Some("there are no macros; a test says `assert a == b`")
            }
            TokenKind::Not => Some("what may be `none` is opened by `if let` or `??`"),
            TokenKind::DotDot | TokenKind::DotDotEqual => {
                Some("a range stands only in `for i in a..b`")
            }
            TokenKind::Bar => Some(hint::NO_BITS),
            _ => None,
        };
        self.fail_unless_reported(match help {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        });
    }

    /// The local that a statement declares in the way of another language, where it began at token
    /// `start` and was not read: `int n = 1`, `n := 1`, `n: int = 1`.
    pub(super) fn foreign_local(&self, start: usize) -> Option<Name> {
        use TokenKind as T;
        let [first, second, third] = [0, 1, 2].map(|n| self.token_at(start + n));
        let name = match (first.kind, second.kind, third.kind) {
            (T::Name, T::Name, T::Equal | T::Colon) if !second.newline_before => second,
            (T::Name, T::Colon, T::Name | T::Equal | T::OpenBracket) => first,
            _ => return None,
        };
        Some(Name { text: self.text(name).into(), span: name.span })
    }

    /// A block is no statement; what is in it is still checked for mistakes.
    pub(super) fn lone_block(&mut self) -> StmtKind {
        let brace = self.peek().span;
        self.report(
            Diagnostic::new(Code::E0119, brace, "a block stands only where something needs one")
                .with_help("`if`, a loop or a function of its own"),
        );
        let _ = self.block();
        StmtKind::Error
    }

    /// Whether a word stands before a block that needs none in Flight: `loop { … }`.
    pub(super) fn at_foreign_block(&self) -> bool {
        const WORDS: [&str; 8] =
            ["loop", "forever", "do", "try", "defer", "unsafe", "begin", "finally"];
        let brace = self.nth(1);
        let opens_block = brace.kind == TokenKind::OpenBrace && !brace.newline_before;
        opens_block && WORDS.contains(&self.text(self.peek()))
    }

    pub(super) fn foreign_block(&mut self) -> StmtKind {
        let word = self.bump();
        let text = self.text(word);
        let message = format!("`{text}` begins no statement in Flight");
        let diagnostic = Diagnostic::new(Code::E0122, word.span, message);
        self.report(match hint::foreign_stmt(text) {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        });
        let _ = self.block();
        // `catch (e) { … }` and its like belong to it.
        while ["catch", "except", "finally", "rescue"].iter().any(|word| self.at_word(word)) {
            self.skip_until(|parser| parser.at(TokenKind::OpenBrace) || parser.at_new_line());
            if !self.at(TokenKind::OpenBrace) {
                break;
            }
            let _ = self.block();
        }
        StmtKind::Error
    }

    /// A declaration in a block; it is read, so that its own mistakes are found.
    pub(super) fn misplaced_item(&mut self) -> StmtKind {
        let message = "a declaration stands outside of functions";
        let diagnostic = Diagnostic::new(Code::E0116, self.peek().span, message);
        self.report(diagnostic.with_help(match self.at_word("const") {
            true => "move it to the top level; a value within a function is `let name = …`",
            false => "move it to the top level",
        }));
        self.lost_item();
        StmtKind::Error
    }

    /// `50 ms`
    pub(super) fn at_parted_duration(&self) -> bool {
        let unit = self.nth(1);
        let is_unit = matches!(self.text(unit), "ms" | "s" | "m" | "h");
        is_unit && self.nth(2).kind == TokenKind::Name
    }

    pub(super) fn parted_duration(&mut self) -> Expr {
        let number = self.number();
        let unit = self.bump();
        let place = number.span.to(unit.span);
        let whole = format!("{}{}", self.source.slice(number.span), self.text(unit));
        self.report(
            Diagnostic::new(Code::E0004, place, "a duration is written without a space")
                .with_help(format!("write `{whole}`"))
                .with_fix(place, whole),
        );
        number
    }

    /// Something that begins no declaration.
    pub(super) fn no_item(&mut self) -> ItemKind {
        let token = self.peek();
        if let Some((meant, help)) = self.foreign_word() {
            return self.foreign_item(meant, help);
        }
        if self.after_mistake {
            // A bracket was lost before, and with it where the declaration ends.
            self.panic_silently();
            return ItemKind::Error;
        }
        if token.kind.is_closer() {
            self.refuse_closer();
            return ItemKind::Error;
        }
        self.unknown_item()
    }

    /// What the word here is meant for, where it begins a declaration in another language.
    fn foreign_word(&self) -> Option<(Meant, &'static str)> {
        let word = self.text(self.peek());
        let is_value = matches!(self.nth(2).kind, TokenKind::Equal | TokenKind::Colon);
        match word {
            "type" if is_value => Some((Meant::Unknown, "a type has one name")),
            "static" if is_value => hint::foreign_item("let"),
            "delete" if self.text(self.nth(1)) == "table" => {
                Some((Meant::Unknown, "what is stored is given up by `drop table t`"))
            }
            _ => hint::foreign_item(word),
        }
    }

    /// A word that begins a declaration in another language; what was meant is read.
    fn foreign_item(&mut self, meant: Meant, help: &str) -> ItemKind {
        let token = self.peek();
        let message = format!("`{}` begins no declaration in Flight", self.text(token));
        let diagnostic = Diagnostic::new(Code::E0122, token.span, message).with_help(help);
        match meant.text() {
            Some(text) => self.report(diagnostic.with_fix(token.span, text)),
            None => self.fail(diagnostic),
        }
        match meant {
            Meant::Fn => self.func(FuncKind::Fn),
            Meant::Post => self.func(FuncKind::Post),
            Meant::Struct => self.named_body(Body::Struct),
            Meant::Nothing => {
                let _ = self.bump();
                self.item_kind_again()
            }
            Meant::Unknown => ItemKind::Error,
        }
    }

    fn unknown_item(&mut self) -> ItemKind {
        let token = self.peek();
        let diagnostic = self.unexpected_token("a declaration");
        let near = hint::near_item(self.text(token)).filter(|_| token.kind == TokenKind::Name);
        let Some(word) = near else {
            self.fail_unless_reported(diagnostic.with_help(hint::DECLARATIONS));
            return ItemKind::Error;
        };
        let diagnostic = diagnostic.with_help(format!("did you mean `{word}`?"));
        if self.nth(1).newline_before || !self.goes_on_as(word) {
            self.fail_unless_reported(diagnostic);
            return ItemKind::Error;
        }
        self.report(diagnostic.with_fix(token.span, word));
        self.item_of(word)
    }

    /// What follows a word such as `pub` that was dropped.
    fn item_kind_again(&mut self) -> ItemKind {
        if self.looks_like_item() {
            return self.item_kind();
        }
        self.panic_silently();
        ItemKind::Error
    }

    pub(super) fn at_foreign_item(&self) -> bool {
        let token = self.peek();
        token.newline_before
            && token.kind == TokenKind::Name
            && self.nth(1).kind == TokenKind::Name
            && hint::foreign_item(self.text(token)).is_some()
            && self.indent(self.position()) == 0
    }
}
