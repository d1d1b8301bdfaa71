//! On what, when and of what a run was.

use std::process::Command;
use std::time::SystemTime;

use crate::piece::Rival;

/// Everything that a figure depends on and that is not in the code.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Machine {
    pub(crate) date: String,
    pub(crate) commit: String,
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) system: String,
    /// How many were running or waiting for a core, on average of the minute before.
    pub(crate) load: f64,
    /// What was used, with versions.
    pub(crate) versions: Vec<String>,
}

impl Machine {
    /// This machine; `lock` is the text of the `Cargo.lock` that the program was built with.
    pub(crate) fn here(lock: &str, rivals: &[Rival]) -> Machine {
        let crates = ["cranelift-codegen", "axum", "redb"];
        let locked = crates.iter().filter_map(|name| locked(lock, name));
        let versions = [output("rustc", &["--version"])].into_iter().chain(locked);
        Machine {
            date: date(),
            commit: output("git", &["describe", "--always", "--dirty"]),
            processor: field("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            system: output("uname", &["-sr"]),
            load: load(),
            versions: versions.chain(rivals.iter().map(|rival| rival.version.clone())).collect(),
        }
    }
}

/// The name and version of a package of a `Cargo.lock`; the newest, where there are several.
pub fn locked(lock: &str, name: &str) -> Option<String> {
    let wanted = format!("name = \"{name}\"\nversion = \"");
    let (version, _) = lock.rsplit_once(&wanted)?.1.split_once('"')?;
    Some(format!("{name} {version}"))
}

/// The day and month of `Sun, 29 Nov 2026 01:15:28 GMT`.
fn date() -> String {
    let now = httpdate::fmt_http_date(SystemTime::now());
    now.get(5..16).unwrap_or(&now).to_owned()
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.ok().filter(|text| !text.is_empty()).unwrap_or(format!("{program} unknown"))
}

fn field(file: &str, name: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
    line.map_or("unknown".to_owned(), |(_, value)| value.trim().to_owned())
}

fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(f64::NAN)
}
