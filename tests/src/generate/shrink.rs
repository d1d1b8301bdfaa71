//! Makes a failing program smaller: takes steps, lines and parts away as long as it still fails in
//! the same way. It knows no scopes and no types beyond what the tree says; a candidate that means
//! nothing is refused by the checker, and so fails in another way.

use super::Generated;
use super::tree::{Node, Part, parts};
use super::ty::Ty;

/// Tries smaller programs, at most so many, and gives the smallest that still fails.
pub fn shrink(
    failing: &Generated,
    attempts_max: usize,
    fails: &mut dyn FnMut(&Generated) -> bool,
) -> Generated {
    let mut search = Search { best: failing.clone(), attempts: attempts_max, fails };
    loop {
        let before = search.attempts;
        let mut progress = search.fewer_steps();
        progress |= search.fewer_lines();
        progress |= search.smaller_nodes(unwrapped);
        progress |= search.smaller_nodes(hoisted);
        progress |= search.smaller_nodes(simplified);
        progress |= search.fewer_items();
        if !progress || search.attempts == 0 || search.attempts == before {
            return search.best;
        }
    }
}

struct Search<'f> {
    best: Generated,
    attempts: usize,
    fails: &'f mut dyn FnMut(&Generated) -> bool,
}

impl Search<'_> {
    /// Takes a candidate over if it still fails.
    fn attempt(&mut self, candidate: Generated) -> bool {
        if self.attempts == 0 {
            return false;
        }
        self.attempts -= 1;
        let fails = (self.fails)(&candidate);
        if fails {
            self.best = candidate;
        }
        fails
    }

    /// Takes ranges out of a list, large ones first.
    fn remove_ranges<T: Clone>(
        &mut self,
        list: impl Fn(&mut Generated) -> Option<&mut Vec<T>>,
    ) -> bool {
        let mut progress = false;
        let Some(mut size) = list(&mut self.best).map(|list| list.len()) else { return false };
        while size > 0 && self.attempts > 0 {
            let mut end = list(&mut self.best).map_or(0, |list| list.len());
            while end > 0 {
                let start = end.saturating_sub(size);
                let mut candidate = self.best.clone();
                if let Some(list) = list(&mut candidate) {
                    let _ = list.drain(start..end);
                }
                progress |= self.attempt(candidate);
                end = start;
            }
            size /= 2;
        }
        progress
    }

    fn fewer_steps(&mut self) -> bool {
        self.remove_ranges(|generated| Some(&mut generated.script))
    }

    fn fewer_items(&mut self) -> bool {
        let tests = self.remove_ranges(|generated| Some(&mut generated.tests));
        self.remove_ranges(|generated| Some(&mut generated.items)) | tests
    }

    /// Takes lines out of every block, the outer ones first.
    fn fewer_lines(&mut self) -> bool {
        let mut progress = self.fewer_items();
        let mut block = 0;
        while self.attempts > 0 && nth_block(&mut self.best, block).is_some() {
            progress |= self.remove_ranges(|generated| nth_block(generated, block));
            block += 1;
        }
        progress
    }

    /// Replaces nodes by smaller ones that `smaller` proposes, the outer ones first.
    fn smaller_nodes(&mut self, smaller: fn(&Node) -> Vec<Vec<Node>>) -> bool {
        let mut progress = false;
        let mut index = 0;
        while self.attempts > 0 {
            let Some(node) = nth_node(&mut self.best, index) else { break };
            let mut replaced = false;
            for proposal in smaller(&node.clone()) {
                let mut candidate = self.best.clone();
                if replace(&mut candidate, index, proposal) && self.attempt(candidate) {
                    replaced = true;
                    break;
                }
            }
            progress |= replaced;
            if !replaced {
                index += 1;
            }
        }
        progress
    }
}

/// A statement's own lines in its place.
fn unwrapped(node: &Node) -> Vec<Vec<Node>> {
    if node.ty != Ty::Unit {
        return Vec::new();
    }
    let lines = node.parts.iter().filter_map(|part| match part {
        Part::Lines(lines) => Some(lines.clone()),
        _ => None,
    });
    lines.collect()
}

/// Parts of an expression that have its type, the largest first.
fn hoisted(node: &Node) -> Vec<Vec<Node>> {
    if node.ty == Ty::Unit {
        return Vec::new();
    }
    let mut found = Vec::new();
    node.each(&mut |part| {
        if part.ty == node.ty && part != node {
            found.push(vec![part.clone()]);
        }
    });
    found
}

/// The simplest literals of an expression's type.
fn simplified(node: &Node) -> Vec<Vec<Node>> {
    let literals: &[&'static str] = match node.ty {
        Ty::Int => &["0", "1"],
        Ty::Float => &["0.0", "1.0"],
        Ty::Bool => &["false", "true"],
        Ty::Str => &["\"\"", "\"a\""],
        Ty::Optional(_) => &["none"],
        Ty::List(_) | Ty::Bounded(..) => &["[]"],
        _ => &[],
    };
    let written = node.text();
    if literals.contains(&written.as_str()) {
        return Vec::new();
    }
    literals.iter().map(|&text| vec![Node::new(&node.ty, parts![text])]).collect()
}

fn nth_block(generated: &mut Generated, index: usize) -> Option<&mut Vec<Node>> {
    let mut left = index;
    let Generated { items, tests, .. } = generated;
    items.iter_mut().chain(tests).find_map(|item| block_in(item, &mut left))
}

/// The block in a node that comes after so many others, from the outside inwards.
fn block_in<'n>(node: &'n mut Node, left: &mut usize) -> Option<&'n mut Vec<Node>> {
    for part in &mut node.parts {
        let found = match part {
            Part::Text(_) => None,
            Part::Node(node) => block_in(node, left),
            Part::Lines(lines) => {
                if *left == 0 {
                    return Some(lines);
                }
                *left -= 1;
                lines.iter_mut().find_map(|line| block_in(line, left))
            }
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

fn nth_node(generated: &mut Generated, index: usize) -> Option<&mut Node> {
    let mut left = index;
    let Generated { items, tests, .. } = generated;
    items.iter_mut().chain(tests).find_map(|item| node_in(item, &mut left))
}

fn node_in<'n>(node: &'n mut Node, left: &mut usize) -> Option<&'n mut Node> {
    if *left == 0 {
        return Some(node);
    }
    *left -= 1;
    for part in &mut node.parts {
        let found = match part {
            Part::Text(_) => None,
            Part::Node(node) => node_in(node, left),
            Part::Lines(lines) => lines.iter_mut().find_map(|line| node_in(line, left)),
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Puts nodes in the place of one; several fit only where lines stand.
fn replace(generated: &mut Generated, index: usize, with: Vec<Node>) -> bool {
    let mut left = index;
    let Generated { items, tests, .. } = generated;
    replace_line(items, &mut left, &with) || replace_line(tests, &mut left, &with)
}

fn replace_line(lines: &mut Vec<Node>, left: &mut usize, with: &[Node]) -> bool {
    for place in 0..lines.len() {
        if *left == 0 {
            let _ = lines.splice(place..=place, with.iter().cloned());
            return true;
        }
        if replace_in(&mut lines[place], left, with) {
            return true;
        }
    }
    false
}

/// Counts the node itself, which is not the one.
fn replace_in(node: &mut Node, left: &mut usize, with: &[Node]) -> bool {
    *left -= 1;
    for part in &mut node.parts {
        let found = match part {
            Part::Text(_) => false,
            Part::Node(_) if *left == 0 => {
                let [one] = with else { return false };
                *part = Part::Node(one.clone());
                return true;
            }
            Part::Node(node) => replace_in(node, left, with),
            Part::Lines(lines) => replace_line(lines, left, with),
        };
        if found {
            return true;
        }
    }
    false
}
