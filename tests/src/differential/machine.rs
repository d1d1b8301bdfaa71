//! A program in an engine: loads it under some settings and plays a script.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use midflight_compiler::settings::Settings;
use midflight_compiler::source::Source;
use midflight_runtime::{
    ArgumentError, Arguments, Delivery, Engine, Event, Limits, LoadError, LogLine, MAIN_WORLD,
    Observer, Slot, Trap, WriteError,
};

use super::observed::{Observed, Outcome, Trapped};
use super::show;
use crate::generate::script::{Call, Step};
use crate::generate::value::Value;

/// The time at which every script begins.
pub(super) const START_MS: i64 = 1_000_000;

/// The fuel of a call: far more than programs take that come to an end.
pub(super) const FUEL_MAX: i64 = 50_000;

/// The fuel of `on load`, and of all tests together.
pub(super) const TEST_FUEL_MAX: i64 = 100_000;

/// An engine with one program in it.
pub(super) struct Machine {
    engine: Engine,
    now_ms: Arc<AtomicI64>,
    told: Arc<Mutex<Vec<String>>>,
}

/// Writes down what leaves a world.
struct Recorder(Arc<Mutex<Vec<String>>>);

impl Recorder {
    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Recorder {
    fn event(&self, event: &Event<'_>) -> Option<Delivery> {
        self.lines().push(format!("event {} {}", event.name, show::view(event.fields)));
        None
    }

    fn log(&self, line: &LogLine<'_>) -> Option<Delivery> {
        let mark = if line.rolled_back { " (rolled back)" } else { "" };
        self.lines().push(format!("log {:?}{mark}", line.text));
        None
    }

    fn timer_trapped(&self, _: &str, timer: &str, trap: &Trap) -> Option<Delivery> {
        self.lines().push(format!("timer {timer}: {}", trapped(trap)));
        None
    }
}

impl Machine {
    /// Loads a program; what `on load` told is the first observation.
    ///
    /// # Errors
    /// Why it was refused.
    pub(super) fn start(source: &Source, settings: Settings) -> Result<Machine, String> {
        let machine = Machine::new(settings);
        match machine.engine.load(source.text()) {
            Ok(_) => Ok(machine),
            Err(LoadError::OnLoad(failed)) => Err(trapped(&failed.trap).to_string()),
            Err(error) => Err(refused(&error)),
        }
    }

    fn new(settings: Settings) -> Machine {
        let now_ms = Arc::new(AtomicI64::new(START_MS));
        let told = Arc::new(Mutex::new(Vec::new()));
        let limits =
            Limits { fuel_max: FUEL_MAX, test_fuel_max: TEST_FUEL_MAX, ..Limits::default() };
        let clock = now_ms.clone();
        let engine = Engine::builder()
            .memory()
            .limits(limits)
            .code(settings.limits(crate::patient()))
            .clock(move || clock.load(Ordering::Relaxed))
            .observer(Recorder(told.clone()))
            .build()
            .expect("memory needs no store");
        Machine { engine, now_ms, told }
    }

    /// How the tests of a program end: nothing, or the trap.
    ///
    /// # Errors
    /// Why it was refused.
    pub(super) fn tests(source: &Source, settings: Settings) -> Result<Vec<String>, String> {
        let machine = Machine::new(settings);
        let report = machine.engine.test(source.clone()).map_err(|error| refused(&error))?;
        let results = report.results.iter();
        Ok(results
            .map(|test| match &test.trap {
                None => "passed".to_owned(),
                Some(trap) => trapped(trap).to_string(),
            })
            .collect())
    }

    /// Bytes that the world takes.
    pub(super) fn memory_taken(&self) -> Option<usize> {
        self.engine.memory_taken(MAIN_WORLD)
    }

    /// What is there before the first step.
    pub(super) fn begin(&self) -> Observed {
        Observed { told: self.take_told(), image: self.image(), ..Observed::default() }
    }

    /// Does what a step says.
    pub(super) fn play(&self, step: &Step) -> Observed {
        self.play_with(step, FUEL_MAX)
    }

    /// Does what a step says, a call with this much fuel.
    pub(super) fn play_with(&self, step: &Step, fuel_max: i64) -> Observed {
        let (outcome, fuel) = match step {
            Step::Wait(milliseconds) => {
                let now = self.now_ms.fetch_add(*milliseconds, Ordering::Relaxed) + milliseconds;
                let _ = self.engine.run_due(now);
                (None, None)
            }
            Step::Call(call) => {
                let (outcome, fuel) = self.call(call, fuel_max);
                (Some(outcome), fuel)
            }
        };
        Observed { outcome, fuel, told: self.take_told(), image: self.image() }
    }

    fn call(&self, call: &Call, fuel_max: i64) -> (Outcome, Option<i64>) {
        let called = self.engine.enter(MAIN_WORLD, |turn| {
            turn.limit_fuel(fuel_max);
            let outcome = match turn.call(&call.handler, |arguments| bind(call, arguments)) {
                Ok(midflight_runtime::Outcome::Done(value)) => Outcome::Returned(show::view(value)),
                Ok(midflight_runtime::Outcome::Trapped(trap)) => Outcome::Trapped(trapped(&trap)),
                Err(error) => Outcome::Refused(error.to_string()),
            };
            let fuel = matches!(outcome, Outcome::Returned(_)).then(|| turn.fuel_used());
            (outcome, fuel)
        });
        called.unwrap_or_else(|error| (Outcome::Refused(error.to_string()), None))
    }

    /// The world's canonical bytes.
    pub(super) fn image(&self) -> Vec<u8> {
        self.engine.enter(MAIN_WORLD, |turn| turn.image()).unwrap_or_default()
    }

    fn take_told(&self) -> Vec<String> {
        std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn refused(error: &LoadError) -> String {
    let LoadError::Source { diagnostics, .. } = error else { return error.to_string() };
    let messages =
        diagnostics.iter().map(|found| format!("{} {}", found.code.name(), found.message));
    messages.collect::<Vec<_>>().join("; ")
}

fn trapped(trap: &Trap) -> Trapped {
    Trapped {
        kind: trap.kind.name(),
        position: (trap.position.line, trap.position.column),
        message: trap.message.clone(),
        status: trap.status,
    }
}

fn bind(call: &Call, arguments: &mut Arguments<'_>) -> Result<(), ArgumentError> {
    for (name, value) in &call.arguments {
        let mut slot = arguments.slot(name)?;
        let expected = slot.type_name();
        write(&mut slot, value).map_err(|_| ArgumentError::WrongType {
            name: name.clone(),
            expected,
            found: format!("{value:?}"),
        })?;
    }
    Ok(())
}

fn write(slot: &mut Slot<'_>, value: &Value) -> Result<(), WriteError> {
    match value {
        Value::Int(value) => slot.write_int(*value),
        Value::Float(value) => slot.write_float(*value),
        Value::Bool(value) => slot.write_bool(*value),
        Value::Text(text) => slot.write_text(text),
        Value::Struct(values) => write_fields(slot, values),
        Value::Variant(chosen, payload) => {
            let name = slot.variants().nth(*chosen).ok_or(WriteError::WrongType)?;
            if !slot.choose(name) {
                return Err(WriteError::WrongType);
            }
            write_fields(slot, payload)
        }
        Value::None => Ok(()),
        Value::Some(value) => write(&mut slot.some().ok_or(WriteError::WrongType)?, value),
        Value::List(values) => {
            for value in values {
                write(&mut slot.push()?, value)?;
            }
            slot.end_list()
        }
    }
}

fn write_fields(slot: &mut Slot<'_>, values: &[Value]) -> Result<(), WriteError> {
    for (index, value) in values.iter().enumerate() {
        write(&mut slot.field(index).ok_or(WriteError::WrongType)?, value)?;
    }
    Ok(())
}
