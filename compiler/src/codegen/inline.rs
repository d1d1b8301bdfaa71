//! Inlining: calls of small functions are replaced by what these do.
//!
//! A function is inlined where it calls nothing and is small, and into itself once. What it means
//! stays: its fuel, its look at the stack and the sites of its traps come with its body. Where the
//! native frame would become too large by it, `machine` compiles the function as it was.

use std::borrow::Cow;
use std::collections::HashMap;

use cranelift_codegen::inline::{Inline, InlineCommand};
use cranelift_codegen::ir as cl;
use cranelift_codegen::{CodegenResult, Context};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::Module;

use super::function::Lower;
use super::links::Links;
use super::{Refused, Unit, fault, scan};
use crate::ir;
use crate::settings::Optimisation;

/// Instructions, before optimisation, of a function that is inlined.
const INSTRUCTIONS_MAX: usize = 80;

/// Statements and expressions of a function that is looked at for inlining.
const NODES_MAX: usize = 40;

/// Calls that are inlined in one function.
const CALLS_MAX: usize = 8;

/// The bodies of functions that are inlined; none for those that are not.
pub(super) type Templates = HashMap<ir::FuncId, Option<Template>>;

/// A body that is inlined, and what its numbers mean.
pub(super) struct Template {
    body: cl::Function,
    links: Links,
}

impl Unit<'_> {
    /// Inlines calls in a function; gives what it was before, if there were any to inline.
    pub(super) fn inline_calls(
        &mut self,
        body: &mut cl::Function,
        links: &mut Links,
        id: ir::FuncId,
    ) -> Result<Option<cl::Function>, Refused> {
        let mut callees = Vec::new();
        for (reference, data) in &body.dfg.ext_funcs {
            let callee = self.flight_function(body, data);
            callees.extend(callee.map(|callee| (reference, callee)));
        }
        if callees.is_empty()
            || !self.errors.is_empty()
            || self.settings.optimisation == Optimisation::None
        {
            return Ok(None);
        }
        let plain = body.clone();
        for &(_, callee) in callees.iter().filter(|(_, callee)| *callee != id) {
            self.make_template(callee);
        }
        // With a door for the host it is another function than the one that it calls.
        let calls_itself = plain.signature == self.internal_signature(self.program.function(id));
        let mut bodies = HashMap::new();
        for (reference, callee) in callees {
            let known = self.templates.get(&callee).and_then(Option::as_ref);
            let inlined = match callee == id {
                true if calls_itself && is_small(&plain) => Some(plain.clone()),
                true => None,
                false => known.map(|template| links.adopt(&template.body, &template.links)),
            };
            let _ = inlined.map(|inlined| bodies.insert(reference, inlined));
        }
        if bodies.is_empty() {
            return Ok(None);
        }
        let inlined = inline(body, Inliner { bodies, left: CALLS_MAX });
        let span = self.program.function(id).span;
        if !inlined.map_err(|error| fault(span, error.to_string()))? {
            return Ok(None);
        }
        self.name_symbols(body);
        Ok(Some(plain))
    }

    /// Lowers a function for others to inline, if it is small and calls nothing.
    fn make_template(&mut self, id: ir::FuncId) {
        if self.templates.contains_key(&id) {
            return;
        }
        let func = self.program.function(id);
        let mut template = None;
        if scan::is_small_leaf(func, NODES_MAX) {
            let mut body = cl::Function::new();
            let mut frontend = FunctionBuilderContext::new();
            body.signature = self.internal_signature(func);
            let frontend_config = self.pages.isa().frontend_config();
            let builder = FunctionBuilder::new(&mut body, &mut frontend);
            let links = Lower::new(self, builder, id).run(frontend_config);
            template = is_small(&body).then_some(Template { body, links });
        }
        let _ = self.templates.insert(id, template);
    }
}

/// Whether a body is worth having at each call, and has nothing of its own on the stack.
fn is_small(body: &cl::Function) -> bool {
    body.dfg.num_insts() <= INSTRUCTIONS_MAX && body.sized_stack_slots.is_empty()
}

/// Whether anything was inlined.
fn inline(body: &mut cl::Function, inliner: Inliner) -> CodegenResult<bool> {
    let mut ctx = Context::new();
    std::mem::swap(&mut ctx.func, body);
    let inlined = ctx.inline(inliner);
    std::mem::swap(&mut ctx.func, body);
    inlined
}

struct Inliner {
    bodies: HashMap<cl::FuncRef, cl::Function>,
    left: usize,
}

impl Inline for Inliner {
    fn inline(
        &mut self,
        _: &cl::Function,
        _: cl::Inst,
        _: cl::Opcode,
        callee: cl::FuncRef,
        _: &[cl::Value],
    ) -> InlineCommand<'_> {
        let Some(body) = self.bodies.get(&callee).filter(|_| self.left > 0) else {
            return InlineCommand::KeepCall;
        };
        self.left -= 1;
        InlineCommand::Inline { callee: Cow::Borrowed(body), visit_callee: false }
    }
}
