//! Cranelift's part: the settings of the machine, and one finished function of its IR in, machine
//! code out. What comes out follows from the function and the settings alone: it may be made on any
//! thread, and taken from the cache.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use cranelift_codegen::binemit::{CodeOffset, Reloc};
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::{OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{CodegenError, Context, FinalizedRelocTarget};

use super::define::Lowered;
use super::{Listing, Refused, Target, audit, fault, scan, straighten};
use crate::diag::{Code as DiagnosticCode, Diagnostic};
use crate::ir;
use crate::limits::{BLOCKS_BACKTRACKING_MAX, LOOPS_BACKTRACKING_MAX};
use crate::settings::{Allocation, Optimisation};

/// The machine code of one function, before it has a place. It names other things by references to
/// its function's list of names.
pub(crate) struct MachineCode {
    pub(super) bytes: Box<[u8]>,
    pub(super) relocs: Box<[(CodeOffset, Reloc, FinalizedRelocTarget, i64)]>,
    /// Bytes of stack that a call takes: the frame, the saved frame pointer and the return address.
    pub(super) frame: usize,
    pub(super) alignment: u64,
}

impl MachineCode {
    /// Bytes that it takes in memory.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len() + size_of_val(&*self.relocs)
    }

    /// Bytes that mean nothing.
    #[cfg(test)]
    pub(crate) fn of_len(len: usize) -> MachineCode {
        let (bytes, relocs) = (vec![0; len].into(), Box::default());
        MachineCode { bytes, relocs, frame: 0, alignment: 1 }
    }
}

/// What turns functions into machine code, on any thread.
pub(super) struct Backend<'r> {
    target: Target<'r>,
    backtracking: OwnedTargetIsa,
    /// For functions with many blocks.
    single_pass: OnceLock<Result<OwnedTargetIsa, String>>,
}

impl<'r> Backend<'r> {
    /// For the machine that this runs on.
    pub(super) fn new(target: Target<'r>) -> Result<Backend<'r>, String> {
        Ok(Backend {
            target,
            backtracking: isa(target.settings.optimisation, BACKTRACKING)?,
            single_pass: OnceLock::new(),
        })
    }

    /// The machine, with the better register allocator.
    pub(super) fn isa(&self) -> &OwnedTargetIsa {
        &self.backtracking
    }

    /// The machine code of a function. Where its frame is larger than its logical cost by what was
    /// inlined, that of the function as it was before.
    pub(super) fn compile(
        &self,
        ctx: &mut Context,
        lowered: &mut Lowered<'_>,
    ) -> Result<(Arc<MachineCode>, String), Refused> {
        self.target.resources.deadline.keep(lowered.func.span).map_err(Refused)?;
        let made = self.body(ctx, lowered)?;
        if made.0.frame > lowered.func.stack_cost as usize
            && let Some(plain) = lowered.plain.take()
        {
            lowered.body = plain;
            return self.body(ctx, lowered);
        }
        Ok(made)
    }

    /// Runs Cranelift on a function, unless its code is known. Time grows with the square of the
    /// blocks under the better register allocator, so large functions get the faster one or none
    /// at all.
    fn body(
        &self,
        ctx: &mut Context,
        lowered: &mut Lowered<'_>,
    ) -> Result<(Arc<MachineCode>, String), Refused> {
        let func = lowered.func;
        let blocks = lowered.body.dfg.num_blocks();
        let blocks_max = self.target.settings.limits.blocks_max;
        if blocks > blocks_max {
            let text =
                format!("it has {blocks} basic blocks, and at most {blocks_max} can be compiled");
            return Err(too_large(func).with_label(text).into());
        }
        let is_single_pass = self.target.settings.allocation == Allocation::SinglePass
            || blocks > BLOCKS_BACKTRACKING_MAX
            || scan::loop_depth(&func.body) > LOOPS_BACKTRACKING_MAX;
        let isa = match is_single_pass {
            true => self.single_pass().map_err(|why| fault(func.span, why))?,
            false => &self.backtracking,
        };
        if self.target.listing.is_some() {
            return self.list(ctx, lowered, &**isa);
        }
        let Some(cache) = self.target.resources.cache else {
            return Ok((Arc::new(run(ctx, lowered, &**isa)?), String::new()));
        };
        let optimisation = self.target.settings.optimisation;
        let key = cache.key((&lowered.body.stencil, is_single_pass, optimisation));
        let code = match cache.find(&key) {
            Some(known) => known,
            None => {
                let code = Arc::new(run(ctx, lowered, &**isa)?);
                cache.insert(key, code.clone());
                code
            }
        };
        Ok((code, String::new()))
    }

    fn single_pass(&self) -> Result<&OwnedTargetIsa, String> {
        let made = || isa(self.target.settings.optimisation, SINGLE_PASS);
        self.single_pass.get_or_init(made).as_ref().map_err(String::clone)
    }

    /// Compiles a function and writes down what is wanted.
    fn list(
        &self,
        ctx: &mut Context,
        lowered: &mut Lowered<'_>,
        isa: &dyn TargetIsa,
    ) -> Result<(Arc<MachineCode>, String), Refused> {
        let mut listed = String::new();
        let title = &lowered.title;
        if self.target.listing == Some(Listing::Clif) {
            let _ = writeln!(listed, "; {title}\n{}", lowered.body.display());
        }
        ctx.clear();
        ctx.set_disasm(self.target.listing == Some(Listing::Asm));
        std::mem::swap(&mut ctx.func, &mut lowered.body);
        let made = make(ctx, isa, lowered.func);
        if let Some(asm) = ctx.compiled_code().and_then(|compiled| compiled.vcode.as_ref()) {
            let _ = writeln!(listed, "; {title}\n{asm}");
        }
        std::mem::swap(&mut ctx.func, &mut lowered.body);
        Ok((Arc::new(made?), listed))
    }
}

/// Verifies, audits and compiles a copy of a function: to grow and to free what another thread has made
/// would have to wait for that thread's heap.
fn run(
    ctx: &mut Context,
    lowered: &Lowered<'_>,
    isa: &dyn TargetIsa,
) -> Result<MachineCode, Refused> {
    ctx.clear();
    ctx.func = lowered.body.clone();
    make(ctx, isa, lowered.func)
}

/// Verifies, audits and compiles the function in `ctx`.
fn make(
    ctx: &mut Context,
    isa: &dyn TargetIsa,
    func: &ir::Function,
) -> Result<MachineCode, Refused> {
    straighten::straighten(&mut ctx.func);
    // Once, before anything is optimised: inside of `compile` it would run five times.
    let verified = ctx.verify(isa);
    verified.map_err(|errors| failed(func, &errors.to_string()))?;
    audit::check_divisions(&ctx.func).map_err(|why| failed(func, &why))?;
    let compiled = ctx.compile(isa, &mut ControlPlane::default());
    let _ = compiled.map_err(|error| match error.inner {
        CodegenError::CodeTooLarge | CodegenError::ImplLimitExceeded => too_large(func),
        other => failed(func, &other.to_string()),
    })?;
    audit::check(&ctx.func).map_err(|why| failed(func, &why))?;
    let compiled = ctx.compiled_code().expect("the function was compiled");
    let frame = compiled.buffer.frame_layout().map_or(0, |frame| frame.frame_to_fp_offset);
    let relocs = compiled.buffer.relocs().iter();
    Ok(MachineCode {
        bytes: compiled.code_buffer().into(),
        relocs: relocs
            .map(|reloc| (reloc.offset, reloc.kind, reloc.target.clone(), reloc.addend))
            .collect(),
        frame: frame as usize + 16,
        alignment: u64::from(isa.function_alignment().preferred),
    })
}

fn too_large(func: &ir::Function) -> Diagnostic {
    let text = format!("`{}` is too large to be compiled", func.name);
    Diagnostic::new(DiagnosticCode::E0604, func.span, text)
        .with_help("move parts of it into functions of their own")
}

pub(super) fn failed(func: &ir::Function, why: &str) -> Diagnostic {
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
