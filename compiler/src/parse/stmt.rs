//! Blocks and statements.

use super::cursor::{Context, Parser, StructLiterals, Trust, error_at};
use super::height;
use super::recover::OpenBody;
use crate::ast::{BinaryOp, Block, Expr, ExprKind, Name, Stmt, StmtKind};
use crate::diag::{Code, Diagnostic};
use crate::lexer::{Token, TokenKind};
use crate::source::Span;

impl Parser<'_> {
    /// `"{" { statement newline } "}"`
    pub(super) fn block(&mut self) -> Block {
        let start = self.peek().span.start;
        let Some(body) = self.open_body() else {
            // It was not read: nothing can be said about how it ends.
            let span = Span::new(start, start);
            let stmts = vec![Stmt { kind: StmtKind::Error, span }];
            return Block { height: height::of_block(&stmts), stmts, span };
        };
        let stmts = self.nested(|parser| parser.within(Context::BRACES, |p| p.stmts(body)));
        let stmts = stmts.unwrap_or_default();
        let height = height::of_block(&stmts);
        Block { stmts, span: self.span_from(start), height }
    }

    /// The statements of a block whose `{` was taken, and its `}`.
    fn stmts(&mut self, body: OpenBody) -> Vec<Stmt> {
        let mut stmts = Vec::new();
        while self.trust != Trust::Exhausted && self.goes_on(body) {
            let start = self.position();
            let mut stmt = self.stmt();
            self.stmt_end(start, &stmt);
            if self.is_panicking() || self.position() == start {
                spoil(&mut stmt, self.foreign_local(start));
                if matches!(stmt.kind, StmtKind::Let { .. }) && self.at(TokenKind::Comma) {
                    stmts.push(self.lost_local());
                }
                self.recover_line(start);
            }
            stmts.push(stmt);
        }
        let _ = self.close_body(body);
        if self.trust == Trust::Exhausted {
            // The rest was not read: nothing can be said about how the block ends.
            let end = self.previous_end();
            stmts.push(Stmt { kind: StmtKind::Error, span: Span::new(end, end) });
        }
        stmts
    }

    /// A statement ends with a `}` or with its line. `start` is its first token.
    fn stmt_end(&mut self, start: usize, stmt: &Stmt) {
        if self.is_panicking() {
            return;
        }
        if self.at(TokenKind::Semicolon) {
            return self.semicolon();
        }
        if self.at_stray_closer() {
            return self.refuse_closer();
        }
        let closes = self.kind().is_closer() || self.at(TokenKind::End);
        if closes || (self.at_line_end() && !self.at_lone_operator()) {
            return;
        }
        if self.at_line_end() {
            return self.refuse_lone_operator();
        }
        if self.previous_kind() == TokenKind::CloseBrace {
            return self.refuse_continuation(start);
        }
        if self.peek().is_reported() || self.previous().is_reported() {
            return self.panic_silently();
        }
        if let Some(help) = self.foreign_operator() {
            return self.unexpected_with("the end of the statement", help);
        }
        let bare_word = self.position() == start + 1;
        if bare_word || !self.begins_stmt() {
            return self.unexpected_after(start);
        }
        let is_sure = !is_bare_value(stmt) && self.surely_begins_stmt();
        self.report_same_line("statements", is_sure);
        if !is_sure {
            // Or an operator or a bracket is missing: then neither half says what was meant.
            self.panic_silently();
        }
    }

    fn previous(&self) -> Token {
        self.token_at(self.position().saturating_sub(1))
    }

    pub(super) fn previous_kind(&self) -> TokenKind {
        self.previous().kind
    }

    /// `statement = let | while | for | assert | emit | log | remove | advance | if | match |
    /// expr [ assignment ]`
    pub(super) fn stmt(&mut self) -> Stmt {
        self.count_node();
        let start = self.peek().span.start;
        self.stmt_start = start;
        let kind = self.stmt_kind();
        let kind = self.keep_height(kind);
        Stmt { kind, span: self.span_from(start) }
    }

    /// Replaces a statement that would make the tree too high.
    fn keep_height(&mut self, kind: StmtKind) -> StmtKind {
        let height_max = self.limits.tree_height_max;
        if height::of_stmt(&kind) <= height_max {
            return kind;
        }
        let message = format!("more than {height_max} parts build on each other");
        self.fail(Diagnostic::new(Code::E0602, self.peek().span, message));
        StmtKind::Error
    }

    fn stmt_kind(&mut self) -> StmtKind {
        match self.kind() {
            TokenKind::Let | TokenKind::Var => self.let_stmt(),
            TokenKind::While => self.while_stmt(),
            TokenKind::For => self.for_stmt(),
            TokenKind::Assert => self.assert_stmt(),
            TokenKind::Emit => self.emit_stmt(),
            TokenKind::Log => {
                let _ = self.bump();
                StmtKind::Log { message: self.expr() }
            }
            TokenKind::Remove => {
                let _ = self.bump();
                StmtKind::Remove { row: self.expr() }
            }
            TokenKind::If | TokenKind::Match => StmtKind::Expr(self.primary()),
            TokenKind::OpenBrace => self.lone_block(),
            TokenKind::Else => {
                let diagnostic = Diagnostic::new(
                    Code::E0100,
                    self.peek().span,
                    "`else` without an `if` before it",
                );
                self.fail_unless_reported(diagnostic);
                StmtKind::Error
            }
            TokenKind::Name if self.at_advance() => {
                let _ = self.bump();
                StmtKind::Advance { duration: self.expr() }
            }
            TokenKind::Name if self.at_foreign_block() => self.foreign_block(),
            TokenKind::Name if self.at_called_handler() => self.called_handler(),
            _ if self.looks_like_item() => self.misplaced_item(),
            _ => self.expr_stmt(),
        }
    }

    /// `( "let" | "var" ) name [ ":" type ] "=" expr`
    fn let_stmt(&mut self) -> StmtKind {
        let keyword = self.bump();
        let mut mutable = keyword.kind == TokenKind::Var;
        if self.at_word("mut") && self.nth(1).kind == TokenKind::Name {
            let word = self.bump().span;
            let place = keyword.span.to(word);
            self.report(
                Diagnostic::new(Code::E0106, place, "a variable that changes is declared by `var`")
                    .with_help("write `var`")
                    .with_fix(place, "var"),
            );
            mutable = true;
        }
        let name = self.name("a variable's name");
        let ty = self.eat(TokenKind::Colon).then(|| self.type_expr());
        if !self.is_panicking() && !self.at(TokenKind::Equal) {
            let diagnostic = self.missing("`=`");
            self.fail_unless_reported(diagnostic.with_help("a variable begins with a value"));
        }
        let _ = self.eat(TokenKind::Equal);
        StmtKind::Let { mutable, name, ty, value: self.expr() }
    }

    /// Whether something else stands behind a head than its body: then nobody knows what it says,
    /// and which names it declares.
    pub(super) fn head_is_wrong(&self) -> bool {
        self.is_panicking() || !(self.at(TokenKind::OpenBrace) || self.at_line_end())
    }

    /// An expression in a head, where `{` begins the body.
    pub(super) fn head_expr(&mut self) -> Expr {
        let head = Context { literals: StructLiterals::Refused, ..self.context };
        self.within(head, Self::expr)
    }

    /// The condition of `if` or `while`.
    pub(super) fn condition(&mut self) -> Expr {
        self.compared(Self::head_expr)
    }

    /// A condition that `operand` reads, with `=` in the place of `==`.
    fn compared(&mut self, operand: fn(&mut Self) -> Expr) -> Expr {
        let left = operand(self);
        if !self.at(TokenKind::Equal) || self.is_panicking() {
            return left;
        }
        let mut equal = self.bump().span;
        // `=<`, `=!`: the other way round.
        let turned = match self.kind() {
            TokenKind::Less => Some((BinaryOp::Le, "<=")),
            TokenKind::Not => Some((BinaryOp::Ne, "!=")),
            _ => None,
        };
        let turned = turned.filter(|_| self.peek().span.start == equal.end);
        if turned.is_some() {
            equal = equal.to(self.bump().span);
        }
        let (op, text) = turned.unwrap_or((BinaryOp::Eq, "=="));
        let message = match turned {
            Some(_) => format!("`{}` is not an operator in Flight", self.source.slice(equal)),
            None => "`=` assigns; a condition compares with `==`".to_owned(),
        };
        self.report(
            Diagnostic::new(Code::E0108, equal, message)
                .with_help(format!("write `{text}`"))
                .with_fix(equal, text),
        );
        let right = operand(self);
        let span = left.span.to(right.span);
        let (left, right) = (Box::new(left), Box::new(right));
        self.node(ExprKind::Binary { op, op_span: equal, left, right }, span)
    }

    /// `"while" expr block`
    fn while_stmt(&mut self) -> StmtKind {
        let _ = self.bump();
        let mut cond = self.condition();
        if self.head_is_wrong() {
            cond = self.error_expr();
        }
        StmtKind::While { cond, body: self.block() }
    }

    /// `"assert" ( "fails" call | expr [ "," expr ] )`
    fn assert_stmt(&mut self) -> StmtKind {
        let _ = self.bump();
        if self.at_word("fails") && self.operand_follows() {
            let _ = self.bump();
            return StmtKind::AssertFails { call: self.expr() };
        }
        if self.at_word("fails") && self.nth(1).kind == TokenKind::OpenBrace {
            let _ = self.bump();
            self.unexpected_with("a call", "`assert fails f(1)` takes one call, and no block");
        }
        let cond = self.compared(Self::expr);
        let message = self.eat(TokenKind::Comma).then(|| self.expr());
        StmtKind::Assert { cond, message }
    }

    /// Whether an operand, and no operator, stands after the current word on its line.
    fn operand_follows(&self) -> bool {
        use TokenKind as T;
        let next = self.nth(1);
        let begins_operand = matches!(
            next.kind,
            T::Name | T::State | T::Int | T::Float | T::StringStart | T::True | T::False
        );
        begins_operand && !next.newline_before
    }

    /// `"emit" name "{" field values "}"`
    fn emit_stmt(&mut self) -> StmtKind {
        let _ = self.bump();
        let event = self.name("an event's name");
        match self.field_values(&event) {
            Some(fields) => StmtKind::Emit { event, fields },
            None => StmtKind::Error,
        }
    }

    /// `advance` is a word of its own only before what it advances by.
    pub(super) fn at_advance(&self) -> bool {
        let next = self.nth(1);
        let begins_duration =
            matches!(next.kind, TokenKind::Duration | TokenKind::Int | TokenKind::Name);
        self.at_word("advance") && begins_duration && !next.newline_before
    }

    /// `expr [ assignment-operator expr ]`
    fn expr_stmt(&mut self) -> StmtKind {
        let place = self.expr();
        if self.is_panicking() || self.at_line_end() {
            return StmtKind::Expr(place);
        }
        let Some(op) = assignment(self.kind()) else {
            return StmtKind::Expr(place);
        };
        let span = self.bump().span;
        let op = op.map(|op| (op, span));
        StmtKind::Assign { place, op, value: self.expr() }
    }
}

/// Takes the values out of a statement that was not read to its end, so that nothing is said about
/// the half that was. The name that it declares stays, and so do its blocks.
fn spoil(stmt: &mut Stmt, foreign_local: Option<Name>) {
    let span = stmt.span;
    match &mut stmt.kind {
        StmtKind::Let { ty, value, .. } => (*ty, *value) = (None, error_at(span)),
        StmtKind::Expr(Expr { kind: ExprKind::If { .. } | ExprKind::Match { .. }, .. })
        | StmtKind::While { .. }
        | StmtKind::For(_) => {}
        kind => {
            *kind = match foreign_local {
                Some(name) => {
                    StmtKind::Let { mutable: true, name, ty: None, value: error_at(span) }
                }
                None => StmtKind::Error,
            }
        }
    }
}

/// Whether a statement is a value that nobody would write alone.
fn is_bare_value(stmt: &Stmt) -> bool {
    use ExprKind as E;
    let StmtKind::Expr(expr) = &stmt.kind else { return false };
    matches!(
        expr.kind,
        E::Int(_)
            | E::Float(_)
            | E::Bool(_)
            | E::None
            | E::Str(_)
            | E::Name(_)
            | E::Unary { .. }
            | E::Binary { .. }
            | E::Field { .. }
            | E::Index { .. }
    )
}

/// The operator in an assignment; `=` has none.
pub(super) fn assignment(kind: TokenKind) -> Option<Option<BinaryOp>> {
    match kind {
        TokenKind::Equal => Some(None),
        TokenKind::PlusEqual => Some(Some(BinaryOp::Add)),
        TokenKind::MinusEqual => Some(Some(BinaryOp::Sub)),
        TokenKind::StarEqual => Some(Some(BinaryOp::Mul)),
        TokenKind::SlashEqual => Some(Some(BinaryOp::Div)),
        TokenKind::PercentEqual => Some(Some(BinaryOp::Rem)),
        _ => None,
    }
}
