//! What newcomers write from the habit of another language, and what Flight has instead.

/// The declarations, for the help.
pub(super) const DECLARATIONS: &str = "a program consists of `const`, `struct`, `enum`, `state`, \
    `table`, `event`, `fn`, `get`, `post`, `every`, `on load`, `migrate`, `drop` and `test`";

/// The words that begin a declaration.
const ITEM_WORDS: [&str; 14] = [
    "const", "struct", "enum", "state", "table", "event", "fn", "get", "post", "every", "on",
    "migrate", "drop", "test",
];

/// What is said about `&`, `|`, `^` and shifts.
pub(super) const NO_BITS: &str = "Flight has no operators on bits";

/// What a word that begins a declaration elsewhere is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    Fn,
    Post,
    Struct,
    /// Nothing: the declaration follows the word.
    Nothing,
    /// Something that Flight does not have.
    Unknown,
}

impl Meant {
    /// What to put in the word's place, where that is all.
    pub(super) fn text(self) -> Option<&'static str> {
        match self {
            Meant::Fn => Some("fn"),
            Meant::Post => Some("post"),
            Meant::Struct => Some("struct"),
            Meant::Nothing => Some(""),
            Meant::Unknown => None,
        }
    }
}

/// What a word in the place of a declaration is meant for, and the help.
pub(super) fn foreign_item(word: &str) -> Option<(Meant, &'static str)> {
    let meant = match word {
        "func" | "function" | "def" | "fun" | "proc" | "sub" => (Meant::Fn, "write `fn`"),
        "class" | "record" | "type" | "interface" | "trait" => (Meant::Struct, "write `struct`"),
        "put" | "delete" | "patch" => (Meant::Post, "a handler that changes something is `post`"),
        "pub" | "public" | "private" | "export" | "async" | "static" => {
            (Meant::Nothing, "leave it out: handlers can be called from outside, functions cannot")
        }
        "let" | "var" | "global" => {
            (Meant::Unknown, "write `const` for a value that stays, or a field of `state`")
        }
        "impl" | "extend" | "extension" => {
            (Meant::Unknown, "a function stands by itself and is given the value")
        }
        "use" | "import" | "include" | "mod" | "module" | "package" | "require" => {
            (Meant::Unknown, "a program is one file and imports nothing")
        }
        _ => return None,
    };
    Some(meant)
}

/// The word for a declaration that was meant, where one letter or two differ.
pub(super) fn near_item(word: &str) -> Option<&'static str> {
    let near = |candidate: &&&str| distance(word, candidate) <= candidate.len().div_ceil(4);
    ITEM_WORDS.iter().filter(|candidate| candidate.len() > 3).find(near).copied()
}

/// What to say about a word at the start of a statement that goes on with something that no
/// statement could.
pub(super) fn foreign_stmt(word: &str) -> Option<&'static str> {
    let help = match word {
        "loop" | "forever" => "`while true { … }`",
        "switch" | "case" | "when" => "`match value { … }`",
        "elif" | "elsif" | "elseif" => "`else if` follows the `}` of its `if`",
        "throw" | "raise" | "panic" | "abort" => "`fail \"why\"` ends the call",
        "mut" | "const" | "auto" | "int" | "float" | "str" | "bool" => {
            "`let x = …`, or `var x = …` for a variable that changes"
        }
        "delete" => "`remove row`",
        "do" | "until" | "foreach" => "the loops are `while` and `for`",
        "unless" => "`if !cond { … }`",
        "print" | "println" | "echo" => "`log \"…\"`",
        "try" | "catch" | "finally" | "defer" => {
            "a trap ends the call and undoes it; there is no `catch`"
        }
        "pass" => "an empty block is `{ }`",
        _ => return near_stmt(word),
    };
    Some(help)
}

fn near_stmt(word: &str) -> Option<&'static str> {
    const WORDS: [(&str, &str); 9] = [
        ("while", "did you mean `while`?"),
        ("return", "did you mean `return`?"),
        ("assert", "did you mean `assert`?"),
        ("insert", "did you mean `insert`?"),
        ("remove", "did you mean `remove`?"),
        ("match", "did you mean `match`?"),
        ("emit", "did you mean `emit`?"),
        ("fail", "did you mean `fail`?"),
        ("continue", "did you mean `continue`?"),
    ];
    let near = |(candidate, _): &&(&str, &str)| distance(word, candidate) <= candidate.len() / 3;
    WORDS.iter().find(near).map(|&(_, help)| help)
}

/// How many letters must be put in, left out or changed to make one word of the other. A long
/// word is far from all of ours.
fn distance(word: &str, other: &str) -> usize {
    if word.len() > 12 {
        return word.len();
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in word.bytes().enumerate() {
        let mut next = vec![i + 1];
        let pairs = row.iter().zip(row.iter().skip(1)).zip(other.bytes());
        for ((diagonal, above), b) in pairs {
            let left = next.last().copied().unwrap_or(0);
            next.push((diagonal + usize::from(a != b)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found() {
        assert_eq!(near_item("tabel"), Some("table"));
        assert_eq!(near_item("strct"), Some("struct"));
        assert_eq!(near_item("player"), None);
        assert_eq!(foreign_stmt("retrun"), Some("did you mean `return`?"));
        assert_eq!(foreign_stmt("gold"), None);
        assert_eq!(foreign_stmt("whille"), Some("did you mean `while`?"));
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
