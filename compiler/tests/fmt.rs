//! The formatter: its style, and what it must never do, on the samples and on mutants of them.

use midflight_compiler::ast::print::print;
use midflight_compiler::diag::Diagnostics;
use midflight_compiler::diag::render::{Style, render};
use midflight_compiler::fmt::format;
use midflight_compiler::lexer::lex;
use midflight_compiler::parse::parse;
use midflight_compiler::source::Source;

const SAMPLES: [&str; 3] = [
    include_str!("samples/hello.flight"),
    include_str!("samples/game.flight"),
    include_str!("samples/forms.flight"),
];

fn formatted(text: &str) -> String {
    match format(&Source::new("test.flight", text)) {
        Ok(formatted) => formatted,
        Err(diagnostics) => {
            panic!("{}", render(&Source::new("test.flight", text), &diagnostics, Style::Plain))
        }
    }
}

/// The tree without places.
fn tree(text: &str) -> String {
    let source = Source::new("test.flight", text);
    let tree = print(&source, &parse(&source).0);
    let is_place = |word: &str| word.contains(':') && word.contains('-');
    let lines = tree.lines().map(|line| match line.rsplit_once(' ') {
        Some((before, last)) if is_place(last) => before,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn comments(text: &str) -> Vec<String> {
    let source = Source::new("test.flight", text);
    let lexed = lex(&source, &mut Diagnostics::default());
    lexed.comments.iter().map(|c| source.slice(c.span).trim_end().to_owned()).collect()
}

/// What holds for every source that parses.
fn check(text: &str) {
    let once = formatted(text);
    assert_eq!(tree(&once), tree(text), "the tree changed:\n{text}\n---\n{once}");
    assert_eq!(comments(&once), comments(text), "comments changed:\n{text}\n---\n{once}");
    let twice = formatted(&once);
    assert_eq!(twice, once, "not stable:\n{text}");
    assert!(once.lines().all(|line| line.trim_end() == line), "blanks at a line's end:\n{once}");
}

#[test]
fn the_style() {
    let ugly = "\n\nconst  A=1_000\nfn f( a:int,b : [ int;..4 ] )->int{\n\n\n  if a==- 1{return  b[ 0 ]}else{ }\n\n\n\
                  x+=  g( a,\n b )*(2+3) // why\n // own\n\n  // last\n}\nstruct S{a:int,b:int}\nstruct T{\n\
                  key_:int, b:int was c\n}\nstate{}";
    let expected = "\
const A = 1_000
fn f(a: int, b: [int; ..4]) -> int {
    if a == -1 { return b[0] } else { }

    x += g(a, b) * (2 + 3) // why
    // own

    // last
}
struct S { a: int, b: int }
struct T {
    key_: int
    b: int was c
}
state { }
";
    assert_eq!(formatted(ugly), expected);
    check(ugly);
}

#[test]
fn long_lines_are_broken_where_the_language_allows() {
    let name = "a_long_name_for_a_variable_of_the_game";
    let source = format!(
        "fn f() {{\n let x = {name} + {name} * {name}\n if {name} && {name} || !{name} {{ g({name}, {name}, 1) }}\n \
         let p = V {{ a: {name}, b: {name}, c: 1 }}\n {name}.filter({name}).map({name}).fold(1)\n}}\n"
    );
    let expected = format!(
        "\
fn f() {{
    let x = {name} +
        {name} * {name}
    if {name} && {name}
        || !{name} {{
        g({name}, {name}, 1)
    }}
    let p = V {{
        a: {name}
        b: {name}
        c: 1
    }}
    {name}
        .filter({name})
        .map({name})
        .fold(1)
}}
"
    );
    assert_eq!(formatted(&source), expected);
    check(&source);
}

#[test]
fn mistakes_are_returned() {
    let result = format(&Source::new("test.flight", "fn f( { }\n"));
    assert!(result.is_err_and(|diagnostics| !diagnostics.is_empty()));
    assert_eq!(formatted(""), "");
    assert_eq!(formatted("\u{feff}// only\r\n"), "// only\n");
}

#[test]
fn the_samples_keep_their_meaning() {
    for sample in SAMPLES {
        check(sample);
        let once = formatted(sample);
        let long = once.lines().find(|line| line.chars().count() > 100 && !line.contains('"'));
        assert_eq!(long, None, "{once}");
    }
    for sample in [SAMPLES[0], SAMPLES[1]] {
        assert_eq!(formatted(sample), sample, "the manual's programs are in the style");
    }
}

/// A small generator, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

#[test]
fn mutants_keep_their_meaning() {
    let mut random = Random(0xf0f0);
    let insertions =
        ["\n", "\n\n", " // c\n", "\n// own\n", "\n\n// own\n\n", "  ", "/// d\n", ","];
    let mut accepted = 0;
    for sample in SAMPLES {
        let source = Source::new("sample.flight", sample);
        let tokens = lex(&source, &mut Diagnostics::default()).tokens;
        for _ in 0..800 {
            let mut mutant = sample.to_owned();
            let mut places: Vec<usize> = (0..=random.below(4))
                .map(|_| tokens[random.below(tokens.len())].span.start as usize)
                .collect();
            places.sort_unstable();
            for place in places.into_iter().rev() {
                let newline = mutant.get(..place).and_then(|before| before.rfind('\n'));
                match (random.below(4), newline) {
                    (0, Some(newline)) if place - newline < 12 => {
                        mutant.replace_range(newline..place, " ");
                    }
                    _ => mutant.insert_str(place, insertions[random.below(insertions.len())]),
                }
            }
            let (_, diagnostics) = parse(&Source::new("mutant.flight", mutant.as_str()));
            if !diagnostics.has_errors() {
                accepted += 1;
                check(&mutant);
            }
        }
    }
    assert!(accepted > 500, "only {accepted} mutants parse");
}

#[test]
fn long_names_keep_their_meaning() {
    for sample in SAMPLES {
        for name in ["power", "player", "state.grid", "out", "state.version", "corner", "value"] {
            check(&sample.replace(name, &format!("{name}_{}", "x".repeat(60))));
        }
    }
}
