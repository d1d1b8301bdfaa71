//! A disk that fails on purpose: it forgets what was not synced, tears and reorders it, refuses a
//! write, is full, or is gone altogether.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use midflight_runtime::store::redb::RedbStore;
use redb::StorageBackend;

/// Bytes that a disk writes whole or not at all.
const SECTOR_SIZE: usize = 512;

/// A disk. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Arc<Mutex<Content>>);

#[derive(Debug, Default)]
struct Content {
    /// As a program reads it.
    seen: Vec<u8>,
    /// What has been synced.
    synced: Vec<u8>,
    /// What has been written since then, in order.
    unsynced: Vec<Change>,
    /// Writes, changes of length and syncs so far.
    operations: usize,
    fault: Option<(usize, Fault)>,
    /// Nothing works any more.
    is_gone: bool,
}

#[derive(Clone, Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

/// What happens at some operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails, and so does everything after it.
    Error,
    /// It fails once.
    ErrorOnce,
    /// Half of it is written, then it fails.
    ShortWrite,
    /// The disk can neither be written nor grow from here on.
    Full,
    /// The power goes.
    PowerLoss,
}

impl Disk {
    /// A disk with a new store. To make one is not tried here: in a directory it is all or nothing.
    pub(crate) fn new() -> Disk {
        let disk = Disk::default();
        drop(disk.store().expect("the disk is good"));
        Disk::with(disk.after_death())
    }

    /// A disk with this on it.
    pub(crate) fn with(bytes: Vec<u8>) -> Disk {
        Disk(Arc::new(Mutex::new(Content {
            seen: bytes.clone(),
            synced: bytes,
            ..Content::default()
        })))
    }

    /// Plans a fault at an operation, counted from 0.
    pub(crate) fn plan(&self, operation: usize, fault: Fault) {
        self.content().fault = Some((operation, fault));
    }

    /// A store on it.
    pub(crate) fn store(&self) -> Result<RedbStore, midflight_runtime::StoreError> {
        RedbStore::with_backend(self.clone())
    }

    /// How many operations there were.
    pub(crate) fn operations(&self) -> usize {
        self.content().operations
    }

    /// What the next process finds after this one has died.
    pub(crate) fn after_death(&self) -> Vec<u8> {
        self.content().seen.clone()
    }

    /// The disk as the next process uses it after this one has died: it works again, and may still
    /// lose what was not synced.
    #[allow(dead_code, reason = "only some of the tests that share this file restart on a disk")]
    pub(crate) fn of_the_next_process(&self) -> Disk {
        let content = self.content();
        Disk(Arc::new(Mutex::new(Content {
            seen: content.seen.clone(),
            synced: content.synced.clone(),
            unsynced: content.unsynced.clone(),
            ..Content::default()
        })))
    }

    /// What is there after a loss of power: what was synced, and of the rest, whatever `random`
    /// decides, in any order, torn between sectors.
    pub(crate) fn after_power_loss(&self, random: &mut Random) -> Vec<u8> {
        let content = self.content();
        let mut bytes = content.synced.clone();
        let mut changes = content.unsynced.clone();
        if random.below(2) == 0 {
            random.shuffle(&mut changes);
        }
        let kept = random.below(5);
        for change in changes {
            // None, all, or some of them.
            let is_lost = kept == 0 || (kept != 1 && random.below(2) == 0);
            match change {
                _ if is_lost => {}
                Change::Length(len) => bytes.resize(len as usize, 0),
                Change::Write(offset, data) => {
                    let is_torn = kept > 2 && random.below(2) == 0;
                    write_sectors(&mut bytes, (offset as usize, &data), |_| {
                        !is_torn || random.below(2) == 0
                    });
                }
            }
        }
        bytes
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().expect("nobody panics here")
    }

    /// Counts an operation; what it gives has to happen to it.
    fn begin(content: &mut Content) -> Result<Option<Fault>, io::Error> {
        let operation = content.operations;
        content.operations += 1;
        if content.is_gone {
            return Err(io::Error::other("the disk is gone"));
        }
        let Some((_, fault)) = content.fault.filter(|(at, _)| *at == operation) else {
            return Ok(None);
        };
        content.is_gone = matches!(fault, Fault::Error | Fault::PowerLoss | Fault::Full);
        match fault {
            Fault::ShortWrite => Ok(Some(fault)),
            Fault::Full => Err(io::ErrorKind::StorageFull.into()),
            Fault::Error | Fault::ErrorOnce | Fault::PowerLoss => {
                Err(io::Error::other("the disk has failed"))
            }
        }
    }
}

/// Writes the sectors that are chosen.
fn write_sectors(
    bytes: &mut Vec<u8>,
    (offset, data): (usize, &[u8]),
    mut is_written: impl FnMut(usize) -> bool,
) {
    let end = offset + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    let mut start = offset;
    while start < end {
        let next = ((start / SECTOR_SIZE + 1) * SECTOR_SIZE).min(end);
        if is_written(start / SECTOR_SIZE) {
            bytes[start..next].copy_from_slice(&data[start - offset..next - offset]);
        }
        start = next;
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.content().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let content = self.content();
        let start = offset as usize;
        let read = content.seen.get(start..start + out.len());
        out.copy_from_slice(read.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        let mut content = self.content();
        if Disk::begin(&mut content)?.is_some() {
            return Err(io::Error::other("the disk has failed"));
        }
        content.seen.resize(len as usize, 0);
        content.unsynced.push(Change::Length(len));
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        let mut content = self.content();
        if Disk::begin(&mut content)?.is_some() {
            return Err(io::Error::other("the disk has failed"));
        }
        content.synced = content.seen.clone();
        content.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        let mut content = self.content();
        let fault = Disk::begin(&mut content)?;
        let data = if fault.is_some() { &data[..data.len() / 2] } else { data };
        write_sectors(&mut content.seen, (offset as usize, data), |_| true);
        content.unsynced.push(Change::Write(offset, data.to_vec()));
        match fault {
            Some(_) => Err(io::Error::other("the write was cut short")),
            None => Ok(()),
        }
    }
}

/// Numbers that look random, the same ones for a seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % bound
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}
