//! What a body can name where the generator stands.

use super::Generator;
use super::ty::Ty;

/// A parameter or a local.
#[derive(Clone, Debug)]
pub(super) struct Local {
    pub(super) name: String,
    pub(super) ty: Ty,
    pub(super) change: Change,
    /// What it is known to be below, and not negative: the counter of a loop.
    pub(super) below: Option<Below>,
}

/// Whether a local can be assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// `var`
    Free,
    /// Everything else.
    Fixed,
    /// A `var` that keeps a loop from running forever.
    Reserved,
    /// A row that was removed.
    Dead,
}

/// An upper end that is not reached.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Below {
    /// A number.
    Number(usize),
    /// The length of the list that is written so.
    LenOf(String),
}

impl Generator {
    /// A name that nothing else in the program has.
    pub(super) fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// Declares a local that does not change.
    pub(super) fn fixed(&mut self, name: &str, ty: &Ty) {
        self.declare(name, ty, Change::Fixed);
    }

    pub(super) fn declare(&mut self, name: &str, ty: &Ty, change: Change) {
        let (name, ty) = (name.to_owned(), ty.clone());
        self.locals.push(Local { name, ty, change, below: None });
    }

    /// Does something in a scope of its own.
    pub(super) fn scoped<T>(&mut self, action: impl FnOnce(&mut Generator) -> T) -> T {
        let outer = self.locals.len();
        let result = action(self);
        self.locals.truncate(outer);
        result
    }

    /// Whether this step is left without its guard.
    pub(super) fn risky(&mut self) -> bool {
        let risk = self.swarm.risk;
        self.random.chance(risk)
    }

    /// As [`Generator::risky`], for steps that mostly trap without their guard.
    pub(super) fn rarely_risky(&mut self) -> bool {
        self.risky() && self.random.chance(25)
    }
}
