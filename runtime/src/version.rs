//! One version: a compiled program with its number, its hash and its source. It never changes, and
//! stands in an `Arc`: its machine code is freed with the last one, which a world keeps while a
//! call of this version runs in it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use midflight_compiler::Program;
use midflight_compiler::abi::Entry;
use midflight_compiler::ast::FuncKind;
use midflight_compiler::diag::Diagnostic;
use midflight_compiler::ir::{Const, FuncId, Handler};
use midflight_compiler::layout::FieldsLayout;
use midflight_compiler::schema::Schema;
use midflight_compiler::source::Source;
use midflight_compiler::types::Type;
use sha2::{Digest, Sha256};

use crate::plan::{self, Field, Plan};
use crate::store::layout::{IDENTITY_SIZE, identity};

/// A compiled program.
#[derive(Debug)]
pub struct Version {
    /// 0 until it is admitted.
    pub(crate) number: u64,
    hash: String,
    source: Source,
    program: Program,
    pub(crate) plan: Plan,
    /// Of the cells of its worlds.
    layout: [u8; IDENTITY_SIZE],
    fields: Vec<Field>,
    signatures: Vec<Signature>,
    /// Index into `signatures`.
    handlers: HashMap<String, usize>,
    pub(crate) calls: AtomicU64,
    pub(crate) traps: AtomicU64,
}

/// What is needed to call a handler, computed once.
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) name: String,
    pub(crate) kind: FuncKind,
    pub(crate) function: FuncId,
    pub(crate) entry: Entry,
    pub(crate) parameters: Vec<Parameter>,
    /// Of the argument block.
    pub(crate) arguments: FieldsLayout,
    pub(crate) result: Type,
    /// Where the result stands, from the beginning of the argument block on.
    pub(crate) result_offset: usize,
    /// Bytes of arguments and result together.
    pub(crate) block_size: usize,
    pub(crate) reads_clock: bool,
    /// Whether the result can be, or hold, a row.
    pub(crate) gives_row: bool,
}

/// A parameter of a handler.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) default: Option<Const>,
}

impl Version {
    pub(crate) fn new(source: Source, program: Program) -> Version {
        let fields = plan::fields(&program);
        let layout = identity(&program);
        let signatures = signatures(&program);
        let named = signatures.iter().enumerate();
        let handlers = named.map(|(index, handler)| (handler.name.clone(), index)).collect();
        Version {
            number: 0,
            hash: hash(source.text()),
            source,
            program,
            plan: Plan::default(),
            layout,
            fields,
            signatures,
            handlers,
            calls: AtomicU64::new(0),
            traps: AtomicU64::new(0),
        }
    }

    /// The `migrate` blocks of a version, compiled for what is live.
    pub(crate) fn of_migrations(version: &Version, program: Program) -> Version {
        let number = version.number;
        Version { number, ..Version::new(version.source.clone(), program) }
    }

    /// Its number, never used again for other source.
    #[inline]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The SHA-256 of its source, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Its source.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// What was compiled: typed program, layouts, machine code.
    #[inline]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// What it exposes: state, handlers, types.
    pub fn schema(&self) -> Schema {
        Schema::of(&self.program.ir, &self.program.layouts)
    }

    /// What the load changed in the layout of the state.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The warnings of the compiler.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.program.warnings
    }

    /// Bytes of machine code and constants.
    pub fn code_size(&self) -> usize {
        self.program.code.size()
    }

    /// Calls that ended in this version, those that trapped included. A world adds its own when
    /// it moves to another version, and the engine adds the rest when it is asked.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.calls.load(Ordering::Relaxed), self.traps.load(Ordering::Relaxed))
    }

    /// Which layout its worlds have in a store.
    pub(crate) fn layout_identity(&self) -> &[u8; IDENTITY_SIZE] {
        &self.layout
    }

    /// The fields of `state`, parts of structs included, with their places.
    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The handlers in the order of the source: name, and whether it is a `get` or a `post`.
    pub fn handlers(&self) -> impl Iterator<Item = (&str, FuncKind)> {
        self.signatures.iter().map(|handler| (handler.name.as_str(), handler.kind))
    }

    /// Whether the handler is a `get` or a `post`; `None` where there is none of this name.
    pub fn handler_kind(&self, name: &str) -> Option<FuncKind> {
        self.handler(name).map(|(_, handler)| handler.kind)
    }

    pub(crate) fn handler(&self, name: &str) -> Option<(usize, &Signature)> {
        let index = *self.handlers.get(name)?;
        Some((index, self.signatures.get(index)?))
    }

    #[inline]
    pub(crate) fn signature(&self, index: usize) -> Option<&Signature> {
        self.signatures.get(index)
    }
}

fn signatures(program: &Program) -> Vec<Signature> {
    let (types, layouts) = (&program.ir.types, &program.layouts);
    let signature = |handler: &Handler| {
        let function = program.ir.function(handler.function);
        let parameters = function.locals.iter().take(function.param_count);
        let arguments = layouts.block(types, function.param_types())?;
        let result_offset = arguments.layout.size.next_multiple_of(8) as usize;
        let result_size = layouts.of(types, function.result)?.size;
        Some(Signature {
            name: handler.name.clone(),
            kind: handler.kind,
            function: handler.function,
            entry: program.code.entry(handler.function)?,
            parameters: parameters
                .zip(&handler.defaults)
                .map(|(local, default)| Parameter {
                    name: local.name.to_string(),
                    ty: local.ty,
                    default: default.clone(),
                })
                .collect(),
            arguments,
            result: function.result,
            result_offset,
            block_size: result_offset + result_size.next_multiple_of(8) as usize,
            reads_clock: function.effects.reads_clock,
            gives_row: types.mentions_row(function.result),
        })
    };
    program.ir.handlers.iter().filter_map(signature).collect()
}

/// The SHA-256 of a source, in hexadecimal.
pub(crate) fn hash(text: &str) -> String {
    use std::fmt::Write;
    let mut hash = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        write!(hash, "{byte:02x}").expect("a `String` takes everything");
    }
    hash
}
