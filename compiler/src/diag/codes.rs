//! The table of diagnostic codes: one row each. `diag/explain/E0xxx.md` teaches each of them, and
//! a code without its page does not compile.

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

            /// The rule for a reader who meets it for the first time, as Markdown: what is wrong,
            /// why it is, what to do, and where it can be shown a wrong and a right program.
            pub fn explanation(self) -> &'static str {
                match self {
                    $(Code::$code => {
                        include_str!(concat!("explain/", stringify!($code), ".md"))
                    })*
                }
            }

            /// The code of this name, in whatever case it is written.
            pub fn from_name(name: &str) -> Option<Code> {
                Code::ALL.iter().copied().find(|code| code.name().eq_ignore_ascii_case(name))
            }

            /// Whether breaking the rule is an error or a warning.
            pub fn severity(self) -> Severity {
                match self { $(Code::$code => Severity::$severity,)* }
            }
        }
    };
}

// E00xx characters and tokens, E01xx grammar, E02xx names, E03xx types, E04xx declarations,
// E05xx statements and places, E06xx limits, E07xx warnings.
codes! {
    E0001 Error "a character that Flight does not know",
    E0002 Error "a string that does not end",
    E0003 Error "an escape that Flight does not know",
    E0004 Error "a number that does not fit or is malformed",
    E0005 Error "a comment of another language",
    E0006 Error "text in other quotes than `\"`",
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
    E0114 Error "a result type without `->`",
    E0115 Error "`else if` in another spelling",
    E0116 Error "a part of a declaration out of place",
    E0117 Error "a reserved word as a name",
    E0118 Error "a value in text that must be plain",
    E0119 Error "a block where an expression is needed",
    E0120 Error "a call of something that has no name",
    E0121 Error "an optional of an optional",
    E0122 Error "a word of another language",
    E0200 Error "a name that is declared twice",
    E0201 Error "a name that nothing declares",
    E0202 Error "a function that nothing declares",
    E0203 Error "a field that does not exist",
    E0204 Error "a type that nothing declares",
    E0205 Error "a method that does not exist",
    E0206 Error "a variant that does not exist",
    E0207 Error "a table or an event that nothing declares",
    E0208 Error "a method, a property and a function are written differently",
    E0209 Error "a local that is declared twice in one scope",
    E0210 Error "a name that is taken",
    E0211 Error "a name of another kind than is wanted here",
    E0300 Error "a value of another type than is wanted here",
    E0301 Error "an operator and operands that do not go together",
    E0302 Error "values that cannot be compared",
    E0303 Error "a wrong number of arguments",
    E0304 Error "arguments that fit no form of a built-in",
    E0305 Error "a value that has no text form",
    E0306 Error "no value where one is wanted",
    E0307 Error "a type that cannot be inferred",
    E0308 Error "digits after the point of what is no `float`",
    E0309 Error "an index into what has no elements",
    E0400 Error "a default where none can stand",
    E0401 Error "a declaration that can stand only once",
    E0402 Error "a type that contains itself",
    E0403 Error "a constant that depends on itself",
    E0404 Error "an expression that is not constant",
    E0405 Error "a constant expression that has no value",
    E0406 Error "a constant of a type that is no scalar and no text",
    E0407 Error "a type that cannot stand here",
    E0408 Error "a length that is not a positive constant",
    E0409 Error "a declaration without parts",
    E0410 Error "a table's key",
    E0411 Error "a table's index",
    E0412 Error "a field that is given twice or is missing",
    E0413 Error "a migration that contradicts the declarations",
    E0414 Error "a timer's period or parameters",
    E0500 Error "an assignment to what does not change",
    E0501 Error "an assignment to what is not a place",
    E0502 Error "an assignment to a key or a whole row",
    E0503 Error "`break` or `continue` outside of a loop",
    E0504 Error "a function that can end without its value",
    E0505 Error "a value that is computed and not used",
    E0506 Error "a status that `fail` cannot have",
    E0507 Error "a statement that can stand only in a test",
    E0508 Error "a loop's clause that does not fit what it runs over",
    E0509 Error "a `match` that leaves something out",
    E0510 Error "a pattern that does not fit the value",
    E0600 Error "a source that is too long",
    E0601 Error "nesting that is too deep",
    E0602 Error "a chain of operators or branches that is too long",
    E0603 Error "a declaration that is too large",
    E0604 Error "a function that is too large to be compiled",
    E0605 Error "a program whose code is too large",
    E0606 Error "strings that are nested too deep",
    E0607 Error "too many declarations",
    E0608 Error "a program that takes too long to compile",
    E0610 Error "a type whose values are too large",
    E0611 Error "too many parameters",
    E0612 Error "a constant text that is too long",
    E0613 Error "a function that needs more stack than there is",
    E0614 Error "types that are nested too deep",
    E0615 Error "too many fields or variants",
    E0616 Error "a table whose rows are too large",
    E0617 Error "a `state` that is too large",
    E0618 Error "constants that are too large together",
    E0619 Error "machine code that needs too much stack",
    E0690 Error "a fault of the compiler itself",
    E0701 Warning "a local that is never used",
    E0702 Warning "code that is never reached",
    E0703 Warning "a name that hides another one",
    E0704 Warning "a `var` that never changes",
    E0705 Warning "an arm, or an alternative of one, that never runs",
}
