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
        match self.random.below(4) {
            0 => Some(self.list_kept_while_it_changes(lines)),
            1 => Some(self.sum_at_the_edge(lines)),
            2 => self.operand_that_changes(lines),
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
