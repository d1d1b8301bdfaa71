//! Lists: literals, conversions, and the built-ins that read them.
//!
//! A list that is read gives [`Elements`]: where the first one stands, and how many there
//! are. Arrays, bounded and growing lists differ only in how they give one.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, types as clif};

use super::function::{Lower, Value};
use crate::abi::{HostFunction, ListHeader};
use crate::builtins::Builtin;
use crate::ir::Expr;
use crate::layout::{Layout, bounded_elements_offset};
use crate::source::Span;
use crate::trap::TrapKind;
use crate::types::Type;

/// Elements of one type, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Elements {
    pub(super) ty: Type,
    pub(super) layout: Layout,
    /// The address of the first; anything where there is none.
    pub(super) data: Value,
    /// How many, as an `int`.
    pub(super) len: Value,
}

impl<'p> Lower<'_, 'p, '_> {
    /// The type of a list's elements.
    pub(super) fn element_type(&self, ty: Type) -> Type {
        match ty {
            Type::Array(inner, _) | Type::Bounded(inner, _) | Type::List(inner) => {
                self.unit.types.get(inner)
            }
            _ => unreachable!("only lists have elements"),
        }
    }

    /// The elements of a list: the address of an array or bounded list, or a growing list.
    pub(super) fn elements(&mut self, ty: Type, list: Value) -> Elements {
        let element = self.element_type(ty);
        let layout = self.unit.layout(element);
        let (data, len) = match ty {
            Type::Array(_, len) => (list, self.int(i64::from(len))),
            Type::Bounded(..) => {
                let len = self.load_len(list, 0);
                (self.offset(list, bounded_elements_offset(layout)), len)
            }
            _ => self.list_parts(list),
        };
        Elements { ty: element, layout, data, len }
    }

    /// The address of an element that is there.
    pub(super) fn element_at(&mut self, elements: Elements, index: Value) -> Value {
        let size = self.int(i64::from(elements.layout.size));
        let bytes = self.builder.ins().imul(index, size);
        self.builder.ins().iadd(elements.data, bytes)
    }

    /// A growing list with room for `len` elements; the elements are still to be written.
    pub(super) fn new_list(&mut self, element: Type, len: Value, span: Span) -> (Value, Elements) {
        let layout = self.unit.layout(element);
        let size = self.int(i64::from(layout.size));
        let list = self.host_value(HostFunction::list_new, &[len, size], span);
        let data = self.load_word(list, offset_of!(ListHeader, data) as u32);
        (list, Elements { ty: element, layout, data, len })
    }

    /// A list literal of growing type.
    pub(super) fn list_literal(&mut self, expr: &Expr, items: &'p [Expr]) -> Option<Value> {
        if items.is_empty() {
            return Some(self.int(0));
        }
        let len = self.int(items.len() as i64);
        let (list, elements) = self.new_list(self.element_type(expr.ty), len, expr.span);
        self.store_items(items, elements.data, elements.layout)?;
        Some(list)
    }

    /// A list literal of an array or bounded list, built at the target.
    pub(super) fn list_into(
        &mut self,
        expr: &Expr,
        items: &'p [Expr],
        target: Value,
    ) -> Option<()> {
        let layout = self.unit.layout(self.element_type(expr.ty));
        let mut first = target;
        if let Type::Bounded(..) = expr.ty {
            let len = self.number(items.len() as u32);
            self.store_len(len, target);
            first = self.offset(target, bounded_elements_offset(layout));
        }
        self.store_items(items, first, layout)
    }

    fn store_items(&mut self, items: &'p [Expr], first: Value, layout: Layout) -> Option<()> {
        for (index, item) in items.iter().enumerate() {
            self.store_expr(item, first, index as u32 * layout.size)?;
        }
        Some(())
    }

    /// The length of a bounded list, 32 bits wide.
    pub(super) fn store_len(&mut self, len: Value, list: Value) {
        let flags = self.memory;
        let _ = self.builder.ins().store(flags, len, list, 0);
    }

    /// `[value; count]`, built at the target: the value is evaluated once, into the first
    /// element, and copied to the others.
    pub(super) fn repeat_into(
        &mut self,
        expr: &Expr,
        value: &'p Expr,
        target: Value,
    ) -> Option<()> {
        let Type::Array(_, count) = expr.ty else {
            unreachable!("`[value; count]` is an array");
        };
        if count == 0 {
            let _ = self.expr(value);
            return Some(());
        }
        self.store_expr(value, target, 0)?;
        let (one, count) = (self.int(1), self.int(i64::from(count)));
        let elements =
            Elements { ty: value.ty, layout: self.unit.layout(value.ty), data: target, len: count };
        self.count(one, count, |lower, index| {
            let at = lower.element_at(elements, index);
            lower.copy_value(elements.ty, at, target, expr.span);
        });
        Some(())
    }

    /// A list as a growing list of its own.
    pub(super) fn growing_copy(&mut self, inner: &'p Expr, span: Span) -> Option<Value> {
        let value = self.expr(inner)?;
        if let Type::List(_) = inner.ty {
            return Some(value);
        }
        let from = self.elements(inner.ty, value);
        let (list, to) = self.new_list(from.ty, from.len, span);
        self.copy_elements(to, from.data, span);
        Some(list)
    }

    /// Copies as many elements as the target has room for; nothing overlaps.
    pub(super) fn copy_elements(&mut self, to: Elements, source: Value, span: Span) {
        if self.holds_list(to.ty) {
            let zero = self.int(0);
            let from = Elements { data: source, ..to };
            return self.count(zero, to.len, |lower, index| {
                let (target, source) = (lower.element_at(to, index), lower.element_at(from, index));
                lower.copy_value(to.ty, target, source, span);
            });
        }
        let size = self.int(i64::from(to.layout.size));
        let bytes = self.builder.ins().imul(to.len, size);
        let _ = self.host(HostFunction::memory_copy, &[to.data, source, bytes], span);
    }

    /// Writes a loop that counts from `start` up to before `end`.
    pub(super) fn count(&mut self, start: Value, end: Value, write: impl FnOnce(&mut Self, Value)) {
        let [head, round, done] = [(); 3].map(|()| self.builder.create_block());
        let index = self.builder.append_block_param(head, clif::I64);
        self.jump(head, &[start]);
        self.builder.switch_to_block(head);
        let more = self.builder.ins().icmp(IntCC::SignedLessThan, index, end);
        self.brif(more, round, done);
        self.start(round);
        write(self, index);
        let next = self.builder.ins().iadd_imm_s(index, 1);
        self.jump(head, &[next]);
        self.builder.seal_block(head);
        self.start(done);
    }

    /// A built-in that reads a list.
    pub(super) fn list_builtin(
        &mut self,
        builtin: Builtin,
        args: &'p [Expr],
        expr: &'p Expr,
    ) -> Option<Value> {
        let span = expr.span;
        match (builtin, args) {
            (Builtin::ListLen, [list]) => {
                let value = self.expr(list)?;
                Some(self.elements(list.ty, value).len)
            }
            (Builtin::ListContains, [list, element]) => {
                let [value, wanted] = self.operands(args)?;
                let elements = self.elements(list.ty, value);
                let wanted = self.spill(element.ty, wanted);
                let id = self.type_id(elements.ty);
                let passed = [self.number(id.0), elements.data, elements.len, wanted];
                Some(self.host_value(HostFunction::list_contains, &passed, span))
            }
            (Builtin::ListJoin, [list, separator]) => {
                let value = match list.ty {
                    Type::List(_) => self.operand(list, std::slice::from_ref(separator))?,
                    _ => self.growing_copy(list, list.span)?,
                };
                let separator = self.expr(separator)?;
                Some(self.host_value(HostFunction::text_join, &[value, separator], span))
            }
            (Builtin::ListSlice, [list, _, _]) => {
                let [value, start, end] = self.operands(args)?;
                let elements = self.elements(list.ty, value);
                self.check_within(end, elements.len, span);
                self.check_within(start, end, span);
                let len = self.builder.ins().isub(end, start);
                self.charge_elements(len, elements.layout, span);
                let (result, to) = self.new_list(elements.ty, len, span);
                let source = self.element_at(elements, start);
                self.copy_elements(to, source, span);
                Some(result)
            }
            _ => unreachable!("every other built-in is lowered elsewhere"),
        }
    }

    /// Traps unless `0 <= index <= end`.
    pub(super) fn check_within(&mut self, index: Value, end: Value, span: Span) {
        let outside = self.builder.ins().icmp(IntCC::UnsignedGreaterThan, index, end);
        self.trap_if_with(outside, TrapKind::IndexOutOfBounds, span, &[index, end]);
    }
}
