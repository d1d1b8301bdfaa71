//! How values stand in registers and in memory: the only place of code generation that knows.
//!
//! A value of a scalar type is one register. A value of any other type is the address of its
//! memory form (`layout`). Such an address is only borrowed when it is that of a place: who keeps
//! it longer than until the next evaluation copies it.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self as cl, InstBuilder, StackSlotData, StackSlotKind, types as clif};
use cranelift_frontend::Variable;

use super::function::{Lower, Value};
use crate::abi::HostFunction;
use crate::ir;
use crate::layout::{Layout, Layouts};
use crate::limits::STACK_VALUE_MAX;
use crate::planted::{Fault, is_planted};
use crate::source::Span;
use crate::types::{Type, TypeId, Types};

/// Bytes of stack slots in one function; what goes beyond lives in the arena.
const SLOTS_SIZE_MAX: u32 = 8 << 10;

/// Bytes up to which a copy is written out as loads and stores.
const INLINE_COPY_MAX: u32 = 128;

/// How values of a type stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `()` and never: there is no value.
    Nothing,
    /// In one register of this type.
    Register(cl::Type),
    /// In memory of this layout.
    Memory(Layout),
}

impl Form {
    /// The form of a type.
    pub(super) fn of(types: &Types, layouts: &Layouts, ty: Type) -> Form {
        match ty {
            Type::Unit | Type::Never | Type::Error => Form::Nothing,
            Type::Int | Type::Str | Type::Row(_) | Type::List(_) => Form::Register(clif::I64),
            Type::Float => Form::Register(clif::F64),
            Type::Bool => Form::Register(clif::I32),
            Type::Enum(id) if types.enumeration(id).is_bare() => Form::Register(clif::I32),
            Type::Optional(inner) if matches!(types.get(inner), Type::Row(_)) => {
                Form::Register(clif::I64)
            }
            Type::Struct(_)
            | Type::Enum(_)
            | Type::Optional(_)
            | Type::Array(..)
            | Type::Bounded(..) => match layouts.of(types, ty) {
                Some(layout) => Form::Memory(layout),
                // The checker refuses what has no layout.
                None => Form::Memory(Layout { size: 8, align: 8 }),
            },
        }
    }

    /// What a parameter of this form takes.
    pub(super) fn register(self) -> Option<cl::Type> {
        match self {
            Form::Nothing => None,
            Form::Register(ty) => Some(ty),
            Form::Memory(_) => Some(clif::I64),
        }
    }
}

/// Where a local lives.
#[derive(Clone, Copy, Debug)]
pub(super) enum Storage {
    /// Its type has no value.
    Nothing,
    /// In a register, with the value that it was given once; none before.
    Fixed(Option<Value>),
    /// In a register, with one value after the other.
    Register(Variable),
    /// In a stack slot.
    Slot(cl::StackSlot),
    /// At an address: a parameter, an element, or in the arena.
    Address(Value),
}

impl Lower<'_, '_, '_> {
    /// Makes room for a local; a parameter brings its argument.
    pub(super) fn storage_for(&mut self, local: &ir::Local, argument: Option<Value>) -> Storage {
        match self.unit.form(local.ty) {
            Form::Nothing => Storage::Nothing,
            Form::Register(ty) if local.mutable => {
                let variable = self.builder.declare_var(ty);
                if let Some(argument) = argument {
                    self.builder.def_var(variable, argument);
                }
                Storage::Register(variable)
            }
            Form::Register(_) => Storage::Fixed(argument),
            Form::Memory(layout) => match argument {
                Some(argument) => Storage::Address(argument),
                None => match self.slot(layout) {
                    Some(slot) => Storage::Slot(slot),
                    None => Storage::Address(self.allocate(layout, self.func.span)),
                },
            },
        }
    }

    /// Gives a local in a register its value.
    pub(super) fn set_local(&mut self, local: ir::LocalId, value: Value) {
        match &mut self.locals[local.index()] {
            Storage::Fixed(fixed) => *fixed = Some(value),
            &mut Storage::Register(variable) => self.builder.def_var(variable, value),
            _ => unreachable!("the local stands in memory"),
        }
    }

    /// The value of a local in a register, the address of another.
    pub(super) fn local(&mut self, local: ir::LocalId) -> Value {
        match self.locals[local.index()] {
            Storage::Fixed(Some(value)) | Storage::Address(value) => value,
            Storage::Register(variable) => self.builder.use_var(variable),
            Storage::Slot(slot) => self.builder.ins().stack_addr(clif::I64, slot, 0),
            // In code that is never reached: a local is given its value before it is read.
            Storage::Fixed(None) | Storage::Nothing => {
                let form = self.unit.form(self.func.locals[local.index()].ty);
                self.zero(form.register().unwrap_or(clif::I64))
            }
        }
    }

    /// Memory for a value that has no name.
    pub(super) fn temporary(&mut self, layout: Layout, span: Span) -> Value {
        match self.slot(layout) {
            Some(slot) => self.builder.ins().stack_addr(clif::I64, slot, 0),
            None => self.allocate(layout, span),
        }
    }

    /// A stack slot, unless the value is too large for one or the function has too many: half of
    /// the native frame, which is twice the logical one, is left for everything else.
    fn slot(&mut self, layout: Layout) -> Option<cl::StackSlot> {
        let size = layout.size.next_multiple_of(8).max(8);
        let room = self.func.stack_cost.min(SLOTS_SIZE_MAX);
        if u64::from(size) > STACK_VALUE_MAX || self.slot_bytes + size > room {
            return None;
        }
        self.slot_bytes += size;
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, size, 3);
        Some(self.builder.create_sized_stack_slot(data))
    }

    fn allocate(&mut self, layout: Layout, span: Span) -> Value {
        let size = self.int(i64::from(layout.size));
        self.host_value(HostFunction::arena_allocate, &[size], span)
    }

    /// `address + offset`
    pub(super) fn offset(&mut self, address: Value, offset: u32) -> Value {
        match offset {
            0 => address,
            _ => self.builder.ins().iadd_imm_s(address, i64::from(offset)),
        }
    }

    /// Reads 64 bits.
    pub(super) fn load_word(&mut self, address: Value, offset: u32) -> Value {
        self.builder.ins().load(clif::I64, self.memory, address, offset as i32)
    }

    /// Writes 64 bits.
    pub(super) fn store_word(&mut self, value: Value, address: Value, offset: u32) {
        let _ = self.builder.ins().store(self.memory, value, address, offset as i32);
    }

    /// Reads a value that stands in a register from its memory form.
    pub(super) fn load(&mut self, ty: Type, address: Value, offset: u32) -> Value {
        let place = offset as i32;
        match (ty, self.unit.form(ty)) {
            (Type::Bool, _) => self.builder.ins().uload8(clif::I32, self.memory, address, place),
            (Type::Enum(id), Form::Register(_)) => {
                self.load_tag(self.unit.layouts.enumeration(id).tag_size, address, offset)
            }
            (Type::Int, _) if is_planted(Fault::IntIsReadNarrow) => {
                self.builder.ins().sload32(self.memory, address, place)
            }
            (_, Form::Register(register)) => {
                self.builder.ins().load(register, self.memory, address, place)
            }
            (_, Form::Nothing | Form::Memory(_)) => self.offset(address, offset),
        }
    }

    /// Writes a value that stands in a register to its memory form. A NaN keeps the bits that the
    /// processor gave it: nothing in Flight tells one from another, and whoever reads it from outside
    /// (`View` of the runtime) is given the one that Flight has.
    pub(super) fn store(&mut self, ty: Type, value: Value, address: Value, offset: u32) {
        let place = offset as i32;
        match (ty, self.unit.form(ty)) {
            (_, Form::Nothing | Form::Memory(_)) => {}
            (Type::Bool, _) => {
                let _ = self.builder.ins().istore8(self.memory, value, address, place);
            }
            (Type::Enum(id), _) => {
                let size = self.unit.layouts.enumeration(id).tag_size;
                self.store_tag(size, value, address, offset);
            }
            (_, Form::Register(_)) => {
                let _ = self.builder.ins().store(self.memory, value, address, place);
            }
        }
    }

    /// Reads the tag of an enum or optional.
    pub(super) fn load_tag(&mut self, size: u32, address: Value, offset: u32) -> Value {
        let offset = offset as i32;
        match size {
            1 => self.builder.ins().uload8(clif::I32, self.memory, address, offset),
            _ => self.builder.ins().uload16(clif::I32, self.memory, address, offset),
        }
    }

    /// Writes the tag of an enum or optional.
    pub(super) fn store_tag(&mut self, size: u32, tag: Value, address: Value, offset: u32) {
        let offset = offset as i32;
        let _ = match size {
            1 => self.builder.ins().istore8(self.memory, tag, address, offset),
            _ => self.builder.ins().istore16(self.memory, tag, address, offset),
        };
    }

    /// Copies a value between two places that are the same or do not overlap.
    pub(super) fn copy(&mut self, layout: Layout, target: Value, source: Value) {
        if layout.size > INLINE_COPY_MAX {
            let size = self.int(i64::from(layout.size));
            let span = self.func.span;
            let _ = self.host(HostFunction::memory_copy, &[target, source, size], span);
            return;
        }
        let mut done = 0;
        while done < layout.size {
            let at = done as i32;
            let (step, left) = (layout.align, layout.size - done);
            if step == 8 && left >= 8 {
                let part = self.builder.ins().load(clif::I64, self.memory, source, at);
                let _ = self.builder.ins().store(self.memory, part, target, at);
                done += 8;
            } else if step >= 4 && left >= 4 {
                let part = self.builder.ins().load(clif::I32, self.memory, source, at);
                let _ = self.builder.ins().store(self.memory, part, target, at);
                done += 4;
            } else {
                let part = self.builder.ins().uload8(clif::I32, self.memory, source, at);
                let _ = self.builder.ins().istore8(self.memory, part, target, at);
                done += 1;
            }
        }
    }

    /// The id of a type for host functions.
    pub(super) fn type_id(&mut self, ty: Type) -> TypeId {
        self.unit.types.intern(ty)
    }

    /// Whether a value of this type holds texts, which need care when it goes into state.
    pub(super) fn holds_text(&self, ty: Type) -> bool {
        self.unit.types.hold_text(ty)
    }

    /// Whether a value of this type holds growing lists, which a copy must not share.
    pub(super) fn holds_list(&self, ty: Type) -> bool {
        self.unit.types.hold_list(ty)
    }

    /// Copies the memory form of a value so that the copy shares nothing that can be changed.
    pub(super) fn copy_value(&mut self, ty: Type, target: Value, source: Value, span: Span) {
        if self.holds_list(ty) {
            let id = self.type_id(ty);
            let id = self.number(id.0);
            let _ = self.host(HostFunction::value_copy, &[id, target, source], span);
        } else {
            self.copy(self.unit.layout(ty), target, source);
        }
    }

    /// Whether two values are equal by structure, as 0 or 1; what it costs by size is reported at
    /// `span`.
    pub(super) fn equal(&mut self, ty: Type, left: Value, right: Value, span: Span) -> Value {
        let result = match ty {
            Type::Int | Type::Bool | Type::Row(_) => {
                self.builder.ins().icmp(IntCC::Equal, left, right)
            }
            Type::Float => self.builder.ins().fcmp(FloatCC::Equal, left, right),
            Type::Str => return self.host_value(HostFunction::text_equal, &[left, right], span),
            _ => match self.unit.form(ty) {
                Form::Nothing => return self.number(1),
                Form::Register(_) if !matches!(ty, Type::List(_)) => {
                    self.builder.ins().icmp(IntCC::Equal, left, right)
                }
                Form::Memory(_) if let Some(equal) = self.equal_parts(ty, left, right) => {
                    return equal;
                }
                Form::Register(_) | Form::Memory(_) => {
                    let id = self.type_id(ty);
                    let passed = [self.number(id.0), self.spill(ty, left), self.spill(ty, right)];
                    return self.host_value(HostFunction::value_equal, &passed, span);
                }
            },
        };
        self.builder.ins().uextend(clif::I32, result)
    }

    /// The address of the memory form of any value.
    pub(super) fn spill(&mut self, ty: Type, value: Value) -> Value {
        if let Form::Memory(_) = self.unit.form(ty) {
            return value;
        }
        let address = self.temporary(Layout { size: 8, align: 8 }, self.func.span);
        self.store(ty, value, address, 0);
        address
    }
}
