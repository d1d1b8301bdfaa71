//! Code generation: the typed program in, machine code out, by way of Cranelift's IR.
//!
//! Every Flight function becomes one internal function `(ctx, stack left, arguments…) -> (result,
//! status)` and one entry of the shape [`crate::abi::Entry`], through which the host comes in.
//! Status 0 is success; 1 is a trap, whose site stands in the context.
//!
//! Guarantees: only the part of Cranelift's IR that WebAssembly uses (i32, i64, f64, the host's
//! calling convention); no instruction that can fault; no name from the source in any symbol.
//! Nothing here decides what a program means: `check` did, and says it in `ir`.
//!
//! Where to look: `function` (prologue, fuel, traps), `value` (how values stand in registers and
//! memory), `place`, `stmt`, `expr`, `arith`, `text`, `pattern`, `constants`, `host`.

mod arith;
mod constants;
mod expr;
mod function;
mod host;
mod pattern;
mod place;
mod stmt;
mod text;
mod value;

use std::collections::HashMap;
use std::fmt::Write;

use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{AbiParam, InstBuilder, MemFlagsData, Signature, types as clif};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{CodegenError, Context};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::{DataId, FuncId, Linkage, Module, ModuleReloc};

use crate::diag::{Code as DiagnosticCode, Diagnostic};
use crate::ir;
use crate::jit::{Code, Finished, Pages, Site};
use crate::layout::Layouts;
use crate::limits::{
    BLOCKS_BACKTRACKING_MAX, BLOCKS_MAX, CODE_SIZE_MAX, NATIVE_STACK_MAX, STACK_MAX,
};
use crate::source::Span;
use crate::types::{Type, Types};

use constants::Constants;
use function::Lower;
use value::Form;

/// What `inspect` wants to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    /// Cranelift's IR, before optimisation.
    Clif,
    /// Machine code as assembly.
    Asm,
}

/// Compiles a program. Types that only code generation needs are interned into `program.types`.
///
/// # Errors
/// What is too large, and what this version of Midflight cannot compile yet.
pub(crate) fn generate(
    program: &mut ir::Program,
    layouts: &Layouts,
) -> Result<Code, Vec<Diagnostic>> {
    let (code, _) = generate_with(program, layouts, None)?;
    Ok(code)
}

/// Compiles a program and writes down what was generated.
///
/// # Errors
/// As [`generate`].
pub(crate) fn list(
    program: &mut ir::Program,
    layouts: &Layouts,
    listing: Listing,
) -> Result<String, Vec<Diagnostic>> {
    let (_, text) = generate_with(program, layouts, Some(listing))?;
    Ok(text)
}

fn generate_with(
    program: &mut ir::Program,
    layouts: &Layouts,
    listing: Option<Listing>,
) -> Result<(Code, String), Vec<Diagnostic>> {
    let types = std::mem::take(&mut program.types);
    let unit = Unit::new(program, types, layouts, listing).map_err(|error| vec![error])?;
    let (result, types) = unit.generate();
    program.types = types;
    result
}

/// What the functions of one version share while they are compiled.
pub(crate) struct Unit<'p> {
    program: &'p ir::Program,
    types: Types,
    layouts: &'p Layouts,
    pages: Pages,
    /// For functions with many blocks; everything else is compiled by the module's own.
    single_pass: OwnedTargetIsa,
    /// The internal function of each Flight function.
    functions: Vec<FuncId>,
    constants: Constants,
    constants_id: DataId,
    sites: Vec<Site>,
    site_numbers: HashMap<Site, u32>,
    errors: Vec<Diagnostic>,
    listing: Option<Listing>,
    listed: String,
    size: usize,
    /// The largest native frame for each byte of logical stack.
    frame_ratio: usize,
}

impl<'p> Unit<'p> {
    fn new(
        program: &'p ir::Program,
        types: Types,
        layouts: &'p Layouts,
        listing: Option<Listing>,
    ) -> Result<Unit<'p>, Diagnostic> {
        let unavailable =
            |why: String| Diagnostic::new(DiagnosticCode::E0690, Span::default(), why);
        let isa = isa("backtracking").map_err(unavailable)?;
        let single_pass = self::isa("single_pass").map_err(unavailable)?;
        let mut pages = Pages::new(isa).map_err(unavailable)?;
        let constants_id = pages
            .declare_anonymous_data(false, false)
            .map_err(|error| unavailable(error.to_string()))?;
        Ok(Unit {
            program,
            types,
            layouts,
            pages,
            single_pass,
            functions: Vec::new(),
            constants: Constants::default(),
            constants_id,
            sites: Vec::new(),
            site_numbers: HashMap::new(),
            errors: Vec::new(),
            listing,
            listed: String::new(),
            size: 0,
            frame_ratio: 1,
        })
    }

    fn generate(mut self) -> (Result<(Code, String), Vec<Diagnostic>>, Types) {
        let entries = match self.define_everything() {
            Ok(entries) if self.errors.is_empty() => entries,
            Ok(_) => return (Err(self.errors), self.types),
            Err(error) => {
                self.errors.push(error);
                return (Err(self.errors), self.types);
            }
        };
        let finished = Finished {
            pages: self.pages,
            entries,
            sites: self.sites,
            size: self.size,
            stack_size: self.frame_ratio * STACK_MAX as usize,
        };
        (Ok((Code::new(finished), self.listed)), self.types)
    }

    fn define_everything(&mut self) -> Result<Vec<FuncId>, Diagnostic> {
        let program = self.program;
        for func in &program.functions {
            let signature = self.internal_signature(func);
            let id = self.pages.declare_anonymous_function(&signature);
            self.functions.push(id.map_err(|error| self.failed(func, &error.to_string()))?);
        }
        let mut scratch = Scratch { ctx: Context::new(), builder: FunctionBuilderContext::new() };
        let mut entries = Vec::new();
        for (index, func) in program.functions.iter().enumerate() {
            let id = ir::FuncId(index as u32);
            self.define_internal(&mut scratch, id, func)?;
            entries.push(self.define_entry(&mut scratch, id, func)?);
            if self.size > CODE_SIZE_MAX {
                let text = format!("the program takes more than {CODE_SIZE_MAX} bytes of code");
                return Err(Diagnostic::new(DiagnosticCode::E0605, func.span, text));
            }
        }
        let (data, constants_size) = self.constants.finish(&mut self.pages, self.constants_id);
        self.size += constants_size;
        let defined = self.pages.define_data(self.constants_id, &data);
        let finalised = defined.and_then(|()| self.pages.finalize_definitions());
        finalised.map_err(|error| {
            Diagnostic::new(DiagnosticCode::E0690, Span::default(), error.to_string())
        })?;
        Ok(entries)
    }

    /// `(ctx, stack left, out?, arguments…) -> (result?, status)`
    fn internal_signature(&self, func: &ir::Function) -> Signature {
        let mut signature = self.signature();
        signature.params.extend([AbiParam::new(clif::I64), AbiParam::new(clif::I64)]);
        if let Form::Memory(_) = self.form(func.result) {
            signature.params.push(AbiParam::new(clif::I64));
        }
        let params = func.param_types().filter_map(|ty| self.form(ty).register());
        signature.params.extend(params.map(AbiParam::new));
        if let Form::Register(ty) = self.form(func.result) {
            signature.returns.push(AbiParam::new(ty));
        }
        signature.returns.push(AbiParam::new(clif::I32));
        signature
    }

    fn signature(&self) -> Signature {
        Signature::new(self.call_conv())
    }

    fn call_conv(&self) -> CallConv {
        self.pages.isa().default_call_conv()
    }

    fn define_internal(
        &mut self,
        scratch: &mut Scratch,
        id: ir::FuncId,
        func: &ir::Function,
    ) -> Result<(), Diagnostic> {
        scratch.ctx.clear();
        scratch.ctx.func.signature = self.internal_signature(func);
        let frontend_config = self.pages.isa().frontend_config();
        let builder = FunctionBuilder::new(&mut scratch.ctx.func, &mut scratch.builder);
        Lower::new(self, builder, id).run(frontend_config);
        if !self.errors.is_empty() {
            return Ok(());
        }
        let function = self.functions[id.index()];
        self.compile(scratch, function, func, &func.name)
    }

    /// The door for the host: reads the argument block, calls, writes the result.
    fn define_entry(
        &mut self,
        scratch: &mut Scratch,
        id: ir::FuncId,
        func: &ir::Function,
    ) -> Result<FuncId, Diagnostic> {
        let mut signature = self.signature();
        signature.params.extend([AbiParam::new(clif::I64); 3]);
        signature.returns.push(AbiParam::new(clif::I32));
        let entry = self
            .pages
            .declare_anonymous_function(&signature)
            .map_err(|error| self.failed(func, &error.to_string()))?;
        if !self.errors.is_empty() {
            return Ok(entry);
        }
        scratch.ctx.clear();
        scratch.ctx.func.signature = signature;
        let frontend_config = self.pages.isa().frontend_config();
        let builder = FunctionBuilder::new(&mut scratch.ctx.func, &mut scratch.builder);
        Lower::new(self, builder, id).run_entry(frontend_config);
        self.compile(scratch, entry, func, &format!("{} (entry)", func.name))?;
        Ok(entry)
    }

    /// Runs Cranelift on the function in `scratch`. Time grows with the square of the blocks under
    /// the better register allocator, so large functions get the faster one or none at all.
    fn compile(
        &mut self,
        scratch: &mut Scratch,
        id: FuncId,
        func: &ir::Function,
        title: &str,
    ) -> Result<(), Diagnostic> {
        let blocks = scratch.ctx.func.dfg.num_blocks();
        if blocks > BLOCKS_MAX {
            let text = format!("`{}` is too large: it has {blocks} basic blocks", func.name);
            return Err(Diagnostic::new(DiagnosticCode::E0604, func.span, text)
                .with_label(format!("at most {BLOCKS_MAX} can be compiled"))
                .with_help("move parts of it into functions of their own"));
        }
        if self.listing == Some(Listing::Clif) {
            let _ = writeln!(self.listed, "; {title}\n{}", scratch.ctx.func.display());
        }
        scratch.ctx.set_disasm(self.listing == Some(Listing::Asm));
        let isa = match blocks {
            ..=BLOCKS_BACKTRACKING_MAX => self.pages.isa(),
            _ => &*self.single_pass,
        };
        let alignment = u64::from(isa.function_alignment().preferred);
        let compiled = scratch.ctx.compile(isa, &mut ControlPlane::default());
        let compiled = compiled.map_err(|error| match error.inner {
            CodegenError::CodeTooLarge | CodegenError::ImplLimitExceeded => {
                Diagnostic::new(DiagnosticCode::E0604, func.span, "the function is too large")
                    .with_help("move parts of it into functions of their own")
            }
            other => self.failed(func, &other.to_string()),
        })?;
        if let Some(asm) = &compiled.vcode {
            let _ = writeln!(self.listed, "; {title}\n{asm}");
        }
        let code = compiled.code_buffer().to_vec();
        let relocs = compiled.buffer.relocs().to_vec();
        // Frame, saved frame pointer and return address.
        let frame = compiled.buffer.frame_layout().map_or(0, |frame| frame.frame_to_fp_offset) + 16;
        self.hold_frame(func, frame as usize)?;
        let relocs: Vec<ModuleReloc> = relocs
            .iter()
            .map(|reloc| ModuleReloc::from_mach_reloc(reloc, &scratch.ctx.func, id))
            .collect();
        self.size += code.len();
        let defined = self.pages.define_function_bytes(id, alignment, &code, &relocs);
        defined.map_err(|error| self.failed(func, &error.to_string()))
    }

    /// Keeps the promise of `Code::stack_size`: a call whose logical stack stays below
    /// `STACK_MAX` takes at most this many bytes of the native one for each of them.
    fn hold_frame(&mut self, func: &ir::Function, frame: usize) -> Result<(), Diagnostic> {
        let ratio = frame.div_ceil(func.stack_cost.max(1) as usize);
        if ratio.saturating_mul(STACK_MAX as usize) > NATIVE_STACK_MAX {
            let text = format!("`{}` needs {frame} bytes of stack for each call", func.name);
            return Err(Diagnostic::new(DiagnosticCode::E0604, func.span, text)
                .with_help("move parts of it into functions of their own"));
        }
        self.frame_ratio = self.frame_ratio.max(ratio);
        Ok(())
    }

    fn failed(&self, func: &ir::Function, why: &str) -> Diagnostic {
        let text = format!("`{}` could not be compiled: {why}", func.name);
        Diagnostic::new(DiagnosticCode::E0690, func.span, text)
            .with_help("this is a fault of Midflight, not of the program; please report it")
    }

    /// The number of a site; the same for the same step.
    fn site(&mut self, site: Site) -> u32 {
        let next = self.sites.len() as u32;
        let number = *self.site_numbers.entry(site).or_insert(next);
        if number == next {
            self.sites.push(site);
        }
        number
    }

    fn form(&self, ty: Type) -> Form {
        Form::of(&self.types, self.layouts, ty)
    }
}

/// Buffers that are used again for every function.
struct Scratch {
    ctx: Context,
    builder: FunctionBuilderContext,
}

/// The machine that code is generated for: this one.
fn isa(regalloc_algorithm: &str) -> Result<OwnedTargetIsa, String> {
    let mut flags = settings::builder();
    let settings = [
        ("opt_level", "speed"),
        ("regalloc_algorithm", regalloc_algorithm),
        // A fault of Cranelift becomes a refused load instead of wrong code.
        ("enable_verifier", "true"),
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
    let builder = cranelift_native::builder().map_err(str::to_owned)?;
    builder.finish(settings::Flags::new(flags)).map_err(|error| error.to_string())
}

/// Every access that is generated is aligned and inside of memory that the call owns or the world
/// holds still; `layout` and the checks before each access see to that.
fn trusted() -> MemFlagsData {
    MemFlagsData::trusted()
}
