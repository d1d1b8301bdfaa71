//! Which seeds are being run, in a file: when the process dies or hangs, whoever started it can tell.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// What each worker does, at its place in a file: the seed, and how many programs it has begun.
#[derive(Debug)]
pub struct Progress {
    file: Option<File>,
}

/// One of the threads that run programs.
#[derive(Debug)]
pub(super) struct Worker<'p> {
    progress: &'p Progress,
    place: u64,
    seed: u64,
    begun: u64,
}

/// Bytes that a worker has in the file.
const WORKER_LEN: u64 = 16;

impl Progress {
    /// Writes nothing down.
    pub fn untold() -> Progress {
        Progress { file: None }
    }

    /// Writes to this file.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn to(path: &Path) -> io::Result<Progress> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
        Ok(Progress { file: Some(file) })
    }

    /// The worker of this number.
    pub(super) fn worker(&self, number: usize) -> Worker<'_> {
        Worker { progress: self, place: WORKER_LEN * number as u64, seed: 0, begun: 0 }
    }

    /// Seed and number of programs of each worker.
    pub(super) fn read(path: &Path) -> io::Result<Vec<[u64; 2]>> {
        let mut bytes = Vec::new();
        let _ = File::open(path)?.read_to_end(&mut bytes)?;
        let (words, _) = bytes.as_chunks::<8>();
        let words: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
        let (workers, _) = words.as_chunks::<2>();
        Ok(workers.to_vec())
    }
}

impl Worker<'_> {
    /// Says that the worker begins with the program of a seed.
    pub(super) fn begin(&mut self, seed: u64) {
        self.seed = seed;
        self.go_on();
    }

    /// Says that the worker begins with another program for its seed.
    pub(super) fn go_on(&mut self) {
        self.begun += 1;
        let Some(file) = &self.progress.file else { return };
        // What is not told costs a search later, no more.
        let _ = file.write_all_at(&self.seed.to_le_bytes(), self.place);
        let _ = file.write_all_at(&self.begun.to_le_bytes(), self.place + 8);
    }
}
