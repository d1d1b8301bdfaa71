//! The memory of a test: `state`, one table without text, and what calls allocate.

#![expect(unsafe_code, reason = "reads and writes what generated code passes by address")]

use std::slice::{from_raw_parts, from_raw_parts_mut};

use super::machine::Frame;
use crate::abi::{CallContext, EPOCH_STEP, HostFunctions, ListHeader, RowHeader, TableView};
use crate::layout::{CHUNK_SIZE, ROW_HEADER_SIZE, chunk_count, state_epoch_offset};

/// Rows of one block, as a power of two, and how many blocks there are.
const BLOCK_SHIFT: usize = 2;
const BLOCKS: usize = 3;

/// Everything that outlives a call.
pub(super) struct World {
    /// The epochs of the chunks of `state`, then its fields.
    state: Vec<u64>,
    chunks: u32,
    /// What `note_state` was told, and which slots `note_row` was.
    pub(super) noted: Vec<(u64, u64)>,
    pub(super) noted_rows: Vec<u32>,
    pub(super) view: TableView,
    /// Bytes of a row of the table, whose key is its first field.
    row_size: usize,
    blocks: Vec<Vec<u64>>,
    addresses: Vec<*mut u8>,
    allocated: Vec<Vec<u64>>,
}

impl World {
    pub(super) fn new(state_size: u32) -> World {
        let chunks = chunk_count(state_size);
        World {
            state: vec![0; (chunks + chunks * CHUNK_SIZE / 8) as usize],
            chunks,
            noted: Vec::new(),
            noted_rows: Vec::new(),
            view: TableView {
                len: 0,
                slot_end: 0,
                blocks: std::ptr::null(),
                block_shift: BLOCK_SHIFT as u64,
            },
            row_size: 0,
            blocks: Vec::new(),
            addresses: Vec::new(),
            allocated: Vec::new(),
        }
    }

    /// Makes room for rows of this many bytes.
    pub(super) fn with_rows(mut self, row_size: u32) -> World {
        self.row_size = row_size as usize;
        self.blocks = vec![vec![0; (self.row_size << BLOCK_SHIFT) / 8]; BLOCKS];
        self.addresses = self.blocks.iter_mut().map(|block| block.as_mut_ptr().cast()).collect();
        self.view.blocks = self.addresses.as_ptr();
        self
    }

    /// The first byte of the fields of `state`.
    pub(super) fn state(&mut self) -> *mut u8 {
        self.state[self.chunks as usize..].as_mut_ptr().cast()
    }

    /// The word of `state` at an offset.
    pub(super) fn word(&self, offset: u32) -> u64 {
        self.state[(self.chunks + offset / 8) as usize]
    }

    fn allocate(&mut self, size: u64) -> *mut u8 {
        self.allocated.push(vec![0xdead_beef; size.div_ceil(8) as usize + 1]);
        self.allocated.last_mut().expect("it was just pushed").as_mut_ptr().cast()
    }

    /// The words of a row: two of the header, then the fields.
    fn row(&mut self, slot: usize) -> &mut [u64] {
        let words = self.row_size / 8;
        let first = (slot & ((1 << BLOCK_SHIFT) - 1)) * words;
        &mut self.blocks[slot >> BLOCK_SHIFT][first..first + words]
    }

    fn find(&mut self, key: u64) -> *mut RowHeader {
        for slot in 0..self.view.slot_end as usize {
            let row = self.row(slot);
            if row[1] >> 32 == 1 && row[2] == key {
                return row.as_mut_ptr().cast();
            }
        }
        std::ptr::null_mut()
    }
}

/// Puts the functions that tests reach into the table.
pub(super) fn fill(host: &mut HostFunctions) {
    host.arena_allocate = arena_allocate;
    host.memory_copy = memory_copy;
    host.note_state = note_state;
    host.note_row = note_row;
    host.list_new = list_new;
    host.list_grow = list_grow;
    host.row_find_int = row_find_int;
    host.row_insert = row_insert;
    host.row_remove = row_remove;
    host.rows_list = rows_list;
    host.rows_next = rows_next;
}

fn world<'a>(ctx: *mut CallContext) -> &'a mut World {
    // SAFETY: only `Machine::call` enters generated code, with the context of a frame, and no
    // host function keeps the world.
    unsafe { &mut *(*ctx.cast::<Frame<'a>>()).world }
}

unsafe extern "C" fn arena_allocate(ctx: *mut CallContext, size: u64) -> *mut u8 {
    world(ctx).allocate(size)
}

unsafe extern "C" fn memory_copy(_: *mut CallContext, to: *mut u8, from: *const u8, len: u64) {
    // SAFETY: generated code passes two places of this length that do not overlap.
    unsafe { to.copy_from_nonoverlapping(from, len as usize) };
}

unsafe extern "C" fn note_state(ctx: *mut CallContext, offset: u64, len: u64) {
    let world = world(ctx);
    world.noted.push((offset, len));
    let chunk = u64::from(CHUNK_SIZE);
    for chunk in offset / chunk..=(offset + len - 1) / chunk {
        let before = -state_epoch_offset(chunk as u32) as u32 / 8;
        world.state[(world.chunks - before) as usize] = EPOCH_STEP;
    }
}

unsafe extern "C" fn note_row(ctx: *mut CallContext, _: u32, row: *mut RowHeader, words: u32) {
    // SAFETY: generated code passes a row of the table.
    let row = unsafe { &mut *row };
    row.epoch = row.epoch.max(EPOCH_STEP) | u64::from(words);
    world(ctx).noted_rows.push(row.slot);
}

unsafe extern "C" fn list_new(ctx: *mut CallContext, len: u64, size: u64) -> *mut ListHeader {
    let data = world(ctx).allocate(len * size);
    let list: *mut ListHeader = world(ctx).allocate(24).cast();
    // SAFETY: the header was just allocated.
    unsafe { list.write(ListHeader { len, capacity: len, data }) };
    list
}

unsafe extern "C" fn list_grow(
    ctx: *mut CallContext,
    list: *mut ListHeader,
    size: u64,
) -> *mut ListHeader {
    // SAFETY: generated code passes a list or null.
    let old = unsafe { list.as_ref() };
    let len = old.map_or(0, |old| old.len);
    let data = world(ctx).allocate((len + 2) * size);
    if let Some(old) = old {
        // SAFETY: the new elements have room for the old ones.
        unsafe { data.copy_from_nonoverlapping(old.data, (len * size) as usize) };
    }
    let grown: *mut ListHeader = world(ctx).allocate(24).cast();
    // SAFETY: the header was just allocated.
    unsafe { grown.write(ListHeader { len, capacity: len + 2, data }) };
    grown
}

unsafe extern "C" fn row_find_int(ctx: *mut CallContext, _: u32, key: i64) -> *mut RowHeader {
    world(ctx).find(key as u64)
}

unsafe extern "C" fn row_insert(ctx: *mut CallContext, _: u32, image: *const u8) -> *mut RowHeader {
    let world = world(ctx);
    let slot = world.view.slot_end as usize;
    let words = world.row_size / 8;
    // SAFETY: generated code passes an image of a row of the table.
    let image = unsafe { from_raw_parts(image.cast::<u64>(), words) };
    let row = world.row(slot);
    let header = ROW_HEADER_SIZE as usize / 8;
    row[header..].copy_from_slice(&image[header..]);
    row[..header].copy_from_slice(&[0, slot as u64 | 1 << 32]);
    world.view.slot_end += 1;
    world.view.len += 1;
    world.row(slot).as_mut_ptr().cast()
}

unsafe extern "C" fn row_remove(ctx: *mut CallContext, _: u32, row: *mut RowHeader) {
    // SAFETY: generated code passes a row of the table.
    unsafe { (*row).alive = 0 };
    world(ctx).view.len -= 1;
}

/// All slots: tests list by slot only.
unsafe extern "C" fn rows_list(
    ctx: *mut CallContext,
    _: u32,
    _field: u32,
    _descending: u32,
    _most: i64,
) -> *mut ListHeader {
    let slots = world(ctx).view.slot_end;
    // SAFETY: the list is made for as many addresses.
    let list = unsafe { list_new(ctx, slots, 8) };
    // SAFETY: as above.
    let data = unsafe { (*list).data }.cast::<*mut u64>();
    // SAFETY: as above; it has room for `slots` rows.
    let rows = unsafe { from_raw_parts_mut(data, slots as usize) };
    for (slot, row) in rows.iter_mut().enumerate() {
        *row = world(ctx).row(slot).as_mut_ptr();
    }
    list
}

/// One row for each call: the next by the field, an `int` of which no two rows have the same.
unsafe extern "C" fn rows_next(
    ctx: *mut CallContext,
    _: u32,
    field: u32,
    descending: u32,
    after: *mut RowHeader,
    rows: *mut *mut RowHeader,
) -> u64 {
    let world = world(ctx);
    let value = |row: &mut [u64]| row[2 + field as usize].cast_signed();
    let slots = 0..world.view.slot_end as usize;
    let mut all: Vec<(i64, *mut RowHeader)> =
        slots.map(|slot| (value(world.row(slot)), world.row(slot).as_mut_ptr().cast())).collect();
    all.sort();
    if descending == 1 {
        all.reverse();
    }
    let visited = all.iter().position(|&(_, row)| row == after).map_or(0, |at| at + 1);
    let Some(&(_, row)) = all.get(visited) else { return 0 };
    // SAFETY: generated code made room for a batch.
    unsafe { rows.write(row) };
    1
}
