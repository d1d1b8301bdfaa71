//! A host for tests: enters generated code and knows the few host functions that tests reach.
//! Any other ends the process.

#![expect(unsafe_code, reason = "calls generated code as the runtime does")]

use std::mem::transmute;
use std::process::abort;

use crate::abi::{CallContext, HostFunctions, Text};
use crate::ir::FuncId;
use crate::jit::{Code, Site};
use crate::layout::{CHUNK_SIZE, state_chunks, state_epoch_offset};
use crate::trap::TrapKind;

const FUNCTIONS: usize = size_of::<HostFunctions>() / 8;

/// Room for `state` with the epochs of its chunks before it, and what was noted.
pub(super) struct Machine {
    memory: Vec<u64>,
    chunks: u32,
    pub(super) noted: Vec<(u64, u64)>,
    pub(super) fuel: i64,
    pub(super) stack: i64,
}

/// The context first, as the runtime's frame has it.
#[repr(C)]
struct Frame<'m> {
    ctx: CallContext,
    noted: &'m mut Vec<(u64, u64)>,
}

impl Machine {
    /// A machine whose `state` has this many bytes, all zero.
    pub(super) fn new(state_size: u32) -> Machine {
        let chunks = state_chunks(state_size);
        let words = chunks + chunks * CHUNK_SIZE / 8;
        let memory = vec![0; words as usize];
        Machine { memory, chunks, noted: Vec::new(), fuel: 1 << 40, stack: 128 << 10 }
    }

    /// The word of `state` at an offset.
    pub(super) fn word(&self, offset: u32) -> u64 {
        self.memory[(self.chunks + offset / 8) as usize]
    }

    /// Calls a function of the program with words as arguments.
    pub(super) fn call(
        &mut self,
        code: &Code,
        function: u32,
        args: &[u64],
    ) -> Result<u64, Option<Site>> {
        let entry = code.entry(FuncId(function)).expect("test programs have only handlers");
        let mut host = host();
        host.note_state = note_state;
        host.text_store = text_store;
        let state = self.memory[self.chunks as usize..].as_mut_ptr().cast();
        let ctx = context(&host, state, (self.fuel, self.stack));
        let mut frame = Frame { ctx, noted: &mut self.noted };
        let mut result = 0_u64;
        let out = (&raw mut result).cast();
        // SAFETY: the context, the arguments and the result are laid out as `abi` says and live
        // until the call has ended; `code` holds the machine code.
        let status = unsafe { entry((&raw mut frame).cast(), args.as_ptr().cast(), out) };
        self.fuel = frame.ctx.fuel;
        match status {
            0 => Ok(result),
            _ => Err(code.sites().get(frame.ctx.trap_site as usize).copied()),
        }
    }

    /// The kind of the trap that the call ends with.
    pub(super) fn trap(&mut self, code: &Code, function: u32, args: &[u64]) -> Option<TrapKind> {
        self.call(code, function, args).err().flatten().map(|site| site.kind)
    }
}

fn context(host: &HostFunctions, state: *mut u8, budget: (i64, i64)) -> CallContext {
    CallContext {
        fuel: budget.0,
        state,
        epoch: 1,
        host,
        tables: std::ptr::null(),
        now: 0,
        stack: budget.1,
        trap_site: u32::MAX,
        trap_kind: 0,
        trap_values: [0; 2],
        trap_text: std::ptr::null(),
        trap_status: 0,
        reserved: 0,
        arena_next: std::ptr::null_mut(),
        arena_end: std::ptr::null_mut(),
    }
}

/// A table whose functions all end the process.
fn host() -> HostFunctions {
    extern "C" fn unknown() {
        abort()
    }
    let addresses = [unknown as extern "C" fn() as usize; FUNCTIONS];
    // SAFETY: the table is an array of function addresses; `unknown` reads no argument and never
    // returns, so that it stands in for any of them.
    unsafe { transmute::<[usize; FUNCTIONS], HostFunctions>(addresses) }
}

unsafe extern "C" fn note_state(ctx: *mut CallContext, offset: u64, len: u64) {
    // SAFETY: only `Machine::call` enters generated code, with the context of a frame.
    let frame = unsafe { &mut *ctx.cast::<Frame<'_>>() };
    frame.noted.push((offset, len));
    let first = offset / u64::from(CHUNK_SIZE);
    let last = (offset + len - 1) / u64::from(CHUNK_SIZE);
    for chunk in first..=last {
        let at = state_epoch_offset(chunk as u32) as isize;
        // SAFETY: `Machine::new` made room for the epoch of every chunk before the fields.
        let epoch = unsafe { frame.ctx.state.offset(at) }.cast::<u64>();
        // SAFETY: as above, and words are aligned.
        unsafe { epoch.write(frame.ctx.epoch) };
    }
}

unsafe extern "C" fn text_store(_: *mut CallContext, slot: *mut *const Text, text: *const Text) {
    // SAFETY: generated code passes the address of a slot in `state`.
    unsafe { slot.write(text) };
}
