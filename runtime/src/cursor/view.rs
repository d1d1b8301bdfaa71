//! Reading a value: a [`View`] stands on it and shows its [`Content`], part by part.

use std::fmt;
use std::marker::PhantomData;

use midflight_compiler::Program;
use midflight_compiler::abi::{ListHeader, RowHeader, Text};
use midflight_compiler::layout::{bounded_elements_offset, optional_value_offset};
use midflight_compiler::planted::{Fault, is_planted};
use midflight_compiler::types::{Field, Type};

use crate::memory::texts::characters;

/// One value of a known type, to be read. `{:?}` shows the value.
#[derive(Clone, Copy)]
pub struct View<'a> {
    program: &'a Program,
    ty: Type,
    address: *const u8,
    borrow: PhantomData<&'a [u8]>,
}

/// What a [`View`] stands on.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Content<'a> {
    /// `()`
    Unit,
    /// `int`
    Int(i64),
    /// `float`
    Float(f64),
    /// `bool`
    Bool(bool),
    /// `str`
    Text(&'a str),
    /// A struct, or the row of a table.
    Struct(Fields<'a>),
    /// A variant of an enum, by name, with its payload.
    Variant(&'a str, Fields<'a>),
    /// `none`
    None,
    /// An optional that has a value.
    Some(View<'a>),
    /// An array or a list.
    List(Elements<'a>),
}

/// The fields of a struct or variant: an iterator over names and values.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    whole: View<'a>,
    fields: &'a [Field],
    offsets: &'a [u32],
}

/// The elements of a list: an iterator over values.
#[derive(Clone, Copy)]
pub struct Elements<'a> {
    first: View<'a>,
    left: usize,
    stride: usize,
}

impl<'a> View<'a> {
    /// A view of the value at an address.
    ///
    /// # Safety
    /// The address holds a value of the type in the program's layout, and neither it nor the
    /// texts in it change or are freed during `'a`.
    #[inline]
    pub(crate) unsafe fn new(program: &'a Program, ty: Type, address: *const u8) -> View<'a> {
        View { program, ty, address, borrow: PhantomData }
    }

    /// The type as a program writes it.
    pub fn type_name(&self) -> String {
        self.program.ir.types.show(self.ty).to_string()
    }

    /// The value.
    pub fn content(&self) -> Content<'a> {
        let types = &self.program.ir.types;
        let layouts = &self.program.layouts;
        match self.ty {
            Type::Int => Content::Int(self.int()),
            Type::Float => Content::Float(self.float()),
            Type::Bool => Content::Bool(self.bool()),
            Type::Str => Content::Text(self.text()),
            Type::Struct(id) => Content::Struct(Fields {
                whole: *self,
                fields: &types.strukt(id).fields,
                offsets: &layouts.strukt(id).offsets,
            }),
            Type::Enum(id) => {
                let layout = layouts.enumeration(id);
                let tag = self.tag(layout.tag_size);
                let variants = &types.enumeration(id).variants;
                let (Some(variant), Some(offsets)) = (variants.get(tag), layout.payloads.get(tag))
                else {
                    return Content::Unit;
                };
                let fields = Fields { whole: *self, fields: &variant.fields, offsets };
                Content::Variant(&variant.name, fields)
            }
            Type::Optional(inner) if matches!(types.get(inner), Type::Row(_)) => {
                // SAFETY: the address holds a reference to a row, or null (`new`).
                let row = unsafe { self.address.cast::<*const u8>().read() };
                let view = View { ty: types.get(inner), ..*self };
                if row.is_null() { Content::None } else { Content::Some(view) }
            }
            Type::Optional(inner) => {
                let inner = types.get(inner);
                let layout = layouts.of(types, inner);
                match layout.filter(|_| self.tag(1) == 1) {
                    Some(layout) => Content::Some(self.part(inner, optional_value_offset(layout))),
                    None => Content::None,
                }
            }
            Type::Array(inner, len) => self.elements(types.get(inner), len as usize, 0),
            Type::Bounded(inner, _) => {
                let inner = types.get(inner);
                let offset = layouts.of(types, inner).map_or(0, bounded_elements_offset);
                // SAFETY: a bounded list begins with its length (`new`).
                let len = unsafe { self.address.cast::<u32>().read() };
                self.elements(inner, len as usize, offset)
            }
            Type::List(inner) => {
                // SAFETY: the address holds a growing list (`new`).
                let list = unsafe { self.address.cast::<*const ListHeader>().read() };
                let inner = types.get(inner);
                if list.is_null() {
                    return self.elements(inner, 0, 0);
                }
                // SAFETY: a list that is not null has a header, live like the list (`new`).
                let ListHeader { len, data, .. } = unsafe { list.read() };
                View { address: data, ..*self }.elements(inner, len as usize, 0)
            }
            Type::Row(id) => {
                // SAFETY: the address holds a reference to a row (`new`).
                let row = unsafe { self.address.cast::<*const u8>().read() };
                let whole = View { address: row, ..*self };
                let fields = &types.table(id).fields;
                Content::Struct(Fields { whole, fields, offsets: &layouts.row(id).offsets })
            }
            Type::Unit | Type::Never | Type::Error => Content::Unit,
        }
    }

    /// The value, which has to be an `int`.
    #[inline]
    pub(crate) fn int(&self) -> i64 {
        assert!(self.ty == Type::Int, "the value is an `int`");
        // SAFETY: the address holds an `int` (`new`).
        unsafe { self.address.cast::<i64>().read() }
    }

    /// The value, which has to be a `float`; every NaN as the one that Flight has. In memory it has
    /// the bits that the processor gave it, which differ from one kind of machine to the next; what is
    /// shown of a world, sent or stored does not.
    #[inline]
    pub(crate) fn float(&self) -> f64 {
        assert!(self.ty == Type::Float, "the value is a `float`");
        // SAFETY: the address holds a `float` (`new`).
        let value = unsafe { self.address.cast::<f64>().read() };
        match value.is_nan() && !is_planted(Fault::NanIsNotCanonical) {
            true => f64::NAN,
            false => value,
        }
    }

    /// The value, which has to be a `bool`.
    #[inline]
    pub(crate) fn bool(&self) -> bool {
        assert!(self.ty == Type::Bool, "the value is a `bool`");
        // SAFETY: the address holds a `bool` (`new`).
        unsafe { self.address.read() != 0 }
    }

    /// The value, which has to be a `str`.
    #[inline]
    pub(crate) fn text(&self) -> &'a str {
        assert!(self.ty == Type::Str, "the value is a `str`");
        // SAFETY: the address holds a `str` (`new`).
        let text = unsafe { self.address.cast::<*const Text>().read() };
        // SAFETY: a `str` is null or a text that is live during `'a` (`new`).
        unsafe { characters(text) }
    }

    /// Whether it is, or is a list or optional of, a row that was removed.
    pub(crate) fn shows_removed_row(&self) -> bool {
        let types = &self.program.ir.types;
        match self.ty {
            Type::Row(_) => {
                // SAFETY: the address holds a reference to a row (`new`).
                let row = unsafe { self.address.cast::<*const RowHeader>().read() };
                // SAFETY: as above; what was a row has a header as long as its world lives.
                unsafe { (*row).alive == 0 }
            }
            Type::Optional(inner)
            | Type::Array(inner, _)
            | Type::Bounded(inner, _)
            | Type::List(inner)
                if types.mentions_row(types.get(inner)) =>
            {
                match self.content() {
                    Content::Some(value) => value.shows_removed_row(),
                    Content::List(mut elements) => elements.any(|value| value.shows_removed_row()),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// Whether its type is a fixed array.
    pub(crate) fn is_array(&self) -> bool {
        matches!(self.ty, Type::Array(..))
    }

    /// Which variant of its enum the value is; 0 where it is of another type.
    pub(crate) fn variant_index(&self) -> u32 {
        let Type::Enum(id) = self.ty else { return 0 };
        self.tag(self.program.layouts.enumeration(id).tag_size) as u32
    }

    fn tag(&self, size: u32) -> usize {
        match size {
            // SAFETY: the value begins with a tag of this size (`new`).
            1 => usize::from(unsafe { self.address.read() }),
            // SAFETY: as above; tags are aligned to their size.
            _ => usize::from(unsafe { self.address.cast::<u16>().read() }),
        }
    }

    fn part(&self, ty: Type, offset: u32) -> View<'a> {
        // SAFETY: a part of the value lies inside of it, at the offset that its layout gives.
        let address = unsafe { self.address.add(offset as usize) };
        View { ty, address, ..*self }
    }

    fn elements(&self, ty: Type, len: usize, offset: u32) -> Content<'a> {
        let layout = self.program.layouts.of(&self.program.ir.types, ty);
        let stride = layout.map_or(0, |layout| layout.size as usize);
        Content::List(Elements { first: self.part(ty, offset), left: len, stride })
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content() {
            Content::Unit => f.write_str("()"),
            Content::Int(value) => value.fmt(f),
            Content::Float(value) => value.fmt(f),
            Content::Bool(value) => value.fmt(f),
            Content::Text(text) => text.fmt(f),
            Content::Struct(fields) => fields.fmt(f),
            Content::Variant(name, fields) if fields.fields.is_empty() => f.write_str(name),
            Content::Variant(name, fields) => {
                f.write_str(name)?;
                f.write_str(" ")?;
                fields.fmt(f)
            }
            Content::None => f.write_str("none"),
            Content::Some(value) => value.fmt(f),
            Content::List(elements) => elements.fmt(f),
        }
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(*self).finish()
    }
}

impl fmt::Debug for Elements<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a str, View<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (field, fields) = self.fields.split_first()?;
        let (&offset, offsets) = self.offsets.split_first()?;
        (self.fields, self.offsets) = (fields, offsets);
        Some((&field.name, self.whole.part(field.ty, offset)))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = View<'a>;

    fn next(&mut self) -> Option<View<'a>> {
        self.left = self.left.checked_sub(1)?;
        let element = self.first;
        // SAFETY: at most one behind the last element, inside of the list's value or at its end.
        self.first.address = unsafe { element.address.add(self.stride) };
        Some(element)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Elements<'_> {}
