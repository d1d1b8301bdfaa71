//! How a source is loaded, and what became of it.

use std::time::Duration;

use midflight_compiler::diag::Diagnostic;
use midflight_compiler::source::Source;

use crate::migrate::Trial;
use crate::plan::{Plan, plan};
use crate::shared::Pause;
use crate::version::Version;

/// How a source is to be loaded.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// What messages call the source.
    pub name: String,
    /// What happens once the source has proved to be good.
    pub then: Then,
    /// The version that must be current for the load to happen; 0 for none.
    pub expect: Option<u64>,
}

/// How a kept version is to become the current one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActivateOptions {
    /// The version that must be current for it to happen; 0 for none.
    pub expect: Option<u64>,
    /// Whether data goes that the version has no place for. Otherwise it is refused then.
    pub allow_loss: bool,
}

impl ActivateOptions {
    /// If this version is current; 0 for none.
    pub fn expect(number: u64) -> ActivateOptions {
        ActivateOptions { expect: Some(number), ..ActivateOptions::default() }
    }
}

/// What happens to a good source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It becomes a version, and the current one.
    Activate,
    /// It becomes a version that can be activated.
    Stage,
    /// Nothing: the load was only a question.
    Forget,
}

impl Default for LoadOptions {
    fn default() -> LoadOptions {
        LoadOptions { name: "source".to_owned(), then: Then::Activate, expect: None }
    }
}

/// A source that was loaded, or would have been.
#[derive(Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The version's number; `None` after [`Then::Forget`].
    pub number: Option<u64>,
    /// The SHA-256 of the source.
    pub hash: String,
    /// What it is now.
    pub status: LoadStatus,
    /// The version that was current before.
    pub before: Option<u64>,
    /// What it does to the layout of the state.
    pub plan: Plan,
    /// What became of the data, where all worlds had to stop for it.
    pub pause: Option<Pause>,
    /// What a dry run of a migration found.
    pub trial: Option<Trial>,
    /// What the compiler warns of.
    pub warnings: Vec<Diagnostic>,
    /// The source that the warnings' spans are in.
    pub source: Source,
    /// Tests that passed.
    pub tests_passed: usize,
    /// How long it took to compile.
    pub compile_time: Duration,
}

/// What became of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadStatus {
    /// It is the current version.
    Activated,
    /// It can be activated.
    Staged,
    /// It would have been accepted.
    DryRun,
    /// The same source is current already; nothing happened.
    Unchanged,
}

impl Loaded {
    pub(crate) fn of(version: &Version, before: Option<u64>) -> Loaded {
        Loaded {
            number: None,
            hash: version.hash().to_owned(),
            status: LoadStatus::DryRun,
            before,
            plan: version.plan().clone(),
            pause: None,
            trial: None,
            warnings: version.warnings().to_vec(),
            source: version.source().clone(),
            tests_passed: 0,
            compile_time: Duration::ZERO,
        }
    }

    pub(crate) fn unchanged(current: &Version) -> Loaded {
        let number = current.number();
        Loaded {
            number: Some(number),
            status: LoadStatus::Unchanged,
            plan: plan(Some(current), current, false).0,
            ..Loaded::of(current, Some(number))
        }
    }
}
