//! The tree of a generated program: text with typed holes. It knows as little of the language as
//! printing and shrinking need: which parts are lines between braces, and which value of which type
//! an expression gives.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::ty::Ty;

/// An expression, a statement, an arm, a field or a declaration.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The type of the value, or [`Ty::Unit`] for what has none.
    pub(crate) ty: Ty,
    /// Which of the language's constructs it is; what the coverage of a run is counted by.
    pub(crate) label: &'static str,
    /// Whether the type is told by the node itself.
    pub(crate) typing: Typing,
    /// What it is printed as.
    pub(crate) parts: Vec<Part>,
}

/// Where the type of an expression comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Typing {
    /// From itself.
    Known,
    /// From where it stands: `none`, `[]`, a value where an optional is wanted.
    Wanted,
}

/// A part of a node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    /// Printed as it is.
    Text(Cow<'static, str>),
    /// A part with a type of its own.
    Node(Node),
    /// Lines in braces: statements, arms, fields.
    Lines(Vec<Node>),
}

impl From<&'static str> for Part {
    fn from(text: &'static str) -> Part {
        Part::Text(text.into())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Part {
        Part::Text(text.into())
    }
}

impl From<Node> for Part {
    fn from(node: Node) -> Part {
        Part::Node(node)
    }
}

impl From<Vec<Node>> for Part {
    fn from(lines: Vec<Node>) -> Part {
        Part::Lines(lines)
    }
}

/// The parts of a node, in order: texts, nodes and lines.
macro_rules! parts {
    ($($part:expr),* $(,)?) => { vec![$($crate::generate::tree::Part::from($part)),*] };
}
pub(super) use parts;

impl Node {
    /// A node that gives a value of a type; its production says which construct it is.
    pub(super) fn new(ty: &Ty, parts: Vec<Part>) -> Node {
        Node { ty: ty.clone(), label: "", typing: Typing::Known, parts }
    }

    /// A node that gives no value.
    pub(super) fn line(label: &'static str, parts: Vec<Part>) -> Node {
        Node { ty: Ty::Unit, label, typing: Typing::Known, parts }
    }

    /// The same, as another construct.
    pub(super) fn labelled(self, label: &'static str) -> Node {
        Node { label, ..self }
    }

    /// The same, with its type from where it stands.
    pub(super) fn wanting(self) -> Node {
        Node { typing: Typing::Wanted, ..self }
    }

    /// Visits the node and everything in it.
    pub(crate) fn each(&self, visit: &mut impl FnMut(&Node)) {
        visit(self);
        for part in &self.parts {
            match part {
                Part::Text(_) => {}
                Part::Node(node) => node.each(visit),
                Part::Lines(lines) => lines.iter().for_each(|line| line.each(visit)),
            }
        }
    }

    /// The node as source text on one line, as far as it has no lines of its own.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        print_node(self, 0, &mut text);
        text
    }
}

/// The source text of a program.
pub(crate) fn print(items: &[Node]) -> String {
    let mut text = String::new();
    for item in items {
        print_node(item, 0, &mut text);
        text.push('\n');
    }
    text
}

fn print_node(node: &Node, depth: usize, out: &mut String) {
    for part in &node.parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Node(node) => print_node(node, depth, out),
            Part::Lines(lines) if lines.is_empty() => out.push_str("{}"),
            Part::Lines(lines) => {
                out.push_str("{\n");
                for line in lines {
                    let _ = write!(out, "{:1$}", "", 4 * (depth + 1));
                    print_node(line, depth + 1, out);
                    out.push('\n');
                }
                let _ = write!(out, "{:1$}}}", "", 4 * depth);
            }
        }
    }
}
