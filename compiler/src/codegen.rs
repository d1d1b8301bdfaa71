//! Code generation: the typed program in, machine code out, by way of Cranelift's IR.
//!
//! Every Flight function that a handler, timer, test or `on load` can reach becomes one internal
//! function `(ctx, stack left, fuel, result?, arguments…) -> (result?, fuel)`, or an entry of the
//! shape [`crate::abi::Entry`] where only the host calls it, or both, or none where it is inlined
//! wherever it is called. A call that trapped gives
//! [`trap::TRAPPED`] in place of the fuel, an entry the status 1; the context says why.
//!
//! Guarantees: only the part of Cranelift's IR that WebAssembly uses (i32, i64, f64, and i8x16 where
//! `undo` copies rows; the host's calling convention); no instruction that can fault (`audit` looks
//! at what comes out); no name from the source in any symbol; a fault of Cranelift refuses the
//! program and frees its memory.
//! Nothing here decides what a program means: `check` did, and says it in `ir`.
//!
//! Every pass recurses over the program: call it on a stack of `limits::COMPILE_STACK_SIZE`.
//!
//! Functions are lowered one after the other. Whoever the caller has for it compiles what is lowered
//! (`jobs`, `machine`), and `define` places it in order.
//!
//! Where to look: `machine` (Cranelift's part), `straighten` (fewer blocks), `jobs`, `define`, `links`,
//! `function` (prologue, fuel), `prepaid` (fuel of loops), `trap`, `value` (how values stand in registers
//! and memory), `place` and `undo` (reading and writing), `stmt`, `pair` (two assignments as one),
//! `loops`, `by_slot` and `by_index` (rows), `expr`, `condition`, `call` and `inline`, `arith` and
//! `range`, `text`, `pattern`, `list` and `mutate`, `rows`, `constants`, `host`.

mod arith;
mod audit;
mod by_index;
mod by_slot;
mod call;
mod chunk;
mod condition;
mod constants;
mod define;
mod entry;
mod equal;
mod expr;
mod function;
mod host;
mod inline;
mod jobs;
mod links;
mod list;
mod loops;
mod machine;
mod mutate;
mod pair;
mod pattern;
mod place;
mod prepaid;
mod range;
mod rows;
mod scan;
mod stmt;
mod straighten;
mod text;
mod trap;
mod undo;
mod value;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cranelift_codegen::ir::instructions::CallInfo;
use cranelift_codegen::ir::{
    self as cl, AbiParam, ExtFuncData, ExternalName, Signature, types as clif,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::{DataId, FuncId, Module, ModuleError};

use crate::diag::{Code as DiagnosticCode, Diagnostic};
use crate::ir;
use crate::jit::{Code, Finished, Pages, Site};
use crate::layout::{Layout, Layouts};
use crate::resources::Resources;
use crate::settings::Settings;
use crate::source::Span;
use crate::types::{TableId, Type, Types};

use constants::Constants;
use define::Lowered;
use function::Lower;
use jobs::Jobs;
use links::Links;
use machine::Backend;
pub(crate) use machine::MachineCode;
use value::Form;

/// What `inspect` wants to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    /// Cranelift's IR, before optimisation.
    Clif,
    /// Machine code as assembly.
    Asm,
}

/// How code is made, and whether it is written down.
#[derive(Clone, Copy, Debug)]
struct Target<'r> {
    settings: Settings,
    resources: Resources<'r>,
    listing: Option<Listing>,
}

/// Compiles a program. Types that only code generation needs are interned into `program.types`.
///
/// # Errors
/// What is too large, and what this version of Midflight cannot compile yet.
pub(crate) fn generate(
    program: &mut ir::Program,
    layouts: &Layouts,
    settings: Settings,
    resources: Resources<'_>,
) -> Result<Code, Vec<Diagnostic>> {
    let target = Target { settings, resources, listing: None };
    let (code, _) = generate_with(program, layouts, target)?;
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
    let (settings, resources) = (Settings::default(), Resources::PLAIN);
    let target = Target { settings, resources, listing: Some(listing) };
    let (_, text) = generate_with(program, layouts, target)?;
    Ok(text)
}

/// Catches what panics while functions are lowered and placed; `jobs` does where they are compiled.
/// Unwinding drops the module with its memory.
fn generate_with(
    program: &mut ir::Program,
    layouts: &Layouts,
    target: Target<'_>,
) -> Result<(Code, String), Vec<Diagnostic>> {
    let mut types = std::mem::take(&mut program.types);
    let run = || {
        let backend = Backend::new(target).map_err(|why| fault(Span::default(), why))?;
        let jobs = Jobs::new(backend);
        let mut unit = Some(Unit::new(program, &mut types, layouts, target, &jobs)?);
        let mut generated = None;
        target.resources.executor.run(program.functions.len(), &|| jobs.help(), &mut || {
            let _open = jobs.open();
            generated = unit.take().map(Unit::generate);
        });
        generated.expect("the executor calls who leads")
    };
    let result = catch_unwind(AssertUnwindSafe(run));
    program.types = types;
    let errors = match result {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(Refused(errors))) => errors,
        Err(_) => {
            let text = "the program could not be compiled: a pass of code generation gave up";
            Refused::from(fault(Span::default(), text.to_owned())).0
        }
    };
    Err(errors)
}

/// Why there is no code.
struct Refused(Vec<Diagnostic>);

impl From<Diagnostic> for Refused {
    fn from(diagnostic: Diagnostic) -> Refused {
        Refused(vec![diagnostic])
    }
}

/// A fault of Midflight or Cranelift, as an error of the load.
fn fault(span: Span, text: String) -> Diagnostic {
    Diagnostic::new(DiagnosticCode::E0690, span, text)
        .with_help("this is a fault of Midflight, not of the program; please report it")
}

/// What the functions of one version share while they are compiled.
pub(crate) struct Unit<'p> {
    program: &'p ir::Program,
    types: &'p mut Types,
    layouts: &'p Layouts,
    settings: Settings,
    resources: Resources<'p>,
    jobs: &'p Jobs<'p>,
    pages: Pages,
    /// The internal function of each Flight function that was named so far.
    functions: Vec<Option<FuncId>>,
    /// The same, by internal function.
    named: HashMap<FuncId, ir::FuncId>,
    templates: inline::Templates,
    /// Whether the internal function of each Flight function is called: some are inlined wherever
    /// they are named, and then there is none.
    is_called: Vec<bool>,
    /// Those that are called and not lowered yet.
    queue: Vec<ir::FuncId>,
    constants: Constants,
    constants_id: DataId,
    /// Those of the functions that have their place.
    sites: Vec<Site>,
    errors: Vec<Diagnostic>,
    listed: String,
    /// Instructions of functions that are lowered and have no place yet.
    waiting_size: usize,
    /// Buffers that are used again for every function.
    spare: Vec<cl::Function>,
    builder: FunctionBuilderContext,
    size: usize,
    /// Bytes of native stack that the logical stack of a call is at most, but for large frames.
    deepest: usize,
    /// Bytes of all frames of functions that are active once at most and have a large one.
    large_frames: usize,
    /// For each table, whether some function removes rows of it.
    removed: Vec<bool>,
}

impl<'p> Unit<'p> {
    fn new(
        program: &'p ir::Program,
        types: &'p mut Types,
        layouts: &'p Layouts,
        target: Target<'p>,
        jobs: &'p Jobs<'p>,
    ) -> Result<Unit<'p>, Refused> {
        let unavailable = |why: String| fault(Span::default(), why);
        let mut pages = Pages::new(jobs.backend().isa().clone()).map_err(unavailable)?;
        let constants_id = pages
            .declare_anonymous_data(false, false)
            .map_err(|error| unavailable(error.to_string()))?;
        let is_removed = |index| {
            let table = TableId(index as u32);
            program.functions.iter().any(|func| scan::removes_from(func, table))
        };
        let removed = (0..types.tables.len()).map(is_removed).collect();
        Ok(Unit {
            program,
            types,
            layouts,
            settings: target.settings,
            resources: target.resources,
            jobs,
            pages,
            functions: vec![None; program.functions.len()],
            named: HashMap::new(),
            templates: inline::Templates::new(),
            is_called: vec![false; program.functions.len()],
            queue: Vec::new(),
            constants: Constants::default(),
            constants_id,
            sites: Vec::new(),
            errors: Vec::new(),
            listed: String::new(),
            waiting_size: 0,
            spare: Vec::new(),
            builder: FunctionBuilderContext::new(),
            size: 0,
            deepest: target.settings.limits.stack_max as usize,
            large_frames: 0,
            removed,
        })
    }

    fn generate(mut self) -> Result<(Code, String), Refused> {
        let entries = self.define_everything()?;
        let stack_size = self.stack_size();
        let finished = Finished {
            pages: self.pages,
            entries,
            sites: self.sites,
            size: self.size,
            stack_size,
            call_stack: self.settings.limits.stack_max,
        };
        Ok((Code::new(finished), self.listed))
    }

    /// Defines the entries and, from them on, every function that one of them reaches. Gives the
    /// entry of each Flight function that has one.
    fn define_everything(&mut self) -> Result<Vec<Option<FuncId>>, Refused> {
        let mut entries = vec![None; self.program.functions.len()];
        for id in roots(self.program) {
            if entries[id.index()].is_none() {
                self.resources.deadline.keep(self.program.function(id).span).map_err(Refused)?;
                entries[id.index()] = Some(self.define_entry(id)?);
                self.define_queue()?;
            }
        }
        if !self.errors.is_empty() {
            return Err(Refused(std::mem::take(&mut self.errors)));
        }
        self.define_waiting()?;
        // What was to be inlined, and was not.
        while !self.queue.is_empty() {
            self.define_queue()?;
            self.define_waiting()?;
        }
        let (data, constants_size) = self.constants.finish(&mut self.pages, self.constants_id);
        self.size += constants_size;
        let broken = |error: ModuleError| fault(Span::default(), error.to_string());
        self.pages.define_data(self.constants_id, &data).map_err(broken)?;
        self.pages.finalize_definitions().map_err(broken)?;
        Ok(entries)
    }

    /// Defines what was reached and is not defined yet.
    fn define_queue(&mut self) -> Result<(), Refused> {
        while let Some(id) = self.queue.pop() {
            self.resources.deadline.keep(self.program.function(id).span).map_err(Refused)?;
            self.define_internal(id)?;
        }
        Ok(())
    }

    /// The internal function of a Flight function. It is defined if it is called
    /// ([`Unit::reach_callees`]).
    fn internal(&mut self, id: ir::FuncId) -> FuncId {
        if let Some(known) = self.functions[id.index()] {
            return known;
        }
        let signature = self.internal_signature(self.program.function(id));
        let function = self
            .pages
            .declare_anonymous_function(&signature)
            .expect("a function without a name clashes with none");
        self.functions[id.index()] = Some(function);
        let _ = self.named.insert(function, id);
        function
    }

    /// What a body calls will be defined. That is all that it names, unless calls were inlined.
    fn reach_callees(&mut self, body: &cl::Function, is_inlined: bool) {
        let mut names = Vec::new();
        if is_inlined {
            let insts = body.layout.blocks().flat_map(|block| body.layout.block_insts(block));
            let (pool, exceptions) = (&body.dfg.value_lists, &body.dfg.exception_tables);
            names.extend(insts.filter_map(|inst| {
                match body.dfg.insts[inst].analyze_call(pool, exceptions) {
                    CallInfo::Direct(callee, _) => Some(callee),
                    _ => None,
                }
            }));
        } else {
            names.extend(body.dfg.ext_funcs.keys());
        }
        for name in names {
            if let Some(id) = self.flight_function(body, &body.dfg.ext_funcs[name])
                && !std::mem::replace(&mut self.is_called[id.index()], true)
            {
                self.queue.push(id);
            }
        }
    }

    /// The Flight function that a reference in a body is about, if it is about one.
    fn flight_function(&self, body: &cl::Function, data: &ExtFuncData) -> Option<ir::FuncId> {
        let ExternalName::User(name) = data.name else { return None };
        let name = &body.params.user_named_funcs()[name];
        self.named.get(&FuncId::from_u32(name.index)).copied()
    }

    /// `(ctx, stack left, fuel, out?, arguments…) -> (result?, fuel)`
    fn internal_signature(&self, func: &ir::Function) -> Signature {
        let mut signature = self.signature();
        signature.params.extend([AbiParam::new(clif::I64); 3]);
        if let Form::Memory(_) = self.form(func.result) {
            signature.params.push(AbiParam::new(clif::I64));
        }
        let params = func.param_types().filter_map(|ty| self.form(ty).register());
        signature.params.extend(params.map(AbiParam::new));
        if let Form::Register(ty) = self.form(func.result) {
            signature.returns.push(AbiParam::new(ty));
        }
        signature.returns.push(AbiParam::new(clif::I64));
        signature
    }

    fn signature(&self) -> Signature {
        Signature::new(self.pages.isa().default_call_conv())
    }

    fn define_internal(&mut self, id: ir::FuncId) -> Result<(), Refused> {
        let func = self.program.function(id);
        let function = self.internal(id);
        let signature = self.internal_signature(func);
        let (mut body, mut links) = self.lower(id, signature, Shape::Internal);
        let plain = self.inline_calls(&mut body, &mut links, id)?;
        self.enqueue(Lowered { id: function, title: func.name.clone(), func, body, plain, links })
    }

    /// The door for the host: reads the argument block, calls, writes the result.
    fn define_entry(&mut self, id: ir::FuncId) -> Result<FuncId, Refused> {
        let func = self.program.function(id);
        let is_called = self.is_called[id.index()];
        let mut signature = self.signature();
        signature.params.extend([AbiParam::new(clif::I64); 3]);
        signature.returns.push(AbiParam::new(clif::I32));
        let entry = self
            .pages
            .declare_anonymous_function(&signature)
            .expect("a function without a name clashes with none");
        let mut plain = None;
        let (mut body, mut links);
        if is_called {
            (body, links) = self.lower(id, signature, Shape::Door);
        } else {
            (body, links) = self.lower(id, signature, Shape::ForHost);
            plain = self.inline_calls(&mut body, &mut links, id)?;
        }
        let title = format!("{} (entry)", func.name);
        self.enqueue(Lowered { id: entry, title, func, body, plain, links })?;
        Ok(entry)
    }

    /// A Flight function in Cranelift's IR.
    fn lower(
        &mut self,
        id: ir::FuncId,
        signature: Signature,
        shape: Shape,
    ) -> (cl::Function, Links) {
        let mut body = self.spare.pop().unwrap_or_else(cl::Function::new);
        let mut buffers = std::mem::take(&mut self.builder);
        body.signature = signature;
        let frontend_config = self.pages.isa().frontend_config();
        let builder = FunctionBuilder::new(&mut body, &mut buffers);
        let lower = Lower::new(self, builder, id);
        let links = match shape {
            Shape::Internal => lower.run(frontend_config),
            Shape::ForHost => lower.run_for_host(frontend_config),
            Shape::Door => lower.run_door(frontend_config),
        };
        self.builder = buffers;
        (body, links)
    }

    /// Whether rows of the table can be removed at all.
    fn removes_from(&self, table: TableId) -> bool {
        self.removed[table.index()]
    }

    fn form(&self, ty: Type) -> Form {
        Form::of(self.types, self.layouts, ty)
    }

    fn layout(&self, ty: Type) -> Layout {
        self.layouts.of(self.types, ty).expect("the checker refuses types without layout")
    }
}

/// What the host calls. Tests come first: they call handlers, which nothing else may do, so that
/// afterwards it is known which handlers are called at all.
fn roots(program: &ir::Program) -> impl Iterator<Item = ir::FuncId> + '_ {
    let handlers = program.handlers.iter().map(|handler| handler.function);
    let timers = program.timers.iter().map(|timer| timer.function);
    let tests = program.tests.iter().map(|test| test.function);
    let migrations = program.migrations.iter().filter_map(|migration| migration.function);
    migrations.chain(tests).chain(program.on_load).chain(timers).chain(handlers)
}

/// What a Flight function becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// What generated code calls.
    Internal,
    /// The function with a door for the host.
    ForHost,
    /// A door that calls the function.
    Door,
}
