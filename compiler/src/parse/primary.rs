//! Operands: names, brackets, `if`, `match`, `insert`, and what leaves a function.

use super::cursor::{Context, Parser, StructLiterals};
use super::hint;
use crate::ast::{
    Arm, ArmBody, Cond, Else, Expr, ExprKind, FieldInit, Name, Pattern, PatternKind, Stmt, StmtKind,
};
use crate::diag::{Code, Diagnostic};
use crate::lexer::TokenKind;
use crate::source::Span;

impl Parser<'_> {
    /// `primary = literal | name | "(" expr ")" | list | if | match | insert | return | …`
    pub(super) fn primary(&mut self) -> Expr {
        if self.is_panicking() {
            return self.error_expr();
        }
        match self.kind() {
            TokenKind::Int | TokenKind::Float | TokenKind::Duration => self.number(),
            TokenKind::StringStart => self.string(),
            TokenKind::True => self.keyword(ExprKind::Bool(true)),
            TokenKind::False => self.keyword(ExprKind::Bool(false)),
            TokenKind::None => self.keyword(ExprKind::None),
            TokenKind::Break => self.keyword(ExprKind::Break),
            TokenKind::Continue => self.keyword(ExprKind::Continue),
            TokenKind::Error => self.keyword(ExprKind::Error),
            TokenKind::State => self.name_expr(),
            TokenKind::Name => self.name_or_struct(),
            TokenKind::OpenParen => self.paren(),
            TokenKind::OpenBracket => self.list(),
            TokenKind::If => self.if_expr(),
            TokenKind::Match => self.match_expr(),
            TokenKind::Insert => self.insert(),
            TokenKind::Return => self.return_expr(),
            TokenKind::Fail => self.fail_expr(),
            _ => self.no_expr(),
        }
    }

    /// An expression of one token.
    fn keyword(&mut self, kind: ExprKind) -> Expr {
        let span = self.bump().span;
        self.node(kind, span)
    }

    pub(super) fn name_expr(&mut self) -> Expr {
        let token = self.bump();
        let text = self.text(token).into();
        self.node(ExprKind::Name(text), token.span)
    }

    /// Something that begins no expression.
    fn no_expr(&mut self) -> Expr {
        let diagnostic = self.unexpected_token("an expression");
        let diagnostic = match self.kind() {
            TokenKind::OpenBrace if self.context.literals == StructLiterals::Allowed => {
                let place = self.peek().span;
                Diagnostic::new(Code::E0119, place, "a block stands only where something needs one")
                    .with_help("a struct is `Name { field: value }`, a list `[a, b]`")
            }
            TokenKind::Let => {
                diagnostic.with_help("`let` stands in a line of its own or in `if let`")
            }
            TokenKind::For | TokenKind::While => diagnostic.with_help("a loop has no value"),
            TokenKind::DotDot => diagnostic.with_help("a range stands only in `for i in a..b`"),
            TokenKind::Star if self.follows(TokenKind::Star) => {
                diagnostic.with_help("a power is `pow(base, exponent)`")
            }
            TokenKind::Less if self.follows(TokenKind::Less) => diagnostic.with_help(hint::NO_BITS),
            TokenKind::Equal if self.follows(TokenKind::EqualEqual) => {
                diagnostic.with_help("write `==`")
            }
            TokenKind::Equal if self.follows(TokenKind::NotEqual) => {
                diagnostic.with_help("write `!=`")
            }
            TokenKind::Greater if self.follows(TokenKind::Less) => {
                diagnostic.with_help("write `!=`")
            }
            TokenKind::Greater if self.follows(TokenKind::Greater) => {
                diagnostic.with_help(hint::NO_BITS)
            }
            _ => diagnostic,
        };
        let start = self.position();
        self.fail_unless_reported(diagnostic);
        let span = self.token_at(start).span;
        super::cursor::error_at(span)
    }

    /// Whether the token before the current one is of this kind and touches it.
    fn follows(&self, kind: TokenKind) -> bool {
        self.previous_kind() == kind && self.previous_end() == self.peek().span.start
    }

    /// `new Name { … }`, `await f()`: the word is left out.
    fn refuse_word(&mut self) {
        let name = self.nth(1);
        let (message, help) = match self.text(self.peek()) {
            "new" => ("a value is made without `new`", "leave it out: `Name { field: value }`"),
            "await" => ("nothing waits for a call", "leave `await` out: a call gives its value"),
            _ => return,
        };
        if name.kind == TokenKind::Name && !name.newline_before {
            self.leave_out(message, help);
        }
    }

    /// `name [ "{" field values "}" ]`
    fn name_or_struct(&mut self) -> Expr {
        self.refuse_word();
        let token = self.peek();
        let brace = self.nth(1);
        let opens_brace = brace.kind == TokenKind::OpenBrace
            && !(brace.newline_before && self.context.newlines == Context::BRACES.newlines);
        if opens_brace && self.begins_struct_literal() {
            let name = self.name("a struct's name");
            let fields = self.field_values(&name);
            let span = self.span_from(token.span.start);
            return match fields {
                Some(fields) => self.node(ExprKind::Struct { name, fields }, span),
                None => super::cursor::error_at(span),
            };
        }
        let text = self.text(token);
        if matches!(text, "null" | "nil") && !matches!(brace.kind, TokenKind::OpenParen) {
            self.report(
                Diagnostic::new(
                    Code::E0112,
                    token.span,
                    format!("`{text}` is not a value in Flight"),
                )
                .with_help("write `none`")
                .with_fix(token.span, "none"),
            );
            // An error, so that it is not reported again where no `none` fits.
            return self.keyword(ExprKind::Error);
        }
        self.name_expr()
    }

    /// Whether `Name {` begins a struct literal here. In a head it does not; but where only a
    /// literal goes on with `field:`, it was meant.
    fn begins_struct_literal(&mut self) -> bool {
        match self.context.literals {
            StructLiterals::Allowed => return true,
            StructLiterals::Never => return false,
            StructLiterals::Refused => {}
        }
        let is_field = self.nth(3).kind == TokenKind::Colon && self.nth(4).kind != TokenKind::Colon;
        let is_literal = self.nth(2).kind.is_word() && is_field;
        if is_literal {
            let place = self.peek().span;
            let message = "a struct literal in the head of a statement needs parentheses";
            let help = format!("`({} {{ … }})`", self.text(self.peek()));
            self.report(Diagnostic::new(Code::E0104, place, message).with_help(help));
        }
        is_literal
    }

    /// `"{" { word [ ":" expr ] ( "," | newline ) } "}"` after a name; `None` where the name or some
    /// of them could not be read.
    pub(super) fn field_values(&mut self, of: &Name) -> Option<Vec<FieldInit>> {
        let values = self.line_list(Self::field_value);
        if of.text.is_empty() {
            // What stands after the braces may belong to the mistake: `insert { … } into t`.
            self.panic_silently();
        }
        (!values.broken && !of.text.is_empty()).then_some(values.list)
    }

    fn field_value(&mut self) -> FieldInit {
        let name = self.word("a field's name");
        if self.at(TokenKind::Equal) && !self.is_panicking() {
            let equal = self.bump().span;
            self.report(
                Diagnostic::new(Code::E0100, equal, "expected `:`, found `=`")
                    .with_help("a field is given its value with `:`")
                    .with_fix(equal, ":"),
            );
            return FieldInit { name, value: Some(self.expr()) };
        }
        if self.kind().is_word() && !self.at_line_end() {
            self.unexpected("`:` and a value");
        }
        let value = self.eat(TokenKind::Colon).then(|| self.expr());
        FieldInit { name, value }
    }

    /// `"()" | "(" expr ")"`
    fn paren(&mut self) -> Expr {
        let opener = self.position();
        let start = self.bump().span.start;
        if self.eat(TokenKind::CloseParen) {
            let span = self.span_from(start);
            return self.node(ExprKind::Unit, span);
        }
        let (inner, closed) = self.within(Context::BRACKETS, |parser| {
            let inner = parser.expr();
            parser.recover_to_closer(opener);
            (inner, parser.close(opener, TokenKind::CloseParen, "`)`"))
        });
        let span = self.span_from(start);
        match closed {
            true => self.node(ExprKind::Paren(Box::new(inner)), span),
            false => super::cursor::error_at(span),
        }
    }

    /// `"if" condition block { "else" "if" condition block } [ "else" block ]`
    fn if_expr(&mut self) -> Expr {
        let mut links = Vec::new();
        let mut last = None;
        loop {
            let start = self.bump().span.start;
            let mut cond = self.if_condition();
            if self.head_is_wrong() {
                cond = Cond::Let(self.missing_name(), self.error_expr());
            }
            let then = self.block();
            links.push((start, cond, then));
            if !self.at_else() {
                break;
            }
            if self.at(TokenKind::If) {
                continue;
            }
            last = Some(Else::Block(self.block()));
            break;
        }
        let end = self.previous_end();
        let mut otherwise = last;
        for (start, cond, then) in links.into_iter().rev() {
            let cond = Box::new(cond);
            let kind = ExprKind::If { cond, then, otherwise: otherwise.take() };
            let link = self.node(kind, Span::new(start, end));
            otherwise = Some(Else::If(Box::new(link)));
        }
        match otherwise {
            Some(Else::If(first)) => *first,
            Some(Else::Block(_)) | None => unreachable!("an `if` has at least one link"),
        }
    }

    /// `[ "let" name "=" ] expr`
    fn if_condition(&mut self) -> Cond {
        if !self.eat(TokenKind::Let) {
            return Cond::Bool(self.condition());
        }
        let name = self.name("a name for the value");
        if self.at(TokenKind::OpenParen) && !self.is_panicking() {
            self.unexpected_with("`=`", "the value is not wrapped: `if let value = …`");
        }
        let _ = self.expect(TokenKind::Equal);
        Cond::Let(name, self.head_expr())
    }

    /// Takes an `else`, and the `if` of another spelling of `else if` becomes the current token.
    fn at_else(&mut self) -> bool {
        let word = self.peek();
        let foreign = ["elif", "elsif", "elseif"].iter().any(|word| self.at_word(word));
        if self.is_panicking() || !foreign || self.nth(1).newline_before {
            return self.eat(TokenKind::Else);
        }
        self.report(
            Diagnostic::new(Code::E0115, word.span, "another condition follows `else if`")
                .with_help("write `else if`")
                .with_fix(word.span, "else if"),
        );
        self.current_becomes(TokenKind::If);
        true
    }

    /// `"match" expr "{" { arm ( "," | newline ) } "}"`
    fn match_expr(&mut self) -> Expr {
        let start = self.bump().span.start;
        let head = Context { literals: StructLiterals::Never, ..self.context };
        let value = Box::new(self.within(head, Self::expr));
        let arms = self.nested(|parser| parser.line_list(Self::arm));
        let (mut arms, broken) = arms.map_or((Vec::new(), true), |arms| (arms.list, arms.broken));
        if broken {
            arms.push(self.error_arm());
        }
        let span = self.span_from(start);
        self.node(ExprKind::Match { value, arms }, span)
    }

    /// `pattern "=>" ( block | statement )`
    fn arm(&mut self) -> Arm {
        self.refuse_case();
        let start = self.peek().span.start;
        let pattern = self.pattern();
        if matches!(self.kind(), TokenKind::Arrow | TokenKind::Colon) && !self.is_panicking() {
            let wrong = self.bump();
            let message = format!("expected `=>`, found {}", wrong.kind.name());
            let diagnostic = Diagnostic::new(Code::E0100, wrong.span, message);
            self.report(diagnostic.with_help("write `=>`").with_fix(wrong.span, " =>"));
        } else {
            let _ = self.expect(TokenKind::FatArrow);
        }
        let body = if self.at(TokenKind::OpenBrace) && !self.is_panicking() {
            ArmBody::Block(self.block())
        } else {
            ArmBody::Stmt(Box::new(self.arm_stmt()))
        };
        Arm { pattern, body, span: self.span_from(start) }
    }

    /// `case pattern`: the word is left out.
    fn refuse_case(&mut self) {
        let next = self.nth(1);
        let is_pattern = !matches!(
            next.kind,
            TokenKind::FatArrow | TokenKind::OpenParen | TokenKind::Bar | TokenKind::Dot
        );
        if self.at_word("case") && is_pattern {
            self.leave_out("an arm begins with its pattern", "leave `case` out: `pattern => …`");
        }
    }

    fn arm_stmt(&mut self) -> Stmt {
        if self.is_panicking() {
            return self.error_stmt();
        }
        self.stmt()
    }

    fn error_stmt(&self) -> Stmt {
        let expr = self.error_expr();
        let span = expr.span;
        Stmt { kind: StmtKind::Expr(expr), span }
    }

    /// Stands for the arms that could not be read.
    fn error_arm(&self) -> Arm {
        let stmt = self.error_stmt();
        let span = stmt.span;
        let pattern = Pattern { kind: PatternKind::Error, span };
        Arm { pattern, body: ArmBody::Stmt(Box::new(stmt)), span }
    }

    /// `"insert" name "{" field values "}"`
    fn insert(&mut self) -> Expr {
        let start = self.bump().span.start;
        let next = self.nth(1);
        if self.at_word("into") && next.kind == TokenKind::Name {
            self.leave_out("the table stands right behind `insert`", "leave `into` out");
        }
        let table = self.name("a table's name");
        let fields = self.field_values(&table);
        let span = self.span_from(start);
        match fields {
            Some(fields) => self.node(ExprKind::Insert { table, fields }, span),
            None => super::cursor::error_at(span),
        }
    }

    /// `"return" [ expr ]`
    fn return_expr(&mut self) -> Expr {
        let start = self.bump().span.start;
        let value = if self.begins_value() { Some(Box::new(self.expr())) } else { None };
        let span = self.span_from(start);
        self.node(ExprKind::Return(value), span)
    }

    /// Whether a value follows on the same line.
    fn begins_value(&self) -> bool {
        let kind = self.kind();
        let ends = kind.is_closer()
            || matches!(
                kind,
                TokenKind::Comma | TokenKind::Else | TokenKind::Semicolon | TokenKind::End
            );
        !ends && !self.at_line_end()
    }

    /// `"fail" [ number ] expr`
    fn fail_expr(&mut self) -> Expr {
        let start = self.bump().span.start;
        let message_follows = matches!(
            self.nth(1).kind,
            TokenKind::StringStart | TokenKind::Name | TokenKind::OpenParen
        ) && !self.nth(1).newline_before;
        let has_status = self.at(TokenKind::Int) && (message_follows || !self.is_operator_next());
        let mut status = has_status.then(|| Box::new(self.number()));
        if !self.begins_value() {
            let diagnostic = self.missing("the message");
            self.fail_unless_reported(diagnostic.with_help("`fail 404 \"no such player\"`"));
            status = None;
        }
        let message = self.expr();
        let message = Box::new(self.refuse_named_status(message));
        let span = self.span_from(start);
        self.node(ExprKind::Fail { status, message }, span)
    }

    /// `fail NOT_FOUND "why"`: a status has no name. Gives the message, or what stands for it.
    fn refuse_named_status(&mut self, message: Expr) -> Expr {
        if !self.at(TokenKind::StringStart) || self.at_line_end() || self.is_panicking() {
            return message;
        }
        let place = message.span;
        let diagnostic = Diagnostic::new(Code::E0100, place, "expected a status or the message");
        self.fail(diagnostic.with_help("a status is a number from 400 to 599"));
        super::cursor::error_at(place)
    }

    fn is_operator_next(&self) -> bool {
        super::expr::infix(self.nth(1).kind).is_some()
    }
}
