//! Limits as tables: each row is a limit with its name, unit, default, range and meaning. The flag
//! that sets it, the metric that shows it and the line of the manual are made from the row.

use std::time::Duration;

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things, or units of fuel.
    Count,
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Time,
}

/// One limit, as its users see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name for settings, flags and metrics: `fuel_max`.
    pub name: &'static str,
    /// What its numbers count.
    pub unit: Unit,
    /// Where it is not set.
    pub default: u64,
    /// The least and the largest that it can be set to.
    pub range: (u64, u64),
    /// What it limits, and why; sentences.
    pub doc: &'static str,
    /// What exceeds it gets this: the code of a diagnostic, a trap, the kind of a problem, or
    /// words.
    pub answer: &'static str,
}

impl Row {
    /// The first sentence of what it limits, without its full stop.
    pub fn summary(&self) -> &'static str {
        let doc = self.doc.trim();
        let end = doc.find(". ").unwrap_or(doc.trim_end_matches('.').len());
        &doc[..end]
    }
}

/// Units of numbers: what follows the digits, and how many of the smallest it is.
const BYTES: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];
const TIMES: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Unit {
    /// A number of this unit as people write it: `64 KiB`, `5 s`, `1,000`.
    pub fn show(self, number: u64) -> String {
        let units: &[(&str, u64)] = match self {
            Unit::Count => &[],
            Unit::Bytes => &BYTES,
            Unit::Time => &TIMES,
        };
        let is_whole = |size| number >= size && number.is_multiple_of(size) || size == 1;
        let whole = units.iter().find(|&&(_, size)| is_whole(size));
        match whole {
            Some(&(unit, size)) => format!("{} {unit}", grouped(number / size)),
            None => grouped(number),
        }
    }

    /// Reads a number with its unit: `64KiB`, `5s`, `1_000`; `None` for what is none.
    pub fn read(self, text: &str) -> Option<u64> {
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.replace('_', "").parse().ok()?;
        let units: &[(&str, u64)] = match self {
            Unit::Count => &[("", 1)],
            Unit::Bytes => &BYTES,
            Unit::Time => &TIMES,
        };
        let (_, size) = units.iter().find(|(known, _)| *known == unit.trim_start())?;
        number.checked_mul(*size)
    }

    /// How a value of this unit may be written.
    pub fn examples(self) -> &'static str {
        match self {
            Unit::Count => "`1000`, `1_000`",
            Unit::Bytes => "`64KiB`, `16MiB`",
            Unit::Time => "`100ms`, `5s`",
        }
    }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A type that a limit can have.
pub trait Number: Copy {
    /// The number in the unit of its row, which fits: it is in the row's range.
    fn of(number: u64) -> Self;

    /// The value as a number in the unit of its row.
    fn number(self) -> u64;
}

/// Integers are themselves.
macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl Number for $integer {
            fn of(number: u64) -> $integer {
                <$integer>::try_from(number).unwrap_or(<$integer>::MAX)
            }

            fn number(self) -> u64 {
                u64::try_from(self).unwrap_or(0)
            }
        }
    )*};
}

integers! { u32 u64 usize i64 }

/// Times are milliseconds.
impl Number for Duration {
    fn of(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    fn number(self) -> u64 {
        u64::try_from(self.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Declares a struct of limits that are settings, each `name: Type = default, Unit, least..=largest,
/// "answer";` under what it limits.
macro_rules! limits {
    (
        $(#[$attribute:meta])*
        pub struct $Limits:ident {
            $(
                $(#[doc = $doc:literal])+
                $name:ident: $ty:ident = $default:expr, $unit:ident, $min:literal..=$max:literal,
                    $answer:literal;
            )*
        }
    ) => {
        $(#[$attribute])*
        pub struct $Limits {
            $($(#[doc = $doc])+ pub $name: $ty,)*
        }

        impl Default for $Limits {
            fn default() -> $Limits {
                $Limits { $($name: $default,)* }
            }
        }

        impl $Limits {
            /// Every limit at the largest that it can be set to.
            pub const LARGEST: $Limits = $Limits { $($name: $crate::table::limits!(@ $ty $max),)* };

            /// These limits, each no higher than it can be set to.
            #[must_use]
            pub fn capped(&self) -> $Limits {
                $Limits { $($name: self.$name.min($Limits::LARGEST.$name),)* }
            }

            /// The rows of the table.
            pub fn rows() -> Vec<$crate::Row> {
                let default = $Limits::default();
                vec![$($crate::Row {
                    name: stringify!($name),
                    unit: $crate::Unit::$unit,
                    default: $crate::Number::number(default.$name),
                    range: ($min, $max),
                    doc: concat!($($doc),+),
                    answer: $answer,
                },)*]
            }

            /// The values, in the order of the rows.
            pub fn values(&self) -> Vec<u64> {
                vec![$($crate::Number::number(self.$name),)*]
            }

            /// Sets the limit of this name, in the unit of its row; `false` where there is none.
            /// Who lets others set it looks at the row's range first.
            pub fn set(&mut self, name: &str, value: u64) -> bool {
                match name {
                    $(stringify!($name) => self.$name = $crate::Number::of(value),)*
                    _ => return false,
                }
                true
            }
        }
    };
    (@ Duration $number:literal) => { Duration::from_millis($number) };
    (@ $integer:ident $number:literal) => { $number as $integer };
}

pub(crate) use limits;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_and_read() {
        for (unit, number, shown, written) in [
            (Unit::Count, 0, "0", "0"),
            (Unit::Count, 5_000_000, "5,000,000", "5_000_000"),
            (Unit::Bytes, 64 << 10, "64 KiB", "64KiB"),
            (Unit::Bytes, 1025, "1,025 B", "1025B"),
            (Unit::Time, 0, "0 ms", "0s"),
            (Unit::Time, 90_000, "90 s", "90s"),
            (Unit::Time, 120_000, "2 m", "2m"),
            (Unit::Time, 1_500, "1,500 ms", "1500ms"),
        ] {
            assert_eq!(unit.show(number), shown);
            assert_eq!(unit.read(written), Some(number), "{written}");
        }
        for (unit, wrong) in [
            (Unit::Count, "1KiB"),
            (Unit::Count, ""),
            (Unit::Count, "-1"),
            (Unit::Bytes, "1"),
            (Unit::Bytes, "1kb"),
            (Unit::Bytes, "99999999999GiB"),
            (Unit::Time, "s"),
            (Unit::Time, "1.5s"),
        ] {
            assert_eq!(unit.read(wrong), None, "{wrong}");
        }
    }
}
