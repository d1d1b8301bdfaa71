//! Traps: how a function is left where it cannot go on.
//!
//! Each step that can trap leads, by a cold block of its own, to the one block of its function that
//! writes down the site and the fuel left. What a callee has written down already only leaves.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self as cl, InstBuilder, types as clif};
use cranelift_codegen::isa::TargetFrontendConfig;

use super::function::{Leaves, Lower, Value};
use super::links::Links;
use crate::abi::CallContext;
use crate::jit::Site;
use crate::planted::{Fault, is_planted};
use crate::source::Span;
use crate::trap::TrapKind;

/// Returned in place of the fuel by a call that trapped. No call can go into debt as far as this.
pub(super) const TRAPPED: i64 = i64::MIN;

/// Where traps go.
#[derive(Clone, Copy)]
pub(super) struct Exits {
    /// Writes down the number of the site and the fuel, its parameters.
    trap: cl::Block,
    /// Leaves: everything is written down.
    leave: cl::Block,
}

impl Lower<'_, '_, '_> {
    /// Traps where the condition holds, else goes on.
    pub(super) fn trap_if(&mut self, condition: Value, kind: TrapKind, span: Span) {
        self.trap_if_with(condition, kind, span, &[]);
    }

    /// Traps where the condition holds and leaves up to two numbers for the message.
    pub(super) fn trap_if_with(
        &mut self,
        condition: Value,
        kind: TrapKind,
        span: Span,
        values: &[Value],
    ) {
        let [cold, next] = [(); 2].map(|()| self.builder.create_block());
        self.builder.set_cold_block(cold);
        self.is_as_cold(next);
        self.brif(condition, cold, next);
        self.start(cold);
        for (index, &value) in values.iter().enumerate() {
            self.store_ctx(value, offset_of!(CallContext, trap_values) + 8 * index);
        }
        self.trap(kind, span);
        self.start(next);
    }

    /// Ends the block with a trap.
    pub(super) fn trap(&mut self, kind: TrapKind, span: Span) {
        let elsewhere = is_planted(Fault::TrapIsReportedElsewhere);
        let span = if elsewhere { self.func.span } else { span };
        let site = self.links.site(Site { kind, span, function: self.id });
        self.keep_row_notes();
        let (site, fuel) = (self.number(site), self.fuel());
        let trap = self.exits().trap;
        self.jump(trap, &[site, fuel]);
    }

    /// Takes over the fuel that a callee gave back; leaves the function where it trapped and said
    /// why. A callee that ended in debt has not trapped: the next check will.
    pub(super) fn propagate(&mut self, left: Value) {
        let [debt, next] = [(); 2].map(|()| self.builder.create_block());
        self.builder.set_cold_block(debt);
        let is_debt = self.builder.ins().icmp_imm_s(IntCC::SignedLessThan, left, 0);
        self.brif(is_debt, debt, next);
        self.start(debt);
        let has_trapped = self.builder.ins().icmp_imm_s(IntCC::Equal, left, TRAPPED);
        let leave = self.exits().leave;
        self.brif(has_trapped, leave, next);
        self.start(next);
        self.set_fuel(left);
    }

    fn exits(&mut self) -> Exits {
        if let Some(exits) = self.exits {
            return exits;
        }
        let exits = self.new_exits();
        self.exits = Some(exits);
        exits
    }

    /// Blocks for traps to go to, not written yet.
    pub(super) fn new_exits(&mut self) -> Exits {
        let [trap, leave] = [(); 2].map(|()| self.builder.create_block());
        let _ = self.builder.append_block_param(trap, clif::I32);
        let _ = self.builder.append_block_param(trap, clif::I64);
        self.builder.set_cold_block(trap);
        self.builder.set_cold_block(leave);
        Exits { trap, leave }
    }

    /// Writes the block that writes traps down, once nothing more can lead there, and goes on in
    /// the one that leaves.
    pub(super) fn start_leaving(&mut self, exits: Exits) {
        self.start(exits.trap);
        let params = self.builder.block_params(exits.trap).to_vec();
        let first = self.first_site();
        let site = self.builder.ins().iadd(first, params[0]);
        self.store_ctx(site, offset_of!(CallContext, trap_site));
        self.store_ctx(params[1], offset_of!(CallContext, fuel));
        self.jump(exits.leave, &[]);
        self.start(exits.leave);
    }

    /// Writes the way out of a trap, if there is one, and ends the function.
    pub(super) fn finish(mut self, frontend_config: TargetFrontendConfig) -> Links {
        if let Some(exits) = self.exits {
            self.start_leaving(exits);
            let returns: Vec<cl::Type> =
                self.builder.func.signature.returns.iter().map(|param| param.value_type).collect();
            let values = &returns[..returns.len() - 1];
            let mut results: Vec<Value> = values.iter().map(|&ty| self.zero(ty)).collect();
            results.push(match self.leaves {
                Leaves::ToCaller => self.int(TRAPPED),
                Leaves::ToHost(_) => self.number(1),
            });
            let _ = self.builder.ins().return_(&results);
        }
        self.builder.seal_all_blocks();
        self.builder.finalize(frontend_config);
        self.links
    }
}
