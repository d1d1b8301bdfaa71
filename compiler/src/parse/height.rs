//! The height of a node from the heights of its children, for the invariant of the tree that no
//! chain of nodes is longer than `tree_height_max`.

use crate::ast::{
    ArmBody, Block, Cond, Else, Expr, ExprKind, FieldInit, For, Iterable, Stmt, StmtKind, StrPiece,
};

/// One more than the height of the highest child.
pub(super) fn of_expr(kind: &ExprKind) -> u32 {
    let children = match kind {
        ExprKind::Paren(inner) | ExprKind::Unary { operand: inner, .. } => inner.height,
        ExprKind::Binary { left, right, .. } => left.height.max(right.height),
        ExprKind::Field { base, .. } => base.height,
        ExprKind::Index { base, index } => base.height.max(index.height),
        ExprKind::Call { args, .. } | ExprKind::List(args) => highest(args),
        ExprKind::Method { base, args, .. } => base.height.max(highest(args)),
        ExprKind::Struct { fields, .. } | ExprKind::Insert { fields, .. } => of_fields(fields),
        ExprKind::Repeat { value, count } => value.height.max(count.height),
        ExprKind::If { cond, then, otherwise } => {
            of_cond(cond).max(then.height).max(otherwise.as_ref().map_or(0, of_else))
        }
        ExprKind::Match { value, arms } => {
            let arms = arms.iter().map(|arm| match &arm.body {
                ArmBody::Block(block) => block.height,
                ArmBody::Stmt(stmt) => of_stmt(&stmt.kind),
            });
            value.height.max(arms.max().unwrap_or(0))
        }
        ExprKind::Return(value) => value.as_ref().map_or(0, |value| value.height),
        ExprKind::Fail { status, message } => {
            message.height.max(status.as_ref().map_or(0, |status| status.height))
        }
        ExprKind::Str(pieces) => of_pieces(pieces),
        ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Bool(_)
        | ExprKind::None
        | ExprKind::Name(_)
        | ExprKind::Unit
        | ExprKind::Break
        | ExprKind::Continue
        | ExprKind::Error => 0,
    };
    children.saturating_add(1)
}

/// The same for a block.
pub(super) fn of_block(stmts: &[Stmt]) -> u32 {
    stmts.iter().map(|stmt| of_stmt(&stmt.kind)).max().unwrap_or(0).saturating_add(1)
}

/// The same for a statement.
pub(super) fn of_stmt(kind: &StmtKind) -> u32 {
    let children = match kind {
        StmtKind::Let { value, .. } => value.height,
        StmtKind::Assign { place, value, .. } => place.height.max(value.height),
        StmtKind::While { cond, body } => cond.height.max(body.height),
        StmtKind::For(head) => of_for(head),
        StmtKind::Assert { cond, message } => {
            cond.height.max(message.as_ref().map_or(0, |message| message.height))
        }
        StmtKind::AssertFails { call } => call.height,
        StmtKind::Emit { fields, .. } => of_fields(fields),
        StmtKind::Log { message } => message.height,
        StmtKind::Remove { row } => row.height,
        StmtKind::Advance { duration } => duration.height,
        StmtKind::Expr(expr) => expr.height,
        StmtKind::Error => 0,
    };
    children.saturating_add(1)
}

fn of_for(head: &For) -> u32 {
    let iterable = match &head.iterable {
        Iterable::Range(start, end) => start.height.max(end.height),
        Iterable::Expr(list) => list.height,
    };
    let clauses = [&head.filter, &head.limit];
    let clauses = clauses.into_iter().flatten().map(|expr| expr.height).max().unwrap_or(0);
    iterable.max(clauses).max(head.body.height)
}

fn of_cond(cond: &Cond) -> u32 {
    match cond {
        Cond::Bool(expr) | Cond::Let(_, expr) => expr.height,
    }
}

fn of_else(otherwise: &Else) -> u32 {
    match otherwise {
        Else::Block(Block { height, .. }) => *height,
        Else::If(expr) => expr.height,
    }
}

fn of_fields(fields: &[FieldInit]) -> u32 {
    fields.iter().filter_map(|field| field.value.as_ref()).map(|v| v.height).max().unwrap_or(0)
}

fn of_pieces(pieces: &[StrPiece]) -> u32 {
    let heights = pieces.iter().map(|piece| match piece {
        StrPiece::Text(_) => 0,
        StrPiece::Value(value, _) => value.height,
    });
    heights.max().unwrap_or(0)
}

fn highest(exprs: &[Expr]) -> u32 {
    exprs.iter().map(|expr| expr.height).max().unwrap_or(0)
}
