//! A world as lines of JSON, exactly: what is exported and imported again is the same world, with
//! the same bytes in its image.
//!
//! The first line is a header: the format, where the world comes from, its time and the state of
//! its random generator. Then `{"state": …}`, then a line `{"table": …, "slot": …, "row": …}` for
//! each row, the tables in the order of the source, the rows by slot. `{"end": {"rows": …}}` is the
//! last line, so that a file that was cut off is told from a whole one. Indexes are not there: they
//! follow from the rows.

mod read;
mod write;

pub(crate) use read::read;
pub(crate) use write::write;

/// `format` of the header.
const FORMAT: &str = "midflight-world";

/// `format_version` of the header: moves on when what is written could be misread before.
const FORMAT_VERSION: u64 = 1;
