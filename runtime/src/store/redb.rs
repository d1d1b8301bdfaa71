//! The store in a file: `redb`, a copy-on-write tree that survives a crash at any moment.
//!
//! | table | key | value |
//! | --- | --- | --- |
//! | `meta` | `format`; `order` | the format's number; which version is current, and what was |
//! | `versions` | number | name and source |
//! | `cells` | place of a world, part, index | the cell's bytes |
//!
//! The directory is locked while it is open. A file that is damaged may make `redb` panic: that is
//! caught, and is the error that it is.

mod directory;

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use redb::backends::FileBackend;
use redb::{
    Database, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable, StorageBackend,
    Table, TableDefinition, TableError, WriteTransaction,
};

use directory::Taken;

use super::{
    Batch, Cell, FORMAT, Persist, Store, StoreError, StoredVersion, StoredVersions, VersionOrder,
    VersionsChange, WorldChange,
};
use crate::canonical::{DecodeError, Reader, encode_len};

const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
const VERSIONS: TableDefinition<'_, u64, (&str, &str)> = TableDefinition::new("versions");
const CELLS: TableDefinition<'_, (&str, u32, u32), &[u8]> = TableDefinition::new("cells");

const META_FORMAT: &str = "format";
const META_ORDER: &str = "order";

/// Bytes of pages that are kept in memory. State is there anyway, so that pages are read only to be
/// written.
const CACHE_SIZE: usize = 32 << 20;

/// A store in a file. It is closed when it is dropped.
pub struct RedbStore {
    database: Database,
    /// Held for as long as the store is open.
    _taken: Option<Taken>,
}

impl RedbStore {
    /// Opens the store in a directory, which is made where there is none.
    ///
    /// # Errors
    /// When the directory cannot be made or written, or its store is in use, damaged, or of a newer
    /// format.
    pub fn open(directory: &Path) -> Result<RedbStore, StoreError> {
        let taken = directory::take(directory)?;
        directory::make(directory, |new, path| RedbStore::open_file(new, path).map(drop))?;
        let file = directory::file(directory);
        let cannot = |error| StoreError::io(format!("cannot open `{}`", file.display()), error);
        let opened = OpenOptions::new().read(true).write(true).open(&file).map_err(cannot)?;
        let store = RedbStore::open_file(opened, &file)?;
        Ok(RedbStore { _taken: Some(taken), ..store })
    }

    /// Opens the store in some other memory.
    ///
    /// # Errors
    /// As [`RedbStore::open`].
    pub fn with_backend(backend: impl StorageBackend) -> Result<RedbStore, StoreError> {
        RedbStore::open_backend(backend, Path::new("store"))
    }

    fn open_file(opened: File, path: &Path) -> Result<RedbStore, StoreError> {
        let backend = FileBackend::new(opened).map_err(|error| opening(error, path))?;
        RedbStore::open_backend(backend, path)
    }

    fn open_backend(backend: impl StorageBackend, file: &Path) -> Result<RedbStore, StoreError> {
        let open = || {
            let mut builder = Database::builder();
            let _ = builder.set_cache_size(CACHE_SIZE);
            let database = builder.create_with_backend(backend);
            let database = database.map_err(|error| opening(error, file))?;
            let store = RedbStore { database, _taken: None };
            store.check_format()?;
            Ok(store)
        };
        catch_unwind(AssertUnwindSafe(open))
            .unwrap_or_else(|_| Err(corrupt("it cannot be read at all")))
    }

    /// Reads the format; a new store gets the present one.
    fn check_format(&self) -> Result<(), StoreError> {
        let read = self.begin_read()?;
        if let Some(meta) = opened(read.open_table(META))?
            && let Some(format) = meta.get(META_FORMAT).map_err(reading)?
        {
            let format = <[u8; 4]>::try_from(format.value());
            let found = format.map_err(|_| corrupt("its format is no number"))?;
            let found = u32::from_le_bytes(found);
            return if found > FORMAT { Err(StoreError::NewerFormat { found }) } else { Ok(()) };
        }
        let transaction = self.begin_write(Persist::Now)?;
        let mut meta = transaction.open_table(META).map_err(writing)?;
        let _ = meta.insert(META_FORMAT, FORMAT.to_le_bytes().as_slice()).map_err(writing)?;
        drop(meta);
        transaction.commit().map_err(writing)
    }

    fn begin_read(&self) -> Result<ReadTransaction, StoreError> {
        self.database.begin_read().map_err(reading)
    }

    fn begin_write(&self, persist: Persist) -> Result<WriteTransaction, StoreError> {
        let transaction = self.database.begin_write();
        let mut transaction = transaction.map_err(writing)?;
        match persist {
            // What a later start would have to find out is written along.
            Persist::Now => transaction.set_quick_repair(true),
            Persist::Later => {
                transaction.set_durability(redb::Durability::None).map_err(writing)?;
            }
        }
        Ok(transaction)
    }
}

impl Store for RedbStore {
    fn versions(&self) -> Result<StoredVersions, StoreError> {
        let read = self.begin_read()?;
        let mut stored = StoredVersions::default();
        if let Some(versions) = opened(read.open_table(VERSIONS))? {
            for entry in versions.iter().map_err(reading)? {
                let (number, version) = entry.map_err(reading)?;
                let (name, source) = version.value();
                let (name, source) = (name.to_owned(), source.to_owned());
                stored.kept.push(StoredVersion { number: number.value(), name, source });
            }
        }
        if let Some(meta) = opened(read.open_table(META))?
            && let Some(order) = meta.get(META_ORDER).map_err(reading)?
        {
            let order = read_order(order.value());
            stored.order = order.map_err(|_| corrupt("the order of its versions is unreadable"))?;
        }
        Ok(stored)
    }

    fn worlds(&self) -> Result<Vec<String>, StoreError> {
        let mut worlds: Vec<String> = Vec::new();
        let read = self.begin_read()?;
        let Some(cells) = opened(read.open_table(CELLS))? else { return Ok(worlds) };
        let mut next = cells.first().map_err(reading)?.map(|(cell, _)| cell.value().0.to_owned());
        while let Some(world) = next {
            // The last cell that a world can have; a world behind it has another name.
            let mut behind = cells.range((&*world, u32::MAX, u32::MAX)..).map_err(reading)?;
            next = behind.next().transpose().map_err(reading)?.map(|entry| {
                let (name, _, _) = entry.0.value();
                name.to_owned()
            });
            worlds.push(world);
        }
        Ok(worlds)
    }

    fn cells(&self, world: &str, show: &mut dyn FnMut(Cell, &[u8])) -> Result<(), StoreError> {
        let read = self.begin_read()?;
        let Some(cells) = opened(read.open_table(CELLS))? else { return Ok(()) };
        for entry in cells.range((world, 0, 0)..=(world, u32::MAX, u32::MAX)).map_err(reading)? {
            let (cell, bytes) = entry.map_err(reading)?;
            let (_, part, index) = cell.value();
            show(Cell { part, index }, bytes.value());
        }
        Ok(())
    }

    fn commit(&self, batch: &Batch, persist: Persist) -> Result<(), StoreError> {
        let transaction = self.begin_write(persist)?;
        if let Some(versions) = &batch.versions {
            write_versions(&transaction, versions)?;
        }
        if !batch.worlds.is_empty() {
            let mut cells = transaction.open_table(CELLS).map_err(writing)?;
            for (world, change) in &batch.worlds {
                write_world(&mut cells, world, change)?;
            }
        }
        transaction.commit().map_err(writing)
    }

    fn snapshot(&self, file: &Path) -> Result<(), StoreError> {
        let cannot = |error| StoreError::io(format!("cannot write `{}`", file.display()), error);
        let created = OpenOptions::new().read(true).write(true).create_new(true).open(file);
        let copy = RedbStore::open_file(created.map_err(cannot)?, file)?;
        let (read, write) = (self.begin_read()?, copy.begin_write(Persist::Now)?);
        copy_table(META, &read, &write)?;
        copy_table(VERSIONS, &read, &write)?;
        copy_table(CELLS, &read, &write)?;
        write.commit().map_err(writing)?;
        drop(copy);
        directory::sync_parent(file).map_err(cannot)
    }
}

fn copy_table<K: redb::Key + 'static, V: redb::Value + 'static>(
    table: TableDefinition<'_, K, V>,
    from: &ReadTransaction,
    to: &WriteTransaction,
) -> Result<(), StoreError> {
    let Some(from) = opened(from.open_table(table))? else { return Ok(()) };
    let mut to = to.open_table(table).map_err(writing)?;
    for entry in from.iter().map_err(reading)? {
        let (key, value) = entry.map_err(reading)?;
        let _ = to.insert(key.value(), value.value()).map_err(writing)?;
    }
    Ok(())
}

fn write_versions(
    transaction: &WriteTransaction,
    change: &VersionsChange,
) -> Result<(), StoreError> {
    let mut versions = transaction.open_table(VERSIONS).map_err(writing)?;
    for StoredVersion { number, name, source } in &change.added {
        let _ = versions.insert(number, (&**name, &**source)).map_err(writing)?;
    }
    for number in &change.removed {
        let _ = versions.remove(number).map_err(writing)?;
    }
    let mut meta = transaction.open_table(META).map_err(writing)?;
    let _ = meta.insert(META_ORDER, &*order_bytes(&change.order)).map_err(writing)?;
    Ok(())
}

fn write_world(
    cells: &mut Table<'_, (&str, u32, u32), &[u8]>,
    world: &str,
    change: &WorldChange,
) -> Result<(), StoreError> {
    if change.is_whole {
        let all = (world, 0, 0)..=(world, u32::MAX, u32::MAX);
        cells.retain_in(all, |_, _| false).map_err(writing)?;
    }
    for (&Cell { part, index }, bytes) in &change.cells {
        let _ = match bytes {
            Some(bytes) => cells.insert((world, part, index), &**bytes).map_err(writing)?,
            None => cells.remove((world, part, index)).map_err(writing)?,
        };
    }
    Ok(())
}

/// Current version (0 for none), last number, then what was current before.
fn order_bytes(order: &VersionOrder) -> Vec<u8> {
    let VersionOrder { current, before, last_number } = order;
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&current.unwrap_or(0).to_le_bytes());
    bytes.extend_from_slice(&last_number.to_le_bytes());
    encode_len(&mut bytes, before.len());
    before.iter().for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
    bytes
}

fn read_order(bytes: &[u8]) -> Result<VersionOrder, DecodeError> {
    let mut reader = Reader::new(bytes);
    let current = reader.word()?;
    let last_number = reader.word()?;
    let before = (0..reader.len()?).map(|_| reader.word()).collect::<Result<_, _>>()?;
    reader.end()?;
    Ok(VersionOrder { current: (current != 0).then_some(current), before, last_number })
}

/// A table that is there; no batch has written to one that is not.
fn opened<K: redb::Key, V: redb::Value>(
    table: Result<ReadOnlyTable<K, V>, TableError>,
) -> Result<Option<ReadOnlyTable<K, V>>, StoreError> {
    match table {
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        table => table.map(Some).map_err(reading),
    }
}

fn reading(error: impl Into<redb::Error>) -> StoreError {
    failed("cannot read the store", error.into())
}

fn writing(error: impl Into<redb::Error>) -> StoreError {
    failed("cannot write to the store", error.into())
}

fn opening(error: impl Into<redb::Error>, file: &Path) -> StoreError {
    match error.into() {
        redb::Error::DatabaseAlreadyOpen => StoreError::InUse(file.to_owned()),
        redb::Error::UpgradeRequired(_) => corrupt("it is a file of an older kind"),
        redb::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            corrupt(&format!("`{}` is not a store: {error}", file.display()))
        }
        error => failed(&format!("cannot open `{}`", file.display()), error),
    }
}

fn failed(action: &str, error: redb::Error) -> StoreError {
    match error {
        redb::Error::Io(error) => StoreError::io(action, error),
        redb::Error::PreviousIo | redb::Error::DatabaseClosed => StoreError::Failed,
        error => corrupt(&error.to_string()),
    }
}

fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(what.to_owned())
}

impl fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbStore").finish_non_exhaustive()
    }
}
