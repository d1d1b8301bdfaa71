//! One world on its way to another layout.

#![expect(unsafe_code, reason = "reads and fills rows by layout")]

use midflight_compiler::Program;
use midflight_compiler::abi::RowHeader;
use midflight_compiler::layout::ROW_HEADER_SIZE;
use midflight_compiler::types::TableId;

use super::Migration;
use super::failure::{Failure, Misfit};
use super::steps::{Block, Other, Steps, Value, Values};
use super::transfer::{self, Wrong, transfer};
use crate::cursor::{Slot, TextMemory, View};
use crate::data::Beginning;
use crate::enter::{Exit, enter};
use crate::frame::Frame;
use crate::table::{self, Kept, Table};
use crate::trap::Trap;

/// One world on its way.
pub(super) struct Move<'m> {
    pub(super) migration: &'m Migration,
    /// What is filled.
    pub(super) frame: Box<Frame>,
    /// Where `migrate` blocks run, which can reach nothing of the world.
    code: Option<Box<Frame>>,
    /// Where a block leaves what it gives.
    given: Vec<u64>,
    /// Fuel that is left for the blocks.
    fuel: i64,
}

impl<'m> Move<'m> {
    /// A new frame with the state of an old one, its tables empty.
    pub(super) fn begin(
        migration: &'m Migration,
        old: &Frame,
        beginning: Beginning<'_>,
    ) -> Result<Move<'m>, Failure> {
        let limits = beginning.limits;
        let out_of_memory = |_| Failure::of_state(Misfit::OutOfMemory);
        let mut frame = Frame::bare(migration.new.clone(), beginning).map_err(out_of_memory)?;
        frame.data.generator = old.data.generator.clone();
        frame.data.now_ms = old.data.now_ms;
        let code = match &migration.code {
            Some(code) => {
                let beginning = Beginning::alone(limits);
                Some(Frame::bare(code.clone(), beginning).map_err(out_of_memory)?)
            }
            None => None,
        };
        let (given, fuel) = (Vec::new(), limits.migrate_fuel_max);
        let mut moving = Move { migration, frame, code, given, fuel };
        let (from, to) = (old.data.state.fields(), moving.frame.data.state.fields());
        moving.fill(&migration.state, 0, (from, to)).map_err(Failure::of_state)?;
        Ok(moving)
    }

    /// As many slots as the old table has, none of them taken yet.
    pub(super) fn make_room(&mut self, id: TableId, from: &Table) -> Result<(), Failure> {
        let data = &mut self.frame.data;
        let made = data.tables[id.index()].begin_move(from, &mut data.memory);
        made.map_err(|_| self.out_of_memory(id))
    }

    /// What finds the rows in the old table, which does not change before [`Move::end`].
    pub(super) fn take_over(
        &mut self,
        id: TableId,
        from: &Table,
        kept: &Kept,
    ) -> Result<(), Failure> {
        let data = &mut self.frame.data;
        let taken = data.tables[id.index()].take_over(from, kept, &mut data.memory);
        taken.map_err(|_| self.out_of_memory(id))
    }

    /// Every row of a table has been moved.
    pub(super) fn end(&mut self, id: TableId, kept: &Kept) -> Result<(), Failure> {
        let data = &mut self.frame.data;
        let ended = data.tables[id.index()].end_move(kept, &mut data.memory);
        data.show(id.index());
        ended.map_err(|_| self.out_of_memory(id))
    }

    fn out_of_memory(&self, id: TableId) -> Failure {
        let name = &self.migration.new.program().ir.types.table(id).name;
        Failure::of_table(name, Misfit::OutOfMemory)
    }

    /// Moves a row of the old table into the slot that it has there.
    pub(super) fn row(
        &mut self,
        id: TableId,
        old: *mut RowHeader,
        kept: &Kept,
    ) -> Result<(), Failure> {
        let steps = &self.migration.tables[id.index()];
        let table = &self.frame.data.tables[id.index()];
        let Some(row) = table.row(table::slot(old)) else { return Ok(()) };
        let filled = self.fill(steps, ROW_HEADER_SIZE, (old.cast(), row.cast()));
        let generation = table::generation(old);
        let entered = filled.and_then(|()| self.enter_row(id, kept, (row, generation)));
        entered.map_err(|misfit| self.failure(id, old, misfit))
    }

    fn enter_row(
        &mut self,
        id: TableId,
        kept: &Kept,
        (row, generation): (*mut RowHeader, u32),
    ) -> Result<(), Misfit> {
        let data = &mut self.frame.data;
        let table = &mut data.tables[id.index()];
        if !kept.key && table.text_key_len(row) > self.frame.key_len_max {
            return Err(Misfit::KeyTooLong);
        }
        let entered = table.enter_moved(kept, &mut data.memory, (row, generation));
        entered.map_err(Misfit::of_table)
    }

    /// What is told of a row that cannot be moved.
    fn failure(&self, id: TableId, old: *mut RowHeader, misfit: Misfit) -> Failure {
        let Migration { live, new, moves, .. } = self.migration;
        let name = new.program().ir.types.table(id).name.clone();
        let from = moves.tables[id.index()].from.expect("its rows come from somewhere");
        let key = live.program().ir.types.table(from).key;
        let offset = live.program().layouts.row(from).offsets[key as usize];
        let ty = live.program().ir.types.table(from).fields[key as usize].ty;
        // SAFETY: the key stands inside of the row, whose world is held by whoever moves it.
        let place = unsafe { old.cast::<u8>().add(offset as usize) };
        // SAFETY: the place holds a value of this type in the live layout.
        let key = unsafe { View::new(live.program(), ty, place) };
        Failure { table: Some(name), key: Some(transfer::shown(key)), misfit }
    }

    /// Gives the state or a row its values, from what was at the other address. Both begin with a
    /// header of this size.
    fn fill(
        &mut self,
        steps: &Steps,
        header_size: u32,
        (from, to): (*const u8, *mut u8),
    ) -> Result<(), Misfit> {
        if !steps.blank.is_empty() {
            // SAFETY: the fields begin behind the header.
            let fields = unsafe { to.add(header_size as usize) };
            let len = size_of_val(&*steps.blank);
            // SAFETY: `Steps` makes a blank as large as the fields, which are in other memory.
            unsafe { std::ptr::copy_nonoverlapping(steps.blank.as_ptr().cast(), fields, len) };
        }
        let live = self.migration.live.program();
        put_all(&mut self.frame, &steps.values, live, (from, to))?;
        for block in &steps.blocks {
            // SAFETY: the fields of a row begin behind its header.
            let fields = unsafe { from.add(header_size as usize) };
            self.run_block(block, fields, to)?;
        }
        Ok(())
    }

    /// Runs a block on the fields of what was there before, and writes what it gives.
    fn run_block(&mut self, block: &Block, old: *const u8, to: *mut u8) -> Result<(), Misfit> {
        let Some(code) = &mut self.code else { return Ok(()) };
        self.given.clear();
        self.given.resize((block.size as usize).div_ceil(size_of::<u64>()), 0);
        code.begin(self.fuel);
        let given = self.given.as_mut_ptr().cast::<u8>();
        // SAFETY: the entry is of the code's version; its argument is a struct laid out as the
        // fields of what is live are, and its result has the size that was just made.
        let exit = unsafe { enter(code, block.entry, old, given) };
        let result = match exit {
            Exit::Returned => {
                self.fuel = code.ctx.fuel;
                // The given texts live until the frame of the code settles.
                let program = self.migration.code.as_ref().map(|code| code.program());
                let program = program.expect("what has a frame has a program");
                put_all(&mut self.frame, &block.values, program, (given, to))
            }
            Exit::Trapped => Err(Misfit::Trap(Box::new(Trap::take(code)))),
        };
        code.settle();
        result
    }
}

/// Writes what comes from one place, which holds fields of a program.
fn put_all(
    frame: &mut Frame,
    values: &Values,
    program: &Program,
    (from, to): (*const u8, *mut u8),
) -> Result<(), Misfit> {
    for copy in &values.copies {
        // SAFETY: `Steps` places the bytes inside of the old row, state or given struct.
        let source = unsafe { from.add(copy.from as usize) };
        // SAFETY: and inside of the new one.
        let target = unsafe { to.add(copy.to as usize) };
        // SAFETY: the two are in different memory.
        unsafe { std::ptr::copy_nonoverlapping(source, target, copy.len as usize) };
    }
    values.others.iter().try_for_each(|other| put(frame, other, program, (from, to)))
}

/// Writes a value that is a default, or comes from one field of a program.
fn put(
    frame: &mut Frame,
    other: &Other,
    program: &Program,
    (from, to): (*const u8, *mut u8),
) -> Result<(), Misfit> {
    let mut slot = slot(frame, other, to);
    match &other.value {
        Value::Default(value) => slot.write_const(value).map_err(|_| Misfit::OutOfMemory),
        Value::Field { offset, ty, conversion } => {
            // SAFETY: as in `put_all`.
            let place = unsafe { from.add(*offset as usize) };
            // SAFETY: the field has this type in the program's layout, and nothing runs that could
            // change it.
            let view = unsafe { View::new(program, *ty, place) };
            transfer(conversion, view, &mut slot).map_err(|wrong| misfit(wrong, other))
        }
    }
}

/// Where a new value goes.
fn slot<'f>(frame: &'f mut Frame, other: &Other, to: *mut u8) -> Slot<'f> {
    let texts = TextMemory::World(&mut frame.data.texts, &mut frame.data.memory);
    // SAFETY: `Steps` takes offset and type from the layout of the new version.
    let place = unsafe { to.add(other.to as usize) };
    // SAFETY: the place is zero, and reached by nobody else.
    unsafe { Slot::new(frame.version.program(), other.ty, place, texts) }
}

fn misfit(wrong: Wrong, other: &Other) -> Misfit {
    match wrong {
        Wrong::OutOfMemory => Misfit::OutOfMemory,
        Wrong::Inexact(value) => Misfit::Inexact { field: other.path.clone(), value },
        Wrong::TooMany => Misfit::TooMany { field: other.path.clone() },
    }
}
