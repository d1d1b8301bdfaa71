//! Loops over lists and tables.
//!
//! A loop over a list sees the list as it was when the loop began: it is copied where the body
//! could change it. A loop over a table in slot order goes straight over its rows (`by_slot`), one by
//! index takes them from it in batches (`by_index`). One whose body may change what is visited goes
//! over a list of rows that the host makes at the start, and skips those that have gone since.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self as cl, InstBuilder, types as clif};
use cranelift_frontend::Variable;

use super::function::{Loop, Lower, Value};
use super::list::Elements;
use super::prepaid::Count;
use super::scan::{self, Holder};
use super::undo::Noted;
use super::value::{Form, Storage};
use crate::abi::HostFunction;
use crate::ir::walk::Part;
use crate::ir::{self, Expr, ExprKind};
use crate::planted::{Fault, is_planted};
use crate::source::Span;
use crate::types::Type;

/// What a round of any of these loops has besides its element.
pub(super) struct Round<'p> {
    pub(super) filter: Option<&'p Expr>,
    /// How many more elements may pass the filter.
    left: Option<Variable>,
    pub(super) body: &'p ir::Block,
    pub(super) span: Span,
    pub(super) next: cl::Block,
    pub(super) exit: cl::Block,
}

impl Round<'_> {
    /// Whether the loop ends with a number of elements.
    pub(super) fn is_limited(&self) -> bool {
        self.left.is_some()
    }
}

/// Between which numbers a loop counts.
pub(super) struct Ends {
    pub(super) start: Value,
    /// The first that it does not reach.
    pub(super) end: Value,
    /// The comparison that says so.
    pub(super) below: IntCC,
    /// Whether there is a round, as far as is known.
    pub(super) never_empty: bool,
}

impl<'p> Lower<'_, 'p, '_> {
    /// `for local in list where … by … limit …`
    pub(super) fn for_list(&mut self, each: &'p ir::ForList, span: Span) -> Option<()> {
        let value = self.expr(&each.list)?;
        let value = match each.order.is_none() && self.stands_still(each) {
            true => value,
            false => self.stable_list(each, value),
        };
        let elements = match each.order {
            None => self.elements(each.list.ty, value),
            Some(_) => {
                let (data, len) = self.list_parts(value);
                let ty = self.element_type(each.list.ty);
                Elements { ty, layout: self.unit.layout(ty), data, len }
            }
        };
        if let Some(order) = &each.order {
            self.order_list(elements, order, span);
        }
        let round = self.round(each.filter.as_ref(), each.limit.as_ref(), (&each.body, span))?;
        let ends = self.up_to(elements.len);
        self.visit_all(round, ends, |lower, index| {
            let at = lower.element_at(elements, index);
            lower.name_element(each.local, elements.ty, at);
        });
        Some(())
    }

    /// Whether nothing can change the list of a loop while it runs.
    fn stands_still(&self, each: &ir::ForList) -> bool {
        let ExprKind::Place(place) = &each.list.kind else {
            return true;
        };
        let program = self.unit.program;
        let Some(holder) = Holder::of(&place.root) else {
            return true;
        };
        let filter_is_pure = each.filter.as_ref().is_none_or(scan::is_pure);
        let limit_is_pure = each.limit.as_ref().is_none_or(scan::is_pure);
        filter_is_pure && limit_is_pure && !scan::writes(program, &each.body, holder)
    }

    /// The list of a loop as one that nothing changes: growing where it is put in order.
    fn stable_list(&mut self, each: &ir::ForList, value: Value) -> Value {
        let (ty, span) = (each.list.ty, each.list.span);
        if each.order.is_none() {
            return self.copied((ty, span), value);
        }
        let from = self.elements(ty, value);
        let (list, to) = self.new_list(from.ty, from.len, span);
        self.copy_elements(to, from.data, span);
        list
    }

    fn order_list(&mut self, elements: Elements, order: &ir::ListOrder, span: Span) {
        let mut ty = elements.ty;
        let mut offset = 0;
        for &field in &order.path {
            let Type::Struct(id) = ty else {
                unreachable!("the path of `by` goes through structs");
            };
            offset += self.unit.layouts.strukt(id).offsets[field as usize];
            ty = self.unit.types.strukt(id).fields[field as usize].ty;
        }
        let (element_id, field_id) = (self.type_id(elements.ty), self.type_id(order.ty));
        let passed = [
            self.number(element_id.0),
            elements.data,
            elements.len,
            self.int(i64::from(offset)),
            self.number(field_id.0),
            self.number(u32::from(order.descending)),
        ];
        let _ = self.host(HostFunction::list_order, &passed, span);
    }

    /// Gives the element of this round its name: where it stands in memory it is not copied, since
    /// neither the list nor the local can change.
    fn name_element(&mut self, local: ir::LocalId, ty: Type, at: Value) {
        match self.unit.form(ty) {
            Form::Nothing => {}
            Form::Register(_) => {
                let value = self.load(ty, at, 0);
                self.set_local(local, value);
            }
            Form::Memory(_) => self.locals[local.index()] = Storage::Address(at),
        }
    }

    /// `for local in table where … by … limit …`
    pub(super) fn for_rows(&mut self, each: &'p ir::ForRows, span: Span) -> Option<()> {
        let round = self.round(each.filter.as_ref(), each.limit.as_ref(), (&each.body, span))?;
        let is_live = !each.snapshot || is_planted(Fault::LoopSeesItsOwnRows);
        if each.order.is_none() && each.lookup.is_none() && is_live {
            self.rows_by_slot(each, round);
            return Some(());
        }
        if is_live {
            return self.rows_by_index(each, round);
        }
        let list = self.listed_rows(each, &round)?;
        let (data, len) = self.list_parts(list);
        let next = round.next;
        let ends = self.up_to(len);
        self.visit_all(round, ends, |lower, index| {
            let at = lower.builder.ins().ishl_imm_u(index, 3);
            let entry = lower.builder.ins().iadd(data, at);
            let row = lower.load_word(entry, 0);
            if each.snapshot && lower.unit.removes_from(each.table) {
                lower.skip_if_gone(row, next);
            }
            lower.name_row(each, row);
        });
        Some(())
    }

    /// The rows that are there when the loop begins, in order, as a list of the host's.
    fn listed_rows(&mut self, each: &'p ir::ForRows, round: &Round<'p>) -> Option<Value> {
        let span = round.span;
        let table = self.number(each.table.0);
        if let Some((field, value)) = &each.lookup {
            let evaluated = self.expr(value)?;
            let passed = [table, self.number(*field), self.spill(value.ty, evaluated)];
            return Some(self.host_value(HostFunction::rows_equal, &passed, span));
        }
        let (field, descending) = match each.order {
            Some((field, descending)) => (field, u32::from(descending)),
            None => (u32::MAX, 0),
        };
        let most = match round.left.filter(|_| each.counts_all) {
            Some(left) => self.builder.use_var(left),
            None => self.int(i64::MAX),
        };
        let passed = [table, self.number(field), self.number(descending), most];
        Some(self.host_value(HostFunction::rows_list, &passed, span))
    }

    pub(super) fn name_row(&mut self, each: &ir::ForRows, row: Value) {
        self.row_is_alive(row);
        self.set_local(each.local, row);
    }

    fn skip_if_gone(&mut self, row: Value, next: cl::Block) {
        let alive = self.load_alive(row);
        let there = self.builder.create_block();
        self.brif(alive, there, next);
        self.start(there);
    }

    /// Evaluates the limit, once, and makes the blocks of a loop.
    pub(super) fn round(
        &mut self,
        filter: Option<&'p Expr>,
        limit: Option<&'p Expr>,
        (body, span): (&'p ir::Block, Span),
    ) -> Option<Round<'p>> {
        let left = match limit {
            None => None,
            Some(limit) => {
                let value = self.expr(limit)?;
                let left = self.builder.declare_var(clif::I64);
                self.builder.def_var(left, value);
                Some(left)
            }
        };
        let [next, exit] = [(); 2].map(|()| self.builder.create_block());
        Some(Round { filter, left, body, span, next, exit })
    }

    /// What is noted before a loop is noted in every round and after it. What a round notes is
    /// known neither to the next one nor behind the loop, which may have had no round at all. What
    /// it removes, in its condition or in its body, may be gone in both.
    pub(super) fn before_loop(&mut self, condition: Option<&Expr>, body: &ir::Block) -> Noted {
        let condition = condition.filter(|_| !is_planted(Fault::ConditionsRemoveNothing));
        let round = condition.map(Part::Expr).into_iter().chain([Part::Block(body)]);
        if scan::removes(self.unit.program, round) {
            self.noted.rows_may_be_gone();
        }
        self.noted.clone()
    }

    /// The indices of so many elements.
    fn up_to(&mut self, len: Value) -> Ends {
        let start = self.int(0);
        Ends { start, end: len, below: IntCC::SignedLessThan, never_empty: false }
    }

    /// Visits what has an index between two ends. The test stands at the end of a round, and once
    /// before the first: one branch a round.
    pub(super) fn visit_all(
        &mut self,
        round: Round<'p>,
        ends: Ends,
        name: impl FnOnce(&mut Self, Value),
    ) {
        let Ends { start, end, below, never_empty } = ends;
        let Round { next, exit, span, body, .. } = round;
        let before = self.before_loop(round.filter, body);
        let [some, first] = [(); 2].map(|()| self.builder.create_block());
        match never_empty {
            true => self.jump(some, &[]),
            false => {
                let is_below = self.builder.ins().icmp(below, start, end);
                self.brif(is_below, some, exit);
            }
        }
        self.start(some);
        let counter = self.builder.declare_var(clif::I64);
        self.builder.def_var(counter, start);
        let is_counted = below == IntCC::SignedLessThan && !self.are_few((start, end));
        let paid = (is_counted && self.can_prepay(&round)).then(|| {
            // There may be more than an `int` can tell, but not more than 64 bits can.
            let rounds = self.builder.ins().isub(end, start);
            self.prepay(rounds, body.fuel)
        });
        let mut stop = end;
        match &paid {
            Some(paid) => {
                stop = self.builder.ins().iadd(start, paid.rounds);
                let count = Count { counter, first: start, step: 1 };
                self.begin_prepaid(count, body.fuel, paid.left_in_first);
                self.brif(paid.rounds, first, paid.none);
            }
            None => self.jump(first, &[]),
        }
        self.builder.switch_to_block(first);
        let index = self.builder.use_var(counter);
        name(self, index);
        self.visit(round);
        self.end_prepaid();
        self.start(next);
        let index = self.builder.use_var(counter);
        // Below the end, so that one more is still an `int`.
        let following = self.builder.ins().iadd_imm_s(index, 1);
        self.builder.def_var(counter, following);
        let more = self.builder.ins().icmp(below, following, stop);
        match paid {
            Some(paid) => {
                let last = self.builder.create_block();
                self.brif(more, first, last);
                self.start(last);
                self.set_fuel(paid.left);
                let are_all = self.builder.ins().icmp(IntCC::Equal, stop, end);
                self.brif(are_all, exit, paid.none);
                self.start(paid.none);
                self.charge(body.fuel, Some(span));
                self.jump(exit, &[]);
            }
            None => self.brif(more, first, exit),
        }
        self.builder.seal_block(first);
        self.start(exit);
        self.noted = before;
    }

    /// One more element has passed.
    fn count_one(&mut self, left: Option<Variable>) {
        if let Some(left) = left {
            let value = self.builder.use_var(left);
            let fewer = self.builder.ins().iadd_imm_s(value, -1);
            self.builder.def_var(left, fewer);
        }
    }

    /// One round: fuel for the visit, then limit, filter and body. Ends with a jump to `next`.
    pub(super) fn visit(&mut self, round: Round<'p>) {
        if self.prepaid.is_none() {
            self.charge(round.body.fuel, Some(round.span));
        }
        if let Some(left) = round.left {
            let value = self.builder.use_var(left);
            let some = self.builder.create_block();
            let more = self.builder.ins().icmp_imm_s(IntCC::SignedGreaterThan, value, 0);
            self.brif(more, some, round.exit);
            self.start(some);
        }
        let mark = self.ranges.mark();
        if let Some(filter) = round.filter {
            if is_planted(Fault::LimitCountsTheRefused) {
                self.count_one(round.left);
            }
            let passes = self.builder.create_block();
            self.branch(filter, passes, round.next);
            self.start(passes);
            self.ranges.assume(self.func, filter, true);
        }
        self.count_one(round.left);
        self.loops.push(Loop { next: round.next, exit: round.exit });
        let _ = self.block(round.body, None);
        let _ = self.loops.pop();
        self.ranges.forget(mark);
        if round.body.ty != Type::Never {
            self.jump(round.next, &[]);
        }
    }
}
