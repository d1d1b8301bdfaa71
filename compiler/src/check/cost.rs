//! What running a block costs, in fuel: the one table. It is computed from the typed program, before
//! any optimisation, so that a call ends at the same step in the interpreter and in machine code at
//! every setting. One unit is about a nanosecond at worst.
//!
//! What has a fixed size is paid for here, whether it is copied in the end or not. What depends on
//! values is paid for when it runs (the manual's table of fuel lists it): bytes of texts, elements of
//! growing lists, rows that a loop passes. Two things cost nothing besides: notes for undo, since
//! a write notes 256 bytes at most besides its own, and copies of growing lists, since they take
//! memory of the call, which is bounded.

use super::body::Body;
use super::ty::element;
use crate::abi::BYTES_PER_FUEL;
use crate::builtins::Builtin;
use crate::ir::walk::{Part, PartMut};
use crate::ir::{BinaryOp, Block, Expr, ExprKind, Place, Root, Stmt, StmtKind};
use crate::layout::{CHUNK_SIZE, Layouts};
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
/// Getting the next row of an index.
pub(super) const NEXT: u32 = 4;
/// Inserting or removing a row, beginning a part of a test that is taken back.
const EFFECT: u32 = 32;
/// An arm of an `if` or `match` up to which it is paid for with the block that it stands in: counting
/// it by itself would take as long as what it does.
const SMALL_ARM: u32 = 8;
/// Emitting an event, writing to the log: it bounds how many one call can leave.
const MESSAGE: u32 = 80;

impl Body<'_, '_> {
    /// What measures this body.
    pub(super) fn meter(&self) -> Meter<'_> {
        Meter { types: &self.checker.types, layouts: self.checker.layouts.as_ref() }
    }

    /// Makes a block and computes its fuel; blocks inside of it have theirs.
    pub(super) fn make_block(&self, stmts: Vec<Stmt>, value: Option<Expr>, ty: Type) -> Block {
        let mut block = Block { stmts, value: value.map(Box::new), ty, fuel: 0 };
        block.fuel = self.meter().block(&block);
        let mut small_arms = 0;
        for stmt in &mut block.stmts {
            match &mut stmt.kind {
                // As its message is not paid for.
                StmtKind::Assert { cond, .. } => {
                    take_small_arms(PartMut::Expr(cond), &mut small_arms);
                }
                _ => stmt.parts_mut(&mut |part| take_small_arms(part, &mut small_arms)),
            }
        }
        if let Some(value) = &mut block.value {
            take_small_arms(PartMut::Expr(value), &mut small_arms);
        }
        add(&mut block.fuel, small_arms);
        block
    }

    /// A condition that is tested before each round of a loop is paid for with the round.
    pub(super) fn add_condition(&self, body: &mut Block, condition: &mut Expr) {
        let mut fuel = self.meter().expr(condition);
        take_small_arms(PartMut::Expr(condition), &mut fuel);
        add(&mut body.fuel, fuel);
    }
}

/// Takes over what the arms of each `if` and `match` cost, where that is little: the dearest of them
/// is paid for with the block that they stand in, and they cost nothing by themselves.
fn take_small_arms(part: PartMut<'_>, fuel: &mut u32) {
    let PartMut::Expr(node) = part else { return };
    let mut arms: Vec<&mut Block> = match &mut node.kind {
        ExprKind::If { then, otherwise, .. } => [then].into_iter().chain(otherwise).collect(),
        ExprKind::Match { arms, .. } => arms.iter_mut().map(|arm| &mut arm.body).collect(),
        _ => Vec::new(),
    };
    let dearest = arms.iter().map(|arm| arm.fuel).max().unwrap_or(0);
    if dearest <= SMALL_ARM {
        arms.iter_mut().for_each(|arm| arm.fuel = 0);
        add(fuel, dearest);
    }
    node.parts_mut(&mut |part| take_small_arms(part, fuel));
}

/// Measures nodes. Without layouts the program has mistakes, and nothing is measured by size.
#[derive(Clone, Copy)]
pub(super) struct Meter<'a> {
    types: &'a Types,
    layouts: Option<&'a Layouts>,
}

impl Meter<'_> {
    /// What entering a block costs, without the blocks in it.
    fn block(self, block: &Block) -> u32 {
        let mut fuel = 0;
        for stmt in &block.stmts {
            add(&mut fuel, self.own_stmt(stmt));
            match &stmt.kind {
                // The message is computed when the call has failed already.
                StmtKind::Assert { cond, .. } => add(&mut fuel, self.expr(cond)),
                _ => stmt.parts(&mut |part| self.add_part(&mut fuel, part)),
            }
        }
        if let Some(value) = &block.value {
            add(&mut fuel, self.expr(value));
        }
        fuel
    }

    /// What an expression costs, without the blocks in it.
    pub(super) fn expr(self, node: &Expr) -> u32 {
        let mut fuel = self.own(node);
        node.parts(&mut |part| self.add_part(&mut fuel, part));
        if let ExprKind::Builtin(_, args) = &node.kind
            && let Some(receiver) = args.first()
            && element(self.types, receiver.ty).is_some()
        {
            // A list that is only read is not copied.
            fuel = fuel.saturating_sub(self.copy(receiver.ty));
        }
        fuel
    }

    fn add_part(self, fuel: &mut u32, part: Part<'_>) {
        if let Part::Expr(part) = part {
            add(fuel, self.expr(part));
        }
    }

    fn own(self, node: &Expr) -> u32 {
        let own = match &node.kind {
            ExprKind::Place(place) => place.path.len() as u32 + self.copy(node.ty),
            ExprKind::Const(_)
            | ExprKind::Struct(..)
            | ExprKind::Variant(..)
            | ExprKind::Some(_)
            | ExprKind::List(_)
            | ExprKind::Repeat(_) => self.copy(node.ty),
            ExprKind::ToList(list) => TEXT + self.copy(list.ty),
            ExprKind::Binary(op, left, _) => arithmetic(*op, left.ty),
            ExprKind::Compare(_, left, _) => match left.ty {
                Type::Int | Type::Float | Type::Bool => 0,
                ty => TEXT + self.copy(ty),
            },
            ExprKind::Call(..) => CALL,
            ExprKind::Builtin(builtin, _) => of(*builtin),
            ExprKind::Mutate { builtin, place, .. } => {
                of(*builtin).saturating_add(self.change(*builtin, place))
            }
            ExprKind::Interpolate(pieces) => TEXT + PIECE.saturating_mul(pieces.len() as u32),
            ExprKind::RowGet(..) | ExprKind::RowFind(..) | ExprKind::RowExists(..) => FIND,
            ExprKind::Insert(table, _) => {
                EFFECT
                    + self.layouts.map_or(0, |known| known.row(*table).layout.size / BYTES_PER_FUEL)
            }
            // It is no branch: who evaluates the expression runs it.
            ExprKind::Block(block) => block.fuel,
            _ => 0,
        };
        own.saturating_add(NODE)
    }

    fn own_stmt(self, stmt: &Stmt) -> u32 {
        match &stmt.kind {
            StmtKind::OpAssign { op, value, .. } => NODE + arithmetic(*op, value.ty),
            StmtKind::Emit { fields, .. } => {
                let values = fields.iter().map(|(_, value)| self.copy(value.ty));
                values.fold(NODE + MESSAGE, u32::saturating_add)
            }
            StmtKind::Log { .. } => NODE + MESSAGE,
            StmtKind::Remove { .. } | StmtKind::AssertFails { .. } => NODE + EFFECT,
            _ => NODE,
        }
    }

    /// What a change of the list at a place costs by the size of its type. One that is given other
    /// elements is copied; a list of the world is noted for undo, and copied to and fro where it
    /// holds texts.
    fn change(self, builtin: Builtin, place: &Place) -> u32 {
        let Some(layout) = self.layouts.and_then(|known| known.of(self.types, place.ty)) else {
            return 0;
        };
        let mut fuel = 0;
        if builtin == Builtin::ListAssign {
            fuel += self.copy(place.ty);
        }
        if matches!(place.root, Root::State | Root::Row(..)) {
            fuel += layout.size / CHUNK_SIZE;
            if self.types.hold_text(place.ty) {
                fuel += 2 * self.copy(place.ty);
            }
        }
        fuel
    }

    /// What a value costs by its size; nothing where it stands in a register.
    fn copy(self, ty: Type) -> u32 {
        let by_size = matches!(
            ty,
            Type::Struct(_)
                | Type::Enum(_)
                | Type::Optional(_)
                | Type::Array(..)
                | Type::Bounded(..)
        );
        let layout = self.layouts.filter(|_| by_size).and_then(|known| known.of(self.types, ty));
        layout.map_or(0, |layout| layout.size / BYTES_PER_FUEL)
    }
}

/// The tree is bounded, but not by what fits here.
fn add(fuel: &mut u32, more: u32) {
    *fuel = fuel.saturating_add(more);
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
