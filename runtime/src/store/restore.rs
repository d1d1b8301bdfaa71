//! A world's cells as its memory: what `record` wrote, read back.
//!
//! Rows come back in the slots that they had; what is found through them (keys, indexes, free slots)
//! is built anew, and transient fields have their defaults. The cells come from a disk: whatever
//! they hold, the outcome is a world or an error.

#![expect(unsafe_code, reason = "fills state and rows by layout")]

use std::sync::Arc;

use midflight_compiler::abi::RowHeader;
use midflight_compiler::ir::Const;
use midflight_compiler::trap::TrapKind;
use midflight_compiler::types::{Field, TableId, Type};

use super::{Cell, Store, StoreError};
use crate::canonical::{DecodeError, Reader};
use crate::cursor::{Slot, TextMemory};
use crate::data::Beginning;
use crate::frame::Frame;
use crate::generator::Generator;
use crate::timer::{Timer, Timers};
use crate::version::Version;

/// A world as it was stored.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) frame: Box<Frame>,
    pub(crate) timers: Timers,
}

/// Why a world cannot be read back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RestoreError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the cell {}.{}: {error}", .cell.part, .cell.index)]
    Cell { cell: Cell, error: DecodeError },
    #[error("a field of its state is missing")]
    MissingField,
    #[error("it has another layout than the current version")]
    Layout,
}

/// Reads a world whose versions have the layout of this one; `None` where the world has never had
/// a version.
///
/// # Errors
/// When the store cannot be read, the cells are not those of the layout, or the world may not take
/// as much memory.
pub(crate) fn restore(
    store: &dyn Store,
    world: &str,
    version: Option<&Arc<Version>>,
    beginning: Beginning<'_>,
) -> Result<Option<Restored>, RestoreError> {
    let mut layout = Vec::new();
    store.cells(world, &mut |cell, bytes| {
        if cell == Cell::LAYOUT {
            layout.extend_from_slice(bytes);
        }
    })?;
    if layout.is_empty() {
        return Ok(None);
    }
    let version = version.filter(|version| *version.layout_identity() == *layout);
    let version = version.ok_or(RestoreError::Layout)?;
    let out_of_memory =
        |_| RestoreError::Cell { cell: Cell::LAYOUT, error: DecodeError::OutOfMemory };
    let frame = Frame::bare(version.clone(), beginning).map_err(out_of_memory)?;
    let mut restored = Restored { frame, timers: Timers::default() };
    let mut fields_left = restored.fill_transient().map_err(out_of_memory)?;
    let mut failed = None;
    store.cells(world, &mut |cell, bytes| {
        if failed.is_some() {
            return;
        }
        fields_left = fields_left.saturating_sub(usize::from(cell.state_field().is_some()));
        failed = restored.read(cell, bytes).err().map(|error| (cell, error));
    })?;
    if let Some((cell, error)) = failed {
        return Err(RestoreError::Cell { cell, error });
    }
    if fields_left > 0 {
        return Err(RestoreError::MissingField);
    }
    restored.show_tables();
    Ok(Some(restored))
}

impl Restored {
    /// Gives the transient fields of `state` their defaults; tells how many others there are.
    fn fill_transient(&mut self) -> Result<usize, TrapKind> {
        let version = self.frame.version.clone();
        let fields = &version.program().ir.types.strukt(version.program().ir.state).fields;
        for (index, field) in fields.iter().enumerate().filter(|(_, field)| field.transient) {
            let mut state = self.state(&version);
            let slot = state.field(index).ok_or(TrapKind::Internal)?;
            fill_default(slot, &version, field).map_err(|_| TrapKind::OutOfMemory)?;
        }
        Ok(fields.iter().filter(|field| !field.transient).count())
    }

    fn read(&mut self, cell: Cell, bytes: &[u8]) -> Result<(), DecodeError> {
        let mut reader = Reader::new(bytes);
        if let Some(table) = cell.table() {
            self.read_row(table, cell.index, &mut reader)?;
        } else if let Some(field) = cell.state_field() {
            let version = self.frame.version.clone();
            let mut state = self.state(&version);
            let is_durable = state.fields().get(field).is_some_and(|field| !field.transient);
            let slot = if is_durable { state.field(field) } else { None };
            reader.value(&mut slot.ok_or(DecodeError::Invalid)?)?;
        } else {
            match cell {
                Cell::GENERATOR => self.frame.data.generator = read_generator(&mut reader)?,
                Cell::TIME => self.frame.data.now_ms = reader.int()?,
                Cell::TIMERS => self.timers = read_timers(&mut reader)?,
                Cell::LAYOUT => return Ok(()),
                _ => return Err(DecodeError::Invalid),
            }
        }
        reader.end()
    }

    fn read_row(
        &mut self,
        table: u32,
        slot: u32,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        let version = self.frame.version.clone();
        let data = &mut self.frame.data;
        let rows = data.tables.get_mut(table as usize).ok_or(DecodeError::Invalid)?;
        let row = rows.reserve_at(&mut data.memory, slot).map_err(as_decode_error)?;
        let id = TableId(table);
        let fields = &version.program().ir.types.table(id).fields;
        for (field, &offset) in fields.iter().zip(&version.program().layouts.row(id).offsets) {
            let mut slot = self.field(&version, (row, offset), field.ty);
            if field.transient {
                fill_default(slot, &version, field)?;
            } else {
                reader.value(&mut slot)?;
            }
        }
        let data = &mut self.frame.data;
        let rows = data.tables.get_mut(table as usize).ok_or(DecodeError::Invalid)?;
        rows.enter(&mut data.memory, row).map_err(as_decode_error)
    }

    fn state<'s>(&'s mut self, version: &'s Version) -> Slot<'s> {
        let program = version.program();
        let data = &mut self.frame.data;
        let texts = TextMemory::World(&mut data.texts, &mut data.memory);
        let state = Type::Struct(program.ir.state);
        // SAFETY: the block has the size of the state in the layout of the frame's version, which
        // `version` is, and no call runs.
        unsafe { Slot::new(program, state, data.state.fields(), texts) }
    }

    fn field<'s>(
        &'s mut self,
        version: &'s Version,
        (row, offset): (*mut RowHeader, u32),
        ty: Type,
    ) -> Slot<'s> {
        let data = &mut self.frame.data;
        let texts = TextMemory::World(&mut data.texts, &mut data.memory);
        // SAFETY: the offset of one of the row's fields, inside of it.
        let address = unsafe { row.cast::<u8>().add(offset as usize) };
        // SAFETY: the field has this type in the layout of the frame's version, and no call runs.
        unsafe { Slot::new(version.program(), ty, address, texts) }
    }

    fn show_tables(&mut self) {
        for table in 0..self.frame.data.tables.len() {
            self.frame.data.show(table);
        }
    }
}

fn fill_default(mut slot: Slot<'_>, version: &Version, field: &Field) -> Result<(), DecodeError> {
    let default = Const::default_of(&version.program().ir.types, field);
    Ok(slot.write_const(&default.ok_or(DecodeError::Invalid)?)?)
}

fn as_decode_error(kind: TrapKind) -> DecodeError {
    match kind {
        TrapKind::OutOfMemory | TrapKind::WorldFull | TrapKind::EngineFull => {
            DecodeError::OutOfMemory
        }
        _ => DecodeError::Invalid,
    }
}

fn read_generator(reader: &mut Reader<'_>) -> Result<Generator, DecodeError> {
    let mut words = [0; 4];
    for word in &mut words {
        *word = reader.word()?;
    }
    Generator::from_words(words).ok_or(DecodeError::Invalid)
}

fn read_timers(reader: &mut Reader<'_>) -> Result<Timers, DecodeError> {
    let mut timers = Timers::default();
    for _ in 0..reader.len()? {
        let name = reader.text()?;
        let (period_ms, due_ms) = (reader.int()?, reader.int()?);
        if period_ms <= 0 {
            return Err(DecodeError::Invalid);
        }
        timers.put(name, Timer { period_ms, due_ms });
    }
    Ok(timers)
}
