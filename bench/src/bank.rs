//! The bank: transfers between 100,000 accounts, drawn evenly or with a skew, in memory or durable,
//! from one thread or two. The work of a published benchmark of SpacetimeDB, called in process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::thread;

use midflight_runtime::{Durability, Engine, Handler, Ticket};
use tempfile::TempDir;

use crate::Error;
use crate::piece::{Answer, Contender, Work};
use crate::rows::Draw;
use crate::works::{builder, engine, fill};

/// Accounts, numbered from 0.
pub const ACCOUNTS: i64 = 100_000;
/// What each has at first: more than is ever transferred.
pub const BALANCE: i64 = 1_000_000_000;
/// What a transfer moves.
pub const AMOUNT: i64 = 1;
/// Transfers that wait for the disk at the same time, of all threads together: 64 clients with 40
/// each, as in the published benchmark.
pub const IN_FLIGHT: usize = 64 * 40;
/// How many different transfers are drawn; they are gone through again and again.
const DRAWN: usize = 1 << 16;

const PROGRAM: &str = r#"
table account { key id: int, balance: int }

post fill(from: int, to: int) {
    for id in from..to { insert account { id, balance: 1_000_000_000 } }
}

post transfer(from: int, to: int, amount: int) {
    let source = account[from]
    let target = account[to]
    if source.balance < amount { fail 409 "account {from} has too little" }
    source.balance -= amount
    target.balance += amount
}

get balance(id: int) -> int { return account[id].balance }
"#;

/// Which transfers, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfers {
    /// Whether accounts are drawn by zipf's law with exponent 1.5, or all alike.
    pub is_skewed: bool,
    /// How many threads call at the same time.
    pub threads: u32,
    /// How many transfers of all threads are under way at the same time.
    pub flight: Flight,
    /// Whether a transfer is on the disk before it counts as done.
    pub is_durable: bool,
}

/// How many transfers wait for the disk at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flight {
    /// Each thread's next one begins when the last one has been kept.
    One,
    /// `IN_FLIGHT`; who cannot do that does what he can.
    Many,
}

/// From where to where: what one thread transfers, in order.
pub type Pairs = Arc<Vec<(i64, i64)>>;

pub(crate) fn contenders(work: Work) -> Result<Vec<Contender>, Error> {
    let Work::Bank(transfers) = work else { return Ok(Vec::new()) };
    let midflight = midflight(transfers)?;
    Ok(match transfers.is_durable {
        true => vec![midflight],
        false => vec![native(transfers), midflight],
    })
}

/// The transfers of each thread.
pub fn drawn(transfers: Transfers) -> Vec<Pairs> {
    let mut accounts = Accounts::new(transfers.is_skewed);
    let mut pairs = || Arc::new((0..DRAWN).map(|_| accounts.pair()).collect());
    (0..transfers.threads).map(|_| pairs()).collect()
}

/// Runs `work` on a thread for each list of transfers, together `count` of them; all lists are gone
/// through in the same order by everybody, from `done` on.
///
/// # Errors
/// When a thread's work fails.
pub fn on_threads<W: Send>(
    workers: &mut [W],
    pairs: &[Pairs],
    done: &mut usize,
    count: u32,
    work: impl Fn(&mut W, &mut dyn Iterator<Item = (i64, i64)>) -> Result<(), String> + Sync,
) -> Result<(), Error> {
    let share = (count as usize).div_ceil(pairs.len());
    let from = *done;
    *done += share;
    let part = |pairs: &Pairs| {
        let pairs = pairs.clone();
        (from..from + share).map(move |index| pairs[index % DRAWN])
    };
    if let ([worker], [pairs]) = (&mut *workers, pairs) {
        return Ok(work(worker, &mut part(pairs))?);
    }
    thread::scope(|scope| {
        let work = &work;
        let started = workers.iter_mut().zip(pairs).map(|(worker, pairs)| {
            let mut part = part(pairs);
            scope.spawn(move || work(worker, &mut part))
        });
        let started: Vec<_> = started.collect();
        started.into_iter().try_for_each(|thread| thread.join().expect("no thread panics"))
    })?;
    Ok(())
}

/// Draws accounts.
struct Accounts {
    draw: Draw,
    /// For a skew, the share of the accounts up to each.
    shares: Vec<f64>,
}

impl Accounts {
    fn new(is_skewed: bool) -> Accounts {
        let mut shares = Vec::new();
        if is_skewed {
            let mut sum = 0.0;
            shares.extend((1..=ACCOUNTS).map(|rank| {
                sum += (rank as f64).powf(-1.5);
                sum
            }));
            shares.iter_mut().for_each(|share| *share /= sum);
        }
        Accounts { draw: Draw::new(if is_skewed { 1 << 53 } else { ACCOUNTS }), shares }
    }

    fn account(&mut self) -> i64 {
        let number = self.draw.number();
        if self.shares.is_empty() {
            return number;
        }
        let share = number as f64 / (1_u64 << 53) as f64;
        // Who has much is not beside whoever has the next most: ranks are spread over the accounts.
        let rank = self.shares.partition_point(|&up_to| up_to < share) as i64;
        (rank * 7_919) % ACCOUNTS
    }

    /// Two accounts that are not the same.
    fn pair(&mut self) -> (i64, i64) {
        let from = self.account();
        loop {
            let to = self.account();
            if to != from {
                return (from, to);
            }
        }
    }
}

/// What a host would write: a map behind a mutex.
fn native(transfers: Transfers) -> Contender {
    let accounts: HashMap<i64, i64> = (0..ACCOUNTS).map(|id| (id, BALANCE)).collect();
    let accounts = Mutex::new(accounts);
    let pairs = drawn(transfers);
    let mut workers = vec![(); pairs.len()];
    let mut done = 0;
    Contender::of_rounds("native", move |count| {
        on_threads(&mut workers, &pairs, &mut done, count, |(), pairs| {
            for (from, to) in pairs {
                let mut accounts = accounts.lock().map_err(|error| error.to_string())?;
                transfer(&mut accounts, from, to, AMOUNT)?;
            }
            Ok(())
        })?;
        let accounts = accounts.lock().map_err(|error| error.to_string())?;
        accounts.get(&0).map(|&balance| Answer::Int(balance)).ok_or("no account".into())
    })
}

#[inline(never)]
fn transfer(
    accounts: &mut HashMap<i64, i64>,
    from: i64,
    to: i64,
    amount: i64,
) -> Result<(), String> {
    if !accounts.contains_key(&to) {
        return Err("no such account".to_owned());
    }
    let source = accounts.get_mut(&from).ok_or("no such account")?;
    if *source < amount {
        return Err(format!("account {from} has too little"));
    }
    *source -= amount;
    *accounts.get_mut(&to).ok_or("no such account")? += amount;
    Ok(())
}

/// The transfer's handle, and the transfers that a thread waits for.
type Worker = (Handler<(i64, i64, i64), ()>, VecDeque<Ticket>);

fn midflight(transfers: Transfers) -> Result<Contender, Error> {
    let (engine, directory) = opened(transfers.is_durable)?;
    fill(&engine, ACCOUNTS)?;
    engine.flush()?;
    let balance = engine.handler::<(i64,), i64>("balance")?;
    let handle = engine.handler::<(i64, i64, i64), ()>("transfer")?;
    let pairs = drawn(transfers);
    let mut workers: Vec<Worker> =
        pairs.iter().map(|_| (handle.clone(), VecDeque::new())).collect();
    let in_flight = match transfers.flight {
        Flight::One => 1,
        Flight::Many => IN_FLIGHT / pairs.len(),
    };
    let mut done = 0;
    Ok(Contender::of_rounds("midflight", move |count| {
        // Removed when the contender is dropped.
        let _ = &directory;
        on_threads(&mut workers, &pairs, &mut done, count, |worker, pairs| {
            if in_flight == 1 {
                return one_at_a_time(worker, pairs);
            }
            many_in_flight(worker, pairs, in_flight)
        })?;
        Ok(Answer::Int(balance.call("main", (0,))?))
    }))
}

fn opened(is_durable: bool) -> Result<(Engine, Option<TempDir>), Error> {
    if !is_durable {
        return Ok((engine(PROGRAM)?, None));
    }
    let directory = TempDir::new()?;
    let engine = builder().data(directory.path()).durability(Durability::Commit).build()?;
    let _ = engine.load(PROGRAM)?;
    Ok((engine, Some(directory)))
}

fn one_at_a_time(
    (handle, _): &mut Worker,
    pairs: &mut dyn Iterator<Item = (i64, i64)>,
) -> Result<(), String> {
    for (from, to) in pairs {
        handle.call("main", (from, to, AMOUNT)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Waits for the oldest transfer when as many are in flight as may be, and for all at the end.
fn many_in_flight(
    (handle, waiting): &mut Worker,
    pairs: &mut dyn Iterator<Item = (i64, i64)>,
    in_flight: usize,
) -> Result<(), String> {
    for (from, to) in pairs {
        if waiting.len() == in_flight
            && let Some(oldest) = waiting.pop_front()
        {
            oldest.wait().map_err(|error| error.to_string())?;
        }
        let submitted = handle.submit("main", (from, to, AMOUNT));
        let ((), ticket) = submitted.map_err(|error| error.to_string())?;
        waiting.push_back(ticket);
    }
    waiting.drain(..).try_for_each(|ticket| ticket.wait().map_err(|error| error.to_string()))
}
