//! `midflight run FILE HANDLER name=value…`: one call in a world of its own, without a server.

use std::path::PathBuf;

use clap::Args;
use midflight_compiler::source::Source;
use midflight_limits::Unit;
use midflight_runtime::{
    ArgumentError, Arguments, CallError, Content, Delivery, Engine, LoadOptions, LogLine,
    MAIN_WORLD, Observer, Outcome, Turn, View,
};

use super::{Failure, print, read, style, tell};
use crate::error::known_names;
use crate::limits::Limits;
use crate::{json, query, report};

#[derive(Args, Debug)]
pub(super) struct Run {
    /// Source in Flight
    file: PathBuf,
    /// The handler to call, `get` or `post`
    handler: String,
    /// Its arguments; a text as it is, a struct as JSON
    #[arg(value_name = "NAME=VALUE")]
    arguments: Vec<String>,
}

/// An engine for one command.
pub(super) fn engine() -> Engine {
    Engine::builder().memory().observer(Messages).build().expect("memory needs no store")
}

/// What a program logs, as messages of the command.
struct Messages;

impl Observer for Messages {
    fn log(&self, line: &LogLine<'_>) -> Option<Delivery> {
        let taken_back = if line.rolled_back { " (taken back)" } else { "" };
        tell(&format!("log: {}{taken_back}\n", line.text));
        None
    }
}

impl Run {
    /// Calls the handler and prints what it gives.
    pub(super) fn run(self) -> Result<(), Failure> {
        let source = read(&self.file)?;
        let engine = engine();
        let options = LoadOptions { name: source.name().to_owned(), ..LoadOptions::default() };
        let loaded = engine.load_with(source.text(), options);
        let loaded = loaded.map_err(|error| Failure::of_load(error, &source))?;
        tell(&report::diagnostics(&source, &loaded.warnings, style()));
        let called = engine.enter(MAIN_WORLD, |turn| self.call(turn, &source));
        called.map_err(Failure::new)?
    }

    fn call(&self, turn: &mut Turn<'_>, source: &Source) -> Result<(), Failure> {
        let handlers: Vec<String> =
            turn.version().handlers().map(|(name, _)| name.to_owned()).collect();
        match turn.call(&self.handler, |arguments| self.bind(arguments)) {
            Ok(Outcome::Done(result)) => show(result),
            Ok(Outcome::Trapped(trap)) => {
                let what = format!("`{}` trapped", self.handler);
                Err(Failure(report::trap(source, &what, &trap)))
            }
            Err(error @ CallError::UnknownHandler { .. }) => {
                Err(Failure::with_help(error, known_names(&self.handler, &handlers)))
            }
            Err(CallError::Argument(ArgumentError::Unknown { name, known })) => {
                let message = format!("there is no parameter `{name}`");
                Err(Failure::with_help(message, known_names(&name, &known)))
            }
            Err(error) => Err(Failure::new(error)),
        }
    }

    fn bind(&self, arguments: &mut Arguments<'_>) -> Result<(), ArgumentError> {
        for argument in &self.arguments {
            let Some((name, value)) = argument.split_once('=') else {
                let reason = format!("an argument is `name=value`, found `{argument}`");
                return Err(ArgumentError::Unreadable { reason });
            };
            query::write(value, arguments.slot(name)?, name)?;
        }
        Ok(())
    }
}

fn show(result: View<'_>) -> Result<(), Failure> {
    let mut text = Vec::new();
    match result.content() {
        Content::Unit => return Ok(()),
        Content::Text(result) => text.extend_from_slice(result.as_bytes()),
        _ => {
            let len_max = Limits::default().result_len_max;
            json::write(result, &mut text, len_max).map_err(|json::TooLarge| {
                let len_max = Unit::Bytes.show(len_max as u64);
                Failure::new(format!("the result is larger than {len_max}"))
            })?;
        }
    }
    if !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    print(text);
    Ok(())
}
