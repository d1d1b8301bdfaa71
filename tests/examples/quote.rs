//! A README that quotes a transcript.

use midflight_tests::transcript::Step;

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
