//! What running a program costs: the fuel of blocks and the logical stack of functions. Both are
//! computed from the typed program, before any optimisation, so that a call ends at the same step
//! in the interpreter and in machine code at every setting. One unit of fuel is about a
//! nanosecond at worst.

use crate::builtins::Builtin;
use crate::ir::walk::Part;
use crate::ir::{BinaryOp, Block, Expr, ExprKind, Function, Stmt, StmtKind};
use crate::layout::Layouts;
use crate::limits::STACK_VALUE_MAX;
use crate::types::{Type, Types};

/// A statement or an expression that is not in the table below.
const NODE: u32 = 1;
/// Division and remainder, and the functions that take as long.
const DIVISION: u32 = 8;
/// A call of a function of the program.
const CALL: u32 = 4;
/// What an operation on text takes besides; its length is charged by the runtime.
const TEXT: u32 = 4;
/// Each piece of an interpolated text.
const PIECE: u32 = 4;
/// A transcendental function.
const TRANSCENDENTAL: u32 = 16;
/// Finding a row.
const FIND: u32 = 16;
/// Inserting or removing a row, emitting an event, writing to the log.
const EFFECT: u32 = 32;

/// Logical stack that every activation takes, in bytes.
const FRAME: u32 = 64;
/// Logical stack of a local that stands in a register.
const REGISTER: u32 = 16;
/// Logical stack of a value that is kept across a call.
const KEPT: u32 = 8;

/// Makes a block and computes its fuel; blocks inside of it have theirs.
pub(super) fn block(stmts: Vec<Stmt>, value: Option<Expr>, ty: Type) -> Block {
    let mut block = Block { stmts, value: value.map(Box::new), ty, fuel: 0 };
    let mut fuel = 0;
    for stmt in &block.stmts {
        add(&mut fuel, own_stmt(stmt));
        match &stmt.kind {
            // The message is computed when the call has failed already.
            StmtKind::Assert { cond, .. } => add(&mut fuel, expr(cond)),
            _ => stmt.parts(&mut |part| add_part(&mut fuel, part)),
        }
    }
    if let Some(value) = &block.value {
        add(&mut fuel, expr(value));
    }
    block.fuel = fuel;
    block
}

/// What an expression costs without the blocks in it.
pub(super) fn expr(node: &Expr) -> u32 {
    let mut fuel = own_expr(node);
    node.parts(&mut |part| add_part(&mut fuel, part));
    fuel
}

fn add_part(fuel: &mut u32, part: Part<'_>) {
    if let Part::Expr(part) = part {
        add(fuel, expr(part));
    }
}

/// The tree is bounded, but not by what fits here.
fn add(fuel: &mut u32, more: u32) {
    *fuel = fuel.saturating_add(more);
}

fn own_stmt(stmt: &Stmt) -> u32 {
    match &stmt.kind {
        StmtKind::OpAssign { op, value, .. } => NODE + arithmetic(*op, value.ty),
        StmtKind::Emit { .. }
        | StmtKind::Log { .. }
        | StmtKind::Remove { .. }
        | StmtKind::AssertFails { .. } => NODE + EFFECT,
        _ => NODE,
    }
}

fn own_expr(node: &Expr) -> u32 {
    match &node.kind {
        ExprKind::Place(place) => NODE + place.path.len() as u32,
        ExprKind::Binary(op, left, _) => NODE + arithmetic(*op, left.ty),
        ExprKind::Compare(_, left, _)
            if !matches!(left.ty, Type::Int | Type::Float | Type::Bool) =>
        {
            NODE + TEXT
        }
        ExprKind::Call(..) => NODE + CALL,
        ExprKind::Builtin(builtin, _) | ExprKind::Mutate { builtin, .. } => NODE + of(*builtin),
        ExprKind::Interpolate(pieces) => NODE + TEXT + PIECE.saturating_mul(pieces.len() as u32),
        ExprKind::RowGet(..) | ExprKind::RowFind(..) | ExprKind::RowExists(..) => NODE + FIND,
        ExprKind::Insert(..) => NODE + EFFECT,
        ExprKind::ToList(_) => NODE + TEXT,
        _ => NODE,
    }
}

fn arithmetic(op: BinaryOp, ty: Type) -> u32 {
    match (op, ty) {
        (BinaryOp::Div | BinaryOp::Rem, _) => DIVISION - NODE,
        (BinaryOp::Add, Type::Str) => TEXT,
        _ => 0,
    }
}

fn of(builtin: Builtin) -> u32 {
    match builtin {
        Builtin::MinInt | Builtin::MaxInt | Builtin::AbsInt | Builtin::ClampInt => NODE,
        Builtin::AbsFloat | Builtin::Floor | Builtin::Ceil => NODE,
        Builtin::IntOfBool | Builtin::FloatOfInt | Builtin::Now | Builtin::ListLen => NODE,
        Builtin::MinFloat | Builtin::MaxFloat | Builtin::ClampFloat | Builtin::IntOfFloat => CALL,
        Builtin::Sqrt | Builtin::Round => DIVISION,
        Builtin::PowInt | Builtin::PowFloat | Builtin::Sin | Builtin::Cos | Builtin::Atan2 => {
            TRANSCENDENTAL
        }
        Builtin::HashInt | Builtin::Random => TRANSCENDENTAL,
        _ => CALL + TEXT,
    }
}

/// The logical stack of one activation: at least half of what its native frame takes.
pub(super) fn stack(types: &Types, layouts: &Layouts, function: &Function) -> u32 {
    let mut measure = Measure { types, layouts, bytes: FRAME };
    for local in &function.locals {
        measure.value(local.ty);
    }
    measure.block(&function.body);
    measure.bytes
}

struct Measure<'a> {
    types: &'a Types,
    layouts: &'a Layouts,
    bytes: u32,
}

impl Measure<'_> {
    fn add(&mut self, bytes: u32) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// A value that has a place of its own in the frame.
    fn value(&mut self, ty: Type) {
        let layout = self.layouts.of(self.types, ty);
        let size = layout.map_or(0, |layout| layout.size);
        // A large value lives in the call's arena.
        let in_frame = u64::from(size) <= STACK_VALUE_MAX;
        self.add(if in_frame { size.next_multiple_of(8).max(REGISTER) } else { REGISTER });
    }

    fn block(&mut self, block: &Block) {
        block.parts(&mut |part| self.part(part));
    }

    fn part(&mut self, part: Part<'_>) {
        match part {
            Part::Block(block) => self.block(block),
            Part::Expr(node) => self.expr(node),
        }
    }

    fn expr(&mut self, node: &Expr) {
        match &node.kind {
            ExprKind::Const(_) | ExprKind::Place(_) => {}
            _ if stands_in_memory(node.ty) => self.value(node.ty),
            ExprKind::Interpolate(pieces) => self.add(16 * pieces.len() as u32),
            ExprKind::Call(_, args) | ExprKind::Builtin(_, args) => {
                self.add(KEPT * (1 + args.len() as u32));
            }
            ExprKind::Binary(..) | ExprKind::Compare(..) => self.add(KEPT),
            _ => {}
        }
        node.parts(&mut |part| self.part(part));
    }
}

/// Whether values of a type stand in memory rather than in a register.
fn stands_in_memory(ty: Type) -> bool {
    matches!(
        ty,
        Type::Struct(_) | Type::Enum(_) | Type::Optional(_) | Type::Array(..) | Type::Bounded(..)
    )
}
