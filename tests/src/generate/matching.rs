//! `match`: patterns that leave nothing out, nested as deep as the types are.

use super::Generator;
use super::expr::{has_open_brace, typing_of};
use super::tree::{Node, Typing, parts};
use super::ty::{Ty, Variant};
use super::value::{Value, literal};

/// What an arm is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arm {
    Value,
    Statement,
}

/// Whether a name may be bound where a pattern stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Binds {
    /// Inside of a payload.
    Yes,
    /// At the top, where a name is a variant, and in alternatives.
    No,
}

impl Generator {
    /// `match` as a value of a type.
    pub(super) fn match_value(&mut self, ty: &Ty) -> Option<Node> {
        let (head, arms) = self.arms(Arm::Value, ty)?;
        let first = arms.first().and_then(|arm| arm.parts.iter().rev().find_map(last_value));
        let typing = first.unwrap_or(Typing::Wanted);
        Some(Node { typing, ..Node::new(ty, parts!["(match ", head, " ", arms, ")"]) })
    }

    /// `match` as a statement.
    pub(super) fn match_statement(&mut self) -> Option<Node> {
        let (head, arms) = self.arms(Arm::Statement, &Ty::Unit)?;
        Some(Node::line("match", parts!["match ", head, " ", arms]))
    }

    fn matched_type(&mut self) -> Ty {
        let enums = self.declared.enums.len();
        let plain = match self.random.below(8) {
            0 | 1 => Ty::Int,
            2 => Ty::Str,
            3 => [Ty::Bool, Ty::Float][self.random.below(2)].clone(),
            _ if enums > 0 => Ty::Enum(self.random.below(enums)),
            _ => Ty::Int,
        };
        if self.random.chance(25) { Ty::optional(&plain) } else { plain }
    }

    fn arms(&mut self, arm: Arm, ty: &Ty) -> Option<(Node, Vec<Node>)> {
        let of = self.matched_type();
        let value = match self.read(&of) {
            Some(place) if self.random.chance(60) => place,
            _ => self.known(&of)?,
        };
        let head = match has_open_brace(&value.text()) {
            true => Node::new(&of, parts!["(", value, ")"]),
            false => value,
        };
        let mut arms = Vec::new();
        let specific = self.random.below(3);
        for _ in 0..specific {
            arms.push(self.arm(arm, ty, |generator| generator.top_pattern(&of)));
        }
        match self.random.chance(50).then(|| self.complete(&of)).flatten() {
            Some(patterns) => {
                for pattern in patterns {
                    arms.push(self.arm(arm, ty, |generator| pattern(generator)));
                }
            }
            None => arms.push(self.arm(arm, ty, |_| "_".to_owned())),
        }
        Some((head, arms))
    }

    fn arm(&mut self, arm: Arm, ty: &Ty, pattern: impl FnOnce(&mut Generator) -> String) -> Node {
        self.scoped(|generator| {
            let pattern = pattern(generator);
            let mut parts = parts![format!("{pattern} => ")];
            let block = generator.random.chance(35);
            match arm {
                Arm::Value if block => parts.extend(parts![generator.value_block(ty)]),
                Arm::Value => parts.extend(parts![generator.expr(ty)]),
                Arm::Statement if block => parts.extend(parts![generator.block()]),
                Arm::Statement => match generator.simple_statement() {
                    Some(statement) => parts.extend(parts![statement]),
                    None => parts.extend(parts![Vec::<Node>::new()]),
                },
            }
            Node::line("arm", parts)
        })
    }

    /// A pattern for some values of a type.
    fn top_pattern(&mut self, ty: &Ty) -> String {
        if self.random.chance(25) {
            let one = self.pattern(ty, Binds::No);
            let other = self.pattern(ty, Binds::No);
            if one != "_" && other != "_" && one != other {
                return format!("{one} | {other}");
            }
        }
        match ty {
            Ty::Optional(_) if self.random.chance(30) => "none".to_owned(),
            Ty::Optional(inner) => self.top_pattern(inner),
            Ty::Enum(number) => {
                let variants = self.declared.enums[*number].clone();
                let chosen = self.random.below(variants.len());
                self.variant_pattern(&variants[chosen], Binds::Yes)
            }
            ty => self.literal_pattern(ty),
        }
    }

    /// A pattern in a payload, or an alternative.
    fn pattern(&mut self, ty: &Ty, binds: Binds) -> String {
        match (self.random.below(6), ty) {
            (0 | 1, _) if binds == Binds::Yes => self.bind(ty),
            (2, _) => "_".to_owned(),
            (3, Ty::Optional(_)) => "none".to_owned(),
            (_, Ty::Optional(inner)) => self.pattern(inner, Binds::No),
            (_, Ty::Enum(number)) => {
                let variants = self.declared.enums[*number].clone();
                let chosen = self.random.below(variants.len());
                self.variant_pattern(&variants[chosen], binds)
            }
            (_, Ty::Int | Ty::Float | Ty::Bool | Ty::Str) => self.literal_pattern(ty),
            _ if binds == Binds::Yes => self.bind(ty),
            _ => "_".to_owned(),
        }
    }

    fn bind(&mut self, ty: &Ty) -> String {
        let name = self.name("p");
        self.fixed(&name, ty);
        name
    }

    fn variant_pattern(&mut self, variant: &Variant, binds: Binds) -> String {
        if variant.payload.is_empty() {
            return variant.name.clone();
        }
        let parts: Vec<String> =
            variant.payload.iter().map(|field| self.pattern(&field.ty, binds)).collect();
        format!("{}({})", variant.name, parts.join(", "))
    }

    fn literal_pattern(&mut self, ty: &Ty) -> String {
        let value = match self.value(ty) {
            // What has no literal is no pattern.
            Value::Float(value) if !value.is_finite() => Value::Float(0.5),
            value => value,
        };
        literal(&self.declared, ty, &value).text()
    }

    /// Patterns that together leave nothing out.
    #[expect(clippy::type_complexity, reason = "each is made in the scope of its own arm")]
    fn complete(&mut self, ty: &Ty) -> Option<Vec<Box<dyn FnOnce(&mut Generator) -> String>>> {
        match ty {
            Ty::Bool => {
                Some(vec![Box::new(|_| "true".to_owned()), Box::new(|_| "false".to_owned())])
            }
            Ty::Optional(inner) => {
                let mut patterns = self.complete(inner)?;
                patterns.push(Box::new(|_| "none".to_owned()));
                Some(patterns)
            }
            Ty::Enum(number) => {
                let variants = self.declared.enums[*number].clone();
                let patterns = variants.into_iter().map(|variant| {
                    Box::new(move |generator: &mut Generator| generator.whole(&variant)) as _
                });
                Some(patterns.collect())
            }
            _ => None,
        }
    }

    /// A pattern that every value of a variant fits.
    fn whole(&mut self, variant: &Variant) -> String {
        if variant.payload.is_empty() {
            return variant.name.clone();
        }
        let mut parts = Vec::new();
        for field in &variant.payload {
            let ignored = self.random.chance(30);
            parts.push(if ignored { "_".to_owned() } else { self.bind(&field.ty) });
        }
        format!("{}({})", variant.name, parts.join(", "))
    }
}

fn last_value(part: &super::tree::Part) -> Option<Typing> {
    match part {
        super::tree::Part::Text(_) => None,
        super::tree::Part::Node(node) => Some(node.typing),
        super::tree::Part::Lines(lines) => Some(typing_of(lines)),
    }
}
