//! `--limit NAME=VALUE`: the limits of the compiler, the engine and the server by one flag.

use midflight_compiler::nearest;
use midflight_limits::{Row, engine, server, source};

/// All limits.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub(super) source: source::Limits,
    pub(super) engine: engine::Limits,
    pub(super) server: server::Limits,
}

/// What one flag says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    /// To list the limits.
    Help,
    /// To set this limit to this value, in the unit of its row.
    Set(String, u64),
}

/// Every limit that can be set.
fn rows() -> impl Iterator<Item = Row> {
    let rows = [source::Limits::rows(), engine::Limits::rows(), server::Limits::rows()];
    rows.into_iter().flatten()
}

impl Flag {
    /// Reads `NAME=VALUE` or `help`.
    pub(super) fn read(text: &str) -> Result<Flag, String> {
        if text == "help" {
            return Ok(Flag::Help);
        }
        let Some((name, written)) = text.split_once('=') else {
            return Err("`NAME=VALUE` is expected; `--limit help` lists the names".to_owned());
        };
        let Some(row) = rows().find(|row| row.name == name) else {
            let known: Vec<&str> = rows().map(|row| row.name).collect();
            let help = match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`--limit help` lists the names".to_owned(),
            };
            return Err(format!("there is no limit `{name}`; {help}"));
        };
        let Some(value) = row.unit.read(written) else {
            return Err(format!("`{name}` takes {}, found `{written}`", row.unit.examples()));
        };
        let (least, largest) = row.range;
        if (least..=largest).contains(&value) {
            return Ok(Flag::Set(name.to_owned(), value));
        }
        let (least, largest) = (row.unit.show(least), row.unit.show(largest));
        Err(format!("`{name}` takes {least} to {largest}, found `{written}`"))
    }
}

impl Limits {
    /// The limits with these flags; a later one counts.
    pub(super) fn of(flags: &[Flag]) -> Limits {
        let mut limits = Limits::default();
        for flag in flags {
            let Flag::Set(name, value) = flag else { continue };
            let is_known = limits.source.set(name, *value)
                || limits.engine.set(name, *value)
                || limits.server.set(name, *value);
            debug_assert!(is_known, "`Flag::read` knows the names");
        }
        limits
    }
}

/// The list for people.
pub(super) fn list() -> String {
    let lines = rows().map(|row| {
        let (least, largest) = row.range;
        let (least, largest) = (row.unit.show(least), row.unit.show(largest));
        let (name, default) = (row.name, row.unit.show(row.default));
        let range = format!("{least} to {largest}");
        format!("{name:<22} {default:>12}  {range:<28}  {}\n", row.summary())
    });
    let head = format!("{:<22} {:>12}  {:<28}  {}\n", "limit", "default", "range", "what");
    head + &lines.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_and_applied() {
        for (text, expected) in [
            ("fuel_max=10_000", Ok(("fuel_max", 10_000))),
            ("source_len_max=64KiB", Ok(("source_len_max", 64 << 10))),
            ("idle_timeout=2m", Ok(("idle_timeout", 120_000))),
            ("fuel", Err("`NAME=VALUE`")),
            ("fuel_maxx=1", Err("did you mean `fuel_max`?")),
            ("fuel_max=1KiB", Err("takes `1000`, `1_000`, found `1KiB`")),
            ("versions_kept_max=0", Err("takes 1 to 1,000, found `0`")),
        ] {
            match (Flag::read(text), expected) {
                (Ok(flag), Ok((name, value))) => {
                    assert_eq!(flag, Flag::Set(name.to_owned(), value), "{text}");
                }
                (Err(error), Err(part)) => assert!(error.contains(part), "{text}: {error}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
        let flags = ["fuel_max=1000", "code_size_max=64KiB", "loads_max=3", "fuel_max=2000"];
        let flags: Vec<Flag> =
            flags.iter().map(|text| Flag::read(text).expect("it is right")).collect();
        let limits = Limits::of(&flags);
        assert_eq!(limits.engine.fuel_max, 2_000);
        assert_eq!(limits.source.code_size_max, 64 << 10);
        assert_eq!(limits.server.loads_max, 3);
    }

    #[test]
    fn defaults_are_in_their_range_and_names_are_unique() {
        let mut names = std::collections::BTreeSet::new();
        for row in rows() {
            let (least, largest) = row.range;
            assert!((least..=largest).contains(&row.default), "{row:?}");
            assert!(least < largest && names.insert(row.name), "{row:?}");
            assert!(list().contains(row.name));
        }
    }
}
