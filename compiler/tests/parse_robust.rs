//! The samples, cut at every byte and with tokens removed, doubled, swapped and replaced by a
//! seeded generator: the parser returns, its tree can be walked, spans lie in the source, and a
//! text that is not valid has an error.

use midflight_compiler::ast::print::print;
use midflight_compiler::diag::render::{Style, render};
use midflight_compiler::diag::{Diagnostic, Diagnostics};
use midflight_compiler::lexer::{Token, TokenKind, lex};
use midflight_compiler::parse::parse;
use midflight_compiler::source::{Source, Span};

const SAMPLES: [&str; 3] = [
    include_str!("samples/hello.flight"),
    include_str!("samples/game.flight"),
    include_str!("samples/forms.flight"),
];

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

/// Parses a text and checks what must hold for every text.
fn check(text: &str) -> Vec<Diagnostic> {
    let source = Source::new("mutant.flight", text);
    let (program, diagnostics) = parse(&source);
    let list = diagnostics.sorted();
    let lies_in_source = |span: Span| text.get(span.range()).is_some();
    for diagnostic in &list {
        let labels = diagnostic.labels.iter().map(|label| label.span);
        let fix = diagnostic.fix.iter().map(|fix| fix.span);
        for span in labels.chain(fix).chain([diagnostic.span]) {
            assert!(lies_in_source(span), "{diagnostic:?} of {text}");
        }
    }
    let tree = print(&source, &program);
    let has_error_node = tree.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with("error ") || line.starts_with("type error") || line == "pattern error"
    });
    assert!(!has_error_node || diagnostics.has_errors(), "silent error node: {text}");
    list
}

fn tokens(text: &str) -> Vec<Token> {
    lex(&Source::new("sample.flight", text), &mut Diagnostics::default()).tokens
}

#[test]
fn cut_at_every_byte() {
    for sample in SAMPLES {
        let mut depth_of = 0i32;
        for cut in 0..=sample.len() {
            let Some(text) = sample.get(..cut) else { continue };
            let list = check(text);
            if let Some(last) = text.chars().last() {
                depth_of += i32::from(last == '{') - i32::from(last == '}');
            }
            // An unclosed brace or a torn string is an error, and is one mistake, not many.
            if depth_of > 0 {
                assert!(!list.is_empty(), "no error after {text}");
            }
            assert!(list.len() <= 4, "{} errors for one cut: {text}\n{list:#?}", list.len());
        }
    }
}

#[test]
fn with_tokens_removed_doubled_and_swapped() {
    let mut random = Random(0x5eed);
    for sample in SAMPLES {
        let tokens = tokens(sample);
        for _ in 0..1_500 {
            let (a, b) = (random.below(tokens.len()), random.below(tokens.len()));
            let (a, b) = (tokens[a.min(b)].span, tokens[a.max(b)].span);
            let slice = |start, end| sample.get(start as usize..end as usize).unwrap_or_default();
            let len = sample.len() as u32;
            let (first, second) = (slice(a.start, a.end), slice(b.start, b.end));
            let mutant = match random.below(4) {
                0 => slice(0, a.start).to_owned() + slice(a.end, len),
                1 => slice(0, a.end).to_owned() + " " + slice(a.start, len),
                2 if a != b => {
                    let middle = slice(a.end, b.start);
                    slice(0, a.start).to_owned() + second + middle + first + slice(b.end, len)
                }
                _ => slice(0, a.start).to_owned() + second + slice(a.end, len),
            };
            let _ = check(&mutant);
        }
    }
}

#[test]
fn with_bytes_changed() {
    let mut random = Random(0xb17e);
    let characters: Vec<char> = "{}[]()\"'\\/\n;:,.=<>!&|?é\u{0}\u{202e}\u{feff}".chars().collect();
    for sample in SAMPLES {
        for _ in 0..1_000 {
            let mut mutant = sample.to_owned();
            for _ in 0..=random.below(4) {
                let at = (0..=random.below(mutant.len())).rev();
                let at = at.into_iter().find(|at| mutant.is_char_boundary(*at)).unwrap_or(0);
                mutant.insert(at, characters[random.below(characters.len())]);
            }
            let _ = check(&mutant);
        }
    }
}

#[test]
fn a_removed_bracket_is_few_mistakes() {
    for sample in SAMPLES {
        for token in tokens(sample) {
            use TokenKind::{InterpolationEnd, InterpolationStart};
            let is_bracket = token.kind.closer().is_some() || token.kind.is_closer();
            // Without its braces an interpolated value is text, which is no mistake.
            if !is_bracket || matches!(token.kind, InterpolationStart | InterpolationEnd) {
                continue;
            }
            let mut mutant = sample.to_owned();
            mutant.replace_range(token.span.range(), "");
            let list = check(&mutant);
            let source = Source::new("mutant.flight", mutant.as_str());
            let report = render(&source, &list, Style::Plain);
            assert!(!list.is_empty(), "{mutant}");
            assert!(list.len() <= 3, "{report}\n{mutant}");
        }
    }
}
