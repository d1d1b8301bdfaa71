//! `--durability MODE`: when calls are answered.

use std::time::Duration;

use midflight_limits::Unit;
use midflight_runtime::Durability;

/// How long `interval` waits at most where nothing is said.
const INTERVAL: Duration = Duration::from_millis(100);

/// Reads `commit`, `none`, `interval` or `interval=TIME`.
pub(super) fn read(text: &str) -> Result<Durability, String> {
    let expected = || format!("`commit`, `interval=100ms` or `none` is expected, found `{text}`");
    match (text, text.strip_prefix("interval=")) {
        ("commit", _) => Ok(Durability::Commit),
        ("none", _) => Ok(Durability::None),
        ("interval", _) => Ok(Durability::Interval(INTERVAL)),
        (_, Some(time)) => match Unit::Time.read(time) {
            Some(time_ms) if time_ms > 0 => {
                Ok(Durability::Interval(Duration::from_millis(time_ms)))
            }
            _ => Err(expected()),
        },
        _ => Err(expected()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read() {
        let interval = |ms| Ok(Durability::Interval(Duration::from_millis(ms)));
        assert_eq!(read("commit"), Ok(Durability::Commit));
        assert_eq!(read("none"), Ok(Durability::None));
        assert_eq!(read("interval"), interval(100));
        assert_eq!(read("interval=2s"), interval(2_000));
        for wrong in ["", "always", "interval=", "interval=0s", "interval=1", "commit=1s"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
