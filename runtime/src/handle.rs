//! Typed handles: a handler with the Rust types of its arguments and its result, checked once for
//! each version and called without a look-up.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::sync::Arc;

use midflight_compiler::types::Type;

use crate::call::{Arguments, Time, Turn};
use crate::cursor::{Slot, View, WriteError};
use crate::error::CallError;
use crate::shared::Shared;
use crate::store::ticket::Ticket;
use crate::version::{Signature, Version};
use crate::world::World;

/// A handler of an engine, called with the arguments `A` for a result `R`.
///
/// A handle is cloned for each thread. It keeps no version alive: after a swap its next call
/// checks the types anew.
#[derive(Debug)]
pub struct Handler<A, R> {
    shared: Arc<Shared>,
    name: String,
    /// The version that the handle was checked against last, and the handler's place in it.
    checked: Cell<Option<(u64, usize)>>,
    /// The world that was called last.
    world: RefCell<Option<Arc<World>>>,
    types: PhantomData<fn(A) -> R>,
}

/// How a call ended, and a ticket for what it did and saw. Errors are boxed up to where they leave the
/// handle, so that a result which is none is moved in registers.
type Ran<T> = (Result<T, Box<CallError>>, Ticket);

impl<A, R> Clone for Handler<A, R> {
    fn clone(&self) -> Self {
        Handler {
            shared: self.shared.clone(),
            name: self.name.clone(),
            checked: self.checked.clone(),
            world: self.world.clone(),
            types: PhantomData,
        }
    }
}

impl<A: FlightArguments, R: FlightResult> Handler<A, R> {
    pub(crate) fn new(shared: Arc<Shared>, name: &str) -> Result<Self, CallError> {
        let handler = Handler {
            shared,
            name: name.to_owned(),
            checked: Cell::new(None),
            world: RefCell::new(None),
            types: PhantomData,
        };
        let current = handler.shared.current().ok_or(CallError::NoVersion)?;
        let _ = handler.check(&current).map_err(|error| *error)?;
        Ok(handler)
    }

    /// Calls the handler in a world, waiting for it if it is busy, and until what it did and saw is
    /// durable.
    ///
    /// # Errors
    /// When the call traps ([`CallError::Trapped`]), there is no such world, the current version's
    /// handler has other types, or the store fails ([`CallError::OutcomeUnknown`]).
    // The result is made where it is wanted: one that is returned in memory and moved on, as `?` does,
    // waits for its own stores.
    #[inline]
    pub fn call(&self, world: &str, arguments: A) -> Result<R, CallError> {
        let mut error = None;
        match (self.call_raw(world, &arguments, &mut error), error) {
            (Some(raw), _) => Ok(R::of(raw)),
            (None, Some(error)) => Err(*error),
            (None, None) => unreachable!("a call without a result has an error"),
        }
    }

    /// As [`Handler::call`]; where there is no result, there is an error.
    #[inline(never)]
    fn call_raw(
        &self,
        world: &str,
        arguments: &A,
        error: &mut Option<Box<CallError>>,
    ) -> Option<R::Raw> {
        let (result, ticket) = self.run(world, arguments);
        let result = match ticket.wait() {
            Ok(()) => result,
            Err(lost) => Err(Box::new(lost)),
        };
        result.map_err(|failed| *error = Some(failed)).ok()
    }

    /// Calls the handler in a world, waiting for it if it is busy, but not for the store: the result
    /// comes with a ticket, and should not be shown to others before that is ready.
    ///
    /// # Errors
    /// As [`Handler::call`]. A trap waits for the store, since it may tell what was read.
    pub fn submit(&self, world: &str, arguments: A) -> Result<(R, Ticket), CallError> {
        match self.run(world, &arguments) {
            (Ok(raw), ticket) => Ok((R::of(raw), ticket)),
            (Err(error), ticket) => {
                ticket.wait()?;
                Err(*error)
            }
        }
    }

    /// Runs the handler.
    #[inline(always)]
    fn run(&self, world: &str, arguments: &A) -> Ran<R::Raw> {
        match self.run_once(world, arguments) {
            Ok(ran) => ran,
            Err(error) => self.run_again(error, world, arguments),
        }
    }

    /// After there was no turn: where the world that was called last was deleted, another one may have
    /// its name.
    #[cold]
    fn run_again(&self, error: Box<CallError>, world: &str, arguments: &A) -> Ran<R::Raw> {
        let is_unknown = matches!(*error, CallError::UnknownWorld { .. });
        let ran = match is_unknown && self.world.borrow_mut().take().is_some() {
            true => self.run_once(world, arguments),
            false => Err(error),
        };
        ran.unwrap_or_else(|error| (Err(error), Ticket::ready()))
    }

    /// As [`Handler::run`]. Fails where there is no turn for it.
    #[inline(always)]
    fn run_once(&self, world: &str, arguments: &A) -> Result<Ran<R::Raw>, Box<CallError>> {
        let mut last = self.world.borrow_mut();
        let world = match &*last {
            Some(known) if is_same(known.name(), world) => known,
            _ => last.insert(self.shared.worlds.get(world)?),
        };
        let mut room = world.gate.enter();
        let turn = room.turn(&self.shared, Time::Of(&self.shared.setup.clock))?;
        // Ended by hand: what is dropped where something unwinds stands in memory.
        let mut turn = ManuallyDrop::new(turn);
        let signature = self.signature(turn.version())?;
        let result = turn.call_typed::<A, R>(signature, arguments);
        let ticket = turn.ticket();
        Turn::end(turn);
        Ok((result, ticket))
    }

    /// The handler in this version, if it has the handle's types.
    #[inline]
    fn signature<'v>(&self, version: &'v Version) -> Result<&'v Signature, Box<CallError>> {
        if let Some((number, index)) = self.checked.get()
            && number == version.number()
            && let Some(signature) = version.signature(index)
        {
            return Ok(signature);
        }
        self.check(version)
    }

    /// As [`Handler::signature`], for a version that the handle has not seen yet.
    #[cold]
    fn check<'v>(&self, version: &'v Version) -> Result<&'v Signature, Box<CallError>> {
        let unknown = || CallError::UnknownHandler { name: self.name.clone() };
        let (index, signature) = version.handler(&self.name).ok_or_else(unknown)?;
        let found: Vec<Type> = signature.parameters.iter().map(|parameter| parameter.ty).collect();
        if found != A::TYPES || signature.result != R::TYPE {
            return Err(Box::new(self.wrong_types(version, signature)));
        }
        self.checked.set(Some((version.number(), index)));
        Ok(signature)
    }

    fn wrong_types(&self, version: &Version, signature: &Signature) -> CallError {
        let types = &version.program().ir.types;
        let show = |arguments: &mut dyn Iterator<Item = Type>, result: Type| {
            let arguments: Vec<String> = arguments.map(|ty| types.show(ty).to_string()).collect();
            format!("({}) -> {}", arguments.join(", "), types.show(result))
        };
        CallError::WrongTypes {
            name: self.name.clone(),
            expected: show(&mut A::TYPES.iter().copied(), R::TYPE),
            found: show(
                &mut signature.parameters.iter().map(|parameter| parameter.ty),
                signature.result,
            ),
        }
    }
}

/// Whether two names are the same. Most are short, and need no call for that.
#[inline(always)]
fn is_same(name: &str, other: &str) -> bool {
    let (name, other) = (name.as_bytes(), other.as_bytes());
    name.len() == other.len()
        && match name.len() {
            4..=8 => {
                name.first_chunk::<4>() == other.first_chunk()
                    && name.last_chunk::<4>() == other.last_chunk()
            }
            9..=16 => {
                name.first_chunk::<8>() == other.first_chunk()
                    && name.last_chunk::<8>() == other.last_chunk()
            }
            _ => name == other,
        }
}

/// A Rust type that stands for a Flight type.
pub trait FlightValue: sealed::Sealed {
    /// The Flight type.
    #[doc(hidden)]
    const TYPE: Type;

    /// Writes the value where an argument goes.
    #[doc(hidden)]
    fn write(&self, slot: &mut Slot<'_>) -> Result<(), WriteError>;
}

/// A Rust type that a result can be read as.
pub trait FlightResult: Sized + sealed::Sealed {
    /// The Flight type.
    #[doc(hidden)]
    const TYPE: Type;

    /// The value while it is moved: in no more than two registers.
    #[doc(hidden)]
    type Raw;

    /// Reads a value of that type.
    #[doc(hidden)]
    fn read(view: View<'_>) -> Self::Raw;

    /// The value that was read.
    #[doc(hidden)]
    fn of(raw: Self::Raw) -> Self;
}

/// The Rust types of a handler's arguments: a tuple of up to eight.
pub trait FlightArguments: sealed::Sealed {
    /// The Flight types.
    #[doc(hidden)]
    const TYPES: &'static [Type];

    /// Writes the values where the arguments go.
    ///
    /// # Errors
    /// The index of the one that takes too much memory.
    #[doc(hidden)]
    fn write(&self, arguments: &mut Arguments<'_>) -> Result<(), usize>;
}

mod sealed {
    /// Only the types of this module cross.
    pub trait Sealed {}
}

macro_rules! values {
    ($($ty:ty: $flight:ident = $write:ident, $read:ident;)*) => {$(
        impl sealed::Sealed for $ty {}

        impl FlightValue for $ty {
            const TYPE: Type = Type::$flight;

            #[inline]
            fn write(&self, slot: &mut Slot<'_>) -> Result<(), WriteError> {
                slot.$write(*self)
            }
        }

        impl FlightResult for $ty {
            const TYPE: Type = Type::$flight;

            type Raw = $ty;

            #[inline]
            fn read(view: View<'_>) -> $ty {
                view.$read()
            }

            #[inline]
            fn of(raw: $ty) -> $ty {
                raw
            }
        }
    )*};
}
values! {
    i64: Int = write_int, int;
    f64: Float = write_float, float;
    bool: Bool = write_bool, bool;
}

impl sealed::Sealed for &str {}
impl FlightValue for &str {
    const TYPE: Type = Type::Str;

    #[inline(always)]
    fn write(&self, slot: &mut Slot<'_>) -> Result<(), WriteError> {
        slot.write_text(self)
    }
}

impl sealed::Sealed for String {}
impl FlightValue for String {
    const TYPE: Type = Type::Str;

    #[inline(always)]
    fn write(&self, slot: &mut Slot<'_>) -> Result<(), WriteError> {
        slot.write_text(self)
    }
}
impl FlightResult for String {
    const TYPE: Type = Type::Str;

    type Raw = Box<str>;

    #[inline]
    fn read(view: View<'_>) -> Box<str> {
        view.text().into()
    }

    #[inline]
    fn of(raw: Box<str>) -> String {
        raw.into_string()
    }
}

impl FlightResult for () {
    const TYPE: Type = Type::Unit;

    type Raw = ();

    #[inline]
    fn read(_view: View<'_>) {}

    #[inline]
    fn of((): ()) {}
}

macro_rules! arguments {
    ($($ty:ident $index:tt),*) => {
        impl<$($ty: FlightValue),*> sealed::Sealed for ($($ty,)*) {}

        impl<$($ty: FlightValue),*> FlightArguments for ($($ty,)*) {
            const TYPES: &'static [Type] = &[$($ty::TYPE),*];

            #[inline(always)]
            fn write(&self, arguments: &mut Arguments<'_>) -> Result<(), usize> {
                $(arguments.give($index, &self.$index)?;)*
                let _ = arguments;
                Ok(())
            }
        }
    };
}
arguments!();
arguments!(A 0);
arguments!(A 0, B 1);
arguments!(A 0, B 1, C 2);
arguments!(A 0, B 1, C 2, D 3);
arguments!(A 0, B 1, C 2, D 3, E 4);
arguments!(A 0, B 1, C 2, D 3, E 4, F 5);
arguments!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
arguments!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
