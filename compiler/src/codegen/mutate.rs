//! The built-ins that change the list at a place.
//!
//! A list of the world is noted for undo, whole, before it changes. One that holds texts is
//! changed as a copy and then stored back: the host keeps account of the texts of the world.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, types as clif};
use cranelift_frontend::Variable;

use super::function::{Lower, Value};
use super::list::Elements;
use super::place::{Located, Owner};
use super::value::{Form, Storage};
use crate::abi::{BYTES_PER_FUEL, HostFunction, ListHeader};
use crate::builtins::Builtin;
use crate::ir::{self, Expr, Root};
use crate::layout::{Layout, optional_value_offset};
use crate::source::Span;
use crate::trap::TrapKind;
use crate::types::Type;

/// A list that can be changed.
#[derive(Clone, Copy)]
struct List {
    ty: Type,
    span: Span,
    stands: Stands,
}

#[derive(Clone, Copy)]
enum Stands {
    /// An array or a bounded list at this address.
    At(Value),
    /// A growing list in a local.
    In(Variable),
    /// A growing list whose address is here.
    Behind(Value),
}

impl<'p> Lower<'_, 'p, '_> {
    /// Changes the list at a place. What it gives stands in a register, or at the target.
    pub(super) fn mutate(
        &mut self,
        (builtin, expr): (Builtin, &Expr),
        place: &'p ir::Place,
        args: &'p [Expr],
        target: Option<Value>,
    ) -> Option<Value> {
        let (ty, span) = (place.ty, expr.span);
        if let (Root::Local(local), []) = (&place.root, &place.path[..])
            && let Storage::Register(variable) = self.locals[local.index()]
        {
            let values = self.owned_all(args)?;
            let list = List { ty, span, stands: Stands::In(variable) };
            return self.change(builtin, list, &values, (expr.ty, target));
        }
        let found = self.find(place)?;
        let values = self.owned_all(args)?;
        let at = self.locate(&found);
        let layout = self.unit.layout(ty);
        self.before_write(at, layout.size, span);
        let address = self.offset(at.base, at.offset);
        let stands = match ty {
            Type::List(_) => Stands::Behind(address),
            _ if !matches!(at.owner, Owner::Call) && self.holds_text(ty) => {
                return self.change_copy((builtin, expr), place, (at, &values), target);
            }
            _ => Stands::At(address),
        };
        self.change(builtin, List { ty, span, stands }, &values, (expr.ty, target))
    }

    fn owned_all(&mut self, args: &'p [Expr]) -> Option<Vec<Value>> {
        let mut values = Vec::with_capacity(args.len());
        for (index, arg) in args.iter().enumerate() {
            let value = self.operand(arg, args.get(index + 1..).unwrap_or_default())?;
            let is_shared = self.is_borrowed(arg) && self.holds_list(arg.ty);
            values.push(if is_shared { self.copied((arg.ty, arg.span), value) } else { value });
        }
        Some(values)
    }

    /// Changes a copy of a list with texts and stores it back.
    fn change_copy(
        &mut self,
        (builtin, expr): (Builtin, &Expr),
        place: &ir::Place,
        (at, values): (Located, &[Value]),
        target: Option<Value>,
    ) -> Option<Value> {
        let layout = self.unit.layout(place.ty);
        let copy = self.temporary(layout, expr.span);
        let address = self.offset(at.base, at.offset);
        self.copy(layout, copy, address);
        let list = List { ty: place.ty, span: expr.span, stands: Stands::At(copy) };
        let result = self.change(builtin, list, values, (expr.ty, target));
        self.write(place, at, copy);
        result
    }

    fn change(
        &mut self,
        builtin: Builtin,
        list: List,
        values: &[Value],
        wanted: (Type, Option<Value>),
    ) -> Option<Value> {
        match (builtin, values) {
            (Builtin::ListPush, &[value]) => {
                let elements = self.make_room(list);
                let at = self.element_at(elements, elements.len);
                self.put(elements.ty, value, at, 0);
            }
            (Builtin::ListInsert, &[index, value]) => {
                let len = self.elements_of(list).len;
                self.check_within(index, len, list.span);
                let elements = self.make_room(list);
                self.move_up(elements, index, list.span);
                let at = self.element_at(elements, index);
                self.put(elements.ty, value, at, 0);
            }
            (Builtin::ListPop, []) => return self.pop(list, wanted),
            (Builtin::ListRemove, &[index]) => return Some(self.take(list, index, wanted)),
            (Builtin::ListClear, []) => self.clear(list),
            (Builtin::ListSort, []) => {
                let elements = self.elements_of(list);
                let id = self.type_id(elements.ty);
                let passed = [self.number(id.0), elements.data, elements.len];
                let _ = self.host(HostFunction::list_sort, &passed, list.span);
            }
            (Builtin::ListAssign, &[value]) => self.assign_list(list, value),
            _ => unreachable!("the checker counts the arguments of built-ins"),
        }
        None
    }

    /// The list as a value that can be read.
    fn elements_of(&mut self, list: List) -> Elements {
        let value = self.get_list(list);
        self.elements(list.ty, value)
    }

    fn get_list(&mut self, list: List) -> Value {
        match list.stands {
            Stands::At(address) => address,
            Stands::In(variable) => self.builder.use_var(variable),
            Stands::Behind(address) => self.load_word(address, 0),
        }
    }

    fn set_list(&mut self, list: List, value: Value) {
        match list.stands {
            Stands::At(_) => unreachable!("a list inside of a value stays where it is"),
            Stands::In(variable) => self.builder.def_var(variable, value),
            Stands::Behind(address) => self.store_word(value, address, 0),
        }
    }

    /// Sets the length of a list that is not null.
    fn set_len(&mut self, list: List, len: Value) {
        let value = self.get_list(list);
        if let Type::Bounded(..) = list.ty {
            let len = self.builder.ins().ireduce(clif::I32, len);
            self.store_len(len, value);
        } else {
            self.store_word(len, value, offset_of!(ListHeader, len) as u32);
        }
    }

    /// Makes the list one longer. Gives the elements that were there; the new one stands behind
    /// them and is still to be written.
    fn make_room(&mut self, list: List) -> Elements {
        if let Type::Bounded(_, capacity) = list.ty {
            let elements = self.elements_of(list);
            let capacity = self.int(i64::from(capacity));
            self.check_room(elements.len, capacity, list.span);
            let longer = self.builder.ins().iadd_imm_s(elements.len, 1);
            self.set_len(list, longer);
            return elements;
        }
        let layout = self.unit.layout(self.element_type(list.ty));
        let [there, grow, done] = [(); 3].map(|()| self.builder.create_block());
        let old = self.get_list(list);
        let value = self.builder.append_block_param(done, clif::I64);
        self.brif(old, there, grow);
        self.start(there);
        let len = self.load_word(old, offset_of!(ListHeader, len) as u32);
        let capacity = self.load_word(old, offset_of!(ListHeader, capacity) as u32);
        let has_room = self.builder.ins().icmp(IntCC::UnsignedLessThan, len, capacity);
        self.brif_with(has_room, (done, &[old]), (grow, &[]));
        self.start(grow);
        let size = self.int(i64::from(layout.size));
        let grown = self.host_value(HostFunction::list_grow, &[old, size], list.span);
        self.jump(done, &[grown]);
        self.start(done);
        self.set_list(list, value);
        let data = self.load_word(value, offset_of!(ListHeader, data) as u32);
        let len = self.load_word(value, offset_of!(ListHeader, len) as u32);
        let longer = self.builder.ins().iadd_imm_s(len, 1);
        self.store_word(longer, value, offset_of!(ListHeader, len) as u32);
        Elements { ty: self.element_type(list.ty), layout, data, len }
    }

    /// Traps where as many elements as this do not leave room for one more.
    fn check_room(&mut self, len: Value, capacity: Value, span: Span) {
        let full = self.builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, len, capacity);
        self.trap_if(full, TrapKind::ListFull, span);
    }

    /// Moves the elements from an index on one further, the last one first.
    fn move_up(&mut self, elements: Elements, index: Value, span: Span) {
        let moved = self.builder.ins().isub(elements.len, index);
        self.charge_elements(moved, elements.layout, span);
        let zero = self.int(0);
        self.count(zero, moved, |lower, step| {
            let to = lower.builder.ins().isub(elements.len, step);
            let from = lower.builder.ins().iadd_imm_s(to, -1);
            let (to, from) = (lower.element_at(elements, to), lower.element_at(elements, from));
            lower.copy(elements.layout, to, from);
        });
    }

    /// `remove(index)`: gives the element and moves the rest down.
    fn take(&mut self, list: List, index: Value, wanted: (Type, Option<Value>)) -> Value {
        let elements = self.elements_of(list);
        self.check_index(index, elements.len, list.span);
        let at = self.element_at(elements, index);
        let taken = match (self.unit.form(elements.ty), wanted.1) {
            (Form::Memory(layout), Some(target)) => {
                self.copy(layout, target, at);
                target
            }
            _ => self.load(elements.ty, at, 0),
        };
        let last = self.builder.ins().iadd_imm_s(elements.len, -1);
        let moved = self.builder.ins().isub(last, index);
        self.charge_elements(moved, elements.layout, list.span);
        self.count(index, last, |lower, to| {
            let from = lower.builder.ins().iadd_imm_s(to, 1);
            let (to, from) = (lower.element_at(elements, to), lower.element_at(elements, from));
            lower.copy(elements.layout, to, from);
        });
        self.set_len(list, last);
        taken
    }

    /// `pop()`: the last element as an optional.
    fn pop(&mut self, list: List, wanted: (Type, Option<Value>)) -> Option<Value> {
        let elements = self.elements_of(list);
        let mut join = self.join(wanted);
        let [some, none] = [(); 2].map(|()| self.builder.create_block());
        self.brif(elements.len, some, none);
        self.start(some);
        let last = self.builder.ins().iadd_imm_s(elements.len, -1);
        let at = self.element_at(elements, last);
        match wanted.1 {
            // An optional does not nest: elements that are optional are given as they are.
            Some(target) if elements.ty == wanted.0 => {
                self.copy(elements.layout, target, at);
                self.set_len(list, last);
                self.jump(join.done, &[]);
            }
            Some(target) => {
                let offset = optional_value_offset(elements.layout);
                let to = self.offset(target, offset);
                self.copy(elements.layout, to, at);
                let one = self.number(1);
                self.store_tag(1, one, target, 0);
                self.set_len(list, last);
                self.jump(join.done, &[]);
            }
            // An optional row is the row itself.
            None => {
                let row = self.load(elements.ty, at, 0);
                self.set_len(list, last);
                self.jump(join.done, &[row]);
            }
        }
        self.start(none);
        match wanted.1 {
            Some(target) => {
                let zero = self.number(0);
                self.store_tag(1, zero, target, 0);
                self.jump(join.done, &[]);
            }
            None => {
                let zero = self.int(0);
                self.jump(join.done, &[zero]);
            }
        }
        join.meet(&self.noted);
        self.end_join(join)
    }

    fn clear(&mut self, list: List) {
        let zero = self.int(0);
        match list.ty {
            Type::List(_) => self.set_list(list, zero),
            _ => self.set_len(list, zero),
        }
    }

    /// `assign(other)`: a growing list takes over the value, which is its own by now; another
    /// copies the elements, if they fit.
    fn assign_list(&mut self, list: List, value: Value) {
        let (capacity, condition) = match list.ty {
            Type::Array(_, len) => (len, IntCC::NotEqual),
            Type::Bounded(_, capacity) => (capacity, IntCC::UnsignedGreaterThan),
            _ => return self.set_list(list, value),
        };
        let (data, len) = self.list_parts(value);
        let capacity = self.int(i64::from(capacity));
        let unfit = self.builder.ins().icmp(condition, len, capacity);
        self.trap_if_with(unfit, TrapKind::ListFull, list.span, &[capacity, len]);
        if let Type::Bounded(..) = list.ty {
            self.set_len(list, len);
        }
        let to = Elements { len, ..self.elements_of(list) };
        self.copy_elements(to, data, list.span);
    }

    /// Takes fuel for going over so many elements.
    pub(super) fn charge_elements(&mut self, count: Value, element: Layout, span: Span) {
        let each = self.int(i64::from(1 + element.size / BYTES_PER_FUEL));
        let units = self.builder.ins().imul(count, each);
        let fuel = self.fuel();
        let left = self.builder.ins().isub(fuel, units);
        self.set_fuel(left);
        let used_up = self.builder.ins().icmp_imm_s(IntCC::SignedLessThan, left, 0);
        self.trap_if(used_up, TrapKind::OutOfFuel, span);
    }
}
