//! The command line.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;

use crate::Error;
use crate::http::Kind;
use crate::report::{Report, bars, markdown, plots};

/// Measures Midflight beside what a user would take instead.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// Measure only what has this in its name or in that of its section; `growth` for the plots
    pub(crate) filter: Option<String>,
    /// Fewer and smaller repetitions: enough to see that everything works
    #[arg(long)]
    pub(crate) quick: bool,
    /// Write all figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw the ratios to native Rust
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Draw how costs grow
    #[arg(long, value_name = "FILE")]
    growth_svg: Option<PathBuf>,
    /// Write the chapter's tables, its charts and its JSON into `docs/`
    #[arg(long, conflicts_with_all = ["filter", "json", "svg", "growth_svg"])]
    record: bool,
    /// Be one of the servers that are measured
    #[arg(long, hide = true)]
    pub(crate) serve: Option<Kind>,
}

impl Options {
    pub(crate) fn wants(&self, name: &str) -> bool {
        let Some(filter) = &self.filter else { return true };
        name.to_lowercase().contains(&filter.to_lowercase())
    }

    /// Writes the files that were asked for.
    pub(crate) fn write(&self, report: &Report) -> Result<(), Error> {
        let in_docs = |name| Some(docs().join(name));
        let (json, svg, growth) = match self.record {
            true => {
                (in_docs("performance.json"), in_docs("performance.svg"), in_docs("growth.svg"))
            }
            false => (self.json.clone(), self.svg.clone(), self.growth_svg.clone()),
        };
        write(json, || Ok(serde_json::to_string_pretty(report)? + "\n"))?;
        write(svg, || Ok(bars::draw(report)))?;
        write(growth, || Ok(plots::draw(report)))?;
        if self.record {
            let page = docs().join("performance.md");
            let recorded = markdown::record(&fs::read_to_string(&page)?, report)?;
            fs::write(page, recorded)?;
        }
        Ok(())
    }
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn write(
    file: Option<PathBuf>,
    content: impl FnOnce() -> Result<String, Error>,
) -> Result<(), Error> {
    let Some(file) = file else { return Ok(()) };
    fs::write(&file, content()?).map_err(|error| format!("{}: {error}", file.display()).into())
}
