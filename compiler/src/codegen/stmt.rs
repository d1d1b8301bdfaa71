//! Statements: blocks, loops, and the ways out of them.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;

use super::function::{Loop, Lower, Value};
use super::loops::Ends;
use super::range::Range;
use super::value::Form;
use crate::abi::{CallContext, HostFunction};
use crate::ir::{self, Expr, ExprKind, Root, Stmt, StmtKind};
use crate::planted::{Fault, is_planted};
use crate::source::Span;
use crate::trap::TrapKind;
use crate::types::Type;

/// How a loop is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    Break,
    Continue,
}

impl<'p> Lower<'_, 'p, '_> {
    /// Runs statements and evaluates the value of the block, at the target where it stands in
    /// memory and a target is given. The block's fuel is charged by who enters it.
    pub(super) fn block(&mut self, block: &'p ir::Block, target: Option<Value>) -> Option<Value> {
        let mark = self.ranges.mark();
        let value = self.block_in_scope(block, target);
        self.ranges.forget(mark);
        value
    }

    fn block_in_scope(&mut self, block: &'p ir::Block, target: Option<Value>) -> Option<Value> {
        let mut stmts = block.stmts.as_slice();
        while let [stmt, rest @ ..] = stmts {
            stmts = rest;
            if let [second, rest @ ..] = rest
                && let Some(pair) = self.pair([stmt, second])
                && self.assign_pair(pair)
            {
                stmts = rest;
                continue;
            }
            self.stmt(stmt);
            if never_ends(stmt) {
                return None;
            }
        }
        let value = block.value.as_deref()?;
        match (self.unit.form(value.ty), target) {
            (Form::Memory(_), Some(target)) => {
                self.expr_into(value, target)?;
                Some(target)
            }
            _ if std::ptr::eq(block, &raw const self.func.body) => self.result(value),
            _ => self.owned(value),
        }
    }

    fn stmt(&mut self, stmt: &'p Stmt) {
        match &stmt.kind {
            StmtKind::Let { local, value } => {
                let _ = self.let_local(*local, value);
            }
            StmtKind::Assign { place, value } => {
                let _ = self.assign(place, value);
            }
            StmtKind::OpAssign { op, place, value } => {
                let _ = self.op_assign(*op, place, value, stmt.span);
            }
            StmtKind::Expr(expr) => {
                let _ = self.expr(expr);
            }
            StmtKind::While { cond, body } => self.while_loop(cond, body, stmt.span),
            StmtKind::ForRange { local, start, end, body } => {
                let _ = self.for_range(*local, (start, end), body, stmt.span);
            }
            StmtKind::Assert { cond, message } => self.assert(cond, message, stmt.span),
            StmtKind::AssertFails { call } => self.assert_fails(call, stmt.span),
            StmtKind::Log { message } => {
                if let Some(text) = self.expr(message) {
                    let _ = self.host(HostFunction::log, &[text], stmt.span);
                }
            }
            StmtKind::Advance { duration_ms } => {
                if let Some(duration) = self.expr(duration_ms) {
                    let _ = self.host(HostFunction::advance, &[duration], stmt.span);
                }
            }
            StmtKind::Emit { event, fields } => {
                let _ = self.emit(*event, fields, stmt.span);
            }
            StmtKind::ForList(each) => {
                let _ = self.for_list(each, stmt.span);
            }
            StmtKind::ForRows(each) => {
                let _ = self.for_rows(each, stmt.span);
            }
            StmtKind::Remove { row } => {
                let _ = self.remove(row, stmt.span);
            }
        }
    }

    fn let_local(&mut self, local: ir::LocalId, value: &'p Expr) -> Option<()> {
        match self.unit.form(self.func.locals[local.index()].ty) {
            Form::Nothing => {
                let _ = self.expr(value);
            }
            Form::Register(_) => {
                if value.ty == Type::Int {
                    let range = self.ranges.of(value);
                    self.ranges.learn(self.func, local, range);
                }
                let value = self.owned(value)?;
                self.set_local(local, value);
            }
            Form::Memory(_) => {
                // The local is not in scope in its own value: the memory is fresh.
                let address = self.local(local);
                self.expr_into(value, address)?;
            }
        }
        Some(())
    }

    fn emit(&mut self, event: ir::EventId, fields: &'p [(u32, Expr)], span: Span) -> Option<()> {
        let id = self.unit.program.events[event.index()].fields;
        let layout = self.unit.layout(Type::Struct(id));
        let image = self.temporary(layout, span);
        for (index, field) in fields {
            let offset = self.unit.layouts.strukt(id).offsets[*index as usize];
            self.store_expr(field, image, offset)?;
        }
        let number = self.number(event.0);
        let _ = self.host(HostFunction::emit, &[number, image], span);
        Some(())
    }

    // Loops that count or wait for a condition.

    fn while_loop(&mut self, cond: &'p Expr, body: &'p ir::Block, span: Span) {
        let [head, round, exit] = [(); 3].map(|()| self.builder.create_block());
        let before = self.before_loop(Some(cond), body);
        self.jump(head, &[]);
        self.builder.switch_to_block(head);
        self.branch(cond, round, exit);
        self.start(round);
        self.charge(body.fuel, Some(span));
        self.loops.push(Loop { next: head, exit });
        let _ = self.block(body, None);
        let _ = self.loops.pop();
        if body.ty != Type::Never {
            self.jump(head, &[]);
        }
        self.builder.seal_block(head);
        self.start(exit);
        self.noted = before;
    }

    /// `for local in start..end`
    fn for_range(
        &mut self,
        local: ir::LocalId,
        ends: (&'p Expr, &'p Expr),
        body: &'p ir::Block,
        span: Span,
    ) -> Option<()> {
        let start = self.expr(ends.0)?;
        let end = self.expr(ends.1)?;
        let (starts, stops) = (self.ranges.of(ends.0), self.ranges.of(ends.1));
        let counts = Range { low: starts.low, high: stops.high.saturating_sub(1) };
        self.ranges.learn(self.func, local, counts);
        let below = match is_planted(Fault::RangeIncludesItsEnd) {
            true => IntCC::SignedLessThanOrEqual,
            false => IntCC::SignedLessThan,
        };
        let never_empty = starts.high < stops.low;
        let round = self.round(None, None, (body, span))?;
        // The counter is not the local, which a program might be allowed to change one day.
        self.visit_all(round, Ends { start, end, below, never_empty }, |lower, index| {
            lower.set_local(local, index);
        });
        Some(())
    }

    /// `break` and `continue`
    pub(super) fn leave_loop(&mut self, leave: Leave) -> Option<Value> {
        let innermost = self.loops.last().expect("the checker refuses these outside of a loop");
        let target = match leave {
            Leave::Break => innermost.exit,
            Leave::Continue => innermost.next,
        };
        if matches!(leave, Leave::Break) {
            self.leave_row_notes(self.func.span);
        }
        // In the condition of a loop both are of the loop around it.
        self.settle_fuel();
        self.jump(target, &[]);
        self.dead_end();
        None
    }

    /// `return`
    pub(super) fn lower_return(&mut self, value: Option<&'p Expr>) -> Option<Value> {
        let result = match (value, self.out) {
            (None, _) => None,
            (Some(value), _) if self.unit.form(value.ty) == Form::Nothing => {
                let _ = self.expr(value);
                None
            }
            (Some(value), Some(out)) => {
                self.expr_into(value, out)?;
                Some(out)
            }
            (Some(value), None) => Some(self.result(value)?),
        };
        self.return_value(result);
        self.dead_end();
        None
    }

    /// A result in a register. A local of the function goes with it, so that its list is moved; a
    /// parameter's is the caller's.
    pub(super) fn result(&mut self, value: &'p Expr) -> Option<Value> {
        if let ExprKind::Place(place) = &value.kind
            && let (Root::Local(local), []) = (&place.root, &place.path[..])
            && local.index() >= self.func.param_count
        {
            return self.expr(value);
        }
        self.owned(value)
    }

    // Assertions and `fail`.

    fn assert(&mut self, cond: &'p Expr, message: &'p Expr, span: Span) {
        let holds = self.builder.create_block();
        let fails = self.builder.create_block();
        self.builder.set_cold_block(fails);
        self.branch(cond, holds, fails);
        let noted = self.noted.clone();
        let mark = self.ranges.mark();
        self.start(fails);
        if let Some(text) = self.expr(message) {
            self.store_ctx(text, offset_of!(CallContext, trap_text));
        }
        self.trap(TrapKind::Assertion, span);
        self.ranges.forget(mark);
        self.noted = noted;
        self.start(holds);
    }

    /// `fail`
    pub(super) fn fail(&mut self, status: u16, message: &'p Expr, span: Span) -> Option<Value> {
        let text = self.expr(message)?;
        self.store_ctx(text, offset_of!(CallContext, trap_text));
        let status = self.number(u32::from(status));
        self.store_ctx(status, offset_of!(CallContext, trap_status));
        self.trap(TrapKind::Fail, span);
        self.dead_end();
        None
    }

    /// Inside of the call's evaluation every trap goes to a block of this function. The epoch is
    /// another one until the inner transaction has ended, so that nothing counts as noted.
    fn assert_fails(&mut self, call: &'p Expr, span: Span) {
        let before = std::mem::take(&mut self.noted);
        let _ = self.host(HostFunction::savepoint, &[], span);
        let caught = self.new_exits();
        let outer = self.exits.replace(caught);
        let mark = self.ranges.mark();
        let _ = self.expr(call);
        self.ranges.forget(mark);
        self.exits = outer;
        let _ = self.host(HostFunction::rollback_to_savepoint, &[], span);
        let text = self.text_constant(&"the call succeeded".into());
        self.store_ctx(text, offset_of!(CallContext, trap_text));
        self.trap(TrapKind::Assertion, span);
        self.start_leaving(caught);
        self.load_fuel();
        let _ = self.host(HostFunction::rollback_to_savepoint, &[], span);
        self.noted = before;
    }
}

/// Whether nothing after the statement is reached.
fn never_ends(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::Expr(value) | StmtKind::Let { value, .. } | StmtKind::Assign { value, .. } => {
            value.ty == Type::Never
        }
        _ => false,
    }
}
