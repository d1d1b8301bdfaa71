//! Blocks that follow each other become one: where a block ends in a jump, and nothing else leads to
//! where it jumps. Loops, `if`s and inlined calls leave many of them, and every pass of Cranelift takes
//! time for each block.
//!
//! What a function does stays the same; which values there are, too, but that the parameters of a block
//! that is gone are names for what was passed. A jump that passes something else than is taken stays, for
//! the verifier to find. Only a block that stands later is joined, as lowering and inlining have them, so that
//! each instruction moves once.

use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{Block, Function, InstructionData, Value};

/// Joins blocks.
pub(super) fn straighten(func: &mut Function) {
    let mut ways_in = ways_in(func);
    let mut next = func.layout.entry_block();
    while let Some(block) = next {
        // Nothing takes this block in any more: what it has taken in would move again.
        ways_in[block] = u32::MAX;
        while let Some((target, passed)) = only_way(func, &ways_in, block) {
            join(func, block, target, &passed);
        }
        next = func.layout.next_block(block);
    }
}

/// How many branches lead to each block.
fn ways_in(func: &Function) -> SecondaryMap<Block, u32> {
    let mut ways_in = SecondaryMap::with_capacity(func.dfg.num_blocks());
    let ends = func.layout.blocks().filter_map(|block| func.layout.last_inst(block));
    for end in ends {
        let tables = &func.dfg.jump_tables;
        let exceptions = &func.dfg.exception_tables;
        for call in func.dfg.insts[end].branch_destination(tables, exceptions) {
            ways_in[call.block(&func.dfg.value_lists)] += 1;
        }
    }
    ways_in
}

/// Where a block jumps to, with what it passes, if that is the only way to there. Where one of both is
/// cold, what is cold would not stand apart any more.
fn only_way(
    func: &Function,
    ways_in: &SecondaryMap<Block, u32>,
    block: Block,
) -> Option<(Block, Vec<Value>)> {
    let InstructionData::Jump { destination, .. } = func.dfg.insts[func.layout.last_inst(block)?]
    else {
        return None;
    };
    let pool = &func.dfg.value_lists;
    let target = destination.block(pool);
    if ways_in[target] > 1 || func.layout.is_cold(target) != func.layout.is_cold(block) {
        return None;
    }
    let passed: Vec<Value> =
        destination.args(pool).map(|arg| arg.as_value()).collect::<Option<_>>()?;
    let type_of = |value: &Value| func.dfg.value_type(*value);
    let params = func.dfg.block_params(target).iter().map(type_of);
    params.eq(passed.iter().map(type_of)).then_some((target, passed))
}

fn join(func: &mut Function, block: Block, target: Block, passed: &[Value]) {
    let params = func.dfg.block_params(target).to_vec();
    let _ = func.dfg.detach_block_params(target);
    for (param, &value) in params.into_iter().zip(passed) {
        func.dfg.change_to_alias(param, value);
    }
    let jump = func.layout.last_inst(block).expect("the block ends in a jump");
    func.layout.remove_inst(jump);
    while let Some(inst) = func.layout.first_inst(target) {
        func.layout.remove_inst(inst);
        func.layout.append_inst(inst, block);
    }
    func.layout.remove_block(target);
}

#[cfg(test)]
mod tests {
    use super::super::machine::{BACKTRACKING, isa};
    use super::*;
    use crate::settings::Optimisation;
    use cranelift_codegen::cursor::{Cursor, FuncCursor};
    use cranelift_codegen::ir::{AbiParam, BlockArg, InstBuilder, types};
    use cranelift_codegen::verify_function;
    use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

    /// The number of blocks that a function of one `i64` has afterwards, and its text.
    fn straightened(write: impl FnOnce(&mut FunctionBuilder<'_>, Value)) -> (usize, String) {
        let isa = isa(Optimisation::Speed, BACKTRACKING).expect("this machine is known");
        let mut func = Function::new();
        func.signature.params.push(AbiParam::new(types::I64));
        func.signature.returns.push(AbiParam::new(types::I64));
        let mut frontend = FunctionBuilderContext::new();
        let mut builder = FunctionBuilder::new(&mut func, &mut frontend);
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        let param = builder.block_params(entry)[0];
        write(&mut builder, param);
        builder.seal_all_blocks();
        builder.finalize(isa.frontend_config());
        straighten(&mut func);
        verify_function(&func, &*isa).expect("the function is well formed");
        (func.layout.blocks().count(), func.display().to_string())
    }

    /// A block that takes one number.
    fn block(b: &mut FunctionBuilder<'_>) -> (Block, Value) {
        let block = b.create_block();
        (block, b.append_block_param(block, types::I64))
    }

    #[test]
    fn a_row_of_blocks_becomes_one() {
        let (blocks, text) = straightened(|b, x| {
            let ((first, of_first), (second, of_second)) = (block(b), block(b));
            let _ = b.ins().jump(first, &[x.into()]);
            b.switch_to_block(first);
            let twice = b.ins().iadd(of_first, of_first);
            let _ = b.ins().jump(second, &[twice.into()]);
            b.switch_to_block(second);
            let result = b.ins().imul(of_second, of_first);
            let _ = b.ins().return_(&[result]);
        });
        assert_eq!(blocks, 1);
        let body = "block0(v0: i64):
    v1 -> v0
    v3 = iadd v1, v1
    v2 -> v3
    v4 = imul v2, v1
    return v4
}
";
        assert!(text.ends_with(body), "{text}");
    }

    #[test]
    fn what_is_reached_twice_and_what_is_cold_stays() {
        let (blocks, _) = straightened(|b, x| {
            let (header, counter) = block(b);
            let [after, cold] = [(); 2].map(|()| b.create_block());
            b.set_cold_block(cold);
            let _ = b.ins().jump(header, &[x.into()]);
            b.switch_to_block(header);
            let next = b.ins().iadd_imm_s(counter, -1);
            let _ = b.ins().brif(next, header, &[next.into()], after, &[]);
            b.switch_to_block(after);
            let _ = b.ins().jump(cold, &[]);
            b.switch_to_block(cold);
            let _ = b.ins().return_(&[next]);
        });
        assert_eq!(
            blocks, 4,
            "the entry, the header of the loop, what is behind it, and what is cold"
        );
    }

    #[test]
    fn what_is_passed_wrongly_is_left_to_the_verifier() {
        for wrong in 0..3 {
            let mut func = Function::new();
            let [entry, target] = [(); 2].map(|()| func.dfg.make_block());
            let _ = func.dfg.append_block_param(target, types::I64);
            let number = func.dfg.append_block_param(entry, types::I64).into();
            let small = func.dfg.append_block_param(entry, types::I32).into();
            let passed: [&[BlockArg]; 3] = [&[], &[small], &[number, number]];
            let mut cursor = FuncCursor::new(&mut func);
            cursor.insert_block(entry);
            let _ = cursor.ins().jump(target, passed[wrong]);
            cursor.insert_block(target);
            let _ = cursor.ins().return_(&[]);
            straighten(&mut func);
            assert_eq!(func.layout.blocks().count(), 2, "{:?}", passed[wrong]);
        }
    }

    #[test]
    fn a_block_that_stands_before_stays() {
        let (blocks, _) = straightened(|b, x| {
            let [before, other, after] = [(); 3].map(|()| b.create_block());
            let _ = b.ins().brif(x, other, &[], after, &[]);
            b.switch_to_block(before);
            let _ = b.ins().return_(&[x]);
            b.switch_to_block(other);
            let _ = b.ins().return_(&[x]);
            b.switch_to_block(after);
            let _ = b.ins().jump(before, &[]);
        });
        assert_eq!(blocks, 4);
    }

    #[test]
    fn a_loop_without_a_way_in_stays() {
        let (blocks, _) = straightened(|b, x| {
            let around = b.create_block();
            let _ = b.ins().return_(&[x]);
            b.switch_to_block(around);
            let _ = b.ins().jump(around, &[]);
        });
        assert_eq!(blocks, 2);
    }
}
