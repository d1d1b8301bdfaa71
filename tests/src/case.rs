//! Topic files in, cases out. A topic is a file `cases/<kind>/<topic>.case`; a case is a section
//! `--- name` of it, with options after a colon: `--- name: text fuel_max=1000`.
//!
//! This module knows the form of the files, not what a kind does with a case.

use std::fs;
use std::path::{Path, PathBuf};

/// What is done with the cases of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Programs whose diagnostics are annotated.
    Check,
    /// Programs whose tests pass.
    Run,
    /// Programs whose tests trap.
    Trap,
    /// Programs at a limit.
    Limit,
    /// What `inspect` prints.
    Emit,
    /// Versions and a script of loads and calls.
    Swap,
}

impl Kind {
    /// Every kind with its folder.
    pub(crate) const ALL: &[(Kind, &str)] = &[
        (Kind::Check, "check"),
        (Kind::Run, "run"),
        (Kind::Trap, "trap"),
        (Kind::Limit, "limit"),
        (Kind::Emit, "emit"),
        (Kind::Swap, "swap"),
    ];
}

/// One file of cases.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) kind: Kind,
    /// `check/names`
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// What stands before the first case: `//` lines that say what the topic is about.
    pub(crate) introduction: Vec<String>,
    pub(crate) cases: Vec<Case>,
}

/// One section of a topic.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// The words after the colon.
    pub(crate) options: Vec<String>,
    /// The lines up to the next case, without empty ones at the end.
    pub(crate) lines: Vec<String>,
}

impl Topic {
    /// Reads a topic file.
    pub(crate) fn read(kind: Kind, path: &Path) -> Result<Topic, String> {
        let text =
            fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
        let stem = path.file_stem().unwrap_or_default();
        let mut topic = Topic {
            kind,
            name: format!("{}/{}", folder.display(), stem.display()),
            path: path.to_owned(),
            introduction: Vec::new(),
            cases: Vec::new(),
        };
        for line in text.lines() {
            match line.strip_prefix("--- ").filter(|heading| topic.opens_case(heading)) {
                Some(heading) => topic.cases.push(Case::new(heading)),
                None => topic.lines_now().push(line.to_owned()),
            }
        }
        topic.cases.iter_mut().for_each(|case| trim_end(&mut case.lines));
        trim_end(&mut topic.introduction);
        Ok(topic)
    }

    /// A swap case holds its versions as parts of its own: `--- v1`.
    fn opens_case(&self, heading: &str) -> bool {
        self.kind != Kind::Swap || version_part(heading).is_none()
    }

    fn lines_now(&mut self) -> &mut Vec<String> {
        match self.cases.last_mut() {
            Some(case) => &mut case.lines,
            None => &mut self.introduction,
        }
    }

    /// Where what the case's option `extension` asks for is expected.
    pub(crate) fn sidecar(&self, case: &Case, extension: &str) -> PathBuf {
        let stem = self.path.file_stem().unwrap_or_default().display();
        self.path.with_file_name(format!("{stem}.{}.{extension}", case.name))
    }

    /// The file's text with these lines in place of the cases' own, by the case's index.
    pub(crate) fn with_lines(&self, lines: impl Fn(usize) -> Option<Vec<String>>) -> String {
        let mut sections = Vec::new();
        if !self.introduction.is_empty() {
            sections.push(self.introduction.join("\n"));
        }
        for (index, case) in self.cases.iter().enumerate() {
            let body = lines(index).unwrap_or_else(|| case.lines.clone());
            sections.push(format!("{}\n{}", case.heading(), body.join("\n")));
        }
        sections.join("\n\n") + "\n"
    }
}

impl Case {
    fn new(heading: &str) -> Case {
        let (name, options) = heading.split_once(':').unwrap_or((heading, ""));
        Case {
            name: name.trim().to_owned(),
            options: options.split_whitespace().map(str::to_owned).collect(),
            lines: Vec::new(),
        }
    }

    fn heading(&self) -> String {
        match self.options.is_empty() {
            true => format!("--- {}", self.name),
            false => format!("--- {}: {}", self.name, self.options.join(" ")),
        }
    }

    /// The options that have a value: `fuel_max=1000`.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.options.iter().filter_map(|option| option.split_once('='))
    }

    /// The options that name a sidecar.
    pub(crate) fn views(&self) -> impl Iterator<Item = &str> {
        self.options.iter().map(String::as_str).filter(|option| !option.contains('='))
    }
}

/// The part of a swap case that a heading opens: `v1`.
pub(crate) fn version_part(heading: &str) -> Option<&str> {
    let digits = heading.strip_prefix('v')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(heading)
}

fn trim_end(lines: &mut Vec<String>) {
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        let _ = lines.pop();
    }
}
