//! Statements that are no loops.

use super::Generator;
use super::place::all_of;
use super::scope::Change;
use super::tree::{Node, Typing, parts};
use super::ty::Ty;
use super::value::enclosed;

/// One way to make a statement; some need lines before them.
struct Production {
    label: &'static str,
    weight: u32,
    make: fn(&mut Generator, &mut Vec<Node>) -> Option<Node>,
}

/// How often another production is tried before none is taken.
const ATTEMPTS: usize = 4;

/// How deep statements stand in each other.
const NESTING_MAX: usize = 4;

const STATEMENTS: &[Production] = &[
    Production { label: "let", weight: 14, make: Generator::let_statement },
    Production { label: "var", weight: 10, make: Generator::var_statement },
    Production { label: "assign", weight: 14, make: Generator::assign },
    Production { label: "assign op", weight: 14, make: Generator::assign_op },
    Production { label: "if", weight: 7, make: Generator::if_statement },
    Production { label: "if let", weight: 5, make: Generator::if_let_statement },
    Production { label: "match", weight: 5, make: |g, _| g.match_statement() },
    Production { label: "while", weight: 3, make: Generator::while_loop },
    Production { label: "for range", weight: 5, make: |g, _| g.range_loop() },
    Production { label: "for list", weight: 5, make: |g, _| g.list_loop() },
    Production { label: "for rows", weight: 8, make: |g, _| g.row_loop() },
    Production { label: "leave", weight: 3, make: Generator::leave },
    Production { label: "assert", weight: 2, make: Generator::assert },
    Production { label: "fail", weight: 1, make: Generator::fail },
    Production { label: "emit", weight: 3, make: Generator::emit },
    Production { label: "log", weight: 2, make: Generator::log },
    Production { label: "insert", weight: 9, make: Generator::insert_statement },
    Production { label: "remove", weight: 5, make: Generator::remove_statement },
    Production { label: "list change", weight: 10, make: |g, _| g.list_change() },
    Production { label: "idiom", weight: 5, make: Generator::idiom },
    Production { label: "call statement", weight: 6, make: |g, _| g.call(&|_| true) },
];

impl Generator {
    /// A block of some statements, in a scope of its own.
    pub(super) fn block(&mut self) -> Vec<Node> {
        self.scoped(|generator| {
            let mut lines = Vec::new();
            for _ in 0..=generator.random.below(3) {
                generator.statement(&mut lines);
            }
            lines
        })
    }

    /// One statement, or none where nothing can be done.
    pub(super) fn statement(&mut self, lines: &mut Vec<Node>) {
        self.cost += self.turns;
        if self.statements_left <= 0 || self.nesting >= NESTING_MAX {
            return;
        }
        self.statements_left -= 1;
        self.nesting += 1;
        let weigh = |one: &Production| self.swarm.weight(one.label, one.weight);
        let weights: Vec<u32> = STATEMENTS.iter().map(weigh).collect();
        for _ in 0..ATTEMPTS {
            let Some(index) = self.random.weighted(&weights) else { break };
            let production = &STATEMENTS[index];
            if let Some(line) = (production.make)(self, lines) {
                lines.push(line.labelled_unless(production.label));
                break;
            }
        }
        self.nesting -= 1;
    }

    /// A statement that stands for itself, as an arm does.
    pub(super) fn simple_statement(&mut self) -> Option<Node> {
        let mut before = Vec::new();
        let statement = match self.random.below(6) {
            0 => self.assign(&mut before),
            1 => self.assign_op(&mut before),
            2 => self.never(),
            3 => self.log(&mut before),
            4 => self.call(&|ty| *ty == Ty::Unit),
            _ => self.remove_statement(&mut before),
        };
        statement.filter(|_| before.is_empty())
    }

    fn let_statement(&mut self, _: &mut Vec<Node>) -> Option<Node> {
        let ty = self.local_type();
        let name = self.name("a");
        let line = self.declaration("let", &name, &ty);
        self.fixed(&name, &ty);
        Some(line)
    }

    fn var_statement(&mut self, _: &mut Vec<Node>) -> Option<Node> {
        let ty = self.local_type();
        let name = self.name("v");
        let line = self.declaration("var", &name, &ty);
        self.declare(&name, &ty, Change::Free);
        Some(line)
    }

    fn declaration(&mut self, word: &'static str, name: &str, ty: &Ty) -> Node {
        let value = self.expr(ty);
        let written = match value.typing {
            Typing::Known if self.random.chance(70) => String::new(),
            _ => format!(": {ty}"),
        };
        Node::line("", parts![format!("{word} {name}{written} = "), value])
    }

    fn assign(&mut self, _: &mut Vec<Node>) -> Option<Node> {
        let path = self.write_path(&|_| true)?;
        let place = self.place(&path);
        let value = self.expr(&path.ty);
        let line = Node::line("assign", parts![place.node, " = ", value]);
        Some(guarded(line, place.guard))
    }

    fn assign_op(&mut self, _: &mut Vec<Node>) -> Option<Node> {
        let path = self.write_path(&|ty| matches!(ty, Ty::Int | Ty::Float | Ty::Str))?;
        let place = self.place(&path);
        let op = match path.ty {
            Ty::Str => " += ",
            _ => [" += ", " += ", " -= ", " *= ", " /= ", " %= "][self.random.below(6)],
        };
        let value = match (op, &path.ty) {
            (" *= ", Ty::Int) => self.small(),
            (" /= " | " %= ", Ty::Int) if !self.risky() => {
                let divisor = self.random.between(1, 9);
                Node::new(&Ty::Int, parts![divisor.to_string()]).labelled("literal")
            }
            (_, ty) => self.expr(ty),
        };
        let label = match op {
            " += " => "assign +=",
            " -= " => "assign -=",
            " *= " => "assign *=",
            " /= " => "assign /=",
            _ => "assign %=",
        };
        let line = Node::line(label, parts![place.node, op, value]);
        Some(guarded(line, place.guard))
    }

    fn if_statement(&mut self, _: &mut Vec<Node>) -> Option<Node> {
        let condition = self.head(&Ty::Bool);
        let mut parts = parts!["if ", condition, " ", self.block()];
        if self.random.chance(25) {
            let condition = self.head(&Ty::Bool);
            parts.extend(parts![" else if ", condition, " ", self.block()]);
        }
        if self.random.chance(40) {
            parts.extend(parts![" else ", self.block()]);
        }
        Some(Node::line("if", parts))
    }

    fn if_let_statement(&mut self, _: &mut Vec<Node>) -> Option<Node> {
        let inner = match self.some_table() {
            Some(table) if self.random.chance(60) => Ty::Row(table),
            _ => self.some_type(),
        };
        let optional = self.known(&Ty::optional(&inner))?;
        let name = self.name("x");
        let then = self.scoped(|generator| {
            generator.fixed(&name, &inner);
            generator.block()
        });
        let mut parts = parts![format!("if let {name} = ("), optional, ") ", then];
        if self.random.chance(40) {
            parts.extend(parts![" else ", self.block()]);
        }
        Some(Node::line("if let", parts))
    }

    /// `break`, `continue` or `return`, under a condition.
    fn leave(&mut self, _: &mut Vec<Node>) -> Option<Node> {
        let condition = self.head(&Ty::Bool);
        let leave = self.leaving();
        Some(Node::line("if", parts!["if ", condition, " ", vec![leave]]))
    }

    pub(super) fn leaving(&mut self) -> Node {
        match self.random.below(3) {
            0 if self.loops > 0 => Node::line("break", parts!["break"]),
            1 if self.loops > 0 => Node::line("continue", parts!["continue"]),
            _ if self.result == Ty::Unit => Node::line("return", parts!["return"]),
            _ => {
                let result = self.result.clone();
                let value = self.expr(&result);
                Node::line("return", parts!["return ", value])
            }
        }
    }

    /// An expression that never gives a value.
    pub(super) fn never(&mut self) -> Option<Node> {
        Some(match self.random.chance(70) {
            true => self.leaving(),
            false => self.failing(),
        })
    }

    fn failing(&mut self) -> Node {
        let status = match self.random.below(3) {
            0 => String::new(),
            _ => format!("{} ", self.random.between(400, 599)),
        };
        let message = self.expr(&Ty::Str);
        Node::line("fail", parts![format!("fail {status}"), message])
    }

    fn fail(&mut self, _: &mut Vec<Node>) -> Option<Node> {
        let seldom = self.seldom();
        let fail = self.failing();
        Some(Node::line("if", parts!["if ", seldom, " ", vec![fail]]))
    }

    /// A condition that seldom holds.
    fn seldom(&mut self) -> Node {
        let (value, condition) = (self.small(), self.leaf(&Ty::Bool));
        let number = self.random.between(3, 9);
        Node::new(&Ty::Bool, parts!["(", value, format!(" == {number} && "), condition, ")"])
    }

    fn assert(&mut self, _: &mut Vec<Node>) -> Option<Node> {
        let condition = match self.risky() {
            true => self.expr(&Ty::Bool),
            false => {
                let value = self.leaf(&Ty::Int);
                Node::new(&Ty::Bool, parts!["(", value.clone(), " <= max(", value, ", 9))"])
            }
        };
        let mut parts = parts!["assert ", condition];
        if self.random.chance(40) {
            parts.extend(parts![", ", self.expr(&Ty::Str)]);
        }
        Some(Node::line("assert", parts))
    }

    fn emit(&mut self, _: &mut Vec<Node>) -> Option<Node> {
        let events = self.declared.events.len();
        let number = (events > 0).then(|| self.random.below(events))?;
        let fields = self.declared.events[number].clone();
        let inits = self.given_fields(&fields);
        Some(Node::line("emit", enclosed(format!("emit e{number} {{ "), inits, " }")))
    }

    fn log(&mut self, _: &mut Vec<Node>) -> Option<Node> {
        let message = self.expr(&Ty::Str);
        Some(Node::line("log", parts!["log ", message]))
    }

    /// A row that was not there before, with a name for what follows.
    fn insert_statement(&mut self, _: &mut Vec<Node>) -> Option<Node> {
        let table = self.some_table()?;
        let key_ty = self.declared.tables[table].key().ty.clone();
        let fresh = self.random.chance(60);
        let key = match (&key_ty, fresh) {
            (Ty::Int, true) => Node::new(&key_ty, parts![format!("(t{table}.len + 10)")]),
            (_, true) => Node::new(&key_ty, parts![format!("\"k{{t{table}.len}}\"")]),
            _ => self.key(table),
        };
        let exists = parts!["!(", key.clone(), format!(" in t{table})")];
        let insert = self.insert(table, key);
        if fresh || self.risky() {
            let name = self.name("r");
            let line = Node::line("insert", parts![format!("let {name} = "), insert]);
            self.fixed(&name, &Ty::Row(table));
            return Some(line);
        }
        let absent = Node::new(&Ty::Bool, exists).labelled("in table");
        Some(Node::line("insert", parts!["if ", absent, " ", vec![insert]]))
    }

    fn remove_statement(&mut self, _: &mut Vec<Node>) -> Option<Node> {
        let rows = (0..self.locals.len()).filter(|&index| {
            let local = &self.locals[index];
            matches!(local.ty, Ty::Row(_)) && local.change == Change::Fixed
        });
        let rows: Vec<usize> = rows.collect();
        if let Some(&index) = self.random.pick(&rows)
            && self.random.chance(60)
        {
            let name = self.locals[index].name.clone();
            if !self.risky() {
                self.locals[index].change = Change::Dead;
            }
            return Some(Node::line("remove", parts![format!("remove {name}")]));
        }
        let table = self.some_table()?;
        let key = self.key(table);
        let name = self.name("x");
        let remove = Node::line("remove", parts![format!("remove {name}")]);
        let parts = parts![format!("if let {name} = t{table}.get("), key, ") ", vec![remove]];
        Some(Node::line("remove", parts))
    }

    /// A type that a local may have.
    fn local_type(&mut self) -> Ty {
        if self.random.chance(25)
            && let Some(path) = self.path(&|ty, _| *ty != Ty::Unit)
        {
            return path.ty;
        }
        self.any_type(super::declare::Site::Local)
    }
}

impl Node {
    /// The same, with this label if it has none.
    fn labelled_unless(self, label: &'static str) -> Node {
        if self.label.is_empty() { self.labelled(label) } else { self }
    }
}

/// A statement that runs where its place is there.
pub(super) fn guarded(line: Node, guard: Vec<Node>) -> Node {
    let label = line.label;
    match all_of(guard) {
        None => line,
        Some(guard) => Node::line(label, parts!["if ", guard, " ", vec![line]]),
    }
}
