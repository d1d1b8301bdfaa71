//! Traps: how a call ends that cannot go on, and what is said about it.

use midflight_compiler::source::Span;
use midflight_compiler::trap::TrapKind;

use super::Program;

/// Why and where a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trap {
    /// Why.
    pub kind: TrapKind,
    /// The step that could not go on.
    pub span: Span,
    /// One line for people, as the runtime reports it.
    pub message: String,
    /// The HTTP status that fits.
    pub status: u16,
    /// In which function.
    pub function: String,
}

/// A trap before it is known where.
#[derive(Clone, Debug)]
pub(crate) enum Cause {
    /// Everything that needs no more to be said about it.
    Plain(TrapKind),
    /// An index, and how many elements there are.
    Index(i64, usize),
    /// A list that has room for so many elements, and how many came.
    Unfit(usize, usize),
    /// The message of `assert`.
    Assertion(String),
    /// A handler's result holds a row that the call removed.
    RemovedResult,
    /// Status and message of `fail`.
    Fail(u16, String),
}

impl Cause {
    /// The trap at a step of a function.
    pub(crate) fn at(self, program: &Program<'_>, span: Span, function: &str) -> Trap {
        let kind = self.kind();
        let status = match self {
            Cause::Fail(status, _) => status,
            _ => kind.status(),
        };
        let step = one_line(program.source.slice(span));
        Trap { kind, span, message: self.message(&step), status, function: function.to_owned() }
    }

    fn kind(&self) -> TrapKind {
        match self {
            Cause::Plain(kind) => *kind,
            Cause::RemovedResult => TrapKind::MissingRow,
            Cause::Index(..) => TrapKind::IndexOutOfBounds,
            Cause::Unfit(..) => TrapKind::ListFull,
            Cause::Assertion(_) => TrapKind::Assertion,
            Cause::Fail(..) => TrapKind::Fail,
        }
    }

    fn message(self, step: &str) -> String {
        match self {
            Cause::Index(index, len) => {
                format!("index {index} is out of bounds: the length is {len}")
            }
            Cause::Unfit(room, found) => {
                format!("the list holds {room} elements, found {found}: `{step}`")
            }
            Cause::RemovedResult => "the result holds a row that the call removed".to_owned(),
            Cause::Assertion(message) | Cause::Fail(_, message) => message,
            Cause::Plain(kind) => match kind {
                TrapKind::Overflow => format!("the result of `{step}` does not fit into an `int`"),
                TrapKind::DivisionByZero => format!("division by zero in `{step}`"),
                TrapKind::IndexOutOfBounds => format!("`{step}` is out of bounds"),
                TrapKind::MissingRow => format!("there is no such row: `{step}`"),
                TrapKind::DuplicateKey => {
                    format!("a row with this key is there already: `{step}`")
                }
                TrapKind::ListFull => format!("the list is full: `{step}`"),
                TrapKind::OutOfRange => {
                    format!("the value of `{step}` does not fit into an `int`")
                }
                TrapKind::InvalidArgument => {
                    format!("an argument of `{step}` is outside of what it takes")
                }
                TrapKind::KeyTooLong => format!("the key is too long: `{step}`"),
                TrapKind::TextTooLong => format!("the text is too long: `{step}`"),
                TrapKind::ListTooLong => format!("the list is too long: `{step}`"),
                TrapKind::TableFull => format!("the table is full: `{step}`"),
                TrapKind::OutOfFuel => "the call used up its fuel".to_owned(),
                TrapKind::OutOfStack => "the call nested too deep".to_owned(),
                TrapKind::OutOfMemory
                | TrapKind::ResultTooLarge
                | TrapKind::WorldFull
                | TrapKind::EngineFull
                | TrapKind::Assertion
                | TrapKind::Fail
                | TrapKind::Internal
                | TrapKind::None => unreachable!("{kind:?} never ends a call without more"),
            },
        }
    }
}

/// The source of a step on one line, cut after 60 characters.
fn one_line(step: &str) -> String {
    let line = step.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String = line.chars().take(60).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    shown
}
