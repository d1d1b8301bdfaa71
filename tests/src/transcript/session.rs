//! A terminal without a shell and without `curl`: it knows `midflight`, `curl`, an edit with `sed`,
//! quotes, a line that goes on after `\`, `&` behind a `curl` that listens, and `#` before a remark.
//!
//! Every server gets a port of its own; [`ADDRESS`] stands for it in commands and in what they print.

use std::fs;
use std::io::{Read, pipe};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::curl::Request;
use super::{ADDRESS, Step};
use crate::client::Client;
use crate::process::Process;

/// The lines of the next server-sent event, of which `data` is the last.
fn next_event(client: &mut Client) -> Result<Vec<String>, String> {
    let mut event = Vec::new();
    while let Some(line) = client.line() {
        if ["id:", "event:", "data:"].iter().any(|field| line.starts_with(field)) {
            event.push(line);
        }
        if event.last().is_some_and(|line| line.starts_with("data:")) {
            return Ok(event);
        }
    }
    Err("the server has ended the stream".to_owned())
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
    let remark = words.iter().position(|word| word == "#");
    words.truncate(remark.unwrap_or(words.len()));
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
        let words = match words.as_slice() {
            ["cargo", "run", "--release", "--", arguments @ ..] => {
                [&["midflight"], arguments].concat()
            }
            words => words.to_vec(),
        };
        let printed = match words.as_slice() {
            ["midflight", "serve", arguments @ ..] => self.serve(arguments),
            ["midflight", arguments @ ..] => self.midflight(arguments)?,
            ["sed", "-i", edit, file] => self.edit(edit, file)?,
            ["mkdir", directory] => self.mkdir(directory)?,
            ["curl", arguments @ .., "&"] => self.listen(arguments)?,
            ["curl", arguments @ ..] => self.curl(arguments)?,
            _ => return Err(format!("a transcript cannot run `{}`", step.command)),
        };
        let mut lines: Vec<String> =
            self.as_documented(&printed).lines().map(str::to_owned).collect();
        if let Some(client) = self.listening.as_mut() {
            while lines.len() < step.output.len() {
                lines.extend(next_event(client)?);
            }
        }
        Ok(lines)
    }

    /// The text with the address and the name that users know.
    fn as_documented(&self, printed: &str) -> String {
        let name = self.program.file_name().unwrap_or_default().to_string_lossy();
        let printed = printed.replace(&*name, "midflight");
        match &self.server {
            Some(server) => printed.replace(&server.address.to_string(), ADDRESS),
            None => printed,
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
        if let [arguments @ .., ">", file] = arguments {
            let printed = self.midflight(arguments)?;
            let written = std::fs::write(self.directory.join(file), printed);
            return written.map(|()| String::new()).map_err(|error| format!("{file}: {error}"));
        }
        let mut command = Command::new(&self.program);
        let _ = command.args(arguments).current_dir(&self.directory);
        if let Some(
            "load" | "versions" | "activate" | "rollback" | "worlds" | "export" | "import",
        ) = arguments.first().copied()
        {
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

    /// `s/before/after/` on every line of a file. Characters that mean something to `sed` are
    /// refused, so that the command does the same in a real terminal.
    fn edit(&self, edit: &str, file: &str) -> Result<String, String> {
        let parts: Vec<&str> = edit.split('/').collect();
        let ["s", before, after, ""] = parts.as_slice() else {
            return Err(format!("a transcript's `sed` does not know `{edit}`"));
        };
        if before.contains(['.', '*', '[', '^', '$', '\\']) || after.contains(['&', '\\']) {
            return Err(format!("`{edit}` has characters that mean something to `sed`"));
        }
        let path = self.directory.join(file);
        let text = fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
        if !text.contains(before) {
            return Err(format!("`{before}` is not in {file}"));
        }
        let lines = text.split_inclusive('\n').map(|line| line.replacen(before, after, 1));
        let written = fs::write(path, lines.collect::<String>());
        written.map(|()| String::new()).map_err(|error| format!("{file}: {error}"))
    }

    fn mkdir(&self, directory: &str) -> Result<String, String> {
        let made = fs::create_dir(self.directory.join(directory));
        made.map(|()| String::new()).map_err(|error| format!("{directory}: {error}"))
    }

    fn curl(&self, arguments: &[&str]) -> Result<String, String> {
        let request = Request::parse(arguments, &self.directory)?;
        let answer = request.send(&mut self.server()?.client());
        if let Some(file) = &request.output {
            let written = fs::write(file, &answer.body);
            let failed = |error| format!("{}: {error}", file.display());
            return written.map(|()| String::new()).map_err(failed);
        }
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

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_quoted() {
        let split =
            words("curl -d '{\"a\": 1}' \"x y\" '' \\\n  z").expect("the quotes are closed");
        assert_eq!(split, ["curl", "-d", "{\"a\": 1}", "x y", "", "z"]);
        assert!(words("curl 'a").is_err());
    }
}
