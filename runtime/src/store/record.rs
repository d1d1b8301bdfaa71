//! A world's memory as cells: what a call changed, and everything.
//!
//! What a call changed follows from its notes for undo. A note says that bytes *may* have changed;
//! only a durable field whose bytes did makes a cell. Texts never change in place, so that comparing
//! the addresses in slots is enough.

#![expect(unsafe_code, reason = "compares rows with what was noted of them")]

use std::collections::BTreeMap;

use midflight_compiler::Program;
use midflight_compiler::abi::RowHeader;
use midflight_compiler::layout::ROW_HEADER_SIZE;
use midflight_compiler::types::{Field, TableId};

use super::Cell;
use crate::canonical::{encode, encode_len, encode_text};
use crate::cursor::{Content, View};
use crate::data::Data;
use crate::frame::Frame;
use crate::generator::Generator;
use crate::table::{generation, slot};
use crate::timer::Timers;
use crate::undo::Changed;

/// Cells with their new content.
pub(crate) type Cells = BTreeMap<Cell, Option<Vec<u8>>>;

/// What the call that is about to commit changed.
pub(crate) fn changed(frame: &Frame) -> Cells {
    let mut cells = Cells::new();
    let program = frame.version.program();
    for changed in frame.undo.changes(&frame.data) {
        match changed {
            Changed::State { start, before } => state_cells(frame, (start, before), &mut cells),
            Changed::Row { table, row, start, before } => {
                let cell = Cell::row(table, slot(row));
                if !cells.contains_key(&cell) && row_differs(program, (table, row), start, before) {
                    let _ = cells.insert(cell, row_bytes(frame, table, row));
                }
            }
            Changed::Slot { table, row } => {
                let cell = Cell::row(table, slot(row));
                let _ = cells.insert(cell, row_bytes(frame, table, row));
            }
            Changed::Generator => {
                let _ = cells.insert(Cell::GENERATOR, Some(generator_bytes(&frame.data.generator)));
            }
        }
    }
    cells
}

/// Everything that a world keeps.
pub(crate) fn whole(frame: &Frame, timers: &Timers) -> Cells {
    let mut cells = without_rows(frame, timers);
    cells.extend(rows(frame));
    cells
}

/// Everything that a world keeps besides its rows.
pub(crate) fn without_rows(frame: &Frame, timers: &Timers) -> Cells {
    let program = frame.version.program();
    let Data { generator, now_ms, .. } = &frame.data;
    let mut cells = Cells::from([
        (Cell::LAYOUT, Some(frame.version.layout_identity().to_vec())),
        (Cell::GENERATOR, Some(generator_bytes(generator))),
        (Cell::TIME, Some(now_ms.to_le_bytes().to_vec())),
        (Cell::TIMERS, Some(timer_bytes(timers))),
    ]);
    for (index, field) in state_fields(program).iter().enumerate() {
        if !field.transient {
            let _ = cells.insert(Cell::state(index), Some(state_bytes(frame, index)));
        }
    }
    cells
}

/// The rows of a world, in the order of their places.
pub(crate) fn rows(frame: &Frame) -> impl Iterator<Item = (Cell, Option<Vec<u8>>)> {
    row_cells(frame).map(move |(cell, table, row)| (cell, row_bytes(frame, table, row)))
}

/// As [`rows`], with nothing in their places.
pub(crate) fn without_their_bytes(frame: &Frame) -> impl Iterator<Item = (Cell, Option<Vec<u8>>)> {
    row_cells(frame).map(|(cell, _, _)| (cell, None))
}

fn row_cells(frame: &Frame) -> impl Iterator<Item = (Cell, u32, *mut RowHeader)> {
    let tables = (0..).zip(&frame.data.tables);
    tables.flat_map(|(table, rows)| {
        rows.rows().map(move |row| (Cell::row(table, slot(row)), table, row))
    })
}

/// The bytes of a world's timers: how many, then each with its name, period and due time.
pub(crate) fn timer_bytes(timers: &Timers) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_len(&mut bytes, timers.all().count());
    for (name, timer) in timers.all() {
        encode_text(&mut bytes, name);
        bytes.extend_from_slice(&timer.period_ms.to_le_bytes());
        bytes.extend_from_slice(&timer.due_ms.to_le_bytes());
    }
    bytes
}

fn generator_bytes(generator: &Generator) -> Vec<u8> {
    generator.words().iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn state_fields(program: &Program) -> &[Field] {
    &program.ir.types.strukt(program.ir.state).fields
}

/// The fields of `state` that differ from what was noted from `start` on.
fn state_cells(frame: &Frame, (start, before): (u32, &[u8]), cells: &mut Cells) {
    let program = frame.version.program();
    let offsets = &program.layouts.strukt(program.ir.state).offsets;
    let after = frame.data.state.bytes();
    let Some(after) = after.get(start as usize..start as usize + before.len()) else { return };
    // The first field may begin before what was noted.
    let first = offsets.partition_point(|&offset| offset <= start).saturating_sub(1);
    for (index, field) in state_fields(program).iter().enumerate().skip(first) {
        if offsets[index] as usize >= start as usize + before.len() {
            break;
        }
        let cell = Cell::state(index);
        let range = within(program, (field, offsets[index]), start, before.len());
        if !cells.contains_key(&cell) && !field.transient && before[range.clone()] != after[range] {
            let _ = cells.insert(cell, Some(state_bytes(frame, index)));
        }
    }
}

/// Which bytes of what was noted, `len` from `start` on, belong to a field at an offset.
fn within(
    program: &Program,
    (field, offset): (&Field, u32),
    start: u32,
    len: usize,
) -> std::ops::Range<usize> {
    let size = program.layouts.of(&program.ir.types, field.ty).map_or(0, |layout| layout.size);
    let end = (offset + size).saturating_sub(start) as usize;
    let begin = offset.saturating_sub(start) as usize;
    begin.min(len)..end.min(len).max(begin.min(len))
}

/// Whether a durable field of a row differs from what was noted from `start` on.
fn row_differs(
    program: &Program,
    (table, row): (u32, *mut RowHeader),
    start: u32,
    before: &[u8],
) -> bool {
    // SAFETY: a note holds bytes of its row, from `start` on, inside of it.
    let after = unsafe { row.cast::<u8>().add(start as usize) };
    // SAFETY: a row's bytes are initialised, and nobody writes while the frame is borrowed.
    let after = unsafe { std::slice::from_raw_parts(after, before.len()) };
    let table = TableId(table);
    let fields = program.ir.types.table(table).fields.iter();
    fields.zip(&program.layouts.row(table).offsets).any(|(field, &offset)| {
        debug_assert!(offset >= ROW_HEADER_SIZE, "fields stand behind the header");
        let range = within(program, (field, offset), start, before.len());
        !field.transient && before[range.clone()] != after[range]
    })
}

fn state_bytes(frame: &Frame, index: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Content::Struct(mut fields) = frame.state().content()
        && let Some((_, field)) = fields.nth(index)
    {
        encode(&mut bytes, field);
    }
    bytes
}

/// The durable fields of a row; `None` where it is dead.
fn row_bytes(frame: &Frame, table: u32, row: *mut RowHeader) -> Option<Vec<u8>> {
    if generation(row) == 0 {
        return None;
    }
    let size = frame.data.tables[table as usize].memory().row_size();
    let table = TableId(table);
    // As many as it takes in memory, but for what texts hold.
    let mut bytes = Vec::with_capacity(size as usize);
    let declared = &frame.version.program().ir.types.table(table).fields;
    if let Content::Struct(fields) = frame.row(table, &row).content() {
        let durable = declared.iter().zip(fields).filter(|(declared, _)| !declared.transient);
        durable.for_each(|(_, (_, value)): (_, (_, View<'_>))| encode(&mut bytes, value));
    }
    Some(bytes)
}
