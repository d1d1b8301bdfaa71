//! Is there an instruction that could fault?
//!
//! There is no signal handler, so that a hardware trap would end the process. Nothing in this
//! compiler emits one; this check keeps it so and turns a mistake into a refused program. It knows
//! three rules:
//! - of the instructions that can trap only divisions are allowed, and only where the
//!   divisor is a constant other than 0 and -1, or where the way to the division leads through a
//!   branch on that divisor;
//! - a load or store says that it does not trap;
//! - a call goes to a function of this version or, by address, to the host.
//!
//! Divisions are looked at before the function is optimised: an instruction that can trap stays
//! where it is, behind its guard, but the optimiser rewrites divisor and condition (`n - 3` is
//! compared as `n - 2 < 2`), so that nothing shows any more that they belong together. All other
//! rules are held by what comes out.

use std::cell::OnceCell;

use cranelift_codegen::flowgraph::{BlockPredecessor, ControlFlowGraph};
use cranelift_codegen::ir::{
    Block, Function, Inst, InstructionData, Opcode, Value, ValueDef, types,
};

/// How far a division may stand behind the branch that guards it, in blocks.
const GUARD_DISTANCE_MAX: usize = 4;

/// How deep the divisor may stand in the guard's condition.
const CONDITION_DEPTH_MAX: usize = 3;

/// Says which division could fault in a function that is about to be optimised.
pub(super) fn check_divisions(func: &Function) -> Result<(), String> {
    let cfg = OnceCell::new();
    let cfg = || cfg.get_or_init(|| ControlFlowGraph::with_function(func));
    for block in func.layout.blocks() {
        for inst in func.layout.block_insts(block) {
            if !is_division(func, inst) {
                continue;
            }
            let divisor = func.dfg.inst_args(inst)[1];
            if !divides_by_constant(func, divisor) && !is_guarded(func, cfg(), (block, divisor)) {
                return Err(format!("`{}` could fault", func.dfg.display_inst(inst)));
            }
        }
    }
    Ok(())
}

/// Says what else could fault in the function that was just compiled.
pub(super) fn check(func: &Function) -> Result<(), String> {
    for block in func.layout.blocks() {
        for inst in func.layout.block_insts(block) {
            if !is_division(func, inst) && !is_safe(func, inst) {
                return Err(format!("`{}` could fault", func.dfg.display_inst(inst)));
            }
        }
    }
    Ok(())
}

fn is_division(func: &Function, inst: Inst) -> bool {
    let opcode = func.dfg.insts[inst].opcode();
    matches!(opcode, Opcode::Sdiv | Opcode::Srem | Opcode::Udiv | Opcode::Urem)
}

fn is_safe(func: &Function, inst: Inst) -> bool {
    let opcode = func.dfg.insts[inst].opcode();
    if opcode.can_load() || opcode.can_store() {
        let flags = func.dfg.insts[inst].memflags_data(&func.dfg);
        return flags.is_none_or(|flags| flags.notrap());
    }
    !opcode.can_trap()
}

fn divides_by_constant(func: &Function, divisor: Value) -> bool {
    constant(func, divisor).is_some_and(|number| number != 0 && number != -1)
}

fn constant(func: &Function, value: Value) -> Option<i64> {
    let ValueDef::Result(inst, 0) = func.dfg.value_def(value) else {
        return None;
    };
    match func.dfg.insts[inst] {
        InstructionData::UnaryImm { opcode: Opcode::Iconst, imm }
            if func.dfg.value_type(value) == types::I64 =>
        {
            Some(imm.bits())
        }
        _ => None,
    }
}

/// Whether the only way to the block leads through a branch on the divisor.
fn is_guarded(func: &Function, cfg: &ControlFlowGraph, (block, divisor): (Block, Value)) -> bool {
    let mut here = block;
    for _ in 0..GUARD_DISTANCE_MAX {
        let mut predecessors = cfg.pred_iter(here);
        let (Some(BlockPredecessor { block, inst }), None) =
            (predecessors.next(), predecessors.next())
        else {
            return false;
        };
        if let InstructionData::Brif { arg, .. } = func.dfg.insts[inst]
            && depends_on(func, arg, divisor, CONDITION_DEPTH_MAX)
        {
            return true;
        }
        here = block;
    }
    false
}

fn depends_on(func: &Function, value: Value, wanted: Value, depth: usize) -> bool {
    if func.dfg.resolve_aliases(value) == func.dfg.resolve_aliases(wanted) {
        return true;
    }
    let ValueDef::Result(inst, _) = func.dfg.value_def(value) else {
        return false;
    };
    depth > 0
        && func.dfg.inst_args(inst).iter().any(|&arg| depends_on(func, arg, wanted, depth - 1))
}

#[cfg(test)]
mod tests {
    use super::super::machine::{BACKTRACKING, isa};
    use super::*;
    use crate::settings::Optimisation;
    use cranelift_codegen::Context;
    use cranelift_codegen::ir::{AbiParam, InstBuilder, MemFlagsData, TrapCode};
    use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

    /// Audits a function of one `i64` after optimisation.
    fn audit(write: impl FnOnce(&mut FunctionBuilder<'_>, Value) -> Value) -> Result<(), String> {
        let isa = isa(Optimisation::Speed, BACKTRACKING).expect("this machine is known");
        let mut ctx = Context::new();
        ctx.func.signature.params.push(AbiParam::new(types::I64));
        ctx.func.signature.returns.push(AbiParam::new(types::I64));
        let mut frontend = FunctionBuilderContext::new();
        let mut builder = FunctionBuilder::new(&mut ctx.func, &mut frontend);
        let block = builder.create_block();
        builder.append_block_params_for_function_params(block);
        builder.switch_to_block(block);
        let param = builder.block_params(block)[0];
        let result = write(&mut builder, param);
        let _ = builder.ins().return_(&[result]);
        builder.seal_all_blocks();
        builder.finalize(isa.frontend_config());
        check_divisions(&ctx.func)?;
        ctx.optimize(&*isa, &mut Default::default()).expect("the function is well formed");
        check(&ctx.func)
    }

    #[test]
    fn what_can_fault_is_refused() {
        assert!(audit(|b, x| b.ins().iadd(x, x)).is_ok());
        assert!(audit(|b, x| b.ins().sdiv(x, x)).is_err());
        let code = TrapCode::unwrap_user(1);
        assert!(audit(|b, x| b.ins().uadd_overflow_trap(x, x, code)).is_err());
        let trapping = MemFlagsData::new();
        assert!(audit(|b, x| b.ins().load(types::I64, trapping, x, 0)).is_err());
        let guarded = |b: &mut FunctionBuilder<'_>, x| {
            let [zero, divide] = [(); 2].map(|()| b.create_block());
            let _ = b.ins().brif(x, divide, &[], zero, &[]);
            b.switch_to_block(zero);
            let _ = b.ins().return_(&[x]);
            b.switch_to_block(divide);
            b.ins().srem(x, x)
        };
        assert!(audit(guarded).is_ok());
    }
}
