//! Lines into a world in the making. The first mistake ends the reading, and names its line.

use std::fmt;
use std::io::BufRead;

use midflight_runtime::{ArgumentError, Import, ImportError};
use serde::Deserialize;
use serde::de::{Deserializer as _, Error as _, MapAccess, Visitor};

use super::{FORMAT, FORMAT_VERSION};
use crate::error::{Kind, Problem};
use crate::json;

/// Reads a whole world; gives how many rows it has.
///
/// # Errors
/// What is wrong with the file, and in which line; the import is of no use then.
pub(crate) fn read(input: &mut impl BufRead, import: &mut Import) -> Result<u64, Problem> {
    let mut lines = Lines { input, text: Vec::new(), number: 0 };
    let header = lines.next()?;
    read_header(header, import).map_err(|problem| at(1, problem))?;
    let (mut rows, mut has_state) = (0, false);
    loop {
        let text = lines.next()?;
        let read = read_line(text, import);
        let number = lines.number;
        match read.map_err(|problem| at(number, problem))? {
            Line::State => has_state = true,
            Line::Row if !has_state => return Err(at(number, invalid("the state comes first"))),
            Line::Row => rows += 1,
            Line::End(_) if !has_state => return Err(at(number, invalid("there is no state"))),
            Line::End(expected) if expected != rows => {
                let detail = format!("{expected} rows are announced, {rows} came");
                return Err(at(number, Problem::new(Kind::ImportTruncated, detail)));
            }
            Line::End(_) => break,
        }
    }
    if lines.has_more()? {
        return Err(at(lines.number + 1, invalid("there is something behind the end")));
    }
    Ok(rows)
}

/// The lines of a file, each while the next one is not read yet.
struct Lines<'i, I> {
    input: &'i mut I,
    text: Vec<u8>,
    /// Of the line that was read last, from 1 on.
    number: u64,
}

impl<I: BufRead> Lines<'_, I> {
    fn next(&mut self) -> Result<&str, Problem> {
        self.text.clear();
        let read = self.input.read_until(b'\n', &mut self.text);
        let len = read.map_err(|error| Problem::new(Kind::Internal, error.to_string()))?;
        self.number += 1;
        if len == 0 || self.text.last() != Some(&b'\n') {
            let detail = "the file ends before its last line, `{\"end\": …}`";
            return Err(at(self.number, Problem::new(Kind::ImportTruncated, detail)));
        }
        let number = self.number;
        std::str::from_utf8(&self.text).map_err(|error| {
            let detail = format!("it is not UTF-8 from byte {} on", error.valid_up_to());
            at(number, invalid(detail))
        })
    }

    fn has_more(&mut self) -> Result<bool, Problem> {
        let rest = self.input.fill_buf();
        let rest = rest.map_err(|error| Problem::new(Kind::Internal, error.to_string()))?;
        Ok(!rest.is_empty())
    }
}

/// What is needed of the first line.
#[derive(Deserialize)]
struct Header {
    format: String,
    format_version: u64,
    time: i64,
    generator: [String; 4],
}

fn read_header(text: &str, import: &mut Import) -> Result<(), Problem> {
    let header: Header = serde_json::from_str(text).map_err(|error| {
        invalid(format!("the first line is not the header of an export: {}", reason(&error)))
    })?;
    if header.format != FORMAT || header.format_version != FORMAT_VERSION {
        let Header { format, format_version, .. } = header;
        let found = crate::query::quoted(&format);
        let detail = format!(
            "the format is {found}, version {format_version}; \
             `{FORMAT}`, version {FORMAT_VERSION}, is expected"
        );
        return Err(invalid(detail));
    }
    let mut words = [0; 4];
    for (word, text) in words.iter_mut().zip(&header.generator) {
        let is_word = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let read = u64::from_str_radix(text, 16).ok().filter(|_| is_word);
        *word = read.ok_or_else(|| invalid("`generator` is four times 16 hexadecimal digits"))?;
    }
    import.begin(words, header.time).map_err(refused)
}

/// What a line was.
enum Line {
    State,
    Row,
    /// With how many rows there should be.
    End(u64),
}

fn read_line(text: &str, import: &mut Import) -> Result<Line, Problem> {
    let mut problem = None;
    let mut json = serde_json::Deserializer::from_str(text);
    let members = Members { import, problem: &mut problem };
    let read = json.deserialize_map(members).and_then(|line| json.end().map(|()| line));
    match (problem, read) {
        (Some(problem), _) => Err(problem),
        (None, Ok(line)) => Ok(line),
        (None, Err(error)) => Err(invalid(format!("it cannot be read: {}", reason(&error)))),
    }
}

/// The object of a line, whose members come in their order.
struct Members<'a> {
    import: &'a mut Import,
    /// What is wrong, where it is no fault of the JSON.
    problem: &'a mut Option<Problem>,
}

impl Members<'_> {
    /// Says what is wrong and gives the error that ends the reading.
    fn conclude<E: serde::de::Error>(&mut self, done: Result<(), ImportError>) -> Result<(), E> {
        done.map_err(|error| {
            *self.problem = Some(refused(error));
            E::custom("refused")
        })
    }

    fn row<'de, M: MapAccess<'de>>(&mut self, members: &mut M) -> Result<(), M::Error> {
        let table: String = members.next_value()?;
        expect(members, "slot")?;
        let slot = members.next_value()?;
        expect(members, "row")?;
        let done = self.import.row(&table, slot, |row| json::read_member(members, row, &table));
        self.conclude(done)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Line;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`{\"state\": …}`, `{\"table\": …, \"slot\": …, \"row\": …}` or `{\"end\": …}`")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut members: M) -> Result<Line, M::Error> {
        let line = match members.next_key::<String>()?.as_deref() {
            Some("state") => {
                let done = self.import.state(|slot| json::read_member(&mut members, slot, "state"));
                self.conclude(done)?;
                Line::State
            }
            Some("table") => {
                self.row(&mut members)?;
                Line::Row
            }
            Some("end") => Line::End(members.next_value::<End>()?.rows),
            _ => return Err(M::Error::custom("`state`, `table` or `end` comes first in a line")),
        };
        match members.next_key::<String>()? {
            None => Ok(line),
            Some(_) => Err(M::Error::custom("there are more members than a line has")),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    rows: u64,
}

fn expect<'de, M: MapAccess<'de>>(members: &mut M, name: &str) -> Result<(), M::Error> {
    match members.next_key::<String>()? {
        Some(found) if found == name => Ok(()),
        _ => Err(M::Error::custom(format!("`{name}` is expected next"))),
    }
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(Kind::InvalidImport, detail)
}

/// Names the line of a problem.
fn at(line: u64, problem: Problem) -> Problem {
    problem.in_line(line).with_help("nothing was changed; correct the file and import it again")
}

/// What an error of JSON says, without its place: every line is a document of its own.
fn reason(error: &impl fmt::Display) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason).to_owned()
}

fn refused(error: ImportError) -> Problem {
    match error {
        ImportError::Value(error) => value(error),
        error => error.into(),
    }
}

/// A value that does not fit. What the runtime calls an argument is a field here.
fn value(error: ArgumentError) -> Problem {
    let (name, detail) = match error {
        ArgumentError::Missing { name, expected } => {
            let detail = format!("`{name}: {expected}` is missing");
            (name, detail)
        }
        ArgumentError::Unknown { name, .. } => {
            let detail = format!("there is no field `{name}`");
            (name, detail)
        }
        ArgumentError::Duplicate { name } => {
            let detail = format!("`{name}` is given twice");
            (name, detail)
        }
        ArgumentError::WrongType { name, expected, found } => {
            let detail = format!("`{name}` takes `{expected}`, found {found}");
            (name, detail)
        }
        ArgumentError::TooLarge { name } => {
            let detail = format!("the world has no memory left for `{name}`");
            return Problem::new(Kind::WorldFull, detail).with("field", name);
        }
        ArgumentError::Unreadable { reason: text } => {
            return invalid(format!("it cannot be read: {}", reason(&text)));
        }
        error => return invalid(error.to_string()),
    };
    Problem::new(Kind::ImportValue, detail).with("field", name)
}
