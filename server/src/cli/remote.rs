//! `midflight load`, `versions`, `activate` and `rollback`: what is asked of a running server, and
//! how. The worlds are asked for in `worlds`.

use std::io::Write;
use std::path::PathBuf;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use clap::Args;
use serde_json::Value;

use super::{Failure, print, read};
use crate::client::{ClientError, Question, ask, download, upload};

/// The server that is asked.
#[derive(Args, Debug)]
pub(super) struct Server {
    /// Where the server listens
    #[arg(long, global = true, value_name = "URL", default_value = "http://127.0.0.1:12345")]
    server: String,
    /// The file with the server's admin token
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Load {
    /// Source in Flight
    file: PathBuf,
    #[command(flatten)]
    server: Server,
    /// Make it a version that can be activated, but do not activate it
    #[arg(long)]
    stage: bool,
    /// Refuse unless this version is live now; 0 for none
    #[arg(long, value_name = "N")]
    expect: Option<u64>,
    /// Only say what would happen
    #[arg(long, conflicts_with = "stage")]
    dry_run: bool,
}

#[derive(Args, Debug)]
pub(super) struct Activate {
    /// The version to make live
    number: u64,
    #[command(flatten)]
    server: Server,
    /// Refuse unless this version is live now
    #[arg(long, value_name = "N")]
    expect: Option<u64>,
    /// Let data go that the version has no place for
    #[arg(long)]
    allow_loss: bool,
}

#[derive(Args, Debug)]
pub(super) struct Rollback {
    #[command(flatten)]
    server: Server,
    /// Refuse unless this version is live now
    #[arg(long, value_name = "N")]
    expect: Option<u64>,
    /// Let data go that the version has no place for
    #[arg(long)]
    allow_loss: bool,
}

impl Load {
    /// Posts the source and prints the server's words.
    pub(super) fn run(self) -> Result<(), Failure> {
        let source = read(&self.file)?;
        let mut path = format!("/load?name={}", name_of(&self.file));
        if self.stage {
            path.push_str("&activate=false");
        }
        if self.dry_run {
            path.push_str("&dry_run=true");
        }
        if let Some(expect) = self.expect {
            path.push_str(&format!("&expect={expect}"));
        }
        let question = Question {
            method: Method::POST,
            path,
            accept: "text/plain",
            token: self.server.token()?,
            body: Body::from(source.text().to_owned()),
        };
        match self.server.ask(question)? {
            (status, text) if status.is_success() => print(text),
            (_, text) => return Err(Failure(text)),
        }
        Ok(())
    }
}

/// The file's name, in the characters that the server takes for the name of a source.
fn name_of(file: &std::path::Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).take(60).collect()
}

/// Prints the versions as a table.
pub(super) fn versions(server: &Server) -> Result<(), Failure> {
    let answer = server.ask_json(Method::GET, "/-/versions".to_owned())?;
    let mut table = format!(
        "{:>8}  {:<8}  {:>10}  {:>10}  {:>12}  {:>8}  name\n",
        "version", "hash", "source", "code", "calls", "traps"
    );
    for version in answer["versions"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let number = |name: &str| version[name].as_u64().unwrap_or_default();
        let text = |name: &str| version[name].as_str().unwrap_or_default();
        let mark = if version["is_current"] == Value::Bool(true) { "*" } else { " " };
        table.push_str(&format!(
            "{mark}{:>7}  {:<8}  {:>8} B  {:>8} B  {:>12}  {:>8}  {}\n",
            number("number"),
            text("hash").get(..8).unwrap_or_default(),
            number("source_size"),
            number("code_size"),
            number("calls"),
            number("traps"),
            text("name"),
        ));
    }
    print(format!("{table}* is live; {} in memory\n", answer["alive"]));
    Ok(())
}

impl Activate {
    /// Makes a version live, and says which was it before.
    pub(super) fn run(self) -> Result<(), Failure> {
        let path = format!("/-/versions/{}/activate", self.number);
        change(&self.server, path, self.expect, self.allow_loss)
    }
}

impl Rollback {
    /// Goes back, and says where to.
    pub(super) fn run(self) -> Result<(), Failure> {
        change(&self.server, "/-/rollback".to_owned(), self.expect, self.allow_loss)
    }
}

fn change(
    server: &Server,
    mut path: String,
    expect: Option<u64>,
    allow_loss: bool,
) -> Result<(), Failure> {
    path.push_str(&format!("?allow_loss={allow_loss}"));
    if let Some(expect) = expect {
        path.push_str(&format!("&expect={expect}"));
    }
    let answer = server.ask_json(Method::POST, path)?;
    let (number, before) = (&answer["number"], &answer["before"]);
    print(match number == before {
        true => format!("version {number} is live, as before\n"),
        false => format!("version {number} is live, version {before} was before\n"),
    });
    if let Some(rows) = answer["pause"]["rows"].as_u64().filter(|_| answer["plan"]["moves"] == true)
    {
        let ms = answer["pause"]["ms"].as_f64().unwrap_or_default();
        print(format!("{rows} rows moved to its layout in {ms:.1} ms\n"));
    }
    Ok(())
}

impl Server {
    fn token(&self) -> Result<Option<String>, Failure> {
        let Some(file) = &self.token_file else { return Ok(None) };
        let token = read(file)?;
        Ok(Some(token.text().trim().to_owned()))
    }

    fn ask(&self, question: Question) -> Result<(StatusCode, String), Failure> {
        wait(ask(&self.server, question))
    }

    /// Asks for JSON; an answer without a body is `null`.
    pub(super) fn ask_json(&self, method: Method, path: String) -> Result<Value, Failure> {
        let (status, text) = self.ask(self.question(method, path, Body::empty())?)?;
        read_json(status, &text)
    }

    /// Sends a body of any size, and reads JSON.
    pub(super) fn upload(&self, path: String, body: Body) -> Result<Value, Failure> {
        let question = self.question(Method::POST, path, body)?;
        let (status, text) = wait(upload(&self.server, question))?;
        read_json(status, &text)
    }

    /// Asks for something of any size, which goes to `out`.
    pub(super) fn download(&self, path: String, out: &mut impl Write) -> Result<(), Failure> {
        let question = self.question(Method::GET, path, Body::empty())?;
        match wait(download(&self.server, question, out))? {
            (status, _) if status.is_success() => Ok(()),
            (status, text) => read_json(status, &text).map(drop),
        }
    }

    fn question(&self, method: Method, path: String, body: Body) -> Result<Question, Failure> {
        let token = self.token()?;
        Ok(Question { method, path, accept: "application/json", token, body })
    }
}

/// Waits for an answer.
fn wait<T>(answer: impl Future<Output = Result<T, ClientError>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::new(format!("cannot start the event loop: {error}")))?;
    runtime.block_on(answer).map_err(|error| match error {
        ClientError::Unreachable { .. } => Failure::with_help(
            error,
            "start one with `midflight serve`, or say where it is: `--server http://HOST:PORT`",
        ),
        _ => Failure::new(error),
    })
}

/// The JSON of an answer, or why it was refused.
fn read_json(status: StatusCode, text: &str) -> Result<Value, Failure> {
    if status == StatusCode::NO_CONTENT {
        return Ok(Value::Null);
    }
    let answer: Value = serde_json::from_str(text).map_err(|_| {
        Failure::new(format!("the server answered {status} without JSON: is it Midflight?"))
    })?;
    if status.is_success() {
        return Ok(answer);
    }
    let detail = answer["detail"].as_str().unwrap_or("the server gave no reason");
    Err(match answer["help"].as_str() {
        Some(help) => Failure::with_help(detail, help),
        None => Failure::new(detail),
    })
}
