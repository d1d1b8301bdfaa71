//! Moving a world to another layout: a new frame beside the old one, filled row by row as the plan
//! says, so that going back is dropping it.
//!
//! Rows keep their slots and generations. What nothing changes is copied as bytes; everything else
//! goes through `transfer`, value by value, or through a `migrate` block, which was compiled for
//! the live layout. Nothing here decides what is allowed: `plan` did.

#![expect(unsafe_code, reason = "reads and fills rows by layout")]

mod failure;
mod steps;
mod transfer;
mod trial;

use std::sync::Arc;

use midflight_compiler::abi::RowHeader;
use midflight_compiler::layout::ROW_HEADER_SIZE;
use midflight_compiler::types::{TableId, Type};

pub use failure::{Failure, Misfit};
pub use trial::Trial;
pub(crate) use trial::try_out;

use crate::cursor::{Slot, TextMemory, View};
use crate::data::Beginning;
use crate::enter::{Exit, enter};
use crate::frame::Frame;
use crate::plan::Moves;
use crate::table::{self, Table};
use crate::trap::Trap;
use crate::version::Version;
use steps::{Other, Steps, Value};
use transfer::{Wrong, transfer};

/// How worlds move from the live version to a new one.
#[derive(Debug)]
pub(crate) struct Migration {
    moves: Moves,
    live: Arc<Version>,
    new: Arc<Version>,
    /// The `migrate` blocks that are run, compiled for what is live.
    code: Option<Arc<Version>>,
    state: Steps,
    /// By `TableId` of the new version.
    tables: Vec<Steps>,
}

/// One world on its way.
pub(crate) struct Move<'m> {
    migration: &'m Migration,
    /// What is filled.
    pub(crate) frame: Box<Frame>,
    /// Where `migrate` blocks run, which can reach nothing of the world.
    code: Option<Box<Frame>>,
    /// Where a block leaves what it gives.
    given: Vec<u64>,
    /// Fuel that is left for the blocks.
    fuel: i64,
}

impl Migration {
    /// How worlds of `live` move to `new`.
    pub(crate) fn new(
        moves: Moves,
        (live, new): (Arc<Version>, Arc<Version>),
        code: Option<Arc<Version>>,
    ) -> Migration {
        let state = Steps::of_state(&moves, live.program(), new.program());
        let tables = (0..moves.tables.len()).map(|index| {
            let id = TableId(index as u32);
            Steps::of_table(&moves, live.program(), (new.program(), id))
        });
        let mut migration = Migration { state, tables: tables.collect(), moves, live, new, code };
        if let Some(code) = &migration.code {
            migration.state.place_given(code.program());
            migration.tables.iter_mut().for_each(|steps| steps.place_given(code.program()));
        }
        migration
    }

    /// Whether a frame has the layout that the migration begins from.
    fn begins_from(&self, frame: &Frame) -> bool {
        frame.version.fields() == self.live.fields()
    }

    /// Moves a world: gives its new frame, and how many rows are in it.
    ///
    /// # Errors
    /// When a value cannot be moved. The old frame is as it was in any case.
    pub(crate) fn run(
        &self,
        old: &Frame,
        beginning: Beginning<'_>,
    ) -> Result<(Box<Frame>, u64), Failure> {
        let mut moving = self.begin(old, beginning)?;
        let mut rows = 0;
        for index in 0..self.tables.len() {
            let id = TableId(index as u32);
            let Some(from) = self.source(id, old) else { continue };
            moving.make_room(id, from)?;
            for row in from.rows() {
                moving.row(id, row)?;
                rows += 1;
            }
            moving.frame.data.tables[index].end_move();
            moving.frame.data.show(index);
        }
        Ok((moving.frame, rows))
    }

    /// The live table that a new one's rows come from.
    fn source<'o>(&self, id: TableId, old: &'o Frame) -> Option<&'o Table> {
        let from = self.moves.tables[id.index()].from?;
        old.data.tables.get(from.index())
    }

    /// A new frame with the state of an old one, its tables empty.
    fn begin(&self, old: &Frame, beginning: Beginning<'_>) -> Result<Move<'_>, Failure> {
        let limits = beginning.limits;
        let out_of_memory = |_| Failure::of_state(Misfit::OutOfMemory);
        let mut frame = Frame::bare(self.new.clone(), beginning).map_err(out_of_memory)?;
        frame.data.generator = old.data.generator.clone();
        frame.data.now_ms = old.data.now_ms;
        let code = match &self.code {
            Some(code) => {
                let beginning = Beginning::alone(limits);
                Some(Frame::bare(code.clone(), beginning).map_err(out_of_memory)?)
            }
            None => None,
        };
        let (given, fuel) = (Vec::new(), limits.migrate_fuel_max);
        let mut moving = Move { migration: self, frame, code, given, fuel };
        let (from, to) = (old.data.state.fields(), moving.frame.data.state.fields());
        moving.fill(&self.state, 0, (from, to)).map_err(Failure::of_state)?;
        Ok(moving)
    }
}

impl Move<'_> {
    /// As many slots as the old table has, none of them taken yet.
    fn make_room(&mut self, id: TableId, from: &Table) -> Result<(), Failure> {
        let data = &mut self.frame.data;
        let made = data.tables[id.index()].begin_move(from, &mut data.memory);
        let name = &self.migration.new.program().ir.types.table(id).name;
        made.map_err(|_| Failure::of_table(name, Misfit::OutOfMemory))
    }

    /// Moves a row of the old table into the slot that it has there.
    fn row(&mut self, id: TableId, old: *mut RowHeader) -> Result<(), Failure> {
        let steps = &self.migration.tables[id.index()];
        let table = &self.frame.data.tables[id.index()];
        let Some(row) = table.row(table::slot(old)) else { return Ok(()) };
        let filled = self.fill(steps, ROW_HEADER_SIZE, (old.cast(), row.cast()));
        let entered = filled.and_then(|()| self.enter_row(id, row, table::generation(old)));
        entered.map_err(|misfit| self.failure(id, old, misfit))
    }

    fn enter_row(
        &mut self,
        id: TableId,
        row: *mut RowHeader,
        generation: u32,
    ) -> Result<(), Misfit> {
        let data = &mut self.frame.data;
        let table = &mut data.tables[id.index()];
        if table.text_key_len(row) > self.frame.key_len_max {
            return Err(Misfit::KeyTooLong);
        }
        let entered = table.enter_as(&mut data.memory, row, generation);
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
        for copy in &steps.copies {
            // SAFETY: `Steps` places the bytes inside of the old row or state.
            let source = unsafe { from.add(copy.from as usize) };
            // SAFETY: and inside of the new one.
            let target = unsafe { to.add(copy.to as usize) };
            // SAFETY: the two are in different memory.
            unsafe { std::ptr::copy_nonoverlapping(source, target, copy.len as usize) };
        }
        for other in &steps.others {
            if let Value::Field { .. } | Value::Default(_) = other.value {
                self.put(other, from, to)?;
            }
        }
        for &block in &steps.blocks {
            // SAFETY: the fields of a row begin behind its header.
            let fields = unsafe { from.add(header_size as usize) };
            self.run_block(block, fields)?;
            for other in steps.others.iter().filter(|other| other.value.is_given_by(block)) {
                self.put_given(other, to)?;
            }
            if let Some(code) = &mut self.code {
                code.settle();
            }
        }
        Ok(())
    }

    /// Writes a value that is a default, or comes from one field.
    fn put(&mut self, other: &Other, from: *const u8, to: *mut u8) -> Result<(), Misfit> {
        let live = &self.migration.live;
        let mut slot = slot(&mut self.frame, other, to);
        match &other.value {
            Value::Default(value) => slot.write_const(value).map_err(|_| Misfit::OutOfMemory),
            Value::Field { offset, ty, conversion } => {
                // SAFETY: as in `fill`.
                let place = unsafe { from.add(*offset as usize) };
                // SAFETY: the field has this type in the live layout, and nothing runs in its world.
                let view = unsafe { View::new(live.program(), *ty, place) };
                transfer(conversion, view, &mut slot).map_err(|wrong| misfit(wrong, other))
            }
            Value::Given { .. } => Ok(()),
        }
    }

    /// Writes a value that the block gave which ran last.
    fn put_given(&mut self, other: &Other, to: *mut u8) -> Result<(), Misfit> {
        let (Value::Given { offset, .. }, Some(code)) = (&other.value, &self.migration.code) else {
            return Ok(());
        };
        let given = self.given.as_ptr().cast::<u8>();
        // SAFETY: the offset is that of the field in the struct that the block gave.
        let place = unsafe { given.add(*offset as usize) };
        // SAFETY: it has the type of the new field, which the block's program declares alike; its
        // texts live until the frame of the code settles.
        let view = unsafe { View::new(code.program(), other.ty, place) };
        let mut slot = slot(&mut self.frame, other, to);
        let same = crate::plan::Conversion::Same;
        transfer(&same, view, &mut slot).map_err(|wrong| misfit(wrong, other))
    }

    fn run_block(&mut self, block: usize, old: *const u8) -> Result<(), Misfit> {
        let (Some(version), Some(code)) = (&self.migration.code, &mut self.code) else {
            return Ok(());
        };
        let program = version.program();
        let function = program.ir.migrations[block].function;
        let Some((function, entry)) =
            function.and_then(|function| Some((function, program.code.entry(function)?)))
        else {
            return Ok(());
        };
        let size = match program.ir.function(function).result {
            Type::Struct(id) => program.layouts.strukt(id).layout.size,
            _ => 0,
        };
        self.given.clear();
        self.given.resize((size as usize).div_ceil(8) + 1, 0);
        code.begin(self.fuel);
        let result = self.given.as_mut_ptr().cast::<u8>();
        // SAFETY: the entry is of the code's version; its argument is a struct laid out as the
        // fields of what is live are, and its result has the size that was just made.
        let exit = unsafe { enter(code, entry, old, result) };
        match exit {
            Exit::Returned => {
                self.fuel = code.ctx.fuel;
                Ok(())
            }
            Exit::Trapped => {
                let trap = Trap::of(code);
                code.forget_trap();
                code.settle();
                Err(Misfit::Trap(Box::new(trap)))
            }
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
