//! One hostile source, what must come of it, and what must hold for every one.

use libtest_mimic::Failed;
use midflight_compiler::diag::render::{Style, render};
use midflight_compiler::diag::view::view;
use midflight_compiler::diag::{Code, Diagnostic, Severity};
use midflight_compiler::limits::COMPILE_STACK_SIZE;
use midflight_compiler::settings::Settings;
use midflight_compiler::source::Source;
use midflight_compiler::{Emit, fmt, inspect};
use midflight_runtime::{Engine, Limits, LoadError};
use midflight_tests::patient;

/// A hostile source.
pub(crate) struct Case {
    /// What is hostile about it.
    pub(crate) name: &'static str,
    /// Makes it.
    pub(crate) source: fn() -> String,
    /// What must come of it.
    pub(crate) expected: Expected,
}

/// What comes of a source.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// It is refused with errors of these codes, each once or more often.
    Refused(&'static [&'static str]),
    /// It compiles, and its tests pass.
    Runs,
    /// It compiles, and every test of it ends in a trap of this kind.
    Traps(&'static str),
}

/// Bytes that a report of one source has at most, as text or as JSON: a hundred mistakes with
/// their lines, which are shown up to a length.
const REPORT_LEN_MAX: usize = 2 << 20;

/// Fuel that all tests of a case share.
const FUEL: i64 = 3_000_000;

/// Memory of a case's worlds, small enough to be filled.
const WORLD_MEMORY: usize = 4 << 20;

impl Case {
    /// Compiles and runs the source, and looks at everything that is made of it on the way.
    pub(crate) fn check(&self) -> Result<(), Failed> {
        let source = Source::new("hostile.flight", (self.source)());
        let found = found(&source)?;
        if found != self.expected {
            return Err(format!("expected {:?}, found {found:?}", self.expected).into());
        }
        on_large_stack(move || passes(&source))
    }
}

fn found(source: &Source) -> Result<Expected, Failed> {
    let limits = Limits {
        test_fuel_max: FUEL,
        call_memory_max: 1 << 20,
        world_memory_max: WORLD_MEMORY,
        ..Limits::default()
    };
    let code = Settings::default().limits(patient());
    let engine = Engine::builder()
        .memory()
        .clock(|| 0)
        .limits(limits)
        .code(code)
        .build()
        .expect("memory needs no store");
    match engine.test(source.clone()) {
        Ok(report) => {
            short(source, &report.warnings)?;
            let mut kinds: Vec<&str> = report
                .results
                .iter()
                .map(|result| result.trap.as_ref().map_or("none", |trap| trap.kind.name()))
                .collect();
            kinds.dedup();
            match kinds.as_slice() {
                [] | ["none"] => Ok(Expected::Runs),
                [kind] => Ok(Expected::Traps(kind)),
                kinds => Err(format!("the tests end differently: {kinds:?}").into()),
            }
        }
        Err(LoadError::Source { diagnostics, .. }) => {
            short(source, &diagnostics)?;
            let errors = diagnostics.iter().map(|found| found.code);
            let mut codes: Vec<Code> =
                errors.filter(|code| code.severity() == Severity::Error).collect();
            codes.sort_unstable();
            codes.dedup();
            let names: Vec<&str> = codes.into_iter().map(Code::name).collect();
            Ok(Expected::Refused(names.leak()))
        }
        Err(error) => Err(error.to_string().into()),
    }
}

/// What is said of a source is bounded, however large it is and whatever is wrong with it.
fn short(source: &Source, diagnostics: &[Diagnostic]) -> Result<(), Failed> {
    let count = diagnostics.len();
    let text = render(source, diagnostics, Style::Plain).len();
    let json = serde_json::to_string(&view(source, diagnostics))?.len();
    if count > patient().diagnostics_max || text > REPORT_LEN_MAX || json > REPORT_LEN_MAX {
        let found = format!("{count} diagnostics, {text} bytes of text, {json} of JSON");
        return Err(format!("what is said of it is too long: {found}").into());
    }
    Ok(())
}

/// The passes that are not on the way to machine code: the tree is printed, and the formatter
/// leaves its own work as it is.
fn passes(source: &Source) -> Result<(), Failed> {
    let _ = inspect(source, Emit::Ast);
    let _ = inspect(source, Emit::Layout);
    let Ok(formatted) = fmt::format(source) else { return Ok(()) };
    match fmt::format(&Source::new("formatted.flight", formatted.as_str())) {
        Ok(again) if again == formatted => Ok(()),
        Ok(_) => Err("formatting what is formatted changes it".into()),
        Err(mistakes) => Err(format!("what is formatted is refused: {mistakes:?}").into()),
    }
}

/// Runs the passes on the stack that they are promised.
fn on_large_stack(run: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Result<(), Failed> {
    let thread = std::thread::Builder::new().stack_size(COMPILE_STACK_SIZE).spawn(run)?;
    thread.join().map_err(|_| Failed::from("a pass panicked"))?
}

/// Lines, made from their numbers.
pub(crate) fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(|index| line(index) + "\n").collect()
}

/// A handler with a body, and a function behind it that must not be swallowed.
pub(crate) fn in_handler(body: &str) -> String {
    format!("post f(n: int, b: bool) {{\n{body}\n}}\nfn behind() {{ }}\n")
}
