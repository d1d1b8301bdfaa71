//! The reference interpreter: what a Flight program means, written to be read.
//!
//! It walks the typed program (`midflight_compiler::ir`) over plain values and a world of plain
//! vectors. It shares nothing with code generation and nothing with the runtime: it has its own
//! memory, tables, generator and built-ins, and its undo is a copy of the world from before the
//! call. So where interpreter and machine code agree on results, traps, state, events and fuel, two
//! independent readings of the language agree.
//!
//! Where to look: [`value`] (what a value is, how values compare), `table` and `image` (the world),
//! `activation` (a running function: calls, stack, fuel), `stmt`, `loops`, `expr`, `place`,
//! `pattern`, `arithmetic`, `builtin` with `text` and `list`, `cost` (fuel that depends on values),
//! `format` (how values are written), [`trap`] (how a call ends early).
//!
//! What it does not know: memory limits, and time other than what the budget says.

mod activation;
mod arithmetic;
mod builtin;
mod compare;
mod cost;
mod expr;
mod format;
mod generator;
mod image;
mod list;
mod loops;
mod pattern;
mod place;
mod stmt;
pub mod suite;
mod table;
mod text;
pub mod trap;
pub mod value;

use midflight_compiler::ir::{self, Const, FuncId};
use midflight_compiler::layout::Layouts;
use midflight_compiler::limits::Limits;
use midflight_compiler::source::Source;
use midflight_compiler::types::{TableId, Type};
use midflight_limits::engine;

use activation::{Activation, Stop};
use generator::Generator;
use table::Table;
use trap::Trap;
use value::Value;

/// A checked program with what its traps quote and its costs are measured by.
#[derive(Clone, Copy, Debug)]
pub struct Program<'p> {
    /// The text: a trap's message repeats the step that trapped.
    pub source: &'p Source,
    /// What is run.
    pub ir: &'p ir::Program,
    /// The sizes of values, by which some steps cost fuel.
    pub layouts: &'p Layouts,
}

/// One copy of the state. A clone is a world of its own.
#[derive(Clone, Debug)]
pub struct World {
    /// The fields of `state`, as a struct.
    pub(crate) state: Value,
    /// By `TableId`.
    pub(crate) tables: Vec<Table>,
    pub(crate) generator: Generator,
    /// The time of the last call that asked for it and committed, in milliseconds since 1970.
    pub(crate) now_ms: i64,
}

/// How long values may grow.
#[derive(Clone, Copy, Debug)]
pub struct Lengths {
    /// Bytes of a text that a call makes.
    pub text: usize,
    /// Elements up to which a list grows.
    pub list: usize,
    /// Bytes of a `str` that is a key.
    pub key: usize,
    /// Rows of a table.
    pub rows: usize,
}

impl Lengths {
    /// What an engine with these limits allows.
    pub fn of(limits: &engine::Limits) -> Lengths {
        Lengths {
            text: limits.text_len_max,
            list: limits.list_len_max,
            key: limits.key_len_max,
            rows: limits.rows_max,
        }
    }
}

/// What one call may use, and what time it is.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Units of fuel.
    pub fuel: i64,
    /// Logical stack, in bytes.
    pub stack: i64,
    /// How long values may grow.
    pub lengths: Lengths,
    /// The host's clock, in milliseconds since 1970. A world's time never goes back.
    pub now_ms: i64,
}

/// How a call ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its result. Where it trapped, the world is what it was before.
    pub result: Result<Value, Trap>,
    /// Units of fuel that it left.
    pub fuel_left: i64,
    /// What it emitted, by the events' names, each a struct of its fields; nothing if it trapped.
    pub events: Vec<(String, Value)>,
    /// The lines that it wrote to the log, also if it trapped.
    pub logs: Vec<String>,
}

/// What a call is about to tell the outside.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) events: Vec<(String, Value)>,
    pub(crate) logs: Vec<String>,
}

impl Budget {
    /// This much fuel, the stack and the lengths that a call has by default, and a clock that stands
    /// at 0.
    pub fn of_fuel(fuel: i64) -> Budget {
        Budget {
            fuel,
            stack: i64::from(Limits::LARGEST.stack_max),
            lengths: Lengths::of(&engine::Limits::LARGEST),
            now_ms: 0,
        }
    }
}

impl World {
    /// A world at its beginning: the state has its defaults, the tables are empty.
    pub fn new(program: &Program<'_>, seed: u64) -> World {
        let types = &program.ir.types;
        let defaults = Const::zero(types, Type::Struct(program.ir.state));
        let defaults = defaults.expect("the state holds nothing without a default");
        World {
            state: Value::of_const(&defaults),
            tables: types.tables.iter().map(|_| Table::default()).collect(),
            generator: Generator::new(seed),
            now_ms: 0,
        }
    }

    /// Calls a function as the host does: with all of its arguments, as a transaction.
    pub fn call(
        &mut self,
        program: &Program<'_>,
        function: FuncId,
        arguments: Vec<Value>,
        budget: &Budget,
    ) -> Outcome {
        let before = self.clone();
        if program.ir.function(function).effects.reads_clock {
            self.now_ms = self.now_ms.max(budget.now_ms);
        }
        let mut outbox = Outbox::default();
        let mut call = Call {
            program: *program,
            now_ms: self.now_ms,
            world: self,
            outbox: &mut outbox,
            fuel: budget.fuel,
            lengths: budget.lengths,
        };
        let result = Activation::enter(&mut call, function, arguments, budget.stack);
        let fuel_left = call.fuel;
        let Outbox { events, logs } = outbox;
        match result {
            Ok(value) => {
                self.tables.iter_mut().for_each(Table::commit);
                Outcome { result: Ok(value), fuel_left, events, logs }
            }
            Err(Stop::Trap(trap)) => {
                *self = before;
                Outcome { result: Err(*trap), fuel_left, events: Vec::new(), logs }
            }
            Err(Stop::Return(_) | Stop::Break | Stop::Continue) => {
                unreachable!("a function takes these itself")
            }
        }
    }

    /// References to the rows of a table, in slot order: what a timer for each row runs over.
    pub fn rows(&self, table: TableId) -> Vec<Value> {
        let rows = self.tables[table.index()].in_slot_order();
        rows.into_iter().map(|row| Value::Row(row.of(table))).collect()
    }
}

/// What all activations of one call share.
pub(crate) struct Call<'p, 'w> {
    pub(crate) program: Program<'p>,
    pub(crate) world: &'w mut World,
    pub(crate) outbox: &'w mut Outbox,
    /// Units left.
    pub(crate) fuel: i64,
    pub(crate) lengths: Lengths,
    /// What `now()` gives.
    pub(crate) now_ms: i64,
}
