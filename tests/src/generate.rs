//! Generated programs: from a seed a well-typed Flight program that uses any part of the language,
//! and a script of calls for it.
//!
//! A program is a tree of text with typed holes (`tree`), typed while it is built; the checker
//! must accept every one. Steps that could trap are mostly guarded, so that calls run to their end or
//! trap late, with changes behind them; each seed leaves some constructs out and favours others
//! (`swarm`). Nothing here knows how a program runs.

pub mod shrink;
pub mod value;

mod builtin;
mod composite;
mod declare;
mod expr;
mod function;
mod idiom;
mod loops;
mod matching;
mod place;
mod random;
mod row;
mod scalar;
mod scope;
pub mod script;
mod stmt;
mod swarm;
pub mod tree;
mod ty;

use std::collections::BTreeMap;

pub use random::Random;
use scope::Local;
use script::Step;
use swarm::Swarm;
use tree::Node;
use ty::{Declared, Ty};

pub(crate) use builtin::label as builtin_label;

/// The constructs that programs are made of, built-ins aside: what a run of many programs must have
/// met.
pub(crate) const CONSTRUCTS: &[&str] = &[
    "and",
    "arithmetic on float",
    "array",
    "assert",
    "assert fails",
    "assign",
    "assign %=",
    "assign *=",
    "assign +=",
    "assign -=",
    "assign /=",
    "bounded list",
    "break",
    "call",
    "call statement",
    "coalesce",
    "coalesce never",
    "compared with none",
    "const",
    "constant",
    "continue",
    "emit",
    "enum",
    "equality",
    "event",
    "fail",
    "fn",
    "for list",
    "for range",
    "for rows",
    "for rows by",
    "found or inserted",
    "get",
    "if",
    "if let",
    "if let value",
    "if value",
    "in list",
    "in table",
    "index",
    "insert",
    "int %",
    "int *",
    "int +",
    "int -",
    "int /",
    "interpolation",
    "joined texts",
    "let",
    "list",
    "literal",
    "log",
    "match",
    "match value",
    "negate",
    "none",
    "not",
    "on load",
    "or",
    "order",
    "parsed float",
    "parsed int",
    "place",
    "post",
    "read as a list",
    "recursion",
    "remove",
    "repeat",
    "return",
    "row by key",
    "row or none",
    "some",
    "state",
    "struct",
    "table",
    "table length",
    "test",
    "timer",
    "timer of rows",
    "transient",
    "var",
    "variant",
    "while",
];

/// A program and what is done with it.
#[derive(Clone, Debug)]
pub struct Generated {
    /// Its declarations, tests aside.
    pub(crate) items: Vec<Node>,
    /// Its tests.
    pub(crate) tests: Vec<Node>,
    /// What is done with it.
    pub script: Vec<Step>,
}

impl Generated {
    /// The program of a seed.
    pub fn new(seed: u64) -> Generated {
        let mut generator = Generator::new(seed);
        let mut items = generator.declarations();
        items.extend(generator.functions());
        let script = generator.script();
        let tests = generator.tests();
        if generator.random.chance(30) {
            generator.random.shuffle(&mut items);
        }
        Generated { items, tests, script }
    }

    /// The source text without the tests.
    pub fn source(&self) -> String {
        tree::print(&self.items)
    }

    /// The source text with the tests behind everything else; `None` where there are none.
    pub fn source_with_tests(&self) -> Option<String> {
        (!self.tests.is_empty()).then(|| self.source() + &tree::print(&self.tests))
    }

    /// How often each construct stands in the program.
    pub fn constructs(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for item in self.items.iter().chain(&self.tests) {
            item.each(&mut |node| *counts.entry(node.label).or_default() += 1);
        }
        counts
    }
}

/// Builds one program.
#[derive(Debug)]
struct Generator {
    random: Random,
    swarm: Swarm,
    declared: Declared,
    /// How many names were given.
    names: u32,
    /// What the body can name here.
    locals: Vec<Local>,
    /// What the body gives.
    result: Ty,
    /// How many more expressions the body may have.
    left: i64,
    /// How many more statements the body may have.
    statements_left: i64,
    /// How much deeper expressions may stand in each other.
    depth: u32,
    /// How many statements stand around this place.
    nesting: usize,
    /// How many loops stand around this place.
    loops: usize,
    /// About how often this place is reached in one run of the body.
    turns: u64,
    /// About how many steps one run of the body takes.
    cost: u64,
}

impl Generator {
    fn new(seed: u64) -> Generator {
        Generator {
            random: Random::new(seed),
            swarm: Swarm::new(seed),
            declared: Declared::default(),
            names: 0,
            locals: Vec::new(),
            result: Ty::Unit,
            left: 0,
            statements_left: 0,
            depth: 0,
            nesting: 0,
            loops: 0,
            turns: 1,
            cost: 0,
        }
    }
}
