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
    E0005 Error "a comment of another language",
    E0006 Error "text in single quotes",
    E0007 Error "an invisible or deceptive character in text or a comment",
    E0100 Error "unexpected token",
    E0101 Error "two statements on one line",
    E0102 Error "a bracket that is never closed",
    E0103 Error "a closing bracket without an opening one",
    E0104 Error "a struct literal in the head of a statement",
    E0105 Error "a semicolon",
    E0106 Error "`let mut`",
    E0107 Error "a logical operator spelled as a word",
    E0108 Error "an assignment where a condition is needed",
    E0109 Error "`++` or `--`",
    E0110 Error "an interpolation that is empty or has a malformed format",
    E0111 Error "a range out of place or with its end included",
    E0112 Error "`null` or `nil`",
    E0113 Error "comparisons that are chained",
    E0114 Error "a result type after a colon",
    E0115 Error "`else if` in another spelling",
    E0116 Error "a part of a declaration out of place",
    E0117 Error "a reserved word as a name",
    E0118 Error "a value in text that must be plain",
    E0119 Error "a block where an expression is needed",
    E0120 Error "a call of something that has no name",
    E0121 Error "an optional of an optional",
    E0122 Error "a word of another language",
    E0600 Error "a source that is too long",
    E0601 Error "nesting that is too deep",
    E0602 Error "a chain of operators or branches that is too long",
    E0603 Error "a declaration that is too large",
    E0604 Error "strings that are nested too deep",
    E0610 Error "a function that is too large to be compiled",
    E0611 Error "a program whose code is too large",
    E0690 Error "a fault of the compiler itself",
    E0900 Error "a part of the language that is not built yet",
}
