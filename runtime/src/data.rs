//! The data of one world, without any code: what calls change, and what outlives versions.

use midflight_compiler::Program;

use crate::generator::Generator;
use crate::limits::Limits;
use crate::memory::state::StateBlock;
use crate::memory::texts::Texts;

/// The state of one world.
#[derive(Debug)]
pub(crate) struct Data {
    /// The fields of `state`.
    pub(crate) state: StateBlock,
    /// The texts that the state holds.
    pub(crate) texts: Texts,
    /// Where `random` draws from.
    pub(crate) generator: Generator,
    /// The time of the last call: it never goes back.
    pub(crate) now_ms: i64,
}

impl Data {
    /// The data of a world that has not been called yet, in the layout of `program`; its state
    /// has to be given its defaults (`Frame::initialise`).
    pub(crate) fn new(program: &Program, seed: u64, limits: &Limits) -> Data {
        let fields = program.layouts.strukt(program.ir.state);
        Data {
            state: StateBlock::new(fields.layout.size),
            texts: Texts::new(limits.world_memory_max),
            generator: Generator::new(seed),
            now_ms: 0,
        }
    }
}
