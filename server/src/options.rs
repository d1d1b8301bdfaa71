//! The options of the server's own paths: `?expect=3&dry_run=true`. Each is known and given once.

use std::borrow::Cow;

use crate::error::{Kind, Problem, known_names};
use crate::query::{pairs, quoted};

/// The options that a query gives.
#[derive(Debug)]
pub(crate) struct Options<'q>(Vec<(Cow<'q, str>, Cow<'q, str>)>);

impl<'q> Options<'q> {
    /// Reads the options of a path that knows these.
    pub(crate) fn of(query: Option<&'q str>, known: &[&str]) -> Result<Options<'q>, Problem> {
        let mut options = Options(Vec::new());
        for pair in pairs(query.unwrap_or_default()) {
            let (name, value) = pair.map_err(|reason| Problem::new(Kind::InvalidQuery, reason))?;
            if !known.contains(&name.as_ref()) {
                let known: Vec<String> = known.iter().map(|&name| name.to_owned()).collect();
                let detail = format!("there is no option {}", quoted(&name));
                return Err(
                    Problem::new(Kind::InvalidQuery, detail).with_help(known_names(&name, &known))
                );
            }
            if options.text(&name).is_some() {
                let detail = format!("the option `{name}` is given twice");
                return Err(Problem::new(Kind::InvalidQuery, detail));
            }
            options.0.push((name, value));
        }
        Ok(options)
    }

    /// An option as it is written.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref())
    }

    /// An option that is on or off; its name alone is on.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        match self.text(name) {
            None => Ok(None),
            Some("" | "true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(value) => Err(wrong(name, "`true` or `false`", value)),
        }
    }

    /// The number of a version.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Problem> {
        let number = |value: &str| {
            value.parse().map_err(|_| wrong(name, "the number of a version, or 0 for none", value))
        };
        self.text(name).map(number).transpose()
    }
}

fn wrong(name: &str, expected: &str, found: &str) -> Problem {
    let detail = format!("the option `{name}` takes {expected}, found {}", quoted(found));
    Problem::new(Kind::InvalidQuery, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_known_and_typed() {
        let known = ["activate", "expect"];
        let read = |query| {
            let options = Options::of(Some(query), &known).map_err(drop)?;
            let flag = options.flag("activate").map_err(drop)?;
            Ok((flag, options.number("expect").map_err(drop)?))
        };
        assert_eq!(read(""), Ok((None, None)));
        assert_eq!(read("activate=false&expect=3"), Ok((Some(false), Some(3))));
        assert_eq!(read("activate"), Ok((Some(true), None)));
        for wrong in ["activate=0", "expect=-1", "expect", "ekspect=1", "expect=1&expect=1", "%"] {
            assert_eq!(read(wrong), Err(()), "{wrong}");
        }
    }
}
