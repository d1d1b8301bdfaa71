//! One function: its beginning and end, its blocks and its fuel.
//!
//! Invariants while a function is lowered:
//! - the builder always stands in a block that is not filled; after `return`, `break` and the like
//!   that is a block nobody reaches, which Cranelift throws away;
//! - `noted` holds only what every path to the current block has noted.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    self as cl, AliasRegion, AliasRegionData, BlockArg, FuncRef, InstBuilder, MemFlagsData, SigRef,
    types as clif,
};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, Variable};
use cranelift_module::Module;
use foldhash::{HashMap, HashMapExt};

use super::Unit;
use super::links::Links;
use super::prepaid::Prepaid;
use super::range::Ranges;
use super::trap::Exits;
use super::undo::{Noted, Noting, WrittenWords};
use super::value::{Form, Storage};
use crate::abi::{CallContext, HostFunction};
use crate::ir;
use crate::planted::{Fault, is_planted};
use crate::source::Span;
use crate::trap::TrapKind;
use crate::types::Type;
use std::mem::offset_of;

/// A value of Cranelift's IR.
pub(super) type Value = cl::Value;

/// Where `break` and `continue` go.
pub(super) struct Loop {
    pub(super) next: cl::Block,
    pub(super) exit: cl::Block,
}

/// Who calls the function, and so how it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaves {
    /// Generated code: result and fuel come back in registers. [`TRAPPED`](super::trap::TRAPPED) in
    /// place of the fuel says that the call trapped.
    ToCaller,
    /// The host, with this address for the result: a status comes back.
    ToHost(Value),
}

/// The function that is being lowered.
pub(super) struct Lower<'u, 'p, 'f> {
    pub(super) unit: &'u mut Unit<'p>,
    pub(super) builder: FunctionBuilder<'f>,
    pub(super) id: ir::FuncId,
    pub(super) func: &'p ir::Function,
    pub(super) ctx: Value,
    /// What callees may use of the logical stack.
    pub(super) stack_left: Value,
    /// Fuel left. It is in a register while generated code runs: through memory, every charge
    /// would wait for the one before. The context has it where the host can look.
    fuel: Variable,
    /// While the rounds of a loop are paid for already, what is left instead of that.
    pub(super) prepaid: Option<Prepaid>,
    /// How the function gives its result.
    pub(super) leaves: Leaves,
    /// Where a result that stands in memory goes.
    pub(super) out: Option<Value>,
    pub(super) locals: Vec<Storage>,
    pub(super) loops: Vec<Loop>,
    pub(super) noted: Noted,
    /// While the rounds of a loop note their rows as they come by.
    pub(super) noting: Option<Noting>,
    /// Which words of rows that are not large the function writes by each local; made when first needed.
    pub(super) written: Option<WrittenWords>,
    pub(super) ranges: Ranges,
    /// How memory outside of the call context is accessed. Every access that is generated is
    /// aligned and inside of memory that the call owns or the world holds still; `layout` and the
    /// checks before each access see to that.
    pub(super) memory: MemFlagsData,
    /// How the call context is accessed: nothing else reaches it, so that what is read from it
    /// is still known after a write elsewhere.
    context: MemFlagsData,
    /// How the notes of a loop's rows are written, which are aligned to a word however much is written at
    /// once: nobody reads them before the function has returned.
    pub(super) notes: MemFlagsData,
    /// Bytes of stack slots so far.
    pub(super) slot_bytes: u32,
    /// What the numbers in its code mean.
    pub(super) links: Links,
    pub(super) signatures: HashMap<HostFunction, SigRef>,
    callees: HashMap<ir::FuncId, FuncRef>,
    /// Where traps go at the moment; made when first needed.
    pub(super) exits: Option<Exits>,
}

impl<'u, 'p, 'f> Lower<'u, 'p, 'f> {
    /// A function before its prologue.
    pub(super) fn new(
        unit: &'u mut Unit<'p>,
        mut builder: FunctionBuilder<'f>,
        id: ir::FuncId,
    ) -> Self {
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        builder.seal_block(entry);
        let ctx = builder.block_params(entry)[0];
        let fuel = builder.declare_var(clif::I64);
        let memory = region(builder.func, 0, "memory");
        let context = region(builder.func, 1, "context");
        let notes = region(builder.func, 2, "notes").alias_region();
        let notes = MemFlagsData::new().with_notrap().with_alias_region(notes);
        Lower {
            func: unit.program.function(id),
            unit,
            builder,
            id,
            ctx,
            stack_left: ctx,
            fuel,
            prepaid: None,
            leaves: Leaves::ToCaller,
            out: None,
            locals: Vec::new(),
            loops: Vec::new(),
            noted: Noted::default(),
            noting: None,
            written: None,
            ranges: Ranges::default(),
            memory,
            context,
            notes,
            slot_bytes: 0,
            links: Links::default(),
            signatures: HashMap::new(),
            callees: HashMap::new(),
            exits: None,
        }
    }

    /// The parameters of the function that is being written.
    pub(super) fn params(&self) -> Vec<Value> {
        let entry = self.builder.func.layout.entry_block().or(self.builder.current_block());
        self.builder.block_params(entry.expect("`new` made the entry block")).to_vec()
    }

    /// Lowers the function that generated code calls.
    pub(super) fn run(mut self, frontend_config: TargetFrontendConfig) -> Links {
        let func = self.func;
        let params = self.params();
        self.stack_left = params[1];
        self.set_fuel(params[2]);
        let mut arguments = params[3..].iter().copied();
        if let Form::Memory(_) = self.unit.form(func.result) {
            self.out = arguments.next();
        }
        if func.recursive {
            self.check_stack();
        }
        self.body(arguments);
        self.finish(frontend_config)
    }

    /// Traps where less of the logical stack is left than the function needs.
    pub(super) fn check_stack(&mut self) {
        if is_planted(Fault::DepthIsUnchecked) {
            return;
        }
        let need = self.int(i64::from(self.func.stack_need));
        let too_deep = self.builder.ins().icmp(IntCC::SignedLessThan, self.stack_left, need);
        self.trap_if(too_deep, TrapKind::OutOfStack, self.func.span);
    }

    /// Everything between the prologue and the end.
    pub(super) fn body(&mut self, mut arguments: impl Iterator<Item = Value>) {
        let func = self.func;
        let cost = i64::from(func.stack_cost);
        self.stack_left = self.builder.ins().iadd_imm_s(self.stack_left, -cost);
        for (index, local) in func.locals.iter().enumerate() {
            let argument = match self.unit.form(local.ty) {
                Form::Nothing => None,
                _ if index < func.param_count => arguments.next(),
                _ => None,
            };
            let storage = self.storage_for(local, argument);
            self.locals.push(storage);
        }
        self.charge(func.body.fuel, Some(func.span));
        let value = self.block(&func.body, self.out);
        if func.body.ty != Type::Never {
            self.return_value(value);
        }
    }

    /// Fuel left.
    pub(super) fn fuel(&mut self) -> Value {
        match self.prepaid {
            Some(prepaid) => prepaid.left(self),
            None => self.builder.use_var(self.fuel),
        }
    }

    /// Says what fuel is left.
    ///
    /// # Panics
    /// In a round that is paid for, where nothing may take any (`scan::is_free`).
    pub(super) fn set_fuel(&mut self, left: Value) {
        assert!(self.prepaid.is_none(), "a round that is paid for takes fuel");
        self.put_fuel(left);
    }

    /// Puts the fuel where what follows finds it.
    pub(super) fn put_fuel(&mut self, left: Value) {
        self.builder.def_var(self.fuel, left);
    }

    /// Puts the fuel where the host looks.
    pub(super) fn store_fuel(&mut self) {
        let left = self.fuel();
        self.store_ctx(left, offset_of!(CallContext, fuel));
    }

    /// Takes the fuel from where the host left it.
    pub(super) fn load_fuel(&mut self) {
        let left = self.load_ctx(clif::I64, offset_of!(CallContext, fuel));
        self.set_fuel(left);
    }

    /// Takes `units` from the call's fuel; traps at `check`, where given, when none is left.
    pub(super) fn charge(&mut self, units: u32, check: Option<Span>) {
        let is_free = check.is_some() && is_planted(Fault::RoundCostsNothing);
        let units = if is_free { 0 } else { units };
        let mut left = self.fuel();
        if units > 0 {
            left = self.builder.ins().iadd_imm_s(left, -i64::from(units));
            self.set_fuel(left);
        }
        if let Some(span) = check {
            let used_up = self.builder.ins().icmp_imm_s(IntCC::SignedLessThan, left, 0);
            self.trap_if(used_up, TrapKind::OutOfFuel, span);
        }
    }

    /// Takes fuel that is known only when the program runs; it is checked with the next charge.
    pub(super) fn charge_value(&mut self, units: Value) {
        let fuel = self.fuel();
        let left = self.builder.ins().isub(fuel, units);
        self.set_fuel(left);
    }

    /// Returns from the function with success.
    pub(super) fn return_value(&mut self, value: Option<Value>) {
        self.leave_row_notes(self.func.span);
        let result = self.func.result;
        let in_register = match (self.unit.form(result), value) {
            (Form::Register(_), Some(value)) => Some(value),
            (Form::Register(ty), None) => Some(self.zero(ty)),
            _ => None,
        };
        let last = match self.leaves {
            Leaves::ToCaller => self.fuel(),
            Leaves::ToHost(address) => {
                self.store_fuel();
                if let Some(value) = in_register {
                    self.store(result, value, address, 0);
                }
                let status = self.number(0);
                let _ = self.builder.ins().return_(&[status]);
                return;
            }
        };
        let results: Vec<Value> = in_register.into_iter().chain([last]).collect();
        let _ = self.builder.ins().return_(&results);
    }

    /// Goes on in a block that nobody reaches, after `return` and the like.
    pub(super) fn dead_end(&mut self) {
        let block = self.builder.create_block();
        self.start(block);
    }

    /// The reference to an internal function.
    pub(super) fn callee(&mut self, id: ir::FuncId) -> FuncRef {
        if let Some(&known) = self.callees.get(&id) {
            return known;
        }
        let function = self.unit.internal(id);
        let reference = self.unit.pages.declare_func_in_func(function, self.builder.func);
        let _ = self.callees.insert(id, reference);
        reference
    }

    // Blocks and branches.

    /// Ends the block with a jump.
    pub(super) fn jump(&mut self, target: cl::Block, arguments: &[Value]) {
        let arguments: Vec<BlockArg> = arguments.iter().map(|&value| value.into()).collect();
        let _ = self.builder.ins().jump(target, &arguments);
    }

    /// Ends the block with a branch.
    pub(super) fn brif(&mut self, condition: Value, then: cl::Block, otherwise: cl::Block) {
        let _ = self.builder.ins().brif(condition, then, &[], otherwise, &[]);
    }

    /// Ends the block with a branch that hands values on.
    pub(super) fn brif_with(
        &mut self,
        condition: Value,
        then: (cl::Block, &[Value]),
        otherwise: (cl::Block, &[Value]),
    ) {
        let arguments =
            |values: &[Value]| -> Vec<BlockArg> { values.iter().map(|&v| v.into()).collect() };
        let (then_args, else_args) = (arguments(then.1), arguments(otherwise.1));
        let _ = self.builder.ins().brif(condition, then.0, &then_args, otherwise.0, &else_args);
    }

    /// Goes on in a block to which everything that leads has been written.
    pub(super) fn start(&mut self, block: cl::Block) {
        self.builder.seal_block(block);
        self.builder.switch_to_block(block);
    }

    /// A block that follows the current one, with a check between them, stands where that does: what
    /// is rare stays out of the way of what is not.
    pub(super) fn is_as_cold(&mut self, next: cl::Block) {
        let current = self.builder.current_block();
        if current.is_some_and(|block| self.builder.func.layout.is_cold(block)) {
            self.builder.set_cold_block(next);
        }
    }

    // The context.

    /// Reads a field of the call context.
    pub(super) fn load_ctx(&mut self, ty: cl::Type, offset: usize) -> Value {
        self.builder.ins().load(ty, self.context, self.ctx, offset as i32)
    }

    /// Writes a field of the call context.
    pub(super) fn store_ctx(&mut self, value: Value, offset: usize) {
        let _ = self.builder.ins().store(self.context, value, self.ctx, offset as i32);
    }

    /// Reads an address that stays the same for the whole call.
    pub(super) fn load_fixed(&mut self, base: Value, offset: usize) -> Value {
        let flags = MemFlagsData::trusted().with_readonly().with_can_move();
        self.builder.ins().load(clif::I64, flags, base, offset as i32)
    }

    /// The first byte of the fields of `state`.
    pub(super) fn state(&mut self) -> Value {
        self.load_fixed(self.ctx, offset_of!(CallContext, state))
    }

    /// An `int` constant.
    pub(super) fn int(&mut self, value: i64) -> Value {
        self.builder.ins().iconst(clif::I64, value)
    }

    /// The zero of a register's type.
    pub(super) fn zero(&mut self, ty: cl::Type) -> Value {
        if ty == clif::F64 {
            self.builder.ins().f64const(0.0)
        } else {
            self.builder.ins().iconst(ty, 0)
        }
    }
}

/// The flags of accesses to a kind of memory that no other kind overlaps.
fn region(func: &mut cl::Function, id: u32, name: &'static str) -> MemFlagsData {
    let data = AliasRegionData { user_id: id, description: name.into() };
    let region: AliasRegion = func.dfg.alias_regions.insert(data);
    MemFlagsData::trusted().with_alias_region(Some(region))
}
