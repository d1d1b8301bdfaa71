//! Results into JSON.

use midflight_runtime::{Content, Fields, View};
use serde::Serialize;

/// The JSON exceeds its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// Appends the value as JSON, until the whole is longer than `len_max`.
pub(crate) fn write(view: View<'_>, json: &mut Vec<u8>, len_max: usize) -> Result<(), TooLarge> {
    if json.len() > len_max {
        return Err(TooLarge);
    }
    match view.content() {
        Content::Int(value) => scalar(&value, json),
        Content::Float(value) => scalar(&value, json),
        Content::Bool(value) => scalar(&value, json),
        Content::Text(value) => scalar(value, json),
        Content::Some(value) => return write(value, json, len_max),
        Content::Struct(fields) => return object(fields, json, len_max),
        Content::Variant(name, payload) if payload.count() == 0 => scalar(name, json),
        Content::Variant(name, payload) => {
            json.push(b'{');
            scalar(name, json);
            json.push(b':');
            object(payload, json, len_max)?;
            json.push(b'}');
        }
        Content::List(elements) => {
            let open = json.len();
            for element in elements {
                json.push(if json.len() == open { b'[' } else { b',' });
                write(element, json, len_max)?;
            }
            close(open, b"[]", json);
        }
        _ => json.extend_from_slice(b"null"),
    }
    Ok(())
}

fn object(fields: Fields<'_>, json: &mut Vec<u8>, len_max: usize) -> Result<(), TooLarge> {
    let open = json.len();
    for (name, value) in fields {
        json.push(if json.len() == open { b'{' } else { b',' });
        scalar(name, json);
        json.push(b':');
        write(value, json, len_max)?;
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
