//! A `curl` command line as a request: the options that transcripts use, and no others.

use std::fs;
use std::path::{Path, PathBuf};

use super::ADDRESS;
use crate::client::{Answer, Client};

/// What a `curl` command asks for.
#[derive(Debug, Default)]
pub(super) struct Request {
    method: Option<String>,
    pub(super) target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    pub(super) shows_head: bool,
    /// The file that the answer is written to.
    pub(super) output: Option<PathBuf>,
}

impl Request {
    pub(super) fn parse(arguments: &[&str], directory: &Path) -> Result<Request, String> {
        let mut request = Request::default();
        let mut rest = arguments.iter().copied();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| format!("`{argument}` lacks its value"));
            match argument {
                "-s" | "-N" | "-sN" => {}
                "-i" | "-si" => request.shows_head = true,
                "-so" => request.output = Some(directory.join(value()?)),
                "-X" => request.method = Some(value()?.to_owned()),
                "-H" => {
                    let header = value()?;
                    let (name, value) =
                        header.split_once(": ").ok_or("a header is `Name: value`")?;
                    request.headers.push((name.to_owned(), value.to_owned()));
                }
                "-d" | "--data" | "--data-binary" => {
                    request.body = body(value()?, directory)?;
                    let _ = request.method.get_or_insert_with(|| "POST".to_owned());
                }
                url if !url.starts_with('-') => {
                    let path = url.trim_start_matches("http://").strip_prefix(ADDRESS);
                    let path = path.ok_or_else(|| format!("`{url}` is not at {ADDRESS}"))?;
                    request.target = if path.is_empty() { "/".into() } else { path.to_owned() };
                }
                _ => return Err(format!("a transcript's `curl` does not know `{argument}`")),
            }
        }
        Ok(request)
    }

    pub(super) fn send(&self, client: &mut Client) -> Answer {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let headers: Vec<_> = headers.collect();
        client.request(self.method.as_deref().unwrap_or("GET"), &self.target, &headers, &self.body)
    }
}

/// The text itself, or the file that `@name` names.
fn body(text: &str, directory: &Path) -> Result<Vec<u8>, String> {
    let Some(name) = text.strip_prefix('@') else { return Ok(text.as_bytes().to_vec()) };
    fs::read(directory.join(name)).map_err(|error| format!("{name}: {error}"))
}
