//! A trap as people and programs read it: what happened, where in which source, in which version.

use midflight_compiler::abi::CallContext;
use midflight_compiler::ir::{FuncId, Test};
use midflight_compiler::source::Position;
use midflight_compiler::trap::TrapKind;

use crate::frame::Frame;
use crate::version::Version;

/// How a call ended that could not go on. Everything that it did was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trap {
    /// Why.
    pub kind: TrapKind,
    /// One line for people: lower case, no full stop.
    pub message: String,
    /// Where in the version's source.
    pub position: Position,
    /// In which function.
    pub function: String,
    /// In which version.
    pub version: u64,
    /// The HTTP status that fits: the kind's, or what `fail` says.
    pub status: u16,
}

impl std::fmt::Display for Trap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Position { line, column } = self.position;
        write!(f, "{} (in `{}`, line {line}, column {column})", self.message, self.function)
    }
}

impl std::error::Error for Trap {}

impl Trap {
    /// Takes the trap out of the context of a frame whose call has just trapped: the next call finds
    /// none there.
    #[cold]
    pub(crate) fn take(frame: &mut Frame) -> Trap {
        let trap = Trap::of(frame);
        frame.forget_trap();
        trap
    }

    fn of(frame: &Frame) -> Trap {
        let version = &frame.version;
        let program = version.program();
        let ctx = &frame.ctx;
        let Some(site) = program.code.sites().get(ctx.trap_site as usize) else {
            return Trap::unknown(version);
        };
        let kind = TrapKind::from_number(ctx.trap_kind).unwrap_or(site.kind);
        let step = version.source().slice(site.span);
        let status = match kind {
            TrapKind::Fail => u16::try_from(ctx.trap_status).unwrap_or(kind.status()),
            _ => kind.status(),
        };
        Trap {
            kind,
            message: message(frame, kind, step),
            position: version.source().position(site.span.start),
            function: program.ir.function(site.function).name.clone(),
            version: version.number(),
            status,
        }
    }

    /// The trap of a handler whose result cannot be shown: it holds a row that the call removed, or is
    /// too large.
    pub(crate) fn in_result(version: &Version, function: FuncId, kind: TrapKind) -> Trap {
        let function = version.program().ir.function(function);
        Trap {
            kind,
            message: match kind {
                TrapKind::ResultTooLarge => "the result is too large to be shown".to_owned(),
                _ => "the result holds a row that the call removed".to_owned(),
            },
            position: version.source().position(function.span.start),
            function: function.name.clone(),
            version: version.number(),
            status: kind.status(),
        }
    }

    /// The trap of a test whose world could not even be made.
    pub(crate) fn at_test(version: &Version, test: &Test, kind: TrapKind) -> Trap {
        Trap {
            position: version.source().position(test.span.start),
            function: test.name.clone(),
            ..Trap::at_start(version, kind)
        }
    }

    /// The trap of a world that could not even begin.
    pub(crate) fn at_start(version: &Version, kind: TrapKind) -> Trap {
        let message = match kind {
            TrapKind::EngineFull => "the memory of all worlds together is used up",
            _ => "the defaults of `state` exceed the memory of a world",
        };
        Trap { kind, message: message.to_owned(), status: kind.status(), ..Trap::unknown(version) }
    }

    fn unknown(version: &Version) -> Trap {
        Trap {
            kind: TrapKind::Internal,
            message: "a fault of Midflight itself".to_owned(),
            position: Position { line: 1, column: 1 },
            function: String::new(),
            version: version.number(),
            status: TrapKind::Internal.status(),
        }
    }
}

fn message(frame: &Frame, kind: TrapKind, step: &str) -> String {
    let step = one_line(step);
    let CallContext { trap_values: [index, len], .. } = frame.ctx;
    // Of a list that is assigned: how many elements it holds, and how many came. Where no numbers
    // were given, there is a negative number of elements (`NO_VALUES`).
    let (capacity, found) = (index, len);
    match kind {
        TrapKind::Fail | TrapKind::Assertion => frame.trap_text().to_owned(),
        TrapKind::Overflow => format!("the result of `{step}` does not fit into an `int`"),
        TrapKind::DivisionByZero => format!("division by zero in `{step}`"),
        TrapKind::IndexOutOfBounds if len >= 0 => {
            format!("index {index} is out of bounds: the length is {len}")
        }
        TrapKind::IndexOutOfBounds => format!("`{step}` is out of bounds"),
        TrapKind::MissingRow => format!("there is no such row: `{step}`"),
        TrapKind::DuplicateKey => format!("a row with this key is there already: `{step}`"),
        TrapKind::ListFull if found >= 0 => {
            format!("the list holds {capacity} elements, found {found}: `{step}`")
        }
        TrapKind::ListFull => format!("the list is full: `{step}`"),
        TrapKind::OutOfRange => format!("the value of `{step}` does not fit into an `int`"),
        TrapKind::InvalidArgument => format!("an argument of `{step}` is outside of what it takes"),
        TrapKind::OutOfFuel => "the call used up its fuel".to_owned(),
        TrapKind::OutOfStack => "the call nested too deep".to_owned(),
        TrapKind::OutOfMemory => format!("the memory is used up at `{step}`"),
        TrapKind::KeyTooLong => format!("the key is too long: `{step}`"),
        TrapKind::TextTooLong => format!("the text is too long: `{step}`"),
        TrapKind::ListTooLong => format!("the list is too long: `{step}`"),
        TrapKind::ResultTooLarge => "the result is too large to be shown".to_owned(),
        TrapKind::TableFull => format!("the table is full: `{step}`"),
        TrapKind::WorldFull => format!("the memory of the world is used up at `{step}`"),
        TrapKind::EngineFull => {
            format!("the memory of all worlds together is used up at `{step}`")
        }
        TrapKind::Internal | TrapKind::None => "a fault of Midflight itself".to_owned(),
    }
}

/// The source of a step, shortened to what fits into a message.
fn one_line(step: &str) -> String {
    const LEN_MAX: usize = 60;
    let words: Vec<&str> = step.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(LEN_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
