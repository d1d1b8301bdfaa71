//! Looking through typed code: does a part of it do something that matters outside of it?
//!
//! One walk over every statement and expression, in no promised order, and the questions that
//! code generation asks by it.

use crate::ir::{
    Block, Expr, ExprKind, Function, LocalId, Piece, Place, Program, Root, StepKind, Stmt, StmtKind,
};
use crate::types::{TableId, Type};

/// What a walk comes by.
#[derive(Clone, Copy)]
enum Node<'a> {
    Expr(&'a Expr),
    Stmt(&'a Stmt),
}

/// Whose contents a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// A local of this function.
    Local(LocalId),
    /// `state` and the rows.
    World,
}

impl Holder {
    /// Who holds what a place begins with; nobody where it begins with a value without a name.
    pub(super) fn of(root: &Root) -> Option<Holder> {
        match root {
            Root::Local(local) => Some(Holder::Local(*local)),
            Root::State | Root::Row(..) => Some(Holder::World),
            Root::Value(_) => None,
        }
    }
}

/// Whether running a block can write to what the holder holds.
pub(super) fn writes(program: &Program, block: &Block, holder: Holder) -> bool {
    let in_world = holder == Holder::World;
    let is_written = |place: &Place| Holder::of(&place.root) == Some(holder);
    in_block(block, &mut |node| match node {
        Node::Stmt(stmt) => match &stmt.kind {
            StmtKind::Assign { place, .. } | StmtKind::OpAssign { place, .. } => is_written(place),
            StmtKind::Remove { .. } => in_world,
            _ => false,
        },
        Node::Expr(expr) => match &expr.kind {
            ExprKind::Mutate { place, .. } => is_written(place),
            ExprKind::Insert(..) => in_world,
            ExprKind::Call(callee, _) => in_world && program.function(*callee).effects.writes,
            _ => false,
        },
    })
}

/// Whether evaluating an expression can change nothing, wherever it stands.
pub(super) fn is_pure(expr: &Expr) -> bool {
    !in_expr(expr, &mut |node| match node {
        Node::Stmt(_) => true,
        Node::Expr(expr) => matches!(
            expr.kind,
            ExprKind::Call(..)
                | ExprKind::Mutate { .. }
                | ExprKind::Insert(..)
                | ExprKind::Match { .. }
                | ExprKind::Return(_)
                | ExprKind::Break
                | ExprKind::Continue
                | ExprKind::Fail { .. }
        ),
    })
}

/// Whether running a block can remove rows.
pub(super) fn removes(program: &Program, block: &Block) -> bool {
    in_block(block, &mut |node| match node {
        Node::Stmt(stmt) => matches!(stmt.kind, StmtKind::Remove { .. }),
        Node::Expr(Expr { kind: ExprKind::Call(callee, _), .. }) => {
            program.function(*callee).effects.removes
        }
        Node::Expr(_) => false,
    })
}

/// Whether a function itself removes rows of the table.
pub(super) fn removes_from(func: &Function, table: TableId) -> bool {
    func.effects.removes
        && in_block(&func.body, &mut |node| match node {
            Node::Stmt(Stmt { kind: StmtKind::Remove { row }, .. }) => row.ty == Type::Row(table),
            _ => false,
        })
}

fn in_block(block: &Block, found: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
    block.stmts.iter().any(|stmt| in_stmt(stmt, found))
        || block.value.as_deref().is_some_and(|value| in_expr(value, found))
}

fn in_stmt(stmt: &Stmt, found: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
    if found(Node::Stmt(stmt)) {
        return true;
    }
    match &stmt.kind {
        StmtKind::Let { value, .. } => in_expr(value, found),
        StmtKind::Assign { place, value } | StmtKind::OpAssign { place, value, .. } => {
            in_place(place, found) || in_expr(value, found)
        }
        StmtKind::While { cond, body } => in_expr(cond, found) || in_block(body, found),
        StmtKind::ForRange { start, end, body, .. } => {
            in_expr(start, found) || in_expr(end, found) || in_block(body, found)
        }
        StmtKind::ForList(each) => {
            let clauses = [Some(&each.list), each.filter.as_ref(), each.limit.as_ref()];
            in_any(clauses.into_iter().flatten(), found) || in_block(&each.body, found)
        }
        StmtKind::ForRows(each) => {
            let clauses = [each.filter.as_ref(), each.limit.as_ref()];
            in_any(clauses.into_iter().flatten(), found) || in_block(&each.body, found)
        }
        StmtKind::Assert { cond, message } => in_any([cond, message].into_iter(), found),
        StmtKind::Emit { fields, .. } => in_any(fields.iter().map(|(_, field)| field), found),
        StmtKind::Expr(inner)
        | StmtKind::AssertFails { call: inner }
        | StmtKind::Log { message: inner }
        | StmtKind::Remove { row: inner }
        | StmtKind::Advance { duration_ms: inner } => in_expr(inner, found),
    }
}

fn in_any<'a>(
    mut exprs: impl Iterator<Item = &'a Expr>,
    found: &mut dyn FnMut(Node<'_>) -> bool,
) -> bool {
    exprs.any(|expr| in_expr(expr, found))
}

fn in_place(place: &Place, found: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
    let in_root = match &place.root {
        Root::Local(_) | Root::State => false,
        Root::Row(_, inner) | Root::Value(inner) => in_expr(inner, found),
    };
    in_root
        || place.path.iter().any(|step| match &step.kind {
            StepKind::Field(_) => false,
            StepKind::Index(index) => in_expr(index, found),
        })
}

fn in_expr(expr: &Expr, found: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
    if found(Node::Expr(expr)) {
        return true;
    }
    match &expr.kind {
        ExprKind::Const(_) | ExprKind::TableLen(_) | ExprKind::Break | ExprKind::Continue => false,
        ExprKind::Place(place) => in_place(place, found),
        ExprKind::Neg(inner)
        | ExprKind::Not(inner)
        | ExprKind::Some(inner)
        | ExprKind::Repeat(inner)
        | ExprKind::ToList(inner)
        | ExprKind::RowGet(_, inner)
        | ExprKind::RowFind(_, inner)
        | ExprKind::RowExists(_, inner)
        | ExprKind::Fail { message: inner, .. } => in_expr(inner, found),
        ExprKind::Binary(_, left, right)
        | ExprKind::Compare(_, left, right)
        | ExprKind::And(left, right)
        | ExprKind::Or(left, right)
        | ExprKind::Coalesce(left, right) => in_expr(left, found) || in_expr(right, found),
        ExprKind::Call(_, args)
        | ExprKind::Builtin(_, args)
        | ExprKind::Variant(_, _, args)
        | ExprKind::List(args) => in_any(args.iter(), found),
        ExprKind::Mutate { place, args, .. } => {
            in_place(place, found) || in_any(args.iter(), found)
        }
        ExprKind::Struct(_, fields) | ExprKind::Insert(_, fields) => {
            in_any(fields.iter().map(|(_, field)| field), found)
        }
        ExprKind::Interpolate(pieces) => pieces.iter().any(|piece| match piece {
            Piece::Text(_) => false,
            Piece::Value(value, _) => in_expr(value, found),
        }),
        ExprKind::If { cond, then, otherwise } => {
            in_expr(cond, found)
                || in_block(then, found)
                || otherwise.as_ref().is_some_and(|block| in_block(block, found))
        }
        ExprKind::Match { value, arms } => {
            in_expr(value, found) || arms.iter().any(|arm| in_block(&arm.body, found))
        }
        ExprKind::Block(block) => in_block(block, found),
        ExprKind::Return(value) => value.as_deref().is_some_and(|value| in_expr(value, found)),
    }
}
