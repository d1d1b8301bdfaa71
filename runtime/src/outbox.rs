//! What a call wants to tell the outside, kept until it is known how the call ended.

#![expect(unsafe_code, reason = "shows event fields and lines that lie in the call's memory")]

use midflight_compiler::abi::Text;
use midflight_compiler::ir::EventId;
use midflight_compiler::planted::{Fault, is_planted};
use midflight_compiler::types::Type;

use crate::cursor::View;
use crate::memory::texts::characters;
use crate::observer::{Delivery, Event, LogLine, Observer};
use crate::version::Version;

/// The events and log lines of one call. They lie in the call's arena; the texts of an event may
/// also be constants or in the world's heap, where they are live until the turn is over if the call
/// commits.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Each with the copy of its fields.
    pub(crate) events: Vec<(EventId, *const u8)>,
    pub(crate) lines: Vec<*const Text>,
}

// SAFETY: the addresses are those of the world that the outbox belongs to; both move together.
unsafe impl Send for Outbox {}

/// How the call ended whose outbox is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Committed,
    RolledBack,
}

impl Outbox {
    /// Whether there is nothing to tell.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.lines.is_empty()
    }

    /// Tells nobody.
    pub(crate) fn clear(&mut self) {
        self.lines.clear();
        self.events.clear();
    }

    /// Shows everything to the observer, and forgets; gives what the observer has made of it.
    /// Events of a call that was taken back never happened; its lines stay, marked.
    pub(crate) fn tell(
        &mut self,
        version: &Version,
        world: &str,
        observer: &dyn Observer,
        ending: Ending,
    ) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        // Both are empty from here on, also where an observer panics: what they say lies in memory that
        // is used again.
        let (lines, events) = (self.lines.drain(..), self.events.drain(..));
        for text in lines {
            // SAFETY: in the arena, live until the turn is over.
            let text = unsafe { characters(text) };
            let rolled_back = ending == Ending::RolledBack;
            let version = version.number();
            deliveries.extend(observer.log(&LogLine { world, version, text, rolled_back }));
        }
        let program = version.program();
        for (id, fields) in events {
            let Some(event) = program.ir.events.get(id.index()) else { continue };
            if ending == Ending::RolledBack && !is_planted(Fault::EventsOfTrappedCallsLeave) {
                continue;
            }
            let ty = Type::Struct(event.fields);
            // SAFETY: `emit` copied the fields of this event there, and the call has committed.
            let fields = unsafe { View::new(program, ty, fields) };
            let version = version.number();
            deliveries.extend(observer.event(&Event { world, name: &event.name, version, fields }));
        }
        deliveries
    }
}
