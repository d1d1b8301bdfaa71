//! Generated programs with newlines and comments wherever they are allowed: each of them parses,
//! and formatting keeps the tree and the comments, and is stable.

use midflight_compiler::ast::print::print;
use midflight_compiler::diag::render::{Style, render};
use midflight_compiler::fmt::format;
use midflight_compiler::parse::parse;
use midflight_compiler::source::Source;

/// Writes programs, from a seed.
struct Writer(u64);

const NAMES: [&str; 9] =
    ["a", "bc", "some_name", "a_rather_long_name_indeed", "x", "limit", "by", "key", "was"];

impl Writer {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn choose<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    fn name(&mut self) -> &'static str {
        self.choose(&NAMES)
    }

    /// What may stand between two tokens inside of brackets and after operators.
    fn gap(&mut self) -> &'static str {
        self.choose(&[" ", " ", " ", " ", " ", " ", "\n", " // c\n", "\n// own\n\n", "\n\n"])
    }

    fn list(&mut self, depth: usize, element: fn(&mut Writer, usize) -> String) -> String {
        let mut text = String::new();
        let count = self.below(4);
        for index in 0..count {
            let (before, element, after) = (self.gap(), element(self, depth), self.gap());
            let comma = if index + 1 < count || self.below(3) == 0 { "," } else { "" };
            text += &format!("{before}{element}{after}{comma}");
        }
        text + self.gap()
    }

    fn fields(&mut self, depth: usize) -> String {
        let mut text = format!("{{{}", self.choose(&[" ", "\n"]));
        let count = self.below(4);
        for index in 0..count {
            text += self.name();
            if self.below(4) > 0 {
                text += &format!(":{}{}", self.gap(), self.expr(depth));
            }
            if index + 1 < count {
                text += self.choose(&[", ", " // f\n", "\n"]);
            }
        }
        text + self.choose(&[" }", "\n}"])
    }

    fn leaf(&mut self) -> String {
        let name = self.name();
        self.choose(&["1", "\"text {a}\"", "none", "- 5ms", "2.50", "-1e-3", name, name]).to_owned()
    }

    fn expr(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.leaf();
        }
        let d = depth - 1;
        match self.below(13) {
            0 | 1 => self.operators(d),
            2 => format!("({}{}{})", self.gap(), self.expr(d), self.gap()),
            3 => format!("{}({})", self.name(), self.list(d, Writer::expr)),
            4 => self.postfix(d),
            5 => format!("[{}]", self.list(d, Writer::expr)),
            6 => format!("[{}{};{}{}]", self.gap(), self.expr(d), self.gap(), self.expr(d)),
            7 => format!("{} {}", self.name(), self.fields(d)),
            8 => format!("insert {} {}", self.name(), self.fields(d)),
            9 => format!("if {} {} else {}", self.operand(d), self.block(d), self.block(d)),
            10 => self.match_expr(d),
            11 => format!("{}{}", self.choose(&["-", "!"]), self.operand(d)),
            _ => format!("a ?? fail 404 {}", self.operand(d)),
        }
    }

    fn operators(&mut self, d: usize) -> String {
        let op = self.choose(&["+", "-", "*", "/", "%", "&&", "||", "??", "==", "<", "in"]);
        let first = format!("{} {op}{}{}", self.operand(d), self.gap(), self.operand(d));
        if matches!(op, "==" | "<" | "in") {
            return first;
        }
        format!("{first} {op}{}{}", self.gap(), self.operand(d))
    }

    fn postfix(&mut self, d: usize) -> String {
        let method = format!("\n.{}({})", self.name(), self.list(d, Writer::expr));
        let index = format!("[{}{}{}]", self.gap(), self.expr(d), self.gap());
        format!("{}{method}.{}{index}{method}", self.operand(d), self.name())
    }

    fn match_expr(&mut self, d: usize) -> String {
        let mut text = format!("match {} {{\n", self.operand(d));
        for _ in 0..=self.below(3) {
            let body = if self.below(2) == 0 { self.block(d) } else { self.expr(d) };
            text += &format!("{} => {body}\n", self.pattern(d));
        }
        text + "}"
    }

    /// An expression that can stand in a head and beside an operator.
    fn operand(&mut self, depth: usize) -> String {
        if self.below(2) == 0 { format!("({})", self.expr(depth)) } else { self.name().to_owned() }
    }

    fn pattern(&mut self, depth: usize) -> String {
        match self.below(4) {
            0 if depth > 0 => format!("{}({})", self.name(), self.list(depth - 1, Writer::pattern)),
            1 => format!("{}|E.{}", self.name(), self.name()),
            _ => self.choose(&["_", "- 3", "\"s\"", "none"]).to_owned(),
        }
    }

    fn block(&mut self, depth: usize) -> String {
        let count = self.below(3);
        if count == 1 && self.below(2) == 0 {
            return format!("{{ {} }}", self.stmt(depth));
        }
        let mut text = "{\n".to_owned();
        for _ in 0..count {
            text += self.choose(&["", "", "", "\n\n// b\n"]);
            text += &self.stmt(depth);
            text += self.choose(&["\n", "\n", " // t\n"]);
        }
        text + "}"
    }

    fn stmt(&mut self, depth: usize) -> String {
        let d = depth.saturating_sub(1);
        match self.below(10) {
            0 => format!("let {} ={}{}", self.name(), self.gap(), self.expr(d)),
            1 => format!("var {}: [{}int; ..4]? = {}", self.name(), self.gap(), self.expr(d)),
            2 => format!("a.{} +={}{}", self.name(), self.gap(), self.expr(d)),
            3 => format!("while {} {}", self.operand(d), self.block(d)),
            4 => self.for_stmt(d),
            5 => format!("assert {},{}{}", self.expr(d), self.gap(), self.expr(d)),
            6 => format!("emit {} {}", self.name(), self.fields(d)),
            7 => format!("{} {}", self.choose(&["log", "return", "remove"]), self.expr(d)),
            8 => {
                let first = format!("if let x = {} {}", self.operand(d), self.block(d));
                let second = format!("else if {} {}", self.operand(d), self.block(d));
                format!("{first}\n{second} else {}", self.block(d))
            }
            _ => format!("f({})", self.list(d, Writer::expr)),
        }
    }

    fn for_stmt(&mut self, d: usize) -> String {
        let (name, table) = (self.name(), self.name());
        let clauses =
            format!("where {} by {table}.b desc limit {}", self.operand(d), self.operand(d));
        let iterable = match self.below(2) {
            0 => format!("{}..{}", self.operand(d), self.operand(d)),
            _ => format!("{table} {clauses}"),
        };
        format!("for {name} in {iterable} {}", self.block(d))
    }
}

/// The tree without places.
fn tree(source: &Source) -> String {
    let tree = print(source, &parse(source).0);
    let is_place = |word: &str| word.contains(':') && word.contains('-');
    let lines = tree.lines().map(|line| match line.rsplit_once(' ') {
        Some((before, last)) if is_place(last) => before,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn formatted(source: &Source) -> String {
    match format(source) {
        Ok(formatted) => formatted,
        Err(list) => panic!("{}\n{}", source.text(), render(source, &list, Style::Plain)),
    }
}

#[test]
fn generated_programs_keep_their_meaning() {
    let mut writer = Writer(0xf117);
    for _ in 0..1_500 {
        let (a, b, body) = (writer.gap(), writer.gap(), writer.block(5));
        let source = Source::new("first.flight", format!("get f(a: int,{a}b: [int]{b}) {body}\n"));
        let once = Source::new("second.flight", formatted(&source));
        let (before, after) = (source.text(), once.text());
        assert_eq!(tree(&once), tree(&source), "the tree changed:\n{before}\n---\n{after}");
        assert_eq!(formatted(&once), after, "not stable:\n{before}");
        assert_eq!(
            after.matches("//").count(),
            before.matches("//").count(),
            "{before}\n---\n{after}"
        );
    }
}
