//! Two assignments as one: to floats that stand side by side in a row, computed in the same way, as
//! `m.x += m.dx * 0.05` and `m.y += m.dy * 0.05` are. They are computed as vectors of two, each half as
//! it would be by itself.
//!
//! After "Exploiting Superword Level Parallelism with Multimedia Instruction Sets", Larsen and
//! Amarasinghe, 2000; of that the pairs that a program already has next to each other.

use cranelift_codegen::ir::{InstBuilder, MemFlagsData, types as clif};

use super::function::{Lower, Value};
use super::place::{Located, Owner, RowPlace};
use super::scan;
use super::value::Storage;
use crate::ir::{
    BinaryOp, Block, Const, Expr, ExprKind, LocalId, Place, Root, StepKind, Stmt, StmtKind,
};
use crate::layout::{WORD_SIZE, Words, is_large_row};
use crate::planted::{Fault, is_planted};
use crate::types::{TableId, Type};

/// Two assignments that can be one.
#[derive(Clone, Copy)]
pub(super) struct Pair<'p> {
    /// `+=` and the like.
    op: Option<BinaryOp>,
    places: [&'p Place; 2],
    values: [&'p Expr; 2],
    first: FloatField,
}

/// A float in a row that a local stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FloatField {
    table: TableId,
    local: LocalId,
    /// From the row's header.
    offset: u32,
}

impl FloatField {
    fn is_before(self, other: FloatField) -> bool {
        FloatField { offset: self.offset + WORD_SIZE, ..self } == other
    }
}

impl<'p> Lower<'_, 'p, '_> {
    /// The pair that two statements are, if they are one.
    pub(super) fn pair(&self, stmts: [&'p Stmt; 2]) -> Option<Pair<'p>> {
        let [(op, place, value), (other_op, other, other_value)] = {
            let [first, second] = stmts;
            [assignment(first)?, assignment(second)?]
        };
        let (first, second) = (self.float_field(place)?, self.float_field(other)?);
        let is_indexed = |place| self.indexed_field(first.table, place).is_some();
        let is_plain = !is_indexed(place) && !is_indexed(other);
        let is_alike = op == other_op && op != Some(BinaryOp::Rem) && first.is_before(second);
        let is_large = is_large_row(self.unit.layouts.row(first.table).layout.size);
        (is_plain && is_alike && !is_large && self.are_alike(first, value, other_value))
            .then_some(Pair { op, places: [place, other], values: [value, other_value], first })
    }

    /// The words of a row at which a pair begins that a block assigns to by this local.
    pub(super) fn pairs_by(&self, block: &'p Block, local: LocalId) -> Words {
        let mut words = Words::default();
        let mut stmts = block.stmts.as_slice();
        while let [first, second, ..] = stmts {
            stmts = match self.pair([first, second]) {
                Some(pair) => {
                    if pair.first.local == local {
                        words = words.with(Words::of(pair.first.offset, WORD_SIZE));
                    }
                    &stmts[2..]
                }
                None => &stmts[1..],
            };
        }
        words
    }

    fn float_field(&self, place: &Place) -> Option<FloatField> {
        let Root::Row(table, _) = place.root else { return None };
        let local = scan::row_local(place)?;
        let [step] = &place.path[..] else { return None };
        match (&step.kind, place.ty) {
            (StepKind::Field(_), Type::Float) => {
                Some(FloatField { table, local, offset: self.field_of_row(table, place).0 })
            }
            _ => None,
        }
    }

    /// Whether two values are computed in the same way, the second from what stands behind what the
    /// first is computed from, and not from what the first is assigned to.
    fn are_alike(&self, assigned: FloatField, first: &Expr, second: &Expr) -> bool {
        let both = |one: &Expr, other: &Expr| self.are_alike(assigned, one, other);
        match (&first.kind, &second.kind) {
            (ExprKind::Const(Const::Float(_)), ExprKind::Const(Const::Float(_))) => true,
            (ExprKind::Place(one), ExprKind::Place(other)) => {
                if let Some(local) = whole_local(one) {
                    let storage = self.locals[local.index()];
                    let in_register = matches!(storage, Storage::Register(_) | Storage::Fixed(_));
                    return in_register
                        && whole_local(other) == Some(local)
                        && one.ty == Type::Float;
                }
                let fields = self.float_field(one).zip(self.float_field(other));
                fields.is_some_and(|(one, other)| {
                    let is_stale = other == assigned && !is_planted(Fault::PairReadsTooEarly);
                    let is_same_row = one.table == assigned.table && one.local == assigned.local;
                    is_same_row && one.is_before(other) && !is_stale
                })
            }
            (ExprKind::Neg(one), ExprKind::Neg(other)) => both(one, other),
            (
                ExprKind::Binary(op, left, right),
                ExprKind::Binary(other_op, other_left, other_right),
            ) => {
                let is_float = first.ty == Type::Float && *op != BinaryOp::Rem;
                is_float && op == other_op && both(left, other_left) && both(right, other_right)
            }
            _ => false,
        }
    }

    /// Does both assignments, if the row is known to be there.
    pub(super) fn assign_pair(&mut self, pair: Pair<'p>) -> bool {
        let Pair { op, places, values: [first, second], first: FloatField { table, offset, .. } } =
            pair;
        let Root::Row(_, row) = &places[0].root else { return false };
        let Some(row) = self.expr(row) else { return false };
        if self.unit.removes_from(table) && !self.is_alive(row) {
            return false;
        }
        let halves = places.map(|place| {
            let field = self.field_of_row(table, place);
            let local = scan::row_local(place);
            let owner = Owner::Row(RowPlace { table, row, field, local });
            (Located { owner, base: row, offset: field.0, index_bytes: None }, place.span)
        });
        for (at, span) in halves {
            self.note(at, WORD_SIZE, span);
        }
        let right = self.vector(row, first, second);
        let value = match op {
            None => right,
            Some(op) => {
                let left = self.load_pair(row, offset);
                self.vector_of(op, left, right)
            }
        };
        for (at, span) in halves {
            self.before_write(at, WORD_SIZE, span);
        }
        let flags = self.two_words();
        let _ = self.builder.ins().store(flags, value, row, offset as i32);
        true
    }

    fn vector(&mut self, row: Value, first: &'p Expr, second: &'p Expr) -> Value {
        match (&first.kind, &second.kind) {
            (ExprKind::Const(Const::Float(one)), ExprKind::Const(Const::Float(other))) => {
                let bytes = [one.to_le_bytes(), other.to_le_bytes()].concat();
                let constant = self.builder.func.dfg.constants.insert(bytes.into());
                self.builder.ins().vconst(clif::F64X2, constant)
            }
            (ExprKind::Place(place), _) => match (&place.root, self.float_field(place)) {
                (Root::Local(local), _) => {
                    let value = self.local(*local);
                    self.builder.ins().splat(clif::F64X2, value)
                }
                (_, field) => {
                    let field = field.expect("both are floats of the row");
                    self.load_pair(row, field.offset)
                }
            },
            (ExprKind::Neg(one), ExprKind::Neg(other)) => {
                let value = self.vector(row, one, other);
                self.builder.ins().fneg(value)
            }
            (ExprKind::Binary(op, left, right), ExprKind::Binary(_, other_left, other_right)) => {
                let left = self.vector(row, left, other_left);
                let right = self.vector(row, right, other_right);
                self.vector_of(*op, left, right)
            }
            _ => unreachable!("`are_alike` says what there is"),
        }
    }

    fn vector_of(&mut self, op: BinaryOp, left: Value, right: Value) -> Value {
        let ins = self.builder.ins();
        match op {
            BinaryOp::Add => ins.fadd(left, right),
            BinaryOp::Sub => ins.fsub(left, right),
            BinaryOp::Mul => ins.fmul(left, right),
            BinaryOp::Div => ins.fdiv(left, right),
            BinaryOp::Rem => unreachable!("a remainder is not in a pair"),
        }
    }

    fn load_pair(&mut self, row: Value, offset: u32) -> Value {
        if let Some(value) = self.held_as(clif::F64X2, row, offset) {
            return value;
        }
        let flags = self.two_words();
        self.builder.ins().load(clif::F64X2, flags, row, offset as i32)
    }

    /// How two words of a row are reached, which are aligned for one.
    pub(super) fn two_words(&self) -> MemFlagsData {
        MemFlagsData::new().with_notrap().with_alias_region(self.memory.alias_region())
    }
}

/// The local that a place is.
fn whole_local(place: &Place) -> Option<LocalId> {
    match (&place.root, &place.path[..]) {
        (Root::Local(local), []) => Some(*local),
        _ => None,
    }
}

fn assignment(stmt: &Stmt) -> Option<(Option<BinaryOp>, &Place, &Expr)> {
    match &stmt.kind {
        StmtKind::Assign { place, value } => Some((None, place, value)),
        StmtKind::OpAssign { op, place, value } => Some((Some(*op), place, value)),
        _ => None,
    }
}
