//! Expressions of a type that is wanted. Each type has its table of productions; those of [`ANY`]
//! give any type. A production that cannot be used where the generator stands gives nothing, and
//! another one is tried.

use super::Generator;
use super::place::all_of;
use super::tree::{Node, Typing, parts};
use super::ty::{Recursion, Ty};
use super::value::enclosed;

/// One way to make an expression.
pub(super) struct Production {
    /// The construct's name.
    pub(super) label: &'static str,
    /// How often it is chosen beside the others.
    pub(super) weight: u32,
    pub(super) make: fn(&mut Generator, &Ty) -> Option<Node>,
}

/// How often another production is tried before a leaf is taken.
const ATTEMPTS: usize = 4;

/// About how many steps one call may take, so that most come to an end.
const COST_MAX: u64 = 6_000;

const ANY: &[Production] = &[
    Production { label: "place", weight: 30, make: Generator::read },
    Production { label: "built-in", weight: 14, make: Generator::builtin },
    Production { label: "call", weight: 10, make: Generator::call_of },
    Production { label: "if value", weight: 3, make: Generator::if_value },
    Production { label: "if let value", weight: 2, make: Generator::if_let_value },
    Production { label: "match value", weight: 2, make: Generator::match_value },
    Production { label: "coalesce", weight: 4, make: Generator::coalesce },
    Production { label: "coalesce never", weight: 1, make: Generator::coalesce_never },
    Production { label: "literal", weight: 6, make: Generator::some_literal },
];

fn of_type(ty: &Ty) -> &'static [Production] {
    match ty {
        Ty::Int => super::scalar::INT,
        Ty::Float => super::scalar::FLOAT,
        Ty::Bool => super::scalar::BOOL,
        Ty::Str => super::scalar::STR,
        Ty::Struct(_) => super::composite::STRUCT,
        Ty::Enum(_) => super::composite::ENUM,
        Ty::Optional(_) => super::composite::OPTIONAL,
        Ty::Array(..) => super::composite::ARRAY,
        Ty::Bounded(..) => super::composite::BOUNDED,
        Ty::List(_) => super::composite::LIST,
        Ty::Row(_) => super::row::ROW,
        Ty::Unit => &[],
    }
}

impl Generator {
    /// An expression of a type.
    pub(super) fn expr(&mut self, ty: &Ty) -> Node {
        self.left -= 1;
        self.cost += self.turns;
        if self.depth == 0 || self.left <= 0 {
            return self.leaf(ty);
        }
        self.depth -= 1;
        let node = self.produce(ty);
        self.depth += 1;
        node
    }

    /// An expression that tells its type itself.
    pub(super) fn known(&mut self, ty: &Ty) -> Option<Node> {
        let node = self.expr(ty);
        if node.typing == Typing::Known {
            return Some(node);
        }
        self.read(ty)
    }

    fn produce(&mut self, ty: &Ty) -> Node {
        let own = of_type(ty);
        let weigh =
            |production: &Production| self.swarm.weight(production.label, production.weight);
        let weights: Vec<u32> = own.iter().chain(ANY).map(weigh).collect();
        for _ in 0..ATTEMPTS {
            let Some(index) = self.random.weighted(&weights) else { break };
            let production = own.iter().chain(ANY).nth(index);
            let made = production.and_then(|production| {
                let node = (production.make)(self, ty)?;
                Some(match node.label {
                    "" => node.labelled(production.label),
                    _ => node,
                })
            });
            if let Some(node) = made {
                return node;
            }
        }
        self.leaf(ty)
    }

    /// The smallest expression of a type: a name, a literal.
    pub(super) fn leaf(&mut self, ty: &Ty) -> Node {
        let named = self
            .locals
            .iter()
            .filter(|local| local.ty == *ty && local.change != super::scope::Change::Dead);
        let named: Vec<String> = named.map(|local| local.name.clone()).collect();
        match self.random.pick(&named) {
            Some(name) if self.random.chance(60) => {
                Node::new(ty, parts![name.clone()]).labelled("place")
            }
            _ if self.random.chance(40) => self.near(ty).unwrap_or_else(|| self.simplest(ty)),
            _ => self.simplest(ty),
        }
    }

    /// A place that is there in any case.
    fn near(&mut self, ty: &Ty) -> Option<Node> {
        let path = self.read_path(ty)?;
        let place = self.place(&path);
        place.guard.is_empty().then_some(place.node)
    }

    /// An expression without a choice that could fail: a literal, or a row that is made if need be.
    fn simplest(&mut self, ty: &Ty) -> Node {
        match ty {
            Ty::Row(table) => self.find_or_insert(*table),
            Ty::Optional(inner) if inner.holds_rows() => {
                Node::new(ty, parts!["none"]).wanting().labelled("none")
            }
            Ty::List(inner) | Ty::Bounded(inner, _) if inner.holds_rows() => {
                Node::new(ty, parts!["[]"]).wanting().labelled("list")
            }
            Ty::Array(inner, len) if inner.holds_rows() => {
                let elements: Vec<Node> = (0..*len).map(|_| self.simplest(inner)).collect();
                Node::new(ty, enclosed("[", elements, "]")).wanting().labelled("array")
            }
            ty => self.constant(ty),
        }
    }

    fn some_literal(&mut self, ty: &Ty) -> Option<Node> {
        Some(self.simplest(ty))
    }

    /// What stands at a place; another value where the place may not be there.
    pub(super) fn read(&mut self, ty: &Ty) -> Option<Node> {
        let path = self.read_path(ty)?;
        let place = self.place(&path);
        let Some(guard) = all_of(place.guard) else { return Some(place.node) };
        let otherwise = self.leaf(ty);
        let parts = parts!["(if ", guard, " ", vec![place.node], " else ", vec![otherwise], ")"];
        Some(Node::new(ty, parts).labelled("place"))
    }

    fn call_of(&mut self, ty: &Ty) -> Option<Node> {
        self.call(&|result| result == ty)
    }

    /// A call of something with a fitting result that the call can pay for.
    pub(super) fn call(&mut self, fits: &dyn Fn(&Ty) -> bool) -> Option<Node> {
        let left = COST_MAX.saturating_sub(self.cost) / self.turns;
        let functions = self.declared.functions.iter().enumerate();
        let known = functions.filter(|(_, known)| fits(&known.result) && known.cost < left);
        let known: Vec<usize> = known.map(|(index, _)| index).collect();
        let chosen = self.random.pick(&known).copied()?;
        let callee = self.declared.functions[chosen].clone();
        self.cost += callee.cost * self.turns;
        let required = callee.params.iter().rposition(|param| param.default.is_none());
        let required = required.map_or(0, |last| last + 1);
        let given = if self.random.chance(70) {
            callee.params.len()
        } else {
            required + self.random.below(callee.params.len() - required + 1)
        };
        let mut arguments = Vec::new();
        for (index, param) in callee.params.iter().take(given).enumerate() {
            arguments.push(match (index, callee.recursion) {
                (0, Recursion::Counted) => self.depth_of_recursion(),
                _ => self.expr(&param.ty),
            });
        }
        Some(Node::new(&callee.result, enclosed(format!("{}(", callee.name), arguments, ")")))
    }

    /// How deep a function is to call itself.
    fn depth_of_recursion(&mut self) -> Node {
        let depth = match self.random.below(100) {
            0 if self.risky() => 1_000_000,
            _ => self.random.between(0, 4),
        };
        Node::new(&Ty::Int, parts![depth.to_string()]).labelled("literal")
    }

    fn if_value(&mut self, ty: &Ty) -> Option<Node> {
        let condition = self.head(&Ty::Bool);
        let then = self.value_block(ty);
        let typing = typing_of(&then);
        let otherwise = self.value_block(ty);
        let mut parts = parts!["(if ", condition, " ", then, " else "];
        if self.random.chance(20) {
            let condition = self.head(&Ty::Bool);
            let between = self.value_block(ty);
            parts.extend(parts!["if ", condition, " ", between, " else "]);
        }
        parts.extend(parts![otherwise, ")"]);
        Some(Node { typing, ..Node::new(ty, parts) })
    }

    fn if_let_value(&mut self, ty: &Ty) -> Option<Node> {
        let inner = self.some_type();
        let optional = self.known(&Ty::optional(&inner))?;
        let name = self.name("x");
        let then = self.scoped(|generator| {
            generator.fixed(&name, &inner);
            generator.value_block(ty)
        });
        let typing = typing_of(&then);
        let otherwise = self.value_block(ty);
        let parts =
            parts!["(if let ", name, " = (", optional, ") ", then, " else ", otherwise, ")"];
        Some(Node { typing, ..Node::new(ty, parts) })
    }

    /// A block that ends in a value.
    pub(super) fn value_block(&mut self, ty: &Ty) -> Vec<Node> {
        self.scoped(|generator| {
            let mut lines = Vec::new();
            if generator.random.chance(10) {
                generator.statement(&mut lines);
            }
            lines.push(generator.expr(ty));
            lines
        })
    }

    fn coalesce(&mut self, ty: &Ty) -> Option<Node> {
        let optional = self.present(ty)?;
        let otherwise = self.expr(ty);
        Some(Node::new(ty, parts!["(", optional, " ?? ", otherwise, ")"]))
    }

    fn coalesce_never(&mut self, ty: &Ty) -> Option<Node> {
        let optional = self.present(ty)?;
        let never = self.never()?;
        Some(Node::new(ty, parts!["(", optional, " ?? ", never, ")"]))
    }

    /// An optional of a type, which tells its type itself.
    fn present(&mut self, ty: &Ty) -> Option<Node> {
        match ty {
            Ty::Optional(_) | Ty::Unit => None,
            ty => self.known(&Ty::optional(ty)),
        }
    }

    /// An expression that stands in the head of a statement, where a brace would begin its body.
    pub(super) fn head(&mut self, ty: &Ty) -> Node {
        let node = self.expr(ty);
        if !has_open_brace(&node.text()) {
            return node;
        }
        let (ty, typing, label) = (node.ty.clone(), node.typing, node.label);
        Node { typing, label, ..Node::new(&ty, parts!["(", node, ")"]) }
    }

    /// What a method is called on.
    pub(super) fn receiver(&mut self, ty: &Ty) -> Option<Node> {
        let node = self.known(ty)?;
        let (ty, label) = (node.ty.clone(), node.label);
        match node.parts.as_slice() {
            [super::tree::Part::Text(text)] if text.starts_with(|c: char| c.is_alphabetic()) => {
                Some(node)
            }
            _ => Some(Node::new(&ty, parts!["(", node, ")"]).labelled(label)),
        }
    }

    /// A type that values inside of expressions may have.
    pub(super) fn some_type(&mut self) -> Ty {
        let of_locals: Vec<Ty> = self.locals.iter().map(|local| local.ty.clone()).collect();
        match self.random.pick(&of_locals) {
            Some(ty) if self.random.chance(50) && !matches!(ty, Ty::Optional(_)) => ty.clone(),
            _ => [Ty::Int, Ty::Int, Ty::Str, Ty::Float, Ty::Bool][self.random.below(5)].clone(),
        }
    }

    /// A whole number that is not large: an index, a length, an exponent.
    pub(super) fn small(&mut self) -> Node {
        let named = self.locals.iter().filter(|local| local.ty == Ty::Int);
        let named: Vec<String> = named.map(|local| local.name.clone()).collect();
        let literal = self.random.between(0, 6);
        let parts = match (self.random.pick(&named), self.random.below(4)) {
            (Some(name), 0) => parts![name.clone()],
            (Some(name), 1) => parts!["(", name.clone(), format!(" % {})", literal + 1)],
            (Some(name), 2) => parts!["(", name.clone(), format!(" - {literal})")],
            _ => parts![literal.to_string()],
        };
        Node::new(&Ty::Int, parts)
    }
}

/// Whether a block tells the type of its value itself. One with statements may not get to its value,
/// and then has none.
pub(super) fn typing_of(block: &[Node]) -> Typing {
    match block {
        [value] => value.typing,
        _ => Typing::Wanted,
    }
}

/// Whether a brace stands outside of all brackets and texts.
pub(super) fn has_open_brace(text: &str) -> bool {
    let mut brackets = 0;
    let mut in_text = false;
    let mut escaped = false;
    for character in text.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            _ if in_text => {}
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets -= 1,
            '{' if brackets == 0 => return true,
            _ => {}
        }
    }
    false
}
