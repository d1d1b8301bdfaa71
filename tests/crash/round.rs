//! The life of one data directory: servers that start, work, are killed, and have to go on.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use midflight_tests::generate::Random;
use midflight_tests::{Process, Scratch};

use crate::bank::source;
use crate::export::Export;
use crate::ledger::{self, Done, Ledger, Request};
use crate::load::{self, Changed, Versions};

/// The `midflight` command.
const PROGRAM: &str = env!("CARGO_BIN_EXE_midflight-under-test");

/// However busy the machine is, a load is not refused.
const ARGUMENTS: &[&str] = &["--data", "data", "--limit", "compile_time_max=1h", "bank.flight"];

const CLIENTS: usize = 4;
/// Requests that are acknowledged at most before a server is killed.
const ACKNOWLEDGED_MAX: usize = 100;
/// How long it goes on at most behind the last of them.
const GOES_ON_MAX: Duration = Duration::from_millis(4);

/// A data directory and what its clients know.
pub(crate) struct Life {
    scratch: Scratch,
    name: String,
    random: Random,
    ledger: Ledger,
    versions: Versions,
    /// What the clients of the last server were told, and were not.
    done: Vec<Done>,
    changed: Option<Changed>,
    /// How long the last start took.
    start: Duration,
    seen: Seen,
}

/// What was met.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) kills: usize,
    /// Kills before the server was ready.
    pub(crate) starts_killed: usize,
    pub(crate) transfers: usize,
    /// Requests that were not answered.
    pub(crate) unanswered: usize,
    pub(crate) activations: usize,
    /// From start to ready, of those that were let.
    starting: Duration,
    longest_start: Duration,
    checking: Duration,
}

impl Seen {
    pub(crate) fn add(&mut self, other: &Seen) {
        self.kills += other.kills;
        self.starts_killed += other.starts_killed;
        self.transfers += other.transfers;
        self.unanswered += other.unanswered;
        self.activations += other.activations;
        self.starting += other.starting;
        self.longest_start = self.longest_start.max(other.longest_start);
        self.checking += other.checking;
    }
}

impl Life {
    pub(crate) fn new(seed: u64, number: usize) -> Life {
        let scratch = Scratch::new(&format!("crash-{number}"));
        let _ =
            scratch.file("bank.flight", &source(Versions::FIRST.number, Versions::FIRST.layout));
        Life {
            scratch,
            name: format!("seed {seed}, directory {number}"),
            random: Random::new(seed.wrapping_add((number as u64) << 32)),
            ledger: Ledger::default(),
            versions: Versions::first(),
            done: Vec::new(),
            changed: None,
            start: Duration::from_millis(50),
            seen: Seen::default(),
        }
    }

    /// Starts and kills so many times.
    pub(crate) fn run(mut self, kills: usize) -> Seen {
        while self.seen.kills < kills {
            if self.random.chance(25) {
                self.kill_start();
            } else {
                let process = self.start();
                self.check(&process);
                self.work(process);
            }
            self.seen.kills += 1;
        }
        let process = self.start();
        self.check(&process);
        self.seen.activations = self.versions.activations();
        self.seen
    }

    /// Starts a server and kills it at some moment of its start.
    fn kill_start(&mut self) {
        let mut command = Command::new(PROGRAM);
        let _ = command.args(["serve", "--listen", "127.0.0.1:0"]).args(ARGUMENTS);
        let _ = command.current_dir(self.scratch.path()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::null()).spawn().expect("the command starts");
        let part = self.random.below(1_000) as u32;
        thread::sleep(self.start * part / 1_000);
        child.kill().expect("it runs");
        let status = child.wait().expect("it can be waited for");
        assert_eq!(status.code(), None, "{}: it ended by itself", self.name);
        self.seen.starts_killed += 1;
    }

    fn start(&mut self) -> Process {
        let began = Instant::now();
        let directory: &Path = self.scratch.path();
        let process = Process::serve_in(Path::new(PROGRAM), directory, ARGUMENTS);
        let process = process.unwrap_or_else(|said| panic!("{}: {said}", self.name));
        self.start = began.elapsed();
        self.seen.starting += self.start;
        self.seen.longest_start = self.seen.longest_start.max(self.start);
        process
    }

    /// Compares what is there with what the clients of the last server know.
    fn check(&mut self, process: &Process) {
        let began = Instant::now();
        let mut client = process.client();
        let export = Export::of(&mut client);
        eprintln!(
            "{}, after kill {}: {} transfers",
            self.name,
            self.seen.kills,
            export.transfers.len()
        );
        self.ledger.check(std::mem::take(&mut self.done), &export);
        let unanswered = match self.changed.take() {
            Some(changed) => {
                self.versions = changed.versions;
                changed.unanswered
            }
            None => None,
        };
        self.versions.check(unanswered, &mut client, &export);
        self.seen.checking += began.elapsed();
    }

    /// Lets clients work until the server is killed.
    fn work(&mut self, process: Process) {
        let is_first = self.ledger.is_empty();
        if is_first {
            let mut client = process.client();
            let acknowledged: Vec<Request> = Request::first().collect();
            assert!(acknowledged.iter().all(|request| request.send(&mut client)));
            self.done.push(Done { acknowledged, unanswered: None });
        }
        let is_short = self.random.chance(20);
        let acknowledged = if is_short { 0 } else { self.random.below(ACKNOWLEDGED_MAX) };
        let goes_on = GOES_ON_MAX * self.random.below(1_000) as u32 / 1_000;
        let loads = self.random.chance(50);
        let begin = Barrier::new(CLIENTS + usize::from(loads) + 1);
        let round = self.seen.kills;
        let (sender, receiver) = channel();
        let (done, changed) = thread::scope(|scope| {
            let mut clients = Vec::new();
            for number in 0..CLIENTS {
                let (client, begin) = (process.client(), &begin);
                let (random, sender) = (self.random.fork(), sender.clone());
                clients.push(scope.spawn(move || {
                    let _ = begin.wait();
                    ledger::work(client, random, &format!("{round}-{number}"), &sender)
                }));
            }
            let loader = loads.then(|| {
                let (client, begin) = (process.client(), &begin);
                let (random, versions) = (self.random.fork(), self.versions.clone());
                scope.spawn(move || {
                    let _ = begin.wait();
                    load::work(client, random, versions)
                })
            });
            drop(sender);
            let _ = begin.wait();
            let counted = receiver.iter().take(acknowledged).count();
            assert_eq!(counted, acknowledged, "{}: the server went by itself", self.name);
            thread::sleep(goes_on);
            // A kill.
            drop(process);
            let done: Vec<Done> =
                clients.into_iter().map(|client| client.join().expect("it has told why")).collect();
            (done, loader.map(|loader| loader.join().expect("it has told why")))
        });
        for done in &done {
            self.seen.transfers += done.acknowledged.len();
            self.seen.unanswered += usize::from(done.unanswered.is_some());
        }
        self.done.extend(done);
        self.changed = changed;
    }
}
