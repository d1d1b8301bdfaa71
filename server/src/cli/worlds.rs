//! `midflight worlds`: the worlds of a running server, creation, deletion.

use axum::http::Method;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::remote::Server;
use super::{Failure, print};

#[derive(Args, Debug)]
pub(super) struct Worlds {
    #[command(flatten)]
    server: Server,
    #[command(subcommand)]
    change: Option<Change>,
}

#[derive(Debug, Subcommand)]
enum Change {
    /// Create a world, its state at the defaults; fine if it is there
    Create {
        /// 1 to 64 letters, digits, `-`, `_` or `.`
        name: String,
    },
    /// Delete a world and everything in it
    Delete {
        /// The world
        name: String,
    },
}

impl Worlds {
    /// Changes the worlds, or prints them as a table.
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.change {
            None => list(&self.server),
            Some(Change::Create { name }) => {
                let world = self.server.ask_json(Method::PUT, path(&name)?)?;
                print(format!("the world {name} is there, on version {}\n", world["version"]));
                Ok(())
            }
            Some(Change::Delete { name }) => {
                let _ = self.server.ask_json(Method::DELETE, path(&name)?)?;
                print(format!("the world {name} is deleted\n"));
                Ok(())
            }
        }
    }
}

/// Where a world is; what cannot stand in a path cannot be one.
pub(super) fn path(name: &str) -> Result<String, Failure> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !name.is_empty() && name.bytes().all(is_word) {
        return Ok(format!("/-/worlds/{name}"));
    }
    let message = format!("`{}` cannot be the name of a world", name.escape_debug());
    Err(Failure::with_help(message, "1 to 64 letters, digits, `-`, `_` or `.`"))
}

fn list(server: &Server) -> Result<(), Failure> {
    let mut table = format!(
        "{:>8}  {:>10}  {:>12}  {:>8}  {:>12}  {:>8}  name\n",
        "version", "rows", "memory", "waiting", "calls", "traps"
    );
    let mut after = String::new();
    loop {
        let answer = server.ask_json(Method::GET, format!("/-/worlds{after}"))?;
        for world in answer["worlds"].as_array().map(Vec::as_slice).unwrap_or_default() {
            table.push_str(&line(world));
        }
        let Some(next) = answer["next"].as_str() else { break };
        after = format!("?after={next}");
    }
    print(table);
    Ok(())
}

fn line(world: &Value) -> String {
    let number = |name: &str| world[name].as_u64().unwrap_or_default();
    format!(
        "{:>8}  {:>10}  {:>10} B  {:>8}  {:>12}  {:>8}  {}\n",
        number("version"),
        number("rows"),
        number("memory"),
        number("waiting"),
        number("calls"),
        number("traps"),
        world["name"].as_str().unwrap_or_default(),
    )
}
