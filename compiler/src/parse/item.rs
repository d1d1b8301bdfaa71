//! Declarations: what begins one, and one function for each form.

use super::cursor::{Context, Parser, Trust};
use super::field::{Body, named};
use crate::ast::{
    Expr, FuncKind, Item, ItemKind, Name, Program, StrPiece, Table, TypeExpr, TypeExprKind,
};
use crate::diag::{Code, Diagnostic};
use crate::lexer::{Token, TokenKind};

impl Parser<'_> {
    /// `program = { item }`
    pub(super) fn program(&mut self) -> Program {
        let mut items = Vec::new();
        while !self.at(TokenKind::End) {
            self.begin_item();
            let start = self.position();
            let errors = self.diagnostics.error_count();
            items.push(self.item());
            self.item_end();
            self.after_mistake = self.diagnostics.error_count() > errors
                || (self.after_mistake && self.is_panicking());
            if self.is_panicking() || self.position() == start {
                self.recover_item(start);
                self.lose_names(start);
            }
        }
        Program { items, lost: std::mem::take(&mut self.lost) }
    }

    /// What began at token `start` was not read to its end: whatever it might declare, up to the
    /// first bracket, is lost.
    fn lose_names(&mut self, start: usize) {
        let tokens = (start..self.position()).map(|index| self.token_at(index));
        let opens = |token: &Token| token.kind.closer().is_some();
        let words = tokens.take_while(|token| !opens(token)).filter(|token| token.kind.is_word());
        let names: Vec<String> = words.map(|token| self.text(token).to_owned()).collect();
        self.lost.extend(names);
    }

    /// Reads a declaration that cannot stand here; nothing is said about its uses.
    pub(super) fn lost_item(&mut self) {
        let item = self.item();
        self.lost.extend(item.kind.name().map(|name| name.text.to_string()));
    }

    /// Whether the current token begins a declaration on a line that is not indented more than
    /// the current declaration is. Nothing else in a program looks so, thus it is safe to go on
    /// there when a bracket was not closed.
    pub(super) fn at_item(&self) -> bool {
        self.peek().newline_before
            && self.position() > self.item_start()
            && self.looks_like_item()
            && self.indent(self.position()) <= self.indent(self.item_start())
    }

    /// Whether the current and the next token can only begin a declaration: two words in a row
    /// make no statement.
    pub(super) fn looks_like_item(&self) -> bool {
        let (token, next) = (self.peek(), self.nth(1));
        if next.newline_before {
            return false;
        }
        if token.kind == TokenKind::State {
            return next.kind == TokenKind::OpenBrace;
        }
        token.kind == TokenKind::Name && self.goes_on_as(self.text(token))
    }

    /// Whether what stands after the current token goes on with a declaration that this word
    /// begins.
    pub(super) fn goes_on_as(&self, word: &str) -> bool {
        let next = self.nth(1);
        match word {
            "const" | "struct" | "enum" | "table" | "event" | "fn" | "get" | "post" => {
                next.kind == TokenKind::Name
            }
            "drop" => matches!(next.kind, TokenKind::Name | TokenKind::State),
            "migrate" => {
                let is_target = matches!(next.kind, TokenKind::Name | TokenKind::State);
                is_target && self.nth(2).kind == TokenKind::OpenParen
            }
            "every" => {
                matches!(next.kind, TokenKind::Duration | TokenKind::Int | TokenKind::Name)
            }
            "on" => next.kind == TokenKind::Name && self.text(next) == "load",
            "test" => next.kind == TokenKind::StringStart,
            _ => false,
        }
    }

    /// After a declaration that was not parsed to its end: goes to the next one.
    fn recover_item(&mut self, start: usize) {
        self.leave_brackets_since(start);
        if self.position() == start {
            let _ = self.bump();
        }
        self.trust = Trust::Full;
        while !(self.at(TokenKind::End) || self.at_item() || self.at_foreign_item()) {
            let partner = self.brackets.partner(self.position()).unwrap_or(0);
            self.jump_to(partner.max(self.position()) + 1);
        }
    }

    /// A declaration ends with a `}` or with its line.
    fn item_end(&mut self) {
        let ends = self.at(TokenKind::End) || self.peek().newline_before || self.is_panicking();
        if ends || self.previous_kind() == TokenKind::CloseBrace {
            return;
        }
        if self.at(TokenKind::Semicolon) {
            return self.semicolon();
        }
        if self.looks_like_item() {
            return self.report_same_line("declarations", true);
        }
        self.unexpected("the end of the line");
    }

    /// `item = documentation ( const | state | struct | … )`
    pub(super) fn item(&mut self) -> Item {
        let doc = self.documentation();
        let start = self.peek().span.start;
        let kind = self.item_kind();
        Item { kind, span: self.span_from(start), doc }
    }

    pub(super) fn item_kind(&mut self) -> ItemKind {
        let token = self.peek();
        if token.kind == TokenKind::State {
            return self.state();
        }
        if token.kind != TokenKind::Name {
            return self.no_item();
        }
        self.item_of(self.text(token))
    }

    /// The declaration that this word begins; the word itself is taken as it is written.
    pub(super) fn item_of(&mut self, word: &str) -> ItemKind {
        match word {
            "const" => self.constant(),
            "struct" => self.named_body(Body::Struct),
            "event" => self.named_body(Body::Event),
            "enum" => self.enumeration(),
            "table" => self.table(),
            "fn" => self.func(FuncKind::Fn),
            "get" => self.func(FuncKind::Get),
            "post" => self.func(FuncKind::Post),
            "every" => self.timer(),
            "on" => self.on_load(),
            "migrate" => self.migrate(),
            "drop" => self.drop_data(),
            "test" => self.test(),
            _ => self.no_item(),
        }
    }

    /// `"const" name "=" expr`
    fn constant(&mut self) -> ItemKind {
        let _ = self.bump();
        let name = self.item_name("a name for the constant");
        if self.at(TokenKind::Colon) {
            let start = self.peek().span;
            let _ = self.bump();
            let ty = self.type_expr();
            let place = start.to(ty.span);
            let message = "a constant has the type of its value";
            self.report(
                Diagnostic::new(Code::E0116, place, message)
                    .with_help("leave the type out")
                    .with_fix(place, ""),
            );
        }
        let _ = self.expect(TokenKind::Equal);
        let value = self.expr();
        ItemKind::Const { name, value }
    }

    /// The name of a declaration. A word right behind it may be the name that was meant:
    /// `event event over`.
    fn item_name(&mut self, what: &str) -> Name {
        let name = self.name(what);
        let next = self.peek();
        if next.kind == TokenKind::Name && !self.at_word("was") && !self.at_line_end() {
            self.lost.push(self.text(next).to_owned());
        }
        name
    }

    /// `"state" "{" fields "}"`
    fn state(&mut self) -> ItemKind {
        let keyword = self.bump().span;
        if self.at(TokenKind::Name) && !self.at_line_end() {
            self.lost.push(self.text(self.peek()).to_owned());
            self.unexpected_with("`{`", "there is one `state`, and it has no name");
        }
        let members = self.body(Body::State);
        ItemKind::State { keyword, fields: members.fields }
    }

    /// `( "struct" | "event" ) name "{" fields "}"`
    pub(super) fn named_body(&mut self, body: Body) -> ItemKind {
        let _ = self.bump();
        let name = self.item_name(body.a_name());
        let fields = self.body(body).fields;
        match body {
            Body::Event => ItemKind::Event { name, fields },
            _ => ItemKind::Struct { name, fields },
        }
    }

    /// `"enum" name "{" variants "}"`
    fn enumeration(&mut self) -> ItemKind {
        let _ = self.bump();
        let name = self.item_name("a name for the enum");
        let variants = self.line_list(Self::variant);
        let variants = named(variants, |variant| &variant.name);
        ItemKind::Enum { name, variants }
    }

    /// `"table" name [ "was" name ] "{" members "}"`
    fn table(&mut self) -> ItemKind {
        let _ = self.bump();
        let name = self.item_name("a name for the table");
        let was = self.eat_word("was").then(|| self.word("the table's old name"));
        let members = self.body(Body::Table);
        ItemKind::Table(Table { name, was, fields: members.fields, indexes: members.indexes })
    }

    /// `"every" period name params block`
    fn timer(&mut self) -> ItemKind {
        let _ = self.bump();
        let period = self.period();
        let name = self.name("a name for the timer");
        let params = self.params();
        let result = self.result_type().map(|result| self.refuse_result(&result));
        let body = self.block();
        ItemKind::Timer { period, name, params, result, body }
    }

    fn refuse_result(&mut self, result: &TypeExpr) -> TypeExpr {
        if !matches!(result.kind, TypeExprKind::Error) {
            let message = "a timer has no result";
            let diagnostic = Diagnostic::new(Code::E0116, result.span, message);
            self.report(diagnostic.with_help("leave the type out"));
        }
        TypeExpr { kind: TypeExprKind::Error, span: result.span }
    }

    /// A duration, a number or the name of a constant.
    fn period(&mut self) -> Expr {
        let token = self.peek();
        match token.kind {
            TokenKind::Int if self.at_parted_duration() => self.parted_duration(),
            TokenKind::Duration | TokenKind::Int => self.number(),
            TokenKind::Name if self.nth(1).kind == TokenKind::Name || self.at_constant_name() => {
                self.name_expr()
            }
            _ => {
                let expected = self.missing("how often the timer runs");
                let help = "a duration such as `50ms`, or a constant";
                self.fail_unless_reported(expected.with_help(help));
                self.error_expr()
            }
        }
    }

    /// Whether the current name is spelled like a constant: then it is no timer's.
    fn at_constant_name(&self) -> bool {
        let text = self.text(self.peek());
        text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    }

    /// `"on" "load" block`
    fn on_load(&mut self) -> ItemKind {
        let _ = self.bump();
        if !self.eat_word("load") {
            self.unexpected("`load`");
        }
        ItemKind::OnLoad { body: self.block() }
    }

    /// `"migrate" ( name | "state" ) "(" name ")" "{" { field "=" expr } "}"`
    fn migrate(&mut self) -> ItemKind {
        let _ = self.bump();
        let target = self.data_name();
        let _ = self.expect(TokenKind::OpenParen);
        let old = self.name("a name for the old row");
        let _ = self.expect(TokenKind::CloseParen);
        let mut fields = self.line_list(Self::migrated_field).list;
        fields.retain(|(name, _)| !name.text.is_empty());
        ItemKind::Migrate { target, old, fields }
    }

    fn migrated_field(&mut self) -> (Name, Expr) {
        let name = self.word("a field's name");
        if self.at(TokenKind::Colon) {
            let colon = self.bump().span;
            self.report(
                Diagnostic::new(Code::E0100, colon, "expected `=`, found `:`")
                    .with_fix(colon, " =")
                    .with_help("a field of `migrate` is given its value with `=`"),
            );
        } else {
            let _ = self.expect(TokenKind::Equal);
        }
        (name, self.expr())
    }

    /// The name of a table, or `state`.
    fn data_name(&mut self) -> Name {
        if self.at(TokenKind::State) {
            return self.word("`state`");
        }
        self.name("a table's name or `state`")
    }

    /// `"drop" ( "table" name | name "." name )`
    fn drop_data(&mut self) -> ItemKind {
        let _ = self.bump();
        if self.at_word("table") && self.nth(1).kind != TokenKind::Dot {
            let _ = self.bump();
            return ItemKind::DropTable { name: self.name("the table's name") };
        }
        let table = self.data_name();
        if !self.is_panicking() && !self.at(TokenKind::Dot) {
            let help = format!("`drop table {0}` or `drop {0}.field`", table.text);
            let expected = self.missing("`.`");
            self.fail_unless_reported(expected.with_help(help));
        }
        let _ = self.eat(TokenKind::Dot);
        ItemKind::DropField { table, field: self.word("a field's name") }
    }

    /// `"test" string block`
    fn test(&mut self) -> ItemKind {
        let _ = self.bump();
        let start = self.peek().span.start;
        let name = if self.at(TokenKind::StringStart) {
            let string = self.string();
            self.plain_text(string, "a test's name")
        } else {
            let expected = self.missing("the test's name");
            self.fail_unless_reported(expected.with_help("`test \"what it shows\" { … }`"));
            String::new()
        };
        let name_span = self.span_from(start);
        let body = self.within(Context::BRACES, Self::block);
        ItemKind::Test { name, name_span, body }
    }

    /// The text of a string that may hold no values.
    pub(super) fn plain_text(&mut self, string: Expr, what: &str) -> String {
        let crate::ast::ExprKind::Str(pieces) = string.kind else { return String::new() };
        let mut text = String::new();
        for piece in pieces {
            match piece {
                StrPiece::Text(piece) => text.push_str(&piece),
                StrPiece::Value(value, _) => {
                    let message = format!("{what} holds no values");
                    let diagnostic = Diagnostic::new(Code::E0118, value.span, message);
                    self.report(diagnostic.with_help("write `{{` for a brace"));
                }
            }
        }
        text
    }
}
