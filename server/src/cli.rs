//! The `midflight` command: arguments in, one function, an exit code out.
//!
//! 0 is success, 1 a refusal or a failure that the command explains, 2 a wrong command line.
//! Results go to the standard output, messages to the standard error, in colour only on a
//! terminal and never where `NO_COLOR` is set.

mod check;
mod durability;
mod explain;
mod fmt;
mod inspect;
mod limit;
mod remote;
mod run;
mod serve;
mod test;
mod transfer;
mod worlds;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use clap::{Args, Parser, Subcommand};
use midflight_compiler::limits::COMPILE_STACK_SIZE;
use midflight_compiler::source::Source;
use midflight_runtime::LoadError;

use crate::report::{self, Style};

const EXAMPLES: &str = "\
Without a command it serves the hello example:

    midflight
    curl 127.0.0.1:12345/hello
    curl --data-binary @dsl-examples/hello/v2.flight 127.0.0.1:12345/load
    curl 127.0.0.1:12345/hello";

/// Change the code, keep the state, drop nobody: serves programs in Flight, a small language for
/// stateful services, and swaps them while they run
#[derive(Debug, Parser)]
#[command(name = "midflight", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a program; without FILE, the hello example
    Serve(serve::Serve),
    /// Say what is wrong with a program
    Check(FileArgument),
    /// Bring programs into the one style of Flight
    Fmt(fmt::Fmt),
    /// Run the tests of a program
    Test(FileArgument),
    /// Call a handler of a program once, without a server
    Run(run::Run),
    /// Tell the rule behind the code of a diagnostic
    Explain(explain::Explain),
    /// Show what a program becomes on its way to machine code
    Inspect(inspect::Inspect),
    /// Make a program the next version of a running server
    Load(remote::Load),
    /// List the versions that a running server keeps
    Versions(remote::Server),
    /// Make a version live that a running server keeps
    Activate(remote::Activate),
    /// Go back to the version that was live before
    Rollback(remote::Rollback),
    /// Write a world of a running server to the standard output
    Export(transfer::Export),
    /// Replace what a world of a running server holds by an export
    Import(transfer::Import),
    /// List the worlds of a running server, create one or delete one
    Worlds(worlds::Worlds),
}

/// The program to work on.
#[derive(Args, Debug)]
struct FileArgument {
    /// Source in Flight
    file: PathBuf,
}

/// Why a command ends without success: what to say about it.
#[derive(Debug)]
struct Failure(String);

impl Failure {
    fn new(message: impl std::fmt::Display) -> Failure {
        Failure(format!("error: {message}\n"))
    }

    fn with_help(message: impl std::fmt::Display, help: impl std::fmt::Display) -> Failure {
        Failure(format!("error: {message}\nhelp: {help}\n"))
    }

    /// Why a source was not loaded.
    fn of_load(error: LoadError, source: &Source) -> Failure {
        match error {
            LoadError::Source { file, diagnostics } => {
                Failure(report::diagnostics(&file, &diagnostics, style()))
            }
            LoadError::Tests(failures) => {
                let text = failures.iter().map(|failure| {
                    let what = format!("the test `{}` failed", failure.name);
                    report::trap(source, &what, &failure.trap)
                });
                Failure(text.collect())
            }
            LoadError::OnLoad(trapped) => {
                Failure(report::trap(source, "`on load` failed", &trapped.trap))
            }
            error => Failure::new(error),
        }
    }
}

/// Runs the command that the process was started with.
pub fn command() -> ExitCode {
    let done = match Cli::parse().command.unwrap_or(Command::Serve(serve::Serve::default())) {
        Command::Serve(serve) => serve.run(),
        Command::Check(FileArgument { file }) => check::run(&file),
        Command::Fmt(fmt) => fmt.run(),
        Command::Test(FileArgument { file }) => test::run(&file),
        Command::Run(run) => run.run(),
        Command::Explain(explain) => explain.run(),
        Command::Inspect(inspect) => inspect.run(),
        Command::Load(load) => load.run(),
        Command::Versions(server) => remote::versions(&server),
        Command::Activate(activate) => activate.run(),
        Command::Rollback(rollback) => rollback.run(),
        Command::Export(export) => export.run(),
        Command::Import(import) => import.run(),
        Command::Worlds(worlds) => worlds.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(message)) => {
            tell(&message);
            ExitCode::FAILURE
        }
    }
}

/// Writes a result. Who has closed the pipe does not want the rest.
fn print(text: impl AsRef<[u8]>) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_ref()).and_then(|()| out.flush());
}

/// Writes a message.
fn tell(message: &str) {
    let _ = io::stderr().lock().write_all(message.as_bytes());
}

/// How messages look here.
fn style() -> Style {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if io::stderr().is_terminal() && !refused { Style::Coloured } else { Style::Plain }
}

/// The source in a file.
fn read(file: &Path) -> Result<Source, Failure> {
    let bytes = std::fs::read(file)
        .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", file.display())))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let from = error.utf8_error().valid_up_to();
        Failure::new(format!("`{}` is not UTF-8 from byte {from} on", file.display()))
    })?;
    Ok(Source::new(file.display().to_string(), text))
}

/// Does something with the compiler, which needs a large stack.
fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Failure> {
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .stack_size(COMPILE_STACK_SIZE)
            .spawn_scoped(scope, work)
            .map_err(|error| Failure::new(format!("cannot start a thread: {error}")))?;
        thread.join().map_err(|_panic| {
            Failure::new("the compiler failed on this source: this is a fault, please report it")
        })
    })
}
