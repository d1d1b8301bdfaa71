//! Values as text, the same for what a machine and what the interpreter gives.

use midflight_runtime::{Content, Fields, View};

/// A value that a machine gives. Floats are told apart by their bits, but for NaN: there is one.
pub(super) fn view(view: View<'_>) -> String {
    match view.content() {
        Content::Unit => "()".to_owned(),
        Content::Int(value) => value.to_string(),
        Content::Float(value) => format!("{value:?}"),
        Content::Bool(value) => value.to_string(),
        Content::Text(text) => format!("{text:?}"),
        Content::Struct(values) => format!("{{{}}}", fields(values)),
        Content::Variant(name, values) => format!("{name}({})", fields(values)),
        Content::None => "none".to_owned(),
        Content::Some(value) => format!("some {}", self::view(value)),
        Content::List(elements) => {
            let elements: Vec<String> = elements.map(self::view).collect();
            format!("[{}]", elements.join(", "))
        }
        _ => unreachable!("every kind of content is shown above"),
    }
}

fn fields(fields: Fields<'_>) -> String {
    fields.map(|(_, value)| view(value)).collect::<Vec<_>>().join(", ")
}
