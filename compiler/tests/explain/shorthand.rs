//! The short form in which a page shows a program that is too long to print, and the program that
//! it stands for. A reader of the page is to understand it without being told:
//!
//! - a line that ends in `// … 300 times` stands for 300 such lines: the k-th of them has `_k`
//!   for `_1` and, where it speaks of the next one, the number after k for `_2`;
//! - `⟨U+202E⟩` stands for the character itself.

/// The whole program.
pub(crate) fn expand(short: &str) -> String {
    let mut whole = String::new();
    for line in short.lines() {
        let line = with_characters(line);
        match repetition(&line) {
            Some((text, times)) => (1..=times).for_each(|k| whole += &numbered(text, k)),
            None => whole += &format!("{line}\n"),
        }
    }
    whole
}

/// A line's text and how many times it is to stand there.
fn repetition(line: &str) -> Option<(&str, usize)> {
    let (text, times) = line.strip_suffix(" times")?.rsplit_once(" // … ")?;
    let times = times.replace(',', "").parse().expect("a number before `times`");
    Some((text, times))
}

/// The k-th repetition of a line.
fn numbered(text: &str, k: usize) -> String {
    let next = k + 1;
    text.replace("_2", "_\0").replace("_1", &format!("_{k}")).replace('\0', &next.to_string())
        + "\n"
}

fn with_characters(line: &str) -> String {
    let mut parts = line.split('⟨');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('⟩').expect("`⟨` is closed");
        let digits = code.strip_prefix("U+").expect("`U+` after `⟨`");
        let number = u32::from_str_radix(digits, 16).expect("a hexadecimal number");
        whole.push(char::from_u32(number).expect("a character"));
        whole += rest;
    }
    whole
}

#[test]
fn a_line_is_repeated_and_numbered() {
    let short = "struct S_1 { a: S_2 } // … 2 times\nstruct S_3 { }\n";
    let whole = "struct S_1 { a: S_2 }\nstruct S_2 { a: S_3 }\nstruct S_3 { }\n";
    assert_eq!(expand(short), whole);
    assert_eq!(expand("a_1 // … 1,000 times").lines().count(), 1_000);
}

#[test]
fn a_character_is_put_in() {
    assert_eq!(expand("\"a⟨U+200B⟩b\""), "\"a\u{200b}b\"\n");
}
