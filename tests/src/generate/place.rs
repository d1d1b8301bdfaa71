//! Places: where values stand, how they are read, and which can be written to. A step that could
//! trap comes with the condition under which it does not.

use super::Generator;
use super::scope::{Below, Change, Local};
use super::tree::{Node, parts};
use super::ty::{Field, Ty};

/// How many steps a place goes inwards.
const STEPS_MAX: usize = 4;

/// A place that the program can reach from here.
#[derive(Clone, Debug)]
pub(super) struct Path {
    root: Root,
    steps: Vec<Step>,
    pub(super) ty: Ty,
    access: Access,
}

#[derive(Clone, Debug)]
enum Root {
    /// A local, or a field of `state`.
    Named(String),
    /// `t[key]`
    Row(usize),
}

#[derive(Clone, Debug)]
enum Step {
    Field(String),
    /// An element of an array of this length.
    Fixed(usize),
    /// An element of a list whose length is not known.
    Counted,
}

/// Whether a place can be assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// A place as it is written.
pub(super) struct Place {
    pub(super) node: Node,
    /// What must hold for it to be there.
    pub(super) guard: Vec<Node>,
}

impl Generator {
    /// A place of a type that can be read.
    pub(super) fn read_path(&mut self, ty: &Ty) -> Option<Path> {
        self.path(&|found, _| found == ty)
    }

    /// A place that can be assigned, of a type that fits.
    pub(super) fn write_path(&mut self, fits: &dyn Fn(&Ty) -> bool) -> Option<Path> {
        self.path(&|found, access| access == Access::Write && fits(found))
    }

    /// One of the places that fit.
    pub(super) fn path(&mut self, fits: &dyn Fn(&Ty, Access) -> bool) -> Option<Path> {
        let mut found = Vec::new();
        for local in &self.locals {
            let access = match local.change {
                Change::Free => Access::Write,
                Change::Fixed | Change::Reserved => Access::Read,
                Change::Dead => continue,
            };
            self.explore(
                start(Root::Named(local.name.clone()), &local.ty, access),
                fits,
                &mut found,
            );
        }
        let of_locals = found.len();
        for field in &self.declared.state {
            let root = Root::Named(format!("state.{}", field.name));
            self.explore(start(root, &field.ty, Access::Write), fits, &mut found);
        }
        for table in 0..self.declared.tables.len() {
            let path = start(Root::Row(table), &Ty::Row(table), Access::Read);
            self.explore(path, fits, &mut found);
        }
        // What is near is used more, as people do.
        let reach = if self.random.chance(50) && of_locals > 0 { of_locals } else { found.len() };
        self.random.pick(&found[..reach]).cloned()
    }

    fn explore(&self, path: Path, fits: &dyn Fn(&Ty, Access) -> bool, found: &mut Vec<Path>) {
        if path.steps.len() < STEPS_MAX {
            match &path.ty {
                Ty::Struct(number) => {
                    for field in &self.declared.structs[*number] {
                        self.explore(path.field(field, path.access), fits, found);
                    }
                }
                Ty::Row(number) => {
                    for (index, field) in self.declared.tables[*number].fields.iter().enumerate() {
                        // A key does not change; any other field of a row does.
                        let access = if index == 0 { Access::Read } else { Access::Write };
                        self.explore(path.field(field, access), fits, found);
                    }
                }
                Ty::Array(inner, len) => {
                    self.explore(path.step(Step::Fixed(*len), inner), fits, found);
                }
                Ty::Bounded(inner, _) | Ty::List(inner) => {
                    self.explore(path.step(Step::Counted, inner), fits, found);
                }
                _ => {}
            }
        }
        if fits(&path.ty, path.access) {
            found.push(path);
        }
    }

    /// The place as it is written, with an index for each of its steps that needs one.
    pub(super) fn place(&mut self, path: &Path) -> Place {
        let mut guard = Vec::new();
        let mut parts = match &path.root {
            Root::Named(name) => parts![name.clone()],
            Root::Row(table) => {
                let key = self.key(*table);
                if !self.rarely_risky() {
                    let parts = parts!["(", key.clone(), format!(" in t{table})")];
                    guard.push(Node::new(&Ty::Bool, parts).labelled("in table"));
                }
                parts![format!("t{table}["), key, "]"]
            }
        };
        for step in &path.steps {
            match step {
                Step::Field(name) => parts.extend(parts![format!(".{name}")]),
                Step::Fixed(len) => {
                    let list = Node::new(&Ty::Unit, parts.clone());
                    let index = self.index(&list, Some(*len), &mut guard);
                    parts.extend(parts!["[", index, "]"]);
                }
                Step::Counted => {
                    let list = Node::new(&Ty::Unit, parts.clone());
                    let index = self.index(&list, None, &mut guard);
                    parts.extend(parts!["[", index, "]"]);
                }
            }
        }
        Place { node: Node::new(&path.ty, parts).labelled("place"), guard }
    }

    /// An index into a list, and what must hold for it to be in bounds.
    fn index(&mut self, list: &Node, len: Option<usize>, guard: &mut Vec<Node>) -> Node {
        let written = list.text();
        let is_below = |local: &Local| match (&local.below, len) {
            (Some(Below::LenOf(of)), _) => *of == written,
            (Some(Below::Number(bound)), Some(len)) => *bound <= len,
            _ => false,
        };
        let counters = self.locals.iter().filter(|local| is_below(local));
        let counters: Vec<String> = counters.map(|local| local.name.clone()).collect();
        if let Some(counter) = self.random.pick(&counters).cloned()
            && self.random.chance(80)
        {
            return match self.risky() {
                true => Node::new(&Ty::Int, parts!["(", counter, " + 1)"]),
                false => Node::new(&Ty::Int, parts![counter]),
            };
        }
        let length = || match len {
            Some(len) => Node::new(&Ty::Int, parts![len.to_string()]),
            None => Node::new(&Ty::Int, parts![list.clone(), ".len"]).labelled("ListLen"),
        };
        let index = match (self.random.below(4), len) {
            (0, _) => self.small(),
            (1, Some(len)) => {
                let value = self.small();
                let form = self.random.below(3);
                let parts = match form {
                    0 => parts!["abs(", value, format!(" % {len})")],
                    1 => parts!["clamp(", value, format!(", 0, {})", len - 1)],
                    _ => parts!["min(max(", value, format!(", 0), {})", len - 1)],
                };
                return Node::new(&Ty::Int, parts);
            }
            (_, Some(len)) => {
                let reach = if self.risky() { len + 1 } else { len };
                let index = self.random.below(reach);
                return Node::new(&Ty::Int, parts![index.to_string()]);
            }
            (_, None) => {
                let index = [0, 0, 0, 1, 2][self.random.below(5)];
                if !self.risky() {
                    let parts = parts!["(", length(), format!(" > {index})")];
                    guard.push(Node::new(&Ty::Bool, parts));
                }
                return Node::new(&Ty::Int, parts![index.to_string()]);
            }
        };
        if !self.risky() {
            let parts = parts!["(", index.clone(), " >= 0)"];
            guard.push(Node::new(&Ty::Bool, parts));
            let parts = parts!["(", index.clone(), " < ", length(), ")"];
            guard.push(Node::new(&Ty::Bool, parts));
        }
        index
    }
}

fn start(root: Root, ty: &Ty, access: Access) -> Path {
    Path { root, steps: Vec::new(), ty: ty.clone(), access }
}

impl Path {
    fn field(&self, field: &Field, access: Access) -> Path {
        let path = self.step(Step::Field(field.name.clone()), &field.ty);
        Path { access, ..path }
    }

    fn step(&self, step: Step, ty: &Ty) -> Path {
        let mut path = self.clone();
        path.steps.push(step);
        path.ty = ty.clone();
        path
    }
}

/// Conditions as one.
pub(super) fn all_of(guard: Vec<Node>) -> Option<Node> {
    let mut conditions = guard.into_iter();
    let first = conditions.next()?;
    Some(conditions.fold(first, |all, next| {
        Node::new(&Ty::Bool, parts!["(", all, " && ", next, ")"]).labelled("and")
    }))
}
