//! SQLite, which a user would take for transfers that must not be lost: write-ahead log, synced with
//! every transaction, one transaction a transfer, prepared statements, a connection for each thread.

use std::time::Duration;

use midflight_bench::bank::{self, ACCOUNTS, AMOUNT, BALANCE, Pairs, Transfers};
use midflight_bench::{Answer, Contender, Error, Work};
use rusqlite::{Connection, TransactionBehavior};
use tempfile::TempDir;

const NAME: &str = "SQLite";

pub fn version() -> String {
    format!("SQLite {}", rusqlite::version())
}

pub fn contender(work: Work) -> Result<Option<Contender>, Error> {
    match work {
        Work::Bank(transfers) if transfers.is_durable => Ok(Some(transfer(transfers)?)),
        _ => Ok(None),
    }
}

fn transfer(transfers: Transfers) -> Result<Contender, Error> {
    let directory = TempDir::new()?;
    let open = || open(&directory);
    fill(&mut open()?)?;
    let pairs = bank::drawn(transfers);
    let connections = pairs.iter().map(|_: &Pairs| open());
    let mut connections = connections.collect::<Result<Vec<Connection>, Error>>()?;
    let reader = open()?;
    let mut done = 0;
    Ok(Contender::of_rounds(NAME, move |count| {
        // Removed when the contender is dropped.
        let _ = &directory;
        bank::on_threads(&mut connections, &pairs, &mut done, count, |connection, pairs| {
            for (from, to) in pairs {
                move_amount(connection, from, to).map_err(|error| error.to_string())?;
            }
            Ok(())
        })?;
        let balance = "SELECT balance FROM account WHERE id = 0";
        Ok(Answer::Int(reader.query_row(balance, [], |row| row.get(0))?))
    }))
}

fn open(directory: &TempDir) -> Result<Connection, Error> {
    let connection = Connection::open(directory.path().join("bank.sqlite"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // 64 MiB, in which everything fits.
    connection.pragma_update(None, "cache_size", -65_536)?;
    connection.busy_timeout(Duration::from_secs(60))?;
    Ok(connection)
}

fn fill(connection: &mut Connection) -> Result<(), Error> {
    let table = "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)";
    connection.execute(table, [])?;
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare("INSERT INTO account VALUES (?1, ?2)")?;
        for id in 0..ACCOUNTS {
            insert.execute((id, BALANCE))?;
        }
    }
    Ok(transaction.commit()?)
}

fn move_amount(connection: &mut Connection, from: i64, to: i64) -> Result<(), Error> {
    const TAKE: &str = "UPDATE account SET balance = balance - ?2 WHERE id = ?1 AND balance >= ?2";
    const GIVE: &str = "UPDATE account SET balance = balance + ?2 WHERE id = ?1";
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (statement, account) in [(TAKE, from), (GIVE, to)] {
        if transaction.prepare_cached(statement)?.execute((account, AMOUNT))? != 1 {
            return Err("an account is not there, or has too little".into());
        }
    }
    Ok(transaction.commit()?)
}
