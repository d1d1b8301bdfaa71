//! Places: where a value stands, how it is read, and what a write has to do first.
//!
//! A place is used in two steps, because the language evaluates it in two: [`Lower::find`]
//! evaluates the row and the indices, [`Lower::locate`] checks them and gives an address. Between
//! the two stands the right side of an assignment. A place that is only read does both at once.
//!
//! A write to the world notes for undo what it overwrites; see `undo`. A write to the memory of
//! the call needs nothing.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, types as clif};

use super::function::{Lower, Value};
use super::scan;
use super::value::{Form, Storage};
use crate::abi::{HostFunction, ListHeader};
use crate::ir::{self, ExprKind, Root, StepKind};
use crate::layout::{Layout, bounded_elements_offset};
use crate::planted::{Fault, is_planted};
use crate::source::Span;
use crate::trap::TrapKind;
use crate::types::{TableId, Type, TypeId};

/// Whose memory a place is in: decides what a write does first.
#[derive(Clone, Copy, Debug)]
pub(super) enum Owner {
    /// A local, a temporary, a growing list: gone with the call.
    Call,
    /// The fields of `state`.
    State,
    /// The fields of a row.
    Row(RowPlace),
}

/// A place in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowPlace {
    pub(super) table: TableId,
    pub(super) row: Value,
    /// The field that it is, or is in: where it stands, from the row's header, and its bytes.
    pub(super) field: (u32, u32),
    /// The local that the row was found by.
    pub(super) local: Option<ir::LocalId>,
}

/// An address, with what a write needs to know about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Located {
    pub(super) owner: Owner,
    /// The address is `base + offset`.
    pub(super) base: Value,
    pub(super) offset: u32,
    /// The part of `base` that indices added to the owner's first byte.
    pub(super) index_bytes: Option<Value>,
}

/// A place whose row and indices are evaluated, but not checked.
pub(super) struct Found<'p> {
    place: &'p ir::Place,
    root: FoundRoot,
    /// The value of each index, in order.
    indices: Vec<Value>,
}

enum FoundRoot {
    Local(ir::LocalId),
    State,
    Row(TableId, Value),
    Value(Value, Type),
}

impl<'p> Lower<'_, 'p, '_> {
    /// Reads a place; a value in memory stays borrowed.
    pub(super) fn read(&mut self, place: &'p ir::Place) -> Option<Value> {
        if let Some(value) = self.whole_register(place) {
            return value;
        }
        let found = self.find(place)?;
        let at = self.locate(&found);
        match self.unit.form(place.ty) {
            Form::Nothing => None,
            _ => Some(self.load_located(place.ty, at)),
        }
    }

    fn load_located(&mut self, ty: Type, at: Located) -> Value {
        self.held(at, ty).unwrap_or_else(|| self.load(ty, at.base, at.offset))
    }

    /// Evaluates the row and the indices of a place; `None` where that does not end.
    pub(super) fn find(&mut self, place: &'p ir::Place) -> Option<Found<'p>> {
        let root = match &place.root {
            Root::Local(local) => FoundRoot::Local(*local),
            Root::State => FoundRoot::State,
            Root::Row(table, row) => FoundRoot::Row(*table, self.expr(row)?),
            Root::Value(value) => FoundRoot::Value(self.expr(value)?, value.ty),
        };
        let mut indices = Vec::new();
        for step in &place.path {
            if let StepKind::Index(index) = &step.kind {
                indices.push(self.expr(index)?);
            }
        }
        Some(Found { place, root, indices })
    }

    /// Checks that the row is alive and every index in bounds, and gives the address.
    pub(super) fn locate(&mut self, found: &Found<'p>) -> Located {
        let (mut at, mut ty) = self.locate_root(found);
        let mut indices = found.indices.iter();
        for (depth, step) in found.place.path.iter().enumerate() {
            // The root has its own value in a register; the address of an inner list is loaded.
            if depth > 0 && matches!(ty, Type::List(_)) {
                let base = self.load_word(at.base, at.offset);
                at = Located { owner: Owner::Call, base, offset: 0, index_bytes: None };
            }
            match &step.kind {
                StepKind::Field(field) => at.offset += self.field_offset(ty, *field),
                StepKind::Index(index) => {
                    let value = indices.next().expect("`find` evaluated every index");
                    at = self.element(at, ty, (index, *value));
                }
            }
            ty = step.ty;
        }
        at
    }

    fn locate_root(&mut self, found: &Found<'p>) -> (Located, Type) {
        let (owner, base, ty) = match found.root {
            FoundRoot::Local(local) => {
                let address = self.local(local);
                (Owner::Call, address, self.func.locals[local.index()].ty)
            }
            FoundRoot::Value(value, ty) => (Owner::Call, value, ty),
            FoundRoot::State => {
                let state = self.state();
                (Owner::State, state, Type::Struct(self.unit.program.state))
            }
            FoundRoot::Row(table, row) => {
                self.check_alive(table, row, found.place.span);
                let field = self.field_of_row(table, found.place);
                let local = scan::row_local(found.place);
                let place = RowPlace { table, row, field, local };
                (Owner::Row(place), row, Type::Row(table))
            }
        };
        (Located { owner, base, offset: 0, index_bytes: None }, ty)
    }

    /// Where the field of a row that a place is in stands, and its bytes.
    pub(super) fn field_of_row(&self, table: TableId, place: &ir::Place) -> (u32, u32) {
        let Some(ir::Step { kind: StepKind::Field(field), ty }) = place.path.first() else {
            unreachable!("a place in a row begins with a field");
        };
        (self.field_offset(Type::Row(table), *field), self.unit.layout(*ty).size)
    }

    fn field_offset(&self, ty: Type, field: u32) -> u32 {
        let layouts = self.unit.layouts;
        match ty {
            Type::Struct(id) => layouts.strukt(id).offsets[field as usize],
            Type::Row(id) => layouts.row(id).offsets[field as usize],
            _ => unreachable!("only structs and rows have fields"),
        }
    }

    /// The address of an element, after the check of the index.
    fn element(&mut self, at: Located, ty: Type, index: (&'p ir::Expr, Value)) -> Located {
        let (expr, value) = index;
        match ty {
            Type::Array(inner, len) => {
                let layout = self.inner_layout(inner);
                if let ExprKind::Const(ir::Const::Int(number)) = expr.kind
                    && let Ok(number) = u32::try_from(number)
                    && number < len
                {
                    return Located { offset: at.offset + number * layout.size, ..at };
                }
                let len = self.int(i64::from(len));
                self.check_index(value, len, expr.span);
                self.step_by(at, value, layout)
            }
            Type::Bounded(inner, _) => {
                let layout = self.inner_layout(inner);
                let len = self.load_len(at.base, at.offset);
                self.check_index(value, len, expr.span);
                let offset = at.offset + bounded_elements_offset(layout);
                self.step_by(Located { offset, ..at }, value, layout)
            }
            Type::List(inner) => {
                let layout = self.inner_layout(inner);
                let (data, len) = self.list_parts(at.base);
                self.check_index(value, len, expr.span);
                let data = Located { owner: Owner::Call, base: data, offset: 0, index_bytes: None };
                self.step_by(data, value, layout)
            }
            _ => unreachable!("only lists have elements"),
        }
    }

    fn step_by(&mut self, at: Located, index: Value, element: Layout) -> Located {
        let size = self.int(i64::from(element.size));
        let bytes = self.builder.ins().imul(index, size);
        let base = self.builder.ins().iadd(at.base, bytes);
        let index_bytes = match at.index_bytes {
            Some(before) => self.builder.ins().iadd(before, bytes),
            None => bytes,
        };
        Located { base, index_bytes: Some(index_bytes), ..at }
    }

    /// Traps where the index is not in `0..len`.
    pub(super) fn check_index(&mut self, index: Value, len: Value, span: Span) {
        let outside = match is_planted(Fault::IndexMayBeLen) {
            true => IntCC::UnsignedGreaterThan,
            false => IntCC::UnsignedGreaterThanOrEqual,
        };
        let outside = self.builder.ins().icmp(outside, index, len);
        self.trap_if_with(outside, TrapKind::IndexOutOfBounds, span, &[index, len]);
    }

    /// The length of a bounded list, as an `int`.
    pub(super) fn load_len(&mut self, address: Value, offset: u32) -> Value {
        let flags = self.memory;
        self.builder.ins().uload32(flags, address, offset as i32)
    }

    /// Address of the elements and length of a growing list, both 0 for the empty one.
    pub(super) fn list_parts(&mut self, list: Value) -> (Value, Value) {
        let there = self.builder.create_block();
        let done = self.builder.create_block();
        let data = self.builder.append_block_param(done, clif::I64);
        let len = self.builder.append_block_param(done, clif::I64);
        let zero = self.int(0);
        self.brif_with(list, (there, &[]), (done, &[zero, zero]));
        self.start(there);
        let some_data = self.load_word(list, offset_of!(ListHeader, data) as u32);
        let some_len = self.load_word(list, offset_of!(ListHeader, len) as u32);
        self.jump(done, &[some_data, some_len]);
        self.start(done);
        (data, len)
    }

    pub(super) fn inner_layout(&self, inner: TypeId) -> Layout {
        self.unit.layout(self.unit.types.get(inner))
    }

    // Writing.

    /// `place = value`
    pub(super) fn assign(&mut self, place: &'p ir::Place, value: &'p ir::Expr) -> Option<()> {
        if let (Root::Local(local), []) = (&place.root, &place.path[..])
            && let Storage::Register(variable) = self.locals[local.index()]
        {
            let value = self.owned(value)?;
            self.builder.def_var(variable, value);
            return Some(());
        }
        let found = self.find(place)?;
        self.note_early(&found);
        let value = match self.unit.form(place.ty) {
            Form::Nothing => {
                let _ = self.expr(value);
                return Some(());
            }
            _ => self.owned(value)?,
        };
        let at = self.locate(&found);
        self.write(place, at, value);
        Some(())
    }

    /// `place op= value`
    pub(super) fn op_assign(
        &mut self,
        op: ir::BinaryOp,
        place: &'p ir::Place,
        value: &'p ir::Expr,
        span: Span,
    ) -> Option<()> {
        if let (Root::Local(local), []) = (&place.root, &place.path[..])
            && let Storage::Register(variable) = self.locals[local.index()]
        {
            let right = self.expr(value)?;
            let left = self.builder.use_var(variable);
            let sides = super::arith::Sides::of_place(self, (place, left), (value, right));
            let result = self.binary(op, sides, span);
            self.builder.def_var(variable, result);
            return Some(());
        }
        let found = self.find(place)?;
        self.note_early(&found);
        let early = is_planted(Fault::PlaceIsReadEarly).then(|| {
            let at = self.locate(&found);
            self.load(place.ty, at.base, at.offset)
        });
        let right = self.expr(value)?;
        let at = self.locate(&found);
        let left = early.unwrap_or_else(|| self.load_located(place.ty, at));
        let sides = super::arith::Sides::of_place(self, (place, left), (value, right));
        let result = self.binary(op, sides, span);
        self.write(place, at, result);
        Some(())
    }

    /// Notes what will be written before the right side is evaluated, so that no value has to be
    /// kept across the call that notes. A row that might be gone is noted later, after the check.
    fn note_early(&mut self, found: &Found<'p>) {
        let is_there = match found.root {
            FoundRoot::Row(table, row) => !self.unit.removes_from(table) || self.is_alive(row),
            FoundRoot::State => true,
            FoundRoot::Local(_) | FoundRoot::Value(..) => false,
        };
        if is_there && found.indices.is_empty() {
            let at = self.locate(found);
            let size = self.unit.layout(found.place.ty).size;
            self.note(at, size, found.place.span);
        }
    }

    /// Puts a value where a place was located.
    pub(super) fn write(&mut self, place: &ir::Place, at: Located, value: Value) {
        let (ty, span) = (place.ty, place.span);
        let size = self.unit.layout(ty).size;
        self.before_write(at, size, span);
        match at.owner {
            Owner::Call => return self.put(ty, value, at.base, at.offset),
            Owner::State => {}
            Owner::Row(RowPlace { table, row, .. }) => {
                if let Some(field) = self.indexed_field(table, place) {
                    if ty == Type::Str {
                        let slot = self.offset(at.base, at.offset);
                        return self.store_indexed_text((table, row), field, (slot, value), span);
                    }
                    self.before_index_write((table, row), field, (ty, value), span);
                }
            }
        }
        if ty == Type::Str {
            let slot = self.offset(at.base, at.offset);
            let _ = self.host(HostFunction::text_store, &[slot, value], span);
        } else if self.holds_text(ty) {
            let id = self.type_id(ty);
            let id = self.number(id.0);
            let target = self.offset(at.base, at.offset);
            let _ = self.host(HostFunction::value_store, &[id, target, value], span);
        } else {
            self.put(ty, value, at.base, at.offset);
        }
    }

    /// The field of a row that a place is, where an index is kept on it.
    pub(super) fn indexed_field(&self, table: TableId, place: &ir::Place) -> Option<u32> {
        let [ir::Step { kind: StepKind::Field(field), .. }] = place.path[..] else {
            return None;
        };
        self.unit.types.table(table).indexes.contains(&field).then_some(field)
    }

    /// Puts a value into memory without further ado: a register's is stored, another is copied.
    pub(super) fn put(&mut self, ty: Type, value: Value, address: Value, offset: u32) {
        match self.unit.form(ty) {
            Form::Nothing => {}
            Form::Register(_) => self.store(ty, value, address, offset),
            Form::Memory(layout) => {
                let target = self.offset(address, offset);
                self.copy(layout, target, value);
            }
        }
    }

    /// The value of a place that is a whole local in a register; the outer `None` for others.
    #[expect(clippy::option_option, reason = "the inner one is a type without values")]
    fn whole_register(&mut self, place: &ir::Place) -> Option<Option<Value>> {
        let (Root::Local(local), []) = (&place.root, &place.path[..]) else {
            return None;
        };
        match self.unit.form(place.ty) {
            Form::Nothing => Some(None),
            Form::Register(_) => Some(Some(self.local(*local))),
            Form::Memory(_) => None,
        }
    }
}
