//! The directory of a store: taken by one process, and made with everything in it or not at all.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::store::StoreError;

/// The store.
const FILE: &str = "midflight.redb";
/// The same while it is made.
const FILE_NEW: &str = "midflight.redb.new";
/// Locked by the process that uses the directory.
const FILE_LOCK: &str = "midflight.lock";

/// The file of the store in a directory.
pub(super) fn file(directory: &Path) -> PathBuf {
    directory.join(FILE)
}

/// A directory that this process has taken, until it is dropped.
pub(super) struct Taken {
    lock: File,
}

impl Drop for Taken {
    /// Unlocks, which closing alone does not where the process has just begun another one: until
    /// that runs its own program it has a copy of each open file, and the lock is the file's.
    fn drop(&mut self) {
        let _ = self.lock.unlock();
    }
}

/// Takes a directory for this process. Makes it where there is none.
///
/// # Errors
/// When it is taken, or it cannot be made or written.
pub(super) fn take(directory: &Path) -> Result<Taken, StoreError> {
    let cannot = |error| StoreError::io(format!("cannot use `{}`", directory.display()), error);
    fs::create_dir_all(directory).map_err(cannot)?;
    let mut options = OpenOptions::new();
    let _ = options.write(true).create(true).truncate(false);
    let lock = options.open(directory.join(FILE_LOCK)).map_err(cannot)?;
    match lock.try_lock() {
        Ok(()) => Ok(Taken { lock }),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(directory.to_owned())),
        Err(TryLockError::Error(error)) => Err(cannot(error)),
    }
}

/// Makes the file of a new store where there is none: `fill` writes it, under another name, so that
/// a crash on the way leaves no half of it.
///
/// # Errors
/// When it cannot be made.
pub(super) fn make(
    directory: &Path,
    fill: impl FnOnce(File, &Path) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let (new, file) = (directory.join(FILE_NEW), file(directory));
    let cannot = |error| StoreError::io(format!("cannot create `{}`", file.display()), error);
    if fs::exists(&file).map_err(cannot)? {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    let _ = options.read(true).write(true).create(true).truncate(true);
    fill(options.open(&new).map_err(cannot)?, &new)?;
    fs::rename(&new, &file).map_err(cannot)?;
    // The name has to survive as well, and that of the directory.
    sync_parent(&file).and_then(|()| sync_parent(directory)).map_err(cannot)
}

/// Brings the name of a file or directory to the disk.
///
/// # Errors
/// When the directory that it stands in cannot be synced.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        None => Ok(()),
        Some(parent) if parent.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(parent) => File::open(parent)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::take;

    #[test]
    fn a_directory_is_free_again_whoever_still_has_a_copy_of_its_lock() {
        let name = format!("midflight-taken-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let taken = take(&directory).expect("it is made");
        // As a process that is just begun has one.
        let copy = taken.lock.try_clone().expect("there are descriptors");
        assert!(take(&directory).is_err(), "it is taken");
        drop(taken);
        assert!(take(&directory).is_ok(), "it is free");
        drop(copy);
        std::fs::remove_dir_all(&directory).expect("it is there");
    }
}
