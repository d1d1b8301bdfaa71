//! Executable memory: owns the code of one version and frees it, whole, when it is dropped.
//!
//! The only module of the compiler with `unsafe`. It knows no Flight and no IR: `codegen` hands it
//! finished machine code. Who calls the code, and the promise that nobody does so after the drop,
//! is the runtime's part (`enter` there).

#![expect(unsafe_code, reason = "turns finished machine code into functions, and frees it")]

use std::mem::transmute;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_jit::{ArenaMemoryProvider, JITBuilder, JITModule};
use cranelift_module::{FuncId, default_libcall_names};

use crate::abi::Entry;
use crate::ir;
use crate::limits::Limits;
use crate::source::Span;
use crate::trap::TrapKind;

/// A step that can trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// Why, where no host function says it (`CallContext::trap_kind`).
    pub kind: TrapKind,
    /// Where in the source.
    pub span: Span,
    /// In which function.
    pub function: ir::FuncId,
}

/// The machine code of one version, with what the host needs to call it.
///
/// Dropping it unmaps the code: whoever holds an [`Entry`] must hold the `Code` as well.
#[derive(Debug)]
pub struct Code {
    entries: Vec<Option<Entry>>,
    sites: Vec<Site>,
    size: usize,
    stack_size: usize,
    call_stack: u32,
    /// Freed after everything above. A module is not `Sync`; nobody ever opens this lock.
    _pages: Mutex<Pages>,
}

/// What `codegen` made, to be put together by [`Code::new`].
pub(crate) struct Finished {
    /// The module, finalised.
    pub(crate) pages: Pages,
    /// For each function of the program, the one that the host enters through, if it does.
    pub(crate) entries: Vec<Option<FuncId>>,
    /// The sites, by number.
    pub(crate) sites: Vec<Site>,
    /// Bytes of machine code and constants.
    pub(crate) size: usize,
    /// Bytes of native stack that a call takes at most.
    pub(crate) stack_size: usize,
    /// Bytes of logical stack that a call has.
    pub(crate) call_stack: u32,
}

impl Code {
    /// Takes over a module whose functions are finalised.
    pub(crate) fn new(finished: Finished) -> Code {
        let entry = |id| {
            let address = finished.pages.get_finalized_function(id);
            // SAFETY: `codegen` gave every function in `entries` the signature of `Entry`, and
            // the address is that of finalised code, mapped until `pages` is dropped.
            unsafe { transmute::<*const u8, Entry>(address) }
        };
        Code {
            entries: finished.entries.iter().map(|id| id.map(entry)).collect(),
            sites: finished.sites,
            size: finished.size,
            stack_size: finished.stack_size,
            call_stack: finished.call_stack,
            _pages: Mutex::new(finished.pages),
        }
    }

    /// The door into a handler, timer, test or `on load`; other functions have none. The pointer
    /// is valid as long as this `Code` lives.
    pub fn entry(&self, function: ir::FuncId) -> Option<Entry> {
        self.entries.get(function.index()).copied().flatten()
    }

    /// Where the code can trap; `CallContext::trap_site` is an index into it.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// Bytes of machine code and constants.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Bytes of native stack that one call takes at most, host functions not counted.
    pub fn stack_size(&self) -> usize {
        self.stack_size
    }

    /// Bytes of logical stack that every call of this code has: with no more, the native stack stays
    /// within [`Code::stack_size`].
    pub fn call_stack(&self) -> u32 {
        self.call_stack
    }
}

/// A module whose memory is freed on every path, panics and errors included:
/// `JITModule` itself leaks its code when it is dropped.
pub(crate) struct Pages(Option<JITModule>);

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pages")
    }
}

impl Pages {
    /// An empty module. One reservation of address space holds code and constants, so that
    /// every distance between them fits into 32 bits.
    ///
    /// # Errors
    /// When the system gives no address space.
    pub(crate) fn new(isa: OwnedTargetIsa) -> Result<Pages, String> {
        let mut builder = JITBuilder::with_isa(isa, default_libcall_names());
        let arena = ArenaMemoryProvider::new_with_size(2 * Limits::LARGEST.code_size_max)
            .map_err(|error| format!("no address space for code: {error}"))?;
        let _ = builder.memory_provider(Box::new(arena));
        // Asked before the process's own symbols, and never says "unknown": no name in generated
        // code can reach a function of libc.
        let _ = builder.symbol_lookup_fn(Box::new(symbol));
        Ok(Pages(Some(JITModule::new(builder))))
    }
}

/// The functions that generated code may ask for by name.
#[expect(clippy::panic, reason = "a fault of ours; `codegen` makes it a refused load")]
fn symbol(name: &str) -> Option<*const u8> {
    match name {
        "floor" => Some(floor as *const u8),
        "ceil" => Some(ceil as *const u8),
        _ => panic!("generated code asked for the symbol `{name}`"),
    }
}

/// For processors without the instruction.
extern "C" fn floor(value: f64) -> f64 {
    libm::floor(value)
}

/// For processors without the instruction.
extern "C" fn ceil(value: f64) -> f64 {
    libm::ceil(value)
}

impl Deref for Pages {
    type Target = JITModule;

    fn deref(&self) -> &JITModule {
        self.0.as_ref().expect("the module is there until the drop")
    }
}

impl DerefMut for Pages {
    fn deref_mut(&mut self) -> &mut JITModule {
        self.0.as_mut().expect("the module is there until the drop")
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        if let Some(module) = self.0.take() {
            // SAFETY: entries leave only through `Code`, whose holders promise not to call them
            // after its drop; before `Code::new` nobody has any.
            unsafe { module.free_memory() }
        }
    }
}
