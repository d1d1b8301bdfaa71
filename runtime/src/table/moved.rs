//! A table whose rows come from one in another layout: they keep their slots and generations, and
//! what finds them is taken over where the fields that it is about keep their values.
//!
//! In order: [`Table::begin_move`], [`Table::take_over`] where the other table cannot change
//! meanwhile, [`Table::enter_moved`] for each row, [`Table::end_move`]. Until the last the
//! invariants of a table hold for the look-up by key only.

use midflight_compiler::abi::RowHeader;
use midflight_compiler::trap::TrapKind;

use super::{KEY_SIZE, Table, generation, set_alive, slot};
use crate::index::{Entry, Index};
use crate::memory::budget::MemoryBudget;

/// What finds rows after a move as it did before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    /// Whether the key is the field that it was, and keeps its values.
    pub(crate) key: bool,
    /// By index of the new table: the field before that has an index with the same content.
    pub(crate) indexes: Vec<Option<u32>>,
}

impl Kept {
    fn index(&self, place: usize) -> Option<u32> {
        self.indexes.get(place).copied().flatten()
    }
}

impl Table {
    /// Makes as many slots as another table has, for rows that take the slots which they have
    /// there.
    ///
    /// # Errors
    /// When the world has no memory left.
    pub(crate) fn begin_move(
        &mut self,
        from: &Table,
        memory: &mut MemoryBudget,
    ) -> Result<(), TrapKind> {
        self.generation = from.generation;
        while self.rows.end() < from.rows.end() {
            let _ = self.rows.push(memory)?;
        }
        Ok(())
    }

    /// Copies what finds rows as it did there: their slots are the same.
    ///
    /// # Errors
    /// When the world has no memory left.
    pub(crate) fn take_over(
        &mut self,
        from: &Table,
        kept: &Kept,
        memory: &mut MemoryBudget,
    ) -> Result<(), TrapKind> {
        if kept.key {
            memory.take(KEY_SIZE * from.len as usize)?;
            // The hashes in it are those of this hasher.
            self.hasher = from.hasher.clone();
            self.keys = from.keys.clone();
            self.key_base = from.key_base;
        }
        for (place, (_, index)) in self.indexes.iter_mut().enumerate() {
            let before = kept.index(place).and_then(|field| from.index(field));
            if let Some((_, before)) = before {
                memory.take(before.size())?;
                *index = before.clone();
            }
        }
        Ok(())
    }

    /// Makes a filled row alive, as the one of this generation; it is found by its key.
    ///
    /// # Errors
    /// When its key is taken or the world has no memory left; it stays dead then.
    pub(crate) fn enter_moved(
        &mut self,
        kept: &Kept,
        memory: &mut MemoryBudget,
        (row, generation): (*mut RowHeader, u32),
    ) -> Result<(), TrapKind> {
        if !kept.key {
            self.check_key(row)?;
            memory.take(KEY_SIZE)?;
            self.link_key(row);
        }
        self.len += 1;
        set_alive(row, generation);
        Ok(())
    }

    /// Makes the indexes that were not taken over. Every slot that no row has taken is free.
    ///
    /// # Errors
    /// When the world has no memory left.
    pub(crate) fn end_move(
        &mut self,
        kept: &Kept,
        memory: &mut MemoryBudget,
    ) -> Result<(), TrapKind> {
        for place in 0..self.indexes.len() {
            if kept.index(place).is_none() {
                let column = self.indexes[place].0;
                let entries: Vec<Entry> = self.rows().map(|row| column.entry(row)).collect();
                memory.take(entries.iter().map(|(key, _)| key.size()).sum())?;
                self.indexes[place].1 = Index::of(entries);
            }
        }
        if self.len < u64::from(self.rows.end()) {
            let rows = (0..self.rows.end()).map(|slot| self.rows.row(slot));
            self.free = rows.filter(|&row| generation(row) == 0).map(slot).collect();
        }
        Ok(())
    }
}
