//! What is fuzzed: one function for each boundary that takes bytes of strangers. Each panics where
//! something that must hold for every input does not. `fuzz/` runs them under libFuzzer, the test
//! target `fuzz` with inputs of a seeded generator.

use std::sync::LazyLock;

use midflight_compiler::diag::render::{Style, render};
use midflight_compiler::diag::view::view;
use midflight_compiler::diag::{Diagnostic, Diagnostics, Severity};
use midflight_compiler::limits::COMPILE_STACK_SIZE;
use midflight_compiler::source::Source;
use midflight_compiler::{ast, fmt, lexer, parse};
use midflight_runtime::{CallError, Engine, MAIN_WORLD};

/// A target and the name that it goes by.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] =
    &[("lex", lex), ("parse", parse), ("format", format), ("check", check), ("decode", decode)];

/// Tokens follow each other and stand in the source.
pub fn lex(data: &[u8]) {
    let source = source(data);
    let mut diagnostics = Diagnostics::default();
    let lexed = lexer::lex(&source, &mut diagnostics);
    let mut end = 0;
    for token in &lexed.tokens {
        assert!(token.span.start >= end, "{token:?} begins before {end}");
        assert!(source.text().get(token.span.range()).is_some(), "{token:?} is cut off");
        end = token.span.end;
    }
    can_be_shown(&source, &diagnostics.sorted());
}

/// There is a tree, which can be printed, and what is wrong with it can be shown.
pub fn parse(data: &[u8]) {
    let source = source(data);
    on_large_stack(|| {
        let (program, diagnostics) = parse::parse(&source);
        let _ = ast::print::print(&source, &program);
        can_be_shown(&source, &diagnostics.sorted());
    });
}

/// What is formatted is right, and stays as it is when it is formatted again.
pub fn format(data: &[u8]) {
    let source = source(data);
    on_large_stack(|| {
        let Ok(formatted) = fmt::format(&source) else { return };
        let again = fmt::format(&Source::new("formatted.flight", formatted.as_str()));
        assert_eq!(again.as_deref(), Ok(formatted.as_str()), "formatting is not done");
    });
}

/// A source is refused with an error, or has a typed program that keeps its invariants.
pub fn check(data: &[u8]) {
    let source = source(data);
    on_large_stack(|| match midflight_compiler::check(&source) {
        Ok(checked) => can_be_shown(&source, &checked.warnings),
        Err(mistakes) => {
            let is_error = |mistake: &Diagnostic| mistake.severity == Severity::Error;
            assert!(mistakes.iter().any(is_error), "refused without an error");
            can_be_shown(&source, &mistakes);
        }
    });
}

/// A handler is called with what the JSON says, or not at all.
pub fn decode(data: &[u8]) {
    let json = String::from_utf8_lossy(data);
    let called = ECHO.enter(MAIN_WORLD, |turn| {
        match turn.call("echo", |slots| midflight_server::bind_json(&json, slots)) {
            Ok(_) | Err(CallError::Argument(_)) => {}
            Err(error) => panic!("{error}"),
        }
    });
    called.expect("the world is there");
}

/// A handler with an argument of every form.
static ECHO: LazyLock<Engine> = LazyLock::new(|| {
    let engine = Engine::builder().build().expect("memory needs no store");
    let program = "
        enum Class { mage, healer(power: int, at: Place) }
        struct Place { x: float, y: float = 0.5 }
        get echo(i: int = 0, f: float = 0.0, b: bool = false, s: str = \"\", o: int?,
            p: Place = Place { x: 0.0 }, c: Class = Class.mage, l: [Class; ..3] = [],
            a: [Place; 2] = [Place { x: 0.0 }; 2], g: [[str]] = []) -> str {
            return \"{i} {f} {b} {s} {o ?? 0} {p.x} {l.len} {a[1].y} {g.len}\"
        }
    ";
    let _ = engine.load(program).expect("the program is right");
    engine
});

fn source(data: &[u8]) -> Source {
    Source::new("fuzz.flight", String::from_utf8_lossy(data))
}

fn can_be_shown(source: &Source, diagnostics: &[Diagnostic]) {
    let _ = render(source, diagnostics, Style::Plain);
    let _ = view(source, diagnostics);
}

/// Runs a pass on the stack that it is promised.
fn on_large_stack(run: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(COMPILE_STACK_SIZE);
        let run = thread.spawn_scoped(scope, run).expect("there are threads");
        if let Err(panic) = run.join() {
            std::panic::resume_unwind(panic);
        }
    });
}
