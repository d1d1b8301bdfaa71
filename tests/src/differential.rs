//! The differential tests: generated programs run in the reference interpreter and as machine code
//! at every setting, and everything that can be seen of them must agree: results, traps and where
//! they are reported, events, lines of the log, every byte of the world, and fuel.

pub mod campaign;
pub mod isolated;
pub mod observed;
pub mod progress;
pub mod teeth;
pub mod undo;

mod coverage;
mod interpreter;
mod machine;
mod show;
mod watched;

use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use midflight_compiler::diag::{Code, Severity};
use midflight_compiler::settings::{Allocation, Optimisation, Settings};
use midflight_compiler::source::Source;

use crate::generate::Generated;
use crate::generate::script::Step;
use interpreter::Interpreter;
use machine::Machine;
use observed::{Aspect, Observed};

/// The ways in which machine code is made.
const SETTINGS: [(Optimisation, Allocation); 4] = [
    (Optimisation::Speed, Allocation::BySize),
    (Optimisation::None, Allocation::BySize),
    (Optimisation::Speed, Allocation::SinglePass),
    (Optimisation::None, Allocation::SinglePass),
];

/// Bytes of a world's image with which a script ends.
const WORLD_LEN_MAX: usize = 16 << 10;

/// Which of the settings a program runs at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machines {
    /// At the one that servers use.
    One,
    /// At that and at one of the others, which takes turns.
    Two(u64),
    /// At all of them.
    All,
}

impl Machines {
    /// The settings for the program of a seed: every second one runs at two, every tenth at all.
    pub fn of(seed: u64) -> Machines {
        match seed {
            _ if seed.is_multiple_of(10) => Machines::All,
            _ if seed.is_multiple_of(2) => Machines::Two(seed / 2),
            _ => Machines::One,
        }
    }
}

/// A program that did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure it is: what a smaller program must show as well.
    pub kind: FailureKind,
    /// What happened, for people.
    pub text: String,
}

/// The kinds of failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The checker refuses the program, with this code first.
    Refused(String),
    /// Something panicked, here.
    Panicked(String),
    /// Interpreter and machine differ in this aspect.
    Differs(Aspect),
    /// They differ in whether the program can be loaded, or in how its tests end.
    LoadDiffers,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Runs a program everywhere; gives what the interpreter saw.
///
/// # Errors
/// The first failure. A panic is one.
pub fn examine(generated: &Generated, machines: Machines) -> Result<Vec<Observed>, Failure> {
    caught(|| compare(generated, machines))
}

/// Does something, and makes a failure of a panic.
fn caught<T>(action: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(action)).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().cloned();
        let message = message.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
        let message = message.unwrap_or_default();
        let text = format!("a panic: {message}");
        Err(Failure { kind: FailureKind::Panicked(message), text })
    })
}

fn compare(generated: &Generated, machines: Machines) -> Result<Vec<Observed>, Failure> {
    let source = Source::new("generated.flight", generated.source());
    let checked = match midflight_compiler::check(&source) {
        Ok(checked) => checked,
        // The generator does not count how much stack its programs need.
        Err(found) if is_too_deep(&found) => return Ok(Vec::new()),
        Err(found) => return Err(refused(&source, &found)),
    };
    let settings: Vec<Settings> = chosen(machines);
    compare_tests(generated, &settings[tested(machines)])?;
    let mut interpreter = Interpreter::start(&source, &checked);
    let mut seen: Vec<Observed> = Vec::new();
    if let Ok(interpreter) = &mut interpreter {
        seen = play(interpreter.begin(), &generated.script, |step| interpreter.play(step));
    }
    for &settings in &settings {
        let machine = Machine::start(&source, settings);
        let machine = match (machine, &interpreter) {
            (Ok(machine), Ok(_)) => machine,
            (Err(one), Err(other)) if one == *other => continue,
            // Frames are larger with this allocator: what calls itself may need too much stack.
            (Err(one), _) if one.starts_with("E0619") && is_single_pass(settings) => continue,
            (machine, interpreter) => {
                let machine = machine.err().unwrap_or_else(|| "loads".to_owned());
                let reference = interpreter.as_ref().err();
                let reference = reference.map_or("loads", String::as_str);
                return Err(load_differs(settings, (reference, &machine)));
            }
        };
        agrees(&seen[0], &machine.begin(), ("the load", settings))?;
        for (step, expected) in generated.script.iter().zip(&seen[1..]) {
            agrees(expected, &machine.play(step), (&step.to_string(), settings))?;
        }
    }
    Ok(seen)
}

/// Plays a script from what is there before it, as long as the world is small: a timer that inserts
/// a row for each row doubles it with every tick.
fn play(
    before: Observed,
    script: &[Step],
    mut step: impl FnMut(&Step) -> Observed,
) -> Vec<Observed> {
    let mut seen = vec![before];
    for next in script {
        if seen.last().is_some_and(|last| last.image.len() > WORLD_LEN_MAX) {
            break;
        }
        seen.push(step(next));
    }
    seen
}

fn chosen(machines: Machines) -> Vec<Settings> {
    let settings = SETTINGS.map(|(optimisation, allocation)| {
        Settings::default().optimisation(optimisation).allocation(allocation)
    });
    match machines {
        Machines::All => settings.to_vec(),
        Machines::One => vec![settings[0]],
        Machines::Two(turn) => vec![settings[0], settings[1 + (turn % 3) as usize]],
    }
}

/// Which of the chosen settings the program's tests run at: they are compiled once more, so where
/// there are two it is one of them, in turn.
fn tested(machines: Machines) -> Range<usize> {
    match machines {
        Machines::All => 0..SETTINGS.len(),
        Machines::One => 0..1,
        Machines::Two(turn) => {
            let index = (turn / 3 % 2) as usize;
            index..index + 1
        }
    }
}

fn compare_tests(generated: &Generated, settings: &[Settings]) -> Result<(), Failure> {
    let Some(text) = generated.source_with_tests() else { return Ok(()) };
    let source = Source::new("generated.flight", text);
    let checked = match midflight_compiler::check(&source) {
        Ok(checked) => checked,
        Err(found) if is_too_deep(&found) => return Ok(()),
        Err(found) => return Err(refused(&source, &found)),
    };
    let reference = Interpreter::tests(&source, &checked).join("; ");
    for &settings in settings {
        let machine = Machine::tests(&source, settings).map(|tests| tests.join("; "));
        let machine = machine.unwrap_or_else(|reason| reason);
        let is_too_large = machine.starts_with("E0619") && is_single_pass(settings);
        if machine != reference && !is_too_large {
            return Err(load_differs(settings, (&reference, &machine)));
        }
    }
    Ok(())
}

/// The settings in a few words.
fn named(settings: Settings) -> String {
    format!("{:?} and {:?}", settings.optimisation, settings.allocation)
}

fn is_single_pass(settings: Settings) -> bool {
    settings.allocation == Allocation::SinglePass
}

/// Whether a program was not run because it needs more stack than there is.
fn needs_too_much_stack(generated: &Generated) -> bool {
    let source = Source::new("generated.flight", generated.source());
    midflight_compiler::check(&source).is_err_and(|found| is_too_deep(&found))
}

/// Whether all that is wrong with a program is that a function needs more stack than there is.
fn is_too_deep(found: &[midflight_compiler::diag::Diagnostic]) -> bool {
    let mut errors = found.iter().filter(|found| found.code.severity() == Severity::Error);
    errors.all(|error| error.code == Code::E0613)
}

fn refused(source: &Source, found: &[midflight_compiler::diag::Diagnostic]) -> Failure {
    let errors = found.iter().filter(|diagnostic| diagnostic.code.severity() == Severity::Error);
    let first = errors.clone().next().map(|first| first.code.name().to_owned());
    let shown = errors.map(|error| {
        let at = source.position(error.span.start);
        let line = source.text().lines().nth(at.line as usize - 1).unwrap_or_default();
        format!("{}:{} {} {}\n{line}", at.line, at.column, error.code.name(), error.message)
    });
    let text = format!("the checker refuses it: {}", shown.collect::<Vec<_>>().join("; "));
    Failure { kind: FailureKind::Refused(first.unwrap_or_default()), text }
}

fn load_differs(settings: Settings, (reference, machine): (&str, &str)) -> Failure {
    let text = format!("at {}\n  reference: {reference}\n  machine:   {machine}", named(settings));
    Failure { kind: FailureKind::LoadDiffers, text }
}

fn agrees(
    expected: &Observed,
    found: &Observed,
    (step, settings): (&str, Settings),
) -> Result<(), Failure> {
    let Some(aspect) = expected.differs(found) else { return Ok(()) };
    let (reference, machine) = (expected.show(aspect), found.show(aspect));
    let text = format!(
        "{aspect:?} after `{step}`, at {}\n  reference: {reference}\n  machine:   {machine}",
        named(settings)
    );
    Err(Failure { kind: FailureKind::Differs(aspect), text })
}

/// The steps of a script as text.
pub fn written(script: &[Step]) -> String {
    script.iter().map(|step| format!("> {step}\n")).collect()
}
