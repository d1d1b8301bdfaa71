//! A table: rows in slots.
//!
//! A row stays in its slot for its whole life. A slot whose row was removed is free again only
//! after the call that removed it has committed: until then a reference to the row must find out
//! that it is gone. Behind the last row there are no slots between two calls.

use midflight_compiler::types::TableId;

use super::value::{RowRef, Value};

/// The rows of one table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    /// What tells the next row from all others.
    generation: u64,
}

#[derive(Clone, Debug)]
enum Slot {
    /// An insert may take it.
    Free,
    /// Taken by a row that this call removed.
    Removed,
    Taken(Row),
}

/// A row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) generation: u64,
    /// In the order of the declaration.
    pub(crate) fields: Vec<Value>,
}

/// A row of some table, by its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    pub(crate) slot: u32,
    pub(crate) generation: u64,
}

impl At {
    /// The reference to the row.
    pub(crate) fn of(self, table: TableId) -> RowRef {
        RowRef { table, slot: self.slot, generation: self.generation }
    }
}

impl Table {
    /// How many slots there are.
    pub(crate) fn slot_count(&self) -> usize {
        self.slots.len()
    }

    /// The row in a slot, if one is there.
    pub(crate) fn in_slot(&self, slot: usize) -> Option<(At, &Row)> {
        match self.slots.get(slot) {
            Some(Slot::Taken(row)) => {
                Some((At { slot: slot as u32, generation: row.generation }, row))
            }
            _ => None,
        }
    }

    /// The row that a reference means, if it is still there.
    pub(crate) fn row(&self, row: RowRef) -> Option<&Row> {
        let (_, found) = self.in_slot(row.slot as usize)?;
        (found.generation == row.generation).then_some(found)
    }

    /// As [`Table::row`], to be changed.
    pub(crate) fn row_mut(&mut self, row: RowRef) -> Option<&mut Row> {
        match self.slots.get_mut(row.slot as usize) {
            Some(Slot::Taken(found)) if found.generation == row.generation => Some(found),
            _ => None,
        }
    }

    /// All rows, from the lowest slot to the highest.
    pub(crate) fn in_slot_order(&self) -> Vec<At> {
        (0..self.slots.len()).filter_map(|slot| self.in_slot(slot)).map(|(at, _)| at).collect()
    }

    /// All rows by the value of a field; equal ones by slot.
    pub(crate) fn in_order_of(&self, field: u32) -> Vec<At> {
        let mut rows: Vec<(At, &Row)> =
            (0..self.slots.len()).filter_map(|slot| self.in_slot(slot)).collect();
        let key = |row: &Row| row.fields[field as usize].clone();
        rows.sort_by(|left, right| key(left.1).sorts(&key(right.1)));
        rows.into_iter().map(|(at, _)| at).collect()
    }

    /// The row whose field, the key, has this value.
    pub(crate) fn find(&self, key_field: u32, key: &Value) -> Option<At> {
        let rows = (0..self.slots.len()).filter_map(|slot| self.in_slot(slot));
        let mut found = rows.filter(|(_, row)| row.fields[key_field as usize] == *key);
        found.next().map(|(at, _)| at)
    }

    /// Puts a row into the lowest slot that was free when the call began, or behind all slots.
    pub(crate) fn insert(&mut self, fields: Vec<Value>) -> At {
        self.generation += 1;
        let generation = self.generation;
        let free = self.slots.iter().position(|slot| matches!(slot, Slot::Free));
        let slot = free.unwrap_or(self.slots.len());
        if slot == self.slots.len() {
            self.slots.push(Slot::Free);
        }
        self.slots[slot] = Slot::Taken(Row { generation, fields });
        At { slot: slot as u32, generation }
    }

    /// Removes a row that is there.
    pub(crate) fn remove(&mut self, row: RowRef) {
        self.slots[row.slot as usize] = Slot::Removed;
    }

    /// The call is over: the slots of the rows that it removed are free, and those behind the last
    /// row are gone.
    pub(crate) fn commit(&mut self) {
        for slot in &mut self.slots {
            if matches!(slot, Slot::Removed) {
                *slot = Slot::Free;
            }
        }
        while matches!(self.slots.last(), Some(Slot::Free)) {
            let _ = self.slots.pop();
        }
    }
}
