//! `midflight explain E0xxx`: the rule behind a diagnostic, with a wrong and a right program.

use clap::Args;
use midflight_compiler::diag::Code;
use midflight_compiler::nearest;

use super::{Failure, print};

#[derive(Args, Debug)]
pub(super) struct Explain {
    /// The code of a diagnostic, such as E0201; without it, all codes are listed
    code: Option<String>,
}

impl Explain {
    /// Prints the page of a code, or the list of codes.
    pub(super) fn run(self) -> Result<(), Failure> {
        let Some(name) = self.code else {
            let lines = Code::ALL.iter().map(|code| format!("{} {}\n", code.name(), code.title()));
            print(lines.collect::<String>());
            return Ok(());
        };
        let Some(code) = Code::from_name(&name) else {
            let message = format!("there is no code `{name}`");
            let names = Code::ALL.iter().map(|code| code.name());
            let help = match nearest(&name.to_uppercase(), names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`midflight explain` lists all codes".to_owned(),
            };
            return Err(Failure::with_help(message, help));
        };
        print(code.explanation());
        Ok(())
    }
}
