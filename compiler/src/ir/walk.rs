//! The direct parts of a node of the typed program, in the order in which they are evaluated.
//! Every pass that looks at all nodes goes through here, so that a new kind of node is met by all.

use super::{Block, Expr, ExprKind, Piece, Place, Root, Step, StepKind, Stmt, StmtKind};

/// A direct part of a node, to be read.
#[derive(Clone, Copy)]
pub(crate) enum Part<'p> {
    /// An expression that is evaluated whenever its node is, unless `&&`, `||` or `??` skips it.
    Expr(&'p Expr),
    /// A block: whether and how often it runs is its node's decision.
    Block(&'p Block),
}

/// A direct part of a node, to be changed.
pub(crate) enum PartMut<'p> {
    /// As [`Part::Expr`].
    Expr(&'p mut Expr),
    /// As [`Part::Block`].
    Block(&'p mut Block),
}

/// Declares the walk once for both kinds of reference: the function, the part, the reference, and
/// the methods that go with it.
macro_rules! walk {
    ($parts:ident, $Part:ident, ($($mutable:tt)?), $iter:ident, $as_ref:ident, $as_deref:ident) => {
        impl Block {
            /// The statements' parts and the value.
            pub(crate) fn $parts<'p>(
                &'p $($mutable)? self,
                visit: &mut dyn FnMut($Part<'p>),
            ) {
                for stmt in self.stmts.$iter() {
                    stmt.$parts(visit);
                }
                if let Some(value) = self.value.$as_deref() {
                    visit($Part::Expr(value));
                }
            }
        }

        impl Stmt {
            /// The direct parts of a statement.
            pub(crate) fn $parts<'p>(
                &'p $($mutable)? self,
                visit: &mut dyn FnMut($Part<'p>),
            ) {
                match &$($mutable)? self.kind {
                    StmtKind::Let { value, .. } | StmtKind::Expr(value) => {
                        visit($Part::Expr(value));
                    }
                    StmtKind::Assign { place, value } | StmtKind::OpAssign { place, value, .. } => {
                        place.$parts(visit);
                        visit($Part::Expr(value));
                    }
                    StmtKind::While { cond, body } => {
                        visit($Part::Expr(cond));
                        visit($Part::Block(body));
                    }
                    StmtKind::ForRange { start, end, body, .. } => {
                        visit($Part::Expr(start));
                        visit($Part::Expr(end));
                        visit($Part::Block(body));
                    }
                    StmtKind::ForList(list) => {
                        visit($Part::Expr(&$($mutable)? list.list));
                        list.limit.$iter().for_each(|limit| visit($Part::Expr(limit)));
                        list.filter.$iter().for_each(|filter| visit($Part::Expr(filter)));
                        visit($Part::Block(&$($mutable)? list.body));
                    }
                    StmtKind::ForRows(rows) => {
                        rows.limit.$iter().for_each(|limit| visit($Part::Expr(limit)));
                        rows.filter.$iter().for_each(|filter| visit($Part::Expr(filter)));
                        visit($Part::Block(&$($mutable)? rows.body));
                    }
                    StmtKind::Assert { cond, message } => {
                        visit($Part::Expr(cond));
                        visit($Part::Expr(message));
                    }
                    StmtKind::Emit { fields, .. } => {
                        fields.$iter().for_each(|(_, value)| visit($Part::Expr(value)));
                    }
                    StmtKind::AssertFails { call: operand }
                    | StmtKind::Log { message: operand }
                    | StmtKind::Remove { row: operand }
                    | StmtKind::Advance { duration_ms: operand } => visit($Part::Expr(operand)),
                }
            }
        }

        impl Place {
            /// The row or value that the place begins with, and its indices.
            pub(crate) fn $parts<'p>(
                &'p $($mutable)? self,
                visit: &mut dyn FnMut($Part<'p>),
            ) {
                match &$($mutable)? self.root {
                    Root::Row(_, expr) | Root::Value(expr) => visit($Part::Expr(expr)),
                    Root::Local(_) | Root::State => {}
                }
                for Step { kind, .. } in self.path.$iter() {
                    if let StepKind::Index(index) = kind {
                        visit($Part::Expr(index));
                    }
                }
            }
        }

        impl Expr {
            /// The direct parts of an expression.
            pub(crate) fn $parts<'p>(
                &'p $($mutable)? self,
                visit: &mut dyn FnMut($Part<'p>),
            ) {
                match &$($mutable)? self.kind {
                    ExprKind::Const(_)
                    | ExprKind::TableLen(_)
                    | ExprKind::Break
                    | ExprKind::Continue => {}
                    ExprKind::Place(place) => place.$parts(visit),
                    ExprKind::Neg(operand)
                    | ExprKind::Not(operand)
                    | ExprKind::Some(operand)
                    | ExprKind::Repeat(operand)
                    | ExprKind::ToList(operand)
                    | ExprKind::RowGet(_, operand)
                    | ExprKind::RowFind(_, operand)
                    | ExprKind::RowExists(_, operand)
                    | ExprKind::Fail { message: operand, .. } => visit($Part::Expr(operand)),
                    ExprKind::Binary(_, left, right)
                    | ExprKind::Compare(_, left, right)
                    | ExprKind::And(left, right)
                    | ExprKind::Or(left, right)
                    | ExprKind::Coalesce(left, right) => {
                        visit($Part::Expr(left));
                        visit($Part::Expr(right));
                    }
                    ExprKind::Call(_, args)
                    | ExprKind::Builtin(_, args)
                    | ExprKind::Variant(_, _, args)
                    | ExprKind::List(args) => {
                        args.$iter().for_each(|arg| visit($Part::Expr(arg)));
                    }
                    ExprKind::Mutate { place, args, .. } => {
                        place.$parts(visit);
                        args.$iter().for_each(|arg| visit($Part::Expr(arg)));
                    }
                    ExprKind::Struct(_, fields) | ExprKind::Insert(_, fields) => {
                        fields.$iter().for_each(|(_, value)| visit($Part::Expr(value)));
                    }
                    ExprKind::Interpolate(pieces) => {
                        for piece in pieces.$iter() {
                            if let Piece::Value(value, _) = piece {
                                visit($Part::Expr(value));
                            }
                        }
                    }
                    ExprKind::If { cond, then, otherwise } => {
                        visit($Part::Expr(cond));
                        visit($Part::Block(then));
                        if let Some(otherwise) = otherwise.$as_ref() {
                            visit($Part::Block(otherwise));
                        }
                    }
                    ExprKind::Match { value, arms } => {
                        visit($Part::Expr(value));
                        for arm in arms.$iter() {
                            visit($Part::Block(&$($mutable)? arm.body));
                        }
                    }
                    ExprKind::Block(block) => visit($Part::Block(block)),
                    ExprKind::Return(value) => {
                        if let Some(value) = value.$as_deref() {
                            visit($Part::Expr(value));
                        }
                    }
                }
            }
        }
    };
}

walk!(parts, Part, (), iter, as_ref, as_deref);
walk!(parts_mut, PartMut, (mut), iter_mut, as_mut, as_deref_mut);
