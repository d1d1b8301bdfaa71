//! Rows: found, inserted, removed, listed, and noted before they are written.

use std::ptr::{self, NonNull};

use midflight_compiler::abi::{ListHeader, ROWS_BATCH, RowHeader, Text};
use midflight_compiler::layout::{ROW_HEADER_SIZE, Words};
use midflight_compiler::trap::TrapKind;
use midflight_compiler::types::TableId;

use super::host;
use super::list::pointer_list;
use super::memory::{bytes_fuel, stored_text_fuel};
use super::value::{row_text_slots, row_texts};
use crate::frame::Frame;
use crate::memory::texts::characters;
use crate::table::{Key, Table, slot};

/// `field` of a list of rows that goes by slot.
const BY_SLOT: u32 = u32::MAX;

host! {
    fn note_row(frame, table: u32, row: *mut RowHeader, words: u32) {
        let words = Words(words as u16);
        frame.undo.note_row(&frame.data, frame.ctx.epoch, (table, row), words);
        Ok(())
    }

    /// Costs no fuel: the rows are noted by rounds that are paid for, and a block is small.
    fn begin_row_notes(frame, table: u32, first: *mut RowHeader, count: u64, words: u32) -> *mut u64 {
        let rows = (first, count as usize);
        let words = Words(words as u16);
        Ok(frame.undo.begin_row_notes(&frame.data, frame.ctx.epoch, table, rows, words))
    }

    fn end_row_notes(frame, end: *mut u64) {
        frame.undo.end_row_notes(&frame.data, frame.ctx.epoch, end);
        Ok(())
    }

    /// Costs no fuel: a write notes a chunk or two more than it writes.
    fn note_row_range(frame, table: u32, row: *mut RowHeader, offset: u64, len: u64) {
        let range = (offset as u32, len as u32);
        frame.undo.note_row_range(&frame.data, frame.ctx.epoch, (table, row), range);
        Ok(())
    }

    fn row_find_int(frame, table: u32, key: i64) -> *mut RowHeader {
        let found = frame.data.tables.get(table as usize).and_then(|table| table.find_int(key));
        Ok(found.unwrap_or(ptr::null_mut()))
    }

    fn row_find_text(frame, table: u32, key: *const Text) -> *mut RowHeader {
        // SAFETY: null or live.
        let key = unsafe { characters(key) };
        frame.charge(bytes_fuel(key.len()))?;
        let found = rows(frame, table)?.find(Key::Text(key));
        Ok(found.unwrap_or(ptr::null_mut()))
    }

    fn row_insert(frame, table: u32, image: *const u8) -> *mut RowHeader {
        insert(frame, table, image)
    }

    fn row_remove(frame, table: u32, row: *mut RowHeader) {
        let texts = row_texts(frame.version.program(), TableId(table), row);
        let data = &mut frame.data;
        let Some(rows) = data.tables.get_mut(table as usize) else { return Ok(()) };
        let generation = rows.leave(&mut data.memory, row);
        frame.undo.note_removed(table, row, generation, texts);
        frame.data.show(table as usize);
        Ok(())
    }

    fn index_update(frame, table: u32, row: *mut RowHeader, field: u32, value: *const u8) {
        let data = &mut frame.data;
        let Some(rows) = data.tables.get_mut(table as usize) else { return Ok(()) };
        rows.reindex(&mut data.memory, row, field, value)
    }

    fn index_text_store(
        frame, table: u32, row: *mut RowHeader, field: u32, slot: *mut *const Text, text: *const Text
    ) {
        // SAFETY: the slot is one of the row and has been noted.
        let before = unsafe { slot.read() };
        // SAFETY: null or live.
        let characters = unsafe { characters(text) };
        frame.charge(stored_text_fuel(characters))?;
        // What can fail comes first: the index goes by what stands in the slot.
        let copy = frame.undo.replace_text(&mut frame.data, before, characters)?;
        let data = &mut frame.data;
        if let Some(rows) = data.tables.get_mut(table as usize) {
            rows.reindex(&mut data.memory, row, field, (&raw const copy).cast())?;
        }
        // SAFETY: as above.
        unsafe { slot.write(copy) };
        Ok(())
    }

    fn rows_list(
        frame, table: u32, field: u32, descending: u32, most: i64
    ) -> *mut ListHeader {
        let there = rows(frame, table)?.len();
        let most = u64::try_from(most).unwrap_or(0).min(there) as usize;
        if field == BY_SLOT {
            return list_by_slot(frame, table, most);
        }
        frame.charge(most)?;
        let rows = rows(frame, table)?;
        let listed: Vec<*mut RowHeader> = match descending {
            0 => rows.rows_after(field, None).take(most).collect(),
            _ => rows.rows_before(field, None).take(most).collect(),
        };
        pointer_list(frame, &listed)
    }

    fn rows_equal(frame, table: u32, field: u32, value: *const u8) -> *mut ListHeader {
        let wanted = rows(frame, table)?.text_len(field, value);
        frame.charge(bytes_fuel(wanted))?;
        let listed: Vec<*mut RowHeader> = rows(frame, table)?.rows_equal(field, value, 0).collect();
        frame.charge(listed.len())?;
        pointer_list(frame, &listed)
    }

    fn rows_next(
        frame, table: u32, field: u32, descending: u32, after: *mut RowHeader,
        batch: *mut *mut RowHeader
    ) -> u64 {
        let after = NonNull::new(after);
        let rows = rows(frame, table)?;
        Ok(match descending {
            0 => write_batch(batch, rows.rows_after(field, after)),
            _ => write_batch(batch, rows.rows_before(field, after)),
        })
    }

    fn rows_equal_next(
        frame, table: u32, field: u32, value: *const u8, after: *mut RowHeader,
        batch: *mut *mut RowHeader
    ) -> u64 {
        let first = NonNull::new(after).map_or(0, |row| slot(row.as_ptr()) + 1);
        Ok(write_batch(batch, rows(frame, table)?.rows_equal(field, value, first)))
    }
}

/// The first rows of a table in slot order. Each slot that is passed costs a unit, those that hold no
/// row included; no more are passed than there is fuel for.
fn list_by_slot(frame: &mut Frame, table: u32, count: usize) -> Result<*mut ListHeader, TrapKind> {
    let affordable = u32::try_from(frame.ctx.fuel.max(0)).unwrap_or(u32::MAX);
    let rows = rows(frame, table)?.rows_below(affordable);
    let listed: Vec<*mut RowHeader> = rows.take(count).collect();
    if listed.len() < count {
        return Err(TrapKind::OutOfFuel);
    }
    frame.charge(listed.last().map_or(0, |&last| slot(last) as usize + 1))?;
    pointer_list(frame, &listed)
}

/// Writes rows to a batch, as many as it holds; gives their number.
fn write_batch(batch: *mut *mut RowHeader, rows: impl Iterator<Item = *mut RowHeader>) -> u64 {
    let mut count = 0;
    for row in rows.take(ROWS_BATCH as usize) {
        // SAFETY: generated code made room for `ROWS_BATCH` rows.
        let place = unsafe { batch.add(count) };
        // SAFETY: as above.
        unsafe { place.write(row) };
        count += 1;
    }
    count as u64
}

fn rows(frame: &Frame, table: u32) -> Result<&Table, TrapKind> {
    frame.data.tables.get(table as usize).ok_or(TrapKind::Internal)
}

fn insert(frame: &mut Frame, table: u32, image: *const u8) -> Result<*mut RowHeader, TrapKind> {
    let data = &mut frame.data;
    let rows = data.tables.get_mut(table as usize).ok_or(TrapKind::Internal)?;
    if rows.len() >= frame.rows_max {
        return Err(TrapKind::TableFull);
    }
    let row = rows.reserve(&mut data.memory)?;
    let filled = fill(frame, table, row, image);
    let data = &mut frame.data;
    let rows = data.tables.get_mut(table as usize).ok_or(TrapKind::Internal)?;
    if let Err(kind) = filled.and_then(|()| rows.enter(&mut data.memory, row)) {
        // What was copied for it is freed when the call is taken back, which the trap begins.
        rows.abandon(row);
        return Err(kind);
    }
    frame.undo.note_inserted(frame.ctx.epoch, table, row);
    frame.data.show(table as usize);
    Ok(row)
}

/// Copies an image's fields into a dead row, its texts into the world's heap.
fn fill(
    frame: &mut Frame,
    table: u32,
    row: *mut RowHeader,
    image: *const u8,
) -> Result<(), TrapKind> {
    let size = rows(frame, table)?.memory().row_size() as usize;
    let header = ROW_HEADER_SIZE as usize;
    // SAFETY: the image is laid out like a row.
    let source = unsafe { image.add(header) };
    // SAFETY: the fields stand behind the header.
    let target = unsafe { row.cast::<u8>().add(header) };
    // SAFETY: both have the fields of a row; an image is never a row of a table.
    unsafe { std::ptr::copy_nonoverlapping(source, target, size - header) };
    let version = frame.version.clone();
    for slot in row_text_slots(version.program(), TableId(table), row) {
        // SAFETY: a slot of the row, which holds the image's text.
        let text = unsafe { slot.read() };
        // SAFETY: null or live.
        let characters = unsafe { characters(text) };
        frame.charge(stored_text_fuel(characters))?;
        let copy = frame.undo.replace_text(&mut frame.data, std::ptr::null(), characters)?;
        // SAFETY: as above.
        unsafe { slot.write(copy) };
    }
    let key = rows(frame, table)?.text_key_len(row);
    if key > frame.key_len_max { Err(TrapKind::KeyTooLong) } else { Ok(()) }
}
