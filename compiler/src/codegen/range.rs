//! Intervals: which `int`s an expression can have, as far as its shape says it.
//!
//! Used for one thing: a check that can never fail is left out. What is not known is the whole
//! range of `int`, so being ignorant is always right.

use crate::builtins::Builtin;
use crate::ir::{self, BinaryOp, CompareOp, ExprKind, Root};
use crate::planted::{Fault, is_planted};
use crate::types::Type;

/// All the values from `low` to `high`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) low: i64,
    pub(super) high: i64,
}

impl Range {
    /// Every `int`.
    pub(super) const ALL: Range = Range { low: i64::MIN, high: i64::MAX };

    /// One value.
    pub(super) fn only(value: i64) -> Range {
        Range { low: value, high: value }
    }

    /// The value, where there is only one.
    pub(super) fn single(self) -> Option<i64> {
        (self.low == self.high).then_some(self.low)
    }

    /// Whether a value can be in it.
    pub(super) fn holds(self, value: i64) -> bool {
        self.low <= value && value <= self.high
    }

    /// What an operation can give, where it cannot trap.
    pub(super) fn of_binary(op: BinaryOp, left: Range, right: Range) -> Option<Range> {
        match op {
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul => {
                let (low, high) = Range::exact(op, left, right);
                Some(Range { low: i64::try_from(low).ok()?, high: i64::try_from(high).ok()? })
            }
            BinaryOp::Div => {
                let may_trap = right.holds(0) || (right.holds(-1) && left.holds(i64::MIN));
                // A quotient is never farther from zero than the dividend.
                let far = i128::from(left.low).abs().max(i128::from(left.high).abs());
                if may_trap {
                    None
                } else if left.low >= 0 && right.low > 0 {
                    Some(Range { low: 0, high: left.high / right.low })
                } else {
                    Some(Range::within(-far, far))
                }
            }
            BinaryOp::Rem => {
                let may_trap = right.holds(0) || (right.holds(-1) && left.holds(i64::MIN));
                if may_trap { None } else { Some(Range::of_remainder(left, right)) }
            }
        }
    }

    /// The remainder takes the sign of the left side and is nearer to zero than the right one.
    fn of_remainder(left: Range, right: Range) -> Range {
        let far = i128::from(right.low).abs().max(i128::from(right.high).abs()) - 1;
        let far = i64::try_from(far).unwrap_or(i64::MAX);
        Range {
            low: if left.low >= 0 { 0 } else { left.low.max(-far) },
            high: if left.high <= 0 { 0 } else { left.high.min(far) },
        }
    }

    /// What an operation gives where it does not trap.
    fn of_checked(op: BinaryOp, left: Range, right: Range) -> Range {
        match op {
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul => {
                let (low, high) = Range::exact(op, left, right);
                Range::within(low, high)
            }
            BinaryOp::Div | BinaryOp::Rem => {
                Range::of_binary(op, left, right).unwrap_or(Range::ALL)
            }
        }
    }

    /// The lowest and the highest sum, difference or product.
    fn exact(op: BinaryOp, left: Range, right: Range) -> (i128, i128) {
        let [low, high] = [left.low, left.high].map(i128::from);
        let [right_low, right_high] = [right.low, right.high].map(i128::from);
        let ends = match op {
            BinaryOp::Add => [low + right_low, high + right_high],
            BinaryOp::Sub => [low - right_high, high - right_low],
            _ => {
                let [a, b] = [low * right_low, low * right_high];
                let [c, d] = [high * right_low, high * right_high];
                [a.min(b).min(c).min(d), a.max(b).max(c).max(d)]
            }
        };
        ends.into()
    }

    /// The `int`s between these.
    fn within(low: i128, high: i128) -> Range {
        let clamp = |value: i128| value.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        Range { low: clamp(low), high: clamp(high) }
    }
}

/// The ranges of the locals of one function that are never assigned after their declaration.
///
/// What is learned holds in the code that the declaration or condition dominates: until
/// [`Ranges::forget`] goes back to a mark that was taken before.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    known: Vec<Option<Range>>,
    /// What was known before each change, to go back.
    log: Vec<(ir::LocalId, Option<Range>)>,
}

/// A point to go back to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(usize);

impl Ranges {
    /// A point to go back to.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.log.len())
    }

    /// Forgets what was learned after the mark.
    pub(super) fn forget(&mut self, mark: Mark) {
        while self.log.len() > mark.0
            && let Some((local, before)) = self.log.pop()
        {
            self.known[local.index()] = before;
        }
    }

    /// Learns what a local is given, if nothing can be assigned to it later.
    pub(super) fn learn(&mut self, func: &ir::Function, local: ir::LocalId, range: Range) {
        let declared = &func.locals[local.index()];
        if declared.mutable || declared.ty != Type::Int || range == Range::ALL {
            return;
        }
        self.known.resize(func.locals.len(), None);
        self.log.push((local, self.known[local.index()]));
        self.known[local.index()] = Some(range);
    }

    /// Learns what follows from a condition that holds, or does not.
    pub(super) fn assume(&mut self, func: &ir::Function, cond: &ir::Expr, holds: bool) {
        match &cond.kind {
            ExprKind::Not(inner) => self.assume(func, inner, !holds),
            ExprKind::And(left, right) if holds => {
                self.assume(func, left, true);
                self.assume(func, right, true);
            }
            ExprKind::Or(left, right) if !holds => {
                self.assume(func, left, false);
                self.assume(func, right, false);
            }
            ExprKind::Compare(op, left, right) if left.ty == Type::Int => {
                let op = if holds { *op } else { opposite(*op) };
                self.narrow(func, left, op, self.of(right));
                self.narrow(func, right, mirrored(op), self.of(left));
            }
            _ => {}
        }
    }

    /// Learns that `expr op other` holds for some value of `other`.
    fn narrow(&mut self, func: &ir::Function, expr: &ir::Expr, op: CompareOp, other: Range) {
        let ExprKind::Place(place) = &expr.kind else { return };
        let (Root::Local(local), []) = (&place.root, &place.path[..]) else { return };
        let mut range = self.of(expr);
        match op {
            CompareOp::Eq => {
                range.low = range.low.max(other.low);
                range.high = range.high.min(other.high);
            }
            CompareOp::Ne => {}
            CompareOp::Lt if is_planted(Fault::RangeIsTooNarrow) => {
                range.high = range.high.min(other.high.saturating_sub(2));
            }
            CompareOp::Lt => range.high = range.high.min(other.high.saturating_sub(1)),
            CompareOp::Le => range.high = range.high.min(other.high),
            CompareOp::Gt => range.low = range.low.max(other.low.saturating_add(1)),
            CompareOp::Ge => range.low = range.low.max(other.low),
        }
        // An empty range is that of code that is never reached: nothing is worth knowing there.
        if range.low <= range.high {
            self.learn(func, *local, range);
        }
    }

    /// The range of an expression of type `int`.
    pub(super) fn of(&self, expr: &ir::Expr) -> Range {
        match &expr.kind {
            ExprKind::Const(ir::Const::Int(value)) => Range::only(*value),
            ExprKind::Place(place) => self.of_place(place),
            ExprKind::Binary(op, left, right) => {
                Range::of_checked(*op, self.of(left), self.of(right))
            }
            ExprKind::Builtin(builtin, args) => self.of_builtin(*builtin, args),
            ExprKind::TableLen(_) => Range { low: 0, high: i64::from(u32::MAX) },
            _ => Range::ALL,
        }
    }

    /// The range of what stands at a place.
    pub(super) fn of_place(&self, place: &ir::Place) -> Range {
        let (Root::Local(local), []) = (&place.root, &place.path[..]) else {
            return Range::ALL;
        };
        self.known.get(local.index()).copied().flatten().unwrap_or(Range::ALL)
    }

    fn of_builtin(&self, builtin: Builtin, args: &[ir::Expr]) -> Range {
        match (builtin, args) {
            (Builtin::MinInt, [left, right]) => {
                let (left, right) = (self.of(left), self.of(right));
                Range { low: left.low.min(right.low), high: left.high.min(right.high) }
            }
            (Builtin::MaxInt, [left, right]) => {
                let (left, right) = (self.of(left), self.of(right));
                Range { low: left.low.max(right.low), high: left.high.max(right.high) }
            }
            (Builtin::ClampInt, [_, low, high]) => {
                Range { low: self.of(low).low, high: self.of(high).high }
            }
            (Builtin::AbsInt, _) => Range { low: 0, high: i64::MAX },
            (Builtin::IntOfBool, _) => Range { low: 0, high: 1 },
            (Builtin::Random, [bound]) => {
                Range { low: 0, high: self.of(bound).high.saturating_sub(1).max(0) }
            }
            (Builtin::TextLen | Builtin::ListLen, _) => Range { low: 0, high: i64::from(u32::MAX) },
            _ => Range::ALL,
        }
    }
}

/// The comparison that holds where this one does not.
fn opposite(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Eq => CompareOp::Ne,
        CompareOp::Ne => CompareOp::Eq,
        CompareOp::Lt => CompareOp::Ge,
        CompareOp::Le => CompareOp::Gt,
        CompareOp::Gt => CompareOp::Le,
        CompareOp::Ge => CompareOp::Lt,
    }
}

/// The same comparison with its sides exchanged.
fn mirrored(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Eq | CompareOp::Ne => op,
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(low: i64, high: i64) -> Range {
        Range { low, high }
    }

    #[test]
    fn operations_that_can_trap_have_no_range() {
        let all = Range::ALL;
        for op in [BinaryOp::Add, BinaryOp::Sub, BinaryOp::Mul, BinaryOp::Div, BinaryOp::Rem] {
            assert_eq!(Range::of_binary(op, all, all), None);
        }
        assert_eq!(Range::of_binary(BinaryOp::Add, range(1, i64::MAX), range(0, 1)), None);
        assert_eq!(Range::of_binary(BinaryOp::Div, all, range(-1, -1)), None);
        assert_eq!(Range::of_binary(BinaryOp::Rem, range(0, 9), range(0, 3)), None);
    }

    #[test]
    fn what_does_not_trap_is_an_int() {
        let not_negative = range(0, i64::MAX);
        assert_eq!(Range::of_checked(BinaryOp::Mul, not_negative, not_negative), not_negative);
        assert_eq!(Range::of_checked(BinaryOp::Add, range(5, i64::MAX), range(1, 1)).low, 6);
        let below = Range::of_checked(BinaryOp::Sub, range(i64::MIN, 0), range(1, 2));
        assert_eq!(below, range(i64::MIN, -1));
        assert_eq!(Range::of_checked(BinaryOp::Div, Range::ALL, Range::ALL), Range::ALL);
    }

    #[test]
    fn ranges_hold_every_result() {
        let (left, right) = (range(-7, 5), range(-3, 4));
        for op in [BinaryOp::Add, BinaryOp::Sub, BinaryOp::Mul] {
            let result = Range::of_binary(op, left, right).expect("small numbers do not overflow");
            for a in left.low..=left.high {
                for b in right.low..=right.high {
                    let value = match op {
                        BinaryOp::Add => a + b,
                        BinaryOp::Sub => a - b,
                        _ => a * b,
                    };
                    assert!(result.holds(value), "{a} {op:?} {b} = {value} is not in {result:?}");
                }
            }
        }
    }

    #[test]
    fn divisions_hold_every_result() {
        for right in [range(1, 4), range(-4, -2), range(2, 2)] {
            for left in [range(-9, 9), range(0, 9), range(-9, -1)] {
                for op in [BinaryOp::Div, BinaryOp::Rem] {
                    let result = Range::of_binary(op, left, right).expect("no zero, no overflow");
                    for a in left.low..=left.high {
                        for b in right.low..=right.high {
                            let value = if op == BinaryOp::Div { a / b } else { a % b };
                            assert!(result.holds(value), "{a} {op:?} {b} not in {result:?}");
                        }
                    }
                }
            }
        }
    }
}
