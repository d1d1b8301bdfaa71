//! Functions at the limits of code generation: compiled, or refused by name, never a crash.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use midflight_compiler::limits::{COMPILE_STACK_SIZE, Limits};
use midflight_compiler::resources::Resources;
use midflight_compiler::settings::Settings;
use midflight_compiler::source::Source;
use midflight_compiler::{Deadline, compile, compile_using, compile_with};

/// The code of the first error, or the bytes of stack that a call takes.
fn outcome(text: String) -> Result<usize, &'static str> {
    let compile = move || match compile(&Source::new("limits.flight", text)) {
        Ok(program) => Ok(program.code.stack_size()),
        Err(errors) => Err(errors[0].code.name()),
    };
    let thread = std::thread::Builder::new().stack_size(COMPILE_STACK_SIZE).spawn(compile);
    thread.expect("there are threads").join().expect("compiling does not panic")
}

fn fits(stack: usize) -> bool {
    stack <= Limits::default().native_stack_max
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

#[test]
fn a_function_with_many_branches_fits() {
    for count in [200, 1_100] {
        let body = lines(count, |i| format!("if n == {i} {{ s += n }}\n"));
        let text = format!("get f(n: int) -> int {{\nvar s = 0\n{body}return s\n}}\n");
        assert!(outcome(text).is_ok_and(fits), "{count} branches");
    }
}

/// What is checked of each, a NaN or a note for undo, must not use up the blocks that there may be.
#[test]
fn a_function_with_many_stores_fits() {
    let numbers = lines(6_000, |_| "x, ".to_owned());
    let list = format!("get f(x: float) -> float {{\nlet a = [{numbers}x]\nreturn a[7]\n}}\n");
    let stores = lines(3_000, |i| format!("state.a[{i}] = x\n"));
    let state = format!("state {{ a: [float; 3000] }}\npost f(x: float) {{\n{stores}}}\n");
    let writes = lines(900, |i| format!("t[{i}].n = n\n"));
    let rows = format!("table t {{ key id: int, n: int }}\npost f(n: int) {{\n{writes}}}\n");
    for text in [list, state, rows] {
        let outcome = outcome(text);
        assert!(outcome.is_ok_and(fits), "{outcome:?}");
    }
}

#[test]
fn a_function_with_too_many_blocks_is_refused() {
    // Each of them in a chunk of its own, which is noted first.
    let writes = lines(1_700, |i| format!("state.a[{}] += n\n", 32 * i));
    let text = format!("state {{ a: [int; 100000] }}\npost f(n: int) {{\n{writes}}}\n");
    assert_eq!(outcome(text), Err("E0604"));
}

#[test]
fn a_recursive_function_with_a_large_frame_is_bounded() {
    let lets = lines(60, |i| format!("let a{i} = f(n - {i})\n"));
    let sum = lines(60, |i| format!(" + a{i}"));
    let text =
        format!("get f(n: int) -> int {{\nif n < 1 {{ return 1 }}\n{lets}return 0{sum}\n}}\n");
    assert!(outcome(text).is_ok_and(fits));
}

/// What is refused under these limits, or the size of the code.
fn within(limits: Limits, text: &str) -> Result<usize, &'static str> {
    let source = Source::new("limits.flight", text);
    let compiled = compile_with(&source, Settings::default().limits(limits));
    compiled.map(|program| program.code.size()).map_err(|errors| errors[0].code.name())
}

#[test]
fn machine_code_that_needs_too_much_stack_is_refused() {
    let (open, close) = ("for _i in 0..1 {\n".repeat(64), "}\n".repeat(64));
    let text = format!("get f() -> int {{\nvar n = 0\n{open}n += 1\n{close}return n\n}}\n");
    let source = Source::new("limits.flight", text);
    let limits = Limits { native_stack_max: 128 << 10, ..Limits::default() };
    let settings = Settings::default();
    assert!(compile_with(&source, settings).is_ok());
    let errors = compile_with(&source, settings.limits(limits)).expect_err("it does not fit");
    assert_eq!(errors[0].code.name(), "E0619");
}

#[test]
fn limits_that_stacks_are_made_for_cannot_be_raised() {
    let nested = format!("fn f() -> int {{ return {}1{} }}", "(".repeat(300), ")".repeat(300));
    let limits = Limits { nesting_max: 100_000, ..Limits::default() };
    assert_eq!(Settings::default().limits(limits).limits, Limits::default());
    let mut settings = Settings::default();
    settings.limits = limits;
    let errors = compile_with(&Source::new("limits.flight", nested), settings);
    assert_eq!(errors.expect_err("too deep")[0].code.name(), "E0601");
}

#[test]
fn settings_of_the_limits_hold() {
    let text = "get f() -> int { return 1 }\nget g() -> int { return f() }\n";
    let limits = Limits::default();
    assert!(within(limits, text).is_ok());
    assert_eq!(within(Limits { source_len_max: text.len() - 1, ..limits }, text), Err("E0600"));
    assert!(within(Limits { source_len_max: text.len(), ..limits }, text).is_ok());
    assert_eq!(within(Limits { declarations_max: 1, ..limits }, text), Err("E0607"));
    assert!(within(Limits { declarations_max: 2, ..limits }, text).is_ok());
    assert_eq!(within(Limits { code_size_max: 16, ..limits }, text), Err("E0605"));
}

#[test]
fn the_deadline_is_looked_at_in_every_stage() {
    let text = lines(3, |i| format!("get f{i}() -> int {{ return {i} }}\n"));
    let source = Source::new("limits.flight", text);
    let stopped_at = |stop: usize| {
        let looks = AtomicUsize::new(0);
        let is_past = || looks.fetch_add(1, Ordering::Relaxed) == stop;
        let deadline = Deadline::new(Duration::ZERO, &is_past);
        let compiled = compile_using(&source, Settings::default(), Resources::until(deadline));
        let code = compiled.map(|_| ()).map_err(|errors| errors[0].code.name());
        (code, looks.into_inner())
    };
    let (code, looks) = stopped_at(usize::MAX);
    assert_eq!(code, Ok(()));
    // While it is checked, lowered, and made into machine code, for each function.
    assert!(looks >= 3 * 3, "{looks}");
    for stop in 0..looks {
        assert_eq!(stopped_at(stop).0, Err("E0608"), "{stop}");
    }
}

#[test]
fn what_nothing_reaches_is_checked_but_not_compiled() {
    let used = "get f() -> int { return 1 }\n";
    let unused = lines(50, |i| format!("fn g{i}(n: int) -> int {{ return n / {} }}\n", i + 1));
    let size = |text: String| {
        compile(&Source::new("limits.flight", text)).map(|program| program.code.size())
    };
    let alone = size(used.to_owned()).expect("it compiles");
    assert_eq!(size(format!("{used}{unused}")), Ok(alone));
    let called = format!("{used}{unused}test \"t\" {{ assert g0(1) == 1 }}\n");
    assert!(size(called).is_ok_and(|size| size > alone), "a test reaches it");
    let wrong = size(format!("{used}fn g() -> int {{ return true }}\n"));
    assert_eq!(wrong.map_err(|errors| errors[0].code.name()), Err("E0300"));
}
