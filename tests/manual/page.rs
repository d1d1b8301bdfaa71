//! A page of the manual: Markdown, of which only fenced blocks are looked at. A block's first
//! line is its language and options: ```` ```flight,file=arena.flight ```` is also written to a
//! file, ```` ```flight,add=arena.flight ```` is added at that file's end,
//! ```` ```flight,fails E0203 ```` must be refused with that code, and
//! ```` ```flight,warns E0701 ```` gets that warning.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const FENCE: &str = "```";

/// The text of a page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) text: String,
}

/// The files that the blocks of a page have made so far, by name.
pub(crate) type Files = BTreeMap<String, String>;

/// A fenced block.
#[derive(Debug)]
pub(crate) struct Block<'p> {
    /// The line of its opening fence, from 1.
    pub(crate) line: usize,
    info: &'p str,
    lines: Vec<&'p str>,
}

impl Page {
    pub(crate) fn read(path: &Path) -> Result<Page, String> {
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        Ok(Page { text })
    }

    /// The blocks, in order.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let mut lines = self.text.lines().enumerate();
        std::iter::from_fn(move || {
            let (index, info) =
                lines.find_map(|(index, line)| Some((index, line.strip_prefix(FENCE)?)))?;
            let inside = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != FENCE);
            Some(Block { line: index + 1, info, lines: inside.collect() })
        })
    }

    /// The lines outside of blocks, with their numbers from 1.
    pub(crate) fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut is_inside = false;
        self.text.lines().enumerate().filter_map(move |(index, line)| {
            if line.starts_with(FENCE) {
                is_inside = !is_inside;
                return None;
            }
            (!is_inside).then_some((index + 1, line))
        })
    }

    /// The page with blocks replaced by what `rewrite` gives for them.
    pub(crate) fn with_blocks(
        &self,
        mut rewrite: impl FnMut(&Block<'_>) -> Result<Option<String>, String>,
    ) -> Result<String, String> {
        let lines: Vec<&str> = self.text.lines().collect();
        let mut text = String::new();
        let mut copied = 0;
        for block in self.blocks() {
            let at_line = |fault| format!("line {}: {fault}", block.line);
            let Some(body) = rewrite(&block).map_err(at_line)? else { continue };
            lines[copied..block.line].iter().for_each(|line| text.extend([line, "\n"]));
            text.push_str(&body);
            copied = block.line + block.lines.len();
        }
        lines[copied..].iter().for_each(|line| text.extend([line, "\n"]));
        Ok(text)
    }
}

impl Block<'_> {
    /// The lines between the fences.
    pub(crate) fn text(&self) -> String {
        self.lines.iter().flat_map(|line| [line, "\n"]).collect()
    }

    /// What the block is written in.
    pub(crate) fn language(&self) -> &str {
        self.info.split([',', ' ']).next().unwrap_or_default()
    }

    /// The file that the block is or ends.
    pub(crate) fn file(&self) -> Option<&str> {
        self.option("file=").or_else(|| self.option("add="))
    }

    /// The whole file, or the block's own text; `files` is kept up to date.
    pub(crate) fn whole(&self, files: &mut Files) -> String {
        let Some(file) = self.file() else { return self.text() };
        let whole = files.entry(file.to_owned()).or_default();
        if self.option("file=").is_some() {
            whole.clear();
        }
        whole.push_str(&self.text());
        whole.clone()
    }

    /// The code of the mistake that the program has.
    pub(crate) fn fails(&self) -> Option<&str> {
        self.option("fails ")
    }

    /// The code of the warning that the program gets, if any.
    pub(crate) fn warns(&self) -> Option<&str> {
        self.option("warns ")
    }

    fn option(&self, name: &str) -> Option<&str> {
        self.info.split(',').find_map(|option| option.strip_prefix(name))
    }
}
