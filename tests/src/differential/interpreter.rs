//! A program in the reference interpreter: what an engine does around calls (arguments, `on load`,
//! timers, what is told) by other means.

use midflight_compiler::check::Checked;
use midflight_compiler::ir::{Const, FuncId, Handler};
use midflight_compiler::source::Source;
use midflight_compiler::types::TableId;

use super::machine::{FUEL_MAX, START_MS, TEST_FUEL_MAX};
use super::observed::{Observed, Outcome, Trapped};
use super::show;
use crate::generate::script::{Call, Step};
use crate::generate::value::Value as Argument;
use crate::reference::suite::run_tests;
use crate::reference::trap::Trap;
use crate::reference::value::Value;
use crate::reference::{Budget, Program, World};

/// A world, and what an engine keeps beside it.
pub(super) struct Interpreter<'p> {
    program: Program<'p>,
    world: World,
    now_ms: i64,
    /// By name.
    timers: Vec<Timer>,
    told: Vec<String>,
}

struct Timer {
    name: String,
    period_ms: i64,
    due_ms: i64,
    function: FuncId,
    table: Option<TableId>,
}

impl<'p> Interpreter<'p> {
    /// A world at its beginning, after `on load`.
    ///
    /// # Errors
    /// The trap of `on load`.
    pub(super) fn start(source: &'p Source, checked: &'p Checked) -> Result<Self, String> {
        let program = program(source, checked);
        let timers = checked.program.timers.iter().map(|timer| Timer {
            name: timer.name.clone(),
            period_ms: timer.period_ms,
            due_ms: START_MS.saturating_add(timer.period_ms),
            function: timer.function,
            table: timer.table,
        });
        let mut timers: Vec<Timer> = timers.collect();
        timers.sort_by(|one, other| one.name.cmp(&other.name));
        let world = World::new(&program, 0);
        let mut interpreter =
            Interpreter { program, world, now_ms: START_MS, timers, told: Vec::new() };
        if let Some(on_load) = checked.program.on_load {
            let (outcome, _) = interpreter.run(on_load, Vec::new(), TEST_FUEL_MAX);
            if let Err(trap) = outcome {
                return Err(interpreter.trapped(&trap).to_string());
            }
        }
        Ok(interpreter)
    }

    /// How the tests of a program end: nothing, or the trap.
    pub(super) fn tests(source: &Source, checked: &Checked) -> Vec<String> {
        let tests = run_tests(&program(source, checked), &Budget::of_fuel(TEST_FUEL_MAX));
        tests
            .iter()
            .map(|test| match &test.trap {
                None => "passed".to_owned(),
                Some(trap) => reported(source, trap).to_string(),
            })
            .collect()
    }

    /// What is there before the first step.
    pub(super) fn begin(&mut self) -> Observed {
        Observed {
            told: std::mem::take(&mut self.told),
            image: self.image(),
            ..Observed::default()
        }
    }

    /// Does what a step says.
    pub(super) fn play(&mut self, step: &Step) -> Observed {
        self.play_with(step, FUEL_MAX)
    }

    /// Does what a step says, a call with this much fuel.
    pub(super) fn play_with(&mut self, step: &Step, fuel_max: i64) -> Observed {
        let (outcome, fuel) = match step {
            Step::Wait(milliseconds) => {
                self.now_ms += milliseconds;
                while self.tick() {}
                (None, None)
            }
            Step::Call(call) => {
                let (outcome, fuel) = self.call(call, fuel_max);
                (Some(outcome), fuel)
            }
        };
        Observed { outcome, fuel, told: std::mem::take(&mut self.told), image: self.image() }
    }

    fn image(&self) -> Vec<u8> {
        self.world.image(&self.program)
    }

    fn call(&mut self, call: &Call, fuel_max: i64) -> (Outcome, Option<i64>) {
        let handlers = &self.program.ir.handlers;
        let Some(handler) = handlers.iter().find(|handler| handler.name == call.handler) else {
            return (Outcome::Refused(format!("unknown handler `{}`", call.handler)), None);
        };
        let Some(arguments) = self.bind(handler, call) else {
            return (Outcome::Refused("a missing or unknown argument".to_owned()), None);
        };
        let (result, fuel_left) = self.run(handler.function, arguments, fuel_max);
        match result {
            Ok(value) => {
                let shown = show::value(&self.program, &self.world, &value, self.result(handler));
                (Outcome::Returned(shown), Some(fuel_max - fuel_left))
            }
            Err(trap) => (Outcome::Trapped(self.trapped(&trap)), None),
        }
    }

    fn result(&self, handler: &Handler) -> midflight_compiler::types::Type {
        self.program.ir.function(handler.function).result
    }

    /// The arguments in the order of the parameters; defaults where none is given.
    fn bind(&self, handler: &Handler, call: &Call) -> Option<Vec<Value>> {
        let function = self.program.ir.function(handler.function);
        let params = function.locals.iter().take(function.param_count);
        params
            .zip(&handler.defaults)
            .map(|(param, default)| {
                let given = call.arguments.iter().find(|(name, _)| *name == param.name);
                match given {
                    Some((_, value)) => Some(argument(value)),
                    None => default.as_ref().map(|default: &Const| Value::of_const(default)),
                }
            })
            .collect()
    }

    fn run(
        &mut self,
        function: FuncId,
        arguments: Vec<Value>,
        fuel: i64,
    ) -> (Result<Value, Trap>, i64) {
        let budget = Budget { now_ms: self.now_ms, ..Budget::of_fuel(fuel) };
        let outcome = self.world.call(&self.program, function, arguments, &budget);
        let mark = if outcome.result.is_err() { " (rolled back)" } else { "" };
        self.told.extend(outcome.logs.iter().map(|line| format!("log {line:?}{mark}")));
        for (name, fields) in &outcome.events {
            let event = self.program.ir.events.iter().find(|event| event.name == *name);
            let Some(event) = event else { continue };
            let ty = midflight_compiler::types::Type::Struct(event.fields);
            let fields = show::value(&self.program, &self.world, fields, ty);
            self.told.push(format!("event {name} {fields}"));
        }
        (outcome.result, outcome.fuel_left)
    }

    /// Runs the timer that is due longest; tells whether one was.
    fn tick(&mut self) -> bool {
        let due = self.timers.iter_mut().filter(|timer| timer.due_ms <= self.now_ms);
        let Some(timer) = due.min_by_key(|timer| timer.due_ms) else { return false };
        let missed = (self.now_ms - timer.due_ms) / timer.period_ms;
        timer.due_ms += (missed + 1) * timer.period_ms;
        let (name, function) = (timer.name.clone(), timer.function);
        let Some(table) = timer.table else {
            self.run_timer(&name, function, Vec::new());
            return true;
        };
        for row in self.world.rows(table) {
            let Value::Row(reference) = row else { unreachable!("rows are references") };
            if self.world.tables[table.index()].row(reference).is_some() {
                self.run_timer(&name, function, vec![row]);
            }
        }
        true
    }

    fn run_timer(&mut self, name: &str, function: FuncId, arguments: Vec<Value>) {
        if let (Err(trap), _) = self.run(function, arguments, FUEL_MAX) {
            let trap = self.trapped(&trap);
            self.told.push(format!("timer {name}: {trap}"));
        }
    }

    fn trapped(&self, trap: &Trap) -> Trapped {
        reported(self.program.source, trap)
    }
}

fn program<'p>(source: &'p Source, checked: &'p Checked) -> Program<'p> {
    Program { source, ir: &checked.program, layouts: &checked.layouts }
}

fn reported(source: &Source, trap: &Trap) -> Trapped {
    let position = source.position(trap.span.start);
    Trapped {
        kind: trap.kind.name(),
        position: (position.line, position.column),
        message: trap.message.clone(),
        status: trap.status,
    }
}

fn argument(value: &Argument) -> Value {
    let all = |values: &[Argument]| values.iter().map(argument).collect();
    match value {
        Argument::Int(value) => Value::Int(*value),
        Argument::Float(value) => Value::Float(*value),
        Argument::Bool(value) => Value::Bool(*value),
        Argument::Text(text) => Value::text(text),
        Argument::Struct(values) => Value::Struct(all(values)),
        Argument::Variant(chosen, payload) => Value::Variant(*chosen as u32, all(payload)),
        Argument::None => Value::None,
        Argument::Some(value) => Value::Some(Box::new(argument(value))),
        Argument::List(values) => Value::List(all(values)),
    }
}
