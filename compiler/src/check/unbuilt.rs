//! The parts of the language and whether code generation has them. The checker knows the whole
//! language; what is not built is refused once, where it is used first, and checked all the same.
//!
//! To switch a part on, write it into [`BUILT`].

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::source::Span;

/// The parts that code can be generated for, besides what every program has.
const BUILT: &[Feature] = &[
    Feature::Enums,
    Feature::Match,
    Feature::Optionals,
    Feature::Lists,
    Feature::Tables,
    Feature::Events,
    Feature::Timers,
    Feature::OnLoad,
    Feature::Log,
    Feature::Advance,
];

/// Declares the parts: `Feature "what a message calls it"`.
macro_rules! features {
    ($($feature:ident $title:literal,)*) => {
        /// A part of the language that can be switched on by itself.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Feature {
            $(#[doc = $title] $feature,)*
        }

        impl Feature {
            fn title(self) -> &'static str {
                match self { $(Feature::$feature => $title,)* }
            }
        }
    };
}

features! {
    Enums "`enum`",
    Match "`match`",
    Optionals "the optional `T?`",
    Lists "the list or array",
    Tables "`table`",
    Events "`event`",
    Timers "`every`",
    OnLoad "`on load`",
    Log "`log`",
    Advance "`advance`",
    Migration "migration (`migrate`, `was`, `drop`)",
}

/// Which parts a run of the checker lets pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// What code can be generated for.
    Built,
    /// Everything, for tests of the checker.
    #[cfg(test)]
    Whole,
}

/// Collects the first use of every part that is not built.
#[derive(Debug)]
pub(super) struct Unbuilt {
    language: Language,
    first_uses: BTreeMap<Feature, Span>,
}

impl Unbuilt {
    pub(super) fn new(language: Language) -> Unbuilt {
        Unbuilt { language, first_uses: BTreeMap::new() }
    }

    /// Notes that a part is used.
    pub(super) fn uses(&mut self, feature: Feature, span: Span) {
        if self.language == Language::Built && !BUILT.contains(&feature) {
            let first = self.first_uses.entry(feature).or_insert(span);
            *first = span.min(*first);
        }
    }

    /// Reports each part that is used and not built, once.
    pub(super) fn report(&self, diagnostics: &mut Diagnostics) {
        for (&feature, &span) in &self.first_uses {
            let message = format!("{} is not built yet", feature.title());
            diagnostics.report(Diagnostic::new(Code::E0900, span, message));
        }
    }
}
