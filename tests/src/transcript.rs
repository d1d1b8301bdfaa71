//! Transcripts: commands as a user types them, and what they print. A [`Session`] runs them as a
//! terminal would, without a shell and without `curl`: it knows `midflight`, `curl`, an edit with
//! `sed`, quotes, a line that goes on after `\`, and `&` behind a `curl` that listens.
//!
//! Every server gets a port of its own; [`ADDRESS`] stands for it in commands and in what they
//! print. In what is expected a line `...` stands for any lines, `[…]` in a line for any text.

use std::fs;
use std::io::{Read, pipe};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::client::{Answer, Client};
use crate::process::Process;

/// The address that transcripts show.
pub const ADDRESS: &str = "127.0.0.1:12345";

/// A command and the lines that it prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The command as it is written, over as many lines as it takes.
    pub command: String,
    /// What is expected of it.
    pub output: Vec<String>,
}

/// The steps of a transcript: `$ command`, then what it prints.
///
/// # Errors
/// When something stands before the first command.
pub fn steps(text: &str) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), output: Vec::new() });
            continue;
        }
        let Some(step) = steps.last_mut() else {
            return Err(format!("a transcript begins with `$ `, not with `{line}`"));
        };
        if step.output.is_empty() && step.command.ends_with('\\') {
            step.command = format!("{}\n{line}", step.command);
        } else {
            step.output.push(line.to_owned());
        }
    }
    Ok(steps)
}

/// The transcript of these steps.
pub fn written(steps: &[Step]) -> String {
    let mut text = String::new();
    for Step { command, output } in steps {
        text.push_str(&format!("$ {command}\n"));
        output.iter().for_each(|line| text.push_str(&format!("{line}\n")));
    }
    text
}

impl Step {
    /// Whether this is what was expected.
    pub fn is_met(&self, found: &[String]) -> bool {
        lines_match(&self.output, found)
    }
}

fn lines_match(expected: &[String], found: &[String]) -> bool {
    let Some((line, rest)) = expected.split_first() else { return found.is_empty() };
    if line == "..." {
        return (0..=found.len()).any(|skipped| lines_match(rest, &found[skipped..]));
    }
    found
        .split_first()
        .is_some_and(|(first, others)| line_matches(line, first) && lines_match(rest, others))
}

fn line_matches(expected: &str, found: &str) -> bool {
    let mut parts = expected.split("[…]");
    let first = parts.next().unwrap_or_default();
    let Some(mut left) = found.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return left.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        let Some((_, behind)) = left.split_once(part) else { return false };
        left = behind;
    }
    true
}

/// The lines without what differs from run to run in an answer to a load.
pub fn without_measurements(lines: Vec<String>) -> Vec<String> {
    let written = |line: String| match line.starts_with("done: ") {
        true => veiled(&veiled(&line, "(hash ", [',', ')']), "compiled in ", [' ', ',']),
        false => line,
    };
    lines.into_iter().map(written).collect()
}

/// The line with `[…]` for what stands between `before` and one of `after`.
fn veiled(line: &str, before: &str, after: [char; 2]) -> String {
    let parts = line.split_once(before).and_then(|(start, rest)| {
        let end = rest.find(after)?;
        Some((start, &rest[end..]))
    });
    parts.map_or_else(|| line.to_owned(), |(start, end)| format!("{start}{before}[…]{end}"))
}

/// The words of a command line.
fn words(command: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in command.replace("\\\n", " ").chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                let _ = word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    match quote {
        None => Ok(words),
        Some(open) => Err(format!("`{command}` lacks a closing {open}")),
    }
}

/// A terminal in a directory, with the server that was started in it last.
#[derive(Debug)]
pub struct Session {
    program: PathBuf,
    directory: PathBuf,
    server: Option<Process>,
    /// The connection of a `curl … &`.
    listening: Option<Client>,
}

impl Session {
    /// A terminal in a directory; `program` is the `midflight` command.
    pub fn new(program: &str, directory: &Path) -> Session {
        Session {
            program: PathBuf::from(program),
            directory: directory.to_owned(),
            server: None,
            listening: None,
        }
    }

    /// Runs the command of a step and gives the lines that it prints.
    ///
    /// # Errors
    /// When the terminal does not know the command.
    pub fn run(&mut self, step: &Step) -> Result<Vec<String>, String> {
        let words = words(&step.command)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let printed = match words.as_slice() {
            ["midflight", "serve", arguments @ ..] => self.serve(arguments),
            ["midflight", arguments @ ..] => self.midflight(arguments)?,
            ["sed", "-i", edit, file] => self.edit(edit, file)?,
            ["curl", arguments @ .., "&"] => self.listen(arguments)?,
            ["curl", arguments @ ..] => self.curl(arguments)?,
            _ => return Err(format!("a transcript cannot run `{}`", step.command)),
        };
        let mut lines: Vec<String> =
            self.as_documented(&printed).lines().map(str::to_owned).collect();
        if let Some(client) = self.listening.as_mut() {
            while lines.len() < step.output.len() {
                lines.extend(client.server_sent_event());
            }
        }
        Ok(lines)
    }

    fn as_documented(&self, printed: &str) -> String {
        match &self.server {
            Some(server) => printed.replace(&server.address.to_string(), ADDRESS),
            None => printed.to_owned(),
        }
    }

    fn server(&self) -> Result<&Process, String> {
        self.server.as_ref().ok_or_else(|| "no server runs: begin with `midflight serve`".into())
    }

    /// Starts a server in place of the one before.
    fn serve(&mut self, arguments: &[&str]) -> String {
        self.listening = None;
        self.server = None;
        match Process::serve_in(&self.program, &self.directory, arguments) {
            Ok(server) => self.server.insert(server).first_line.clone(),
            Err(messages) => messages,
        }
    }

    fn midflight(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(&self.program);
        let _ = command.args(arguments).current_dir(&self.directory);
        if let Some("load" | "versions" | "activate" | "rollback") = arguments.first().copied() {
            let _ = command.args(["--server", &format!("http://{}", self.server()?.address)]);
        }
        let failed = |error: std::io::Error| format!("`midflight` does not run: {error}");
        let (mut output, writer) = pipe().map_err(failed)?;
        let _ = command.stdout(writer.try_clone().map_err(failed)?).stderr(writer);
        let mut child = command.spawn().map_err(failed)?;
        // Its ends of the pipe would keep the output open.
        drop(command);
        let mut printed = String::new();
        let read = output.read_to_string(&mut printed);
        let _ = child.wait().map_err(failed)?;
        read.map(|_| printed).map_err(failed)
    }

    /// `s/before/after/` on a file, whose every line has `before` at most once.
    fn edit(&self, edit: &str, file: &str) -> Result<String, String> {
        let parts: Vec<&str> = edit.split('/').collect();
        let ["s", before, after, ""] = parts.as_slice() else {
            return Err(format!("a transcript's `sed` does not know `{edit}`"));
        };
        let path = self.directory.join(file);
        let text = fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
        if !text.contains(before) {
            return Err(format!("`{before}` is not in {file}"));
        }
        let written = fs::write(path, text.replace(before, after));
        written.map(|()| String::new()).map_err(|error| format!("{file}: {error}"))
    }

    fn curl(&self, arguments: &[&str]) -> Result<String, String> {
        let request = Request::parse(arguments, &self.directory)?;
        let answer = request.send(&mut self.server()?.client());
        let mut printed = if request.shows_head { answer.head.clone() } else { String::new() };
        printed.push_str(answer.text());
        Ok(printed)
    }

    fn listen(&mut self, arguments: &[&str]) -> Result<String, String> {
        let request = Request::parse(arguments, &self.directory)?;
        let mut client = self.server()?.client();
        client
            .send(format!("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", request.target).as_bytes());
        let _ = client.receive_head();
        self.listening = Some(client);
        Ok(String::new())
    }
}

/// What a `curl` command asks for.
#[derive(Debug, Default)]
struct Request {
    method: Option<String>,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    shows_head: bool,
}

impl Request {
    fn parse(arguments: &[&str], directory: &Path) -> Result<Request, String> {
        let mut request = Request::default();
        let mut rest = arguments.iter().copied();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| format!("`{argument}` lacks its value"));
            match argument {
                "-s" | "-N" | "-sN" => {}
                "-i" | "-si" => request.shows_head = true,
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

    fn send(&self, client: &mut Client) -> Answer {
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

#[cfg(test)]
mod tests {
    use super::{Step, lines_match, steps, words, written};

    #[test]
    fn a_transcript_is_its_steps() {
        let text = "$ curl a \\\n  b\none\n\ntwo\n$ midflight\n";
        let read = steps(text).expect("it is one");
        let first = Step {
            command: "curl a \\\n  b".into(),
            output: vec!["one".into(), "".into(), "two".into()],
        };
        assert_eq!(read[0], first);
        assert_eq!((read.len(), written(&read)), (2, text.to_owned()));
        assert!(steps("one\n").is_err());
    }

    #[test]
    fn words_are_quoted() {
        let split =
            words("curl -d '{\"a\": 1}' \"x y\" '' \\\n  z").expect("the quotes are closed");
        assert_eq!(split, ["curl", "-d", "{\"a\": 1}", "x y", "", "z"]);
        assert!(words("curl 'a").is_err());
    }

    #[test]
    fn what_varies_is_marked() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let met = |expected, found| lines_match(&lines(expected), &lines(found));
        assert!(met("a […] b […]", "a 1 b 2"));
        assert!(!met("a […] b", "a 1 b 2"));
        assert!(met("a\n...\nz", "a\n1\n2\nz") && met("a\n...", "a"));
        assert!(!met("a\n...\nz", "a\n1"));
    }
}
