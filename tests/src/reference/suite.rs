//! Running a program's own tests, as the engine does before it takes a version, and comparing what
//! came out.

use midflight_compiler::limits::COMPILE_STACK_SIZE;
use midflight_compiler::source::Position;
use midflight_compiler::trap::TrapKind;
use midflight_runtime::{Engine, Limits, TestReport};

use super::trap::Trap;
use super::{Budget, Lengths, Program, World};

/// Where a test runs out of fuel, it is compared once more with this much: the interpreter would
/// take minutes to use up what a test has.
const FUEL_MAX: i64 = 1_000_000;

/// How a test ended.
#[derive(Clone, Debug)]
pub struct Tested {
    /// What ended it, where it did not pass.
    pub trap: Option<Trap>,
    /// Fuel that the test's own function used.
    pub fuel_used: i64,
}

/// Runs every test in a fresh world, after `on load` and at time 0. All of them share the budget's
/// fuel: each may use what those before it have left.
pub fn run_tests(program: &Program<'_>, budget: &Budget) -> Vec<Tested> {
    let mut fuel = budget.fuel;
    let mut tests = Vec::new();
    for test in &program.ir.tests {
        let mut world = World::new(program, 0);
        let mut outcome = None;
        for function in program.ir.on_load.into_iter().chain([test.function]) {
            let budget = Budget { fuel, now_ms: 0, ..*budget };
            let ended = world.call(program, function, Vec::new(), &budget);
            let has_trapped = ended.result.is_err();
            outcome = Some(ended);
            if has_trapped {
                break;
            }
        }
        let outcome = outcome.expect("a test is a function");
        let fuel_used = fuel - outcome.fuel_left;
        fuel -= fuel_used.clamp(0, fuel);
        tests.push(Tested { trap: outcome.result.err(), fuel_used });
    }
    tests
}

/// Runs the tests of a program that this engine has tested, and says where the two differ. What ran out of memory is not compared: the interpreter has no limits of memory.
///
/// # Errors
/// The first difference.
pub fn agree(report: &TestReport, engine: &Engine) -> Result<(), String> {
    // The checker recurses over the program.
    let compare = || compare(report, engine);
    stacker::maybe_grow(COMPILE_STACK_SIZE, COMPILE_STACK_SIZE, compare)
}

fn compare(report: &TestReport, engine: &Engine) -> Result<(), String> {
    let limits = engine.limits();
    let ran_out_of = |kind: TrapKind| {
        let traps = report.results.iter().filter_map(|test| test.trap.as_ref());
        traps.map(|trap| trap.kind).any(|found| found == kind)
    };
    if ran_out_of(TrapKind::OutOfMemory) || ran_out_of(TrapKind::WorldFull) {
        return Ok(());
    }
    if ran_out_of(TrapKind::OutOfFuel) && limits.test_fuel_max > FUEL_MAX {
        let limits = Limits { test_fuel_max: FUEL_MAX, ..limits.clone() };
        let engine = Engine::builder()
            .memory()
            .limits(limits)
            .code(engine.code())
            .build()
            .expect("memory needs no store");
        let report = engine.test(report.source.clone()).map_err(|error| error.to_string())?;
        return compare(&report, &engine);
    }
    let checked = midflight_compiler::check(&report.source)
        .map_err(|_| "the program does not compile any more".to_owned())?;
    let program =
        Program { source: &report.source, ir: &checked.program, layouts: &checked.layouts };
    let stack = i64::from(engine.code().limits.stack_max);
    let tests = run_tests(
        &program,
        &Budget { stack, lengths: Lengths::of(limits), ..Budget::of_fuel(limits.test_fuel_max) },
    );
    for (machine, reference) in report.results.iter().zip(tests) {
        let found = shown(machine.trap.as_ref().map(|trap| {
            (trap.kind, trap.message.as_str(), trap.position, trap.function.as_str(), trap.status)
        }));
        let expected = shown(reference.trap.as_ref().map(|trap| {
            let position = report.source.position(trap.span.start);
            (trap.kind, trap.message.as_str(), position, trap.function.as_str(), trap.status)
        }));
        if expected != found {
            return Err(format!(
                "test \"{}\": by the reference interpreter it {expected}; as machine code it \
                 {found}",
                machine.name
            ));
        }
        if reference.trap.is_none() && machine.fuel_used != reference.fuel_used {
            return Err(format!(
                "test \"{}\": by the reference interpreter it uses {} units of fuel; as machine \
                 code {}",
                machine.name, reference.fuel_used, machine.fuel_used
            ));
        }
    }
    Ok(())
}

fn shown(trap: Option<(TrapKind, &str, Position, &str, u16)>) -> String {
    match trap {
        None => "passes".to_owned(),
        Some((kind, message, Position { line, column }, function, status)) => format!(
            "traps: {} {message} (in `{function}`, line {line}, column {column}, status {status})",
            kind.name()
        ),
    }
}
