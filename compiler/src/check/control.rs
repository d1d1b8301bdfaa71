//! What steers: `if`, `if let`, `return`, `break`, `continue`, `fail`.

use super::body::{Body, BodyKind, closing_brace, ends_in_error};
use super::expr::{Want, constant, error};
use super::mismatch::Wanted;
use super::scope::LocalKind;
use super::ty::optional;
use crate::ast::{self, Cond, Else, ExprKind};
use crate::builtins::Builtin;
use crate::diag::{Code, Diagnostic};
use crate::ir::{self, Const};
use crate::source::Span;
use crate::types::Type;

/// The status of a `fail` that names none.
const FAIL_STATUS: u16 = 400;

impl<'a> Body<'_, 'a> {
    /// `if`, as a statement or as a value.
    pub(super) fn if_expr(&mut self, expr: &'a ast::Expr, want: Want) -> ir::Expr {
        let ExprKind::If { cond, then, otherwise } = &expr.kind else {
            unreachable!("called for `if` only")
        };
        let otherwise = otherwise.as_ref();
        let want = match otherwise {
            Some(_) => want,
            // Where another mistake is reported, what the branch gives does not matter.
            None if want == Want::Type(Type::Error) => want,
            None => Want::Nothing,
        };
        let branches = Branches { then, otherwise, span: expr.span };
        match &**cond {
            Cond::Bool(cond) => self.if_bool(cond, branches, want),
            Cond::Let(name, value) => self.if_let(name, value, branches, want),
        }
    }

    fn if_let(
        &mut self,
        name: &'a ast::Name,
        value: &'a ast::Expr,
        branches: Branches<'a>,
        want: Want,
    ) -> ir::Expr {
        let value = self.any_value(value);
        let inner = optional(&self.checker.types, value.ty);
        if inner.is_none() {
            self.refuse_if_let(&value);
        }
        self.scopes.push();
        let local = self.declare(name, inner.unwrap_or(Type::Error), LocalKind::Pattern);
        let mut branch = Branch::new(want);
        let then = self.branch(branches.then, &mut branch);
        self.scopes.pop();
        let otherwise = match branches.otherwise {
            Some(otherwise) => self.otherwise(otherwise, &mut branch),
            None => self.make_block(Vec::new(), None, Type::Unit),
        };
        if inner.is_none() || branch.wrong {
            return error(branches.span);
        }
        let bound = ir::Pattern::Some(Box::new(ir::Pattern::Bind(local)));
        let arms = vec![
            ir::Arm { pattern: bound, body: then },
            ir::Arm { pattern: ir::Pattern::Wildcard, body: otherwise },
        ];
        let ty = branch.ty(arms.iter().map(|arm| &arm.body));
        let kind = ir::ExprKind::Match { value: Box::new(value), arms };
        ir::Expr { kind, ty, span: branches.span }
    }

    /// An `if` without `else` where a value is wanted: it has none.
    pub(super) fn refuse_half_if(&mut self, expr: &'a ast::Expr) -> Option<ir::Expr> {
        match &expr.kind {
            ExprKind::Paren(inner) => return self.refuse_half_if(inner),
            ExprKind::If { then, otherwise: None, .. } => self.checker.report(
                Diagnostic::new(
                    Code::E0306,
                    closing_brace(self.checker.source, then),
                    "expected a value, found an `if` without `else`",
                )
                .with_label("expected `else` and another value after this")
                .with_help("`else { … }`"),
            ),
            _ => return None,
        }
        self.ignored(expr);
        Some(error(expr.span))
    }

    fn refuse_if_let(&mut self, value: &ir::Expr) {
        if matches!(value.ty, Type::Error | Type::Never) {
            return;
        }
        let found = self.checker.show(value.ty);
        let text = format!("expected an optional after `if let`, found {found}");
        self.checker.report(
            Diagnostic::new(Code::E0300, value.span, text)
                .with_help("this is never `none`; use `let`"),
        );
    }

    fn if_bool(&mut self, cond: &'a ast::Expr, branches: Branches<'a>, want: Want) -> ir::Expr {
        let span = branches.span;
        let cond = self.value(cond, Type::Bool);
        let mut branch = Branch::new(want);
        let then = self.branch(branches.then, &mut branch);
        let otherwise = branches.otherwise.map(|otherwise| self.otherwise(otherwise, &mut branch));
        if cond.ty == Type::Error || branch.wrong {
            return error(span);
        }
        let ty = match &otherwise {
            Some(otherwise) => branch.ty([&then, otherwise].into_iter()),
            None => Type::Unit,
        };
        ir::Expr { kind: ir::ExprKind::If { cond: Box::new(cond), then, otherwise }, ty, span }
    }

    fn otherwise(&mut self, otherwise: &'a Else, branch: &mut Branch) -> ir::Block {
        match otherwise {
            Else::Block(block) => self.branch(block, branch),
            Else::If(nested) => {
                let value = match branch.want {
                    Want::Type(ty) => self.value_for(nested, ty, self.wanted_by),
                    want => self.expr(nested, want),
                };
                self.finish_branch(Vec::new(), value, branch)
            }
        }
    }

    /// One of several blocks that must agree on the type of their values.
    pub(super) fn branch(&mut self, block: &'a ast::Block, branch: &mut Branch) -> ir::Block {
        let checked = self.block(block, branch.want);
        branch.wrong |= checked.ty == Type::Error;
        let Want::Type(want) = branch.want else {
            self.learn(branch, &checked);
            return checked;
        };
        if checked.ty == Type::Unit && want != Type::Unit && checked.value.is_none() {
            if want != Type::Error && !ends_in_error(block) {
                let expected = self.checker.show(want);
                let text = format!("expected {expected}, found no value");
                self.checker.report(
                    Diagnostic::new(Code::E0306, closing_brace(self.checker.source, block), text)
                        .with_label("this branch ends without a value"),
                );
            }
            branch.wrong = true;
        }
        self.learn(branch, &checked);
        checked
    }

    /// Where nothing else says which type is wanted, the first branch does.
    fn learn(&mut self, branch: &mut Branch, checked: &ir::Block) {
        if branch.want == Want::Any
            && let Some(value) = &checked.value
        {
            self.wanted_by = Some(Wanted { span: value.span, text: "because of this branch" });
        }
        branch.learn(checked.ty);
    }

    /// A branch that is one expression.
    pub(super) fn finish_branch(
        &mut self,
        mut stmts: Vec<ir::Stmt>,
        value: ir::Expr,
        branch: &mut Branch,
    ) -> ir::Block {
        let ty = value.ty;
        let block = if branch.want == Want::Nothing || matches!(ty, Type::Unit | Type::Never) {
            stmts.push(ir::Stmt { span: value.span, kind: ir::StmtKind::Expr(value) });
            let ty = if ty == Type::Never { Type::Never } else { Type::Unit };
            self.make_block(stmts, None, ty)
        } else {
            self.make_block(stmts, Some(value), ty)
        };
        branch.wrong |= ty == Type::Error;
        self.learn(branch, &block);
        block
    }

    /// `return value`
    pub(super) fn return_expr(&mut self, value: Option<&'a ast::Expr>, span: Span) -> ir::Expr {
        let result = self.result;
        if self.kind == BodyKind::Migration {
            let text = "`return` in a value of `migrate`";
            let diagnostic = Diagnostic::new(Code::E0413, span, text);
            self.checker.report(diagnostic.with_help("move it into a function, and call that"));
        }
        let value = match value {
            None if matches!(result, Type::Unit | Type::Error) => None,
            None => {
                let text = format!("expected {} after `return`", self.checker.show(result));
                self.checker.error(Code::E0306, span, text);
                None
            }
            Some(value) if result == Type::Unit => {
                let value = self.expr(value, Want::Any);
                if !matches!(value.ty, Type::Unit | Type::Error | Type::Never) {
                    self.refuse_result(&value);
                }
                return self.return_nothing(value, span);
            }
            Some(value) => {
                let wanted_by = self.wanted_by_result();
                Some(Box::new(self.value_for(value, result, wanted_by)))
            }
        };
        ir::Expr { kind: ir::ExprKind::Return(value), ty: Type::Never, span }
    }

    fn refuse_result(&mut self, value: &ir::Expr) {
        self.checker.lacking_results.extend(self.function);
        let found = self.checker.show(value.ty);
        let text = format!("expected no value after `return`, found {found}");
        let diagnostic = Diagnostic::new(Code::E0300, value.span, text);
        let diagnostic = match self.kind {
            BodyKind::Test => diagnostic.with_label("a test has no result"),
            _ => {
                let ty = self.checker.types.show(value.ty);
                diagnostic.with_help(format!("write the result's type before the body: `-> {ty}`"))
            }
        };
        self.checker.report(diagnostic);
    }

    /// `return f()` where `f` gives nothing: the call, then the return.
    fn return_nothing(&mut self, value: ir::Expr, span: Span) -> ir::Expr {
        let returns = ir::Expr { kind: ir::ExprKind::Return(None), ty: Type::Never, span };
        let stmts = [value, returns]
            .map(|expr| ir::Stmt { span: expr.span, kind: ir::StmtKind::Expr(expr) });
        let block = self.make_block(stmts.into(), None, Type::Never);
        ir::Expr { kind: ir::ExprKind::Block(block), ty: Type::Never, span }
    }

    /// `break`
    pub(super) fn break_expr(&mut self, span: Span) -> ir::Expr {
        match self.loops.last_mut() {
            Some(innermost) => innermost.has_break = true,
            None => self.checker.error(Code::E0503, span, "`break` outside of a loop"),
        }
        ir::Expr { kind: ir::ExprKind::Break, ty: Type::Never, span }
    }

    /// `continue`
    pub(super) fn continue_expr(&mut self, span: Span) -> ir::Expr {
        if self.loops.is_empty() {
            self.checker.error(Code::E0503, span, "`continue` outside of a loop");
        }
        ir::Expr { kind: ir::ExprKind::Continue, ty: Type::Never, span }
    }

    /// `fail 404 "why"`
    pub(super) fn fail(
        &mut self,
        status: Option<&'a ast::Expr>,
        message: &'a ast::Expr,
        span: Span,
    ) -> ir::Expr {
        let status = match status {
            None => FAIL_STATUS,
            Some(written) => match written.kind {
                ExprKind::Int(status @ 400..=599) => status as u16,
                ExprKind::Error => FAIL_STATUS,
                _ => {
                    self.checker.report(
                        Diagnostic::new(
                            Code::E0506,
                            written.span,
                            "expected a status from 400 to 599, written as a number",
                        )
                        .with_help("`404` for what is missing, `409` for a conflict"),
                    );
                    FAIL_STATUS
                }
            },
        };
        let message = Box::new(self.value(message, Type::Str));
        ir::Expr { kind: ir::ExprKind::Fail { status, message }, ty: Type::Never, span }
    }

    /// `none`
    pub(super) fn none(&mut self, span: Span, want: Want) -> ir::Expr {
        match want.ty() {
            Some(ty @ Type::Optional(_)) => constant(Const::None, ty, span),
            Some(ty) => {
                let expected = self.checker.show(ty);
                let text = format!("expected {expected}, found `none`");
                self.checker.error(Code::E0300, span, text);
                error(span)
            }
            None if matches!(want, Want::Type(Type::Error)) => error(span),
            None => {
                self.checker.report(
                    Diagnostic::new(Code::E0307, span, "the type of `none` is not known here")
                        .with_help("write the type: `let name: int? = none`"),
                );
                error(span)
            }
        }
    }
}

/// The blocks of an `if`.
#[derive(Clone, Copy)]
struct Branches<'a> {
    then: &'a ast::Block,
    otherwise: Option<&'a Else>,
    /// The whole `if`.
    span: Span,
}

/// What several branches agree on: the first that gives a value says of which type, where nothing
/// else does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Branch {
    pub(super) want: Want,
    /// A branch is wrong, and that is reported.
    pub(super) wrong: bool,
}

impl Branch {
    pub(super) fn new(want: Want) -> Branch {
        let want = match want {
            Want::Type(Type::Unit) => Want::Nothing,
            want => want,
        };
        Branch { want, wrong: false }
    }

    pub(super) fn learn(&mut self, ty: Type) {
        if self.want == Want::Any && ty != Type::Never {
            self.want = match ty {
                Type::Unit => Want::Nothing,
                ty => Want::Type(ty),
            };
        }
    }

    /// The type of the whole, after all branches.
    pub(super) fn ty<'b>(self, mut blocks: impl Iterator<Item = &'b ir::Block>) -> Type {
        if blocks.all(|block| block.ty == Type::Never) {
            return Type::Never;
        }
        match self.want {
            Want::Type(ty) => ty,
            Want::Any | Want::Nothing => Type::Unit,
        }
    }
}

/// Whether an expression only computes a value, so that nobody would miss it. `if` and `match` are
/// judged by what stands in their branches.
pub(super) fn is_pure(expr: &ir::Expr) -> bool {
    use ir::walk::Part;
    match &expr.kind {
        _ if expr.ty == Type::Never => return false,
        ir::ExprKind::Call(..)
        | ir::ExprKind::Mutate { .. }
        | ir::ExprKind::Insert(..)
        | ir::ExprKind::Builtin(Builtin::Random, _)
        | ir::ExprKind::If { .. }
        | ir::ExprKind::Match { .. } => return false,
        ir::ExprKind::Block(block) => {
            let is_let = |stmt: &ir::Stmt| matches!(stmt.kind, ir::StmtKind::Let { .. });
            if !block.stmts.iter().all(is_let) {
                return false;
            }
        }
        _ => {}
    }
    let mut pure = true;
    expr.parts(&mut |part| match part {
        Part::Expr(part) => pure = pure && is_pure(part),
        Part::Block(block) => block.parts(&mut |part| match part {
            Part::Expr(part) => pure = pure && is_pure(part),
            Part::Block(_) => pure = false,
        }),
    });
    pure
}
