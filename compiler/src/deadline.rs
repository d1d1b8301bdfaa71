//! The time that one compilation may take. The compiler knows no clock: who calls it does, and is
//! asked between functions.

use std::fmt;
use std::time::Duration;

use midflight_limits::Unit;

use crate::diag::{Code, Diagnostic};
use crate::source::Span;

/// Until when a source has to be compiled.
#[derive(Clone, Copy)]
pub struct Deadline<'c> {
    allowed: Duration,
    is_past: &'c (dyn Fn() -> bool + Sync),
}

impl<'c> Deadline<'c> {
    /// There is all the time in the world.
    pub const NEVER: Deadline<'static> = Deadline { allowed: Duration::MAX, is_past: &|| false };

    /// The deadline that `is_past` tells, after a time that messages name.
    pub fn new(allowed: Duration, is_past: &'c (dyn Fn() -> bool + Sync)) -> Deadline<'c> {
        Deadline { allowed, is_past }
    }

    /// Goes on with what stands at `span`, unless the time is over.
    ///
    /// # Errors
    /// The refusal of the source, when the time is over.
    pub(crate) fn keep(&self, span: Span) -> Result<(), Vec<Diagnostic>> {
        if !(self.is_past)() {
            return Ok(());
        }
        let allowed = u64::try_from(self.allowed.as_millis()).unwrap_or(u64::MAX);
        let text = format!("compiling takes longer than {}", Unit::Time.show(allowed));
        Err(vec![
            Diagnostic::new(Code::E0608, span, text)
                .with_label("the time is over here")
                .with_help("make the program smaller, or raise the limit `compile_time_max`"),
        ])
    }
}

impl fmt::Debug for Deadline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deadline").field("allowed", &self.allowed).finish_non_exhaustive()
    }
}
