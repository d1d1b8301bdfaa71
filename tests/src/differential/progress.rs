//! Which seeds are being run, in a file: when the process dies, whoever started it can tell.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// The seed that each worker runs, at its place in a file.
#[derive(Debug)]
pub struct Progress {
    file: Option<File>,
}

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

    /// Says that a worker begins with a seed.
    pub(super) fn begin(&self, worker: usize, seed: u64) {
        if let Some(file) = &self.file {
            // A seed that is not told costs a search later, no more.
            let _ = file.write_all_at(&seed.to_le_bytes(), 8 * worker as u64);
        }
    }

    /// The seeds that were being run last, by worker.
    pub(super) fn read(path: &Path) -> io::Result<Vec<u64>> {
        let mut bytes = Vec::new();
        let _ = File::open(path)?.read_to_end(&mut bytes)?;
        let (words, _) = bytes.as_chunks::<8>();
        Ok(words.iter().map(|word| u64::from_le_bytes(*word)).collect())
    }
}
