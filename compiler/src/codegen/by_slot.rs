//! Loops over all rows of a table in the order of their slots, where nothing in the loop inserts.
//!
//! Three loops in each other: over the blocks of the table's view; over the parts of a block that can be
//! paid for at once, mostly one; over the rows of a part, dead ones too.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self as cl, InstBuilder, types as clif};
use cranelift_frontend::Variable;

use super::function::{Lower, Value};
use super::loops::Round;
use super::prepaid::{Count, Paid};
use super::scan;
use crate::abi::TableView;
use crate::ir;
use crate::layout::{Words, is_large_row, row_stride};
use crate::source::Span;

/// Fuel of a slot that a loop passes and that holds no row.
const EMPTY_SLOT_FUEL: u32 = 1;

/// Where a loop stands in a block.
#[derive(Clone, Copy)]
struct Slots {
    /// The row that is next, or that the round is about.
    row: Variable,
    /// How many slots there are from the first of this part to the end of the block.
    rest: Variable,
    /// Bytes from one row to the next.
    stride: u32,
}

/// The blocks of code in which a part begins, in which a row is visited, and behind all parts.
#[derive(Clone, Copy)]
struct Ways {
    part: cl::Block,
    visit: cl::Block,
    done: cl::Block,
}

impl<'p> Lower<'_, 'p, '_> {
    /// `for local in table`, also with `where` and `limit`.
    pub(super) fn rows_by_slot(&mut self, each: &'p ir::ForRows, round: Round<'p>) {
        let view = self.view(each.table);
        let slot_end = self.load_word(view, offset_of!(TableView, slot_end) as u32);
        let blocks = self.load_word(view, offset_of!(TableView, blocks) as u32);
        let shift = self.load_word(view, offset_of!(TableView, block_shift) as u32);
        let one = self.int(1);
        let block_len = self.builder.ins().ishl(one, shift);
        let [head, block] = [(); 2].map(|()| self.builder.create_block());
        let exit = round.exit;
        let before = self.before_loop(round.filter, round.body);

        // How many slots are still to be visited, and where the address of their block stands.
        let slots = self.builder.append_block_param(head, clif::I64);
        let entry = self.builder.append_block_param(head, clif::I64);
        self.jump(head, &[slot_end, blocks]);
        self.builder.switch_to_block(head);
        let more = self.builder.ins().icmp_imm_s(IntCC::SignedGreaterThan, slots, 0);
        self.brif(more, block, exit);
        self.start(block);
        let first = self.load_word(entry, 0);
        let in_block = self.choose(IntCC::SignedLessThan, slots, block_len);
        self.rows_of_block(each, round, (first, in_block));
        let rest = self.builder.ins().isub(slots, in_block);
        let entry = self.builder.ins().iadd_imm_s(entry, 8);
        self.jump(head, &[rest, entry]);
        self.builder.seal_block(head);
        self.start(exit);
        self.noted = before;
    }

    /// Visits so many slots of a block, from the first on.
    fn rows_of_block(
        &mut self,
        each: &'p ir::ForRows,
        round: Round<'p>,
        (first, in_block): (Value, Value),
    ) {
        let is_prepaid = self.can_prepay(&round);
        if let Some(words) = self.words_of_each(each, &round).filter(|_| is_prepaid) {
            let words = (words, self.pairs_by(round.body, each.local));
            self.begin_row_notes(each.table, (first, in_block), words, round.span);
        }
        let [row, rest] = [(); 2].map(|()| self.builder.declare_var(clif::I64));
        self.builder.def_var(row, first);
        self.builder.def_var(rest, in_block);
        let stride = row_stride(self.unit.layouts.row(each.table).layout.size);
        let slots = Slots { row, rest, stride };
        let [part, visit, done] = [(); 3].map(|()| self.builder.create_block());
        let ways = Ways { part, visit, done };
        let (span, exit, cost) = (round.span, round.exit, round.body.fuel);

        self.jump(part, &[]);
        // As many rows of the block as can be paid for: more of them once it is known which slots are
        // empty, as these cost less.
        self.builder.switch_to_block(part);
        let first = self.builder.use_var(row);
        let count = self.builder.use_var(rest);
        let paid = is_prepaid.then(|| self.prepay(count, cost));
        let here = paid.as_ref().map_or(count, |paid| paid.rounds);
        let bytes = self.builder.ins().imul_imm_u(here, i64::from(stride));
        let end = self.builder.ins().iadd(first, bytes);
        // Asked here, so that Cranelift computes the end before the rows, not with each of them.
        let some = self.builder.ins().icmp(IntCC::NotEqual, first, end);
        if let Some(paid) = &paid {
            let count = Count { counter: row, first, step: stride };
            self.begin_prepaid(count, cost, paid.left_in_first);
        }
        self.brif(some, visit, paid.as_ref().map_or(done, |paid| paid.none));
        self.visit_slots(each, round, (slots, end), ways);
        if let Some(paid) = paid {
            // The counter has gone one farther than the last round.
            let left = self.fuel();
            self.end_prepaid();
            let left = self.builder.ins().iadd_imm_s(left, i64::from(cost));
            self.set_fuel(left);
            let rest = self.builder.ins().isub(count, here);
            self.next_part(slots, rest, ways);
            self.pass_unpaid(&paid, (cost, span), (slots, count), (ways, exit));
        } else {
            self.jump(done, &[]);
        }
        self.builder.seal_block(part);
        self.start(done);
        self.end_row_notes(span);
    }

    /// Visits the slots of a part, of which there are some; goes on behind it.
    fn visit_slots(
        &mut self,
        each: &'p ir::ForRows,
        round: Round<'p>,
        (slots, end): (Slots, Value),
        ways: Ways,
    ) {
        self.builder.switch_to_block(ways.visit);
        let row = self.builder.use_var(slots.row);
        self.note_in_passing(row);
        let [there, gone, behind] = [(); 3].map(|()| self.builder.create_block());
        self.builder.set_cold_block(gone);
        let alive = self.load_alive(row);
        self.brif(alive, there, gone);
        self.start(gone);
        match self.prepaid {
            Some(_) => self.refund(round.body.fuel - EMPTY_SLOT_FUEL),
            None => self.charge(EMPTY_SLOT_FUEL, Some(round.span)),
        }
        self.jump(round.next, &[]);
        self.start(there);
        self.name_row(each, row);
        let next = round.next;
        self.visit(round);
        self.start(next);
        let following = self.step_to_next(slots);
        let more = self.builder.ins().icmp(IntCC::NotEqual, following, end);
        self.brif(more, ways.visit, behind);
        self.builder.seal_block(ways.visit);
        self.start(behind);
    }

    /// Where the next row stands, which is the next to be visited.
    fn step_to_next(&mut self, Slots { row, stride, .. }: Slots) -> Value {
        let before = self.builder.use_var(row);
        let following = self.builder.ins().iadd_imm_s(before, i64::from(stride));
        self.builder.def_var(row, following);
        following
    }

    /// Goes on with the next part, if there are slots left.
    fn next_part(&mut self, slots: Slots, rest: Value, Ways { part, done, .. }: Ways) {
        self.builder.def_var(slots.rest, rest);
        self.brif(rest, part, done);
    }

    /// Where a row cannot be paid for: a slot that is empty may still be. Taking the fuel of a row traps.
    fn pass_unpaid(
        &mut self,
        paid: &Paid,
        (cost, span): (u32, Span),
        (slots, count): (Slots, Value),
        (ways, exit): (Ways, cl::Block),
    ) {
        self.start(paid.none);
        let [unpaid, empty] = [(); 2].map(|()| self.builder.create_block());
        self.builder.set_cold_block(unpaid);
        self.builder.set_cold_block(empty);
        let row = self.builder.use_var(slots.row);
        let alive = self.load_alive(row);
        self.brif(alive, unpaid, empty);
        self.start(unpaid);
        self.charge(cost, Some(span));
        self.jump(exit, &[]);
        self.start(empty);
        self.charge(EMPTY_SLOT_FUEL, Some(span));
        self.note_in_passing(row);
        let _ = self.step_to_next(slots);
        let rest = self.builder.ins().iadd_imm_s(count, -1);
        self.next_part(slots, rest, ways);
    }

    /// Which words every round of a loop over a table writes, or may write, of its row: none where there
    /// may be a round that writes none, or one that writes other rows. They are noted as the rows come
    /// by.
    fn words_of_each(&mut self, each: &ir::ForRows, round: &Round<'_>) -> Option<Words> {
        let (body, local) = (round.body, each.local);
        let is_large = is_large_row(self.unit.layouts.row(each.table).layout.size);
        let is_each = round.filter.is_none() && scan::always_writes_row(body, local);
        if is_large || !is_each || !scan::writes_rows_only_by(body, local) {
            return None;
        }
        self.words_by(local)
    }
}
