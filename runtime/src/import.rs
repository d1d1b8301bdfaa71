//! The content of a world that comes from outside: built beside the world, checked while it is
//! built, and then put into the world's place whole. What is dropped before has changed nothing.

#![expect(unsafe_code, reason = "gives out the places that are filled")]

use std::sync::Arc;

use midflight_compiler::trap::TrapKind;
use midflight_compiler::types::{TableId, Type};

use crate::cursor::{Slot, TextMemory};
use crate::data::{Beginning, Data};
use crate::error::{ArgumentError, ImportError};
use crate::generator::Generator;
use crate::limits::Limits;
use crate::table::slot as slot_of;
use crate::version::Version;

/// The content of a world in the making, in the layout of a version.
#[derive(Debug)]
pub struct Import {
    version: Arc<Version>,
    pub(crate) data: Data,
    has_state: bool,
    rows_max: usize,
    key_len_max: usize,
}

impl Import {
    /// Nothing yet: a zero state and no rows.
    pub(crate) fn new(
        version: Arc<Version>,
        beginning: Beginning<'_>,
    ) -> Result<Import, ImportError> {
        let program = version.program();
        let Limits { rows_max, key_len_max, .. } = *beginning.limits;
        let data = Data::new(&program.ir, &program.layouts, beginning).map_err(full)?;
        Ok(Import { version, data, has_state: false, rows_max, key_len_max })
    }

    /// The version whose types it has.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Sets the state of the random generator, and the time of the last call in milliseconds since
    /// 1970: `now()` does not go back behind it.
    ///
    /// # Errors
    /// When the generator could not go on from there.
    pub fn begin(&mut self, generator: [u64; 4], time_ms: i64) -> Result<(), ImportError> {
        self.data.generator = Generator::from_words(generator).ok_or(ImportError::Generator)?;
        self.data.now_ms = time_ms;
        Ok(())
    }

    /// Fills the state, once; its slot holds a struct.
    ///
    /// # Errors
    /// What `fill` refuses, or when the state was filled before.
    pub fn state(
        &mut self,
        fill: impl FnOnce(Slot<'_>) -> Result<(), ArgumentError>,
    ) -> Result<(), ImportError> {
        if std::mem::replace(&mut self.has_state, true) {
            let duplicate = ArgumentError::Duplicate { name: "state".to_owned() };
            return Err(ImportError::Value(duplicate));
        }
        let program = self.version.program();
        let address = self.data.state.fields();
        let texts = TextMemory::World(&mut self.data.texts, &mut self.data.memory);
        // SAFETY: the block is that of the state in this program's layout, zero, and nobody else
        // reaches it.
        let slot = unsafe { Slot::new(program, Type::Struct(program.ir.state), address, texts) };
        fill(slot).map_err(ImportError::Value)
    }

    /// Adds a row, whose slot lies behind those of the table's rows so far; what is filled is a
    /// struct of its fields.
    ///
    /// # Errors
    /// When there is no such table, it is full, the slot is not behind, the key is taken or too long, no
    /// memory is left, or what `fill` refuses. The import is of no use then.
    pub fn row(
        &mut self,
        table: &str,
        slot: u32,
        fill: impl FnOnce(Slot<'_>) -> Result<(), ArgumentError>,
    ) -> Result<(), ImportError> {
        let program = self.version.program();
        let tables = &program.ir.types.tables;
        let Some(index) = tables.iter().position(|known| known.name == table) else {
            let known = tables.iter().map(|known| known.name.clone()).collect();
            return Err(ImportError::UnknownTable { name: table.to_owned(), known });
        };
        let Data { tables, texts, memory, .. } = &mut self.data;
        let rows = &mut tables[index];
        if rows.len() >= self.rows_max as u64 {
            let (table, rows_max) = (table.to_owned(), self.rows_max);
            return Err(ImportError::TableFull { table, rows_max });
        }
        let first = rows.memory().end();
        if slot < first {
            return Err(ImportError::Slot { slot, first });
        }
        let row = rows.reserve_at(memory, slot).map_err(full)?;
        debug_assert_eq!(slot_of(row), slot, "a reserved row knows its slot");
        let texts = TextMemory::World(texts, memory);
        // SAFETY: the row has room for the table's fields in this program's layout, it is zero and
        // dead, and nobody else reaches it.
        let place = unsafe { Slot::of_row(program, TableId(index as u32), row.cast(), texts) };
        fill(place).map_err(ImportError::Value)?;
        let Data { tables, memory, .. } = &mut self.data;
        let len = tables[index].text_key_len(row);
        if len > self.key_len_max {
            let (table, len_max) = (table.to_owned(), self.key_len_max);
            return Err(ImportError::KeyTooLong { table, len, len_max });
        }
        tables[index].enter(memory, row).map_err(|kind| match kind {
            TrapKind::DuplicateKey => ImportError::DuplicateKey { table: table.to_owned() },
            kind => full(kind),
        })
    }
}

fn full(kind: TrapKind) -> ImportError {
    match kind {
        TrapKind::EngineFull => ImportError::EngineFull,
        _ => ImportError::WorldFull,
    }
}
