//! A table: rows in slots, found by key, and the ordered indexes of its fields.
//!
//! Invariants, between two host functions:
//! - a row is alive exactly if it is counted in `len`, found by its key, and in every index under
//!   the value of that field;
//! - a slot is taken by a row that is alive, or by one that the running call has killed, or it is
//!   in `free`;
//! - a slot becomes free when the call that killed its row commits: until then nobody could tell a
//!   new row there from the one that was removed;
//! - when no call runs, the last slot holds a row;
//! - where there is a `key_base`, the slot of every row that is alive is its key less `key_base`, and
//!   `keys` is empty; else all rows that are alive are in `keys`, which keeps its memory until a call has
//!   committed that left no row: taking back what it removed must not need any.

#![expect(unsafe_code, reason = "reads and writes the headers of rows")]

mod column;
mod keys;
mod moved;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::Range;
use std::ptr::NonNull;

use foldhash::fast::RandomState;
use midflight_compiler::abi::{RowHeader, TableView};
use midflight_compiler::layout::Layouts;
use midflight_compiler::planted::{Fault, is_planted};
use midflight_compiler::trap::TrapKind;
use midflight_compiler::types::{TableId, Types};

use crate::index::{Index, IndexKey};
use crate::memory::budget::MemoryBudget;
use crate::memory::rows::{Rows, SLOTS_MAX};
use column::Column;
pub(crate) use column::Key;
use keys::{Keys, Near};
pub(crate) use moved::Kept;

/// The rows of one table.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Rows,
    len: u64,
    /// What the last row that came alive carries in its header.
    generation: u32,
    key: Column,
    /// The slots of the rows that are alive, by key; empty where the key alone tells the slot.
    keys: Keys,
    /// Seeded for each process: clients choose keys.
    hasher: RandomState,
    /// What every key is more than its row's slot, while that is the same for all rows: so it is
    /// where keys count up. A look-up needs neither hash nor memory then. Means nothing where there is no row.
    key_base: Option<i64>,
    indexes: Vec<(Column, Index)>,
    free: BTreeSet<u32>,
}

/// Bytes that a row takes in the look-up by key.
const KEY_SIZE: usize = 8;

impl Table {
    /// An empty table in the layout that the program gives it.
    pub(crate) fn new(types: &Types, layouts: &Layouts, id: TableId) -> Table {
        let table = types.table(id);
        let layout = layouts.row(id);
        let column = |field: u32| Column::new(types, layouts, id, field);
        Table {
            rows: Rows::new(layout.layout.size),
            len: 0,
            generation: 0,
            key: column(table.key),
            keys: Keys::default(),
            hasher: RandomState::default(),
            key_base: None,
            indexes: table.indexes.iter().map(|&field| (column(field), Index::default())).collect(),
            free: BTreeSet::new(),
        }
    }

    /// What generated code sees of the table. It changes with every insert and remove.
    pub(crate) fn view(&self) -> TableView {
        TableView {
            len: self.len,
            slot_end: u64::from(self.rows.end()),
            blocks: self.rows.blocks(),
            block_shift: u64::from(self.rows.block_shift()),
        }
    }

    /// The memory of the rows.
    pub(crate) fn memory(&self) -> &Rows {
        &self.rows
    }

    /// How many rows are alive.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The row with this key.
    pub(crate) fn find(&self, key: Key<'_>) -> Option<*mut RowHeader> {
        match key {
            Key::Int(number) => self.find_int(number),
            Key::Text(_) => {
                let hash = key.hash(&self.hasher);
                self.keys.find(hash, |slot| self.row_with(slot, |row| self.key.key(row) == key))
            }
        }
    }

    /// The row with this key, which is an `int`.
    #[inline(always)]
    pub(crate) fn find_int(&self, number: i64) -> Option<*mut RowHeader> {
        let Some(base) = self.key_base else {
            let hash = Key::Int(number).hash(&self.hasher);
            let has_it = |row| self.key.int(row) == number;
            return match self.keys.find_near(hash, |slot| self.row_with(slot, has_it)) {
                Near::Found(row) => Some(row),
                Near::Nothing => None,
                Near::Unknown => self.find_int_far(hash, number),
            };
        };
        let slot = u32::try_from(number.checked_sub(base)?).ok()?;
        let row = self.rows.get(slot).filter(|_| slot < self.rows.end());
        row.filter(|&row| generation(row) != 0)
    }

    #[cold]
    fn find_int_far(&self, hash: u64, number: i64) -> Option<*mut RowHeader> {
        let has_it = |row| self.key.int(row) == number;
        self.keys.find(hash, |slot| self.row_with(slot, has_it))
    }

    /// The row in a slot, if it is the one.
    #[inline(always)]
    fn row_with(
        &self,
        slot: u32,
        is_it: impl Fn(*mut RowHeader) -> bool,
    ) -> Option<*mut RowHeader> {
        self.rows.get(slot).filter(|&row| is_it(row))
    }

    /// Bytes of a row's key where it is a `str`; 0 for an `int`.
    pub(crate) fn text_key_len(&self, row: *mut RowHeader) -> usize {
        match self.key.key(row) {
            Key::Int(_) => 0,
            Key::Text(text) => text.len(),
        }
    }

    /// The row in a slot, dead or alive; `None` where the slot was never used.
    pub(crate) fn row(&self, slot: u32) -> Option<*mut RowHeader> {
        (slot < self.rows.end()).then(|| self.rows.row(slot))
    }

    /// The rows that are alive, in slot order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = *mut RowHeader> {
        self.rows_below(u32::MAX)
    }

    /// The rows that are alive in the slots below this one, in slot order.
    pub(crate) fn rows_below(&self, slot_end: u32) -> impl Iterator<Item = *mut RowHeader> {
        self.rows_within(0..self.rows.end().min(slot_end))
    }

    /// The rows that are alive in the slots from this one on, in slot order.
    pub(crate) fn rows_from(&self, slot: u32) -> impl Iterator<Item = *mut RowHeader> {
        self.rows_within(slot..self.rows.end())
    }

    fn rows_within(&self, slots: Range<u32>) -> impl Iterator<Item = *mut RowHeader> {
        slots.map(|slot| self.rows.row(slot)).filter(|&row| generation(row) != 0)
    }

    /// The rows in the order of an index, from behind `after` on; none where the field has none.
    pub(crate) fn rows_after(
        &self,
        field: u32,
        after: Option<NonNull<RowHeader>>,
    ) -> impl Iterator<Item = *mut RowHeader> {
        let slots = self.index(field).into_iter().flat_map(move |(column, index)| {
            index.after(after.map(|row| column.entry(row.as_ptr())))
        });
        slots.map(|slot| self.rows.row(slot))
    }

    /// The rows in the reverse order of an index, from before `before` on.
    pub(crate) fn rows_before(
        &self,
        field: u32,
        before: Option<NonNull<RowHeader>>,
    ) -> impl Iterator<Item = *mut RowHeader> {
        let slots = self.index(field).into_iter().flat_map(move |(column, index)| {
            index.before(before.map(|row| column.entry(row.as_ptr())))
        });
        slots.map(|slot| self.rows.row(slot))
    }

    /// The rows whose indexed field equals the value at an address, in slot order, from the slot
    /// `first` on.
    pub(crate) fn rows_equal(
        &self,
        field: u32,
        value: *const u8,
        first: u32,
    ) -> impl Iterator<Item = *mut RowHeader> {
        let slots = self
            .index(field)
            .into_iter()
            .flat_map(move |(column, index)| index.equal(column.index_key(value), first));
        slots.map(|slot| self.rows.row(slot))
    }

    /// Bytes of the text at an address where the indexed field is a `str`; 0 for others.
    pub(crate) fn text_len(&self, field: u32, value: *const u8) -> usize {
        self.index(field).map_or(0, |(column, _)| column.text_len(value))
    }

    fn index(&self, field: u32) -> Option<(Column, &Index)> {
        let found = self.indexes.iter().find(|(column, _)| column.field == field);
        found.map(|(column, index)| (*column, index))
    }

    /// A dead row in the lowest slot that was free when the call began, to be filled and then
    /// [`Table::enter`]ed or [`Table::abandon`]ed.
    ///
    /// # Errors
    /// When the world has no memory left.
    pub(crate) fn reserve(
        &mut self,
        memory: &mut MemoryBudget,
    ) -> Result<*mut RowHeader, TrapKind> {
        let free = match is_planted(Fault::SlotsAreTakenFromTheEnd) {
            true => self.free.pop_last(),
            false => self.free.pop_first(),
        };
        let slot = match free {
            Some(slot) => slot,
            None => self.rows.push(memory)?,
        };
        Ok(self.rows.row(slot))
    }

    /// A dead row in this slot, to be filled and then [`Table::enter`]ed. Slots before it that were
    /// never used become free.
    ///
    /// # Errors
    /// When the slot has a row, or the world has no memory left.
    pub(crate) fn reserve_at(
        &mut self,
        memory: &mut MemoryBudget,
        slot: u32,
    ) -> Result<*mut RowHeader, TrapKind> {
        if slot >= SLOTS_MAX {
            return Err(TrapKind::WorldFull);
        }
        // Before the first of many slots: a number that no world has room for costs nothing.
        let size = self.rows.size_to(slot);
        memory.take(size)?;
        memory.give_back(size);
        while self.rows.end() <= slot {
            let made = self.rows.push(memory)?;
            let _ = self.free.insert(made);
        }
        match self.free.remove(&slot) {
            true => Ok(self.rows.row(slot)),
            false => Err(TrapKind::DuplicateKey),
        }
    }

    /// Gives a reserved slot back.
    pub(crate) fn abandon(&mut self, row: *mut RowHeader) {
        let slot = slot(row);
        if slot + 1 == self.rows.end() {
            self.rows.pop();
        } else {
            let _ = self.free.insert(slot);
        }
    }

    /// Makes a filled row alive.
    ///
    /// # Errors
    /// When its key is taken or the world has no memory left; it stays dead then.
    pub(crate) fn enter(
        &mut self,
        memory: &mut MemoryBudget,
        row: *mut RowHeader,
    ) -> Result<(), TrapKind> {
        self.check_key(row)?;
        let index_keys = self.index_keys(row);
        memory.take(entries_size(&index_keys))?;
        // Not 0, which means dead.
        self.generation = self.generation.checked_add(1).unwrap_or(1);
        self.link(row, index_keys, self.generation);
        Ok(())
    }

    fn check_key(&self, row: *mut RowHeader) -> Result<(), TrapKind> {
        let is_taken = self.find(self.key.key(row)).is_some();
        match is_taken && !is_planted(Fault::DuplicateKeyIsAccepted) {
            true => Err(TrapKind::DuplicateKey),
            false => Ok(()),
        }
    }

    fn index_keys(&self, row: *mut RowHeader) -> Vec<IndexKey> {
        self.indexes.iter().map(|(column, _)| column.index_key(column.place(row))).collect()
    }

    fn link(&mut self, row: *mut RowHeader, index_keys: Vec<IndexKey>, generation: u32) {
        self.link_key(row);
        for ((_, index), key) in self.indexes.iter_mut().zip(index_keys) {
            index.insert(key, slot(row));
        }
        self.len += 1;
        set_alive(row, generation);
    }

    /// Has a row that is still dead found by its key.
    fn link_key(&mut self, row: *mut RowHeader) {
        let slot = slot(row);
        let base = match self.key.key(row) {
            Key::Int(key) => key.checked_sub(i64::from(slot)),
            Key::Text(_) => None,
        };
        if self.len == 0 && self.keys.room() == 0 {
            self.key_base = base;
        }
        if base.is_some() && self.key_base == base {
            return;
        }
        let (rows, column, hasher) = (&self.rows, self.key, &self.hasher);
        let hash_of = |slot: u32| column.key(rows.row(slot)).hash(hasher);
        if self.key_base.take().is_some() {
            // Once, as when a table of hashes grows. There is room for rows that come back when the
            // call is taken back: that must not need memory.
            self.keys.make_room(rows.end() as usize, rows.end() - 1, hash_of);
            for slot in (0..rows.end()).filter(|&slot| generation(rows.row(slot)) != 0) {
                self.keys.insert(hash_of(slot), slot, hash_of);
            }
        }
        self.keys.insert(hash_of(slot), slot, hash_of);
    }

    /// Makes a row dead. Its slot stays taken until [`Table::release`] or [`Table::abandon`], its
    /// fields stay as they are. Gives its generation.
    pub(crate) fn leave(&mut self, memory: &mut MemoryBudget, row: *mut RowHeader) -> u32 {
        let generation = generation(row);
        if self.key_base.is_none() {
            let hash = self.key.key(row).hash(&self.hasher);
            self.keys.remove(hash, slot(row));
        }
        let index_keys = self.index_keys(row);
        memory.give_back(entries_size(&index_keys));
        for ((_, index), key) in self.indexes.iter_mut().zip(index_keys) {
            index.remove(key, slot(row));
        }
        self.len -= 1;
        set_alive(row, 0);
        generation
    }

    /// Takes back [`Table::leave`]. Cannot fail: the key is free again.
    pub(crate) fn return_to(
        &mut self,
        memory: &mut MemoryBudget,
        row: *mut RowHeader,
        generation: u32,
    ) {
        let index_keys = self.index_keys(row);
        memory.retake(entries_size(&index_keys));
        self.link(row, index_keys, generation);
    }

    /// The call that killed the row has committed: its slot may be used again. Slots behind the last
    /// row are given up, so that what a scan passes follows from the rows alone.
    pub(crate) fn release(&mut self, row: *mut RowHeader) {
        if self.len == 0 {
            self.keys = Keys::default();
        }
        let _ = self.free.insert(slot(row));
        while let Some(&last) = self.free.last()
            && last + 1 == self.rows.end()
        {
            let _ = self.free.pop_last();
            self.rows.pop();
        }
    }

    /// Moves a row in the index of a field, from its value to the one at an address.
    ///
    /// # Errors
    /// When the world has no memory left; nothing has moved then.
    pub(crate) fn reindex(
        &mut self,
        memory: &mut MemoryBudget,
        row: *mut RowHeader,
        field: u32,
        value: *const u8,
    ) -> Result<(), TrapKind> {
        let Some((column, index)) =
            self.indexes.iter_mut().find(|(column, _)| column.field == field)
        else {
            return Ok(());
        };
        let (before, after) = (column.index_key(column.place(row)), column.index_key(value));
        if before != after {
            memory.take(after.size())?;
            memory.give_back(before.size());
            index.remove(before, slot(row));
            index.insert(after, slot(row));
        }
        Ok(())
    }

    /// Before a row gets bytes back that it had, from `start` on (the header counted): moves it in
    /// every index of a field that stands there, from its present value to the one it had.
    pub(crate) fn reindex_within(
        &mut self,
        memory: &mut MemoryBudget,
        row: *mut RowHeader,
        (start, bytes): (u32, &[u8]),
    ) {
        for (column, index) in &mut self.indexes {
            // A chunk holds an indexed field, which is aligned, whole or not at all.
            let place = column.offset.checked_sub(start);
            let Some(value) = place.and_then(|place| bytes.get(place as usize..)) else { continue };
            if value.is_empty() {
                continue;
            }
            let value = value.as_ptr();
            let (before, after) = (column.index_key(column.place(row)), column.index_key(value));
            if before != after {
                memory.give_back(before.size());
                memory.retake(after.size());
                index.remove(before, slot(row));
                index.insert(after, slot(row));
            }
        }
    }
}

/// Bytes that a row takes in the look-up by key and in the indexes.
fn entries_size(index_keys: &[IndexKey]) -> usize {
    KEY_SIZE + index_keys.iter().map(IndexKey::size).sum::<usize>()
}

/// The slot of a row.
pub(crate) fn slot(row: *mut RowHeader) -> u32 {
    // SAFETY: rows reach this module only from slots, whose headers are initialised.
    unsafe { (*row).slot }
}

/// Tells a row from every other one that is, was or will be in its slot; 0 for a dead one.
pub(crate) fn generation(row: *mut RowHeader) -> u32 {
    // SAFETY: as in `slot`.
    unsafe { (*row).alive }
}

fn set_alive(row: *mut RowHeader, alive: u32) {
    // SAFETY: as in `slot`, and the table is borrowed exclusively.
    unsafe { (*row).alive = alive };
}
