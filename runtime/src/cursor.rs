//! Typed cursors over memory in a program's layout: [`Slot`] writes a value, [`View`] reads one.
//!
//! They are how the outside reaches arguments, results and state without a tree in between: a
//! host walks the cursor and its own text (JSON, a command line) side by side. A cursor knows the
//! type of what it stands on, checks every write against it, and never leaves the value.

#![expect(unsafe_code, reason = "reads and writes values by layout")]

use std::marker::PhantomData;

use midflight_compiler::Program;
use midflight_compiler::abi::{CallContext, ListHeader, Text};
use midflight_compiler::ir::Const;
use midflight_compiler::layout::{bounded_elements_offset, optional_value_offset};
use midflight_compiler::trap::TrapKind;
use midflight_compiler::types::{Field, Type};

use crate::memory::arena::Arena;
use crate::memory::budget::MemoryBudget;
use crate::memory::texts::{Texts, characters};

/// Where the texts go that a [`Slot`] is given.
#[derive(Debug)]
pub(crate) enum TextMemory<'a> {
    /// Into the arena of the call.
    Call(&'a mut Arena, &'a mut CallContext),
    /// Into the heap of the world.
    World(&'a mut Texts, &'a mut MemoryBudget),
}

impl TextMemory<'_> {
    fn put(&mut self, text: &str) -> Result<*const Text, TrapKind> {
        match self {
            TextMemory::Call(arena, ctx) => arena.text(ctx, &[text]),
            TextMemory::World(texts, memory) => texts.copy(memory, text),
        }
    }
}

/// Why a value could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The slot has another type; [`Slot::type_name`] tells which.
    #[error("the value does not have the type of the parameter")]
    WrongType,
    /// The call has no memory left for it.
    #[error("the value is too large")]
    TooLarge,
}

/// A place to write one value of a known type.
#[derive(Debug)]
pub struct Slot<'a> {
    program: &'a Program,
    ty: Type,
    address: *mut u8,
    texts: TextMemory<'a>,
}

/// What a host needs to know of a type to read a value for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// `()`
    Unit,
    /// `int`
    Int,
    /// `float`
    Float,
    /// `bool`
    Bool,
    /// `str`
    Text,
    /// A struct, written field by field.
    Struct,
    /// A type that cannot come from outside.
    Other,
}

impl<'a> Slot<'a> {
    /// A slot at an address.
    ///
    /// # Safety
    /// The address has room for a value of the type in the program's layout, is aligned for it,
    /// and nobody else reaches it during `'a`. What it holds need not be a value yet.
    pub(crate) unsafe fn new(
        program: &'a Program,
        ty: Type,
        address: *mut u8,
        texts: TextMemory<'a>,
    ) -> Slot<'a> {
        Slot { program, ty, address, texts }
    }

    /// The kind of the type that the slot holds.
    pub fn kind(&self) -> Kind {
        match self.ty {
            Type::Unit => Kind::Unit,
            Type::Int => Kind::Int,
            Type::Float => Kind::Float,
            Type::Bool => Kind::Bool,
            Type::Str => Kind::Text,
            Type::Struct(_) => Kind::Struct,
            _ => Kind::Other,
        }
    }

    /// The type as a program writes it.
    pub fn type_name(&self) -> String {
        self.program.ir.types.show(self.ty).to_string()
    }

    /// Writes an `int`.
    ///
    /// # Errors
    /// When the slot has another type.
    pub fn write_int(&mut self, value: i64) -> Result<(), WriteError> {
        self.expect(Type::Int)?;
        // SAFETY: a slot of type `int` has room for one (`new`).
        unsafe { self.address.cast::<i64>().write(value) };
        Ok(())
    }

    /// Writes a `float`; every NaN becomes the one that Flight has.
    ///
    /// # Errors
    /// When the slot has another type.
    pub fn write_float(&mut self, value: f64) -> Result<(), WriteError> {
        self.expect(Type::Float)?;
        let value = if value.is_nan() { f64::NAN } else { value };
        // SAFETY: a slot of type `float` has room for one (`new`).
        unsafe { self.address.cast::<f64>().write(value) };
        Ok(())
    }

    /// Writes a `bool`.
    ///
    /// # Errors
    /// When the slot has another type.
    pub fn write_bool(&mut self, value: bool) -> Result<(), WriteError> {
        self.expect(Type::Bool)?;
        // SAFETY: a slot of type `bool` has room for one (`new`).
        unsafe { self.address.write(u8::from(value)) };
        Ok(())
    }

    /// Writes a `str`.
    ///
    /// # Errors
    /// When the slot has another type, or no memory is left.
    pub fn write_text(&mut self, value: &str) -> Result<(), WriteError> {
        self.expect(Type::Str)?;
        let text = self.texts.put(value).map_err(|_| WriteError::TooLarge)?;
        // SAFETY: a slot of type `str` has room for an address (`new`).
        unsafe { self.address.cast::<*const Text>().write(text) };
        Ok(())
    }

    /// The fields of the struct that the slot holds, in the order of the source; none for other
    /// types.
    pub fn fields(&self) -> &'a [Field] {
        match self.ty {
            Type::Struct(id) => &self.program.ir.types.strukt(id).fields,
            _ => &[],
        }
    }

    /// The slot of one field of the struct.
    pub fn field(&mut self, index: usize) -> Option<Slot<'_>> {
        let Type::Struct(id) = self.ty else { return None };
        let ty = self.program.ir.types.strukt(id).fields.get(index)?.ty;
        let offset = *self.program.layouts.strukt(id).offsets.get(index)?;
        Some(self.part(ty, offset))
    }

    fn part(&mut self, ty: Type, offset: u32) -> Slot<'_> {
        let texts = match &mut self.texts {
            TextMemory::Call(arena, ctx) => TextMemory::Call(arena, ctx),
            TextMemory::World(texts, memory) => TextMemory::World(texts, memory),
        };
        // SAFETY: a part of the value lies inside of it, at the offset that its layout gives.
        let address = unsafe { self.address.add(offset as usize) };
        // SAFETY: the part is reached through this slot only while the slot is borrowed.
        unsafe { Slot::new(self.program, ty, address, texts) }
    }

    /// Writes a constant of the slot's type: a parameter's or a field's default.
    ///
    /// # Errors
    /// When the slot has another type, or no memory is left for its texts.
    pub fn write_const(&mut self, value: &Const) -> Result<(), WriteError> {
        match (value, self.ty) {
            (Const::Unit, Type::Unit) => Ok(()),
            (&Const::Int(value), _) => self.write_int(value),
            (&Const::Float(value), _) => self.write_float(value),
            (&Const::Bool(value), _) => self.write_bool(value),
            (Const::Str(value), _) => self.write_text(value),
            (Const::Struct(values), Type::Struct(_)) => {
                for (index, value) in values.iter().enumerate() {
                    self.field(index).ok_or(WriteError::WrongType)?.write_const(value)?;
                }
                Ok(())
            }
            _ => Err(WriteError::WrongType),
        }
    }

    fn expect(&self, ty: Type) -> Result<(), WriteError> {
        if self.ty == ty { Ok(()) } else { Err(WriteError::WrongType) }
    }
}

/// One value of a known type, to be read.
#[derive(Clone, Copy, Debug)]
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
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    whole: View<'a>,
    fields: &'a [Field],
    offsets: &'a [u32],
}

/// The elements of a list: an iterator over values.
#[derive(Clone, Copy, Debug)]
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
            // SAFETY: the address holds an `int` (`new`).
            Type::Int => Content::Int(unsafe { self.address.cast::<i64>().read() }),
            // SAFETY: the address holds a `float` (`new`).
            Type::Float => Content::Float(unsafe { self.address.cast::<f64>().read() }),
            // SAFETY: the address holds a `bool` (`new`).
            Type::Bool => Content::Bool(unsafe { self.address.read() } != 0),
            Type::Str => {
                // SAFETY: the address holds a `str` (`new`).
                let text = unsafe { self.address.cast::<*const Text>().read() };
                // SAFETY: a `str` is null or a text that is live during `'a` (`new`).
                Content::Text(unsafe { characters(text) })
            }
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
}
