//! Transcripts as text: commands behind `$ `, each followed by the lines that it prints. `[…]`
//! stands for any text within a line. Knows nothing of what the commands do.

/// A command and the lines that it prints.
pub(super) struct Step {
    pub(super) command: String,
    output: Vec<String>,
}

/// Any text within a line.
const ANYTHING: &str = "[…]";

/// Reads a transcript.
pub(super) fn parse(text: &str) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => {
                steps.push(Step { command: command.to_owned(), output: Vec::new() });
            }
            (None, Some(step)) => step.output.push(line.to_owned()),
            (None, None) => return Err(format!("a transcript begins with `$ `, found `{line}`")),
        }
    }
    Ok(steps)
}

/// Writes a transcript.
pub(super) fn print(steps: &[Step]) -> String {
    let lines = |step: &Step| [&[format!("$ {}", step.command)], &step.output[..]].concat();
    steps.iter().flat_map(lines).map(|line| line + "\n").collect()
}

/// A README with the output of the transcript where its `console` blocks show output. They must
/// have all commands of the transcript in their order.
pub(super) fn quote(readme: &str, steps: &[Step]) -> Result<String, String> {
    let (mut quoting, mut steps) = (String::new(), steps.iter());
    let mut lines = readme.lines().peekable();
    let mut is_inside = false;
    while let Some(line) = lines.next() {
        quoting.extend([line, "\n"]);
        is_inside = line == "```console" || is_inside && line != "```";
        let Some(command) = line.strip_prefix("$ ").filter(|_| is_inside) else { continue };
        let Some(step) = steps.next().filter(|step| step.command == command) else {
            return Err(format!("the transcript has not `{command}` in this place"));
        };
        let is_output = |line: &&str| !line.starts_with("$ ") && *line != "```";
        if lines.next_if(is_output).is_some() {
            while lines.next_if(is_output).is_some() {}
            quoting.extend(step.output.iter().map(|line| format!("{line}\n")));
        }
    }
    match steps.next() {
        None => Ok(quoting),
        Some(step) => Err(format!("`{}` of the transcript is missing", step.command)),
    }
}

impl Step {
    /// Takes over what was printed; lines that fit what is expected stay as they are.
    pub(super) fn take_over(&mut self, output: &str) {
        let line = |(index, line): (usize, &str)| {
            let expected = self.output.get(index).filter(|expected| fits(expected, line));
            expected.cloned().unwrap_or_else(|| line.to_owned())
        };
        self.output = output.lines().enumerate().map(line).collect();
    }
}

/// Whether a line is what is expected.
fn fits(expected: &str, line: &str) -> bool {
    let Some((start, parts)) = expected.split_once(ANYTHING) else { return expected == line };
    let Some(mut rest) = line.strip_prefix(start) else { return false };
    let mut parts = parts.split(ANYTHING).peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    true
}
