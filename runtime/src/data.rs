//! The data of one world, without any code: what calls change, and what outlives versions.

#![expect(unsafe_code, reason = "gives rows their bytes back")]

use std::mem::size_of;
use std::sync::Arc;

use midflight_compiler::abi::{RowHeader, TableView};
use midflight_compiler::ir;
use midflight_compiler::layout::Layouts;
use midflight_compiler::planted::{Fault, is_planted};
use midflight_compiler::trap::TrapKind;
use midflight_compiler::types::TableId;

use crate::generator::Generator;
use crate::limits::Limits;
use crate::memory::budget::{MemoryBudget, Pool};
use crate::memory::state::StateBlock;
use crate::memory::texts::Texts;
use crate::table::Table;

/// Bytes that a world takes besides its data, as a round number: its frame, its gate, its name.
const FRAME_SIZE: usize = 2 << 10;

/// The state of one world.
#[derive(Debug)]
pub(crate) struct Data {
    /// The fields of `state`.
    pub(crate) state: StateBlock,
    /// The texts that the state and the rows hold.
    pub(crate) texts: Texts,
    /// By `TableId`.
    pub(crate) tables: Vec<Table>,
    /// What generated code sees of each table, at a stable address.
    pub(crate) views: Box<[TableView]>,
    /// What all of this takes.
    pub(crate) memory: MemoryBudget,
    /// Where `random` draws from.
    pub(crate) generator: Generator,
    /// The time of the last call that asked for it and committed: it never goes back.
    pub(crate) now_ms: i64,
}

/// What a new world begins with.
#[derive(Clone, Debug)]
pub(crate) struct Beginning<'a> {
    /// Of its random generator.
    pub(crate) seed: u64,
    pub(crate) limits: &'a Limits,
    /// Where its memory comes from.
    pub(crate) pool: Arc<Pool>,
}

impl<'a> Beginning<'a> {
    /// A world that shares its memory with no other one: that of a test.
    pub(crate) fn alone(limits: &'a Limits) -> Beginning<'a> {
        Beginning { seed: 0, limits, pool: Arc::new(Pool::new(usize::MAX)) }
    }
}

impl Data {
    /// The data of a world that has not been called yet, in the layout of `program`; its state
    /// has to be given its defaults (`Frame::initialise`).
    ///
    /// # Errors
    /// When the worlds of the engine have no memory left.
    pub(crate) fn new(
        program: &ir::Program,
        layouts: &Layouts,
        beginning: Beginning<'_>,
    ) -> Result<Data, TrapKind> {
        let Beginning { seed, limits, pool } = beginning;
        let fields = layouts.strukt(program.state);
        let ids = (0..program.types.tables.len()).map(|index| TableId(index as u32));
        let tables: Vec<Table> = ids.map(|id| Table::new(&program.types, layouts, id)).collect();
        let base = fields.layout.size as usize + tables.len() * size_of::<Table>();
        // Before the state's memory is taken, which may be large.
        let memory = MemoryBudget::new(limits.world_memory_max, FRAME_SIZE + base, pool)?;
        Ok(Data {
            state: StateBlock::new(fields.layout.size),
            texts: Texts::default(),
            views: tables.iter().map(Table::view).collect(),
            tables,
            memory,
            generator: Generator::new(seed),
            now_ms: 0,
        })
    }

    /// Shows generated code what a table is like now: after every insert and remove.
    pub(crate) fn show(&mut self, table: usize) {
        if let (Some(view), Some(table)) = (self.views.get_mut(table), self.tables.get(table)) {
            *view = table.view();
        }
    }

    /// The row in a slot of a table, dead or alive.
    pub(crate) fn row(&self, table: u32, slot: u32) -> Option<*mut RowHeader> {
        self.tables.get(table as usize)?.row(slot)
    }

    /// No epoch has noted anything.
    pub(crate) fn forget_epochs(&mut self) {
        self.state.forget_epochs();
        self.tables.iter().for_each(|table| table.memory().forget_epochs());
    }

    /// Gives a row bytes that it had, from `start` on, the header counted.
    pub(crate) fn restore(
        &mut self,
        (table, row): (u32, *mut RowHeader),
        start: u32,
        bytes: &[u8],
    ) {
        let Some(table) = self.tables.get_mut(table as usize) else { return };
        let end = start as usize + bytes.len();
        assert!(end <= table.memory().row_size() as usize, "a note holds bytes of its row");
        if !is_planted(Fault::IndexesAreNotRestored) {
            table.reindex_within(&mut self.memory, row, (start, bytes));
        }
        // SAFETY: the bytes stand inside of the row.
        let place = unsafe { row.cast::<u8>().add(start as usize) };
        // SAFETY: the row has this many bytes from there on, and the note's are elsewhere.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len()) };
    }

    /// The call that removed a row has committed.
    pub(crate) fn release(&mut self, id: u32, row: *mut RowHeader) {
        if let Some(table) = self.tables.get_mut(id as usize) {
            table.release(row);
            self.show(id as usize);
        }
    }

    /// Takes back that a row was inserted.
    pub(crate) fn take_back_insert(&mut self, id: u32, row: *mut RowHeader) {
        if let Some(table) = self.tables.get_mut(id as usize) {
            let _ = table.leave(&mut self.memory, row);
            table.abandon(row);
            self.show(id as usize);
        }
    }

    /// Takes back that a row was removed.
    pub(crate) fn take_back_remove(&mut self, id: u32, row: *mut RowHeader, generation: u32) {
        if let Some(table) = self.tables.get_mut(id as usize) {
            table.return_to(&mut self.memory, row, generation);
            self.show(id as usize);
        }
    }
}

#[cfg(test)]
mod tests;
