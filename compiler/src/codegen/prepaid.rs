//! Rounds that are paid for in advance.
//!
//! Where a loop counts, and nothing in a round takes fuel but its beginning, the fuel that is left
//! follows from the counter: no round has to take it and look whether there is any. How many rounds can
//! be paid for is computed before the first. If that is not all of them the loop ends early, and the
//! round that would be next traps, at the step and with the fuel with which it would have.

use cranelift_codegen::ir::{self as cl, InstBuilder, InstructionData, Opcode, types as clif};
use cranelift_frontend::Variable;

use super::function::{Lower, Value};
use super::loops::Round;
use super::scan;
use crate::planted::{Fault, is_planted};

/// Fewer rounds than this, where it is known how many, are sooner paid for one by one.
const ROUNDS_MIN: i64 = 16;

/// What fuel is left in a round, after it was paid for: less than in the first by what the rounds cost
/// that have been counted since then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prepaid {
    /// What is left in the first round, with what was given back since.
    in_first: Variable,
    count: Count,
    cost: u32,
}

/// What counts the rounds of a loop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count {
    pub(super) counter: Variable,
    /// What it is in the first round.
    pub(super) first: Value,
    /// By how much it grows with each.
    pub(super) step: u32,
}

/// What can be paid for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paid {
    pub(super) rounds: Value,
    /// What is left in the first of these rounds, and behind the last of them.
    pub(super) left_in_first: Value,
    pub(super) left: Value,
    /// Where to go for a round that cannot be paid for: taking its fuel traps.
    pub(super) none: cl::Block,
}

impl Prepaid {
    /// What is left, as the program computes it where it is asked for.
    pub(super) fn left(self, lower: &mut Lower<'_, '_, '_>) -> Value {
        let Prepaid { in_first, count, cost } = self;
        let in_first = lower.builder.use_var(in_first);
        let counter = lower.builder.use_var(count.counter);
        let since = lower.builder.ins().isub(counter, count.first);
        let (step, cost) = (lower.int(count.step.into()), lower.int(cost.into()));
        let rounds = lower.builder.ins().udiv(since, step);
        let taken = lower.builder.ins().imul(rounds, cost);
        lower.builder.ins().isub(in_first, taken)
    }
}

impl Lower<'_, '_, '_> {
    /// Whether the rounds of a loop can be paid for in advance. One that may leave by its limit cannot:
    /// it would compute the fuel left in every round.
    pub(super) fn can_prepay(&self, round: &Round<'_>) -> bool {
        let is_planted = is_planted(Fault::RoundCostsNothing);
        let filter_is_free = round.filter.is_none_or(|filter| scan::is_free(self.unit, filter));
        !is_planted && !round.is_limited() && filter_is_free && {
            scan::is_free_block(self.unit, round.body)
        }
    }

    /// Whether it is known that there are few rounds from the first value to before the second.
    pub(super) fn are_few(&self, (start, end): (Value, Value)) -> bool {
        let [start, end] = [start, end].map(|value| self.known_number(value));
        start.zip(end).is_some_and(|(start, end)| end.saturating_sub(start) < ROUNDS_MIN)
    }

    fn known_number(&self, value: Value) -> Option<i64> {
        let dfg = &self.builder.func.dfg;
        match dfg.insts[dfg.value_def(dfg.resolve_aliases(value)).inst()?] {
            InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => Some(imm.bits()),
            _ => None,
        }
    }

    /// Computes how many of so many rounds, a number without a sign, can be paid for. Takes nothing yet.
    pub(super) fn prepay(&mut self, rounds: Value, cost: u32) -> Paid {
        let fuel = self.fuel();
        let (zero, of_one) = (self.int(0), self.int(cost.into()));
        // A call may have ended in debt.
        let credit = self.builder.ins().smax(fuel, zero);
        let mut affordable = self.builder.ins().udiv(credit, of_one);
        if is_planted(Fault::OneRoundIsNotPaid) {
            affordable = self.builder.ins().iadd_imm_s(affordable, 1);
        }
        let rounds = self.builder.ins().umin(rounds, affordable);
        let of_all = self.builder.ins().imul(rounds, of_one);
        let none = self.builder.create_block();
        self.builder.set_cold_block(none);
        let left_in_first = self.builder.ins().isub(fuel, of_one);
        Paid { rounds, left_in_first, left: self.builder.ins().isub(fuel, of_all), none }
    }

    /// Begins the rounds of a loop, each of which costs as much: `left` is what will be left of the fuel
    /// after the first. They are paid for until [`Lower::end_prepaid`].
    pub(super) fn begin_prepaid(&mut self, count: Count, cost: u32, left: Value) {
        let in_first = self.builder.declare_var(clif::I64);
        self.builder.def_var(in_first, left);
        self.prepaid = Some(Prepaid { in_first, count, cost });
    }

    /// Gives back a part of what a round was paid.
    pub(super) fn refund(&mut self, units: u32) {
        let Some(Prepaid { in_first, .. }) = self.prepaid else { return };
        let before = self.builder.use_var(in_first);
        let after = self.builder.ins().iadd_imm_s(before, i64::from(units));
        self.builder.def_var(in_first, after);
    }

    /// Before the loop is left out of a round: the fuel has to be where all that follows finds it.
    pub(super) fn settle_fuel(&mut self) {
        if self.prepaid.is_some() {
            let left = self.fuel();
            self.put_fuel(left);
        }
    }

    /// The code of the rounds is written: what follows takes fuel again.
    pub(super) fn end_prepaid(&mut self) {
        self.prepaid = None;
    }
}
