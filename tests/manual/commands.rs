//! The commands in a page that build or test the workspace: whether the packages, tests, manifests,
//! scripts and settings that they name are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::page::Page;

/// What commands can name.
pub(crate) struct Targets {
    root: PathBuf,
    packages: BTreeSet<String>,
    tests: BTreeSet<String>,
    /// The text of all tests, which read settings from the environment.
    sources: String,
}

impl Targets {
    /// Asks cargo.
    pub(crate) fn read(root: &Path) -> Result<Targets, String> {
        let mut cargo = Command::new(env!("CARGO"));
        let _ = cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
        let output = cargo.current_dir(root).output().map_err(|error| error.to_string())?;
        let metadata: Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&output.stderr)))?;
        let packages = metadata["packages"].as_array().ok_or("cargo names no packages")?;
        let mut targets = Targets {
            root: root.to_owned(),
            packages: BTreeSet::new(),
            tests: BTreeSet::new(),
            sources: String::new(),
        };
        for package in packages {
            let name = package["name"].as_str().unwrap_or_default();
            let _ = targets.packages.insert(name.to_owned());
            for target in package["targets"].as_array().into_iter().flatten() {
                if target["kind"][0] == "test" {
                    let test = target["name"].as_str().unwrap_or_default();
                    let _ = targets.tests.insert(format!("{name}/{test}"));
                    let source = target["src_path"].as_str().unwrap_or_default();
                    targets.add_sources(Path::new(source))?;
                }
            }
        }
        Ok(targets)
    }

    fn add_sources(&mut self, main: &Path) -> Result<(), String> {
        let folder = main.parent().unwrap_or(main);
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                self.sources.push_str(&fs::read_to_string(&path).map_err(failed)?);
            }
        }
        Ok(())
    }

    /// What a command names that is not there.
    fn fault(&self, command: &str) -> Option<String> {
        let mut package = "";
        let mut words = command.split_whitespace();
        while let Some(word) = words.next() {
            if let Some((setting, _)) = word.split_once('=')
                && setting.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
            {
                let known = setting == "UPDATE" || self.sources.contains(&format!("\"{setting}\""));
                if !known {
                    return Some(format!("no test reads `{setting}`"));
                }
            }
            match word {
                "--" => break,
                "-p" => {
                    package = words.next().unwrap_or_default();
                    if !self.packages.contains(package) {
                        return Some(format!("there is no package `{package}`"));
                    }
                }
                "--test" => {
                    let test = words.next().unwrap_or_default();
                    if !self.tests.contains(&format!("{package}/{test}")) {
                        return Some(format!("`{package}` has no test `{test}`"));
                    }
                }
                "--manifest-path" => {
                    let manifest = words.next().unwrap_or_default();
                    if !self.root.join(manifest).exists() {
                        return Some(format!("there is no `{manifest}`"));
                    }
                }
                word if word.starts_with(".ci/") && !self.root.join(word).exists() => {
                    return Some(format!("there is no `{word}`"));
                }
                _ => {}
            }
        }
        None
    }
}

/// What is wrong with the commands of a page.
pub(crate) fn faults(page: &Page, targets: &Targets) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, line) in page.text.lines().enumerate() {
        for command in of_line(line) {
            let fault = targets.fault(command);
            faults.extend(fault.map(|fault| format!("line {}: {fault}: {command}", index + 1)));
        }
    }
    faults
}

/// The commands of a line: the whole of one that is indented, or what stands between backticks.
fn of_line(line: &str) -> Vec<&str> {
    let is_command = |text: &&str| text.contains("cargo ") || text.starts_with(".ci/");
    match line.strip_prefix("    ") {
        Some(command) => Some(command).filter(is_command).into_iter().collect(),
        None => line.split('`').skip(1).step_by(2).filter(is_command).collect(),
    }
}
