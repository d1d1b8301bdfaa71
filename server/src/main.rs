//! The `midflight` command.
fn main() {}
