//! Numbers and durations: how far one reaches, what kind it is, and its value.
//!
//! A number is first taken whole, with every letter and digit that touches it, and then judged,
//! so that `12px` or `1h30m` is one mistake and not several tokens.

use std::borrow::Cow;

use logos::Lexer;

use super::token::TokenKind;

/// Extends a match of the first digit to the whole word that begins there.
pub(super) fn scan(lexer: &mut Lexer<'_, TokenKind>) {
    let length = tail_length(lexer.slice(), lexer.remainder());
    lexer.bump(length);
}

/// How many bytes of `rest` belong to the number that begins with `first`.
fn tail_length(first: &str, rest: &str) -> usize {
    let mut length = word_length(rest);
    let after = rest.get(length..).unwrap_or_default();
    if !first.starts_with('.') && begins_fraction(after) {
        length += 1 + word_length(after.get(1..).unwrap_or_default());
    }
    length += signed_exponent_length(first, rest, length);
    length
}

fn word_length(text: &str) -> usize {
    text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
}

fn begins_fraction(text: &str) -> bool {
    text.starts_with('.') && text.as_bytes().get(1).is_some_and(u8::is_ascii_digit)
}

/// The length of `-5` in `1.5e-5`, where `rest` up to `length` ends with the `e`.
fn signed_exponent_length(first: &str, rest: &str, length: usize) -> usize {
    let taken = rest.get(..length).unwrap_or_default();
    let Some(digits) = taken.strip_suffix(['e', 'E']) else { return 0 };
    let after = rest.get(length..).unwrap_or_default();
    let signed = after.starts_with(['+', '-']);
    let digit_follows = after.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_'));
    if !(signed && digit_follows && plain && !first.starts_with('.')) {
        return 0;
    }
    1 + word_length(after.get(1..).unwrap_or_default())
}

/// What is wrong with a number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    /// The message.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// The kind of a number, or what is wrong with it. `rest` is the source after it.
pub(super) fn classify(text: &str, rest: &str) -> Result<TokenKind, Malformed> {
    let dangling_point = rest.starts_with('.')
        && !rest.starts_with("..")
        && !rest.as_bytes().get(1).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    if text.starts_with('.') || dangling_point {
        let whole = if text.starts_with('.') { format!("0{text}") } else { format!("{text}.0") };
        let message = "a number has digits on both sides of its point";
        return Err(malformed(message, format!("write `{whole}`")));
    }
    if is_digits(text) {
        let fits = int(text).is_some_and(|value| value <= MAGNITUDE_MAX);
        return if fits { Ok(TokenKind::Int) } else { Err(too_large(text)) };
    }
    if let Some((digits, _)) = split_duration(text) {
        if !is_digits(digits) {
            let help = "write a whole number of a smaller unit, such as `1500ms`";
            return Err(malformed("a duration is a whole number with its unit", help));
        }
        return duration(text).map(|_| TokenKind::Duration).ok_or_else(|| too_large(text));
    }
    if is_float(text) {
        return float(text).map(|_| TokenKind::Float).ok_or_else(|| too_large(text));
    }
    Err(explain(text))
}

/// `-9223372036854775808` is an `int`: its digits alone are one too many.
const MAGNITUDE_MAX: u64 = i64::MAX as u64 + 1;

fn malformed(message: &str, help: impl Into<String>) -> Malformed {
    Malformed { message: message.to_owned(), help: help.into() }
}

fn too_large(text: &str) -> Malformed {
    let (kind, help) = if is_digits(text) {
        ("int", "the largest `int` is 9223372036854775807")
    } else if split_duration(text).is_some() {
        ("int", "a duration is an `int` of milliseconds")
    } else {
        ("float", "the largest `float` is about 1.8e308")
    };
    Malformed { message: format!("`{text}` does not fit into `{kind}`"), help: help.to_owned() }
}

/// What is wrong with a word that begins with a digit and is no number.
fn explain(text: &str) -> Malformed {
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("0x") || lower.starts_with("0b") || lower.starts_with("0o") {
        return malformed("numbers are written in decimal", "write the number with digits only");
    }
    if let Some(sum) = compound_duration(text) {
        return malformed("a duration has one unit", format!("write `{sum}`"));
    }
    let help = "a number is made of digits, with a point between them, or with one of the units \
                `ms`, `s`, `m`, `h` after them";
    malformed(&format!("`{text}` is not a number"), help)
}

/// `1h + 30m` for `1h30m`.
fn compound_duration(text: &str) -> Option<String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let after = rest.get(digits..)?;
        let unit = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let part = rest.get(..digits + unit)?;
        let _ = split_duration(part)?;
        parts.push(part);
        rest = rest.get(digits + unit..)?;
    }
    (parts.len() > 1).then(|| format!("({})", parts.join(" + ")))
}

/// Digits with single or more `_` between them.
fn is_digits(text: &str) -> bool {
    let starts = text.as_bytes().first().is_some_and(u8::is_ascii_digit);
    let ends = text.as_bytes().last().is_some_and(u8::is_ascii_digit);
    starts && ends && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

/// Digits, then a point and digits, or an exponent, or both.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let mantissa_fits = match mantissa.split_once('.') {
        Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
        None => is_digits(mantissa),
    };
    let unsigned = |exponent: &str| is_digits(exponent.trim_start_matches(['+', '-']));
    mantissa_fits && exponent.is_none_or(unsigned)
}

/// Splits `50ms` into its digits and the milliseconds of its unit.
fn split_duration(text: &str) -> Option<(&str, i64)> {
    const UNITS: [(&str, i64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (digits, unit) = text.split_at_checked(split)?;
    UNITS.iter().find(|(name, _)| *name == unit).map(|&(_, factor)| (digits, factor))
}

/// The value of `1_000`; at most 2^63, which is one more than an `int` without a minus holds.
pub fn int(text: &str) -> Option<u64> {
    without_marks(text).parse().ok()
}

/// The milliseconds of `50ms`.
pub fn duration(text: &str) -> Option<i64> {
    let (digits, factor) = split_duration(text)?;
    i64::try_from(int(digits)?).ok()?.checked_mul(factor)
}

/// The value of `1.5`, correctly rounded; none where it would be infinite.
pub fn float(text: &str) -> Option<f64> {
    without_marks(text).parse().ok().filter(|value: &f64| value.is_finite())
}

/// `1000` for `1_000`.
fn without_marks(text: &str) -> Cow<'_, str> {
    if text.contains('_') { text.replace('_', "").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_classified() {
        let kinds = [
            ("0", TokenKind::Int),
            ("1_000", TokenKind::Int),
            ("9223372036854775808", TokenKind::Int),
            ("1.5", TokenKind::Float),
            ("1.5e-3", TokenKind::Float),
            ("50ms", TokenKind::Duration),
            ("1h", TokenKind::Duration),
        ];
        for (text, kind) in kinds {
            assert_eq!(classify(text, ""), Ok(kind), "{text}");
        }
        for text in ["9223372036854775809", "1e999", "1h30m", "0xff", "1_", "12px", ".5", "1.5s"] {
            assert!(classify(text, "").is_err(), "{text}");
        }
        assert!(classify("9999999999999999h", "").is_err());
        assert!(classify("1", ". ").is_err());
        assert_eq!(classify("1", "..2"), Ok(TokenKind::Int));
    }

    #[test]
    fn a_number_takes_what_touches_it() {
        assert_eq!(tail_length("1", ".5e-3)"), 5);
        assert_eq!(tail_length("1", "..5"), 0);
        assert_eq!(tail_length("1", "h30m "), 4);
        assert_eq!(tail_length("1", "e-x"), 1);
    }

    #[test]
    fn durations_are_milliseconds() {
        assert_eq!(duration("50ms"), Some(50));
        assert_eq!(duration("2h"), Some(7_200_000));
    }
}
