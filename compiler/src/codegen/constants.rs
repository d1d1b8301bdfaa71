//! The constants of one version: one read-only block of texts and of values that stand in memory.
//!
//! The same text stands in it once. Nothing is ever written to it: what may change is copied out.

use std::collections::HashMap;
use std::sync::Arc;

use cranelift_codegen::ir::InstBuilder;
use cranelift_module::{DataDescription, DataId, Module};

use super::function::{Lower, Value};
use super::value::Form;
use crate::ir::Const;
use crate::jit::Pages;
use crate::layout::{Layouts, bounded_elements_offset, optional_value_offset};
use crate::limits::Limits;
use crate::types::{EnumId, TableId, Type, TypeId, Types};

/// The block while it grows.
#[derive(Debug, Default)]
pub(super) struct Constants {
    bytes: Vec<u8>,
    /// Where the address of what stands at the second offset belongs.
    pointers: Vec<(u32, u32)>,
    texts: HashMap<Arc<str>, u32>,
    names: HashMap<EnumId, u32>,
}

/// What the layout of a constant is read from.
#[derive(Clone, Copy)]
pub(super) struct Forms<'a> {
    pub(super) types: &'a Types,
    pub(super) layouts: &'a Layouts,
}

impl Constants {
    /// Whether it has outgrown what a version may take; more of it would only take memory.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() > Limits::LARGEST.code_size_max
    }

    /// Where a text stands; not for the empty one, which has no address.
    pub(super) fn text(&mut self, text: &Arc<str>) -> u32 {
        if let Some(&known) = self.texts.get(text) {
            return known;
        }
        let offset = self.reserve(8 + text.len(), 8);
        let bytes = text.as_bytes();
        self.put(offset, &(bytes.len() as u64).to_le_bytes());
        self.put(offset + 8, bytes);
        let _ = self.texts.insert(text.clone(), offset);
        offset
    }

    /// Where the addresses of the names of an enum's variants stand, by tag.
    pub(super) fn variant_names(&mut self, types: &Types, id: EnumId) -> u32 {
        if let Some(&known) = self.names.get(&id) {
            return known;
        }
        let variants = &types.enumeration(id).variants;
        let table = self.reserve(8 * variants.len(), 8);
        for (index, variant) in variants.iter().enumerate() {
            let name = self.text(&Arc::from(variant.name.as_str()));
            self.pointers.push((table + 8 * index as u32, name));
        }
        let _ = self.names.insert(id, table);
        table
    }

    /// Where the memory form of a value stands.
    pub(super) fn value(&mut self, forms: Forms<'_>, ty: Type, value: &Const) -> u32 {
        let Some(layout) = forms.layouts.of(forms.types, ty) else {
            unreachable!("the checker refuses types without layout");
        };
        let offset = self.reserve(layout.size as usize, layout.align);
        self.write(forms, ty, value, offset);
        offset
    }

    /// Where an image of a row stands that has these values and else zeros.
    pub(super) fn row(
        &mut self,
        forms: Forms<'_>,
        table: TableId,
        values: &[Option<Const>],
    ) -> u32 {
        let layout = forms.layouts.row(table);
        let image = self.reserve(layout.layout.size as usize, layout.layout.align);
        let fields = &forms.types.table(table).fields;
        for ((field, value), &offset) in fields.iter().zip(values).zip(&layout.offsets) {
            if let Some(value) = value {
                self.write(forms, field.ty, value, image + offset);
            }
        }
        image
    }

    fn write(&mut self, forms: Forms<'_>, ty: Type, value: &Const, at: u32) {
        match (ty, value) {
            (_, Const::Unit | Const::None) => {}
            (_, Const::Int(number)) => self.put(at, &number.to_le_bytes()),
            (_, Const::Float(number)) => self.put(at, &number.to_le_bytes()),
            (_, Const::Bool(truth)) => self.put(at, &[u8::from(*truth)]),
            (_, Const::Str(text)) if text.is_empty() => {}
            (_, Const::Str(text)) => {
                let target = self.text(text);
                self.pointers.push((at, target));
            }
            (Type::Struct(id), Const::Struct(values)) => {
                let fields = forms.types.strukt(id).fields.iter().map(|field| field.ty);
                let offsets = &forms.layouts.strukt(id).offsets;
                for ((ty, value), &offset) in fields.zip(values).zip(offsets) {
                    self.write(forms, ty, value, at + offset);
                }
            }
            (Type::Enum(id), Const::Variant(tag, payload)) => {
                let layout = forms.layouts.enumeration(id);
                self.put(at, &tag.to_le_bytes()[..layout.tag_size as usize]);
                let fields = &forms.types.enumeration(id).variants[*tag as usize].fields;
                let offsets = &layout.payloads[*tag as usize];
                for ((field, value), &offset) in fields.iter().zip(payload).zip(offsets) {
                    self.write(forms, field.ty, value, at + offset);
                }
            }
            (Type::Optional(inner), Const::Some(value)) => {
                let ty = forms.types.get(inner);
                let Some(layout) = forms.layouts.of(forms.types, ty) else { return };
                self.put(at, &[1]);
                self.write(forms, ty, value, at + optional_value_offset(layout));
            }
            (Type::Array(inner, _), Const::List(values)) => self.elements(forms, inner, values, at),
            (Type::Bounded(inner, _), Const::List(values)) => {
                let ty = forms.types.get(inner);
                let Some(layout) = forms.layouts.of(forms.types, ty) else { return };
                self.put(at, &(values.len() as u32).to_le_bytes());
                self.elements(forms, inner, values, at + bounded_elements_offset(layout));
            }
            (Type::List(_), Const::List(values)) if values.is_empty() => {}
            (Type::List(inner), Const::List(values)) => {
                let list = self.list(forms, inner, values);
                self.pointers.push((at, list));
            }
            _ => unreachable!("a constant has the shape of its type"),
        }
    }

    /// A growing list that is not empty, as a header and its elements.
    pub(super) fn list(&mut self, forms: Forms<'_>, inner: TypeId, values: &[Const]) -> u32 {
        let Some(layout) = forms.layouts.of(forms.types, forms.types.get(inner)) else {
            unreachable!("the checker refuses types without layout");
        };
        let header = self.reserve(24, 8);
        let len = (values.len() as u64).to_le_bytes();
        self.put(header, &len);
        self.put(header + 8, &len);
        let data = self.reserve(layout.size as usize * values.len(), layout.align);
        self.pointers.push((header + 16, data));
        self.elements(forms, inner, values, data);
        header
    }

    fn elements(&mut self, forms: Forms<'_>, inner: TypeId, values: &[Const], at: u32) {
        let ty = forms.types.get(inner);
        let Some(layout) = forms.layouts.of(forms.types, ty) else { return };
        for (index, value) in values.iter().enumerate() {
            self.write(forms, ty, value, at + index as u32 * layout.size);
        }
    }

    /// Zeroed room; where the block is too large already, the start of it.
    fn reserve(&mut self, len: usize, align: u32) -> u32 {
        let start = self.bytes.len().next_multiple_of(align as usize);
        self.bytes.resize(start + len, 0);
        u32::try_from(start).expect("generation ends when the block is full")
    }

    fn put(&mut self, at: u32, bytes: &[u8]) {
        let at = at as usize;
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// The block as a data object, and its size.
    pub(super) fn finish(&mut self, pages: &mut Pages, id: DataId) -> (DataDescription, usize) {
        let mut data = DataDescription::new();
        let bytes = std::mem::take(&mut self.bytes);
        let size = bytes.len();
        data.define(bytes.into_boxed_slice());
        data.set_align(8);
        if !self.pointers.is_empty() {
            let block = pages.declare_data_in_data(id, &mut data);
            for &(at, target) in &self.pointers {
                data.write_data_addr(at, block, i64::from(target));
            }
        }
        (data, size)
    }
}

impl Lower<'_, '_, '_> {
    /// A constant as a value; one that stands in memory is borrowed.
    pub(super) fn constant(&mut self, ty: Type, value: &Const) -> Option<Value> {
        if self.unit.constants.is_full() {
            return self.unit.form(ty).register().map(|register| self.zero(register));
        }
        let forms = Forms { types: self.unit.types, layouts: self.unit.layouts };
        Some(match (self.unit.form(ty), value) {
            (Form::Nothing, _) => return None,
            (Form::Register(_), Const::Int(number)) => self.int(*number),
            (Form::Register(_), Const::Float(number)) => self.builder.ins().f64const(*number),
            (Form::Register(_), Const::Bool(truth)) => self.number(u32::from(*truth)),
            (Form::Register(_), Const::Str(text)) => self.text_constant(text),
            (Form::Register(_), Const::Variant(tag, _)) => self.number(*tag),
            (Form::Register(_), Const::List(values)) if !values.is_empty() => {
                let Type::List(inner) = ty else {
                    unreachable!("only a growing list is a list in a register");
                };
                let offset = self.unit.constants.list(forms, inner, values);
                self.constant_address(offset)
            }
            (Form::Register(register), _) => self.zero(register),
            (Form::Memory(_), _) => {
                let offset = self.unit.constants.value(forms, ty, value);
                self.constant_address(offset)
            }
        })
    }

    /// The address of a constant text; 0 for the empty one.
    pub(super) fn text_constant(&mut self, text: &Arc<str>) -> Value {
        if text.is_empty() || self.unit.constants.is_full() {
            return self.int(0);
        }
        let offset = self.unit.constants.text(text);
        self.constant_address(offset)
    }
}
