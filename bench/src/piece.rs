//! A piece of work, and who does it: any number of contenders, which have to give the same answers.

use std::hint::black_box;

use crate::Error;
use crate::bank::Transfers;
use crate::measure::{Durability, Row, Settings, Target, Unit, interleaved};

/// A row of the table of works, `works::PIECES`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) work: Work,
    /// Under which heading it is told.
    pub(crate) section: &'static str,
    pub(crate) name: &'static str,
    pub(crate) unit: Unit,
    /// How often it is done in one round of a full run.
    pub(crate) count: u32,
    /// Into how many equal parts the time of one is divided, for figures such as "a row".
    pub(crate) parts: u32,
    pub(crate) durability: Durability,
    /// Whose times the others are divided by.
    pub(crate) base: Option<&'static str>,
    pub(crate) target: Option<Target>,
    /// Native Rust and Midflight, as far as there is such a thing.
    pub(crate) contenders: fn(Work) -> Result<Vec<Contender>, Error>,
}

/// What is done; somebody who joins does what he can of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// `call(a, b) = a + b`, called with 40 and 2.
    Call,
    /// Adds 1 to one number and to another one that are kept between calls; gives the first.
    Record,
    /// `fib(32)` by plain recursion.
    Fibonacci,
    /// The sum of `(i * i) % 7` for `i` from 0 to 10,000,000.
    Sum,
    /// Moves and heals the 10,000 rows of `rows::moving`; gives `x` of row 4,711.
    Tick,
    /// The same by a timer that runs once for each row.
    TickEachRow,
    /// One of 100,000 rows takes 3 from another's `hp`, which begins anew at 100 when it is none.
    /// Gives what is left. The pairs are those of `rows::Draw`.
    Attack,
    /// `hello {name}, your score is {score}`.
    Greet,
    /// Gives one of 100,000 players 1 to 100 more, and sums up the ten largest.
    Leaderboard,
    /// A request with a JSON object in it, answered with another one.
    Json,
    /// From the text of so many functions of 15 lines to the first result.
    Source(u32),
    /// From the text of the hello example to a new version that can be called.
    Hello,
    /// A version replaces another one, and the state stays.
    Reload,
    /// Transfers between 100,000 accounts.
    Bank(Transfers),
}

/// Somebody who does a piece of work.
pub struct Contender {
    pub(crate) name: &'static str,
    run: Box<dyn FnMut(u32) -> Result<Answer, Error>>,
}

/// What a round of work gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// An `int`.
    Int(i64),
    /// A `float`.
    Float(f64),
    /// A `str`.
    Text(String),
}

impl Contender {
    /// Somebody who does the work once with each call of `work`.
    pub fn new<T: Into<Answer>>(
        name: &'static str,
        mut work: impl FnMut() -> Result<T, Error> + 'static,
    ) -> Contender {
        Contender::of_rounds(name, move |count| {
            for _ in 1..count {
                let _ = black_box(work()?);
            }
            Ok(work()?.into())
        })
    }

    /// Somebody who is told how often to do the work.
    pub fn of_rounds(
        name: &'static str,
        run: impl FnMut(u32) -> Result<Answer, Error> + 'static,
    ) -> Contender {
        Contender { name, run: Box::new(run) }
    }

    /// Does the work `count` times; gives the last answer.
    pub(crate) fn run(&mut self, count: u32) -> Result<Answer, Error> {
        (self.run)(count)
    }
}

impl Piece {
    /// Everybody does it, in turn.
    ///
    /// # Errors
    /// When somebody fails, or gives another answer than the first.
    pub(crate) fn measure(&self, rivals: &[Rival], settings: Settings) -> Result<Row, Error> {
        let mut contenders = (self.contenders)(self.work)?;
        for rival in rivals {
            contenders.extend((rival.contender)(self.work)?);
        }
        let count = settings.count(self.count);
        let mut seconds = interleaved(&mut contenders, count, settings.rounds)?;
        for figure in seconds.iter_mut().flatten() {
            *figure /= f64::from(self.parts);
        }
        let names = contenders.iter().map(|contender| contender.name);
        let figures = names.zip(seconds).collect();
        let row = Row::compared(self.name, self.unit, self.base, figures);
        Ok(Row { durability: self.durability, target: self.target, ..row })
    }
}

/// What somebody would take instead.
pub struct Rival {
    /// What it is, with its version.
    pub version: String,
    /// Does a piece of work, if it can.
    pub contender: fn(Work) -> Result<Option<Contender>, Error>,
}

impl From<i64> for Answer {
    fn from(value: i64) -> Answer {
        Answer::Int(value)
    }
}

impl From<f64> for Answer {
    fn from(value: f64) -> Answer {
        Answer::Float(value)
    }
}

impl From<String> for Answer {
    fn from(value: String) -> Answer {
        Answer::Text(value)
    }
}

impl From<()> for Answer {
    fn from((): ()) -> Answer {
        Answer::Int(0)
    }
}
