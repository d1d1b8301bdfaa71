//! A server in this process, on a port of its own, stopped when it is dropped.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use midflight_compiler::limits as source;
use midflight_compiler::settings::Settings;
use midflight_runtime::{Builder, Engine, Limits};
use midflight_server::{Access, Events, ServerState, Token, run_timers, serve};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::client::Client;
use crate::patient;

/// A running server.
#[derive(Debug)]
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it serves.
    pub engine: Engine,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How a server is set up.
#[derive(Debug)]
pub struct Setup {
    /// The names that it has besides its address.
    pub hosts: Vec<String>,
    /// The admin token.
    pub token: Option<String>,
    /// The engine's budgets.
    pub limits: Limits,
    /// What a source may take.
    pub source: source::Limits,
    /// What the server takes from its clients.
    pub server: midflight_server::Limits,
    /// Whether a call makes its world.
    pub create_worlds: bool,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            hosts: Vec::new(),
            token: None,
            limits: Limits::default(),
            source: patient(),
            server: midflight_server::Limits::default(),
            create_worlds: false,
        }
    }
}

impl Served {
    /// Serves a source.
    pub fn start(source: &str) -> Served {
        let served = Served::set_up(Setup::default());
        let _ = served.engine.load(source).expect("the first version loads");
        served
    }

    /// Serves nothing yet.
    pub fn set_up(setup: Setup) -> Served {
        Served::set_up_with(setup, Engine::builder())
    }

    /// Serves what an engine has that is set up further.
    pub fn set_up_with(setup: Setup, builder: Builder) -> Served {
        let runtime = Runtime::new().expect("the event loop starts");
        let threads = runtime.handle().clone();
        let events = Events::new(setup.server);
        let engine = builder
            .limits(setup.limits)
            .code(Settings::default().limits(setup.source))
            .observer(events.clone())
            .spawn(move |work| drop(threads.spawn_blocking(work)))
            .build()
            .expect("the engine can be set up");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let token = setup.token.map(|token| Token::new(&token).expect("the token is long enough"));
        let access = Access::new(address, setup.hosts, token).expect("loopback is allowed");
        let state = ServerState::new(engine.clone(), access, events);
        let state = Arc::new(state.create_worlds(setup.create_worlds));
        let (stop, stopping) = oneshot::channel();
        let serving = async move {
            let timers = tokio::spawn(run_timers(state.clone()));
            let shutdown = async {
                drop(stopping.await);
                state.stop();
            };
            serve(listener, state.clone(), shutdown).await;
            timers.abort();
        };
        let thread = std::thread::spawn(move || runtime.block_on(serving));
        Served { address, engine, stop: Some(stop), thread: Some(thread) }
    }

    /// A new connection.
    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            assert!(ended.is_none_or(|ended| ended.is_ok()), "the server panicked");
        }
    }
}
