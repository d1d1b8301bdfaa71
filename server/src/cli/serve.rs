//! `midflight serve [FILE]`: from flags to a server that runs until it is told to stop.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use midflight_compiler::settings::Settings;
use midflight_compiler::source::Source;
use midflight_runtime::{BuildError, Durability, Engine, LoadOptions, StoreError};
use tokio::net::TcpListener;
use tokio::runtime::{Handle, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::limit::{self, Flag, Limits};
use super::{Failure, durability, print, read, style, tell};
use crate::report::{self, Style};
use crate::{Access, AccessError, Events, ServerState, Token, run_timers, serve};

/// The example that a server runs when it is given no file.
const HELLO: &str = include_str!("../../../dsl-examples/hello/v1.flight");
const HELLO_NAME: &str = "hello example";

/// Where the state is kept.
const DATA: &str = "midflight-data";

const LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 12345);

/// What is logged where `MIDFLIGHT_LOG` is not set: warnings, and what programs log.
const LOG: &str = "warn,flight=info";

/// How long a thread that still works may hold up the end of the process.
const THREADS_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Args, Debug)]
pub(super) struct Serve {
    /// Source in Flight: the first version, unless the store has one already
    file: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one. Elsewhere than on loopback a token is needed
    #[arg(long, value_name = "ADDR:PORT", default_value_t = LISTEN)]
    listen: SocketAddr,
    /// Keep the state in memory only: it ends with the process
    #[arg(long, conflicts_with = "data")]
    memory: bool,
    /// Keep the state in this directory, and go on with what is there
    #[arg(long, value_name = "DIR", default_value = DATA)]
    data: PathBuf,
    /// When calls are answered: `commit`, once they are on the disk; `interval=100ms`, at once, on
    /// the disk within that time; `none`, at once
    #[arg(long, value_name = "MODE", default_value = "commit", value_parser = durability::read)]
    durability: Durability,
    /// A file with the token that loads and changes of versions need, 16 bytes or more
    #[arg(long, value_name = "FILE")]
    admin_token_file: Option<PathBuf>,
    /// A name by which clients may call this server, besides `localhost`; may be repeated
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// Make a world when a call names one that is not there, instead of refusing the call
    #[arg(long)]
    create_worlds: bool,
    /// Set a limit, `fuel_max=10_000_000`, `body_len_max=1MiB`; may be repeated. `--limit help`
    /// lists them
    #[arg(long, value_name = "NAME=VALUE", value_parser = Flag::read)]
    limit: Vec<Flag>,
}

impl Default for Serve {
    fn default() -> Serve {
        Serve {
            file: None,
            listen: LISTEN,
            memory: false,
            data: PathBuf::from(DATA),
            durability: Durability::Commit,
            admin_token_file: None,
            host: Vec::new(),
            create_worlds: false,
            limit: Vec::new(),
        }
    }
}

impl Serve {
    /// Serves until the process is told to stop.
    pub(super) fn run(self) -> Result<(), Failure> {
        if self.limit.contains(&Flag::Help) {
            print(limit::list());
            return Ok(());
        }
        log()?;
        let source = self.file.as_deref().map(read).transpose()?;
        let access = self.access()?;
        let runtime = Runtime::new()
            .map_err(|error| Failure::new(format!("cannot start the event loop: {error}")))?;
        let served = runtime.block_on(self.serve(source, access));
        runtime.shutdown_timeout(THREADS_TIMEOUT);
        served
    }

    fn access(&self) -> Result<Access, Failure> {
        let help = "head -c 32 /dev/urandom | base64 > token";
        let refused = |error| match error {
            AccessError::TokenTooShort => Failure::with_help(error, help),
            AccessError::Open(_) => Failure::with_help(error, "add `--admin-token-file FILE`"),
        };
        let token = self.admin_token_file.as_deref().map(read_token).transpose()?;
        let token = token.map(|token| Token::new(&token)).transpose().map_err(refused)?;
        Access::new(self.listen, self.host.clone(), token).map_err(refused)
    }

    async fn serve(self, source: Option<Source>, access: Access) -> Result<(), Failure> {
        // Before the address is taken, so that a stop is never missed.
        let stop = stop_signal()
            .map_err(|error| Failure::new(format!("cannot wait for signals: {error}")))?;
        let listener = TcpListener::bind(self.listen).await.map_err(|error| self.taken(&error))?;
        let address = listener.local_addr().unwrap_or(self.listen);
        let threads = Handle::current();
        let limits = Limits::of(&self.limit);
        let events = Events::new(limits.server);
        let builder = Engine::builder()
            .limits(limits.engine)
            .code(Settings::default().limits(limits.source))
            .observer(events.clone())
            .spawn(move |work| drop(threads.spawn_blocking(work)))
            .durability(self.durability);
        let builder = if self.memory { builder.memory() } else { builder.data(&self.data) };
        let (engine, reopened) = builder.reopen().map_err(refused)?;
        reopened.refused.iter().for_each(|(number, error)| {
            tell(&format!("warning: version {number} is kept, but cannot be used: {error}\n"));
        });
        first_version(&engine, source)?;
        let current = engine.current();
        let running = current.as_deref().map(|version| (version.number(), version.source().name()));
        let (number, name) = running.unwrap_or_default();
        print(format!("midflight: listening on http://{address}, version {number} ({name})\n"));
        drop(current);
        let state = ServerState::new(engine.clone(), access, events);
        let state = state.create_worlds(self.create_worlds);
        let state = if self.memory { state } else { state.snapshots_in(&self.data) };
        let state = Arc::new(state);
        let timers = tokio::spawn(run_timers(state.clone()));
        let shutdown = async {
            stop.await;
            tracing::info!("stopping");
            state.stop();
        };
        serve(listener, state.clone(), shutdown).await;
        timers.abort();
        engine.flush().map_err(|error| Failure::new(format!("the last changes are lost: {error}")))
    }

    fn taken(&self, error: &io::Error) -> Failure {
        let listen = self.listen;
        match error.kind() {
            io::ErrorKind::AddrInUse => Failure::with_help(
                format!("{listen} is taken by another process"),
                "stop that one, or take another port: `--listen 127.0.0.1:0` finds a free one",
            ),
            _ => Failure::new(format!("cannot listen on {listen}: {error}")),
        }
    }
}

/// Sends what is logged to the standard error.
fn log() -> Result<(), Failure> {
    let filter = std::env::var("MIDFLIGHT_LOG").unwrap_or_else(|_| LOG.to_owned());
    let filter = EnvFilter::try_new(&filter).map_err(|error| {
        let message = format!("`MIDFLIGHT_LOG={filter}` cannot be read: {error}");
        Failure::with_help(message, "MIDFLIGHT_LOG=info")
    })?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(style() == Style::Coloured)
        .init();
    Ok(())
}

fn read_token(file: &Path) -> Result<String, Failure> {
    let refused = |error| format!("cannot read the token in `{}`: {error}", file.display());
    std::fs::read_to_string(file).map_err(|error| Failure::new(refused(error)))
}

/// Why an engine could not go on with its data.
fn refused(error: BuildError) -> Failure {
    let help = match &error {
        BuildError::Store(StoreError::InUse(_)) => {
            "stop that process, or take another directory: `--data DIR`"
        }
        BuildError::Store(StoreError::NewerFormat { .. }) => {
            "start the Midflight that wrote it, or a newer one"
        }
        BuildError::Store(StoreError::Corrupt(_)) | BuildError::NoCurrent(_) => {
            "put a snapshot in its place, or take another directory: `--data DIR`"
        }
        BuildError::Version { .. } => {
            "raise the limits to what they were, or load a source that this Midflight accepts with the \
             one that ran it"
        }
        BuildError::World { .. } => "raise the limits to what they were: `--limit help` lists them",
        _ => return Failure::new(error),
    };
    Failure::with_help(&error, help)
}

/// Loads the source where nothing is loaded yet: state that is there goes on with its version.
fn first_version(engine: &Engine, source: Option<Source>) -> Result<(), Failure> {
    if let Some(current) = engine.current() {
        if let Some(source) = source.filter(|source| source.text() != current.source().text()) {
            tell(&format!(
                "warning: version {} goes on; `{}` is another source\nhelp: midflight load FILE\n",
                current.number(),
                source.name(),
            ));
        }
        return Ok(());
    }
    let source = source.unwrap_or_else(|| Source::new(HELLO_NAME, HELLO));
    let options = LoadOptions { name: source.name().to_owned(), ..LoadOptions::default() };
    let loaded = engine.load_with(source.text(), options);
    let loaded = loaded.map_err(|error| Failure::of_load(error, &source))?;
    tell(&report::diagnostics(&source, &loaded.warnings, style()));
    Ok(())
}

/// Ready when the process is told to stop, by the system or by Ctrl-C.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
