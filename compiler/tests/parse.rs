//! What the parser makes of whole sources: precedence, the rules about lines, recovery, and the
//! words that newcomers write. Limits are in `parse_limits.rs`.

use midflight_compiler::ast::print::print;
use midflight_compiler::ast::{Expr, Program, UnaryOp};
use midflight_compiler::ast::{ExprKind, ItemKind, StmtKind, StrPiece};
use midflight_compiler::diag::Diagnostic;
use midflight_compiler::parse::parse;
use midflight_compiler::source::Source;

fn parsed(text: &str) -> (Program, Vec<Diagnostic>) {
    let (program, diagnostics) = parse(&Source::new("test.flight", text));
    (program, diagnostics.sorted())
}

/// The codes that a source gets, each with the text under it.
fn mistakes(text: &str) -> Vec<(&'static str, String)> {
    let source = Source::new("test.flight", text);
    let (_, diagnostics) = parse(&source);
    let list = diagnostics.sorted();
    list.iter().map(|d| (d.code.name(), source.slice(d.span).to_owned())).collect()
}

fn body_mistakes(body: &str) -> Vec<(&'static str, String)> {
    mistakes(&format!("fn f() {{\n{body}\n}}\n"))
}

/// The value of `const X = …`, every operation in parentheses.
fn shape_of(text: &str) -> String {
    let (program, diagnostics) = parsed(&format!("const X = {text}\n"));
    assert_eq!(diagnostics, [], "{text}");
    match &program.items[0].kind {
        ItemKind::Const { value, .. } => shape(value),
        other => panic!("not a constant: {other:?}"),
    }
}

fn shape(expr: &Expr) -> String {
    let all = |list: &[Expr]| list.iter().map(shape).collect::<Vec<_>>().join(", ");
    match &expr.kind {
        ExprKind::Int(value) => value.to_string(),
        ExprKind::Float(value) => format!("{value:?}"),
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Paren(inner) => shape(inner),
        ExprKind::Unary { op: UnaryOp::Neg, operand } => format!("(- {})", shape(operand)),
        ExprKind::Unary { op: UnaryOp::Not, operand } => format!("(! {})", shape(operand)),
        ExprKind::Binary { op, left, right, .. } => {
            format!("({} {} {})", shape(left), op.text(), shape(right))
        }
        ExprKind::Field { base, name } => format!("{}.{}", shape(base), name.text),
        ExprKind::Index { base, index } => format!("{}[{}]", shape(base), shape(index)),
        ExprKind::Call { name, args } => format!("{}({})", name.text, all(args)),
        ExprKind::Method { base, name, args } => {
            format!("{}.{}({})", shape(base), name.text, all(args))
        }
        ExprKind::List(elements) => format!("[{}]", all(elements)),
        ExprKind::Fail { message, .. } => format!("(fail {})", shape(message)),
        ExprKind::Str(pieces) => pieces
            .iter()
            .map(|piece| match piece {
                StrPiece::Text(text) => text.clone(),
                StrPiece::Value(value, None) => format!("{{{}}}", shape(value)),
                StrPiece::Value(value, Some((digits, _))) => {
                    format!("{{{}:.{digits}}}", shape(value))
                }
            })
            .collect(),
        other => panic!("no shape for {other:?}"),
    }
}

/// The number of statements in the body of the only function.
fn statement_count(body: &str) -> usize {
    let (program, diagnostics) = parsed(&format!("fn f() {{\n{body}\n}}\n"));
    assert_eq!(diagnostics, [], "{body}");
    match &program.items[0].kind {
        ItemKind::Func(func) => func.body.stmts.len(),
        other => panic!("not a function: {other:?}"),
    }
}

#[test]
fn operators_bind_as_the_manual_says() {
    assert_eq!(shape_of("a + b * c - d"), "((a + (b * c)) - d)");
    assert_eq!(shape_of("a || b && c == d"), "(a || (b && (c == d)))");
    assert_eq!(shape_of("a ?? b ?? c"), "(a ?? (b ?? c))");
    assert_eq!(shape_of("a ?? b + c < d"), "((a ?? (b + c)) < d)");
    assert_eq!(shape_of("!a.b(1)[2] in c"), "((! a.b(1)[2]) in c)");
    assert_eq!(shape_of("-a * b - -1"), "(((- a) * b) - -1)");
    assert_eq!(shape_of("x ?? fail 404 \"no\" + y"), "(x ?? (fail (no + y)))");
}

#[test]
fn numbers_have_their_values() {
    assert_eq!(shape_of("-9223372036854775808"), "-9223372036854775808");
    assert_eq!(shape_of("[50ms, 2s, 5m, 1h, -1s]"), "[50, 2000, 300000, 3600000, -1000]");
    assert_eq!(shape_of("[1.5, -0.25, 1e3]"), "[1.5, -0.25, 1000.0]");
    assert_eq!(
        mistakes("const X = 9223372036854775808"),
        [("E0004", "9223372036854775808".into())]
    );
    assert_eq!(mistakes("const X = 1h30m"), [("E0004", "1h30m".into())]);
    assert_eq!(mistakes("const X = 1."), [("E0004", "1.".into())]);
}

#[test]
fn strings_hold_values_and_braces() {
    assert_eq!(shape_of(r#""{a}:{b.c + 1:.2}""#), "{a}:{(b.c + 1):.2}");
    assert_eq!(shape_of(r#""{{x}} } \u{41}\n""#), "{x} } A\n");
    assert_eq!(shape_of(r#""a{f("b{c}")}d""#), "a{f(b{c})}d");
    assert_eq!(mistakes(r#"const X = "{}""#), [("E0110", "{".into())]);
    assert_eq!(mistakes(r#"const X = "{a:x}""#), [("E0110", ":x".into())]);
    assert_eq!(mistakes(r#"const X = "\q""#), [("E0003", "\\q".into())]);
}

#[test]
fn a_statement_ends_with_its_line() {
    assert_eq!(statement_count("let a = 1 +\n2\nlet b = a\n.c\n?? d\n&& e"), 2);
    assert_eq!(statement_count("f(1,\n2\n+ 3)\n-a"), 2);
    assert_eq!(statement_count("if a { b() }\nelse { c() }\n(d)"), 2);
    assert_eq!(statement_count("x = y\n[1].push(2)"), 2);
    assert_eq!(statement_count("return\nx()"), 2);
    assert_eq!(statement_count("if a { return 1 } return 2"), 2);
    assert_eq!(body_mistakes("a = 1 b = 2"), [("E0101", "b".into())]);
    assert_eq!(body_mistakes("a = 1; b = 2;"), [("E0105", ";".into()), ("E0105", ";".into())]);
}

#[test]
fn heads_hold_no_struct_literal() {
    assert_eq!(statement_count("if a == b { c() }\nfor x in xs { f(x) }\nwhile a { b() }"), 3);
    assert_eq!(statement_count("if a == (V { x: 1 }) { c() }"), 1);
    assert_eq!(body_mistakes("if a == V { x: 1 } { c() }"), [("E0104", "V".into())]);
}

#[test]
fn words_are_words_only_in_their_place() {
    let source = "table t {\n key key: int\n index: int\n transient transient: bool\n index index\n}\n\
                  fn f(by: int, limit: int) -> int {\n let test = state.remove\n for where in t where \
                  where.by == limit by key desc limit by { get(where) }\n advance = 1\n advance 5s\n \
                  test + fails\n}\n";
    assert_eq!(parsed(source).1, []);
    assert_eq!(mistakes("fn f(match: int) { }"), [("E0117", "match".into())]);
    assert_eq!(mistakes("struct S { key a: int }"), [("E0116", "key".into())]);
}

#[test]
fn declarations_have_their_parts() {
    let source = "/// One.\n/// Two.\ntable t was u {\n key a: int, b: str? = none was c\n}\n";
    let (program, diagnostics) = parsed(source);
    assert_eq!(diagnostics, []);
    assert_eq!(program.items[0].doc.as_deref(), Some("One.\nTwo."));
    let ItemKind::Table(table) = &program.items[0].kind else { panic!("not a table") };
    assert_eq!(table.was.as_ref().map(|name| name.text.as_str()), Some("u"));
    assert_eq!(table.fields[1].was.as_ref().map(|name| name.text.as_str()), Some("c"));
    assert!(table.fields[0].key.is_some() && table.fields[1].default.is_some());
}

#[test]
fn every_independent_mistake_is_reported_once() {
    let source = "fn f(a int) -> int {\n foo(1, @, 2)\n y = (1 + \n let z = 3 *\n}\n\
                  table t {\n key id int\n hp: = 3\n gold: int\n}\nfn g() {\n h(\"a\n  return )\n}\n";
    let found = mistakes(source);
    let found: Vec<_> = found.iter().map(|(code, place)| (*code, place.as_str())).collect();
    let expected = [
        ("E0100", "int"),
        ("E0001", "@"),
        ("E0100", "let"),
        ("E0100", "}"),
        ("E0100", "int"),
        ("E0100", "="),
        ("E0002", "\"a"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_missing_brace_spoils_one_function() {
    let source = "fn f() {\n if a {\n  b()\n}\n\nfn g() {\n let = 1\n}\n";
    let codes: Vec<_> = mistakes(source);
    assert_eq!(codes, [("E0102", "fn".into()), ("E0100", "=".into())]);
    assert_eq!(mistakes("fn f() { a() }\n}\nfn g() { }\n"), [("E0103", "}".into())]);
    assert_eq!(mistakes("fn f() {\n a(\n"), [("E0102", "(".into()), ("E0102", String::new())]);
}

#[test]
fn newcomers_get_the_fix() {
    let cases = [
        ("let mut x = 1", "E0106", "let mut"),
        ("if a and not b { c() }", "E0107", "and"),
        ("if a = b { c() }", "E0108", "="),
        ("x++", "E0109", "++"),
        ("for i in 0..=9 { }", "E0111", "..="),
        ("x = null", "E0112", "null"),
        ("if a < b < c < d { }", "E0113", "<"),
        ("if a { } elif b { } else { }", "E0115", "elif"),
        ("x = 'a'", "E0006", "'a'"),
        ("x = “a”", "E0001", "“"),
        ("/* a */ x = 1", "E0005", "/*"),
        ("x = { 1 }", "E0119", "{"),
        ("a.b(1)(2)", "E0120", "("),
        ("let x: int?? = none", "E0121", "??"),
        ("whille x { y() }", "E0122", "whille"),
        ("x := 1", "E0100", ":"),
        ("loop { x() }", "E0122", "loop"),
        ("x = a\" + 1", "E0002", "\" + 1"),
        ("fail 404", "E0100", ""),
        ("fail MISSING \"x\"", "E0100", "MISSING"),
        ("if a) { b() }", "E0100", ")"),
        ("while a b { c() }", "E0100", "b"),
        ("match x { 1 -> 2\n else => 3 }", "E0100", "->"),
    ];
    for (body, code, place) in cases {
        let found = body_mistakes(body);
        assert_eq!(found.first(), Some(&(code, place.to_owned())), "{body}: {found:?}");
        let expected = if body.contains("and not") || body.contains("->") { 2 } else { 1 };
        assert_eq!(found.len(), expected, "{body}: {found:?}");
    }
    assert_eq!(mistakes("fn f(): int { 1 }"), [("E0114", ":".into())]);
    assert_eq!(mistakes("test \"a{b}\" { }"), [("E0118", "b".into())]);
    assert_eq!(mistakes("struct S { a: int; b: int }"), [("E0105", ";".into())]);
    assert_eq!(mistakes("const A: int = 1"), [("E0116", ": int".into())]);
    assert_eq!(mistakes("every 50 ms f() { }"), [("E0004", "50 ms".into())]);
    assert_eq!(mistakes("func f() { }"), [("E0122", "func".into())]);
    assert_eq!(mistakes("pub fn f() { }"), [("E0122", "pub".into())]);
    assert_eq!(mistakes("let x = 1\nfn f() { }"), [("E0122", "let".into())]);
}

#[test]
fn hostile_characters_have_names() {
    let cases = [
        ("fn f() { }\u{feff}", "E0001"),
        ("fn f\u{0}() { }", "E0001"),
        ("fn f() {\n let x\u{202e} = 1\n}", "E0001"),
        ("// a \u{202e} b", "E0007"),
        ("const X = \"a\u{0}b\"", "E0007"),
        ("const naïve = 1", "E0001"),
    ];
    for (source, code) in cases {
        let found = mistakes(source);
        assert_eq!(found.iter().map(|(code, _)| *code).collect::<Vec<_>>(), [code], "{source:?}");
    }
    assert_eq!(mistakes("\u{feff}fn f() {\r\n a()\r\n}\r\n// x\r\n"), []);
}

#[test]
fn assignments_keep_their_operator() {
    let (program, _) = parsed("fn f() { a.b += 1 }");
    let ItemKind::Func(func) = &program.items[0].kind else { panic!("not a function") };
    let StmtKind::Assign { op: Some((op, _)), .. } = &func.body.stmts[0].kind else {
        panic!("not an assignment with an operator")
    };
    assert_eq!(op.text(), "+");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the samples are files")]
fn the_samples_parse() {
    for name in ["hello", "game", "forms"] {
        let path = format!("{}/tests/samples/{name}.flight", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("the sample is there");
        let (program, diagnostics) = parsed(&text);
        assert_eq!(diagnostics, [], "{name}");
        assert!(program.items.len() >= 4, "{name}");
    }
}

#[test]
fn the_tree_is_printed() {
    let text = "/// Doubles.\nfn f(a: int?) -> [int; 2] {\n let x = \"{a:.1}!\"\n match a { none | 1 => x }\n}\n";
    let source = Source::new("test.flight", text);
    let expected = r#"fn f 2:1-5:2
  doc "Doubles."
  param a 2:6-2:7
    type optional 2:9-2:13
      type int 2:9-2:12
  result
    type array 2:18-2:26
      type int 2:19-2:22
      int 2 2:24-2:25
  block 2:27-5:2
    let x 3:2-3:19
      str 3:10-3:19
        value .1 3:13-3:16
          name a 3:12-3:13
        text "!"
    match 4:2-4:27
      name a 4:8-4:9
      arm 4:12-4:25
        pattern or 4:12-4:20
          pattern none 4:12-4:16
          pattern literal 4:19-4:20
            int 1 4:19-4:20
        name x 4:24-4:25
"#;
    assert_eq!(print(&source, &parse(&source).0), expected);
}

#[test]
fn a_range_with_its_end_is_repaired_to_the_same_rounds() {
    for (range, repaired) in
        [("0..=10", "0..10 + 1"), ("0..=n", "0..n + 1"), ("0..=n - 1", "0..(n - 1) + 1")]
    {
        let text = format!("fn f(n: int) {{\nfor _i in {range} {{ }}\n}}\n");
        let (_, diagnostics) = parsed(&text);
        let fix = diagnostics[0].fix.as_ref().expect("it has a fix");
        let mut fixed = text;
        fixed.replace_range(fix.span.range(), &fix.replacement);
        assert!(fixed.contains(&format!("in {repaired} {{")), "{fixed}");
        assert_eq!(parsed(&fixed).1, [], "{fixed}");
    }
}
