//! The `float`s that JSON has no spelling for: NaN and the infinities.

/// How they are written and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Floats {
    /// As `null`, and not at all: what calls and events speak.
    Plain,
    /// As names, so that nothing is lost.
    Exact,
}

const NAMES: [(&str, f64); 3] =
    [("nan", f64::NAN), ("inf", f64::INFINITY), ("-inf", f64::NEG_INFINITY)];

/// The name of one of them; all NaNs are one in Flight.
pub(super) fn name_of(value: f64) -> &'static str {
    let is_it = |known: f64| known == value || known.is_nan() && value.is_nan();
    NAMES.iter().find(|&&(_, known)| is_it(known)).map_or("0", |&(name, _)| name)
}

/// The value of this name.
pub(super) fn named(name: &str) -> Option<f64> {
    NAMES.iter().find(|&&(known, _)| known == name).map(|&(_, value)| value)
}
