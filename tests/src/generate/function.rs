//! Everything with a body: functions, handlers, timers, `on load`, tests.

use super::Generator;
use super::declare::Site;
use super::tree::{Node, parts};
use super::ty::{Field, Recursion, Signature, Timer, Ty};
use super::value::enclosed;

/// Expressions that one body may have.
const EXPRESSIONS_MAX: i64 = 60;

/// Statements that one body may have.
const STATEMENTS_MAX: i64 = 10;

/// How deep expressions stand in each other.
const DEPTH_MAX: u32 = 3;

/// The name of the handler that fills the tables.
pub(super) const FILL: &str = "fill";

/// How often a function that calls itself is taken to run for one call.
const CALLS_OF_RECURSION: u64 = 20;

impl Generator {
    /// Declares what runs.
    pub(super) fn functions(&mut self) -> Vec<Node> {
        let mut items = Vec::new();
        for _ in 0..self.random.below(4) {
            match self.random.below(8) {
                0 | 1 => items.push(self.recursive_function()),
                2 => items.extend(self.mutual_functions()),
                _ => items.push(self.plain_function()),
            }
        }
        self.declared.first_handler = self.declared.functions.len();
        if self.random.chance(75) && !self.declared.tables.is_empty() {
            items.push(self.filling_handler());
        }
        for _ in 0..=self.random.below(3) {
            items.push(self.handler());
        }
        if self.random.chance(5) {
            self.declared.goes_deepest = true;
            items.extend(self.deepest());
        }
        for _ in 0..[0, 0, 1, 1, 2][self.random.below(5)] {
            items.push(self.timer());
        }
        if self.random.chance(20) {
            let body = self.body(&Ty::Unit, &[]);
            items.push(Node::line("on load", parts!["on load ", body]));
        }
        items
    }

    /// The lines of a body with these parameters; its cost is left in `cost`.
    fn body(&mut self, result: &Ty, params: &[Field]) -> Vec<Node> {
        self.begin(result, params);
        let mut lines = Vec::new();
        self.fill(&mut lines);
        self.finish(&mut lines);
        lines
    }

    fn begin(&mut self, result: &Ty, params: &[Field]) {
        self.locals.clear();
        self.result = result.clone();
        (self.left, self.statements_left) = (EXPRESSIONS_MAX, STATEMENTS_MAX);
        self.depth = DEPTH_MAX;
        (self.cost, self.turns, self.loops, self.nesting) = (1, 1, 0, 0);
        for param in params {
            self.fixed(&param.name, &param.ty);
        }
    }

    fn fill(&mut self, lines: &mut Vec<Node>) {
        for _ in 0..=self.random.below(6) {
            self.statement(lines);
        }
    }

    /// Ends a body with its value.
    fn finish(&mut self, lines: &mut Vec<Node>) {
        if self.result == Ty::Unit {
            return;
        }
        // The value is worth a few nodes, whatever the statements have used up.
        self.left = self.left.max(8);
        let result = self.result.clone();
        let value = self.expr(&result);
        lines.push(match self.random.chance(60) {
            true => Node::line("return", parts!["return ", value]),
            false => value,
        });
    }

    fn params(&mut self, site: Site) -> Vec<Field> {
        (0..self.random.below(4)).map(|_| self.param(site)).collect()
    }

    fn param(&mut self, site: Site) -> Field {
        Field { name: self.name("q"), ty: self.any_type(site), default: None }
    }

    fn result_type(&mut self) -> Ty {
        if self.random.chance(20) { Ty::Unit } else { self.any_type(Site::Local) }
    }

    fn declare_function(&mut self, signature: Signature) {
        self.declared.functions.push(signature);
    }

    fn plain_function(&mut self) -> Node {
        let params = self.params(Site::Local);
        let result = self.result_type();
        let body = self.body(&result, &params);
        let name = self.name("fun");
        let head = head("fn", &name, &params, &result);
        let recursion = Recursion::None;
        self.declare_function(Signature { name, params, result, cost: self.cost, recursion });
        Node::line("fn", parts![head, body])
    }

    /// What a function that calls itself is like before its body is known.
    fn counted(&mut self) -> Signature {
        let count = Field { name: self.name("n"), ty: Ty::Int, default: None };
        let mut params = vec![count];
        params.extend(self.params(Site::Local));
        let result = self.result_type();
        let name = self.name("rec");
        Signature { name, params, result, cost: 1, recursion: Recursion::Counted }
    }

    fn recursive_function(&mut self) -> Node {
        let signature = self.counted();
        let item = self.counted_item(&signature, &signature);
        let cost = self.cost * CALLS_OF_RECURSION;
        self.declare_function(Signature { cost, ..signature });
        item
    }

    /// Two functions that call each other.
    fn mutual_functions(&mut self) -> [Node; 2] {
        let (one, other) = (self.counted(), self.counted());
        let first = self.counted_item(&one, &other);
        let cost = self.cost;
        let second = self.counted_item(&other, &one);
        let cost = (cost + self.cost) * CALLS_OF_RECURSION;
        self.declare_function(Signature { cost, ..one });
        self.declare_function(Signature { cost, ..other });
        [first, second]
    }

    /// A function that ends where its count does, and else calls another one with a lower count.
    fn counted_item(&mut self, own: &Signature, callee: &Signature) -> Node {
        self.begin(&own.result, &own.params);
        let count = own.params[0].name.clone();
        let mut end = Vec::new();
        if own.result == Ty::Unit {
            end.push(Node::line("return", parts!["return"]));
        } else {
            let value = self.leaf(&own.result);
            end.push(Node::line("return", parts!["return ", value]));
        }
        let mut lines = vec![Node::line("if", parts![format!("if {count} <= 0 "), end])];
        self.fill(&mut lines);
        for _ in 0..=self.random.below(2) {
            let step = if self.random.chance(2) && self.risky() { " + 1" } else { " - 1" };
            let less = Node::new(&Ty::Int, parts![format!("{count}{step}")]);
            let rest = callee.params[1..].iter().map(|param| self.leaf(&param.ty));
            let arguments: Vec<Node> = std::iter::once(less).chain(rest).collect();
            let call = enclosed(format!("{}(", callee.name), arguments, ")");
            let call = Node::new(&callee.result, call).labelled("recursion");
            let name = self.name("a");
            lines.push(match callee.result {
                Ty::Unit => Node::line("call statement", parts![call]),
                _ => Node::line("let", parts![format!("let {name} = "), call]),
            });
            if callee.result != Ty::Unit {
                self.fixed(&name, &callee.result);
            }
        }
        self.finish(&mut lines);
        Node::line("fn", parts![head("fn", &own.name, &own.params, &own.result), lines])
    }

    fn handler(&mut self) -> Node {
        let mut params = self.params(Site::Argument);
        for param in &mut params {
            if self.random.chance(30) {
                param.default = Some(self.constant(&param.ty));
            }
        }
        let result = self.result_type();
        let body = self.body(&result, &params);
        let (word, name) = match self.random.chance(30) {
            true => ("get", self.name("get")),
            false => ("post", self.name("post")),
        };
        let head = head(word, &name, &params, &result);
        let recursion = Recursion::None;
        self.declare_function(Signature { name, params, result, cost: self.cost, recursion });
        Node::line(word, parts![head, body])
    }

    /// A handler that gives the tables rows, so that the others find some.
    fn filling_handler(&mut self) -> Node {
        self.begin(&Ty::Unit, &[]);
        let mut lines = Vec::new();
        for table in 0..self.declared.tables.len() {
            let key_ty = self.declared.tables[table].key().ty.clone();
            for _ in 0..=self.random.below(5) {
                let value = self.key_value(&key_ty);
                let key = self.literal(&key_ty, &value);
                let absent = parts!["if !(", key.clone(), format!(" in t{table}) ")];
                let mut parts = absent;
                parts.extend(parts![vec![self.insert(table, key)]]);
                lines.push(Node::line("insert", parts));
            }
        }
        let name = FILL.to_owned();
        let head = head("post", &name, &[], &Ty::Unit);
        let (params, result, recursion) = (Vec::new(), Ty::Unit, Recursion::None);
        self.declare_function(Signature { name, params, result, cost: self.cost, recursion });
        Node::line("post", parts![head, lines])
    }

    fn timer(&mut self) -> Node {
        let table = if self.random.chance(60) { self.some_table() } else { None };
        let period = ["1ms", "20ms", "50ms", "1s", "3m"][self.random.below(5)];
        let name = self.name("every");
        let params: Vec<Field> = table
            .map(|table| Field { name: self.name("q"), ty: Ty::Row(table), default: None })
            .into_iter()
            .collect();
        let body = self.body(&Ty::Unit, &params);
        let head = head(&format!("every {period}"), &name, &params, &Ty::Unit);
        self.declared.timers.push(Timer { name, table });
        Node::line(if table.is_some() { "timer of rows" } else { "timer" }, parts![head, body])
    }

    /// Tests, which call handlers and timers.
    pub(super) fn tests(&mut self) -> Vec<Node> {
        if !self.random.chance(15) {
            return Vec::new();
        }
        for timer in self.declared.timers.clone() {
            let row = timer.table.map(|table| Field {
                name: String::new(),
                ty: Ty::Row(table),
                default: None,
            });
            let (name, params) = (timer.name, row.into_iter().collect());
            let (result, recursion) = (Ty::Unit, Recursion::None);
            self.declare_function(Signature { name, params, result, cost: 500, recursion });
        }
        (0..=self.random.below(2)).map(|number| self.test(number)).collect()
    }

    fn test(&mut self, number: usize) -> Node {
        self.begin(&Ty::Unit, &[]);
        let mut lines = Vec::new();
        for _ in 0..=self.random.below(6) {
            match self.random.below(4) {
                0 => {
                    let wait = ["5s", "1ms", "0", "3m"][self.random.below(4)];
                    lines.push(Node::line("advance", parts![format!("advance {wait}")]));
                }
                1 => {
                    let call = self.call(&|_| true);
                    lines.extend(
                        call.map(|call| Node::line("assert fails", parts!["assert fails ", call])),
                    );
                }
                _ => self.statement(&mut lines),
            }
        }
        Node::line("test", parts![format!("test \"{number}\" "), lines])
    }
}

/// `word name(params) -> result `
fn head(word: &str, name: &str, params: &[Field], result: &Ty) -> String {
    let params: Vec<String> = params
        .iter()
        .map(|param| {
            let default = param.default.as_ref().map(|default| format!(" = {}", default.text()));
            format!("{}: {}{}", param.name, param.ty, default.unwrap_or_default())
        })
        .collect();
    let result = match result {
        Ty::Unit => String::new(),
        result => format!("-> {result} "),
    };
    format!("{word} {name}({}) {result}", params.join(", "))
}
