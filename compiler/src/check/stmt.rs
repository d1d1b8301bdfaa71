//! Blocks and statements.

use super::body::{Body, BodyKind, Loop};
use super::control::is_pure;
use super::expr::{Want, error};
use super::mismatch::{Wanted, short};
use super::scope::LocalKind;
use super::ty::{TypeSite, is_printable};
use crate::ast::{self, ExprKind, StmtKind};
use crate::diag::{Code, Diagnostic};
use crate::fmt;
use crate::ir::{self, Const, Piece};
use crate::source::Span;
use crate::types::Type;

/// The longest piece of source that a message of `assert` repeats, in bytes.
const ASSERT_SOURCE_MAX: usize = 200;

/// Whether control goes on behind a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// It does.
    GoesOn,
    /// It does not: what follows is never reached.
    Ends,
}

impl<'a> Body<'_, 'a> {
    /// A block with a scope of its own. With a type wanted the block's type is that, never, `()`
    /// where the value is missing (the caller says so), or `Error`.
    pub(super) fn block(&mut self, block: &'a ast::Block, want: Want) -> ir::Block {
        self.scopes.push();
        let checked = self.block_in_scope(block, want);
        self.scopes.pop();
        checked
    }

    /// A block in the scope that is open: a function's body, beside its parameters.
    pub(super) fn block_in_scope(&mut self, block: &'a ast::Block, want: Want) -> ir::Block {
        let mut stmts = Vec::new();
        let mut flow = Flow::GoesOn;
        let mut value = None;
        let mut ended_by: Option<Span> = None;
        let last = block.stmts.len().saturating_sub(1);
        for (index, stmt) in block.stmts.iter().enumerate() {
            if let Some(end) = ended_by.take() {
                self.note_unreachable(stmt.span, end);
            }
            let before = stmts.len();
            let mut ended = Flow::GoesOn;
            match value_of(stmt, want).filter(|_| index == last) {
                Some(expr) => (value, ended) = self.block_value(expr, want, &mut stmts),
                None if index == last && lacks_else(stmt, want) => self.ignored_stmt(stmt),
                None => ended = self.stmt(stmt, &mut stmts).max_end(ended),
            }
            if flow == Flow::Ends {
                // Code that nobody reaches is checked and left out.
                stmts.truncate(before);
                value = None;
                continue;
            }
            flow = ended;
            ended_by = (flow == Flow::Ends).then_some(stmt.span);
        }
        let ty = match (&value, flow) {
            (_, Flow::Ends) => Type::Never,
            (Some(value), Flow::GoesOn) => value.ty,
            (None, Flow::GoesOn) => Type::Unit,
        };
        self.make_block(stmts, value, ty)
    }

    /// `end` is the statement behind which nothing goes on; of a long one its first word shows it.
    fn note_unreachable(&mut self, span: Span, end: Span) {
        let written = self.checker.source.slice(end);
        let shown = match written.contains('\n') {
            true => written.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(written.len()),
            false => written.len(),
        };
        let head = Span::new(end.start, end.start + shown as u32);
        self.checker.idle.push(
            Diagnostic::new(Code::E0702, span, "this is never reached")
                .with_note(head, "nothing goes on behind this"),
        );
    }

    /// The `if` without `else` at the end of a block whose value is wanted. That the value is
    /// missing is said about the block.
    fn ignored_stmt(&mut self, stmt: &'a ast::Stmt) {
        if let StmtKind::Expr(expr) = &stmt.kind {
            self.ignored(expr);
        }
    }

    /// The last expression of a block whose value is wanted.
    fn block_value(
        &mut self,
        expr: &'a ast::Expr,
        want: Want,
        stmts: &mut Vec<ir::Stmt>,
    ) -> (Option<ir::Expr>, Flow) {
        let value = match want {
            Want::Type(ty) => self.value_for(expr, ty, self.wanted_by),
            want => self.expr(expr, want),
        };
        match value.ty {
            Type::Never => {
                stmts.push(ir::Stmt { span: value.span, kind: ir::StmtKind::Expr(value) });
                (None, Flow::Ends)
            }
            Type::Unit => {
                stmts.push(ir::Stmt { span: value.span, kind: ir::StmtKind::Expr(value) });
                (None, Flow::GoesOn)
            }
            _ => (Some(value), Flow::GoesOn),
        }
    }

    /// One statement; it may become several.
    pub(super) fn stmt(&mut self, stmt: &'a ast::Stmt, out: &mut Vec<ir::Stmt>) -> Flow {
        let span = stmt.span;
        let kind = match &stmt.kind {
            StmtKind::Let { .. } => self.let_stmt(stmt),
            StmtKind::Assign { place, op, value } => self.assign(place, *op, value),
            StmtKind::While { cond, body } => return self.while_stmt(cond, body, span, out),
            StmtKind::For(for_loop) => self.for_stmt(for_loop),
            StmtKind::Assert { cond, message } => {
                self.assert(cond, message.as_ref(), span, out);
                None
            }
            StmtKind::AssertFails { call } => self.assert_fails(call, span),
            StmtKind::Emit { event, fields } => self.emit(event, fields),
            StmtKind::Log { message } => {
                let message = self.value(message, Type::Str);
                Some(ir::StmtKind::Log { message })
            }
            StmtKind::Remove { row } => self.remove(row),
            StmtKind::Advance { duration } => {
                if self.kind != BodyKind::Test {
                    self.only_in_tests("advance", span);
                }
                let duration_ms = self.value(duration, Type::Int);
                Some(ir::StmtKind::Advance { duration_ms })
            }
            StmtKind::Expr(expr) => Some(ir::StmtKind::Expr(self.dropped(expr))),
            StmtKind::Error => None,
        };
        match kind {
            Some(kind) => push(out, kind, span),
            None => Flow::GoesOn,
        }
    }

    fn only_in_tests(&mut self, what: &str, span: Span) {
        let text = format!("`{what}` can stand only in a test");
        self.checker.error(Code::E0507, span, text);
    }

    /// An expression whose value nobody takes.
    fn dropped(&mut self, expr: &'a ast::Expr) -> ir::Expr {
        let checked = self.expr(expr, Want::Nothing);
        if matches!(checked.ty, Type::Error) || !is_pure(&checked) {
            return checked;
        }
        let mut diagnostic = Diagnostic::new(Code::E0505, expr.span, "this value is not used");
        diagnostic = match &expr.kind {
            ExprKind::Binary { op: ast::BinaryOp::Eq, op_span, .. } => {
                diagnostic.with_help("an assignment is written `=`").with_fix(*op_span, "=")
            }
            _ => diagnostic.with_help(match self.as_assignment(expr) {
                Some(assignment) => format!("`{assignment}` changes it, `let name = …` keeps it"),
                None => "`let name = …` keeps it; leave it out otherwise".to_owned(),
            }),
        };
        self.checker.report(diagnostic);
        error(expr.span)
    }

    /// `a += b` for `a + b`, where `a` looks like a place.
    fn as_assignment(&self, expr: &ast::Expr) -> Option<String> {
        use ast::BinaryOp::{Add, Div, Mul, Rem, Sub};
        let ExprKind::Binary { op: Add | Sub | Mul | Div | Rem, op_span, left, right } = &expr.kind
        else {
            return None;
        };
        let is_place = matches!(left.kind, ExprKind::Name(_) | ExprKind::Field { .. });
        let left = short(self.checker, left.span)?;
        let right = short(self.checker, right.span)?;
        let op = self.checker.source.slice(*op_span);
        is_place.then(|| format!("{left} {op}= {right}"))
    }

    fn let_stmt(&mut self, stmt: &'a ast::Stmt) -> Option<ir::StmtKind> {
        let StmtKind::Let { mutable, name, ty, value } = &stmt.kind else {
            unreachable!("called for `let` and `var` only")
        };
        if matches!(value.kind, ExprKind::Error) && self.scopes.declares(&name.text) {
            // What could not be read may as well have been an assignment.
            return None;
        }
        let value = match ty {
            Some(written) => {
                let ty = self.checker.resolve(written, TypeSite::Local);
                let wanted = Wanted { span: written.span, text: "because of this type" };
                let value = self.value_for(value, ty, Some(wanted));
                // The type that is written holds, whatever the value is.
                let local = self.declare_let(name, *mutable, ty, stmt.span);
                return let_of(local, value);
            }
            None => self.any_value(value),
        };
        let ty = self.checker.sized(value.ty, value.span);
        let local = self.declare_let(name, *mutable, ty, stmt.span);
        let_of(local, value)
    }

    fn declare_let(
        &mut self,
        name: &'a ast::Name,
        mutable: bool,
        ty: Type,
        span: Span,
    ) -> ir::LocalId {
        // Both words have three letters.
        let word = Span::new(span.start, span.start + 3);
        let kind = if mutable { LocalKind::Var(word) } else { LocalKind::Let(word) };
        self.declare(name, ty, kind)
    }

    fn while_stmt(
        &mut self,
        cond: &'a ast::Expr,
        body: &'a ast::Block,
        span: Span,
        out: &mut Vec<ir::Stmt>,
    ) -> Flow {
        let mut cond = self.value(cond, Type::Bool);
        let (mut body, leaves) = self.loop_body(body);
        self.add_condition(&mut body, &mut cond);
        let forever = matches!(cond.kind, ir::ExprKind::Const(Const::Bool(true)));
        let flow = push(out, ir::StmtKind::While { cond, body }, span);
        if forever && !leaves.has_break { Flow::Ends } else { flow }
    }

    /// A loop's body in a scope of its own, and whether a `break` leaves the loop. No turn is free,
    /// or a loop without a body would have no end.
    pub(super) fn loop_body(&mut self, body: &'a ast::Block) -> (ir::Block, Loop) {
        self.loops.push(Loop::default());
        let mut block = self.block(body, Want::Nothing);
        block.fuel = block.fuel.max(1);
        (block, self.loops.pop().unwrap_or_default())
    }

    /// `assert cond, "why"`. Without a reason the message repeats the source and says what the
    /// values of both sides are; so that each side is evaluated once, they become locals.
    fn assert(
        &mut self,
        cond: &'a ast::Expr,
        message: Option<&'a ast::Expr>,
        span: Span,
        out: &mut Vec<ir::Stmt>,
    ) {
        let mut checked = self.value(cond, Type::Bool);
        let message = match message {
            Some(message) => self.value(message, Type::Str),
            None => {
                let pieces = self.default_message(cond, &mut checked, out);
                ir::Expr { kind: ir::ExprKind::Interpolate(pieces), ty: Type::Str, span }
            }
        };
        if checked.ty == Type::Error || message.ty == Type::Error {
            return;
        }
        let _ = push(out, ir::StmtKind::Assert { cond: checked, message }, span);
    }

    fn default_message(
        &mut self,
        cond: &ast::Expr,
        checked: &mut ir::Expr,
        out: &mut Vec<ir::Stmt>,
    ) -> Vec<Piece> {
        if self.checker.diagnostics.has_errors() {
            return Vec::new();
        }
        let mut written = fmt::on_one_line(self.checker.source, cond);
        if written.len() > ASSERT_SOURCE_MAX {
            let end = (0..=ASSERT_SOURCE_MAX).rev().find(|&end| written.is_char_boundary(end));
            written.truncate(end.unwrap_or_default());
            written.push('…');
        }
        let mut pieces = vec![text(format!("`{written}` is false"))];
        let ir::ExprKind::Compare(_, left, right) = &mut checked.kind else { return pieces };
        if !is_printable(&self.checker.types, left.ty) || left.ty != right.ty {
            return pieces;
        }
        for (side, name, before) in
            [(left, "$left", ": left is "), (right, "$right", ", right is ")]
        {
            let value = self.bound(side, name, out);
            let quote = if value.ty == Type::Str { "\"" } else { "" };
            pieces.push(text(format!("{before}{quote}")));
            pieces.push(Piece::Value(value, None));
            if !quote.is_empty() {
                pieces.push(text(quote.to_owned()));
            }
        }
        pieces
    }

    /// Puts a value into a local, and in its place what reads the local; gives another read.
    fn bound(&mut self, side: &mut ir::Expr, name: &str, out: &mut Vec<ir::Stmt>) -> ir::Expr {
        if matches!(side.kind, ir::ExprKind::Const(_)) {
            return side.clone();
        }
        let span = side.span;
        let local = self.scopes.hidden(name, side.ty);
        let value = std::mem::replace(side, self.read_local(local, span));
        out.push(ir::Stmt { kind: ir::StmtKind::Let { local, value }, span });
        side.clone()
    }

    fn assert_fails(&mut self, call: &'a ast::Expr, span: Span) -> Option<ir::StmtKind> {
        if self.kind != BodyKind::Test {
            self.only_in_tests("assert fails", span);
        }
        let checked = self.expr(call, Want::Any);
        if checked.ty == Type::Error {
            return None;
        }
        if !matches!(checked.kind, ir::ExprKind::Call(..)) {
            let text = "expected a call of a function after `assert fails`";
            self.checker.error(Code::E0507, call.span, text);
            return None;
        }
        Some(ir::StmtKind::AssertFails { call: checked })
    }
}

impl Flow {
    fn max_end(self, other: Flow) -> Flow {
        if self == Flow::Ends { self } else { other }
    }
}

fn text(characters: String) -> Piece {
    Piece::Text(characters.into())
}

/// The expression that gives a block its value, where one is wanted. An `if` without `else` has
/// none, so that the block ends without its value and that is what is said.
fn value_of(stmt: &ast::Stmt, want: Want) -> Option<&ast::Expr> {
    let StmtKind::Expr(expr) = &stmt.kind else { return None };
    match (&expr.kind, want) {
        (_, Want::Nothing | Want::Type(Type::Unit)) => None,
        (ExprKind::If { otherwise: None, .. }, _) => None,
        _ => Some(expr),
    }
}

/// Whether a block whose value is wanted ends in an `if` that has none.
fn lacks_else(stmt: &ast::Stmt, want: Want) -> bool {
    let StmtKind::Expr(expr) = &stmt.kind else { return false };
    let is_half = matches!(expr.kind, ExprKind::If { otherwise: None, .. });
    is_half && matches!(want, Want::Type(ty) if ty != Type::Unit)
}

/// `let`, or the value alone where it never comes.
fn let_of(local: ir::LocalId, value: ir::Expr) -> Option<ir::StmtKind> {
    Some(match value.ty {
        Type::Error => return None,
        Type::Never => ir::StmtKind::Expr(value),
        _ => ir::StmtKind::Let { local, value },
    })
}

/// Adds a statement; one whose operands never give a value ends with them.
fn push(out: &mut Vec<ir::Stmt>, kind: ir::StmtKind, span: Span) -> Flow {
    let mut stmt = ir::Stmt { kind, span };
    if let Some(never) = never_operand(&stmt) {
        stmt.kind = ir::StmtKind::Expr(never);
    }
    let flow = match &stmt.kind {
        ir::StmtKind::Expr(expr) if expr.ty == Type::Never => Flow::Ends,
        _ => Flow::GoesOn,
    };
    out.push(stmt);
    flow
}

/// The operand that ends a statement before it does anything; see `expr::cut_off`.
fn never_operand(stmt: &ir::Stmt) -> Option<ir::Expr> {
    use ir::walk::Part;
    if matches!(stmt.kind, ir::StmtKind::Expr(_)) {
        return None;
    }
    let mut never = None;
    stmt.parts(&mut |part| {
        if let Part::Expr(operand) = part
            && operand.ty == Type::Never
            && never.is_none()
        {
            never = Some(operand.clone());
        }
    });
    never
}
