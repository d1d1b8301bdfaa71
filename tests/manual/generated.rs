//! The parts of a page that are made from the sources. Such a part stands between
//! `<!-- generated: name -->` and `<!-- end -->`.

use std::fmt::Write;
use std::path::Path;
use std::{fs, thread};

use midflight_compiler::builtins::{self, Form, ROWS, Shape};
use midflight_compiler::diag::render::{Style, render};
use midflight_compiler::limits::COMPILE_STACK_SIZE;
use midflight_compiler::source::Source;
use midflight_compiler::trap::TrapKind;
use midflight_compiler::{Emit, inspect};
use midflight_limits::{Row, engine, server, source};

use super::page::Page;

const OPEN: &str = "<!-- generated: ";
const CLOSE: &str = "<!-- end -->";

/// What the name of a part begins with that shows a function's machine code.
const CODE: &str = "code ";

/// The page with its generated parts as they should be.
pub(crate) fn rewrite(page: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let _ = writeln!(text, "{line}");
        let Some(name) = line.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix(" -->")) else {
            continue;
        };
        let old: String = lines
            .by_ref()
            .take_while(|line| *line != CLOSE)
            .flat_map(|line| [line, "\n"])
            .collect();
        let new = if is_of_another_machine(name) { old } else { part(name, page)? };
        let _ = writeln!(text, "{new}{CLOSE}");
    }
    Ok(text)
}

/// Whether a part shows code of a machine that is not this one.
fn is_of_another_machine(name: &str) -> bool {
    name.starts_with(CODE) && cfg!(not(target_arch = "x86_64"))
}

fn part(name: &str, page: &str) -> Result<String, String> {
    match name {
        "functions" => Ok(builtins(|row| row.form == Form::Function)),
        "texts" => Ok(builtins(|row| is_member(row) && row.params.first() == Some(&Shape::Str))),
        "lists" => Ok(builtins(|row| is_member(row) && row.params.first() != Some(&Shape::Str))),
        "traps" => Ok(traps()),
        "limits of sources" => Ok(settings(&source::Limits::rows())),
        "limits of the engine" => Ok(settings(&engine::Limits::rows())),
        "limits of the server" => Ok(settings(&server::Limits::rows())),
        _ => match name.strip_prefix(CODE) {
            Some(function) => code(function, page),
            None => Err(format!("there is no generated part `{name}`")),
        },
    }
}

/// Whether it is written behind a value and a point.
fn is_member(row: &builtins::Row) -> bool {
    row.form != Form::Function
}

fn builtins(is_listed: impl Fn(&builtins::Row) -> bool) -> String {
    let mut table = "| built-in | what it gives |\n| --- | --- |\n".to_owned();
    for row in ROWS.iter().filter(|row| is_listed(row)) {
        let _ = writeln!(table, "| `{}` | {} |", signature(row), row.doc);
    }
    table
}

fn signature(row: &builtins::Row) -> String {
    let types =
        |params: &[Shape]| params.iter().map(|&shape| shape.name()).collect::<Vec<_>>().join(", ");
    let (name, result) = (row.name, row.result.name());
    match (row.form, row.params.split_first()) {
        (Form::Property, Some((&receiver, _))) => {
            format!("{}.{name}: {result}", receiver_name(receiver))
        }
        (Form::Function, _) | (_, None) => format!("{name}({}) -> {result}", types(row.params)),
        (_, Some((&receiver, rest))) => {
            let result =
                if row.result == Shape::Unit { String::new() } else { format!(" -> {result}") };
            format!("{}.{name}({}){result}", receiver_name(receiver), types(rest))
        }
    }
}

fn receiver_name(shape: Shape) -> &'static str {
    match shape {
        Shape::Str => "text",
        Shape::ListStr => "texts",
        _ => "list",
    }
}

fn traps() -> String {
    let mut table = "| kind | raised when | status |\n| --- | --- | --- |\n".to_owned();
    for &kind in TrapKind::ALL.iter().filter(|&&kind| kind != TrapKind::None) {
        let _ = writeln!(table, "| `{}` | {} | {} |", kind.name(), raised(kind), kind.status());
    }
    table
}

fn raised(kind: TrapKind) -> &'static str {
    match kind {
        TrapKind::None => "never",
        TrapKind::Overflow => "an `int` result does not fit into 64 bits",
        TrapKind::DivisionByZero => "an `int` is divided by zero, with `/` or `%`",
        TrapKind::IndexOutOfBounds => "an index or a slice is outside of a list or a text",
        TrapKind::MissingRow => {
            "`table[key]` finds no row, or a row is used that this call removed"
        }
        TrapKind::DuplicateKey => "`insert` meets a key that is there",
        TrapKind::ListFull => "a bounded list has no room, or `assign` does not fit",
        TrapKind::OutOfRange => "`int(x)` gets what no `int` can hold",
        TrapKind::InvalidArgument => "a built-in gets what it is not defined for: `random(0)`",
        TrapKind::Assertion => "`assert` finds its condition false",
        TrapKind::Fail => "`fail`, with the status that it names",
        TrapKind::OutOfFuel => "the call has done too much work",
        TrapKind::OutOfStack => "functions call each other too deep",
        TrapKind::OutOfMemory => "the call has no memory left",
        TrapKind::KeyTooLong => "`insert` gets a `str` as key that is longer than 256 bytes",
        TrapKind::TextTooLong => "a text would be longer than `text_len_max`",
        TrapKind::ListTooLong => "a list would grow beyond `list_len_max`",
        TrapKind::TableFull => "`insert` meets a table that has `rows_max` rows",
        TrapKind::ResultTooLarge => "the result is larger than a server sends: `result_len_max`",
        TrapKind::WorldFull => "the world has no memory left",
        TrapKind::EngineFull => "all worlds together have no memory left",
        TrapKind::Internal => "a fault of Midflight itself; the world is closed",
    }
}

/// Limits that can be set, by name.
fn settings(rows: &[Row]) -> String {
    let mut table = "| limit | default | range | what | what exceeds it |\n".to_owned();
    table.push_str("| --- | --- | --- | --- | --- |\n");
    for row in rows {
        let (least, largest) = row.range;
        let (least, largest) = (row.unit.show(least), row.unit.show(largest));
        let default = match row.name {
            "compiles_max" => "one less than there are processors".to_owned(),
            _ => row.unit.show(row.default),
        };
        let (name, what, answer) = (row.name, row.summary(), answer(row));
        let _ =
            writeln!(table, "| `{name}` | {default} | {least} to {largest} | {what} | {answer} |");
    }
    table
}

/// What exceeds a limit, with codes as code.
fn answer(row: &Row) -> String {
    match row.answer.strip_prefix('E') {
        Some(_) => format!("`{}`", row.answer),
        None => row.answer.to_owned(),
    }
}

/// The machine code of a function and its size: `step`, in the page's file of the same name, or
/// `arena/arena.flight step`, in an example.
fn code(name: &str, page: &str) -> Result<String, String> {
    let (function, source) = match name.split_once(' ') {
        Some((file, function)) => (function, example(file)?),
        None => (name, shown(name, page)?),
    };
    let listing = assembly(&source)?;
    // What only the outside calls is all in its entry.
    let own = format!("; {function}");
    let entry = format!("{own} (entry)");
    let head = if listing.lines().any(|line| line == own) { own } else { entry };
    let lines = listing.lines().skip_while(|line| *line != head);
    let code: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    let count = code.iter().filter(|line| line.starts_with("  ")).count();
    if count == 0 {
        return Err(format!("`{function}` is not in the listing"));
    }
    Ok(format!("{count} instructions:\n\n```text\n{}\n```\n", code.join("\n")))
}

/// The program of the page that has the name of its function.
fn shown(function: &str, page: &str) -> Result<Source, String> {
    let page = Page { text: page.to_owned() };
    let file = format!("{function}.flight");
    let program = page.blocks().find(|block| block.file() == Some(&file));
    let program = program.ok_or_else(|| format!("there is no block `flight,file={file}`"))?;
    Ok(Source::new(file, program.text()))
}

fn example(file: &str) -> Result<Source, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dsl-examples").join(file);
    let text = fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
    Ok(Source::new(file, text))
}

fn assembly(source: &Source) -> Result<String, String> {
    let shown = |mistakes: Vec<_>| render(source, &mistakes, Style::Plain);
    let compiler = thread::Builder::new().stack_size(COMPILE_STACK_SIZE);
    thread::scope(|scope| {
        let work = || inspect(source, Emit::Asm).map_err(shown);
        let thread = compiler.spawn_scoped(scope, work).map_err(|error| error.to_string())?;
        thread.join().map_err(|_panic| "the compiler panicked".to_owned())?
    })
}
