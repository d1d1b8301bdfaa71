//! How values are written into a text.

use super::value::Value;

/// Appends a scalar or a text. A `float` has this many digits after its point, or as few as read
/// back as the same value.
pub(crate) fn write(text: &mut String, value: &Value, digits: Option<u8>) {
    match (value, digits) {
        (Value::Int(value), _) => text.push_str(&value.to_string()),
        (Value::Float(value), None) => text.push_str(&shortest(*value)),
        (Value::Float(value), Some(digits)) => {
            text.push_str(&format!("{value:.*}", usize::from(digits)));
        }
        (Value::Bool(value), _) => text.push_str(if *value { "true" } else { "false" }),
        (Value::Text(value), _) => text.push_str(value),
        _ => unreachable!("only scalars and texts have a text form"),
    }
}

/// The shortest digits that read back as the same `float`, with a point and a digit behind it; an
/// exponent below 0.0001 and from 1e16 on.
fn shortest(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    // `-d.ddde-x`, where the digits are the shortest that read back.
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("it has an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is a number");
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let (whole, fraction) = match exponent {
        -4..0 => ("0".to_owned(), "0".repeat((-exponent - 1) as usize) + &digits),
        0..16 => {
            let point = exponent as usize + 1;
            let padded = format!("{digits:0<point$}");
            (padded[..point].to_owned(), padded[point..].to_owned())
        }
        _ => (digits[..1].to_owned(), digits[1..].to_owned()),
    };
    let fraction = if fraction.is_empty() { "0" } else { &fraction };
    let number = format!("{sign}{whole}.{fraction}");
    if (-4..16).contains(&exponent) { number } else { format!("{number}e{exponent}") }
}
