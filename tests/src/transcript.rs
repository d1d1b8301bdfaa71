//! Transcripts: commands as a user types them, and what they print. In what is expected a line
//! `...` stands for any lines, `[…]` in a line for any text. What the commands do, a [`Session`]
//! knows.

mod curl;
mod session;

pub use session::Session;

/// The address that transcripts show.
pub const ADDRESS: &str = "127.0.0.1:12345";

/// Any text within a line.
const ANYTHING: &str = "[…]";

/// Any lines.
const ANY_LINES: &str = "...";

/// A command and the lines that it prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The command as it is written, over as many lines as it takes.
    pub command: String,
    /// What is expected of it.
    pub output: Vec<String>,
}

/// The steps of a transcript: `$ command`, then what it prints.
///
/// # Errors
/// When something stands before the first command.
pub fn steps(text: &str) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), output: Vec::new() });
            continue;
        }
        let Some(step) = steps.last_mut() else {
            return Err(format!("a transcript begins with `$ `, not with `{line}`"));
        };
        if step.output.is_empty() && step.command.ends_with('\\') {
            step.command = format!("{}\n{line}", step.command);
        } else {
            step.output.push(line.to_owned());
        }
    }
    Ok(steps)
}

/// The transcript of these steps.
pub fn written(steps: &[Step]) -> String {
    let mut text = String::new();
    for Step { command, output } in steps {
        text.push_str(&format!("$ {command}\n"));
        output.iter().for_each(|line| text.push_str(&format!("{line}\n")));
    }
    text
}

impl Step {
    /// Takes over what was printed; what is as expected stays as it is written.
    pub fn take_over(&mut self, printed: &[String]) {
        if lines_match(&self.output, printed) {
            return;
        }
        let line = |(index, line): (usize, &String)| {
            let expected = self.output.get(index).filter(|expected| line_matches(expected, line));
            expected.cloned().unwrap_or_else(|| without_measurements(line))
        };
        self.output = printed.iter().enumerate().map(line).collect();
    }
}

fn lines_match(expected: &[String], found: &[String]) -> bool {
    let Some((line, rest)) = expected.split_first() else { return found.is_empty() };
    if line == ANY_LINES {
        return (0..=found.len()).any(|skipped| lines_match(rest, &found[skipped..]));
    }
    found
        .split_first()
        .is_some_and(|(first, others)| line_matches(line, first) && lines_match(rest, others))
}

fn line_matches(expected: &str, found: &str) -> bool {
    let mut parts = expected.split(ANYTHING);
    let first = parts.next().unwrap_or_default();
    let Some(mut left) = found.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return left.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        let Some((_, behind)) = left.split_once(part) else { return false };
        left = behind;
    }
    true
}

/// The line without what differs from run to run in an answer to a load.
fn without_measurements(line: &str) -> String {
    match line.starts_with("done: ") {
        true => veiled(&veiled(line, "(hash ", [',', ')']), "compiled in ", [' ', ',']),
        false => line.to_owned(),
    }
}

/// The line with `[…]` for what stands between `before` and one of `after`.
fn veiled(line: &str, before: &str, after: [char; 2]) -> String {
    let parts = line.split_once(before).and_then(|(start, rest)| {
        let end = rest.find(after)?;
        Some((start, &rest[end..]))
    });
    parts.map_or_else(|| line.to_owned(), |(start, end)| format!("{start}{before}{ANYTHING}{end}"))
}

#[cfg(test)]
mod tests {
    use super::{Step, lines_match, steps, written};

    #[test]
    fn a_transcript_is_its_steps() {
        let text = "$ curl a \\\n  b\none\n\ntwo\n$ midflight\n";
        let read = steps(text).expect("it is one");
        let first = Step {
            command: "curl a \\\n  b".into(),
            output: vec!["one".into(), "".into(), "two".into()],
        };
        assert_eq!(read[0], first);
        assert_eq!((read.len(), written(&read)), (2, text.to_owned()));
        assert!(steps("one\n").is_err());
    }

    #[test]
    fn what_varies_is_marked() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let met = |expected, found| lines_match(&lines(expected), &lines(found));
        assert!(met("a […] b […]", "a 1 b 2"));
        assert!(!met("a […] b", "a 1 b 2"));
        assert!(met("a\n...\nz", "a\n1\n2\nz") && met("a\n...", "a"));
        assert!(!met("a\n...\nz", "a\n1"));
    }

    #[test]
    fn what_fits_stays_as_it_is_written() {
        let output = vec!["a […]".to_owned(), "b".to_owned()];
        let mut step = Step { command: String::new(), output };
        let load = "done: version 2 is live (hash 1f, compiled in 0.4 ms)";
        step.take_over(&["a 1".to_owned(), load.to_owned()]);
        let veiled = "done: version 2 is live (hash […], compiled in […] ms)";
        assert_eq!(step.output, ["a […]", veiled]);
    }
}
