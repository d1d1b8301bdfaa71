//! The inside of a string literal: its pieces, its escapes, and characters that may not stand
//! in text or comments as they are.

use logos::Logos;

/// What a string literal is made of between its quotes.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Characters that mean themselves, doubled and lone closing braces included.
    #[regex("[^\"\\\\{\n]+")]
    #[token("{{")]
    Plain,
    /// `{`: a value begins.
    #[token("{")]
    Open,
    /// `\n`, `\u{1F600}`; whether Flight knows it is told by `escape`.
    #[regex(r"\\u\{[0-9a-fA-F]*\}")]
    #[regex(r"\\[^\n]")]
    Escape,
    /// `"`
    #[token("\"")]
    Quote,
    /// The line ends, and with it the string.
    #[token("\n")]
    #[token("\\")]
    LineEnd,
}

/// The escapes, for the help.
pub(super) const ESCAPES: &str = r#"`\n`, `\r`, `\t`, `\0`, `\\`, `\"` or `\u{1F600}`"#;

/// The character that an escape stands for.
pub(super) fn escape(text: &str) -> Option<char> {
    match text {
        "\\n" => return Some('\n'),
        "\\r" => return Some('\r'),
        "\\t" => return Some('\t'),
        "\\0" => return Some('\0'),
        "\\\\" => return Some('\\'),
        "\\\"" => return Some('"'),
        _ => {}
    }
    let digits = text.strip_prefix("\\u{")?.strip_suffix('}')?;
    u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
}

/// The characters that the source text of a string stands for: escapes resolved, doubled braces
/// made one. An unknown escape stays as it is written; the lexer has reported it.
pub fn decode(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(next) = rest.chars().next() {
        let length = piece_length(rest);
        let (piece, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        match next {
            '\\' => match escape(piece) {
                Some(character) => text.push(character),
                None => text.push_str(piece),
            },
            _ => text.push(next),
        }
        rest = after;
    }
    text
}

/// The length of the escape, the doubled brace or the character that `text` begins with.
fn piece_length(text: &str) -> usize {
    if text.starts_with("{{") || text.starts_with("}}") {
        return 2;
    }
    if text.starts_with("\\u{") {
        return text.find('}').map_or(text.len(), |end| end + 1);
    }
    let mut characters = text.chars();
    let first = characters.next().map_or(0, char::len_utf8);
    let second = characters.next().map_or(0, char::len_utf8);
    if text.starts_with('\\') { first + second } else { first }
}

/// The first character of `text` that would deceive a reader: a control character, or one that
/// turns the direction in which text is shown.
pub(super) fn first_deceptive(text: &str) -> Option<(usize, char)> {
    let text = text.strip_suffix('\r').unwrap_or(text);
    text.char_indices().find(|&(_, c)| is_deceptive(c))
}

/// Control characters but the tab; marks of direction; the byte order mark.
pub(super) fn is_deceptive(c: char) -> bool {
    let turns_direction = matches!(c,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && c != '\t') || turns_direction || c == '\u{FEFF}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_braces_are_decoded() {
        assert_eq!(decode(r#"a\n\"{{b}}} \u{e9}"#), "a\n\"{b}} é");
        assert_eq!(decode(r"\q\u{110000}"), r"\q\u{110000}");
        assert_eq!(decode("\\u{12"), "\\u{12");
    }

    #[test]
    fn deceptive_characters_are_found() {
        assert_eq!(first_deceptive("ab\u{202E}"), Some((2, '\u{202E}')));
        assert_eq!(first_deceptive("a\tb é\r"), None);
        assert_eq!(first_deceptive("a\0"), Some((1, '\0')));
    }
}
