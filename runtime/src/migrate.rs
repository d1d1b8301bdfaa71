//! Moving a world to another layout: a new frame beside the old one, filled row by row as the plan
//! says, so that going back is dropping it.
//!
//! Rows keep their slots and generations. What nothing changes is copied as bytes; everything else
//! goes through `transfer`, value by value, or through a `migrate` block, which was compiled for
//! the live layout. Nothing here decides what is allowed: `plan` did.

mod failure;
mod moving;
mod steps;
mod transfer;
mod trial;

use std::sync::Arc;

use midflight_compiler::types::TableId;

pub use failure::{Failure, Misfit};
pub use trial::Trial;
pub(crate) use trial::try_out;

use crate::data::Beginning;
use crate::frame::Frame;
use crate::plan::Moves;
use crate::table::Table;
use crate::version::Version;
use moving::Move;
use steps::{Programs, Steps};

/// How worlds move from the live version to a new one.
#[derive(Debug)]
pub(crate) struct Migration {
    moves: Moves,
    live: Arc<Version>,
    new: Arc<Version>,
    /// The `migrate` blocks that are run, compiled for what is live.
    code: Option<Arc<Version>>,
    state: Steps,
    /// By `TableId` of the new version.
    tables: Vec<Steps>,
}

impl Migration {
    /// How worlds of `live` move to `new`.
    pub(crate) fn new(
        moves: Moves,
        (live, new): (Arc<Version>, Arc<Version>),
        code: Option<Arc<Version>>,
    ) -> Migration {
        let programs = Programs {
            live: live.program(),
            new: new.program(),
            code: code.as_ref().map(|code| code.program()),
        };
        let state = Steps::of_state(&moves, programs);
        let ids = (0..moves.tables.len()).map(|index| TableId(index as u32));
        let tables = ids.map(|id| Steps::of_table(&moves, programs, id)).collect();
        Migration { state, tables, moves, live, new, code }
    }

    /// Whether a frame has the layout that the migration begins from.
    fn begins_from(&self, frame: &Frame) -> bool {
        frame.version.fields() == self.live.fields()
    }

    /// Moves a world: gives its new frame, and how many rows are in it.
    ///
    /// # Errors
    /// When a value cannot be moved. The old frame is as it was in any case.
    pub(crate) fn run(
        &self,
        old: &Frame,
        beginning: Beginning<'_>,
    ) -> Result<(Box<Frame>, u64), Failure> {
        let mut moving = Move::begin(self, old, beginning)?;
        let mut rows = 0;
        for (index, steps) in self.tables.iter().enumerate() {
            let id = TableId(index as u32);
            let Some(from) = self.source(id, old) else { continue };
            moving.make_room(id, from)?;
            moving.take_over(id, from, &steps.kept)?;
            for row in from.rows() {
                moving.row(id, row, &steps.kept)?;
            }
            moving.end(id, &steps.kept)?;
            rows += from.len();
        }
        Ok((moving.frame, rows))
    }

    /// The live table that a new one's rows come from.
    fn source<'o>(&self, id: TableId, old: &'o Frame) -> Option<&'o Table> {
        let from = self.moves.tables[id.index()].from?;
        old.data.tables.get(from.index())
    }
}
