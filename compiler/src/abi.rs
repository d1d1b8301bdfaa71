//! The contract between generated code and its host: the call context, the memory forms that both
//! sides touch, and the table of host functions.
//!
//! Everything here is `#[repr(C)]` with asserted offsets. Generated code reaches the host only
//! through this table, by offset, never through a name.
//!
//! How a trap leaves generated code: an [`Entry`] returns a status, 0 for success. A fallible step
//! stores the number of its site into the context, and every function on the way out returns what
//! says so. A host function that fails stores the kind into the context; generated code looks at
//! it after every call of a host function that is marked `traps` or `metered`. A host function catches its own
//! panics.
//!
//! Fuel stands in a register while generated code runs. It is written to the context before every
//! call of a host function that is marked `metered`, read back after it, and written at the end.

use std::ffi::c_void;
use std::mem::offset_of;

use crate::layout::{ROW_WORDS_MAX, Words};
use crate::types::TableId;

/// Bytes that one unit of fuel pays for where values are made, copied, read or compared by size.
pub const BYTES_PER_FUEL: u32 = 16;

/// What one call can reach. The runtime owns one for every call and embeds it as the first field
/// of its frame.
#[repr(C)]
#[derive(Debug)]
pub struct CallContext {
    /// Fuel left; negative means used up.
    pub fuel: i64,
    /// The first byte of the fields of `state`; the epochs of its chunks stand before it.
    pub state: *mut u8,
    /// The number of this transaction, a multiple of [`EPOCH_STEP`]: what carries it has been noted
    /// for undo.
    pub epoch: u64,
    /// The host functions.
    pub host: *const HostFunctions,
    /// One view for each table.
    pub tables: *const TableView,
    /// The call's time in milliseconds since 1970.
    pub now: i64,
    /// Logical stack left at the entry of the call, in bytes.
    pub stack: i64,
    /// Which step trapped: an index into the version's sites.
    pub trap_site: u32,
    /// Why, where the host said so (`TrapKind`); 0 where the site says it.
    pub trap_kind: u32,
    /// What the message needs: the index and the length, for example.
    pub trap_values: [i64; 2],
    /// The message of `fail`, `assert` and of host functions; null where there is none.
    pub trap_text: *const Text,
    /// The status of `fail`.
    pub trap_status: u32,
    /// Keeps the size a multiple of eight.
    pub reserved: u32,
    /// The next free byte of the call's arena.
    pub arena_next: *mut u8,
    /// The end of the arena's current chunk.
    pub arena_end: *mut u8,
    /// Where rows are noted for undo before their first write.
    pub row_notes: *mut RowNotes,
}

/// From the number of one transaction to the next: the bits below are those of [`Words`] in a
/// [`RowHeader`].
///
/// [`Words`]: crate::layout::Words
pub const EPOCH_STEP: u64 = 1 << ROW_WORDS_MAX;

/// Where notes of rows that are not large go. A note is some words of the row, in order, and a
/// [`RowNoteEnd`]. Generated code writes it while that fits before `end`, and asks the host
/// (`note_row`) otherwise. Of the rows of a loop it writes the words alone, one row after the other,
/// between `begin_row_notes` and `end_row_notes`.
#[repr(C)]
#[derive(Debug)]
pub struct RowNotes {
    /// The first byte behind the last note.
    pub next: *mut u64,
    /// The end of the memory for notes; null, as `next`, while there is none.
    pub end: *mut u64,
    /// Where a trap left a loop that was noting its rows: the first byte behind the last of them.
    pub left_at: *mut u64,
}

/// What stands behind the words of a row in its note. Generated code writes it at once, as a word.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RowNoteEnd {
    /// The row's number in its table.
    pub slot: u32,
    /// Its table.
    pub table: u16,
    /// Which words were noted.
    pub words: u16,
}

impl RowNoteEnd {
    /// The word that it is, but for the slot.
    pub fn bits(table: TableId, words: Words) -> u64 {
        debug_assert!(table.0 < 1 << u16::BITS, "`declarations_max` says so");
        u64::from(table.0) << 32 | u64::from(words.0) << 48
    }
}

/// A text: its length, then its bytes in UTF-8. Immutable. A null pointer is the empty text, and
/// the empty text is always a null pointer.
#[repr(C)]
#[derive(Debug)]
pub struct Text {
    /// Bytes that follow.
    pub len: u64,
}

/// A growing list. A null pointer is an empty list.
#[repr(C)]
#[derive(Debug)]
pub struct ListHeader {
    /// Elements.
    pub len: u64,
    /// Elements that fit before it must move.
    pub capacity: u64,
    /// The first element.
    pub data: *mut u8,
}

/// What stands before a row's fields.
#[repr(C)]
#[derive(Debug)]
pub struct RowHeader {
    /// The transaction that noted this row last; of a row that is not large also which words it
    /// noted, in the bits below [`EPOCH_STEP`].
    pub epoch: u64,
    /// The row's number in its table.
    pub slot: u32,
    /// 0 for a row that was removed or never used; else a number that tells it from the others that
    /// were or will be in its slot.
    pub alive: u32,
}

/// What generated code sees of a table.
#[repr(C)]
#[derive(Debug)]
pub struct TableView {
    /// Rows that are there.
    pub len: u64,
    /// Slots that were ever used: the scan ends here.
    pub slot_end: u64,
    /// The blocks of rows, each of `1 << block_shift` rows, at stable addresses.
    pub blocks: *const *mut u8,
    /// Rows of one block, as a power of two.
    pub block_shift: u64,
}

/// One piece of an interpolated text.
#[repr(C)]
#[derive(Debug)]
pub struct Piece {
    /// A `PieceKind`.
    pub kind: u32,
    /// Digits after the point for a float, or `PIECE_SHORTEST`.
    pub digits: u32,
    /// The value's bits, or the address of a text.
    pub value: u64,
}

/// `Piece::digits` of a float that is written in the shortest way that reads back the same.
pub const PIECE_SHORTEST: u32 = u32::MAX;

/// What a [`Piece`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum PieceKind {
    /// A `*const Text`.
    Text,
    /// An `int`.
    Int,
    /// A `float`.
    Float,
    /// A `bool`.
    Bool,
}

/// Rows that `rows_next` hands out at once. They stand in the frame of the loop.
pub const ROWS_BATCH: u32 = 16;

/// The one form in which the host enters generated code: context, argument block, result block.
/// Returns 0, or 1 when the call trapped.
pub type Entry =
    unsafe extern "C" fn(ctx: *mut CallContext, args: *const u8, result: *mut u8) -> u32;

/// What a host function takes and gives, as code generation sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbiType {
    /// 64 bits: `int`, an address.
    I64,
    /// 32 bits: a `bool`, an id.
    I32,
    /// A `float`.
    F64,
}

/// A type that can cross between generated code and the host.
pub trait Crosses {
    /// How it crosses.
    const ABI: AbiType;
}

macro_rules! crosses {
    ($($ty:ty => $abi:ident),* $(,)?) => {
        $(impl Crosses for $ty { const ABI: AbiType = AbiType::$abi; })*
    };
}
crosses!(i64 => I64, u64 => I64, u32 => I32, f64 => F64);
impl<T> Crosses for *const T {
    const ABI: AbiType = AbiType::I64;
}
impl<T> Crosses for *mut T {
    const ABI: AbiType = AbiType::I64;
}

/// How code generation calls a host function.
#[derive(Debug)]
pub struct HostSignature {
    /// Its name, for listings.
    pub name: &'static str,
    /// Where its address stands in [`HostFunctions`].
    pub offset: usize,
    /// Parameters after the context.
    pub params: &'static [AbiType],
    /// Result, if any.
    pub result: Option<AbiType>,
    /// Whether it can trap: generated code must look at `CallContext::trap_kind` afterwards.
    pub traps: bool,
    /// Whether the fuel goes through the context: the function charges it by what it is given, or
    /// is called on a cold path, where a register that keeps the fuel would cost the hot one.
    pub takes_fuel: bool,
}

/// Declares the host functions: `safe`, `traps` or `metered` (which also takes the fuel along), then
/// `fn name(param: type, …) [-> type];`
macro_rules! host_functions {
    ($($(#[$doc:meta])* $kind:ident fn $name:ident($($param:ident: $ty:ty),*) $(-> $result:ty)?;)*) => {
        /// The table of host functions that the runtime fills; a missing one does not compile.
        #[repr(C)]
        #[derive(Debug)]
        pub struct HostFunctions {
            $(
                $(#[$doc])*
                pub $name: unsafe extern "C" fn(ctx: *mut CallContext $(, $param: $ty)*) $(-> $result)?,
            )*
        }

        /// Names a host function for code generation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(non_camel_case_types, reason = "spelled like the field of the table")]
        pub enum HostFunction {
            $($(#[$doc])* $name,)*
        }

        impl HostFunction {
            /// How it is called.
            pub fn signature(self) -> HostSignature {
                match self {
                    $(HostFunction::$name => HostSignature {
                        name: stringify!($name),
                        offset: offset_of!(HostFunctions, $name),
                        params: &[$(<$ty as Crosses>::ABI),*],
                        result: host_functions!(@result $($result)?),
                        traps: host_functions!(@traps $kind),
                        takes_fuel: host_functions!(@takes_fuel $kind),
                    },)*
                }
            }
        }
    };
    (@result) => { None };
    (@result $result:ty) => { Some(<$result as Crosses>::ABI) };
    (@traps safe) => { false };
    (@traps traps) => { true };
    (@traps metered) => { true };
    (@takes_fuel safe) => { false };
    (@takes_fuel traps) => { false };
    (@takes_fuel metered) => { true };
}

host_functions! {
    // Memory of the call.

    /// Bytes from the call's arena, aligned to 8, unspecified content.
    traps fn arena_allocate(size: u64) -> *mut u8;

    // Undo.

    /// Notes `len` bytes of `state` from `offset` on, before they are written: every chunk that
    /// they touch and whose epoch (`layout::state_epoch_offset`) is not the call's yet. Sets these
    /// epochs, as the other notes do.
    traps fn note_state(offset: u64, len: u64);
    /// Notes words of a row that is not large, before they are written, where [`RowNotes`] has no
    /// room for them or the transaction has noted others.
    traps fn note_row(table: u32, row: *mut RowHeader, words: u32);
    /// Begins the notes of words of `count` rows that are not large, the first of a block and those
    /// behind it. Gives where the words of the first go, and makes room for all of them. Until the
    /// notes end, by `end_row_notes` or a trap, no other row is noted. The rows' own epochs stay.
    traps fn begin_row_notes(
        table: u32, first: *mut RowHeader, count: u64, words: u32
    ) -> *mut u64;
    /// Ends the notes that were begun: they go up to here.
    traps fn end_row_notes(end: *mut u64);
    /// Notes `len` bytes of a large row from `offset` on, before they are written, as `note_state`
    /// does; the epochs are at `layout::row_epoch_offset`.
    traps fn note_row_range(table: u32, row: *mut RowHeader, offset: u64, len: u64);

    // Values, by type. `type_id` is a `TypeId` of the version.

    /// Copies bytes between two places that are the same or do not overlap.
    safe fn memory_copy(target: *mut u8, source: *const u8, len: u64);

    /// Puts a text into a slot of state: the world gets a copy of its own.
    metered fn text_store(slot: *mut *const Text, text: *const Text);
    /// Copies a value into state; texts in it as `text_store` does.
    metered fn value_store(type_id: u32, target: *mut u8, source: *const u8);
    /// Copies a value that holds growing lists, so that the copy shares none.
    traps fn value_copy(type_id: u32, target: *mut u8, source: *const u8);
    /// Whether two values are equal by structure.
    metered fn value_equal(type_id: u32, left: *const u8, right: *const u8) -> u32;

    // Texts.

    /// The texts one after the other.
    metered fn text_concat(left: *const Text, right: *const Text) -> *const Text;
    /// The pieces one after the other.
    metered fn text_interpolate(pieces: *const Piece, count: u64) -> *const Text;
    /// Whether the bytes are the same.
    metered fn text_equal(left: *const Text, right: *const Text) -> u32;
    /// -1, 0 or 1: how the bytes compare.
    metered fn text_compare(left: *const Text, right: *const Text) -> i64;
    /// The number of Unicode scalar values.
    metered fn text_len(text: *const Text) -> i64;
    /// `contains`
    metered fn text_contains(text: *const Text, part: *const Text) -> u32;
    /// `starts_with`
    metered fn text_starts_with(text: *const Text, part: *const Text) -> u32;
    /// `ends_with`
    metered fn text_ends_with(text: *const Text, part: *const Text) -> u32;
    /// `slice`
    metered fn text_slice(text: *const Text, start: i64, end: i64) -> *const Text;
    /// `trim`
    metered fn text_trim(text: *const Text) -> *const Text;
    /// `lower`
    metered fn text_lower(text: *const Text) -> *const Text;
    /// `upper`
    metered fn text_upper(text: *const Text) -> *const Text;
    /// `split`: a `[str]`
    metered fn text_split(text: *const Text, separator: *const Text) -> *mut ListHeader;
    /// `join` of a `[str]`
    metered fn text_join(list: *const ListHeader, separator: *const Text) -> *const Text;
    /// `parse_int`: 1 and the value at `out`, or 0
    metered fn parse_int(text: *const Text, out: *mut i64) -> u32;
    /// `parse_float`
    metered fn parse_float(text: *const Text, out: *mut f64) -> u32;
    /// `hash` of an `int`
    safe fn hash_int(value: i64) -> i64;
    /// `hash` of a `str`
    metered fn hash_text(text: *const Text) -> i64;

    // Numbers.

    /// `%` on floats
    safe fn float_rem(left: f64, right: f64) -> f64;
    /// `round`
    safe fn float_round(value: f64) -> f64;
    /// `sin`
    safe fn float_sin(value: f64) -> f64;
    /// `cos`
    safe fn float_cos(value: f64) -> f64;
    /// `atan2`
    safe fn float_atan2(y: f64, x: f64) -> f64;
    /// `pow` on floats
    safe fn float_pow(base: f64, exponent: f64) -> f64;
    /// `pow` on ints
    traps fn int_pow(base: i64, exponent: i64) -> i64;

    // Growing and bounded lists. A bounded list passes its capacity; a growing one 0.

    /// Makes room for one more element and returns the list, moved where it was full or null.
    traps fn list_grow(list: *mut ListHeader, element_size: u64) -> *mut ListHeader;
    /// A list of `len` elements of unspecified content.
    traps fn list_new(len: u64, element_size: u64) -> *mut ListHeader;
    /// Whether an equal element is among the `len` at `data`.
    metered fn list_contains(type_id: u32, data: *const u8, len: u64, element: *const u8) -> u32;
    /// Sorts the `len` elements at `data`, of type `int`, `float` or `str`.
    metered fn list_sort(type_id: u32, data: *mut u8, len: u64);
    /// Sorts the `len` elements at `data` by the field at `offset`, keeping the order of ties.
    metered fn list_order(type_id: u32, data: *mut u8, len: u64, offset: u64, field_type_id: u32, descending: u32);

    // Rows.

    /// The row with this key, or null.
    safe fn row_find_int(table: u32, key: i64) -> *mut RowHeader;
    /// The row with this key, or null.
    metered fn row_find_text(table: u32, key: *const Text) -> *mut RowHeader;
    /// Inserts a row whose fields stand at `image` as in a row's layout; traps on a known key.
    metered fn row_insert(table: u32, image: *const u8) -> *mut RowHeader;
    /// Removes a row that is there.
    traps fn row_remove(table: u32, row: *mut RowHeader);
    /// Says that an indexed field of a row is about to be written: called before, with the new
    /// value at `value`.
    traps fn index_update(table: u32, row: *mut RowHeader, field: u32, value: *const u8);
    /// Puts a text into an indexed field of a row, at `slot`, and moves the row in the index: both
    /// or neither.
    metered fn index_text_store(table: u32, row: *mut RowHeader, field: u32, slot: *mut *const Text, text: *const Text);
    /// The rows to visit, in order, as a list of row addresses. `field` is the indexed field to go
    /// by, or `u32::MAX` for slot order; the list holds at most `most` rows.
    metered fn rows_list(table: u32, field: u32, descending: u32, most: i64) -> *mut ListHeader;
    /// The rows whose indexed field equals the value at `value`, in slot order.
    metered fn rows_equal(table: u32, field: u32, value: *const u8) -> *mut ListHeader;
    /// Writes the next rows by an indexed field to `rows`, at most [`ROWS_BATCH`], and gives their
    /// number. They follow the row `after`, which is the last one of the batch before; null begins.
    /// Nobody inserts, removes or writes the field between two batches.
    safe fn rows_next(table: u32, field: u32, descending: u32, after: *mut RowHeader, rows: *mut *mut RowHeader) -> u64;
    /// As `rows_next`, for the rows that `rows_equal` would list.
    safe fn rows_equal_next(table: u32, field: u32, value: *const u8, after: *mut RowHeader, rows: *mut *mut RowHeader) -> u64;

    // Effects.

    /// The next number of the world's generator, from 0 to `bound` - 1.
    traps fn random(bound: i64) -> i64;
    /// Emits an event whose fields stand at `fields`.
    traps fn emit(event: u32, fields: *const u8);
    /// Writes a line to the log.
    metered fn log(text: *const Text);

    // Tests.

    /// Begins a transaction inside of this one.
    traps fn savepoint();
    /// Undoes what happened since the last `savepoint`, its trap included, and ends it.
    traps fn rollback_to_savepoint();
    /// Moves the test's clock.
    traps fn advance(duration_ms: i64);
}

// Spelled out so that a change of the struct shows here and in review: generated code of one
// version may live on while the process does, but never across a change of this file.
const _: () = assert!(offset_of!(CallContext, fuel) == 0);
const _: () = assert!(offset_of!(CallContext, state) == 8);
const _: () = assert!(offset_of!(CallContext, epoch) == 16);
const _: () = assert!(offset_of!(CallContext, trap_site) == 56);
const _: () = assert!(size_of::<CallContext>() == 120);
const _: () = assert!(size_of::<RowNoteEnd>() == 8);
const _: () = assert!(size_of::<Text>() == 8);
const _: () = assert!(size_of::<RowHeader>() == crate::layout::ROW_HEADER_SIZE as usize);
const _: () = assert!(size_of::<Piece>() == 16);
const _: () = assert!(size_of::<*const c_void>() == 8, "Midflight needs 64-bit addresses");
