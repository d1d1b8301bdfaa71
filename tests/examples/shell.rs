//! The commands of a transcript: `midflight …` runs the command of this workspace, `curl …` is
//! read here and asked through the tests' own client. Knows the options of `curl` that the examples
//! use and refuses all others. `127.0.0.1:12345` stands for the server's address.

use std::fs;
use std::process::Command;

use midflight_tests::Process;

/// The `midflight` command.
const PROGRAM: &str = env!("CARGO_BIN_EXE_midflight-under-test");

/// The server's address in transcripts.
const ADDRESS: &str = "127.0.0.1:12345";

/// The subcommands that ask a running server.
const REMOTE: [&str; 4] = ["load", "versions", "activate", "rollback"];

/// One session at a terminal, with the server that was started in it.
#[derive(Default)]
pub(super) struct Shell {
    server: Option<Process>,
}

impl Shell {
    /// Runs a command and gives what it prints.
    pub(super) fn run(&mut self, command: &str) -> Result<String, String> {
        let words = words(command)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let printed = match words.as_slice() {
            ["midflight", "serve", "--memory", rest @ ..] => {
                let server = Process::serve(PROGRAM, rest);
                let printed = server.first_line.clone();
                let printed = printed.replace(&server.address.to_string(), ADDRESS);
                self.server = Some(server);
                printed
            }
            ["midflight", rest @ ..] => self.midflight(rest)?,
            ["curl", rest @ ..] => self.curl(rest)?,
            _ => return Err("a command begins with `midflight` or `curl`".to_owned()),
        };
        Ok(printed)
    }

    fn server(&self) -> Result<&Process, String> {
        self.server.as_ref().ok_or("`midflight serve --memory FILE` stands first".to_owned())
    }

    fn midflight(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(PROGRAM);
        let _ = command.args(arguments);
        if arguments.first().is_some_and(|name| REMOTE.contains(name)) {
            let url = format!("http://{}", self.server()?.address);
            let _ = command.args(["--server", &url]);
        }
        let done = command.output().map_err(|error| error.to_string())?;
        let text = [done.stdout, done.stderr].concat();
        String::from_utf8(text).map_err(|error| error.to_string())
    }

    /// Reads the command line of `curl` and asks what it asks.
    fn curl(&self, words: &[&str]) -> Result<String, String> {
        let (mut method, mut body, mut target) = (None, None, None);
        let (mut headers, mut shows_head) = (Vec::new(), false);
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("`{word}` wants a value"));
            match word {
                "-s" => {}
                "-i" => shows_head = true,
                "-X" => method = Some(value()?),
                "-H" => headers.push(value()?.split_once(": ").ok_or("a header is `name: value`")?),
                "-d" | "--data" => body = Some(value()?.as_bytes().to_vec()),
                "--data-binary" => body = Some(contents(value()?)?),
                _ => {
                    let url = word.strip_prefix("http://").unwrap_or(word);
                    let path = url.strip_prefix(ADDRESS);
                    target = Some(path.ok_or(format!("`{word}` is not known here"))?);
                }
            }
        }
        let method = method.unwrap_or(if body.is_some() { "POST" } else { "GET" });
        let target = target.ok_or("there is no URL")?;
        let mut client = self.server()?.client();
        let answer = client.request(method, target, &headers, &body.unwrap_or_default());
        let head = if shows_head { answer.head.replace('\r', "") } else { String::new() };
        Ok(head + answer.text())
    }
}

/// The bytes of the file that `@file` names.
fn contents(value: &str) -> Result<Vec<u8>, String> {
    let file = value.strip_prefix('@').ok_or("`--data-binary` takes `@file`")?;
    fs::read(file).map_err(|error| format!("{file}: {error}"))
}

/// The words of a command line; between quotes everything is itself.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == ' ' => words.extend(word.take()),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                let _ = word.get_or_insert_default();
            }
            None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if quote.is_some() { Err("a quote is not closed".to_owned()) } else { Ok(words) }
}
