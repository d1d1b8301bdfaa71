//! Idioms: a few lines that belong together, for what single productions meet too rarely. Each is
//! there because a planted fault went unseen without it (`docs/testing.md`).

use super::Generator;
use super::scope::Change;
use super::tree::{Node, parts};
use super::ty::Ty;

/// The handler that calls itself until the stack ends.
pub(super) const DEEPEST: &str = "deepest";

impl Generator {
    /// One of the idioms; all lines but the last go before it.
    pub(super) fn idiom(&mut self, lines: &mut Vec<Node>) -> Option<Node> {
        match self.random.below(9) {
            0 => Some(self.list_kept_while_it_changes(lines)),
            1 => Some(self.sum_at_the_edge(lines)),
            2 => self.operand_that_changes(lines),
            3 => self.row_that_a_condition_removes(lines),
            4 => Some(self.bound_of_one_way(lines)),
            5 => Some(self.sum_of_a_loop(lines)),
            6 => self.rows_in_passing(lines),
            7 => self.floats_side_by_side(lines),
            _ => Some(self.zeros_in_order(lines)),
        }
    }

    /// A list, a copy of it, and a change of the first.
    fn list_kept_while_it_changes(&mut self, lines: &mut Vec<Node>) -> Node {
        let (list, copy) = (self.name("v"), self.name("a"));
        let ty = Ty::list(&Ty::Int);
        let [one, two, three] = [(); 3].map(|()| self.expr(&Ty::Int));
        let literal = parts![format!("var {list} = ["), one, ", ", two, "]"];
        lines.push(Node::line("var", literal));
        lines.push(Node::line("let", parts![format!("let {copy} = {list}")]));
        lines.push(match self.random.below(3) {
            0 => Node::line("list change", parts![format!("{list}.push("), three, ")"]),
            1 => Node::line("assign", parts![format!("{list}[0] = "), three]),
            _ => Node::line("list change", parts![format!("{list}.pop()")]),
        });
        self.declare(&list, &ty, Change::Free);
        self.fixed(&copy, &ty);
        Node::line("log", parts![format!("log \"{{{copy}.len}} {{{copy}[0]}} {{{list}.len}}\"")])
    }

    /// A sum that stays an `int` for all that an interval says of a local but its highest value.
    fn sum_at_the_edge(&mut self, lines: &mut Vec<Node>) -> Node {
        let name = self.name("a");
        let end = [2, 3, 100, i64::MAX][self.random.below(4)];
        let spread = self.random.between(2, 40);
        lines.push(Node::line(
            "let",
            parts![format!("let {name} = {} - random({spread})", end - 1)],
        ));
        self.fixed(&name, &Ty::Int);
        let most = i64::MAX - (end - 2);
        let log = Node::line("log", parts![format!("log \"{{{name} + {most}}}\"")]);
        Node::line("if", parts![format!("if {name} < {end} "), vec![log]])
    }

    /// A row that is there, until a condition removes it now and then.
    fn row_that_a_condition_removes(&mut self, lines: &mut Vec<Node>) -> Option<Node> {
        let table = self.some_table()?;
        let field = self.declared.tables[table].key().name.clone();
        let [row, found] = [(); 2].map(|()| self.name("r"));
        let key = self.key(table);
        let there = parts![
            format!("let {row} = t{table}.get("),
            key.clone(),
            ") ?? ",
            self.insert(table, key.clone())
        ];
        lines.push(Node::line("let", there));
        let log = Node::line("log", parts![format!("log \"{{{row}.{field}}}\"")]);
        lines.push(log.clone());
        let remove = vec![Node::line("remove", parts![format!("remove {found}")])];
        let remove = parts![format!("if let {found} = t{table}.get("), key, ") ", remove];
        let holds = vec![Node::line("if let", remove), literally("true")];
        let seldom = Node::line("arm", parts!["0 => ", holds]);
        let mostly = Node::line("arm", parts!["_ => false"]);
        let condition = parts!["(match random(6) ", vec![seldom, mostly], ")"];
        let condition = Node::new(&Ty::Bool, condition).labelled("match value");
        let name = self.name("a");
        lines.push(match self.random.below(4) {
            0 => Node::line("while", parts!["while ", condition, " {}"]),
            1 => {
                let rows = format!("for {name} in t{table} where ");
                Node::line("for rows", parts![rows, condition, " {}"])
            }
            2 => {
                let list = format!("for {name} in [1, 2] where ");
                Node::line("for list", parts![list, condition, " {}"])
            }
            _ => {
                let word = ["&&", "||"][self.random.below(2)];
                let left = format!("let {name} = random(2) == 0 {word} ");
                Node::line("let", parts![left, condition])
            }
        });
        Some(log)
    }

    /// A bound that a local keeps to where the right side of `&&` or `||` was evaluated.
    fn bound_of_one_way(&mut self, lines: &mut Vec<Node>) -> Node {
        let [name, known] = [(); 2].map(|()| self.name("a"));
        let spread = self.random.between(5, 40);
        let far = format!("let {name} = {} - random({spread})", i64::MAX);
        lines.push(Node::line("let", parts![far]));
        self.fixed(&name, &Ty::Int);
        let leave = vec![self.leaving()];
        let above = format!("(if {name} > {} ", i64::MAX - 4);
        let right = parts![above, leave, " else ", vec![literally("true")], ")"];
        let right = Node::new(&Ty::Bool, right).labelled("if value");
        let left = ["random(4) == 0 ||", "random(4) > 0 &&"][self.random.below(2)];
        lines.push(Node::line("let", parts![format!("let {known} = {left} "), right]));
        Node::line("log", parts![format!("log \"{{{name} + 4}}\"")])
    }

    /// A loop that computes, and takes no fuel but for its rounds, within another one.
    fn sum_of_a_loop(&mut self, lines: &mut Vec<Node>) -> Node {
        let [sum, index, round] = [(); 3].map(|()| self.name("a"));
        let factor = self.random.between(-3, 40);
        lines.push(Node::line("var", parts![format!("var {sum} = random(9)")]));
        self.declare(&sum, &Ty::Int, Change::Free);
        let leave = ["break", "continue"][self.random.below(2)];
        let leave = vec![Node::line(leave, parts![leave])];
        let bound = self.random.between(0, 600);
        let add = |what: &str| Node::line("assign", parts![format!("{sum} += {what} * {factor}")]);
        let if_above = parts![format!("if {sum} > {bound} "), leave];
        let table = self.some_table().filter(|_| self.random.chance(30));
        let inner = if let Some(table) = table {
            let rows = format!("for {index} in t{table} ");
            let body = vec![Node::line("if", if_above), add("3")];
            Node::line("for rows", parts![rows, body])
        } else if self.random.chance(40) {
            // Left out of the condition, it is the loop around that ends or goes on.
            let elements: Vec<String> = (0..18).map(|element| element.to_string()).collect();
            let head = format!("for {index} in [{}] where (", elements.join(", "));
            let condition = parts![" else ", vec![literally("true")], ") "];
            let mut all = parts![head];
            all.extend(if_above);
            all.extend(condition);
            all.extend(parts![vec![add(&index)]]);
            Node::line("for list", all)
        } else {
            let end = ["17", "random(60)", "20 + random(4)"][self.random.below(3)];
            let range = format!("for {index} in {}..{end} ", self.random.between(-3, 3));
            let mut body = vec![add(&format!("{index} % 5"))];
            if self.random.chance(50) {
                body.insert(0, Node::line("if", if_above));
            }
            Node::line("for range", parts![range, body])
        };
        let outer = format!("for {round} in 0..{} ", self.random.between(1, 3));
        lines.push(Node::line("for range", parts![outer, vec![inner]]));
        Node::line("log", parts![format!("log \"{{{sum}}}\"")])
    }

    /// A loop that writes to every row of a table and does nothing else, but for leaving now and then,
    /// and another one over the same rows.
    fn rows_in_passing(&mut self, lines: &mut Vec<Node>) -> Option<Node> {
        let table = self.some_table()?;
        let fields = self.declared.tables[table].fields.iter().skip(1);
        let written: Vec<(String, bool)> = fields
            .filter(|field| matches!(field.ty, Ty::Int | Ty::Float))
            .map(|field| (field.name.clone(), field.ty == Ty::Int))
            .collect();
        let (field, is_int) = self.random.pick(&written)?.clone();
        let row = self.name("r");
        let far = i64::MAX - self.random.between(0, 40);
        let write = |what: String| Node::line("assign", parts![format!("{row}.{field} {what}")]);
        let value = match (is_int, self.random.below(3)) {
            (true, 0) => format!("+= {far}"),
            (true, 1) => format!("= {row}.{field} % 7 + 1"),
            (true, _) => format!("-= {}", self.random.between(-9, 9)),
            (false, 0) => format!("= {row}.{field} / 0.0"),
            (false, _) => format!("+= {}.5", self.random.between(0, 9)),
        };
        let mut body = vec![write(value)];
        if self.random.chance(70) {
            let bound = self.random.between(-3, 9);
            let bound = if is_int { bound.to_string() } else { format!("{bound}.0") };
            let leave = ["break", "break", "continue"][self.random.below(3)];
            let leave = vec![Node::line(leave, parts![leave])];
            body.push(Node::line("if", parts![format!("if {row}.{field} > {bound} "), leave]));
            body.push(write(if is_int { "= 3".to_owned() } else { "= 3.0".to_owned() }));
        }
        lines.push(Node::line("for rows", parts![format!("for {row} in t{table} "), body]));
        let again = vec![write(if is_int { "= 4".to_owned() } else { "*= 2.0".to_owned() })];
        Some(Node::line("for rows", parts![format!("for {row} in t{table} "), again]))
    }

    /// Two floats of a row that are computed in the same way, mostly, one after the other.
    fn floats_side_by_side(&mut self, lines: &mut Vec<Node>) -> Option<Node> {
        let table = self.some_table()?;
        let fields = self.declared.tables[table].fields.windows(2);
        let pairs: Vec<[String; 2]> = fields
            .filter(|pair| pair.iter().all(|field| field.ty == Ty::Float))
            .map(|pair| [pair[0].name.clone(), pair[1].name.clone()])
            .collect();
        let row = self.name("r");
        let local = self.name("a");
        let far = ["0.5", "-3.25", "1e308", "0.0"][self.random.below(4)];
        lines.push(Node::line("let", parts![format!("let {local} = {far} * float(random(3))")]));
        let mut body = Vec::new();
        for _ in 0..self.random.between(1, 3) {
            let [written, read, other] = [(); 3].map(|()| self.random.pick(&pairs).cloned());
            let (written, read, other) = (written?, read?, other?);
            let op = ["=", "+=", "-=", "*=", "/="][self.random.below(5)];
            let form = self.random.below(6);
            for half in 0..2 {
                let (read, other) = (&read[half], &other[half]);
                let value = match form {
                    0 => format!("{row}.{read} * 0.05"),
                    1 => format!("{row}.{read} + {row}.{other} / {local}"),
                    2 => format!("-({row}.{read} - {}.5)", half + 1),
                    3 => format!("{local} * {local}"),
                    4 => format!("{row}.{read} / {row}.{read}"),
                    // Only alike in form.
                    _ => format!("{row}.{read} {} 2.0", ["+", "-"][half]),
                };
                let line = format!("{row}.{} {op} {value}", written[half]);
                body.push(Node::line("assign", parts![line]));
            }
        }
        let head = ["", "limit 2 ", "where true "][self.random.below(3)];
        let over = format!("for {row} in t{table} {head}");
        lines.push(Node::line("for rows", parts![over, body]));
        let [first, second] = self.random.pick(&pairs)?.clone();
        let sum = format!("log \"{{{row}.{first}}} {{{row}.{second}}}\"");
        let log = vec![Node::line("log", parts![sum])];
        Some(Node::line("for rows", parts![format!("for {row} in t{table} "), log]))
    }

    /// A comparison whose right side changes what stands on its left.
    fn operand_that_changes(&mut self, lines: &mut Vec<Node>) -> Option<Node> {
        let in_memory = |ty: &Ty| {
            matches!(ty, Ty::Struct(_) | Ty::Array(..) | Ty::Optional(_) | Ty::Bounded(..))
        };
        let path = self.write_path(&in_memory)?;
        let (left, right) = (self.place(&path), self.place(&path));
        let (left, right) =
            (left.guard.is_empty() && right.guard.is_empty()).then_some((left.node, right.node))?;
        let value = self.expr(&path.ty);
        let change = Node::line("assign", parts![right.clone(), " = ", value]);
        let arm = Node::line("arm", parts!["_ => ", vec![change, right]]);
        let name = self.name("a");
        let changed = parts![format!("let {name} = "), left, " == match 0 ", vec![arm]];
        lines.push(Node::line("let", changed));
        self.fixed(&name, &Ty::Bool);
        Some(Node::line("log", parts![format!("log \"{{{name}}}\"")]))
    }

    /// Zeros of both signs, which are equal and can be told apart.
    fn zeros_in_order(&mut self, lines: &mut Vec<Node>) -> Node {
        let list = self.name("v");
        let other = self.expr(&Ty::Float);
        let literal = parts![format!("var {list} = [0.0, -0.0, "), other, ", -0.0]"];
        lines.push(Node::line("var", literal));
        lines.push(Node::line("list change", parts![format!("{list}.sort()")]));
        self.declare(&list, &Ty::list(&Ty::Float), Change::Free);
        let element = self.name("e");
        let log = Node::line("log", parts![format!("log \"{{{element}}}\"")]);
        Node::line("for list", parts![format!("for {element} in {list} "), vec![log]])
    }

    /// A function that does little but call itself, and a handler that has it go deeper than any
    /// stack.
    pub(super) fn deepest(&mut self) -> [Node; 2] {
        let name = self.name("deep");
        let end = Node::line("return", parts!["return 0"]);
        let deeper = format!("return {name}(n - 1) + 1");
        let body = vec![
            Node::line("if", parts!["if n <= 0 ", vec![end]]),
            Node::line("return", parts![deeper]).labelled("recursion"),
        ];
        let call = Node::line("return", parts![format!("return {name}(1000000)")]);
        [
            Node::line("fn", parts![format!("fn {name}(n: int) -> int "), body]),
            Node::line("get", parts![format!("get {DEEPEST}() -> int "), vec![call]]),
        ]
    }
}

/// A `bool` as it is written.
fn literally(text: &'static str) -> Node {
    Node::new(&Ty::Bool, parts![text]).labelled("literal")
}
