//! The body of one function: what its statements and expressions share while they are checked, and
//! the function that comes out.

use super::Checker;
use super::collect::{FunctionDecl, MigrateDecl, Role};
use super::expr::Want;
use super::live::Typed;
use super::mismatch::Wanted;
use super::scope::{LocalKind, Scopes};
use super::stack;
use crate::ast;
use crate::deadline::Deadline;
use crate::diag::{Code, Diagnostic};
use crate::ir;
use crate::source::{Source, Span};
use crate::types::Type;

/// What may stand in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyKind {
    /// A constant expression: there is no call to return from.
    Constant,
    /// The values of a `migrate` block: neither is there one here.
    Migration,
    /// A function, handler, timer or `on load`.
    Function,
    /// A test: time can be moved and traps expected.
    Test,
}

/// A loop around the statement that is being checked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Loop {
    /// Whether a `break` leaves it.
    pub(super) has_break: bool,
}

/// A body while it is checked.
pub(super) struct Body<'c, 'a> {
    pub(super) checker: &'c mut Checker<'a>,
    pub(super) scopes: Scopes<'a>,
    pub(super) kind: BodyKind,
    /// The type that `return` gives.
    pub(super) result: Type,
    pub(super) loops: Vec<Loop>,
    /// The function, where it is one that can be called.
    pub(super) function: Option<ir::FuncId>,
    /// Where the type of the result is written.
    pub(super) result_span: Option<Span>,
    /// What wants the type of the value that is being checked.
    pub(super) wanted_by: Option<Wanted>,
    /// How long patterns may still be compared (`exhaust`).
    pub(super) steps_left: u32,
}

impl<'c, 'a> Body<'c, 'a> {
    /// A body without locals, for a constant expression.
    pub(super) fn for_constant(checker: &'c mut Checker<'a>) -> Body<'c, 'a> {
        Body::new(checker, BodyKind::Constant, Type::Error)
    }

    /// A body for the values of a `migrate` block, which see `old`, of this type.
    pub(super) fn for_migration(
        checker: &'c mut Checker<'a>,
        old: &'a ast::Name,
        ty: Type,
    ) -> Body<'c, 'a> {
        let mut body = Body::new(checker, BodyKind::Migration, Type::Error);
        body.scopes.push();
        let _ = body.declare(old, ty, LocalKind::OuterParam);
        body
    }

    /// The function that a `migrate` block becomes.
    pub(super) fn migration(
        mut self,
        block: MigrateDecl<'a>,
        typed: Typed,
        values: Vec<(u32, ir::Expr)>,
    ) -> ir::Function {
        let result = Type::Struct(typed.new);
        let kind = ir::ExprKind::Struct(typed.new, values);
        let value = ir::Expr { kind, ty: result, span: block.span };
        let body = self.make_block(Vec::new(), Some(value), result);
        let name = format!("migrate {}", block.target.text);
        self.function((&name, block.target.span), 1, result, body)
    }

    /// The function with these parameters, which come first among the locals, and this body.
    fn function(
        &mut self,
        (name, span): (&str, Span),
        param_count: usize,
        result: Type,
        body: ir::Block,
    ) -> ir::Function {
        let mut function = ir::Function {
            name: name.to_owned(),
            span,
            param_count,
            locals: std::mem::take(&mut self.scopes.locals),
            result,
            body,
            recursive: false,
            stack_cost: 0,
            stack_need: 0,
            effects: ir::Effects::default(),
        };
        if let Some(layouts) = &self.checker.layouts {
            function.stack_cost = stack::cost(&self.checker.types, layouts, &function);
        }
        function
    }

    fn new(checker: &'c mut Checker<'a>, kind: BodyKind, result: Type) -> Body<'c, 'a> {
        Body {
            checker,
            scopes: Scopes::default(),
            kind,
            result,
            loops: Vec::new(),
            function: None,
            result_span: None,
            wanted_by: None,
            steps_left: super::exhaust::STEPS_MAX,
        }
    }

    /// Checks the body of a function; its parameters are declared.
    fn function_block(&mut self, decl: FunctionDecl<'a>) -> ir::Block {
        if self.result == Type::Unit {
            return self.block_in_scope(decl.body, Want::Nothing);
        }
        self.wanted_by = self.wanted_by_result();
        let block = self.block_in_scope(decl.body, Want::Type(self.result));
        let silent = self.result == Type::Error || ends_in_error(decl.body);
        if !silent && block.value.is_none() && block.ty != Type::Never {
            let result = self.checker.show(self.result);
            let text = format!("`{}` can end without its {result}", decl.name);
            let diagnostic =
                Diagnostic::new(Code::E0504, closing_brace(self.checker.source, decl.body), text)
                    .with_label(format!("expected a value of type {result} before this"))
                    .with_help("end with the value, or `return` it on every path");
            self.checker.report(match self.wanted_by_result() {
                Some(Wanted { span, text }) => diagnostic.with_note(span, text),
                None => diagnostic,
            });
        }
        block
    }

    /// The result's type, as what wants a value.
    pub(super) fn wanted_by_result(&self) -> Option<Wanted> {
        self.result_span.map(|span| Wanted { span, text: "because of this result" })
    }
}

/// Where a block ends: its `}`, or the place where that is missing.
pub(super) fn closing_brace(source: &Source, block: &ast::Block) -> Span {
    let Span { start, end } = block.span;
    match source.slice(block.span).ends_with('}') {
        true => Span::new((end - 1).max(start), end),
        false => Span::new(end, end),
    }
}

/// Whether a block's last statement, or a block in it, could not be parsed: then nothing is said
/// about its value.
pub(super) fn ends_in_error(block: &ast::Block) -> bool {
    match block.stmts.last().map(|stmt| &stmt.kind) {
        Some(ast::StmtKind::Error) => true,
        Some(ast::StmtKind::Expr(expr)) => match &expr.kind {
            ast::ExprKind::Error => true,
            ast::ExprKind::If { then, otherwise: None, .. } => ends_in_error(then),
            _ => false,
        },
        Some(ast::StmtKind::While { body, .. }) => ends_in_error(body),
        Some(ast::StmtKind::For(head)) => ends_in_error(&head.body),
        _ => false,
    }
}

impl<'a> Checker<'a> {
    /// Checks every body, by `FuncId`.
    pub(super) fn bodies(
        &mut self,
        deadline: Deadline<'_>,
    ) -> Result<Vec<ir::Function>, Vec<Diagnostic>> {
        let mut functions = Vec::with_capacity(self.declared.functions.len());
        for index in 0..self.declared.functions.len() {
            deadline.keep(self.declared.functions[index].name_span)?;
            functions.push(self.body(index));
        }
        Ok(functions)
    }

    fn body(&mut self, index: usize) -> ir::Function {
        let decl = self.declared.functions[index];
        let signature = self.signatures[index].clone();
        let kind = match decl.role {
            Role::Test => BodyKind::Test,
            _ => BodyKind::Function,
        };
        let local_kind = match decl.role {
            Role::Fn => LocalKind::Param,
            _ => LocalKind::OuterParam,
        };
        let mut body = Body::new(self, kind, signature.result);
        body.function = Some(ir::FuncId(index as u32));
        body.result_span = decl.result.map(|result| result.span);
        body.scopes.push();
        for param in &signature.params {
            let _ = body.declare(param.name, param.ty, local_kind);
        }
        if decl.broken {
            body.scopes.lose();
        }
        let block = body.function_block(decl);
        body.note_idle_locals();
        let name = (decl.name, decl.name_span);
        body.function(name, signature.params.len(), signature.result, block)
    }
}
