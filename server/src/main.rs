//! The `midflight` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    midflight_server::command()
}
