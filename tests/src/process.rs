//! The `midflight` command as a process: one that serves until it is told to stop.

use std::io::{BufRead, BufReader, Read, copy, sink};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use crate::client::Client;

/// A `midflight serve` on a port of its own; killed when it is dropped.
#[derive(Debug)]
pub struct Process {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it said when it began to listen.
    pub first_line: String,
    child: Child,
}

impl Process {
    /// Starts `midflight serve --listen 127.0.0.1:0` with further arguments and waits until it
    /// listens.
    pub fn serve(program: &str, arguments: &[&str]) -> Process {
        let mut command = Command::new(program);
        let _ = command.args(["serve", "--memory", "--listen", "127.0.0.1:0"]).args(arguments);
        Process::start(&mut command).expect("it says where it listens")
    }

    /// Starts `midflight serve` with so many descriptors at most.
    pub fn serve_limited(program: &str, descriptors_max: usize) -> Process {
        let mut command = Command::new("sh");
        let script = format!(
            "ulimit -n {descriptors_max} && exec \"$0\" serve --memory --listen 127.0.0.1:0"
        );
        let _ = command.args(["-c", &script, program]);
        Process::start(&mut command).expect("it says where it listens")
    }

    /// Starts `midflight serve` in a directory, on a port of its own unless the arguments say
    /// where, and waits until it listens.
    ///
    /// # Errors
    /// What it says when it does not start.
    pub fn serve_in(
        program: &Path,
        directory: &Path,
        arguments: &[&str],
    ) -> Result<Process, String> {
        let mut command = Command::new(program);
        let _ = command.arg("serve").args(arguments).current_dir(directory);
        let _ = command.stderr(Stdio::piped());
        if !arguments.contains(&"--listen") {
            let _ = command.args(["--listen", "127.0.0.1:0"]);
        }
        Process::start(&mut command)
    }

    /// Gives what the process prints when it ends without having listened.
    fn start(command: &mut Command) -> Result<Process, String> {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the command starts");
        let mut output = BufReader::new(child.stdout.take().expect("the output is piped"));
        let messages = child.stderr.take();
        let mut printed = String::new();
        let _ = output.read_line(&mut printed).expect("it says something");
        let address = printed.split("http://").nth(1).and_then(|rest| rest.split(',').next());
        if let Some(address) = address.and_then(|address| address.parse().ok()) {
            // A server whose messages nobody reads would wait for a reader.
            drop(messages.map(|mut rest| thread::spawn(move || copy(&mut rest, &mut sink()))));
            return Ok(Process { address, first_line: printed, child });
        }
        let _ = output.read_to_string(&mut printed).expect("the output is text");
        if let Some(mut messages) = messages {
            let _ = messages.read_to_string(&mut printed).expect("messages are text");
        }
        let _ = child.wait();
        Err(printed)
    }

    /// A new connection.
    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// Sends it a signal by name: `TERM`, `INT`.
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        let sent = kill.args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("`kill` is there").success(), "the process is there");
    }

    /// Waits until it has ended.
    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().expect("the process can be waited for")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
