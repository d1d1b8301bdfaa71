//! Looking through typed code: does a part of it do something that matters outside of it?
//!
//! One walk over every statement and expression, in no promised order, and the questions that
//! code generation asks by it.

use super::Unit;
use super::value::Form;
use crate::builtins::Builtin;
use crate::ir::walk::Part;
use crate::ir::{Block, Expr, ExprKind, Function, LocalId, Place, Program, Root, Stmt, StmtKind};
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

/// The local that a place finds its row by, if that is all of the expression.
pub(super) fn row_local(place: &Place) -> Option<LocalId> {
    let Root::Row(_, row) = &place.root else { return None };
    match &row.kind {
        ExprKind::Place(Place { root: Root::Local(local), path, .. }) if path.is_empty() => {
            Some(*local)
        }
        _ => None,
    }
}

/// Shows every place that a block writes to.
pub(super) fn written_places(block: &Block, visit: &mut dyn FnMut(&Place)) {
    let _ = in_block(block, &mut |node| {
        match node {
            Node::Stmt(Stmt {
                kind: StmtKind::Assign { place, .. } | StmtKind::OpAssign { place, .. },
                ..
            })
            | Node::Expr(Expr { kind: ExprKind::Mutate { place, .. }, .. }) => visit(place),
            Node::Stmt(_) | Node::Expr(_) => {}
        }
        false
    });
}

/// Whether each time that a block is run, a row is written to by this local, unless the call traps.
pub(super) fn always_writes_row(block: &Block, local: LocalId) -> bool {
    let writes = |stmt: &Stmt| match &stmt.kind {
        StmtKind::Assign { place, .. } | StmtKind::OpAssign { place, .. } => {
            row_local(place) == Some(local)
        }
        _ => false,
    };
    let may_leave = |stmt: &Stmt| {
        in_stmt(stmt, &mut |node| {
            let Node::Expr(expr) = node else { return false };
            matches!(expr.kind, ExprKind::Break | ExprKind::Continue | ExprKind::Return(_))
        })
    };
    let first = block.stmts.iter().find(|stmt| writes(stmt) || may_leave(stmt));
    first.is_some_and(|stmt| writes(stmt) && !may_leave(stmt))
}

/// Whether of all rows a block, which calls no function, writes only to that of this local.
pub(super) fn writes_rows_only_by(block: &Block, local: LocalId) -> bool {
    let mut only = true;
    written_places(block, &mut |place| {
        only &= !matches!(place.root, Root::Row(..)) || row_local(place) == Some(local);
    });
    only
}

/// Whether running a block takes no fuel once it has begun, nor calls what may. What is not known to be
/// so takes some.
pub(super) fn is_free_block(unit: &Unit<'_>, block: &Block) -> bool {
    let stmts = block.stmts.iter().all(|stmt| match &stmt.kind {
        StmtKind::Let { value, .. } | StmtKind::Expr(value) => is_free(unit, value),
        StmtKind::Assign { place, value } | StmtKind::OpAssign { place, value, .. } => {
            is_scalar(unit, place.ty) && is_free_place(unit, place) && is_free(unit, value)
        }
        _ => false,
    });
    stmts && block.value.as_deref().is_none_or(|value| is_free(unit, value))
}

/// The same of an expression.
pub(super) fn is_free(unit: &Unit<'_>, expr: &Expr) -> bool {
    let is_free = |expr: &Expr| is_free(unit, expr);
    let is_free_arm = |arm: &Block| arm.fuel == 0 && is_free_block(unit, arm);
    match &expr.kind {
        ExprKind::Const(_) | ExprKind::TableLen(_) | ExprKind::Break | ExprKind::Continue => true,
        ExprKind::Place(place) => is_free_place(unit, place),
        ExprKind::Neg(operand) | ExprKind::Not(operand) => is_free(operand),
        ExprKind::Binary(_, left, right) | ExprKind::Compare(_, left, right) => {
            is_scalar(unit, left.ty) && is_free(left) && is_free(right)
        }
        ExprKind::And(left, right) | ExprKind::Or(left, right) => is_free(left) && is_free(right),
        ExprKind::Builtin(builtin, args) => of_numbers(*builtin) && args.iter().all(is_free),
        ExprKind::If { cond, then, otherwise } => {
            is_free(cond) && is_free_arm(then) && otherwise.as_ref().is_none_or(is_free_arm)
        }
        ExprKind::Match { value, arms } => {
            !unit.types.hold_text(value.ty)
                && is_free(value)
                && arms.iter().all(|arm| is_free_arm(&arm.body))
        }
        ExprKind::RowGet(_, key) | ExprKind::RowFind(_, key) | ExprKind::RowExists(_, key) => {
            key.ty == Type::Int && is_free(key)
        }
        ExprKind::Variant(_, _, payload) => payload.is_empty(),
        ExprKind::Block(block) => is_free_block(unit, block),
        ExprKind::Return(value) => value.as_deref().is_none_or(is_free),
        _ => false,
    }
}

fn is_free_place(unit: &Unit<'_>, place: &Place) -> bool {
    let mut free = true;
    place.parts(&mut |part| free &= matches!(part, Part::Expr(expr) if is_free(unit, expr)));
    free
}

/// Whether values of a type stand in a register, and mean nothing besides.
fn is_scalar(unit: &Unit<'_>, ty: Type) -> bool {
    match ty {
        Type::Int | Type::Float | Type::Bool => true,
        Type::Enum(_) => matches!(unit.form(ty), Form::Register(_)),
        _ => false,
    }
}

/// Whether a function is one of numbers, none of which takes fuel besides what is known before.
fn of_numbers(builtin: Builtin) -> bool {
    matches!(
        builtin,
        Builtin::MinInt
            | Builtin::MaxInt
            | Builtin::AbsInt
            | Builtin::ClampInt
            | Builtin::MinFloat
            | Builtin::MaxFloat
            | Builtin::AbsFloat
            | Builtin::ClampFloat
            | Builtin::Floor
            | Builtin::Ceil
            | Builtin::Round
            | Builtin::Sqrt
            | Builtin::IntOfBool
            | Builtin::FloatOfInt
            | Builtin::IntOfFloat
            | Builtin::Now
    )
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

/// Whether running one of these parts can remove rows.
pub(super) fn removes<'a>(program: &Program, parts: impl IntoIterator<Item = Part<'a>>) -> bool {
    let mut removing = |node: Node<'_>| match node {
        Node::Stmt(stmt) => matches!(stmt.kind, StmtKind::Remove { .. }),
        Node::Expr(Expr { kind: ExprKind::Call(callee, _), .. }) => {
            program.function(*callee).effects.removes
        }
        Node::Expr(_) => false,
    };
    parts.into_iter().any(|part| in_part(part, &mut removing))
}

/// Whether a function itself removes rows of the table.
pub(super) fn removes_from(func: &Function, table: TableId) -> bool {
    func.effects.removes
        && in_block(&func.body, &mut |node| match node {
            Node::Stmt(Stmt { kind: StmtKind::Remove { row }, .. }) => row.ty == Type::Row(table),
            _ => false,
        })
}

/// Whether a function has at most so many statements and expressions and calls no other.
pub(super) fn is_small_leaf(func: &Function, nodes_max: usize) -> bool {
    let mut nodes = 0;
    !func.recursive
        && !in_block(&func.body, &mut |node| {
            nodes += 1;
            let calls = matches!(node, Node::Expr(Expr { kind: ExprKind::Call(..), .. }));
            calls || nodes > nodes_max
        })
}

/// How deep loops stand in each other.
pub(super) fn loop_depth(block: &Block) -> usize {
    let stmts = block.stmts.iter().map(|stmt| {
        let mut inner = 0;
        stmt.parts(&mut |part| inner = inner.max(loop_depth_of(part)));
        let is_loop = matches!(
            stmt.kind,
            StmtKind::While { .. }
                | StmtKind::ForRange { .. }
                | StmtKind::ForList(_)
                | StmtKind::ForRows(_)
        );
        inner + usize::from(is_loop)
    });
    let value = block.value.as_deref().map_or(0, |value| loop_depth_of(Part::Expr(value)));
    stmts.max().unwrap_or(0).max(value)
}

fn loop_depth_of(part: Part<'_>) -> usize {
    match part {
        Part::Block(block) => loop_depth(block),
        Part::Expr(expr) => {
            let mut inner = 0;
            expr.parts(&mut |part| inner = inner.max(loop_depth_of(part)));
            inner
        }
    }
}

fn in_block(block: &Block, found: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
    block.stmts.iter().any(|stmt| in_stmt(stmt, found))
        || block.value.as_deref().is_some_and(|value| in_expr(value, found))
}

fn in_stmt(stmt: &Stmt, found: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
    let mut hit = found(Node::Stmt(stmt));
    if !hit {
        stmt.parts(&mut |part| hit = hit || in_part(part, found));
    }
    hit
}

fn in_expr(expr: &Expr, found: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
    let mut hit = found(Node::Expr(expr));
    if !hit {
        expr.parts(&mut |part| hit = hit || in_part(part, found));
    }
    hit
}

fn in_part(part: Part<'_>, found: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
    match part {
        Part::Expr(expr) => in_expr(expr, found),
        Part::Block(block) => in_block(block, found),
    }
}
