//! The direct parts of a node of the typed program, in the order in which they are evaluated.
//! Every pass that looks at all nodes goes through here, so that a new kind of node is met by all.

use super::{Block, Expr, ExprKind, Piece, Place, Root, Step, StepKind, Stmt, StmtKind};

/// A direct part of a node.
#[derive(Clone, Copy)]
pub(crate) enum Part<'p> {
    /// An expression that is evaluated whenever its node is, unless `&&`, `||` or `??` skips it.
    Expr(&'p Expr),
    /// A block: whether and how often it runs is its node's decision.
    Block(&'p Block),
}

/// A visitor of parts.
type Visit<'v, 'p> = &'v mut dyn FnMut(Part<'p>);

impl Block {
    /// The statements' parts and the value.
    pub(crate) fn parts<'p>(&'p self, visit: Visit<'_, 'p>) {
        for stmt in &self.stmts {
            stmt.parts(visit);
        }
        if let Some(value) = &self.value {
            visit(Part::Expr(value));
        }
    }
}

impl Stmt {
    /// The direct parts of a statement.
    pub(crate) fn parts<'p>(&'p self, visit: Visit<'_, 'p>) {
        match &self.kind {
            StmtKind::Let { value, .. } | StmtKind::Expr(value) => visit(Part::Expr(value)),
            StmtKind::Assign { place, value } | StmtKind::OpAssign { place, value, .. } => {
                place.parts(visit);
                visit(Part::Expr(value));
            }
            StmtKind::While { cond, body } => {
                visit(Part::Expr(cond));
                visit(Part::Block(body));
            }
            StmtKind::ForRange { start, end, body, .. } => {
                visit(Part::Expr(start));
                visit(Part::Expr(end));
                visit(Part::Block(body));
            }
            StmtKind::ForList(for_list) => {
                visit(Part::Expr(&for_list.list));
                each(for_list.limit.as_ref(), visit);
                each(for_list.filter.as_ref(), visit);
                visit(Part::Block(&for_list.body));
            }
            StmtKind::ForRows(for_rows) => {
                each(for_rows.limit.as_ref(), visit);
                each(for_rows.filter.as_ref(), visit);
                visit(Part::Block(&for_rows.body));
            }
            StmtKind::Assert { cond, message } => {
                visit(Part::Expr(cond));
                visit(Part::Expr(message));
            }
            StmtKind::AssertFails { call } => visit(Part::Expr(call)),
            StmtKind::Emit { fields, .. } => each(fields.iter().map(|(_, value)| value), visit),
            StmtKind::Log { message } => visit(Part::Expr(message)),
            StmtKind::Remove { row } => visit(Part::Expr(row)),
            StmtKind::Advance { duration_ms } => visit(Part::Expr(duration_ms)),
        }
    }
}

impl Place {
    /// The row or value that the place begins with, and its indices.
    pub(crate) fn parts<'p>(&'p self, visit: Visit<'_, 'p>) {
        match &self.root {
            Root::Row(_, expr) | Root::Value(expr) => visit(Part::Expr(expr)),
            Root::Local(_) | Root::State => {}
        }
        for Step { kind, .. } in &self.path {
            if let StepKind::Index(index) = kind {
                visit(Part::Expr(index));
            }
        }
    }
}

impl Expr {
    /// The direct parts of an expression.
    pub(crate) fn parts<'p>(&'p self, visit: Visit<'_, 'p>) {
        match &self.kind {
            ExprKind::Const(_) | ExprKind::TableLen(_) | ExprKind::Break | ExprKind::Continue => {}
            ExprKind::Place(place) => place.parts(visit),
            ExprKind::Neg(operand)
            | ExprKind::Not(operand)
            | ExprKind::Some(operand)
            | ExprKind::Repeat(operand)
            | ExprKind::ToList(operand)
            | ExprKind::RowGet(_, operand)
            | ExprKind::RowFind(_, operand)
            | ExprKind::RowExists(_, operand)
            | ExprKind::Fail { message: operand, .. } => visit(Part::Expr(operand)),
            ExprKind::Binary(_, left, right)
            | ExprKind::Compare(_, left, right)
            | ExprKind::And(left, right)
            | ExprKind::Or(left, right)
            | ExprKind::Coalesce(left, right) => {
                visit(Part::Expr(left));
                visit(Part::Expr(right));
            }
            ExprKind::Call(_, args)
            | ExprKind::Builtin(_, args)
            | ExprKind::Variant(_, _, args)
            | ExprKind::List(args) => each(args, visit),
            ExprKind::Mutate { place, args, .. } => {
                place.parts(visit);
                each(args, visit);
            }
            ExprKind::Struct(_, fields) | ExprKind::Insert(_, fields) => {
                each(fields.iter().map(|(_, value)| value), visit);
            }
            ExprKind::Interpolate(pieces) => {
                let values = pieces.iter().filter_map(|piece| match piece {
                    Piece::Value(value, _) => Some(value),
                    Piece::Text(_) => None,
                });
                each(values, visit);
            }
            ExprKind::If { cond, then, otherwise } => {
                visit(Part::Expr(cond));
                visit(Part::Block(then));
                if let Some(otherwise) = otherwise {
                    visit(Part::Block(otherwise));
                }
            }
            ExprKind::Match { value, arms } => {
                visit(Part::Expr(value));
                for arm in arms {
                    visit(Part::Block(&arm.body));
                }
            }
            ExprKind::Block(block) => visit(Part::Block(block)),
            ExprKind::Return(value) => each(value.as_deref(), visit),
        }
    }
}

fn each<'p>(exprs: impl IntoIterator<Item = &'p Expr>, visit: Visit<'_, 'p>) {
    for expr in exprs {
        visit(Part::Expr(expr));
    }
}
