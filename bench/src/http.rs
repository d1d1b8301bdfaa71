//! Servers as processes of their own, so that their processor time is theirs alone, and a client
//! with keep-alive connections.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use midflight_runtime::Engine;
use midflight_server::{Access, Events, ServerState, serve};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::Error;

const PROGRAM: &str = "get add(a: int, b: int) -> int { return a + b }\n";
const TARGET: &str = "/add?a=40&b=2";
const ANSWER: &str = "42";

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// A handler that gives the same bytes without looking at the request.
    Axum,
    Midflight,
}

/// A server that is there until this is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start(kind: Kind) -> Result<Server, Error> {
        let name = match kind {
            Kind::Axum => "axum",
            Kind::Midflight => "midflight",
        };
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--serve", name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = process.stdout.take().ok_or("it was asked for")?;
        let _ = BufReader::new(output).read_line(&mut line)?;
        Ok(Server { process, address: line.trim().parse()? })
    }

    /// Seconds of processor time that the server has taken so far.
    pub(crate) fn processor_time(&self) -> Result<f64, Error> {
        let mut nanoseconds = 0.0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            nanoseconds += text.split(' ').next().ok_or("a time")?.parse::<f64>()?;
        }
        Ok(nanoseconds / 1e9)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends by itself when its input does, however this process ends.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// What the process of a [`Server`] does: tells its address, and answers until its input ends.
pub(crate) fn run(kind: Kind) -> Result<(), Error> {
    let runtime = Runtime::new()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    let mut out = std::io::stdout();
    writeln!(out, "{address}")?;
    out.flush()?;
    let (ended, end) = tokio::sync::oneshot::channel();
    let watch = std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = ended.send(());
    });
    let end = async { drop(end.await) };
    match kind {
        Kind::Axum => runtime
            .block_on(async { axum::serve(listener, bare()).with_graceful_shutdown(end).await })?,
        Kind::Midflight => {
            let engine = Engine::builder().memory().build()?;
            let _ = engine.load(PROGRAM)?;
            let access = Access::new(address, Vec::new(), None)?;
            let state = Arc::new(ServerState::new(engine, access, Events::default()));
            runtime.block_on(serve(listener, state, end));
        }
    }
    watch.join().map_err(|_| "nobody panicked")?;
    Ok(())
}

/// The same status, headers and body as Midflight's.
fn bare() -> Router {
    let version = HeaderName::from_static("midflight-version");
    let answer = || async move { ([(CONTENT_TYPE, "application/json"), (version, "1")], ANSWER) };
    Router::new().route("/add", get(answer))
}

/// A connection that is kept alive.
pub(crate) struct Caller {
    stream: BufReader<TcpStream>,
}

impl Caller {
    pub(crate) fn connect(address: SocketAddr) -> Result<Caller, Error> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Caller { stream: BufReader::new(stream) })
    }

    /// Calls one after the other; gives the seconds that each took.
    pub(crate) fn call_for(&mut self, time: Duration) -> Result<Vec<f64>, Error> {
        let began = Instant::now();
        let mut latencies = Vec::new();
        while began.elapsed() < time {
            let call = Instant::now();
            self.send("GET", TARGET, "")?;
            let answer = self.receive()?;
            latencies.push(call.elapsed().as_secs_f64());
            expect(&answer)?;
        }
        Ok(latencies)
    }

    /// The head of an answer without the date, and its body: what must be the same of all.
    pub(crate) fn answer(&mut self) -> Result<(Vec<String>, String), Error> {
        self.send("GET", TARGET, "")?;
        self.receive()
    }

    /// Loads the program with a line at its end, so that it is another one.
    pub(crate) fn load(&mut self, line: &str) -> Result<(), Error> {
        self.send("POST", "/load", &format!("{PROGRAM}// {line}\n"))?;
        let _ = self.receive()?;
        Ok(())
    }

    fn send(&mut self, method: &str, target: &str, body: &str) -> Result<(), Error> {
        let len = body.len();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len}\r\n\r\n{body}"
        );
        Ok(self.stream.get_mut().write_all(request.as_bytes())?)
    }

    fn receive(&mut self) -> Result<(Vec<String>, String), Error> {
        let (mut head, mut len) = (Vec::new(), 0);
        loop {
            let mut line = String::new();
            let _ = self.stream.read_line(&mut line)?;
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                len = value.trim().parse()?;
            }
            if !line.starts_with("date:") {
                head.push(line);
            }
        }
        let mut body = vec![0; len];
        self.stream.read_exact(&mut body)?;
        let body = String::from_utf8(body)?;
        match head.first().is_some_and(|status| status.starts_with("http/1.1 200")) {
            true => Ok((head, body)),
            false => Err(format!("{head:?} {body}").into()),
        }
    }
}

fn expect((_, body): &(Vec<String>, String)) -> Result<(), Error> {
    match body == ANSWER {
        true => Ok(()),
        false => Err(format!("the answer is {body}").into()),
    }
}

/// Calls over all of these connections at once, again and again; gives how many calls were made.
pub(crate) fn call_together(callers: &mut [Caller], time: Duration) -> Result<usize, Error> {
    let began = Instant::now();
    let mut calls = 0;
    while began.elapsed() < time {
        for caller in &mut *callers {
            caller.send("GET", TARGET, "")?;
        }
        for caller in &mut *callers {
            expect(&caller.receive()?)?;
        }
        calls += callers.len();
    }
    Ok(calls)
}
