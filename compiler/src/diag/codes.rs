//! The table of diagnostic codes: one row each. `diag/explain/E0xxx.md` teaches each of them.

use super::Severity;

/// Declares the codes; `E0123 Error "title"`.
macro_rules! codes {
    ($($code:ident $severity:ident $title:literal,)*) => {
        /// The rule that a diagnostic is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        pub enum Code {
            $(#[doc = $title] $code,)*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Code] = &[$(Code::$code),*];

            /// `E0123`
            pub fn name(self) -> &'static str {
                match self { $(Code::$code => stringify!($code),)* }
            }

            /// The rule in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$code => $title,)* }
            }

            /// Whether breaking the rule is an error or a warning.
            pub fn severity(self) -> Severity {
                match self { $(Code::$code => Severity::$severity,)* }
            }
        }
    };
}

// E00xx characters and tokens, E01xx grammar, E02xx names, E03xx types, E04xx declarations,
// E05xx statements and places, E06xx limits, E07xx warnings, E09xx not built yet.
codes! {
    E0001 Error "a character that Flight does not know",
    E0002 Error "a string that does not end",
    E0003 Error "an escape that Flight does not know",
    E0004 Error "a number that does not fit or is malformed",
    E0100 Error "unexpected token",
    E0604 Error "a function that is too large to be compiled",
    E0605 Error "a program whose code is too large",
    E0690 Error "a fault of the compiler itself",
    E0900 Error "a part of the language that is not built yet",
}
