//! Calls that are cut short: each call of a script is tried with every small budget of fuel and with
//! each of its allocations failing. What trapped must leave the world as it was, byte for byte, and
//! the script must go on as if nothing had been tried. With some budgets of fuel the interpreter is
//! asked how the call ends.

use midflight_compiler::planted::fail_allocation_after;
use midflight_compiler::settings::Settings;
use midflight_compiler::source::Source;

use super::interpreter::Interpreter;
use super::machine::{FUEL_MAX, Machine};
use super::observed::{Aspect, Observed, Outcome};
use super::{Failure, FailureKind, caught};
use crate::generate::Generated;
use crate::generate::script::Step;

/// Supplies that are all tried of a call, one after the other; above, about every eighth more is. Of
/// a call that returns, every budget of fuel up to what it uses is tried.
const SUPPLIES_DENSE: i64 = 2_000;

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    /// Allocations of one call that are made to fail, one after the other.
    allocations_max: i64,
    /// Whether the interpreter is asked.
    asks: bool,
}

/// The short form.
pub(super) const SHORT: Extent = Extent { allocations_max: 100, asks: false };

/// The same with the interpreter.
pub(super) const AGREED: Extent = Extent { asks: true, ..SHORT };

/// The long form: more allocations than calls make that come to an end.
pub(super) const IN_FULL: Extent = Extent { allocations_max: 20_000, asks: true };

/// What a sweep has done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Swept {
    /// Calls that were made.
    pub calls: u64,
    /// Calls that trapped for want of fuel or memory.
    pub cut_short: u64,
    /// Calls that came to their own end.
    pub finished: u64,
}

/// What is made to run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shortage {
    Fuel,
    Memory,
}

/// Plays a script twice, once with every call short of fuel first, once short of memory: so many of
/// its allocations fail.
///
/// # Errors
/// What a call left behind that was cut short, or what went otherwise after it.
pub(super) fn sweep(generated: &Generated, extent: Extent) -> Result<Swept, Failure> {
    let source = Source::new("generated.flight", generated.source());
    caught(|| {
        let mut swept = Swept::default();
        // What cannot be loaded is the business of the other tests.
        let Some(plain) = play(&source, &generated.script) else { return Ok(swept) };
        let Ok(checked) = midflight_compiler::check(&source) else { return Ok(swept) };
        for shortage in [Shortage::Fuel, Shortage::Memory] {
            let reference = match shortage {
                Shortage::Fuel if extent.asks => Interpreter::start(&source, &checked).ok(),
                _ => None,
            };
            let allocations_max = extent.allocations_max;
            let swept_now = Sweep { shortage, allocations_max, reference, swept: &mut swept };
            swept_now.run(&source, &generated.script, &plain)?;
        }
        Ok(swept)
    })
}

/// A script as it goes when no call is cut short.
struct Plain {
    /// What was there at the beginning, and after each step.
    seen: Vec<Observed>,
    /// Bytes that the world takes at the end.
    memory: Option<usize>,
}

fn play(source: &Source, script: &[Step]) -> Option<Plain> {
    let machine = Machine::start(source, Settings::default()).ok()?;
    let seen = super::play(machine.begin(), script, |step| machine.play(step));
    Some(Plain { seen, memory: machine.memory_taken() })
}

struct Sweep<'s> {
    shortage: Shortage,
    allocations_max: i64,
    /// Who knows how a call ends that is short of fuel.
    reference: Option<Interpreter<'s>>,
    swept: &'s mut Swept,
}

impl Sweep<'_> {
    fn run(mut self, source: &Source, script: &[Step], plain: &Plain) -> Result<(), Failure> {
        let machine = Machine::start(source, Settings::default());
        let Ok(machine) = machine else { return Ok(()) };
        let _ = machine.begin();
        if let Some(reference) = &mut self.reference {
            let _ = reference.begin();
        }
        for (step, pair) in script.iter().zip(plain.seen.windows(2)) {
            let [before, after] = pair else { continue };
            let found = match step {
                Step::Call(_) => self.call(&machine, step, (before, after))?,
                Step::Wait(_) => self.whole(&machine, step),
            };
            self.compare(step, after, &found)?;
        }
        self.compare_memory(plain.memory, machine.memory_taken())
    }

    fn compare_memory(&self, plain: Option<usize>, swept: Option<usize>) -> Result<(), Failure> {
        if plain == swept {
            return Ok(());
        }
        let what = format!("calls short of {:?} left memory behind", self.shortage);
        let text = format!("{what}\n  without them: {plain:?}\n  with them:    {swept:?}");
        Err(Failure { kind: FailureKind::Differs(Aspect::Memory), text })
    }

    /// Tries a call with less than it needs, more and more, until it comes to its own end.
    fn call(
        &mut self,
        machine: &Machine,
        step: &Step,
        (before, after): (&Observed, &Observed),
    ) -> Result<Observed, Failure> {
        let mut supply = 0;
        while supply < self.most(after) {
            let found = self.attempt(machine, step, supply);
            self.swept.calls += 1;
            let was_asked = self.ask(step, supply, &found)?;
            if !self.is_cut_short(&found) {
                self.swept.finished += 1;
                if found.outcome == after.outcome && !is_trap(&found) {
                    if let Some(reference) = self.reference.as_mut().filter(|_| !was_asked) {
                        let _ = reference.play(step);
                    }
                    return Ok(found);
                }
                // It trapped before it ran short; a larger supply changes nothing.
                self.unchanged(step, supply, (before, &found))?;
                break;
            }
            self.swept.cut_short += 1;
            self.unchanged(step, supply, (before, &found))?;
            supply = self.next(supply, after);
        }
        self.swept.calls += 1;
        self.swept.finished += 1;
        Ok(self.whole(machine, step))
    }

    /// Does a step with all that it needs.
    fn whole(&mut self, machine: &Machine, step: &Step) -> Observed {
        if let Some(reference) = &mut self.reference {
            let _ = reference.play(step);
        }
        machine.play(step)
    }

    /// Now and then, asks the interpreter how a call ends with this much fuel; tells whether it did.
    fn ask(&mut self, step: &Step, supply: i64, found: &Observed) -> Result<bool, Failure> {
        let Some(reference) = self.reference.as_mut().filter(|_| is_asked(supply)) else {
            return Ok(false);
        };
        let expected = reference.play_with(step, supply);
        self.compare(step, &expected, found)?;
        Ok(true)
    }

    /// Whether a call ended for want of what it is short of, in its arguments too.
    fn is_cut_short(&self, found: &Observed) -> bool {
        match (&found.outcome, self.shortage) {
            (Some(Outcome::Trapped(trap)), Shortage::Fuel) => trap.kind == "out_of_fuel",
            (Some(Outcome::Trapped(trap)), Shortage::Memory) => {
                matches!(trap.kind, "out_of_memory" | "world_full")
            }
            (Some(Outcome::Refused(_)), _) => true,
            _ => false,
        }
    }

    fn attempt(&self, machine: &Machine, step: &Step, supply: i64) -> Observed {
        match self.shortage {
            Shortage::Fuel => machine.play_with(step, supply),
            Shortage::Memory => {
                fail_allocation_after(Some(supply as u64));
                let found = machine.play(step);
                fail_allocation_after(None);
                found
            }
        }
    }

    /// The supply with which a call surely comes to its own end.
    fn most(&self, after: &Observed) -> i64 {
        match self.shortage {
            Shortage::Fuel => after.fuel.unwrap_or(FUEL_MAX),
            Shortage::Memory => self.allocations_max,
        }
    }

    fn next(&self, supply: i64, after: &Observed) -> i64 {
        let is_dense = self.shortage == Shortage::Fuel && after.fuel.is_some();
        if supply < SUPPLIES_DENSE || is_dense { supply + 1 } else { supply + supply / 8 }
    }

    fn unchanged(
        &self,
        step: &Step,
        supply: i64,
        (before, found): (&Observed, &Observed),
    ) -> Result<(), Failure> {
        if found.image == before.image {
            return Ok(());
        }
        let expected = before.show(Aspect::Image);
        let found = found.show(Aspect::Image);
        let what = format!("`{step}` short of {:?} at {supply} left a trace", self.shortage);
        let text = format!("{what}\n  before: {expected}\n  after:  {found}");
        Err(Failure { kind: FailureKind::Differs(Aspect::Image), text })
    }

    fn compare(&self, step: &Step, expected: &Observed, found: &Observed) -> Result<(), Failure> {
        let Some(aspect) = expected.differs(found) else { return Ok(()) };
        let (expected, found) = (expected.show(aspect), found.show(aspect));
        let what = format!("{aspect:?} of `{step}` after calls short of {:?}", self.shortage);
        let text = format!("{what}\n  without them: {expected}\n  with them:    {found}");
        Err(Failure { kind: FailureKind::Differs(aspect), text })
    }
}

/// Whether the interpreter is asked for this budget: for one of sixteen.
fn is_asked(supply: i64) -> bool {
    supply.wrapping_mul(0x5851_f42d_4c95_7f2d).cast_unsigned() >> 60 == 0
}

fn is_trap(found: &Observed) -> bool {
    matches!(found.outcome, Some(Outcome::Trapped(_)))
}
