//! Inlining: calls of small functions are replaced by what these do.
//!
//! A function is inlined where it calls nothing and is small, and into itself once. What it means
//! stays: its fuel, its look at the stack and the sites of its traps come with its body. Where the
//! native frame would become too large by it, `machine` compiles the function as it was.

use std::borrow::Cow;
use std::collections::HashMap;

use cranelift_codegen::Context;
use cranelift_codegen::inline::{Inline, InlineCommand};
use cranelift_codegen::ir::{self as cl, ExternalName};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::{FuncId, Module};

use super::function::Lower;
use super::{Refused, Scratch, Unit, fault, scan};
use crate::ir;
use crate::planted::{Fault, is_planted};
use crate::settings::Optimisation;

/// Instructions, before optimisation, of a function that is inlined.
const INSTRUCTIONS_MAX: usize = 80;

/// Statements and expressions of a function that is looked at for inlining.
const NODES_MAX: usize = 40;

/// Calls that are inlined in one function.
const CALLS_MAX: usize = 8;

/// The bodies of functions that are inlined; none for those that are not.
pub(super) type Templates = HashMap<ir::FuncId, Option<cl::Function>>;

impl Unit<'_> {
    /// Inlines calls in the function in `scratch` and keeps there what it was before.
    pub(super) fn inline_calls(
        &mut self,
        scratch: &mut Scratch,
        id: ir::FuncId,
    ) -> Result<(), Refused> {
        scratch.plain = None;
        let mut callees = Vec::new();
        for (reference, data) in &scratch.ctx.func.dfg.ext_funcs {
            if let ExternalName::User(name) = data.name {
                let name = &scratch.ctx.func.params.user_named_funcs()[name];
                let callee = self.lowered.get(&FuncId::from_u32(name.index)).copied();
                callees.extend(callee.map(|callee| (reference, callee)));
            }
        }
        if callees.is_empty()
            || !self.errors.is_empty()
            || self.settings.optimisation == Optimisation::None
        {
            return Ok(());
        }
        let plain = scratch.ctx.func.clone();
        for &(_, callee) in callees.iter().filter(|(_, callee)| *callee != id) {
            self.make_template(callee);
        }
        // With a door for the host it is another function than the one that it calls.
        let calls_itself = plain.signature == self.internal_signature(self.program.function(id));
        let mut bodies = HashMap::new();
        for (reference, callee) in callees {
            let template = match callee == id {
                true => Some(&plain).filter(|plain| calls_itself && is_small(plain)),
                false => self.templates.get(&callee).and_then(Option::as_ref),
            };
            let _ = template.map(|template| bodies.insert(reference, template));
        }
        if bodies.is_empty() {
            return Ok(());
        }
        let inlined = scratch.ctx.inline(Inliner { bodies, left: CALLS_MAX });
        let span = self.program.function(id).span;
        if inlined.map_err(|error| fault(span, error.to_string()))? {
            if !is_planted(Fault::InlinedConstantsAreWrong) {
                self.name_constants(&mut scratch.ctx.func);
            }
            scratch.plain = Some(plain);
        }
        Ok(())
    }

    /// Gives every symbol the name that the block of constants has in this function: Cranelift's
    /// inliner takes symbols over with the callee's reference to the name. There is no other data.
    fn name_constants(&mut self, func: &mut cl::Function) {
        if func.global_values.is_empty() {
            return;
        }
        let block = self.pages.declare_data_in_func(self.constants_id, func);
        let cl::GlobalValueData::Symbol { name: own, .. } = func.global_values[block].clone()
        else {
            return;
        };
        for data in func.global_values.values_mut() {
            if let cl::GlobalValueData::Symbol { name, .. } = data {
                *name = own.clone();
            }
        }
    }

    /// Lowers a function for others to inline, if it is small and calls nothing.
    fn make_template(&mut self, id: ir::FuncId) {
        if self.templates.contains_key(&id) {
            return;
        }
        let func = self.program.function(id);
        let mut template = None;
        if scan::is_small_leaf(func, NODES_MAX) {
            let mut ctx = Context::new();
            let mut frontend = FunctionBuilderContext::new();
            ctx.func.signature = self.internal_signature(func);
            let frontend_config = self.pages.isa().frontend_config();
            let builder = FunctionBuilder::new(&mut ctx.func, &mut frontend);
            Lower::new(self, builder, id).run(frontend_config);
            template = Some(ctx.func).filter(is_small);
        }
        let _ = self.templates.insert(id, template);
    }
}

/// Whether a body is worth having at each call, and has nothing of its own on the stack.
fn is_small(body: &cl::Function) -> bool {
    body.dfg.num_insts() <= INSTRUCTIONS_MAX && body.sized_stack_slots.is_empty()
}

struct Inliner<'t> {
    bodies: HashMap<cl::FuncRef, &'t cl::Function>,
    left: usize,
}

impl Inline for Inliner<'_> {
    fn inline(
        &mut self,
        _: &cl::Function,
        _: cl::Inst,
        _: cl::Opcode,
        callee: cl::FuncRef,
        _: &[cl::Value],
    ) -> InlineCommand<'_> {
        let Some(&body) = self.bodies.get(&callee).filter(|_| self.left > 0) else {
            return InlineCommand::KeepCall;
        };
        self.left -= 1;
        InlineCommand::Inline { callee: Cow::Borrowed(body), visit_callee: false }
    }
}
