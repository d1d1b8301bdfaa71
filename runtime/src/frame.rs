//! What one call can reach: the context of generated code, the world's data, the notes for undo,
//! the arena. One frame stands for each world, at a stable address, and is used for every call.
//!
//! Generated code holds the address of the context, which is the frame's first field; host
//! functions come back from it to the whole frame ([`Frame::of`]).

#![expect(unsafe_code, reason = "gives generated code its addresses, and takes them back")]

use std::ptr;
use std::sync::Arc;

use midflight_compiler::abi::{CallContext, EPOCH_STEP, RowHeader};
use midflight_compiler::ir::Const;
use midflight_compiler::planted::{Fault, is_planted};
use midflight_compiler::trap::TrapKind;
use midflight_compiler::types::{TableId, Type};

use crate::builtins::HOST;
use crate::cursor::{Slot, TextMemory, View};
use crate::data::{Beginning, Data};
use crate::memory::arena::Arena;
use crate::memory::texts::characters;
use crate::observer::{Delivery, Observer};
use crate::outbox::{Ending, Outbox};
use crate::undo::Undo;
use crate::version::Version;

/// `trap_values` where the message needs none. The second one is a number of elements, where it is
/// given.
const NO_VALUES: [i64; 2] = [0, -1];

/// The frame of a world's calls.
#[repr(C)]
pub(crate) struct Frame {
    /// First, so that its address is the frame's.
    pub(crate) ctx: CallContext,
    /// The world's data; in the layout of `version`.
    pub(crate) data: Data,
    /// What the call has changed.
    pub(crate) undo: Undo,
    /// What the call wants to tell.
    pub(crate) outbox: Outbox,
    /// What the call has made.
    pub(crate) arena: Arena,
    /// Bytes of a `str` that is a key.
    pub(crate) key_len_max: usize,
    /// Rows of a table.
    pub(crate) rows_max: u64,
    /// Where a text is put together before it goes into the arena.
    pub(crate) text_buffer: String,
    /// Whose code runs here.
    pub(crate) version: Arc<Version>,
    /// A host function panicked: the data cannot be trusted any more.
    pub(crate) broken: bool,
    /// It holds what the last call made.
    is_used: bool,
}

// SAFETY: the addresses in the context are those of the frame's own parts and of statics.
unsafe impl Send for Frame {}

impl Frame {
    /// The frame of a new world, its state at the defaults.
    ///
    /// # Errors
    /// When the defaults need more memory than a world may take, or all of them together.
    pub(crate) fn new(
        version: Arc<Version>,
        beginning: Beginning<'_>,
    ) -> Result<Box<Frame>, TrapKind> {
        let mut frame = Frame::bare(version, beginning)?;
        frame.initialise()?;
        Ok(frame)
    }

    /// The frame of a world whose state is zero: whoever asks has to fill it before a call.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub(crate) fn bare(
        version: Arc<Version>,
        beginning: Beginning<'_>,
    ) -> Result<Box<Frame>, TrapKind> {
        let program = version.program();
        let limits = beginning.limits;
        let data = Data::new(&program.ir, &program.layouts, beginning)?;
        let mut frame = Box::new(Frame {
            ctx: CallContext {
                fuel: 0,
                state: data.state.fields(),
                epoch: 0,
                host: &raw const HOST,
                tables: data.views.as_ptr(),
                now: 0,
                stack: i64::from(program.code.call_stack()),
                trap_site: 0,
                trap_kind: 0,
                trap_values: NO_VALUES,
                trap_text: ptr::null(),
                trap_status: 0,
                reserved: 0,
                arena_next: ptr::null_mut(),
                arena_end: ptr::null_mut(),
                row_notes: ptr::null_mut(),
            },
            data,
            undo: Undo::default(),
            outbox: Outbox::default(),
            arena: Arena::new(limits)?,
            key_len_max: limits.key_len_max,
            rows_max: limits.rows_max as u64,
            text_buffer: String::new(),
            version,
            broken: false,
            is_used: false,
        });
        // In the box, where it stays.
        frame.ctx.row_notes = frame.undo.row_notes();
        Ok(frame)
    }

    fn initialise(&mut self) -> Result<(), TrapKind> {
        let version = self.version.clone();
        let program = version.program();
        let state = Type::Struct(program.ir.state);
        let Some(defaults) = Const::zero(&program.ir.types, state) else { return Ok(()) };
        let address = self.data.state.fields();
        let texts = TextMemory::World(&mut self.data.texts, &mut self.data.memory);
        // SAFETY: the block has the size of the state in this program's layout, and nothing runs.
        let mut slot = unsafe { Slot::new(program, state, address, texts) };
        slot.write_const(&defaults).map_err(|_| TrapKind::WorldFull)
    }

    /// The state, to be read.
    pub(crate) fn state(&self) -> View<'_> {
        let program = self.version.program();
        let state = Type::Struct(program.ir.state);
        // SAFETY: the block holds the state in the layout of the frame's version, and while the
        // frame is borrowed no call runs.
        unsafe { View::new(program, state, self.data.state.fields()) }
    }

    /// A row of a table, to be read.
    pub(crate) fn row<'f>(&'f self, table: TableId, row: &'f *mut RowHeader) -> View<'f> {
        let program = self.version.program();
        let address = (&raw const *row).cast();
        // SAFETY: the address holds a reference to a row of this table, in the layout of the
        // frame's version, and while the frame is borrowed no call runs.
        unsafe { View::new(program, Type::Row(table), address) }
    }

    /// The whole frame of the context that generated code was given.
    ///
    /// # Safety
    /// The context is the first field of a frame whose call is running, and the caller is the
    /// only one that reaches the frame until it returns to generated code.
    pub(crate) unsafe fn of<'f>(ctx: *mut CallContext) -> &'f mut Frame {
        // SAFETY: `enter` made the context's address from that of the whole frame.
        unsafe { &mut *ctx.cast::<Frame>() }
    }

    /// The message of the trap that ended the call; empty where it has none.
    pub(crate) fn trap_text(&self) -> &str {
        // SAFETY: null, a constant of the version, or in the arena until the next call begins.
        unsafe { characters(self.ctx.trap_text) }
    }

    /// Takes fuel for work of a size that is known only now.
    ///
    /// # Errors
    /// When none is left.
    pub(crate) fn charge(&mut self, units: usize) -> Result<(), TrapKind> {
        self.ctx.fuel = self.ctx.fuel.saturating_sub_unsigned(units as u64);
        if self.ctx.fuel < 0 { Err(TrapKind::OutOfFuel) } else { Ok(()) }
    }

    /// The call's time: that of the call before, where the clock went back. It is the world's from
    /// now on, unless the call traps.
    pub(crate) fn set_time(&mut self, now_ms: i64) {
        let follows = is_planted(Fault::ClockGoesBack);
        let before_ms = self.data.now_ms;
        let now_ms = if follows { now_ms } else { before_ms.max(now_ms) };
        if now_ms != before_ms {
            self.undo.note_time(before_ms);
            self.data.now_ms = now_ms;
        }
        self.ctx.now = now_ms;
    }

    /// Begins a call: a new epoch, a full budget. Whoever ended the last one has taken its trap.
    #[inline(always)]
    pub(crate) fn begin(&mut self, fuel: i64) {
        self.settle();
        self.is_used = true;
        debug_assert!(self.ctx.trap_kind == 0 || self.broken, "a trap was left");
        self.ctx.fuel = fuel;
        self.next_epoch();
    }

    /// What was noted so far is noted again before it is written.
    #[inline]
    pub(crate) fn next_epoch(&mut self) {
        match self.ctx.epoch.checked_add(EPOCH_STEP) {
            Some(next) => self.ctx.epoch = next,
            None => self.begin_epochs_anew(),
        }
    }

    /// After 2^48 epochs: nothing carries an old one any more.
    #[cold]
    fn begin_epochs_anew(&mut self) {
        self.data.forget_epochs();
        self.undo.forget_epochs();
        self.ctx.epoch = EPOCH_STEP;
    }

    /// Nothing has trapped, as far as the context says.
    pub(crate) fn forget_trap(&mut self) {
        self.ctx.trap_kind = 0;
        self.ctx.trap_values = NO_VALUES;
        self.ctx.trap_text = ptr::null();
    }

    /// What the call did stays.
    #[inline]
    pub(crate) fn commit(&mut self) {
        self.undo.commit(&mut self.data);
    }

    /// What the call did is taken back.
    pub(crate) fn roll_back(&mut self) {
        self.undo.rollback(&mut self.data);
    }

    /// Takes back a call that was left between its end and its commit: the host panicked while it
    /// was shown the result.
    pub(crate) fn abandon(&mut self) {
        self.roll_back();
        self.outbox.clear();
    }

    /// Shows the observer what the call wanted to tell; gives what is to be done with it.
    pub(crate) fn tell(
        &mut self,
        world: &str,
        observer: &dyn Observer,
        ending: Ending,
    ) -> Vec<Delivery> {
        let version = self.version.clone();
        self.outbox.tell(&version, world, observer, ending)
    }

    /// Puts other data of the same layout in place of the world's, between two calls; gives what
    /// was there.
    pub(crate) fn replace(&mut self, data: Data) -> Data {
        let before = std::mem::replace(&mut self.data, data);
        self.ctx.state = self.data.state.fields();
        self.ctx.tables = self.data.views.as_ptr();
        before
    }

    /// Gives back what the result of the last call may have needed, if there was one.
    #[inline(always)]
    pub(crate) fn settle(&mut self) {
        if self.is_used {
            self.is_used = false;
            self.undo.settle(&mut self.data);
            self.arena.reset(&mut self.ctx);
        }
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frame").field("epoch", &self.ctx.epoch).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use midflight_compiler::abi::EPOCH_STEP;
    use midflight_compiler::compile;
    use midflight_compiler::source::Source;

    use super::Frame;
    use crate::data::Beginning;
    use crate::limits::Limits;
    use crate::version::Version;

    #[test]
    fn epochs_begin_anew_when_they_end() {
        let source = Source::new("t.flight", "state { n: int }\ntable t { key id: int }");
        let program = compile(&source).expect("it is right");
        let limits = Limits::default();
        let version = Arc::new(Version::new(source, program));
        let mut frame = Frame::new(version, Beginning::alone(&limits)).expect("there is memory");
        frame.begin(1);
        frame.undo.note_state(&mut frame.data, frame.ctx.epoch, 0, 8);
        let first = frame.ctx.epoch;
        frame.ctx.epoch = 0_u64.wrapping_sub(2 * EPOCH_STEP);
        frame.begin(1);
        assert_eq!(frame.ctx.epoch, 0_u64.wrapping_sub(EPOCH_STEP));
        frame.begin(1);
        assert_eq!(frame.ctx.epoch, first);
        assert!(!frame.data.state.mark(0, first), "what the first one noted is not noted");
    }
}
