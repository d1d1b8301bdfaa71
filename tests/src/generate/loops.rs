//! Loops, and what changes lists.

use super::Generator;
use super::builtin::label;
use super::place::all_of;
use super::scope::{Below, Change};
use super::stmt::guarded;
use super::tree::{Node, Typing, parts};
use super::ty::Ty;

use midflight_compiler::builtins::Builtin;

/// How many turns a loop over rows or a list is taken to have.
const TURNS: u64 = 6;

impl Generator {
    /// The body of a loop that turns so many times.
    fn loop_body(&mut self, turns: u64) -> Vec<Node> {
        let outer = self.turns;
        self.turns = outer.saturating_mul(turns.max(1));
        self.loops += 1;
        let body = self.block();
        self.loops -= 1;
        self.turns = outer;
        body
    }

    /// Counts with a variable; now and then it never ends.
    pub(super) fn while_loop(&mut self, lines: &mut Vec<Node>) -> Option<Node> {
        if self.random.chance(4) && self.risky() {
            return Some(Node::line("while", parts!["while true ", self.loop_body(50)]));
        }
        let name = self.name("n");
        let list = self.path(&|ty, _| matches!(ty, Ty::Bounded(..) | Ty::List(_)));
        let list = list.map(|path| self.place(&path)).filter(|place| place.guard.is_empty());
        let (end, below) = match list {
            Some(place) if self.random.chance(60) => {
                let text = place.node.text();
                (parts![place.node, ".len"], Below::LenOf(text))
            }
            _ => {
                let count = self.random.below(8);
                (parts![count.to_string()], Below::Number(count))
            }
        };
        lines.push(Node::line("var", parts![format!("var {name} = 0")]));
        let mut parts = parts![format!("while {name} < ")];
        parts.extend(end);
        if self.random.chance(25) {
            let condition = self.head(&Ty::Bool);
            parts.extend(parts![" && ", condition]);
        }
        self.declare(&name, &Ty::Int, Change::Reserved);
        if let Some(local) = self.locals.last_mut() {
            local.below = Some(below);
        }
        let step = Node::line("assign +=", parts![format!("{name} += 1")]);
        let body = if self.random.chance(50) {
            let mut body = self.loop_body(TURNS);
            // A `continue` in the body would leave the step out.
            if mentions(&body, "continue") {
                body.insert(0, step);
            } else {
                body.push(step);
            }
            body
        } else {
            if let Some(local) = self.locals.last_mut() {
                local.below = None;
            }
            let mut body = vec![step];
            body.extend(self.loop_body(TURNS));
            body
        };
        if let Some(local) = self.locals.iter_mut().find(|local| local.name == name) {
            local.below = None;
        }
        parts.extend(parts![" ", body]);
        Some(Node::line("while", parts))
    }

    pub(super) fn range_loop(&mut self) -> Option<Node> {
        let name = self.name("i");
        let list = self.path(&|ty, _| ty.element().is_some());
        let list = list.map(|path| self.place(&path)).filter(|place| place.guard.is_empty());
        let (start, end, below) = match (self.random.below(10), list) {
            (0..5, Some(place)) => {
                let text = place.node.text();
                (parts!["0"], parts![place.node, ".len"], Some(Below::LenOf(text)))
            }
            (5..8, _) => {
                let count = self.random.below(8);
                (parts!["0"], parts![count.to_string()], Some(Below::Number(count)))
            }
            (8, _) => {
                let start = self.small();
                let reach = self.random.between(-2, 6);
                (parts![start.clone()], parts!["(", start, format!(" + {reach})")], None)
            }
            _ => {
                let odd = [
                    ("9223372036854775805", "9223372036854775807"),
                    ("-9223372036854775808", "-9223372036854775805"),
                    ("5", "5"),
                    ("3", "-3"),
                    ("-2", "2"),
                ];
                let (start, end) = odd[self.random.below(odd.len())];
                (parts![start], parts![end], None)
            }
        };
        let body = self.scoped(|generator| {
            generator.fixed(&name, &Ty::Int);
            if let Some(local) = generator.locals.last_mut() {
                local.below = below;
            }
            generator.loop_body(TURNS)
        });
        let mut parts = parts![format!("for {name} in ")];
        parts.extend(start);
        parts.extend(parts![".."]);
        parts.extend(end);
        parts.extend(parts![" ", body]);
        Some(Node::line("for range", parts))
    }

    pub(super) fn list_loop(&mut self) -> Option<Node> {
        let path = self.path(&|ty, _| ty.element().is_some());
        let list = match path {
            Some(path) if self.random.chance(75) => {
                let place = self.place(&path);
                if !place.guard.is_empty() {
                    return None;
                }
                place.node
            }
            _ => {
                let element = self.some_type();
                let list = self.head(&Ty::list(&element));
                (list.typing == Typing::Known).then_some(list)?
            }
        };
        let element = list.ty.element()?.clone();
        let name = self.name("x");
        let mut parts = parts![format!("for {name} in "), list];
        let limit = self.limit();
        let body = self.scoped(|generator| {
            generator.fixed(&name, &element);
            if generator.random.chance(35) {
                parts.extend(parts![" where ", generator.head(&Ty::Bool)]);
            }
            if generator.random.chance(35)
                && let Some(order) = generator.list_order(&name, &element)
            {
                parts.extend(parts![order]);
            }
            parts.extend(limit);
            generator.loop_body(TURNS)
        });
        parts.extend(parts![" ", body]);
        Some(Node::line("for list", parts))
    }

    /// `by` the element itself, or a field in it.
    fn list_order(&mut self, name: &str, element: &Ty) -> Option<String> {
        let desc = if self.random.chance(50) { " desc" } else { "" };
        if self.declared.is_printable(element) {
            return Some(format!(" by {name}{desc}"));
        }
        let Ty::Struct(number) = element else { return None };
        let fields = self.declared.structs[*number].iter();
        let fields = fields.filter(|field| self.declared.is_printable(&field.ty));
        let fields: Vec<String> = fields.map(|field| field.name.clone()).collect();
        let field = self.random.pick(&fields)?;
        Some(format!(" by {field}{desc}"))
    }

    fn limit(&mut self) -> Vec<super::tree::Part> {
        match self.random.below(10) {
            0..6 => Vec::new(),
            6 => parts![" limit ", self.head(&Ty::Int)],
            _ => parts![format!(" limit {}", self.random.between(-1, 4))],
        }
    }

    pub(super) fn row_loop(&mut self) -> Option<Node> {
        let table = self.some_table()?;
        let name = self.name("r");
        let mut parts = parts![format!("for {name} in t{table}")];
        let limit = self.limit();
        let indexed = self.declared.tables[table].indexed.clone();
        let fields = self.declared.tables[table].fields.clone();
        let order = match self.random.pick(&indexed) {
            Some(&field) if self.random.chance(50) => {
                let desc = if self.random.chance(50) { " desc" } else { "" };
                Some(format!(" by {}{desc}", fields[field].name))
            }
            _ => None,
        };
        let ordered = order.is_some();
        let looked_up = match self.random.pick(&indexed) {
            Some(&field) if self.random.chance(30) => {
                let value = self.leaf(&fields[field].ty);
                Some(parts![format!(" where {name}.{} == ", fields[field].name), value])
            }
            _ => None,
        };
        let body = self.scoped(|generator| {
            generator.fixed(&name, &Ty::Row(table));
            match looked_up {
                Some(filter) => parts.extend(filter),
                None if generator.random.chance(35) => {
                    parts.extend(parts![" where ", generator.head(&Ty::Bool)]);
                }
                None => {}
            }
            parts.extend(order.map(super::tree::Part::from));
            parts.extend(limit);
            generator.loop_body(TURNS)
        });
        parts.extend(parts![" ", body]);
        Some(Node::line(if ordered { "for rows by" } else { "for rows" }, parts))
    }

    /// `push`, `pop`, `insert`, `remove`, `clear`, `sort`, `assign`.
    pub(super) fn list_change(&mut self) -> Option<Node> {
        let path = self.write_path(&|ty| ty.element().is_some())?;
        let place = self.place(&path);
        let list = place.node;
        let mut guard = place.guard;
        let element = path.ty.element()?.clone();
        let sortable = matches!(element, Ty::Int | Ty::Float | Ty::Str);
        let (builtin, parts) = match (&path.ty, self.random.below(14)) {
            (_, 0) => {
                let other = self.expr(&Ty::list(&element));
                if let Some(fits) = self.fits(&path.ty, &other) {
                    guard.push(fits);
                }
                (Builtin::ListAssign, parts![list, ".assign(", other, ")"])
            }
            (_, 1 | 2) if sortable => (Builtin::ListSort, parts![list, ".sort()"]),
            (Ty::Array(..), _) => return None,
            (_, 3) => (Builtin::ListPop, parts![list, ".pop()"]),
            (_, 4) => (Builtin::ListClear, parts![list, ".clear()"]),
            (_, 5 | 6) => {
                let index = self.small();
                if !self.risky() {
                    let parts = parts!["(", index.clone(), " >= 0 && ", index.clone(), " < "];
                    let mut parts = parts;
                    parts.extend(parts![list.clone(), ".len)"]);
                    guard.push(Node::new(&Ty::Bool, parts));
                }
                (Builtin::ListRemove, parts![list, ".remove(", index, ")"])
            }
            (_, 7 | 8) => {
                self.room(&path.ty, &list, &mut guard);
                let index = match self.random.below(3) {
                    0 => parts!["0"],
                    1 if self.risky() => parts![self.small()],
                    _ => parts![list.clone(), ".len"],
                };
                let mut parts = parts![list, ".insert("];
                parts.extend(index);
                parts.extend(parts![", ", self.expr(&element), ")"]);
                (Builtin::ListInsert, parts)
            }
            _ => {
                self.room(&path.ty, &list, &mut guard);
                (Builtin::ListPush, parts![list, ".push(", self.expr(&element), ")"])
            }
        };
        Some(guarded(Node::line(label(builtin), parts), guard))
    }

    /// The condition that a bounded list has room for one more.
    fn room(&mut self, ty: &Ty, list: &Node, guard: &mut Vec<Node>) {
        if let Ty::Bounded(_, len) = ty
            && !self.risky()
        {
            let parts = parts!["(", list.clone(), format!(".len < {len})")];
            guard.push(Node::new(&Ty::Bool, parts));
        }
    }

    /// The condition that a list fits into one of this type.
    fn fits(&mut self, ty: &Ty, other: &Node) -> Option<Node> {
        if self.risky() || other.typing == Typing::Wanted {
            return None;
        }
        let other = Node::new(&other.ty, parts!["(", other.clone(), ")"]);
        let parts = match ty {
            Ty::Array(_, len) => parts!["(", other, format!(".len == {len})")],
            Ty::Bounded(_, len) => parts!["(", other, format!(".len <= {len})")],
            _ => return None,
        };
        all_of(vec![Node::new(&Ty::Bool, parts)])
    }
}

/// Whether a statement of this kind stands in the lines.
fn mentions(lines: &[Node], label: &str) -> bool {
    let mut found = false;
    for line in lines {
        line.each(&mut |node| found |= node.label == label);
    }
    found
}
