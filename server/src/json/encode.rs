//! Results into JSON.

use midflight_runtime::{Content, Fields, View};
use serde::Serialize;

use super::float::{Floats, name_of};

/// The JSON exceeds its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// Appends the value as JSON.
///
/// # Errors
/// The whole is longer than `len_max`; what is appended then is only a part.
pub(crate) fn write(view: View<'_>, json: &mut Vec<u8>, len_max: usize) -> Result<(), TooLarge> {
    value(view, json, Form { floats: Floats::Plain, len_max })?;
    // What is looked at on the way keeps the memory near the limit; the last bytes are not.
    if json.len() > len_max { Err(TooLarge) } else { Ok(()) }
}

/// Appends the value as JSON that is read back as the same value.
pub(crate) fn write_exact(view: View<'_>, json: &mut Vec<u8>) {
    let form = Form { floats: Floats::Exact, len_max: usize::MAX };
    value(view, json, form).expect("there is no limit");
}

#[derive(Clone, Copy)]
struct Form {
    floats: Floats,
    len_max: usize,
}

fn value(view: View<'_>, json: &mut Vec<u8>, form: Form) -> Result<(), TooLarge> {
    if json.len() > form.len_max {
        return Err(TooLarge);
    }
    match view.content() {
        Content::Int(value) => scalar(&value, json),
        Content::Float(value) => match form.floats {
            Floats::Exact if !value.is_finite() => scalar(name_of(value), json),
            Floats::Exact | Floats::Plain => scalar(&value, json),
        },
        Content::Bool(value) => scalar(&value, json),
        Content::Text(value) if value.len() > form.len_max - json.len() => return Err(TooLarge),
        Content::Text(value) => scalar(value, json),
        Content::Some(inner) => return value(inner, json, form),
        Content::Struct(fields) => return object(fields, json, form),
        Content::Variant(name, payload) if payload.count() == 0 => scalar(name, json),
        Content::Variant(name, payload) => {
            json.push(b'{');
            scalar(name, json);
            json.push(b':');
            object(payload, json, form)?;
            json.push(b'}');
        }
        Content::List(elements) => {
            let open = json.len();
            for element in elements {
                json.push(if json.len() == open { b'[' } else { b',' });
                value(element, json, form)?;
            }
            close(open, b"[]", json);
        }
        _ => json.extend_from_slice(b"null"),
    }
    Ok(())
}

fn object(fields: Fields<'_>, json: &mut Vec<u8>, form: Form) -> Result<(), TooLarge> {
    let open = json.len();
    for (name, field) in fields {
        json.push(if json.len() == open { b'{' } else { b',' });
        scalar(name, json);
        json.push(b':');
        value(field, json, form)?;
    }
    close(open, b"{}", json);
    Ok(())
}

/// Ends what began at `open`, where nothing stands yet if it has no members.
fn close(open: usize, brackets: &[u8; 2], json: &mut Vec<u8>) {
    if json.len() == open {
        json.push(brackets[0]);
    }
    json.push(brackets[1]);
}

fn scalar<T: Serialize + ?Sized>(value: &T, json: &mut Vec<u8>) {
    serde_json::to_writer(json, value).expect("a `Vec` takes everything, a scalar is always JSON");
}
