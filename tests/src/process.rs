//! The `midflight` command as a process: one that serves until it is told to stop.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

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
        let messages = directory.join("messages");
        let file = File::create(&messages).map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        let _ = command.arg("serve").args(arguments).current_dir(directory).stderr(file);
        if !arguments.contains(&"--listen") {
            let _ = command.args(["--listen", "127.0.0.1:0"]);
        }
        Process::start(&mut command)
            .ok_or_else(|| fs::read_to_string(&messages).unwrap_or_else(|error| error.to_string()))
    }

    /// Gives nothing when the process ends without having listened.
    fn start(command: &mut Command) -> Option<Process> {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the command starts");
        let output = child.stdout.take().expect("the output is piped");
        let mut first_line = String::new();
        let _ = BufReader::new(output).read_line(&mut first_line).expect("it says something");
        let address = first_line.split("http://").nth(1).and_then(|rest| rest.split(',').next());
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            let _ = child.wait();
            return None;
        };
        Some(Process { address, first_line, child })
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
