//! A host for tests: enters generated code, with one table and the few host functions that tests
//! reach. Any other ends the process.

#![expect(unsafe_code, reason = "calls generated code as the runtime does")]

use std::mem::transmute;
use std::process::abort;
use std::ptr::null_mut;

use super::world::{self, World};
use crate::abi::{CallContext, EPOCH_STEP, HostFunctions, RowNotes};
use crate::ir::FuncId;
use crate::jit::{Code, Site};
use crate::trap::TrapKind;

const FUNCTIONS: usize = size_of::<HostFunctions>() / 8;

/// What calls run on, and their budget.
pub(super) struct Machine {
    pub(super) world: World,
    pub(super) fuel: i64,
    pub(super) stack: i64,
}

/// The context first, as the runtime's frame has it.
#[repr(C)]
pub(super) struct Frame<'m> {
    pub(super) ctx: CallContext,
    pub(super) world: &'m mut World,
}

impl Machine {
    /// A machine whose `state` has this many bytes, all zero.
    pub(super) fn new(state_size: u32) -> Machine {
        Machine { world: World::new(state_size), fuel: 1 << 40, stack: 128 << 10 }
    }

    /// Calls a function of the program with words as arguments.
    pub(super) fn call(
        &mut self,
        code: &Code,
        function: u32,
        args: &[u64],
    ) -> Result<u64, Option<Site>> {
        let entry = code.entry(FuncId(function)).expect("the host can call it");
        let host = host();
        let mut row_notes = RowNotes { next: null_mut(), end: null_mut(), left_at: null_mut() };
        let ctx = CallContext {
            fuel: self.fuel,
            state: self.world.state(),
            epoch: EPOCH_STEP,
            host: &raw const host,
            tables: &raw const self.world.view,
            now: 0,
            stack: self.stack,
            trap_site: u32::MAX,
            trap_kind: 0,
            trap_values: [0; 2],
            trap_text: std::ptr::null(),
            trap_status: 0,
            reserved: 0,
            arena_next: std::ptr::null_mut(),
            arena_end: std::ptr::null_mut(),
            // Without room: every note is asked of the host, which writes down what it was told.
            row_notes: &raw mut row_notes,
        };
        let mut frame = Frame { ctx, world: &mut self.world };
        let mut result = [0_u64; 8];
        let out = (&raw mut result).cast();
        // SAFETY: the context, the arguments and the result are laid out as `abi` says and live
        // until the call has ended; `code` holds the machine code.
        let status = unsafe { entry((&raw mut frame).cast(), args.as_ptr().cast(), out) };
        self.fuel = frame.ctx.fuel;
        match status {
            0 => Ok(result[0]),
            _ => Err(code.sites().get(frame.ctx.trap_site as usize).copied()),
        }
    }

    /// The kind of the trap that the call ends with, if it does.
    pub(super) fn trap(&mut self, code: &Code, function: u32, args: &[u64]) -> Option<TrapKind> {
        self.call(code, function, args).err().flatten().map(|site| site.kind)
    }
}

/// A table whose functions all end the process, but those of [`world`].
fn host() -> HostFunctions {
    extern "C" fn unknown() {
        abort()
    }
    let addresses = [unknown as extern "C" fn() as usize; FUNCTIONS];
    // SAFETY: the table is an array of function addresses; `unknown` reads no argument and never
    // returns, so that it stands in for any of them.
    let mut host = unsafe { transmute::<[usize; FUNCTIONS], HostFunctions>(addresses) };
    world::fill(&mut host);
    host
}
