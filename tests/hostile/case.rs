//! A file of requests, each with the answer that it has to get.
//!
//! ```text
//! --- name
//! > POST /add HTTP/1.1
//! > Host: localhost
//! > Content-Length: *
//! >
//! > {"by": 1e400}
//! = 400 wrong_type
//! ```
//!
//! The lines behind `> ` up to the first empty one are the head and end in CR LF; those below are
//! the body and have LF between them. `*` is the body's length. `\xff` is a byte, and
//! `@repeat(1000, "text")` stands for the text so many times, with `#` as the number of the
//! repetition. The answer is its status and the kind of the problem, or the text as JSON.

/// A request, and the answer that it has to get.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) request: Vec<u8>,
    pub(crate) expected: String,
}

/// Reads a file.
pub(crate) fn parse(text: &str) -> Vec<Case> {
    let sections = text.split("\n--- ").skip(1);
    sections.map(|section| section_of(section).unwrap_or_else(|| panic!("{section}"))).collect()
}

fn section_of(section: &str) -> Option<Case> {
    let (name, rest) = section.split_once('\n')?;
    let (mut head, mut body) = (Vec::new(), Vec::new());
    let mut is_head = true;
    let mut expected = None;
    for line in rest.lines().filter(|line| !line.is_empty()) {
        if let Some(answer) = line.strip_prefix("= ") {
            expected = Some(answer.to_owned());
            continue;
        }
        let line = bytes(line.strip_prefix("> ").or(line.strip_prefix('>'))?)?;
        match is_head {
            true => {
                is_head = !line.is_empty();
                head.push(line);
            }
            false => body.push(line),
        }
    }
    let body = body.join(&b"\n"[..]);
    let len = format!("Content-Length: {}", body.len()).into_bytes();
    let complete = |line: Vec<u8>| if line == b"Content-Length: *" { len.clone() } else { line };
    let head = head.into_iter().map(complete).collect::<Vec<_>>().join(&b"\r\n"[..]);
    let request = [head, b"\r\n".to_vec(), body].concat();
    Some(Case { name: name.to_owned(), request, expected: expected? })
}

/// A line with its repetitions and bytes written out.
fn bytes(line: &str) -> Option<Vec<u8>> {
    let mut written = Vec::new();
    let mut rest = line;
    while let Some(next) = rest.find(['@', '\\']) {
        let (before, at) = rest.split_at(next);
        written.extend_from_slice(before.as_bytes());
        rest = match (at.strip_prefix("@repeat("), at.strip_prefix("\\x")) {
            (Some(repetition), _) => repeat(repetition, &mut written)?,
            (None, Some(digits)) => {
                written.push(u8::from_str_radix(digits.get(..2)?, 16).ok()?);
                &digits[2..]
            }
            (None, None) => {
                written.push(at.as_bytes()[0]);
                &at[1..]
            }
        };
    }
    written.extend_from_slice(rest.as_bytes());
    Some(written)
}

fn repeat<'l>(repetition: &'l str, written: &mut Vec<u8>) -> Option<&'l str> {
    let (count, quoted) = repetition.split_once(", ")?;
    let mut texts = serde_json::Deserializer::from_str(quoted).into_iter::<String>();
    let text = texts.next()?.ok()?;
    for number in 0..count.parse::<usize>().ok()? {
        written.extend_from_slice(text.replace('#', &number.to_string()).as_bytes());
    }
    quoted.get(texts.byte_offset()..)?.strip_prefix(')')
}

#[test]
fn a_case_is_read() {
    let text = "// a file\n\n--- a\n> POST / HTTP/1.1\n> Content-Length: *\n>\n> @repeat(3, \"#,\")\\xff\n> \
                x@y\\z\n= 400 kind\n";
    let cases = parse(text);
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0].expected, "400 kind");
    let expected = b"POST / HTTP/1.1\r\nContent-Length: 13\r\n\r\n0,1,2,\xff\nx@y\\z";
    assert_eq!(cases[0].request, expected, "{}", String::from_utf8_lossy(&cases[0].request));
}
