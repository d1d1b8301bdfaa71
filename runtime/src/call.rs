//! One call: bind the arguments, enter, commit or take back, and show what came out.
//!
//! A [`Turn`] is exclusive access to one world between two calls of others. Everything in it runs
//! on the version that the world had when the turn began.

#![expect(unsafe_code, reason = "gives machine code its argument and result blocks")]

use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;
use std::sync::Arc;

use midflight_compiler::ir::FuncId;
use midflight_compiler::trap::TrapKind;
use midflight_compiler::types::{TableId, Type};

use crate::counts::Counts;
use crate::cursor::{Slot, TextMemory, View};
use crate::enter::{Exit, enter};
use crate::error::{ArgumentError, CallError};
use crate::frame::Frame;
use crate::handle::{FlightArguments, FlightResult, FlightValue};
use crate::image::image;
use crate::observer::{Delivery, Observer};
use crate::outbox::Ending;
use crate::shared::Clock;
use crate::store::journal::Journal;
use crate::store::ticket::Ticket;
use crate::table;
use crate::trap::Trap;
use crate::version::{Signature, Version};

/// Exclusive access to one world.
#[derive(Debug)]
pub struct Turn<'w> {
    frame: &'w mut Frame,
    /// The frame's, without a reference count on the path of a call.
    version: &'w Version,
    surroundings: Surroundings<'w>,
    /// What each call may use.
    fuel: i64,
}

/// Where a turn takes place, and when. Held as its owners hold it: most calls look at none of it but
/// the counts, and need not follow a reference to the rest.
pub(crate) struct Surroundings<'w> {
    pub(crate) world: &'w Arc<str>,
    pub(crate) counts: &'w Arc<Counts>,
    pub(crate) observer: &'w Arc<dyn Observer>,
    /// Absent without a store.
    pub(crate) journal: Option<&'w mut Journal>,
    pub(crate) time: Time<'w>,
}

/// What `now()` is in a turn.
#[derive(Clone, Copy)]
pub(crate) enum Time<'w> {
    /// This, in milliseconds since 1970.
    At(i64),
    /// What the clock says when a call begins that asks for it.
    Of(&'w Clock),
}

/// How a call ended. What it shows is readable until the turn's next call.
#[derive(Debug)]
#[must_use = "a trap is an outcome too"]
pub enum Outcome<'t> {
    /// It committed, with this result.
    Done(View<'t>),
    /// It trapped, and left no trace.
    Trapped(Trap),
}

impl<'w> Turn<'w> {
    #[inline(always)]
    pub(crate) fn new(frame: &'w mut Frame, surroundings: Surroundings<'w>, fuel: i64) -> Turn<'w> {
        let version = Arc::as_ptr(&frame.version);
        // SAFETY: the frame keeps its version while it is borrowed for the turn: only `Room`
        // replaces it, between turns. A version never changes.
        let version = unsafe { &*version };
        Turn { frame, version, surroundings, fuel }
    }

    /// The version that the turn runs on.
    #[inline]
    pub fn version(&self) -> &'w Version {
        self.version
    }

    /// The fields of `state`, to be read.
    pub fn state(&self) -> View<'_> {
        self.frame.state()
    }

    /// The canonical bytes of the world: state, rows, indexes, generator, time. Two worlds of one
    /// version with the same image behave the same. Takes time and memory by the world's size.
    pub fn image(&self) -> Vec<u8> {
        image(self.frame)
    }

    /// Shows every row: the tables in the order of the source, the rows of each by slot. Ends with
    /// the first error.
    ///
    /// # Errors
    /// What `visit` gives.
    pub fn visit_rows<E>(
        &self,
        mut visit: impl FnMut(&str, u32, View<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let tables = &self.version.program().ir.types.tables;
        for (index, (table, rows)) in tables.iter().zip(&self.frame.data.tables).enumerate() {
            for row in rows.rows() {
                let view = self.frame.row(TableId(index as u32), &row);
                visit(&table.name, table::slot(row), view)?;
            }
        }
        Ok(())
    }

    /// The state of the world's random generator.
    pub fn generator(&self) -> [u64; 4] {
        self.frame.data.generator.words()
    }

    /// The time of the world's last call, in milliseconds since 1970; 0 before the first one that
    /// asked for it.
    pub fn time_ms(&self) -> i64 {
        self.frame.data.now_ms
    }

    /// Says what each later call of this turn may use, instead of what the engine's limits say.
    pub fn limit_fuel(&mut self, fuel: i64) {
        self.fuel = fuel;
    }

    /// Fuel that the last call used. Defined for committed calls only.
    pub fn fuel_used(&self) -> i64 {
        self.fuel - self.frame.ctx.fuel
    }

    /// A ticket for everything that this turn has done and seen so far.
    #[inline]
    pub fn ticket(&self) -> Ticket {
        self.surroundings.journal.as_ref().map_or_else(Ticket::ready, |journal| journal.ticket())
    }

    /// Calls a handler. `bind` gives the arguments; parameters that it leaves out take their
    /// defaults.
    ///
    /// # Errors
    /// When there is no such handler or an argument does not fit; the handler does not run then.
    pub fn call(
        &mut self,
        handler: &str,
        bind: impl FnOnce(&mut Arguments<'_>) -> Result<(), ArgumentError>,
    ) -> Result<Outcome<'_>, CallError> {
        self.call_shown(handler, bind, |_| true)
    }

    /// As [`Turn::call`]; `show` is given the result before the call is committed. Where it says
    /// `false`, the result is larger than the host can show, and the call ends like one that traps. Where
    /// it panics, the call is taken back.
    ///
    /// # Errors
    /// As [`Turn::call`].
    pub fn call_shown(
        &mut self,
        handler: &str,
        bind: impl FnOnce(&mut Arguments<'_>) -> Result<(), ArgumentError>,
        show: impl FnOnce(View<'_>) -> bool,
    ) -> Result<Outcome<'_>, CallError> {
        let Some((_, signature)) = self.version.handler(handler) else {
            return Err(CallError::UnknownHandler { name: handler.to_owned() });
        };
        self.call_signature(signature, bind, show)
    }

    /// Calls a handler whose signature is known to be the turn's version's.
    fn call_signature(
        &mut self,
        signature: &Signature,
        bind: impl FnOnce(&mut Arguments<'_>) -> Result<(), ArgumentError>,
        show: impl FnOnce(View<'_>) -> bool,
    ) -> Result<Outcome<'_>, CallError> {
        let block = self.begin_handler(signature).ok_or(CallError::TooLarge)?;
        let mut arguments = Arguments { frame: self.frame, signature, block, given: 0 };
        bind(&mut arguments)?;
        arguments.finish()?;
        // SAFETY: the block is that of this call, and has every argument.
        let result = match unsafe { self.enter_handler(signature, block) } {
            Ok(result) => result,
            Err(trap) => return Ok(Outcome::Trapped(*trap)),
        };
        // The host may catch its panic inside of the turn, and call again.
        let shown = || show(self.result(signature.result, result));
        let is_shown = catch_unwind(AssertUnwindSafe(shown)).unwrap_or_else(|panic| {
            self.frame.abandon();
            resume_unwind(panic)
        });
        if !is_shown {
            let kind = TrapKind::ResultTooLarge;
            let trap = Trap::in_result(self.version, signature.function, kind);
            return Ok(Outcome::Trapped(*self.take_back(trap)));
        }
        self.commit();
        Ok(Outcome::Done(self.result(signature.result, result)))
    }

    /// As [`Turn::call`], for a handler whose signature is known to be the turn's version's and to
    /// have these types. Its code becomes that of whoever calls: nothing is asked at run time that
    /// the types tell, and what is moved fits into registers.
    #[inline(always)]
    pub(crate) fn call_typed<A: FlightArguments, R: FlightResult>(
        &mut self,
        signature: &Signature,
        arguments: &A,
    ) -> Result<R::Raw, Box<CallError>> {
        let Some(block) = self.begin_handler(signature) else {
            return Err(Box::new(CallError::TooLarge));
        };
        let mut places = Arguments { frame: self.frame, signature, block, given: 0 };
        arguments.write(&mut places).map_err(|index| places.too_large(index))?;
        // SAFETY: the block is that of this call; there are as many arguments as parameters.
        match unsafe { self.run_handler(signature, block) } {
            Ok(result) => Ok(R::read(self.result(R::TYPE, result))),
            Err(trap) => Err(Box::new(CallError::Trapped(*trap))),
        }
    }

    /// Begins the call of a handler; gives the block for its arguments and its result. `None` where
    /// they are too large.
    #[inline(always)]
    fn begin_handler(&mut self, signature: &Signature) -> Option<*mut u8> {
        self.begin();
        let frame = &mut *self.frame;
        let block = frame.arena.blocks(&mut frame.ctx, signature.block_size);
        block.ok().map(NonNull::as_ptr)
    }

    /// Enters a handler, and commits what it did or takes it back; gives the address of its result.
    ///
    /// # Safety
    /// As [`Turn::enter_handler`].
    #[inline(always)]
    unsafe fn run_handler(
        &mut self,
        signature: &Signature,
        block: *mut u8,
    ) -> Result<*const u8, Box<Trap>> {
        // SAFETY: as the caller promises.
        let result = unsafe { self.enter_handler(signature, block) }?;
        self.commit();
        Ok(result)
    }

    /// Enters a handler, and takes back what it did if it traps; gives the address of its result. What
    /// it did is then still to be committed or taken back.
    ///
    /// # Safety
    /// The signature is of the turn's version; the block is the one that [`Turn::begin_handler`]
    /// gave for it last, and holds the arguments.
    #[inline(always)]
    unsafe fn enter_handler(
        &mut self,
        signature: &Signature,
        block: *mut u8,
    ) -> Result<*const u8, Box<Trap>> {
        self.set_time(signature.reads_clock);
        // SAFETY: the block holds the arguments and, behind them, the result (`block_size`).
        let result = unsafe { block.add(signature.result_offset) };
        // SAFETY: the entry is of the frame's version, as the signature is; the blocks have the
        // sizes that it gives.
        let exit = unsafe { enter(self.frame, signature.entry, block, result) };
        if exit == Exit::Trapped {
            let trap = Trap::take(self.frame);
            return Err(self.take_back(trap));
        }
        if signature.gives_row && self.result(signature.result, result).shows_removed_row() {
            let kind = TrapKind::MissingRow;
            let trap = Trap::in_result(self.version, signature.function, kind);
            return Err(self.take_back(trap));
        }
        Ok(result)
    }

    /// The result of the call that has just returned.
    #[inline]
    fn result(&self, ty: Type, result: *const u8) -> View<'_> {
        // SAFETY: the code has written its result there; texts in it are constants, in the arena,
        // or in the world's heap, all of them live until the turn's next call.
        unsafe { View::new(self.version.program(), ty, result) }
    }

    /// Runs a function that takes nothing and gives nothing: a test, a timer.
    pub(crate) fn run(&mut self, function: FuncId) -> Result<(), Trap> {
        self.run_with(function, 0)
    }

    /// Runs a function that takes nothing, or the row at this address, and gives nothing.
    pub(crate) fn run_with(&mut self, function: FuncId, row: usize) -> Result<(), Trap> {
        match self.enter_with(function, row) {
            Exit::Returned => self.commit(),
            Exit::Trapped => {
                let trap = Trap::take(self.frame);
                return Err(*self.take_back(trap));
            }
        }
        Ok(())
    }

    /// Runs a function that takes nothing and gives nothing, and leaves what it did to be committed
    /// or taken back by whoever holds the world.
    pub(crate) fn run_open(mut self, function: FuncId) -> Result<(), Trap> {
        let exit = self.enter_with(function, 0);
        let result = match exit {
            Exit::Returned => Ok(()),
            Exit::Trapped => Err(Trap::take(self.frame)),
        };
        // The end of this turn is not the end of the call.
        std::mem::forget(self);
        result
    }

    fn enter_with(&mut self, function: FuncId, row: usize) -> Exit {
        let Some(entry) = self.version.program().code.entry(function) else {
            return Exit::Returned;
        };
        self.begin();
        self.set_time(self.version.program().ir.function(function).effects.reads_clock);
        let mut block = row;
        let block = (&raw mut block).cast::<u8>();
        // SAFETY: the entry is of the frame's version; its arguments are nothing or the address of
        // a row, its result is nothing.
        unsafe { enter(self.frame, entry, block, block) }
    }

    #[inline(always)]
    fn begin(&mut self) {
        self.frame.begin(self.fuel);
    }

    /// Gives a call that has all of its arguments its time.
    #[inline(always)]
    fn set_time(&mut self, reads_clock: bool) {
        if reads_clock {
            self.frame.set_time(match self.surroundings.time {
                Time::At(now_ms) => now_ms,
                Time::Of(clock) => clock(),
            });
        }
    }

    /// The call has returned: what it did stays.
    #[inline(always)]
    fn commit(&mut self) {
        let Surroundings { world, counts, observer, journal, .. } = &mut self.surroundings;
        counts.count_call();
        if let Some(journal) = journal {
            journal.record(self.frame);
        }
        self.frame.commit();
        if !self.frame.outbox.is_empty() {
            let journal = journal.as_deref();
            tell(self.frame, world, &***observer, journal, Ending::Committed);
        }
    }

    /// Tells the outside something once it cannot be taken back.
    pub(crate) fn deliver(&self, deliveries: impl IntoIterator<Item = Delivery>) {
        deliver(self.surroundings.journal.as_deref(), deliveries);
    }

    /// The call has trapped, as this says, which was read out of the frame before: its message may
    /// be a text that the call made.
    #[inline(always)]
    fn take_back(&mut self, trap: Trap) -> Box<Trap> {
        let Surroundings { world, counts, observer, journal, .. } = &self.surroundings;
        roll_back(self.frame, world, counts, &***observer, journal.as_deref(), trap)
    }

    /// The turn is over, after calls that it has made without being dropped.
    #[inline(always)]
    pub(crate) fn end(mut turn: ManuallyDrop<Turn<'w>>) {
        turn.frame.settle();
    }

    /// The row in a slot of a table, if it is the one of this generation.
    pub(crate) fn row(&self, table: TableId, slot: u32, generation: u32) -> Option<usize> {
        let row = self.frame.data.tables.get(table.index())?.row(slot)?;
        (table::generation(row) == generation).then_some(row as usize)
    }

    /// Slot and generation of every row of a table, in slot order.
    pub(crate) fn rows(&self, table: TableId) -> Vec<(u32, u32)> {
        let rows = self.frame.data.tables.get(table.index()).into_iter().flat_map(|t| t.rows());
        rows.map(|row| (table::slot(row), table::generation(row))).collect()
    }
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").field("world", &self.world).finish_non_exhaustive()
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.frame.settle();
    }
}

// What follows takes what it needs from a turn one by one, so that a turn that is made for one call
// needs no memory of its own.

/// Tells the observer what a call wanted to tell, once that cannot be taken back.
#[cold]
pub(crate) fn tell(
    frame: &mut Frame,
    world: &str,
    observer: &dyn Observer,
    journal: Option<&Journal>,
    ending: Ending,
) {
    let deliveries = frame.tell(world, observer, ending);
    deliver(journal, deliveries);
}

fn deliver(journal: Option<&Journal>, deliveries: impl IntoIterator<Item = Delivery>) {
    let deliveries = deliveries.into_iter();
    match journal {
        Some(journal) => journal.deliver(deliveries),
        None => deliveries.for_each(|deliver| deliver()),
    }
}

/// Takes a call back that has trapped.
#[cold]
fn roll_back(
    frame: &mut Frame,
    world: &str,
    counts: &Counts,
    observer: &dyn Observer,
    journal: Option<&Journal>,
    trap: Trap,
) -> Box<Trap> {
    counts.count_call();
    counts.count_trap(trap.kind);
    frame.roll_back();
    tell(frame, world, observer, journal, Ending::RolledBack);
    Box::new(trap)
}

/// The arguments of a call, while they are bound.
#[derive(Debug)]
pub struct Arguments<'a> {
    frame: &'a mut Frame,
    signature: &'a Signature,
    block: *mut u8,
    /// One bit for each parameter that has its value.
    given: u64,
}

const _: () = assert!(midflight_compiler::limits::Limits::LARGEST.params_max <= 64);

impl Arguments<'_> {
    /// The names of the parameters, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.signature.parameters.iter().map(|parameter| parameter.name.as_str())
    }

    /// Where the argument of this name goes.
    ///
    /// # Errors
    /// When the handler has no such parameter, or it was given before.
    pub fn slot(&mut self, name: &str) -> Result<Slot<'_>, ArgumentError> {
        let place = self.names().position(|known| known == name);
        let Some(index) = place else {
            let known = self.names().map(str::to_owned).collect();
            return Err(ArgumentError::Unknown { name: name.to_owned(), known });
        };
        if self.given & (1 << index) != 0 {
            return Err(ArgumentError::Duplicate { name: name.to_owned() });
        }
        Ok(self.slot_at(index))
    }

    /// Where the argument at this index goes; the index is one of a parameter.
    pub(crate) fn slot_at(&mut self, index: usize) -> Slot<'_> {
        self.slot_of(index, self.signature.parameters[index].ty)
    }

    /// As [`Arguments::slot_at`]; the parameter is of this type.
    #[inline]
    fn slot_of(&mut self, index: usize, ty: Type) -> Slot<'_> {
        let offset = self.signature.arguments.offsets[index] as usize;
        self.given |= 1 << index;
        // SAFETY: the block has the layout of the arguments.
        let address = unsafe { self.block.add(offset) };
        if !matches!(ty, Type::Int | Type::Float | Type::Bool | Type::Str) {
            let program = self.frame.version.program();
            let size = program.layouts.of(&program.ir.types, ty).map_or(0, |layout| layout.size);
            // SAFETY: as above. What a host leaves out of a struct is zero.
            unsafe { address.write_bytes(0, size as usize) };
        }
        let frame = &mut *self.frame;
        let texts = TextMemory::Call(&mut frame.arena, &mut frame.ctx);
        // SAFETY: the place of this argument, aligned by its layout, and reached only here.
        unsafe { Slot::new(frame.version.program(), ty, address, texts) }
    }

    /// Gives the argument at this index, whose type is known to fit.
    #[inline]
    pub(crate) fn give<V: FlightValue>(&mut self, index: usize, value: &V) -> Result<(), usize> {
        value.write(&mut self.slot_of(index, V::TYPE)).map_err(|_| index)
    }

    /// The argument at this index takes more memory than a call may have.
    #[cold]
    fn too_large(&self, index: usize) -> Box<CallError> {
        let name = self.signature.parameters[index].name.clone();
        Box::new(ArgumentError::TooLarge { name }.into())
    }

    fn finish(mut self) -> Result<(), ArgumentError> {
        for (index, parameter) in self.signature.parameters.iter().enumerate() {
            if self.given & (1 << index) != 0 {
                continue;
            }
            let name = || parameter.name.clone();
            let Some(default) = &parameter.default else {
                let expected = self.slot_at(index).type_name();
                return Err(ArgumentError::Missing { name: name(), expected });
            };
            // Its shape is the parameter's: only memory can be missing.
            if self.slot_at(index).write_const(default).is_err() {
                return Err(ArgumentError::TooLarge { name: name() });
            }
        }
        Ok(())
    }
}
