//! The logical stack of a function: what one activation takes from `stack_max`. It is
//! computed from the typed program, so that recursion ends at the same depth everywhere, and is at
//! least half of what the native frame takes.

use crate::abi::ROWS_BATCH;
use crate::ir::walk::Part;
use crate::ir::{Block, Expr, ExprKind, Function, StmtKind};
use crate::layout::Layouts;
use crate::limits::STACK_VALUE_MAX;
use crate::types::{Type, Types};

/// Logical stack that every activation takes, in bytes.
const FRAME: u32 = 64;
/// Logical stack of a local that stands in a register.
const REGISTER: u32 = 16;
/// Logical stack of a value that is kept across a call.
const KEPT: u32 = 8;
/// Logical stack of a loop over rows that goes by an index, or may.
const BY_INDEX: u32 = 8 * ROWS_BATCH;
/// Logical stack of one that goes over the blocks of a table.
const BY_BLOCK: u32 = 64;

/// The logical stack of one activation: at least half of what its native frame takes.
pub(super) fn cost(types: &Types, layouts: &Layouts, function: &Function) -> u32 {
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
        for stmt in &block.stmts {
            if let StmtKind::ForRows(rows) = &stmt.kind {
                let by_index = rows.order.is_some() || rows.filter.is_some();
                self.add(if by_index { BY_INDEX } else { BY_BLOCK });
            }
        }
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
