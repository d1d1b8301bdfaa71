//! The links of a page: to files, and to headings by the names that mdBook and GitHub give them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::is_markdown;
use super::page::Page;

/// What is wrong with the links of a page.
pub(crate) fn broken(page: &Page, path: &Path) -> Vec<String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut faults = Vec::new();
    for (line, target) in targets(page).filter(|(_, target)| !target.contains("://")) {
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        let file = if file.is_empty() { path.to_owned() } else { folder.join(file) };
        if !file.exists() {
            faults.push(format!("line {line}: `{target}` does not exist"));
        } else if !anchor.is_empty() && !anchors(&file).contains(anchor) {
            faults.push(format!("line {line}: there is no heading for `{target}`"));
        }
    }
    faults
}

/// The pages beside the table of contents that it does not list.
pub(crate) fn unlisted(contents: &Page, path: &Path) -> Vec<String> {
    let listed: BTreeSet<&str> = targets(contents).map(|(_, target)| target).collect();
    let folder = path.parent().unwrap_or(Path::new("."));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let names = entries
        .filter(|page| is_markdown(page) && page != path)
        .filter_map(|page| page.file_name().map(|name| name.to_string_lossy().into_owned()));
    let missing = names.filter(|name| !listed.contains(name.as_str()));
    missing.map(|name| format!("`{name}` is not listed")).collect()
}

/// What is between the brackets of `[text](target)`, with the line's number.
fn targets(page: &Page) -> impl Iterator<Item = (usize, &str)> {
    page.prose().flat_map(|(number, line)| {
        let links = line.split("](").skip(1);
        links.filter_map(move |rest| Some((number, rest.split_once(')')?.0)))
    })
}

fn anchors(path: &Path) -> BTreeSet<String> {
    let Ok(page) = Page::read(path) else { return BTreeSet::new() };
    let headings = page.prose().filter(|(_, line)| line.starts_with('#'));
    headings.map(|(_, line)| anchor(line.trim_start_matches('#').trim())).collect()
}

/// `What a trap tells` → `what-a-trap-tells`
fn anchor(heading: &str) -> String {
    let spelled = heading.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c.to_ascii_lowercase()),
        _ => None,
    });
    spelled.collect()
}
