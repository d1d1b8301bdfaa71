//! What is done with a program: calls with their arguments, and time that passes.

use std::fmt;

use super::Generator;
use super::function::FILL;
use super::idiom::DEEPEST;
use super::ty::{Field, Ty};
use super::value::{Value, literal};

/// One thing that happens to a world.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A handler is called.
    Call(Call),
    /// So many milliseconds pass, then what is due runs.
    Wait(i64),
}

/// A call of a handler.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The handler.
    pub handler: String,
    /// The arguments that are given, by name; the others have defaults.
    pub arguments: Vec<(String, Value)>,
    /// The call as a program writes it.
    written: String,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Call(call) => f.write_str(&call.written),
            Step::Wait(milliseconds) => write!(f, "wait {milliseconds}ms"),
        }
    }
}

impl Generator {
    /// Some calls, and time between them.
    pub(super) fn script(&mut self) -> Vec<Step> {
        let count = self.random.between(3, 14);
        let waits = if self.declared.timers.is_empty() { 5 } else { 25 };
        let step = |_| match self.random.chance(waits) {
            // A clock can be set back.
            true => Step::Wait([1, 20, 49, 50, 1_000, 400_000, -30][self.random.below(7)]),
            false => Step::Call(self.handler_call()),
        };
        let mut script: Vec<Step> = (0..count).map(step).collect();
        if self.declared.goes_deepest {
            let (handler, written) = (DEEPEST.to_owned(), format!("{DEEPEST}()"));
            script.push(Step::Call(Call { handler, arguments: Vec::new(), written }));
        }
        if self.declared.functions.iter().any(|known| known.name == FILL) {
            let (handler, written) = (FILL.to_owned(), format!("{FILL}()"));
            script.insert(0, Step::Call(Call { handler, arguments: Vec::new(), written }));
        }
        script
    }

    fn handler_call(&mut self) -> Call {
        let first = self.declared.first_handler;
        let handlers: Vec<_> = self.declared.functions[first..].to_vec();
        let chosen = self.random.below(handlers.len());
        let handler = handlers[chosen].clone();
        let mut arguments = Vec::new();
        let mut written = Vec::new();
        for param in &handler.params {
            if self.is_left_out(param) {
                continue;
            }
            let value = match param.ty {
                Ty::Int | Ty::Str if self.random.chance(60) => self.key_value(&param.ty),
                _ => self.value(&param.ty),
            };
            let text = literal(&self.declared, &param.ty, &value).text();
            written.push(format!("{}: {text}", param.name));
            arguments.push((param.name.clone(), value));
        }
        let written = format!("{}({})", handler.name, written.join(", "));
        Call { handler: handler.name, arguments, written }
    }

    fn is_left_out(&mut self, param: &Field) -> bool {
        let may = param.default.is_some() || matches!(param.ty, Ty::Optional(_));
        may && self.random.chance(30)
    }
}
