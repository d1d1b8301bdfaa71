//! How floats are written: the shortest digits that read back the same, with at least one digit
//! after the point; an exponent below 1e-4 and from 1e16 on.

use std::fmt::Write;

/// Appends a float.
pub(crate) fn write_float(buffer: &mut String, value: f64) {
    if value.is_nan() {
        buffer.push_str("NaN");
        return;
    }
    if value.is_infinite() {
        buffer.push_str(if value > 0.0 { "inf" } else { "-inf" });
        return;
    }
    let start = buffer.len();
    write!(buffer, "{value:?}").expect("a `String` takes everything");
    // Rust leaves the point out where there is an exponent.
    let written = &buffer[start..];
    if let Some(exponent) = written.find('e')
        && !written[..exponent].contains('.')
    {
        buffer.insert_str(start + exponent, ".0");
    }
}

#[cfg(test)]
mod tests {
    use super::write_float;

    #[test]
    fn floats_have_a_point_and_the_shortest_digits() {
        let written = |value: f64| {
            let mut buffer = String::new();
            write_float(&mut buffer, value);
            buffer
        };
        assert_eq!(written(1.0), "1.0");
        assert_eq!(written(0.1 + 0.2), "0.30000000000000004");
        assert_eq!(written(-0.0), "-0.0");
        assert_eq!(written(1e16), "1.0e16");
        assert_eq!(written(1.5e300), "1.5e300");
        assert_eq!(written(1e-7), "1.0e-7");
        assert_eq!(written(f64::NAN), "NaN");
        assert_eq!(written(f64::NEG_INFINITY), "-inf");
    }
}
