//! Size, alignment and offset of every value, row and argument block: the only place that
//! computes an offset. Generated code, the runtime's memory and (later) the store use what stands
//! here, so that a value has one form everywhere.
//!
//! The forms, all little-endian and naturally aligned:
//! - `int`, `float`: 8 bytes; `bool`: 1 byte, 0 or 1; `()`: nothing;
//! - `str`: 8 bytes, the address of an `abi::Text`, 0 for the empty text;
//! - a struct: its fields in the order of the source, each at the next multiple of its alignment;
//! - an enum: a tag of 1 byte (2 from 257 variants on), then the payloads, one over the other,
//!   each like a struct; dead bytes are unspecified in memory;
//! - `T?`: a tag of 1 byte, 0 for `none`, then the value; an optional row has no tag;
//! - a row: 8 bytes, the address of its `abi::RowHeader`, 0 for `none` where it is optional;
//! - `[T; N]`: N elements; `[T; ..N]`: a length of 4 bytes, then N elements;
//! - `[T]`: 8 bytes, the address of an `abi::ListHeader`, 0 for the empty list.
//!
//! All sizes are computed with checked arithmetic; a value that is too large has no layout.

pub(crate) mod print;
mod words;

use crate::limits::Limits;
use crate::types::{EnumId, StructId, TableId, Type, Types};

pub use words::{ROW_WORDS_MAX, WORD_SIZE, Words};

/// Bytes of `state` or of a large row that are noted for undo at once.
pub const CHUNK_SIZE: u32 = 256;

/// Bytes before a row's fields: `abi::RowHeader`.
pub const ROW_HEADER_SIZE: u32 = 16;

/// Where the elements of a bounded list begin is at least here: after the length.
const BOUNDED_LEN_SIZE: u64 = 4;

/// Size and alignment in bytes. The size is a multiple of the alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Bytes.
    pub size: u32,
    /// A power of two, at most 8.
    pub align: u32,
}

/// The layout of fields that stand one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldsLayout {
    /// Of the whole.
    pub layout: Layout,
    /// Of each field, from the beginning of the whole.
    pub offsets: Vec<u32>,
}

/// The layout of an enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumLayout {
    /// Of the whole.
    pub layout: Layout,
    /// Bytes of the tag, which stands at offset 0.
    pub tag_size: u32,
    /// For each variant the offsets of its payload, from the beginning of the whole.
    pub payloads: Vec<Vec<u32>>,
}

/// A type or row that is too large, found while layouts were computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooLarge {
    /// The struct's values, or `state`.
    Struct(StructId),
    /// The enum's values.
    Enum(EnumId),
    /// The table's rows.
    Table(TableId),
}

/// The layouts of everything that a program declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layouts {
    structs: Vec<FieldsLayout>,
    enums: Vec<EnumLayout>,
    rows: Vec<FieldsLayout>,
}

impl Layouts {
    /// Computes the layouts of all declarations; `state` is the struct of the state's fields.
    ///
    /// # Errors
    /// Every declaration whose values exceed their limit. No type may contain itself by value
    /// (the checker has refused that before).
    pub fn new(types: &Types, state: StructId, limits: &Limits) -> Result<Layouts, Vec<TooLarge>> {
        let mut builder = Builder {
            types,
            structs: vec![None; types.structs.len()],
            enums: vec![None; types.enums.len()],
        };
        let mut too_large = Vec::new();
        let mut structs = Vec::new();
        for index in 0..types.structs.len() {
            let id = StructId(index as u32);
            let limit = if id == state { limits.state_size_max } else { limits.value_size_max };
            match builder.strukt(id) {
                Some(fields) if u64::from(fields.layout.size) <= limit => structs.push(fields),
                _ => too_large.push(TooLarge::Struct(id)),
            }
        }
        let mut enums = Vec::new();
        for index in 0..types.enums.len() {
            let id = EnumId(index as u32);
            match builder.enumeration(id) {
                Some(layout) if u64::from(layout.layout.size) <= limits.value_size_max => {
                    enums.push(layout);
                }
                _ => too_large.push(TooLarge::Enum(id)),
            }
        }
        let mut rows = Vec::new();
        for (index, table) in types.tables.iter().enumerate() {
            let fields = table.fields.iter().map(|field| field.ty);
            match builder.fields(u64::from(ROW_HEADER_SIZE), fields) {
                Some(mut row) if u64::from(row.layout.size) <= limits.row_size_max => {
                    row.layout.align = 8;
                    row.layout.size = row.layout.size.next_multiple_of(8);
                    rows.push(row);
                }
                _ => too_large.push(TooLarge::Table(TableId(index as u32))),
            }
        }
        if too_large.is_empty() { Ok(Layouts { structs, enums, rows }) } else { Err(too_large) }
    }

    /// The layout of a struct.
    pub fn strukt(&self, id: StructId) -> &FieldsLayout {
        &self.structs[id.index()]
    }

    /// The layout of an enum.
    pub fn enumeration(&self, id: EnumId) -> &EnumLayout {
        &self.enums[id.index()]
    }

    /// The layout of a table's row; offsets count from the row's header.
    pub fn row(&self, id: TableId) -> &FieldsLayout {
        &self.rows[id.index()]
    }

    /// The layout of a value of any type; `None` when no limit allows it.
    pub fn of(&self, types: &Types, ty: Type) -> Option<Layout> {
        of(types, ty, &mut |inner| match inner {
            Type::Struct(id) => self.structs.get(id.index()).map(|fields| fields.layout),
            Type::Enum(id) => self.enums.get(id.index()).map(|layout| layout.layout),
            _ => None,
        })
    }

    /// The layout of a block of values in order: the arguments of a handler.
    pub fn block(&self, types: &Types, values: impl Iterator<Item = Type>) -> Option<FieldsLayout> {
        place_fields(0, values.map(|ty| self.of(types, ty)))
    }
}

/// Where the value of an optional (not of a row) stands, from the tag.
pub fn optional_value_offset(inner: Layout) -> u32 {
    inner.align
}

/// Where the elements of a bounded list begin, from its length.
pub fn bounded_elements_offset(element: Layout) -> u32 {
    element.align.max(BOUNDED_LEN_SIZE as u32)
}

/// How many chunks `state` or a row of this many bytes has, at least one. Each chunk of `state` and
/// of a large row has an epoch of 8 bytes.
#[inline]
pub fn chunk_count(size: u32) -> u32 {
    size.div_ceil(CHUNK_SIZE).max(1)
}

/// Whether a row of this many bytes, its header counted, is noted for undo in chunks; of a smaller
/// one, words are ([`Words`]).
pub fn is_large_row(size: u32) -> bool {
    size > ROW_WORDS_MAX * WORD_SIZE
}

/// Where the epoch of a chunk of a large row of this many bytes stands, from the row's header:
/// behind the row.
pub fn row_epoch_offset(size: u32, chunk: u32) -> u32 {
    size + 8 * chunk
}

/// Bytes from one row of a block to the next, where a row has this many.
pub fn row_stride(size: u32) -> u32 {
    if is_large_row(size) { row_epoch_offset(size, chunk_count(size)) } else { size }
}

/// Where the epoch of a chunk of `state` stands, from the first byte of the fields: before them,
/// the epoch of chunk 0 nearest. The memory of `state` begins `8 * chunk_count(size)` bytes before
/// the fields, and both are aligned to 8.
pub fn state_epoch_offset(chunk: u32) -> i32 {
    -8 * (chunk as i32 + 1)
}

/// Remembers what was computed, what has no layout too: a type is looked at once, however often
/// others hold it.
struct Builder<'a> {
    types: &'a Types,
    structs: Vec<Option<Option<FieldsLayout>>>,
    enums: Vec<Option<Option<EnumLayout>>>,
}

impl Builder<'_> {
    fn strukt(&mut self, id: StructId) -> Option<FieldsLayout> {
        if let Some(known) = &self.structs[id.index()] {
            return known.clone();
        }
        let types = self.types;
        let layout = self.fields(0, types.strukt(id).fields.iter().map(|field| field.ty));
        self.structs[id.index()] = Some(layout.clone());
        layout
    }

    fn enumeration(&mut self, id: EnumId) -> Option<EnumLayout> {
        if let Some(known) = &self.enums[id.index()] {
            return known.clone();
        }
        let layout = self.enum_layout(id);
        self.enums[id.index()] = Some(layout.clone());
        layout
    }

    fn enum_layout(&mut self, id: EnumId) -> Option<EnumLayout> {
        let types = self.types;
        let variants = &types.enumeration(id).variants;
        let tag_size = if variants.len() <= 256 { 1 } else { 2 };
        let mut whole = Layout { size: tag_size, align: tag_size };
        let mut payloads = Vec::new();
        for variant in variants {
            let payload =
                self.fields(u64::from(tag_size), variant.fields.iter().map(|field| field.ty))?;
            whole.align = whole.align.max(payload.layout.align);
            whole.size = whole.size.max(payload.layout.size);
            payloads.push(payload.offsets);
        }
        whole.size = whole.size.next_multiple_of(whole.align);
        Some(EnumLayout { layout: whole, tag_size, payloads })
    }

    fn fields(&mut self, start: u64, fields: impl Iterator<Item = Type>) -> Option<FieldsLayout> {
        let types = self.types;
        let layouts: Vec<_> = fields
            .map(|ty| {
                of(types, ty, &mut |inner| match inner {
                    Type::Struct(id) => self.strukt(id).map(|fields| fields.layout),
                    Type::Enum(id) => self.enumeration(id).map(|layout| layout.layout),
                    _ => None,
                })
            })
            .collect();
        place_fields(start, layouts.into_iter())
    }
}

/// The layout of a type; `declared` gives those of structs and enums.
fn of(types: &Types, ty: Type, declared: &mut dyn FnMut(Type) -> Option<Layout>) -> Option<Layout> {
    let layout = match ty {
        Type::Unit | Type::Never | Type::Error => Layout { size: 0, align: 1 },
        Type::Bool => Layout { size: 1, align: 1 },
        Type::Int | Type::Float | Type::Str | Type::Row(_) | Type::List(_) => {
            Layout { size: 8, align: 8 }
        }
        Type::Struct(_) | Type::Enum(_) => declared(ty)?,
        Type::Optional(inner) => match types.get(inner) {
            Type::Row(_) => Layout { size: 8, align: 8 },
            inner => {
                let inner = of(types, inner, declared)?;
                sized(u64::from(optional_value_offset(inner)) + u64::from(inner.size), inner.align)?
            }
        },
        Type::Array(inner, len) => {
            let inner = of(types, types.get(inner), declared)?;
            sized(u64::from(inner.size) * u64::from(len), inner.align)?
        }
        Type::Bounded(inner, len) => {
            let inner = of(types, types.get(inner), declared)?;
            let elements = u64::from(inner.size) * u64::from(len);
            let start = u64::from(bounded_elements_offset(inner));
            sized(start + elements, inner.align.max(BOUNDED_LEN_SIZE as u32))?
        }
    };
    Some(layout)
}

/// A layout of this many bytes, padded; `None` beyond the limit of any value.
fn sized(size: u64, align: u32) -> Option<Layout> {
    let size = size.checked_next_multiple_of(u64::from(align))?;
    if size > Limits::LARGEST.value_size_max.max(Limits::LARGEST.state_size_max) {
        return None;
    }
    Some(Layout { size: u32::try_from(size).ok()?, align })
}

/// Puts fields one after the other behind `start` bytes of something else.
fn place_fields(start: u64, fields: impl Iterator<Item = Option<Layout>>) -> Option<FieldsLayout> {
    let mut end = start;
    let mut align = 1;
    let mut offsets = Vec::new();
    for field in fields {
        let field = field?;
        let offset = end.checked_next_multiple_of(u64::from(field.align))?;
        offsets.push(u32::try_from(offset).ok()?);
        end = offset.checked_add(u64::from(field.size))?;
        align = align.max(field.align);
    }
    Some(FieldsLayout { layout: sized(end, align)?, offsets })
}
