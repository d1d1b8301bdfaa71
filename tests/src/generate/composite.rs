//! Expressions of structs, enums, optionals and lists.

use super::Generator;
use super::expr::Production;
use super::tree::{Node, Typing, parts};
use super::ty::{Field, Ty};
use super::value::enclosed;

pub(super) const STRUCT: &[Production] =
    &[Production { label: "struct", weight: 16, make: Generator::strukt }];

pub(super) const ENUM: &[Production] =
    &[Production { label: "variant", weight: 16, make: Generator::variant }];

pub(super) const OPTIONAL: &[Production] = &[
    Production { label: "some", weight: 10, make: Generator::some },
    Production { label: "none", weight: 4, make: Generator::none },
    Production { label: "row or none", weight: 8, make: Generator::find },
];

pub(super) const ARRAY: &[Production] = &[
    Production { label: "array", weight: 8, make: Generator::list },
    Production { label: "repeat", weight: 6, make: Generator::repeat },
];

pub(super) const BOUNDED: &[Production] =
    &[Production { label: "bounded list", weight: 8, make: Generator::list }];

pub(super) const LIST: &[Production] = &[
    Production { label: "list", weight: 10, make: Generator::list },
    Production { label: "read as a list", weight: 8, make: Generator::list_of },
];

impl Generator {
    /// Fields in any order; those that are left out take their default.
    fn strukt(&mut self, ty: &Ty) -> Option<Node> {
        let Ty::Struct(number) = ty else { return None };
        let mut fields = self.declared.structs[*number].clone();
        if self.random.chance(30) {
            self.random.shuffle(&mut fields);
            let given = self.random.below(fields.len() + 1);
            fields.truncate(given);
        }
        let inits = self.given_fields(&fields);
        Some(Node::new(ty, enclosed(format!("S{number} {{ "), inits, " }")))
    }

    /// Each field with a value, as literals and events write them.
    pub(super) fn given_fields(&mut self, fields: &[Field]) -> Vec<Node> {
        let with_value = |field: &Field| {
            let value = self.expr(&field.ty);
            Node::line("field", parts![format!("{}: ", field.name), value])
        };
        fields.iter().map(with_value).collect()
    }

    fn variant(&mut self, ty: &Ty) -> Option<Node> {
        let Ty::Enum(number) = ty else { return None };
        let variants = self.declared.enums[*number].clone();
        let chosen = self.random.pick(&variants)?;
        let name = format!("E{number}.{}", chosen.name);
        if chosen.payload.is_empty() {
            return Some(Node::new(ty, parts![name]));
        }
        let payload: Vec<Node> = chosen.payload.iter().map(|field| self.expr(&field.ty)).collect();
        Some(Node::new(ty, enclosed(name + "(", payload, ")")))
    }

    /// A value where an optional is wanted.
    fn some(&mut self, ty: &Ty) -> Option<Node> {
        let Ty::Optional(inner) = ty else { return None };
        let value = self.expr(inner);
        Some(Node::new(ty, parts![value]).wanting())
    }

    fn none(&mut self, ty: &Ty) -> Option<Node> {
        Some(Node::new(ty, parts!["none"]).wanting())
    }

    fn find(&mut self, ty: &Ty) -> Option<Node> {
        let Ty::Optional(inner) = ty else { return None };
        let Ty::Row(table) = **inner else { return None };
        let key = self.key(table);
        Some(Node::new(ty, parts![format!("t{table}.get("), key, ")"]))
    }

    /// A list of any kind, element by element.
    fn list(&mut self, ty: &Ty) -> Option<Node> {
        let (inner, len) = match ty {
            Ty::Array(inner, len) => (inner, *len),
            Ty::Bounded(inner, len) => (inner, self.random.below(len + 1)),
            Ty::List(inner) => (inner, self.random.below(4)),
            _ => return None,
        };
        let elements: Vec<Node> = (0..len).map(|_| self.expr(inner)).collect();
        let tells = matches!(ty, Ty::List(_))
            && elements.first().is_some_and(|first| first.typing == Typing::Known);
        let list = Node::new(ty, enclosed("[", elements, "]"));
        Some(if tells { list } else { list.wanting() })
    }

    fn repeat(&mut self, ty: &Ty) -> Option<Node> {
        let Ty::Array(inner, len) = ty else { return None };
        let value = self.known(inner)?;
        Some(Node::new(ty, parts!["[", value, format!("; {len}]")]).wanting())
    }

    /// A fixed or bounded list where a `[T]` is wanted.
    fn list_of(&mut self, ty: &Ty) -> Option<Node> {
        let Ty::List(inner) = ty else { return None };
        let path = self.path(
            &|found, _| matches!(found, Ty::Array(of, _) | Ty::Bounded(of, _) if of == inner),
        )?;
        let place = self.place(&path);
        let guard = super::place::all_of(place.guard);
        let list = match guard {
            None => place.node,
            Some(guard) => {
                let otherwise = self.leaf(&path.ty);
                let parts =
                    parts!["(if ", guard, " ", vec![place.node], " else ", vec![otherwise], ")"];
                Node::new(&path.ty, parts)
            }
        };
        Some(Node::new(ty, parts![list]).wanting())
    }
}
