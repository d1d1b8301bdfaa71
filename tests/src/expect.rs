//! What a case says against what was found: equal, or shown line by line, or, with `UPDATE=1`,
//! written in place of what the case says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::case::Topic;

/// What a case should say: its body, and the sidecars by extension.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) lines: Vec<String>,
    pub(crate) sidecars: Vec<(String, String)>,
}

/// Compares, or keeps what is to be written once all cases have run.
#[derive(Debug)]
pub(crate) struct Expectations {
    update: bool,
    /// By topic file, then by the index of the case.
    rewritten: Mutex<BTreeMap<PathBuf, BTreeMap<usize, Vec<String>>>>,
}

impl Expectations {
    /// As the environment says.
    pub(crate) fn from_environment() -> Expectations {
        let update = midflight_tests::is_updating();
        Expectations { update, rewritten: Mutex::default() }
    }

    /// Whether what is stale may be removed.
    pub(crate) fn update(&self) -> bool {
        self.update
    }

    /// Compares a case with what was found.
    pub(crate) fn meet(&self, topic: &Topic, index: usize, found: Found) -> Result<(), String> {
        let case = &topic.cases[index];
        let mut failures = Vec::new();
        if case.lines != found.lines {
            match self.update {
                true => self.rewrite(&topic.path, index, found.lines),
                false => failures.push(difference(&case.lines, &found.lines)),
            }
        }
        for (extension, text) in found.sidecars {
            let path = topic.sidecar(case, &extension);
            let expected = fs::read_to_string(&path).unwrap_or_default();
            if expected == text {
                continue;
            }
            match self.update {
                true => fs::write(&path, text).map_err(|error| error.to_string())?,
                false => failures.push(format!("{}:\n{}", path.display(), texts(&expected, &text))),
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
    }

    fn rewrite(&self, path: &Path, index: usize, lines: Vec<String>) {
        let mut rewritten = self.rewritten.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = rewritten.entry(path.to_owned()).or_default().insert(index, lines);
    }

    /// Writes the topics that say something else than what was found.
    pub(crate) fn write(&self, topics: &[Topic]) -> Result<(), std::io::Error> {
        let rewritten = self.rewritten.lock().unwrap_or_else(PoisonError::into_inner);
        for topic in topics {
            let Some(cases) = rewritten.get(&topic.path) else { continue };
            fs::write(&topic.path, topic.with_lines(|index| cases.get(&index).cloned()))?;
        }
        Ok(())
    }
}

fn texts(expected: &str, found: &str) -> String {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    difference(&lines(expected), &lines(found))
}

/// The lines of both, `-` before those that are only expected and `+` before those only found.
fn difference(expected: &[String], found: &[String]) -> String {
    let mut shown = String::from("- expected, + found\n");
    let mut line = |mark: char, text: &str| shown.push_str(&format!("{mark} {text}\n"));
    let common = common_lengths(expected, found);
    let (mut e, mut f) = (0, 0);
    while e < expected.len() || f < found.len() {
        if e < expected.len() && f < found.len() && expected[e] == found[f] {
            line(' ', &expected[e]);
            (e, f) = (e + 1, f + 1);
        } else if e < expected.len() && (f == found.len() || common[e + 1][f] >= common[e][f + 1]) {
            line('-', &expected[e]);
            e += 1;
        } else {
            line('+', &found[f]);
            f += 1;
        }
    }
    shown
}

/// The length of the longest common subsequence of the lines from `e` and from `f` on.
fn common_lengths(expected: &[String], found: &[String]) -> Vec<Vec<usize>> {
    let mut lengths = vec![vec![0; found.len() + 1]; expected.len() + 1];
    for e in (0..expected.len()).rev() {
        for f in (0..found.len()).rev() {
            lengths[e][f] = match expected[e] == found[f] {
                true => lengths[e + 1][f + 1] + 1,
                false => lengths[e + 1][f].max(lengths[e][f + 1]),
            };
        }
    }
    lengths
}
