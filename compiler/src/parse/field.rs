//! The bodies of `state`, structs, tables, events and enums: fields and variants.

use super::cursor::Parser;
use crate::ast::{Field, Name, Parts, Variant};
use crate::diag::{Code, Diagnostic};
use crate::lexer::TokenKind;
use crate::source::Span;

/// Whose body is parsed; it decides which words mean something in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    State,
    Struct,
    Table,
    Event,
    Variant,
}

/// What a body consists of.
pub(super) struct Members {
    pub fields: Parts<Field>,
    pub indexes: Vec<Name>,
}

enum Member {
    Field(Box<Field>),
    Indexes(Vec<Name>),
    /// A function, which was refused.
    Method,
}

impl Body {
    pub(super) fn a_name(self) -> &'static str {
        match self {
            Body::Event => "a name for the event",
            _ => "a name for the struct",
        }
    }

    fn allows(self, word: &str) -> bool {
        match word {
            "key" | "index" => self == Body::Table,
            _ => matches!(self, Body::Table | Body::State),
        }
    }
}

impl Parser<'_> {
    /// `"{" { member ( "," | newline ) } "}"`
    pub(super) fn body(&mut self, body: Body) -> Members {
        let Parts { list, broken } = self.line_list(|parser| parser.member(body));
        let (mut fields, mut indexes) = (Vec::new(), Vec::new());
        for member in list {
            match member {
                Member::Field(field) => fields.push(*field),
                Member::Indexes(names) => indexes.extend(names),
                Member::Method => {}
            }
        }
        indexes.retain(|name| !name.text.is_empty());
        Members { fields: named(Parts { list: fields, broken }, |field| &field.name), indexes }
    }

    /// `"index" field | field`
    fn member(&mut self, body: Body) -> Member {
        if self.at_word("fn") && self.nth(1).kind == TokenKind::Name {
            self.refuse_method();
            return Member::Method;
        }
        if !self.at_modifier("index") {
            return Member::Field(Box::new(self.field(body)));
        }
        let word = self.bump().span;
        self.refuse_misplaced("index", word, body);
        let mut names = vec![self.word("the indexed field's name")];
        while self.at_another_index() {
            let comma = self.bump().span;
            let message = "`index` names one field";
            let diagnostic = Diagnostic::new(Code::E0116, comma, message);
            self.report(diagnostic.with_help("a line for each").with_fix(comma, "\nindex"));
            names.push(self.word("the indexed field's name"));
        }
        Member::Indexes(names)
    }

    /// `index a, b`: a word that no field begins with stands behind the comma.
    fn at_another_index(&self) -> bool {
        let (word, next) = (self.nth(1), self.nth(2));
        let ends = next.newline_before || next.kind.is_closer() || next.kind == TokenKind::Comma;
        self.at(TokenKind::Comma) && word.kind.is_word() && !word.newline_before && ends
    }

    /// A function among fields; it is read, so that its own mistakes are found.
    fn refuse_method(&mut self) {
        let message = "a declaration has fields, and no functions";
        let diagnostic = Diagnostic::new(Code::E0116, self.peek().span, message);
        self.report(diagnostic.with_help("move it out, and give it the value as a parameter"));
        self.lost_item();
    }

    /// `{ "key" | "transient" } name ":" type [ "=" expr ] [ "was" name ]`
    fn field(&mut self, body: Body) -> Field {
        self.count_node();
        let doc = self.documentation();
        let start = self.peek().span.start;
        let (mut key, mut transient) = (None, None);
        loop {
            if self.at_modifier("key") {
                key = Some(self.modifier("key", body));
            } else if self.at_modifier("transient") {
                transient = Some(self.modifier("transient", body));
            } else {
                break;
            }
        }
        let name = self.word("a field's name");
        let ty = self.annotation(&name);
        let (mut default, mut was) = (None, None);
        loop {
            if default.is_none() && self.eat(TokenKind::Equal) {
                default = Some(self.expr());
            } else if was.is_none() && !self.at_line_end() && self.eat_word("was") {
                was = Some(self.word("the field's old name"));
            } else {
                break;
            }
        }
        Field { name, ty, default, was, key, transient, span: self.span_from(start), doc }
    }

    /// Whether this contextual word stands before another word, and so is no field's name.
    fn at_modifier(&self, word: &str) -> bool {
        let next = self.nth(1);
        !self.is_panicking() && self.at_word(word) && next.kind.is_word() && !next.newline_before
    }

    fn modifier(&mut self, word: &str, body: Body) -> Span {
        let span = self.bump().span;
        self.refuse_misplaced(word, span, body);
        span
    }

    fn refuse_misplaced(&mut self, word: &str, span: Span, body: Body) {
        if body.allows(word) {
            return;
        }
        let place = if word == "transient" { "a table or `state`" } else { "a table" };
        let message = format!("`{word}` stands only in {place}");
        let diagnostic = Diagnostic::new(Code::E0116, span, message);
        self.report(diagnostic.with_help(format!("leave `{word}` out")));
    }

    /// `name [ "(" field { "," field } ")" ]`
    pub(super) fn variant(&mut self) -> Variant {
        self.count_node();
        let doc = self.documentation();
        let name = self.word("a variant's name");
        let fields = if !self.at_line_end() && self.eat(TokenKind::OpenParen) {
            let fields =
                self.comma_list(TokenKind::CloseParen, |parser| parser.field(Body::Variant));
            named(fields, |field| &field.name)
        } else {
            Parts { list: Vec::new(), broken: false }
        };
        Variant { name, fields, doc }
    }
}

/// Leaves out the parts whose names could not be read.
pub(super) fn named<T>(mut parts: Parts<T>, name: impl Fn(&T) -> &Name) -> Parts<T> {
    let count = parts.list.len();
    parts.list.retain(|part| !name(part).text.is_empty());
    parts.broken |= parts.list.len() < count;
    parts
}
