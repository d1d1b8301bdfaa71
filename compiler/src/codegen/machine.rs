//! Cranelift's part: the settings of the machine, and one finished function of its IR in, machine
//! code in the module's memory out.

use std::fmt::Write;

use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{CodegenError, Context};
use cranelift_module::{FuncId, Module, ModuleReloc};

use super::{Listing, Refused, Scratch, Unit, audit, fault, scan};
use crate::diag::{Code as DiagnosticCode, Diagnostic};
use crate::ir;
use crate::limits::{BLOCKS_BACKTRACKING_MAX, LOOPS_BACKTRACKING_MAX};
use crate::settings::{Allocation, Optimisation};

impl Unit<'_> {
    /// Runs Cranelift on the function in `scratch`, unless the program is refused already. Time
    /// grows with the square of the blocks under the better register allocator, so large functions
    /// get the faster one or none at all.
    pub(super) fn compile(
        &mut self,
        scratch: &mut Scratch,
        (id, title): (FuncId, &str),
        func: &ir::Function,
    ) -> Result<(), Refused> {
        let plain = scratch.plain.take();
        if !self.errors.is_empty() {
            return Ok(());
        }
        let blocks = scratch.ctx.func.dfg.num_blocks();
        let blocks_max = self.settings.limits.blocks_max;
        if blocks > blocks_max {
            let text =
                format!("it has {blocks} basic blocks, and at most {blocks_max} can be compiled");
            return Err(too_large(func).with_label(text).into());
        }
        if self.listing == Some(Listing::Clif) {
            let _ = writeln!(self.listed, "; {title}\n{}", scratch.ctx.func.display());
        }
        let is_single_pass = self.settings.allocation == Allocation::SinglePass
            || blocks > BLOCKS_BACKTRACKING_MAX
            || scan::loop_depth(&func.body) > LOOPS_BACKTRACKING_MAX;
        if is_single_pass && self.single_pass.is_none() {
            let isa = isa(self.settings.optimisation, SINGLE_PASS);
            self.single_pass = Some(isa.map_err(|why| fault(func.span, why))?);
        }
        let isa = match &self.single_pass {
            Some(isa) if is_single_pass => &**isa,
            _ => self.pages.isa(),
        };
        scratch.ctx.set_disasm(self.listing == Some(Listing::Asm));
        let alignment = u64::from(isa.function_alignment().preferred);
        // Once, on what is built here: inside of `compile` it would run five times.
        let verified = scratch.ctx.verify(isa);
        verified.map_err(|errors| failed(func, &errors.to_string()))?;
        audit::check_divisions(&scratch.ctx.func).map_err(|why| failed(func, &why))?;
        let compiled = scratch.ctx.compile(isa, &mut ControlPlane::default());
        let _ = compiled.map_err(|error| match error.inner {
            CodegenError::CodeTooLarge | CodegenError::ImplLimitExceeded => too_large(func),
            other => failed(func, &other.to_string()),
        })?;
        audit::check(&scratch.ctx.func).map_err(|why| failed(func, &why))?;
        let cost = func.stack_cost as usize;
        if let Some(plain) = plain.filter(|_| frame_size(&scratch.ctx) > cost) {
            scratch.ctx.clear();
            scratch.ctx.func = plain;
            return self.compile(scratch, (id, title), func);
        }
        self.define(scratch, (id, title, alignment), func)
    }

    /// Takes over the machine code in `scratch`.
    fn define(
        &mut self,
        scratch: &Scratch,
        (id, title, alignment): (FuncId, &str, u64),
        func: &ir::Function,
    ) -> Result<(), Refused> {
        let compiled = scratch.ctx.compiled_code().expect("the function was compiled");
        if let Some(asm) = &compiled.vcode {
            let _ = writeln!(self.listed, "; {title}\n{asm}");
        }
        let code = compiled.code_buffer();
        let relocs: Vec<ModuleReloc> = compiled
            .buffer
            .relocs()
            .iter()
            .map(|reloc| ModuleReloc::from_mach_reloc(reloc, &scratch.ctx.func, id))
            .collect();
        self.hold_frame(func, frame_size(&scratch.ctx))?;
        self.take(func, code.len())?;
        let defined = self.pages.define_function_bytes(id, alignment, code, &relocs);
        defined.map_err(|error| failed(func, &error.to_string()))?;
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

/// Bytes of stack that the compiled function takes: the frame, the saved frame pointer and the
/// return address.
fn frame_size(ctx: &Context) -> usize {
    let compiled = ctx.compiled_code().expect("the function was compiled");
    let frame = compiled.buffer.frame_layout().map_or(0, |frame| frame.frame_to_fp_offset);
    frame as usize + 16
}

fn too_large(func: &ir::Function) -> Diagnostic {
    let text = format!("`{}` is too large to be compiled", func.name);
    Diagnostic::new(DiagnosticCode::E0604, func.span, text)
        .with_help("move parts of it into functions of their own")
}

fn failed(func: &ir::Function, why: &str) -> Diagnostic {
    fault(func.span, format!("`{}` could not be compiled: {why}", func.name))
}

/// What code for x86_64 uses besides the oldest processors' instructions: what every one has had
/// since 2009. Nothing newer, so that a program is the same code on every machine.
#[cfg(target_arch = "x86_64")]
const X86_64_FLAGS: &[&str] = &["has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt"];

/// Cranelift's names of its register allocators.
pub(super) const BACKTRACKING: &str = "backtracking";
const SINGLE_PASS: &str = "single_pass";

/// The machine that code is generated for.
pub(super) fn isa(
    optimisation: Optimisation,
    regalloc_algorithm: &str,
) -> Result<OwnedTargetIsa, String> {
    let mut flags = settings::builder();
    let opt_level = match optimisation {
        Optimisation::None => "none",
        Optimisation::Speed => "speed",
    };
    let settings = [
        ("opt_level", opt_level),
        ("regalloc_algorithm", regalloc_algorithm),
        // `compile` calls the verifier itself.
        ("enable_verifier", "false"),
        ("preserve_frame_pointers", "true"),
        ("unwind_info", "false"),
        ("is_pic", "false"),
        ("use_colocated_libcalls", "false"),
        ("enable_probestack", "true"),
        ("probestack_strategy", "inline"),
    ];
    for (name, value) in settings {
        flags.set(name, value).map_err(|error| error.to_string())?;
    }
    let mut builder = cranelift_native::builder_with_options(false).map_err(str::to_owned)?;
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("sse4.2") && is_x86_feature_detected!("popcnt") {
        for flag in X86_64_FLAGS {
            builder.enable(flag).map_err(|error| error.to_string())?;
        }
    }
    builder.finish(settings::Flags::new(flags)).map_err(|error| error.to_string())
}
