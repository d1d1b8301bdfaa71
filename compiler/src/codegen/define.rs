//! Taking functions over: those that are lowered become `jobs`, and get their place in the version's
//! memory in the order in which they were lowered, whoever compiled them.

use cranelift_codegen::FinalizedRelocTarget;
use cranelift_codegen::ir::{self as cl, ExternalName};
use cranelift_module::{FuncId, Module, ModuleReloc, ModuleRelocTarget};

use super::links::Links;
use super::machine::{MachineCode, failed};
use super::{Refused, Unit};
use crate::diag::{Code as DiagnosticCode, Diagnostic};
use crate::ir;

/// Instructions of functions that were lowered and have no place yet. They are what bounds the memory
/// that a compilation takes, and keep many threads busy for some milliseconds.
const WAITING_MAX: usize = 50_000;

/// A function in Cranelift's IR.
pub(super) struct Lowered<'p> {
    pub(super) id: FuncId,
    /// What listings call it.
    pub(super) title: String,
    pub(super) func: &'p ir::Function,
    pub(super) body: cl::Function,
    /// As it was before calls were inlined, if any was.
    pub(super) plain: Option<cl::Function>,
    pub(super) links: Links,
}

impl<'p> Unit<'p> {
    /// Has a function compiled, unless the program is refused already.
    pub(super) fn enqueue(&mut self, lowered: Lowered<'p>) -> Result<(), Refused> {
        if !self.errors.is_empty() {
            return Ok(());
        }
        self.reach_callees(&lowered.body, lowered.plain.is_some());
        self.waiting_size += lowered.body.dfg.num_insts();
        self.jobs.add(Box::new(lowered));
        if self.waiting_size < WAITING_MAX { Ok(()) } else { self.define_waiting() }
    }

    /// Has compiled what waits, and gives it its place.
    pub(super) fn define_waiting(&mut self) -> Result<(), Refused> {
        self.waiting_size = 0;
        for (lowered, made) in self.jobs.finish() {
            let (code, listed) = made?;
            // It may be the body without what was inlined; else all is reached already.
            if lowered.plain.is_none() {
                self.reach_callees(&lowered.body, false);
            }
            self.listed.push_str(&listed);
            self.define(*lowered, &code)?;
        }
        Ok(())
    }

    /// Gives a function its place.
    fn define(&mut self, lowered: Lowered<'_>, code: &MachineCode) -> Result<(), Refused> {
        let Lowered { id, func, mut body, links, .. } = lowered;
        self.hold_frame(func, code.frame)?;
        self.take(func, code.bytes.len())?;
        let relocs = code.relocs.iter().map(|(offset, kind, target, addend)| ModuleReloc {
            offset: *offset,
            kind: *kind,
            name: named(&body, id, target),
            addend: *addend,
        });
        let mut bytes = code.bytes.to_vec();
        let relocs = self.link(links, &mut bytes, relocs);
        let defined = self.pages.define_function_bytes(id, code.alignment, &bytes, &relocs);
        defined.map_err(|error| failed(func, &error.to_string()))?;
        body.clear();
        self.spare.push(body);
        Ok(())
    }

    /// Counts the bytes of a function, refused where they are more than a version may take.
    fn take(&mut self, func: &ir::Function, len: usize) -> Result<(), Refused> {
        self.size += len;
        let size_max = self.settings.limits.code_size_max;
        if self.size <= size_max && !self.constants.is_full() {
            return Ok(());
        }
        let text = format!("the program takes more than {size_max} bytes of machine code");
        let refusal = Diagnostic::new(DiagnosticCode::E0605, func.span, text)
            .with_label("it is full here")
            .with_help("remove functions, or move what they hold into tables");
        Err(refusal.into())
    }

    /// Keeps the promise of `Code::stack_size`. A call's logical stack stays below `stack_max`, so
    /// that frames which are no larger than their logical cost take no more together. A function
    /// with a larger frame that cannot reach itself is active once at most: it is counted once.
    /// What is left are recursive functions, whose frames make every logical byte larger.
    fn hold_frame(&mut self, func: &ir::Function, frame: usize) -> Result<(), Refused> {
        let cost = func.stack_cost.max(1) as usize;
        if frame > cost && !func.recursive {
            self.large_frames += frame;
        } else {
            let stack_max = self.settings.limits.stack_max as usize;
            let deepest = frame.saturating_mul(stack_max).div_ceil(cost);
            self.deepest = self.deepest.max(deepest);
        }
        if self.stack_size() > self.settings.limits.native_stack_max {
            let text = format!("the machine code of `{}` needs too much stack", func.name);
            let refusal = Diagnostic::new(DiagnosticCode::E0619, func.span, text)
                .with_label(format!("it needs {frame} bytes for each call"))
                .with_help("move parts of it into functions of their own");
            return Err(refusal.into());
        }
        Ok(())
    }

    /// Bytes of native stack that a call takes at most.
    pub(super) fn stack_size(&self) -> usize {
        self.deepest.saturating_add(self.large_frames)
    }
}

/// What a reference in the code of a function means.
fn named(func: &cl::Function, id: FuncId, target: &FinalizedRelocTarget) -> ModuleRelocTarget {
    match target {
        FinalizedRelocTarget::ExternalName(ExternalName::User(name)) => {
            let name = &func.params.user_named_funcs()[*name];
            ModuleRelocTarget::user(name.namespace, name.index)
        }
        FinalizedRelocTarget::ExternalName(ExternalName::LibCall(call)) => {
            ModuleRelocTarget::LibCall(*call)
        }
        FinalizedRelocTarget::ExternalName(ExternalName::KnownSymbol(symbol)) => {
            ModuleRelocTarget::KnownSymbol(*symbol)
        }
        FinalizedRelocTarget::ExternalName(ExternalName::TestCase(_)) => {
            unreachable!("only Cranelift's own tests have such names")
        }
        FinalizedRelocTarget::Func(offset) => ModuleRelocTarget::FunctionOffset(id, *offset),
    }
}
