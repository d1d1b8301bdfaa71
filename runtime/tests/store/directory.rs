//! A store in a directory: who may open it, what is refused, and copies of it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

use midflight_runtime::{ActivateOptions, BuildError, Engine, LoadOptions, StoreError, Then};

/// A directory that is gone when it is dropped.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Directory {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("midflight-store-{}-{number}", process::id()));
        Directory(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn file(&self) -> PathBuf {
        self.0.join("midflight.redb")
    }

    fn build(&self) -> Result<Engine, BuildError> {
        Engine::builder().data(self.path()).build()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const COUNTER: &str = "
    state { count: int }
    post count() -> int {
        state.count += 1
        return state.count
    }
";

fn count(engine: &Engine) -> i64 {
    let count = engine.handler::<(), i64>("count").expect("it is there");
    count.call("main", ()).expect("it ends")
}

#[test]
fn state_goes_on_in_a_directory() {
    let directory = Directory::new();
    let engine = directory.build().expect("it is made");
    let _ = engine.load(COUNTER).expect("the source is right");
    assert_eq!((count(&engine), count(&engine)), (1, 2));
    drop(engine);
    let (engine, reopened) = Engine::builder().data(directory.path()).reopen().expect("it goes on");
    assert_eq!((reopened.version, reopened.worlds, reopened.refused.len()), (1, 1, 0));
    assert_eq!(count(&engine), 3);
}

#[test]
fn two_engines_cannot_share_a_directory() {
    let directory = Directory::new();
    let engine = directory.build().expect("it is made");
    let second = directory.build().map(drop);
    assert!(matches!(second, Err(BuildError::Store(StoreError::InUse(_)))), "{second:?}");
    drop(engine);
    drop(directory.build().expect("it is free again"));
}

#[test]
fn numbers_and_the_way_back_go_on() {
    let directory = Directory::new();
    let engine = directory.build().expect("it is made");
    for text in ["one", "two", "three"] {
        let _ = engine.load(&format!("// {text}\n{COUNTER}")).expect("the source is right");
    }
    let staged = LoadOptions { then: Then::Stage, ..LoadOptions::default() };
    let staged = engine.load_with(&format!("// four\n{COUNTER}"), staged).expect("it is right");
    engine.delete(staged.number.expect("it has one")).expect("it is not current");
    drop(engine);
    let engine = directory.build().expect("it goes on");
    let kept: Vec<u64> = engine.versions().iter().map(|info| info.version.number()).collect();
    assert_eq!(kept, [1, 2, 3]);
    assert_eq!(engine.roll_back(ActivateOptions::default()).expect("there is one").number, 2);
    drop(engine);
    let engine = directory.build().expect("it goes on");
    assert_eq!(engine.roll_back(ActivateOptions::default()).expect("there is one").number, 1);
    let loaded = engine.load(&format!("// five\n{COUNTER}")).expect("the source is right");
    assert_eq!(loaded.number, Some(5), "4 was used");
}

#[test]
fn a_version_that_cannot_be_compiled_any_more() {
    use midflight_runtime::compiler::limits;
    use midflight_runtime::compiler::settings::Settings;
    let directory = Directory::new();
    let engine = directory.build().expect("it is made");
    let long = format!("// {}\n{COUNTER}", "x".repeat(2_000));
    let _ = engine.load(&long).expect("the source is right");
    let _ = engine.load(COUNTER).expect("the source is right");
    drop(engine);
    let short = limits::Limits { source_len_max: 1_024, ..limits::Limits::default() };
    let short = || {
        let builder = Engine::builder().data(directory.path());
        builder.code(Settings::default().limits(short)).reopen()
    };
    let (engine, reopened) = short().expect("the current one is short");
    let refused: Vec<u64> = reopened.refused.iter().map(|(number, _)| *number).collect();
    assert_eq!((reopened.version, refused), (2, vec![1]));
    drop(engine);
    let _ = directory
        .build()
        .expect("it goes on")
        .activate(1, ActivateOptions::default())
        .expect("it is kept");
    let refused = short().map(drop);
    assert!(matches!(refused, Err(BuildError::Version { number: 1, .. })), "{refused:?}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the file is damaged on purpose")]
fn what_is_no_store_is_refused() {
    let directory = Directory::new();
    fs::create_dir_all(directory.path()).expect("it can be made");
    for bytes in [&b""[..], b"this is no store", &[0xff; 10_000]] {
        fs::write(directory.file(), bytes).expect("it can be written");
        let refused = directory.build().map(drop);
        let is_damaged = matches!(refused, Err(BuildError::Store(StoreError::Corrupt(_))));
        assert!(is_damaged || bytes.is_empty() && refused.is_ok(), "{refused:?}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the file is damaged on purpose")]
fn a_store_that_was_half_made_is_made_anew() {
    let directory = Directory::new();
    fs::create_dir_all(directory.path()).expect("it can be made");
    fs::write(directory.path().join("midflight.redb.new"), b"half").expect("it can be written");
    let engine = directory.build().expect("it is made");
    let _ = engine.load(COUNTER).expect("the source is right");
    assert_eq!(count(&engine), 1);
}

#[test]
fn a_newer_format_is_refused() {
    let directory = Directory::new();
    drop(directory.build().expect("it is made"));
    let meta: redb::TableDefinition<'_, &str, &[u8]> = redb::TableDefinition::new("meta");
    let database = redb::Database::open(directory.file()).expect("nobody uses it");
    let transaction = database.begin_write().expect("it can be written");
    let mut table = transaction.open_table(meta).expect("it is there");
    let _ = table.insert("format", 2_u32.to_le_bytes().as_slice()).expect("it can be written");
    drop(table);
    transaction.commit().expect("it can be written");
    drop(database);
    let refused = directory.build().map(drop).expect_err("it is newer").to_string();
    assert_eq!(refused, "the store has format 2, this Midflight knows formats up to 1");
}

#[test]
fn a_snapshot_is_a_store() {
    let (directory, copy) = (Directory::new(), Directory::new());
    let engine = directory.build().expect("it is made");
    let _ = engine.load(COUNTER).expect("the source is right");
    assert_eq!(count(&engine), 1);
    fs::create_dir_all(copy.path()).expect("it can be made");
    engine.snapshot(&copy.file()).expect("it can be copied");
    assert!(engine.snapshot(&copy.file()).is_err(), "a file that is there is not written over");
    assert_eq!(count(&engine), 2);
    let copied = copy.build().expect("the copy goes on");
    assert_eq!(count(&copied), 2);
    assert_eq!(count(&copied), 3);
    assert_eq!(count(&engine), 3);
}
