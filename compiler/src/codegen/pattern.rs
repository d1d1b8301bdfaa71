//! `match`, `if let` and what else takes enums and optionals apart or puts them together.

use std::collections::BTreeSet;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self as cl, InstBuilder, types as clif};
use cranelift_frontend::Switch;

use super::expr::Join;
use super::function::{Lower, Value};
use super::value::Form;
use crate::ir::{self, Expr, Pattern};
use crate::layout::optional_value_offset;
use crate::planted::{Fault, is_planted};
use crate::source::Span;
use crate::types::{EnumId, Type};

/// Up to how many arms are tried one after the other.
const ARMS_TESTED_MAX: usize = 4;

impl<'p> Lower<'_, 'p, '_> {
    /// A variant with its payload, built at the target.
    pub(super) fn variant_into(
        &mut self,
        id: EnumId,
        tag: u32,
        payload: &'p [Expr],
        target: Value,
    ) -> Option<()> {
        let layout = self.unit.layouts.enumeration(id);
        let offsets = &layout.payloads[tag as usize];
        for (value, &offset) in payload.iter().zip(offsets) {
            self.store_expr(value, target, offset)?;
        }
        let tag = self.number(tag);
        self.store_tag(layout.tag_size, tag, target, 0);
        Some(())
    }

    /// An optional with a value, built at the target.
    pub(super) fn some_into(&mut self, inner: &'p Expr, target: Value) -> Option<()> {
        let offset = optional_value_offset(self.unit.layout(inner.ty));
        self.store_expr(inner, target, offset)?;
        let one = self.number(1);
        self.store_tag(1, one, target, 0);
        Some(())
    }

    /// `match` and `if let`: the value is evaluated once, then one pattern after the other is
    /// tried. The value is copied where an arm could change what it was read from.
    pub(super) fn match_value(
        &mut self,
        value: &'p Expr,
        arms: &'p [ir::Arm],
        wanted: (Type, Option<Value>),
    ) -> Option<Value> {
        let subject = self.expr(value)?;
        let mut join = self.join(wanted);
        let subject = (value.ty, subject);
        if arms.len() > ARMS_TESTED_MAX && tags(value.ty, arms).is_some() {
            self.switch(arms, subject, (&mut join, value.span));
            return self.end_join(join);
        }
        let entry = self.noted.clone();
        for (index, arm) in arms.iter().enumerate() {
            let is_last = index + 1 == arms.len();
            let fails = self.builder.create_block();
            self.noted.clone_from(&entry);
            // One arm always fits: where no other does, the last one does.
            if !is_last {
                self.test(&arm.pattern, subject, (fails, value.span));
            }
            self.bind(&arm.pattern, subject, value.span);
            self.arm(&arm.body, &mut join);
            if !is_last {
                self.start(fails);
            }
        }
        self.end_join(join)
    }

    /// A `match` whose arms are told apart by the tag alone, as one jump. The last arm is where the
    /// jump goes that no other arm wants.
    fn switch(
        &mut self,
        arms: &'p [ir::Arm],
        subject: (Type, Value),
        (join, span): (&mut Join, Span),
    ) {
        let Type::Enum(id) = subject.0 else {
            unreachable!("only the value of an enum has a tag to jump by");
        };
        let tag = self.tag_of(id, subject.1);
        let mut switch = Switch::new();
        let blocks: Vec<cl::Block> = arms.iter().map(|_| self.builder.create_block()).collect();
        let tags = tags(subject.0, arms).unwrap_or_default();
        for (&block, tags) in blocks.iter().zip(&tags).take(arms.len() - 1) {
            let is_missed = is_planted(Fault::JumpMissesAnArm) && block == blocks[1];
            for &tag in tags.iter().filter(|_| !is_missed) {
                switch.set_entry(u128::from(tag), block);
            }
        }
        let last = blocks.last().copied().expect("a `match` has an arm");
        switch.emit(&mut self.builder, tag, last);
        let entry = self.noted.clone();
        for (arm, block) in arms.iter().zip(blocks) {
            self.noted.clone_from(&entry);
            self.start(block);
            self.bind(&arm.pattern, subject, span);
            self.arm(&arm.body, join);
        }
    }

    /// `optional ?? otherwise`
    pub(super) fn coalesce(
        &mut self,
        optional: &'p Expr,
        otherwise: &'p Expr,
        wanted: (Type, Option<Value>),
    ) -> Option<Value> {
        let value = self.expr(optional)?;
        let there = self.is_some(optional.ty, value);
        let mut join = self.join(wanted);
        let [some, none] = [(); 2].map(|()| self.builder.create_block());
        self.brif(there, some, none);
        let before = self.noted.clone();
        self.start(some);
        let part = match self.unit.form(optional.ty) {
            Form::Register(_) => value,
            _ => {
                let offset = optional_value_offset(self.unit.layout(wanted.0));
                self.load(wanted.0, value, offset)
            }
        };
        match wanted.1 {
            Some(target) => {
                self.copy_value(wanted.0, target, part, optional.span);
                self.jump(join.done, &[]);
            }
            None if self.is_borrowed(optional) && self.holds_list(wanted.0) => {
                let part = self.copied((wanted.0, optional.span), part);
                self.jump(join.done, &[part]);
            }
            None => self.jump(join.done, &[part]),
        }
        join.meet(&before);
        self.start(none);
        self.alternative(otherwise, &mut join);
        self.end_join(join)
    }

    /// An expression in the place of an arm.
    fn alternative(&mut self, expr: &'p Expr, join: &mut Join) {
        let mark = self.ranges.mark();
        let value = match join.target {
            Some(target) if expr.ty != Type::Never => self.expr_into(expr, target).map(|()| target),
            _ => self.owned(expr),
        };
        self.ranges.forget(mark);
        if expr.ty == Type::Never {
            return;
        }
        self.end_arm(value, join);
    }

    /// Goes on where the value fits the pattern, and to `fails` where it does not.
    fn test(
        &mut self,
        pattern: &'p Pattern,
        subject: (Type, Value),
        (fails, span): (cl::Block, Span),
    ) {
        let (ty, value) = subject;
        let fits = match pattern {
            Pattern::Wildcard | Pattern::Bind(_) => return,
            Pattern::Const(constant) => {
                let Some(constant) = self.constant(ty, constant) else { return };
                self.equal(ty, value, constant, span)
            }
            Pattern::Variant(id, tag, _) => {
                let found = self.tag_of(*id, value);
                self.builder.ins().icmp_imm_s(IntCC::Equal, found, i64::from(*tag))
            }
            Pattern::None => {
                let found = self.is_some(ty, value);
                self.builder.ins().icmp_imm_s(IntCC::Equal, found, 0)
            }
            Pattern::Some(_) => self.is_some(ty, value),
            Pattern::Or(alternatives) => {
                return self.test_any(alternatives, subject, (fails, span));
            }
        };
        let next = self.builder.create_block();
        self.brif(fits, next, fails);
        self.start(next);
        for (part, inner) in self.parts(pattern, subject) {
            self.test(inner, part, (fails, span));
        }
    }

    fn test_any(
        &mut self,
        patterns: &'p [Pattern],
        subject: (Type, Value),
        (fails, span): (cl::Block, Span),
    ) {
        let fits = self.builder.create_block();
        for (index, pattern) in patterns.iter().enumerate() {
            let is_last = index + 1 == patterns.len();
            let next = if is_last { fails } else { self.builder.create_block() };
            self.test(pattern, subject, (next, span));
            self.jump(fits, &[]);
            if !is_last {
                self.start(next);
            }
        }
        self.start(fits);
    }

    /// Copies what the pattern names into its locals; the value is known to fit.
    fn bind(&mut self, pattern: &'p Pattern, subject: (Type, Value), span: Span) {
        let (ty, value) = subject;
        let Pattern::Bind(local) = pattern else {
            for (part, inner) in self.parts(pattern, subject) {
                self.bind(inner, part, span);
            }
            return;
        };
        let value = if self.holds_list(ty) { self.copied((ty, span), value) } else { value };
        match self.unit.form(ty) {
            Form::Nothing => {}
            Form::Register(_) => self.set_local(*local, value),
            Form::Memory(_) => {
                let address = self.local(*local);
                self.put(ty, value, address, 0);
            }
        }
    }

    /// The parts that the patterns inside of a pattern look at. Nothing is read where the inner
    /// pattern does not look.
    fn parts(
        &mut self,
        pattern: &'p Pattern,
        subject: (Type, Value),
    ) -> Vec<((Type, Value), &'p Pattern)> {
        let (ty, value) = subject;
        let mut parts = Vec::new();
        match pattern {
            Pattern::Variant(id, tag, inner) => {
                let fields = &self.unit.types.enumeration(*id).variants[*tag as usize];
                let types: Vec<Type> = fields.fields.iter().map(|field| field.ty).collect();
                let layouts = self.unit.layouts;
                let offsets = &layouts.enumeration(*id).payloads[*tag as usize];
                for ((&ty, &offset), inner) in types.iter().zip(offsets).zip(inner) {
                    if !matches!(inner, Pattern::Wildcard) {
                        parts.push(((ty, self.load(ty, value, offset)), inner));
                    }
                }
            }
            Pattern::Some(inner) => {
                let Type::Optional(id) = ty else {
                    unreachable!("only an optional is tested for a value");
                };
                let inner_ty = self.unit.types.get(id);
                let part = match self.unit.form(ty) {
                    Form::Register(_) => value,
                    _ => {
                        let offset = optional_value_offset(self.unit.layout(inner_ty));
                        self.load(inner_ty, value, offset)
                    }
                };
                parts.push(((inner_ty, part), inner));
            }
            _ => {}
        }
        parts
    }

    /// The tag of an enum's value.
    fn tag_of(&mut self, id: EnumId, value: Value) -> Value {
        match self.unit.form(Type::Enum(id)) {
            Form::Register(_) => value,
            _ => self.load_tag(self.unit.layouts.enumeration(id).tag_size, value, 0),
        }
    }

    /// Whether an optional has a value: not 0 where it has.
    pub(super) fn is_some(&mut self, ty: Type, value: Value) -> Value {
        match self.unit.form(ty) {
            Form::Register(_) => {
                let there = self.builder.ins().icmp_imm_s(IntCC::NotEqual, value, 0);
                self.builder.ins().uextend(clif::I32, there)
            }
            _ => self.load_tag(1, value, 0),
        }
    }
}

/// The tags of each arm, where tags alone tell the arms apart and no tag is in two of them.
fn tags(ty: Type, arms: &[ir::Arm]) -> Option<Vec<Vec<u32>>> {
    let Type::Enum(_) = ty else { return None };
    let mut seen = BTreeSet::new();
    let mut tags = Vec::with_capacity(arms.len());
    for (index, arm) in arms.iter().enumerate() {
        let mut of_arm = Vec::new();
        let is_last = index + 1 == arms.len();
        if !only_tags(&arm.pattern, &mut of_arm) && !is_last {
            return None;
        }
        of_arm.retain(|&tag| seen.insert(tag));
        tags.push(of_arm);
    }
    Some(tags)
}

/// Whether the pattern is one or more variants whose payload fits whatever it is.
fn only_tags(pattern: &Pattern, tags: &mut Vec<u32>) -> bool {
    match pattern {
        Pattern::Variant(_, tag, payload) => {
            tags.push(*tag);
            payload.iter().all(|inner| matches!(inner, Pattern::Wildcard | Pattern::Bind(_)))
        }
        Pattern::Or(patterns) => patterns.iter().all(|pattern| only_tags(pattern, tags)),
        _ => false,
    }
}
