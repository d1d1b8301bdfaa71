//! Hostile sizes: each gets its diagnostic, on a stack of 2 MiB, and the tree can be dropped.

use midflight_compiler::ast::Program;
use midflight_compiler::limits::Limits;
use midflight_compiler::parse::parse;
use midflight_compiler::source::Source;

const MANY: usize = 100_000;

/// Parses and drops on a thread with the stack that the parser promises to need at most.
fn codes(text: String) -> Vec<&'static str> {
    let parsing = move || {
        let (program, diagnostics): (Program, _) = parse(&Source::new("big.flight", text));
        drop(program);
        diagnostics.sorted().iter().map(|diagnostic| diagnostic.code.name()).collect()
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(parsing).expect("a thread");
    thread.join().expect("the parser does not panic")
}

fn in_function(body: &str) -> String {
    format!("fn f() {{\n{body}\n}}\nfn g() {{ }}\n")
}

#[test]
fn brackets_nest_to_a_limit() {
    for (open, close) in [("(", ")"), ("[", "]"), ("f(", ")"), ("a[", "]")] {
        let nested = |n: usize| in_function(&format!("x = {}1{}", open.repeat(n), close.repeat(n)));
        assert_eq!(codes(nested(MANY)), ["E0601"], "{open}");
        assert_eq!(codes(nested(250)), [""; 0], "{open}");
        let unclosed = in_function(&format!("x = {}", open.repeat(MANY)));
        assert_eq!(codes(unclosed), ["E0601"], "{open} unclosed");
    }
}

#[test]
fn blocks_and_types_nest_to_a_limit() {
    for head in ["while a {\n", "if a {\n", "for a in b { "] {
        let nested = |n: usize| in_function(&format!("{}{}", head.repeat(n), "}".repeat(n)));
        assert_eq!(codes(nested(MANY)), ["E0601"]);
        assert_eq!(codes(nested(250)), [""; 0]);
    }
    let matches = in_function(&format!("{}{}", "match a { b => ".repeat(MANY), "}".repeat(MANY)));
    assert_eq!(codes(matches), ["E0601"]);
    let types = format!("state {{ x: {}int{} }}", "[".repeat(MANY), "]".repeat(MANY));
    assert_eq!(codes(types), ["E0601"]);
    let patterns = format!("match a {{ {}_{} => 1 }}", "b(".repeat(MANY), ")".repeat(MANY));
    assert_eq!(codes(in_function(&patterns)), ["E0601"]);
    let unclosed = format!("fn f() {{\n{}", "if a {\n".repeat(MANY));
    assert_eq!(codes(unclosed), ["E0601"]);
}

#[test]
fn operators_nest_to_a_limit() {
    assert_eq!(codes(in_function(&format!("x = {}1", "- ".repeat(MANY)))), ["E0601"]);
    assert_eq!(codes(in_function(&format!("x = {}a", "!".repeat(MANY)))), ["E0601"]);
    assert_eq!(codes(in_function(&format!("x = a{}", " ?? a".repeat(MANY)))), ["E0601"]);
    assert_eq!(codes(in_function(&format!("x = {}", "fail ".repeat(MANY)))), ["E0601"]);
}

#[test]
fn chains_grow_to_a_limit() {
    for link in [" + a", " +\n a", ".b", "\n.b(1)", "[0]", " && a"] {
        assert_eq!(codes(in_function(&format!("x = a{}", link.repeat(MANY)))), ["E0602"], "{link}");
        assert_eq!(codes(in_function(&format!("x = a{}", link.repeat(900)))), [""; 0], "{link}");
    }
}

#[test]
fn declarations_grow_to_a_limit() {
    let branches = in_function(&format!("if a {{ }}{}", " else if a { }".repeat(MANY)));
    assert_eq!(codes(branches), ["E0603"]);
    assert_eq!(codes(in_function(&format!("if a {{ }}{}", " else if a { }".repeat(900)))), [""; 0]);
    assert_eq!(
        codes(in_function(&format!("if a {{ }}{}", " else if a { }".repeat(2_000)))),
        ["E0602"]
    );
    assert_eq!(codes(in_function(&"a = 1\n".repeat(MANY))), ["E0603"]);
    assert_eq!(codes(format!("const X = [{}]\nfn g() {{ }}", "1,".repeat(MANY))), ["E0603"]);
    assert_eq!(codes("fn f() { }\n".repeat(MANY)), [""; 0]);
}

#[test]
fn strings_nest_to_a_limit() {
    let nested = |n: usize| format!("const X = {}{}\n", "\"{".repeat(n) + "1", "}\"".repeat(n));
    assert_eq!(codes(nested(8)), [""; 0]);
    assert_eq!(codes(nested(9)), ["E0606"]);
    assert_eq!(codes(nested(MANY)), ["E0606"]);
}

#[test]
fn masses_of_mistakes_are_capped() {
    assert_eq!(codes("@\n".repeat(MANY)).len(), 100);
    assert_eq!(codes("}".repeat(MANY)).len(), 1);
    assert_eq!(codes(in_function(&"let = 1\n".repeat(5_000))).len(), 100);
    assert_eq!(codes("x".repeat(Limits::LARGEST.source_len_max + 1)), ["E0600"]);
    assert_eq!(codes("x".repeat(Limits::LARGEST.source_len_max)), ["E0100"]);
    assert_eq!(codes(format!("// {}", "x".repeat(1 << 20))), [""; 0]);
}
