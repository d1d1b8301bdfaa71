//! A function while it runs: how it is entered, what its stack and fuel are, and how it is left.

use midflight_compiler::ir::{FuncId, Function};
use midflight_compiler::source::Span;
use midflight_compiler::trap::TrapKind;
use midflight_compiler::types::{Type, TypeId};

use super::Call;
use super::trap::{Cause, Trap};
use super::value::Value;

/// Native stack that must be left when a function is entered, and what it gets otherwise: an
/// expression may be 1,000 nodes high, and functions may nest 2,000 deep.
const NATIVE_STACK_MIN: usize = 4 << 20;
const NATIVE_STACK_STEP: usize = 32 << 20;

/// Why the evaluation does not go on with the next step.
#[derive(Debug)]
pub(crate) enum Stop {
    /// `return`
    Return(Value),
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// The call is over.
    Trap(Box<Trap>),
}

/// What a step gives.
pub(crate) type Step<T> = Result<T, Stop>;

/// One activation of a function.
pub(crate) struct Activation<'a, 'p, 'w> {
    pub(crate) call: &'a mut Call<'p, 'w>,
    pub(crate) function: &'p Function,
    /// By `LocalId`; `()` before its first value.
    pub(crate) locals: Vec<Value>,
    /// Logical stack that the functions it calls may use, in bytes.
    stack_left: i64,
}

impl<'a, 'p, 'w> Activation<'a, 'p, 'w> {
    /// Runs a function that the host calls. Whether the stack is enough is looked at here for every
    /// function, by recursive ones each time they are entered.
    pub(crate) fn enter(
        call: &'a mut Call<'p, 'w>,
        id: FuncId,
        arguments: Vec<Value>,
        stack: i64,
    ) -> Step<Value> {
        let function = call.program.ir.function(id);
        stacker::maybe_grow(NATIVE_STACK_MIN, NATIVE_STACK_STEP, || {
            let mut activation =
                Activation { call, function, locals: arguments, stack_left: stack };
            activation.check_stack()?;
            let result = activation.run()?;
            activation.check_rows(&result)?;
            Ok(result)
        })
    }

    /// What the host is given shows rows with their fields: they must be there.
    fn check_rows(&self, result: &Value) -> Step<()> {
        match result {
            Value::Row(row) if self.call.world.tables[row.table.index()].row(*row).is_none() => {
                Err(self.trap(Cause::RemovedResult, self.function.span))
            }
            Value::Some(inner) => self.check_rows(inner),
            Value::List(elements) => {
                elements.iter().try_for_each(|element| self.check_rows(element))
            }
            _ => Ok(()),
        }
    }

    /// Calls a function of the program, whose arguments have been evaluated.
    pub(crate) fn call_function(&mut self, id: FuncId, arguments: Vec<Value>) -> Step<Value> {
        let function = self.call.program.ir.function(id);
        let stack_left = self.stack_left;
        let call = &mut *self.call;
        stacker::maybe_grow(NATIVE_STACK_MIN, NATIVE_STACK_STEP, || {
            let mut callee = Activation { call, function, locals: arguments, stack_left };
            if function.recursive {
                callee.check_stack()?;
            }
            callee.run()
        })
    }

    fn check_stack(&self) -> Step<()> {
        if self.stack_left < i64::from(self.function.stack_need) {
            return Err(self.trap(Cause::Plain(TrapKind::OutOfStack), self.function.span));
        }
        Ok(())
    }

    fn run(&mut self) -> Step<Value> {
        let function = self.function;
        self.stack_left -= i64::from(function.stack_cost);
        self.locals.resize(function.locals.len(), Value::Unit);
        self.charge(function.body.fuel.into(), function.span)?;
        match self.block(&function.body) {
            Err(Stop::Return(value)) => Ok(value),
            other => other,
        }
    }

    /// Takes fuel, and ends the call where none is left.
    pub(crate) fn charge(&mut self, units: u64, span: Span) -> Step<()> {
        self.charge_unchecked(units);
        if self.call.fuel < 0 {
            return Err(self.trap(Cause::Plain(TrapKind::OutOfFuel), span));
        }
        Ok(())
    }

    /// Takes fuel for the arm of a branch. Whether any is left is looked at by the next loop,
    /// function or step that is charged by size.
    pub(crate) fn charge_unchecked(&mut self, units: u64) {
        self.call.fuel = self.call.fuel.saturating_sub_unsigned(units);
    }

    /// The call's end at a step of this function.
    pub(crate) fn trap(&self, cause: Cause, span: Span) -> Stop {
        Stop::Trap(Box::new(cause.at(&self.call.program, span, &self.function.name)))
    }

    /// As [`Activation::trap`], as what a step gives.
    pub(crate) fn fail<T>(&self, kind: TrapKind, span: Span) -> Step<T> {
        Err(self.trap(Cause::Plain(kind), span))
    }

    /// A text that the call makes.
    pub(crate) fn text(&self, characters: &str, span: Span) -> Step<Value> {
        match characters.len() > self.call.lengths.text {
            true => self.fail(TrapKind::TextTooLong, span),
            false => Ok(Value::text(characters)),
        }
    }

    /// The type inside of an optional or a list.
    pub(crate) fn inner(&self, id: TypeId) -> Type {
        self.call.program.ir.types.get(id)
    }

    /// The type of a list's elements.
    pub(crate) fn element_type(&self, list: Type) -> Type {
        match list {
            Type::Array(inner, _) | Type::Bounded(inner, _) | Type::List(inner) => {
                self.inner(inner)
            }
            _ => unreachable!("only lists have elements"),
        }
    }

    /// Bytes of a value in its fixed layout, which some costs go by.
    pub(crate) fn size(&self, ty: Type) -> u64 {
        let program = self.call.program;
        let layout = program.layouts.of(&program.ir.types, ty);
        layout.map_or(0, |layout| layout.size.into())
    }
}
