//! Writing a value: a [`Slot`] stands on a place of a known type, and takes only what fits there.
//!
//! A slot is zero when a host gets it: what is not written is the type's zero value, which is also
//! why an enum's payload is zeroed when its variant is chosen.

use std::ptr;

use midflight_compiler::Program;
use midflight_compiler::abi::{CallContext, ListHeader, Text};
use midflight_compiler::ir::Const;
use midflight_compiler::layout::{bounded_elements_offset, optional_value_offset};
use midflight_compiler::trap::TrapKind;
use midflight_compiler::types::{Field, TableId, Type};

use crate::memory::arena::Arena;
use crate::memory::budget::MemoryBudget;
use crate::memory::texts::Texts;

/// Where the texts go that a [`Slot`] is given.
#[derive(Debug)]
pub(crate) enum TextMemory<'a> {
    /// Into the arena of the call.
    Call(&'a mut Arena, &'a mut CallContext),
    /// Into the heap of the world.
    World(&'a mut Texts, &'a mut MemoryBudget),
}

impl TextMemory<'_> {
    #[inline]
    fn put(&mut self, text: &str) -> Result<*const Text, TrapKind> {
        match self {
            TextMemory::Call(arena, ctx) => arena.text(ctx, [text]),
            TextMemory::World(texts, memory) => texts.copy(memory, text),
        }
    }

    /// The same memory, lent for a part of the value.
    fn lend(&mut self) -> TextMemory<'_> {
        match self {
            TextMemory::Call(arena, ctx) => TextMemory::Call(arena, ctx),
            TextMemory::World(texts, memory) => TextMemory::World(texts, memory),
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
    /// An array has another number of elements, or a bounded list has room for fewer.
    #[error("the list has another number of elements than its type")]
    WrongLength,
    /// The call has no memory left for it, or a text or list is longer than any may be.
    #[error("the value is too large")]
    TooLarge,
}

/// A place to write one value of a known type.
#[derive(Debug)]
pub struct Slot<'a> {
    program: &'a Program,
    ty: Type,
    /// The place is the row itself, not a reference to one.
    is_row: bool,
    address: *mut u8,
    texts: TextMemory<'a>,
    /// The variant that was chosen, for an enum.
    variant: Option<usize>,
    /// Elements that were pushed, for a list.
    pushed: u32,
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
    /// An enum: [`Slot::choose`] a variant, then write its fields.
    Enum,
    /// An optional: [`Slot::some`], or nothing for `none`.
    Optional,
    /// An array or a list: [`Slot::push`] for each element, then [`Slot::end_list`].
    List,
    /// A type that cannot come from outside.
    Other,
}

impl<'a> Slot<'a> {
    /// A slot at an address.
    ///
    /// # Safety
    /// The address has room for a value of the type in the program's layout, is aligned for it,
    /// and nobody else reaches it during `'a`. What it holds need not be a value yet.
    #[inline]
    pub(crate) unsafe fn new(
        program: &'a Program,
        ty: Type,
        address: *mut u8,
        texts: TextMemory<'a>,
    ) -> Slot<'a> {
        Slot { program, ty, is_row: false, address, texts, variant: None, pushed: 0 }
    }

    /// A slot for the fields of a row, as if they were a struct.
    ///
    /// # Safety
    /// As [`Slot::new`], for a row of the table with its header, which is left as it is.
    pub(crate) unsafe fn of_row(
        program: &'a Program,
        table: TableId,
        address: *mut u8,
        texts: TextMemory<'a>,
    ) -> Slot<'a> {
        let ty = Type::Row(table);
        Slot { program, ty, is_row: true, address, texts, variant: None, pushed: 0 }
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
            Type::Row(_) if self.is_row => Kind::Struct,
            Type::Enum(_) => Kind::Enum,
            Type::Optional(inner) if !matches!(self.inner(inner), Type::Row(_)) => Kind::Optional,
            Type::Array(..) | Type::Bounded(..) | Type::List(_) => Kind::List,
            Type::Optional(_) | Type::Row(_) | Type::Never | Type::Error => Kind::Other,
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
    #[inline]
    pub fn write_int(&mut self, value: i64) -> Result<(), WriteError> {
        self.expect(Type::Int)?;
        // SAFETY: a slot of type `int` has room for one (`new`).
        unsafe { self.address.cast::<i64>().write(value) };
        Ok(())
    }

    /// Writes a `float`; a NaN is read as the one that Flight has.
    ///
    /// # Errors
    /// When the slot has another type.
    #[inline]
    pub fn write_float(&mut self, value: f64) -> Result<(), WriteError> {
        self.expect(Type::Float)?;
        // SAFETY: a slot of type `float` has room for one (`new`).
        unsafe { self.address.cast::<f64>().write(value) };
        Ok(())
    }

    /// Writes a `bool`.
    ///
    /// # Errors
    /// When the slot has another type.
    #[inline]
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
    #[inline]
    pub fn write_text(&mut self, value: &str) -> Result<(), WriteError> {
        self.expect(Type::Str)?;
        let text = self.texts.put(value).map_err(|_| WriteError::TooLarge)?;
        // SAFETY: a slot of type `str` has room for an address (`new`).
        unsafe { self.address.cast::<*const Text>().write(text) };
        Ok(())
    }

    /// The fields of the struct that the slot holds, or of the variant that was chosen, in the
    /// order of the source; none for other types.
    pub fn fields(&self) -> &'a [Field] {
        let types = &self.program.ir.types;
        match (self.ty, self.variant) {
            (Type::Struct(id), _) => &types.strukt(id).fields,
            (Type::Row(id), _) if self.is_row => &types.table(id).fields,
            (Type::Enum(id), Some(variant)) => {
                let variant = types.enumeration(id).variants.get(variant);
                variant.map_or(&[], |variant| &variant.fields)
            }
            _ => &[],
        }
    }

    /// The slot of one of the [`Slot::fields`].
    pub fn field(&mut self, index: usize) -> Option<Slot<'_>> {
        let ty = self.fields().get(index)?.ty;
        let layouts = &self.program.layouts;
        let offsets = match (self.ty, self.variant) {
            (Type::Struct(id), _) => &layouts.strukt(id).offsets,
            (Type::Row(id), _) if self.is_row => &layouts.row(id).offsets,
            (Type::Enum(id), Some(variant)) => layouts.enumeration(id).payloads.get(variant)?,
            _ => return None,
        };
        let offset = *offsets.get(index)?;
        Some(self.part(ty, offset as usize))
    }

    /// The names of the enum's variants, in the order of the source; none for other types.
    pub fn variants(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let variants = match self.ty {
            Type::Enum(id) => self.program.ir.types.enumeration(id).variants.as_slice(),
            _ => &[],
        };
        variants.iter().map(|variant| variant.name.as_str())
    }

    /// Makes the value the variant of this name; its payload is then in [`Slot::fields`]. Tells
    /// whether there is such a variant.
    pub fn choose(&mut self, name: &str) -> bool {
        let chosen = self.variants().position(|variant| variant == name);
        chosen.is_some_and(|index| self.choose_at(index))
    }

    /// Makes the value the variant at this index. Tells whether there is such a variant.
    pub(crate) fn choose_at(&mut self, index: usize) -> bool {
        let Type::Enum(id) = self.ty else { return false };
        let layout = self.program.layouts.enumeration(id);
        if index >= layout.payloads.len() {
            return false;
        }
        // SAFETY: the slot has room for the enum (`new`).
        unsafe { ptr::write_bytes(self.address, 0, layout.layout.size as usize) };
        self.write_tag(layout.tag_size, index);
        self.variant = Some(index);
        true
    }

    fn write_tag(&mut self, size: u32, tag: usize) {
        match size {
            // SAFETY: the value begins with a tag of this size (`new`).
            1 => unsafe { self.address.write(tag as u8) },
            // SAFETY: as above; tags are aligned to their size.
            _ => unsafe { self.address.cast::<u16>().write(tag as u16) },
        }
    }

    /// Makes the optional have a value, and gives its slot; `None` for other types.
    pub fn some(&mut self) -> Option<Slot<'_>> {
        let Type::Optional(inner) = self.ty else { return None };
        let inner = self.inner(inner);
        let layout = self.program.layouts.of(&self.program.ir.types, inner)?;
        if let Type::Row(_) = inner {
            return None;
        }
        let offset = optional_value_offset(layout) as usize;
        // SAFETY: the slot has room for the optional's tag and, behind it, its value (`new`).
        unsafe { ptr::write_bytes(self.address, 0, offset + layout.size as usize) };
        self.write_tag(1, 1);
        Some(self.part(inner, offset))
    }

    /// How many elements an array has; `None` for other types.
    pub(crate) fn array_len(&self) -> Option<u32> {
        match self.ty {
            Type::Array(_, len) => Some(len),
            _ => None,
        }
    }

    /// The slot of one more element of the array or list.
    ///
    /// # Errors
    /// When the slot has another type, the list has no room, or no memory is left.
    pub fn push(&mut self) -> Result<Slot<'_>, WriteError> {
        let index = self.pushed;
        let (inner, place) = match self.ty {
            Type::Array(inner, len) if index < len => (self.inner(inner), self.address),
            Type::Bounded(inner, len) if index < len => {
                // SAFETY: a bounded list begins with its length (`new`).
                unsafe { self.address.cast::<u32>().write(index + 1) };
                let inner = self.inner(inner);
                let offset = bounded_elements_offset(self.layout(inner)?) as usize;
                // SAFETY: the elements follow inside of the value.
                (inner, unsafe { self.address.add(offset) })
            }
            Type::Array(..) | Type::Bounded(..) => return Err(WriteError::WrongLength),
            Type::List(inner) => (self.inner(inner), self.grow(self.inner(inner))?),
            _ => return Err(WriteError::WrongType),
        };
        self.pushed += 1;
        let stride = self.layout(inner)?.size as usize;
        // SAFETY: the element stands inside of the list's memory.
        let address = unsafe { place.add(index as usize * stride) };
        // SAFETY: it has room for one element, which is zeroed before it is written.
        unsafe { ptr::write_bytes(address, 0, stride) };
        let texts = self.texts.lend();
        // SAFETY: reached through this slot only while it is borrowed.
        Ok(unsafe { Slot::new(self.program, inner, address, texts) })
    }

    /// Says that the last element was pushed.
    ///
    /// # Errors
    /// When an array lacks elements.
    pub fn end_list(&mut self) -> Result<(), WriteError> {
        match self.ty {
            Type::Array(_, len) if self.pushed != len => Err(WriteError::WrongLength),
            Type::Bounded(..) if self.pushed == 0 => {
                // SAFETY: a bounded list begins with its length (`new`).
                unsafe { self.address.cast::<u32>().write(0) };
                Ok(())
            }
            Type::List(_) if self.pushed == 0 => {
                // SAFETY: a slot of a growing list has room for its address (`new`).
                unsafe { self.address.cast::<*mut ListHeader>().write(ptr::null_mut()) };
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Makes room for one more element of a growing list; gives where its elements begin.
    fn grow(&mut self, inner: Type) -> Result<*mut u8, WriteError> {
        const CAPACITY_FIRST: u64 = 4;
        let stride = self.layout(inner)?.size as usize;
        let TextMemory::Call(arena, ctx) = &mut self.texts else {
            return Err(WriteError::WrongType);
        };
        let allocate = |arena: &mut Arena, ctx: &mut CallContext, size: usize| {
            let allocated = arena.allocate(ctx, size).map_err(|_| WriteError::TooLarge)?;
            Ok::<*mut u8, WriteError>(allocated.as_ptr())
        };
        let slot = self.address.cast::<*mut ListHeader>();
        if self.pushed == 0 {
            let data = allocate(arena, ctx, CAPACITY_FIRST as usize * stride)?;
            let header = allocate(arena, ctx, size_of::<ListHeader>())?.cast::<ListHeader>();
            // SAFETY: the allocation has the size and alignment of a header.
            unsafe { header.write(ListHeader { len: 1, capacity: CAPACITY_FIRST, data }) };
            // SAFETY: a slot of a growing list has room for its address (`new`).
            unsafe { slot.write(header) };
            return Ok(data);
        }
        // SAFETY: the first push wrote it.
        let header = unsafe { slot.read() };
        // SAFETY: the header lives as long as the arena's content.
        let mut list = unsafe { header.read() };
        if list.len == list.capacity {
            let wanted = list.capacity.saturating_mul(2);
            list.capacity = arena.capacity(list.len, wanted).map_err(|_| WriteError::TooLarge)?;
            let size = usize::try_from(list.capacity).ok().and_then(|n| n.checked_mul(stride));
            let moved = allocate(arena, ctx, size.ok_or(WriteError::TooLarge)?)?;
            // SAFETY: so many elements stand in the old memory, and the new one is larger.
            unsafe { ptr::copy_nonoverlapping(list.data, moved, list.len as usize * stride) };
            list.data = moved;
        }
        list.len += 1;
        let data = list.data;
        // SAFETY: as above.
        unsafe { header.write(list) };
        Ok(data)
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
            (Const::Struct(values), Type::Struct(_)) => self.write_fields(values),
            (Const::Variant(tag, payload), Type::Enum(_)) => {
                let _ = self.choose_at(*tag as usize);
                self.write_fields(payload)
            }
            (Const::None, Type::Optional(inner)) => {
                let size = match self.inner(inner) {
                    Type::Row(_) => size_of::<*const u8>(),
                    _ => 1,
                };
                // SAFETY: `none` is a tag of 0, or the null reference to a row (`new`).
                unsafe { ptr::write_bytes(self.address, 0, size) };
                Ok(())
            }
            (Const::Some(value), Type::Optional(_)) => {
                self.some().ok_or(WriteError::WrongType)?.write_const(value)
            }
            (Const::List(values), Type::Array(..) | Type::Bounded(..) | Type::List(_)) => {
                for value in values {
                    self.push()?.write_const(value)?;
                }
                self.end_list()
            }
            _ => Err(WriteError::WrongType),
        }
    }

    /// Writes the default of one of the [`Slot::fields`].
    pub(crate) fn write_default(&mut self, index: usize) -> Result<(), WriteError> {
        let field = self.fields().get(index);
        let default = field.and_then(|field| Const::default_of(&self.program.ir.types, field));
        let mut slot = self.field(index).ok_or(WriteError::WrongType)?;
        slot.write_const(&default.ok_or(WriteError::WrongType)?)
    }

    fn write_fields(&mut self, values: &[Const]) -> Result<(), WriteError> {
        for (index, value) in values.iter().enumerate() {
            self.field(index).ok_or(WriteError::WrongType)?.write_const(value)?;
        }
        Ok(())
    }

    fn inner(&self, id: midflight_compiler::types::TypeId) -> Type {
        self.program.ir.types.get(id)
    }

    fn layout(&self, ty: Type) -> Result<midflight_compiler::layout::Layout, WriteError> {
        self.program.layouts.of(&self.program.ir.types, ty).ok_or(WriteError::TooLarge)
    }

    fn part(&mut self, ty: Type, offset: usize) -> Slot<'_> {
        let texts = self.texts.lend();
        // SAFETY: a part of the value lies inside of it, at the offset that its layout gives.
        let address = unsafe { self.address.add(offset) };
        // SAFETY: the part is reached through this slot only while the slot is borrowed.
        unsafe { Slot::new(self.program, ty, address, texts) }
    }

    #[inline]
    fn expect(&self, ty: Type) -> Result<(), WriteError> {
        if self.ty == ty { Ok(()) } else { Err(WriteError::WrongType) }
    }
}
