//! Expressions of the scalar types and of text.

use super::Generator;
use super::expr::Production;
use super::tree::{Node, Part, parts};
use super::ty::Ty;
use super::value::quoted;

pub(super) const INT: &[Production] = &[
    Production { label: "arithmetic on int", weight: 22, make: Generator::int_arithmetic },
    Production { label: "negate", weight: 2, make: Generator::negate },
    Production { label: "table length", weight: 2, make: Generator::table_length },
    Production { label: "parsed int", weight: 1, make: Generator::parsed },
];

pub(super) const FLOAT: &[Production] = &[
    Production { label: "arithmetic on float", weight: 22, make: Generator::float_arithmetic },
    Production { label: "negate", weight: 3, make: Generator::negate },
    Production { label: "parsed float", weight: 1, make: Generator::parsed },
];

pub(super) const BOOL: &[Production] = &[
    Production { label: "order", weight: 16, make: Generator::ordered },
    Production { label: "equality", weight: 8, make: Generator::equal },
    Production { label: "compared with none", weight: 2, make: Generator::compared_with_none },
    Production { label: "and", weight: 5, make: Generator::and },
    Production { label: "or", weight: 5, make: Generator::or },
    Production { label: "not", weight: 4, make: Generator::not },
    Production { label: "in table", weight: 4, make: Generator::in_table },
    Production { label: "in list", weight: 3, make: Generator::in_list },
];

pub(super) const STR: &[Production] = &[
    Production { label: "interpolation", weight: 14, make: Generator::interpolation },
    Production { label: "joined texts", weight: 5, make: Generator::joined },
];

impl Generator {
    fn int_arithmetic(&mut self, ty: &Ty) -> Option<Node> {
        let op = [" + ", " + ", " - ", " - ", " * ", " / ", " % "][self.random.below(7)];
        let left = self.expr(ty);
        let right = match op {
            " * " => self.small(),
            " / " | " % " if !self.risky() => {
                let divisor = [1, 2, 3, 7, 10, 64, 97, -1, -3, i64::MAX][self.random.below(10)];
                Node::new(ty, parts![divisor.to_string()]).labelled("literal")
            }
            " / " | " % " if self.random.chance(50) => self.small(),
            _ => self.expr(ty),
        };
        let label = match op {
            " + " => "int +",
            " - " => "int -",
            " * " => "int *",
            " / " => "int /",
            _ => "int %",
        };
        Some(Node::new(ty, parts!["(", left, op, right, ")"]).labelled(label))
    }

    fn float_arithmetic(&mut self, ty: &Ty) -> Option<Node> {
        let op = [" + ", " - ", " * ", " / ", " % "][self.random.below(5)];
        let (left, right) = (self.expr(ty), self.expr(ty));
        Some(Node::new(ty, parts!["(", left, op, right, ")"]))
    }

    fn negate(&mut self, ty: &Ty) -> Option<Node> {
        let operand = self.expr(ty);
        Some(Node::new(ty, parts!["-(", operand, ")"]))
    }

    fn table_length(&mut self, ty: &Ty) -> Option<Node> {
        let table = self.some_table()?;
        Some(Node::new(ty, parts![format!("t{table}.len")]))
    }

    fn parsed(&mut self, ty: &Ty) -> Option<Node> {
        let text = self.expr(&Ty::Str);
        let otherwise = self.leaf(ty);
        let (name, label) = match ty {
            Ty::Int => ("parse_int", "ParseInt"),
            _ => ("parse_float", "ParseFloat"),
        };
        let parsed = Node::new(&Ty::optional(ty), parts![format!("{name}("), text, ")"]);
        let parts = parts!["(", parsed.labelled(label), " ?? ", otherwise, ")"];
        Some(Node::new(ty, parts))
    }

    fn ordered(&mut self, ty: &Ty) -> Option<Node> {
        let of = [Ty::Int, Ty::Int, Ty::Float, Ty::Str][self.random.below(4)].clone();
        let op = [" < ", " <= ", " > ", " >= "][self.random.below(4)];
        self.comparison(ty, op, &of)
    }

    fn equal(&mut self, ty: &Ty) -> Option<Node> {
        let of = self.some_type();
        let op = [" == ", " != "][self.random.below(2)];
        self.comparison(ty, op, &of)
    }

    fn comparison(&mut self, ty: &Ty, op: &'static str, of: &Ty) -> Option<Node> {
        let left = self.known(of)?;
        let right = self.expr(of);
        Some(Node::new(ty, parts!["(", left, op, right, ")"]))
    }

    fn compared_with_none(&mut self, ty: &Ty) -> Option<Node> {
        let of = Ty::optional(&self.some_type());
        let optional = self.known(&of)?;
        let op = [" == none)", " != none)"][self.random.below(2)];
        Some(Node::new(ty, parts!["(", optional, op]))
    }

    fn and(&mut self, ty: &Ty) -> Option<Node> {
        let (left, right) = (self.expr(ty), self.expr(ty));
        Some(Node::new(ty, parts!["(", left, " && ", right, ")"]))
    }

    fn or(&mut self, ty: &Ty) -> Option<Node> {
        let (left, right) = (self.expr(ty), self.expr(ty));
        Some(Node::new(ty, parts!["(", left, " || ", right, ")"]))
    }

    fn not(&mut self, ty: &Ty) -> Option<Node> {
        let operand = self.expr(ty);
        Some(Node::new(ty, parts!["!(", operand, ")"]))
    }

    fn in_table(&mut self, ty: &Ty) -> Option<Node> {
        let table = self.some_table()?;
        let key = self.key(table);
        Some(Node::new(ty, parts!["(", key, format!(" in t{table})")]))
    }

    fn in_list(&mut self, ty: &Ty) -> Option<Node> {
        let of = self.some_type();
        let value = self.known(&of)?;
        let list = self.known(&Ty::list(&of))?;
        Some(Node::new(ty, parts!["(", value, " in ", list, ")"]))
    }

    /// Texts and values; what stands in braces has no lines of its own.
    fn interpolation(&mut self, ty: &Ty) -> Option<Node> {
        let mut parts: Vec<Part> = parts!["\""];
        for _ in 0..=self.random.below(3) {
            if self.random.chance(60) {
                let text = quoted(&self.text_value());
                parts.extend(parts![text[1..text.len() - 1].to_owned()]);
            }
            let of = self.printable_type();
            let value = self.expr(&of);
            let text = value.text();
            let value = if text.contains(['\n', '"']) { self.plain(&of)? } else { value };
            let format = match of {
                Ty::Float if self.random.chance(40) => {
                    format!(":.{}}}", [0, 1, 2, 3, 6, 17][self.random.below(6)])
                }
                _ => "}".to_owned(),
            };
            parts.extend(parts!["{", value, format]);
        }
        parts.extend(parts!["\""]);
        Some(Node::new(ty, parts))
    }

    /// A value that is written without a quote.
    fn plain(&mut self, ty: &Ty) -> Option<Node> {
        let node = self.leaf(ty);
        (!node.text().contains(['\n', '"'])).then_some(node)
    }

    /// A type that interpolation writes.
    pub(super) fn printable_type(&mut self) -> Ty {
        let bare = (0..self.declared.enums.len()).filter(|&number| self.declared.is_bare(number));
        let bare: Vec<usize> = bare.collect();
        match (self.random.below(7), self.random.pick(&bare)) {
            (0, Some(&number)) => Ty::Enum(number),
            (1 | 2, _) => Ty::Float,
            (3, _) => Ty::Bool,
            (4, _) => Ty::Str,
            _ => Ty::Int,
        }
    }

    fn joined(&mut self, ty: &Ty) -> Option<Node> {
        let (left, right) = (self.expr(ty), self.expr(ty));
        Some(Node::new(ty, parts!["(", left, " + ", right, ")"]))
    }
}
