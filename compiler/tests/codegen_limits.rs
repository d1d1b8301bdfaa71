//! Functions at the limits of code generation: compiled, or refused by name, never a crash.

use midflight_compiler::compile;
use midflight_compiler::limits::{COMPILE_STACK_SIZE, NATIVE_STACK_MAX};
use midflight_compiler::source::Source;

/// The code of the first error, or the bytes of stack that a call takes.
fn outcome(text: String) -> Result<usize, &'static str> {
    let compile = move || match compile(&Source::new("limits.flight", text)) {
        Ok(program) => Ok(program.code.stack_size()),
        Err(errors) => Err(errors[0].code.name()),
    };
    let thread = std::thread::Builder::new().stack_size(COMPILE_STACK_SIZE).spawn(compile);
    thread.expect("there are threads").join().expect("compiling does not panic")
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

#[test]
fn a_function_with_many_branches_fits() {
    for count in [200, 1_100] {
        let body = lines(count, |i| format!("if n == {i} {{ s += n }}\n"));
        let text = format!("get f(n: int) -> int {{\nvar s = 0\n{body}return s\n}}\n");
        assert!(outcome(text).is_ok_and(|stack| stack <= NATIVE_STACK_MAX), "{count} branches");
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
    assert!(outcome(text).is_ok_and(|stack| stack <= NATIVE_STACK_MAX));
}
