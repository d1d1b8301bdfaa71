//! A child process that is watched: one that makes no progress for too long is ended, so that a
//! program that hangs is found as one that crashes is.

use std::io::Read as _;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// What a process said and how it ended.
pub(super) struct Ended {
    /// Absent where it was ended because it made no progress.
    pub(super) status: Option<ExitStatus>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Runs a command to its end, or ends it when `progress` gives the same again after the time of
/// `patience`.
///
/// # Errors
/// When it cannot be started.
pub(super) fn run<T: PartialEq>(
    command: &mut Command,
    patience: Duration,
    progress: impl Fn() -> T,
) -> std::io::Result<Ended> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (ended, has_ended) = channel();
    let mut streams = Vec::new();
    let readers = [child.stdout.take().map(boxed), child.stderr.take().map(boxed)];
    for reader in readers.into_iter().flatten() {
        let ended = ended.clone();
        streams.push(thread::spawn(move || {
            let mut reader = reader;
            let mut bytes = Vec::new();
            // What was read until then is told.
            let _ = reader.read_to_end(&mut bytes);
            drop(ended);
            String::from_utf8_lossy(&bytes).into_owned()
        }));
    }
    drop(ended);
    let mut last = progress();
    let mut hangs = false;
    // Both streams are closed when the process has ended.
    while let Err(RecvTimeoutError::Timeout) = has_ended.recv_timeout(patience) {
        let now = progress();
        if now == last {
            hangs = true;
            child.kill()?;
            break;
        }
        last = now;
    }
    let _: Result<(), _> = has_ended.recv();
    let status = Some(child.wait()?).filter(|_| !hangs);
    let mut texts = streams.into_iter().map(|stream| stream.join().unwrap_or_default());
    let (stdout, stderr) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
    Ok(Ended { status, stdout, stderr })
}

fn boxed(stream: impl std::io::Read + Send + 'static) -> Box<dyn std::io::Read + Send> {
    Box::new(stream)
}
