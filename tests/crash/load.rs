//! Who loads versions while others call: what was acknowledged, and what was not answered.

use midflight_tests::generate::Random;
use midflight_tests::{Answer, Client};

use crate::bank::{Layout, source};
use crate::export::Export;

/// A version that a client knows of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// The number in its source.
    pub(crate) number: u64,
    pub(crate) layout: Layout,
    /// The number that the server gave it, where it is known.
    given: Option<u64>,
}

/// What is known of the versions.
#[derive(Clone, Debug)]
pub(crate) struct Versions {
    /// How often one became current.
    activations: i64,
    current: Version,
    /// The one that was current before.
    before: Option<Version>,
    /// What the next source says.
    next: u64,
}

/// What a client has changed until the server went away.
#[derive(Debug)]
pub(crate) struct Changed {
    pub(crate) versions: Versions,
    /// What would be current had the last request been answered.
    pub(crate) unanswered: Option<Version>,
}

impl Versions {
    /// The first version, which the server is started with.
    pub(crate) const FIRST: Version = Version { number: 1, layout: Layout::Plain, given: Some(1) };

    pub(crate) fn first() -> Versions {
        Versions { activations: 1, current: Versions::FIRST, before: None, next: 2 }
    }

    fn activated(&mut self, version: Version) {
        self.activations += 1;
        self.before = Some(std::mem::replace(&mut self.current, version));
    }

    /// How often a version became current.
    pub(crate) fn activations(&self) -> usize {
        self.activations as usize
    }

    /// Says that the version is one that was acknowledged last, or the one after, and what its
    /// `on load` did came with it. Takes up what is there.
    pub(crate) fn check(
        &mut self,
        unanswered: Option<Version>,
        client: &mut Client,
        export: &Export,
    ) {
        let answer = client.get("/number");
        let number: u64 = answer.text().parse().expect("it is a number");
        let happened = unanswered.filter(|version| version.number == number);
        if let Some(version) = happened {
            self.activated(Version { given: Some(answer.version()), ..version });
        }
        assert_eq!(number, self.current.number, "the current version, {unanswered:?} unanswered");
        assert_eq!(Some(answer.version()), self.current.given, "its number");
        assert_eq!(export.state("number"), number as i64, "what its `on load` wrote");
        assert_eq!(export.state("loads"), self.activations, "how often one became current");
        let listed = client.get("/-/versions").json();
        assert_eq!(listed["current"].as_u64(), self.current.given, "{listed}");
    }
}

/// Loads versions of the same or the other layout, and goes back, until the server goes away.
pub(crate) fn work(mut client: Client, mut random: Random, mut versions: Versions) -> Changed {
    loop {
        let (version, answer) = match versions.before.and_then(|before| before.given) {
            Some(given) if random.chance(25) => {
                let target = format!("/-/versions/{given}/activate");
                let before = versions.before.expect("it has a number");
                (before, client.try_post(&target, ""))
            }
            _ => {
                let current = versions.current.layout;
                let layout = if random.chance(40) { current.opposite() } else { current };
                let version = Version { number: versions.next, layout, given: None };
                versions.next += 1;
                (version, client.try_post("/load", source(version.number, layout)))
            }
        };
        let Some(answer) = answer else {
            return Changed { versions, unanswered: Some(version) };
        };
        versions.activated(Version { given: Some(given(&answer)), ..version });
    }
}

fn given(answer: &Answer) -> u64 {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.version()
}
