//! What a load does to the layout of the state: (live layout, new layout) → [`Plan`], pure and
//! printable. It looks at layouts only, never at whether data happens to be there.
//!
//! `compare` finds out what becomes of each field and what is refused; `identity` tells whether two
//! layouts are the same byte for byte, so that nothing has to move. Moving is `migrate`'s.

mod compare;
mod identity;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::version::Version;

use compare::{Compared, compare};
pub(crate) use compare::{Conversion, FieldMoves, Moves, Origin, runs, sources};
pub(crate) use identity::{Field, fields};

/// What happens to the layout of the state when a version is activated.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// The first version: there is no state yet.
    pub initial: bool,
    /// Whether state and rows have to be moved to another layout, or go through `migrate`.
    pub moves: bool,
    /// Fields of `state` and of tables that keep their name and type.
    pub fields_kept: usize,
    /// What happens to all others, and to tables as a whole.
    pub changes: Vec<Change>,
}

/// What happens to one field or table.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Change {
    /// `player.hp`; the field of a struct or the variant of an enum as `Item.count`
    pub field: String,
    /// What happens to it.
    #[serde(flatten)]
    pub kind: ChangeKind,
    /// Where it is refused: what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// What happens to a field or table.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are types and names, before and after")]
pub enum ChangeKind {
    /// The live state lacks it; it begins with its default.
    Added { new_type: String },
    /// It had another name: `was`.
    Renamed { from: String, new_type: String },
    /// Its values are converted, since every one that can be is kept exactly.
    Converted { old_type: String, new_type: String },
    /// A `migrate` block says what becomes of it.
    Migrated { new_type: String },
    /// It goes, as `drop` says.
    Dropped { old_type: String },
    /// The table has another key.
    Rekeyed { old_key: String, new_key: String },
    /// The field gets an index.
    Indexed,
    /// The field has no index any more.
    Unindexed,
    /// The field is kept in memory only from now on.
    Transient,
    /// The field is durable from now on.
    Durable,
    /// Refused: it would be lost, and nothing says that this is meant.
    Lost { old_type: String },
    /// Refused: no rule says how the old values become new ones.
    Incompatible { old_type: String, new_type: String },
}

impl Plan {
    /// Whether something in it is refused.
    pub fn is_refused(&self) -> bool {
        self.changes.iter().any(Change::is_refused)
    }

    /// The plan in one line, without the changes.
    pub fn headline(&self) -> String {
        if self.initial {
            return "the first version: the state begins with its defaults".to_owned();
        }
        let kept = self.fields_kept;
        let s = if kept == 1 { "" } else { "s" };
        let verb = if self.moves { "changes" } else { "is unchanged" };
        format!("the layout {verb}, {kept} field{s} kept")
    }
}

impl Change {
    /// Whether the load is refused for it.
    pub fn is_refused(&self) -> bool {
        matches!(self.kind, ChangeKind::Lost { .. } | ChangeKind::Incompatible { .. })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = &self.field;
        match &self.kind {
            ChangeKind::Added { new_type } => write!(f, "`{field}: {new_type}` is added"),
            ChangeKind::Renamed { from, new_type } => {
                write!(f, "`{field}: {new_type}` was `{from}`")
            }
            ChangeKind::Converted { old_type, new_type } => {
                write!(f, "`{field}: {new_type}` is converted from `{old_type}`")
            }
            ChangeKind::Migrated { new_type } => {
                write!(f, "`{field}: {new_type}` is computed by `migrate`")
            }
            ChangeKind::Dropped { old_type } => write!(f, "`{field}: {old_type}` is dropped"),
            ChangeKind::Rekeyed { old_key, new_key } => {
                write!(f, "`{field}` has the key `{new_key}`, it had `{old_key}`")
            }
            ChangeKind::Indexed => write!(f, "`{field}` gets an index"),
            ChangeKind::Unindexed => write!(f, "`{field}` has no index any more"),
            ChangeKind::Transient => write!(f, "`{field}` is kept in memory only from now on"),
            ChangeKind::Durable => write!(f, "`{field}` is durable from now on"),
            ChangeKind::Lost { old_type } => write!(f, "`{field}: {old_type}` would be lost"),
            ChangeKind::Incompatible { old_type, new_type } => {
                write!(f, "`{field}` is `{old_type}` in the live state and `{new_type}` here")
            }
        }?;
        match &self.help {
            Some(help) => write!(f, "; help: {help}"),
            None => Ok(()),
        }
    }
}

/// A line for the whole, then one for each change.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        for change in &self.changes {
            write!(f, "\n  {change}")?;
        }
        Ok(())
    }
}

/// The plan from the live version (absent before the first one) to a new one, and, where data has
/// to move and nothing is refused, how. With `allow_loss` what would be lost is dropped.
pub(crate) fn plan(
    live: Option<&Version>,
    new: &Version,
    allow_loss: bool,
) -> (Plan, Option<Moves>) {
    let Some(live) = live else {
        return (Plan { initial: true, ..Plan::default() }, None);
    };
    let (before, after) = (&live.program().ir, &new.program().ir);
    let Compared { moves, changes, fields_kept } = compare(before, after, allow_loss);
    let is_other = live.fields() != new.fields();
    let is_run = runs(before, after, &sources(before, after)).contains(&true);
    let plan = Plan { initial: false, moves: is_other || is_run, fields_kept, changes };
    let moves = (plan.moves && !plan.is_refused()).then_some(moves);
    (plan, moves)
}
