//! Uses of the built-ins, straight from the compiler's table, so that a new one is generated as soon
//! as it is there. What an argument must be for the call not to trap is said here; where nothing is
//! said, any value goes.

use midflight_compiler::builtins::{Builtin, Form, ROWS, Row, Shape};

use super::Generator;
use super::tree::{Node, parts};
use super::ty::Ty;
use super::value::enclosed;

/// The name that a built-in is counted by: its own.
pub(crate) fn label(builtin: Builtin) -> &'static str {
    static LABELS: std::sync::LazyLock<Vec<String>> =
        std::sync::LazyLock::new(|| ROWS.iter().map(|row| format!("{:?}", row.builtin)).collect());
    LABELS.get(builtin as usize).map_or("", String::as_str)
}

/// The type of a shape, where the receiver's elements have this type.
fn shaped(shape: Shape, element: &Ty) -> Option<Ty> {
    Some(match shape {
        Shape::Int => Ty::Int,
        Shape::Float => Ty::Float,
        Shape::Bool => Ty::Bool,
        Shape::Str => Ty::Str,
        Shape::OptionalInt => Ty::optional(&Ty::Int),
        Shape::OptionalFloat => Ty::optional(&Ty::Float),
        Shape::ListStr => Ty::list(&Ty::Str),
        Shape::Element => element.clone(),
        Shape::ListOfElement | Shape::List => Ty::list(element),
        Shape::OptionalElement => Ty::optional(element),
        Shape::Printable | Shape::Unit => return None,
    })
}

/// The element type that makes a built-in give a value of this type.
fn element_for(row: &Row, ty: &Ty) -> Option<Ty> {
    match (row.result, ty) {
        (Shape::Element, ty) => Some(ty.clone()),
        (Shape::OptionalElement, Ty::Optional(inner)) => Some((**inner).clone()),
        (Shape::ListOfElement, Ty::List(inner)) => Some((**inner).clone()),
        (Shape::OptionalElement | Shape::ListOfElement, _) => None,
        (shape, ty) => (shaped(shape, &Ty::Unit).as_ref() == Some(ty)).then_some(Ty::Unit),
    }
}

impl Generator {
    /// A built-in that gives a value of this type.
    pub(super) fn builtin(&mut self, ty: &Ty) -> Option<Node> {
        let fitting = ROWS.iter().filter_map(|row| Some((row, element_for(row, ty)?)));
        let fitting: Vec<(&Row, Ty)> = fitting.collect();
        let weights: Vec<u32> =
            fitting.iter().map(|(row, _)| self.swarm.weight(label(row.builtin), 2)).collect();
        let (row, element) = fitting.get(self.random.weighted(&weights)?)?;
        let made = match row.form {
            Form::Function => self.function(row, ty),
            Form::TextMethod => self.text_method(row, ty),
            Form::ListMethod => self.list_method(row, ty, element),
            Form::ListMutation => self.taken(row, ty),
            Form::Property => self.property(row, ty),
        };
        Some(made?.labelled(label(row.builtin)))
    }

    fn function(&mut self, row: &Row, ty: &Ty) -> Option<Node> {
        let arguments = match row.builtin {
            _ if self.risky() => self.any_arguments(row)?,
            Builtin::AbsInt | Builtin::PowInt => {
                let exponent = self.random.between(0, 5);
                let base = self.small();
                let rest = [base, Node::new(&Ty::Int, parts![exponent.to_string()])];
                rest.into_iter().take(row.params.len()).collect()
            }
            Builtin::ClampInt => {
                let low = self.random.between(-5, 5);
                let high = low + self.random.between(0, 50);
                vec![self.expr(&Ty::Int), number(low.to_string()), number(high.to_string())]
            }
            Builtin::ClampFloat => {
                let low = self.random.between(-5, 5);
                let high = low + self.random.between(0, 50);
                vec![self.expr(&Ty::Float), number(format!("{low}.0")), number(format!("{high}.5"))]
            }
            Builtin::IntOfFloat => {
                let value = self.leaf(&Ty::Float);
                let parts = match self.random.below(3) {
                    0 => parts!["float(", self.expr(&Ty::Int), ") / 3.0"],
                    1 => parts!["max(-1.0e18, min(1.0e18, ", value, "))"],
                    _ => parts!["clamp(", value, ", -100.0, 100.0)"],
                };
                vec![Node::new(&Ty::Float, parts)]
            }
            Builtin::Random => {
                let bounds = [1, 2, 3, 6, 100, 1 << 40, i64::MAX];
                vec![number(bounds[self.random.below(bounds.len())].to_string())]
            }
            _ => self.any_arguments(row)?,
        };
        Some(Node::new(ty, enclosed(format!("{}(", row.name), arguments, ")")))
    }

    fn any_arguments(&mut self, row: &Row) -> Option<Vec<Node>> {
        let mut arguments = Vec::new();
        for &shape in row.params {
            let ty = match shaped(shape, &Ty::Unit) {
                Some(ty) => ty,
                None => self.printable_type(),
            };
            arguments.push(self.known(&ty)?);
        }
        Some(arguments)
    }

    fn text_method(&mut self, row: &Row, ty: &Ty) -> Option<Node> {
        if row.builtin == Builtin::TextSlice {
            return self.slice(&Ty::Str, ty);
        }
        let receiver = self.receiver(&Ty::Str)?;
        let arguments: Vec<Node> = row.params[1..].iter().map(|_| self.expr(&Ty::Str)).collect();
        let call = enclosed(format!(".{}(", row.name), arguments, ")");
        let mut parts = parts![receiver];
        parts.extend(call);
        Some(Node::new(ty, parts))
    }

    fn list_method(&mut self, row: &Row, ty: &Ty, element: &Ty) -> Option<Node> {
        let element = match (row.builtin, element) {
            (Builtin::ListJoin, _) => Ty::Str,
            (_, Ty::Unit) => self.some_type(),
            (_, element) => element.clone(),
        };
        let list = self.list_type(&element);
        if row.builtin == Builtin::ListSlice {
            return self.slice(&list, ty);
        }
        let receiver = self.receiver(&list)?;
        let mut arguments = Vec::new();
        for &shape in &row.params[1..] {
            arguments.push(self.expr(&shaped(shape, &element)?));
        }
        let mut parts = parts![receiver];
        parts.extend(enclosed(format!(".{}(", row.name), arguments, ")"));
        Some(Node::new(ty, parts))
    }

    /// A type of list that the program has, with these elements.
    fn list_type(&mut self, element: &Ty) -> Ty {
        let fits = |ty: &Ty| ty.element() == Some(element);
        match self.path(&|found, _| fits(found)) {
            Some(path) if self.random.chance(70) => path.ty,
            _ => Ty::list(element),
        }
    }

    /// A part of a text or list, from one end or the other.
    fn slice(&mut self, of: &Ty, ty: &Ty) -> Option<Node> {
        let path = self.read_path(of)?;
        let place = self.place(&path);
        let whole = place.node;
        let length = parts![whole.clone(), ".len"];
        let at = self.random.between(0, 3);
        let end = Node::new(&Ty::Int, length);
        let (from, to) = match self.random.below(4) {
            _ if self.risky() => (self.small(), self.small()),
            0 => (number("0".to_owned()), end),
            1 => (Node::new(&Ty::Int, parts![format!("min({at}, "), end.clone(), ")"]), end),
            2 => {
                let half = Node::new(&Ty::Int, parts!["(", end, " / 2)"]);
                (number("0".to_owned()), half)
            }
            _ => (end.clone(), end),
        };
        let slice = Node::new(ty, parts![whole, ".slice(", from, ", ", to, ")"]);
        let Some(guard) = super::place::all_of(place.guard) else { return Some(slice) };
        let otherwise = self.leaf(ty);
        let parts = parts!["(if ", guard, " ", vec![slice], " else ", vec![otherwise], ")"];
        Some(Node::new(ty, parts))
    }

    /// What a list gives away: its last element, or one by its index.
    fn taken(&mut self, row: &Row, ty: &Ty) -> Option<Node> {
        let element = match (row.builtin, ty) {
            (Builtin::ListPop, Ty::Optional(inner)) => (**inner).clone(),
            (_, ty) => ty.clone(),
        };
        let path = self.write_path(
            &|found| matches!(found, Ty::Bounded(of, _) | Ty::List(of) if **of == element),
        )?;
        let place = self.place(&path);
        let list = place.node;
        let mut guard = place.guard;
        let call = match row.builtin {
            Builtin::ListRemove => {
                let index = if self.risky() { self.small() } else { number("0".to_owned()) };
                if !self.risky() {
                    guard.push(Node::new(&Ty::Bool, parts!["(", list.clone(), ".len > 0)"]));
                }
                parts![list, ".remove(", index, ")"]
            }
            _ => parts![list, format!(".{}()", row.name)],
        };
        let call = Node::new(ty, call).labelled(label(row.builtin));
        let Some(guard) = super::place::all_of(guard) else { return Some(call) };
        let otherwise = self.leaf(ty);
        let parts = parts!["(if ", guard, " ", vec![call], " else ", vec![otherwise], ")"];
        Some(Node::new(ty, parts))
    }

    fn property(&mut self, row: &Row, ty: &Ty) -> Option<Node> {
        let of = match row.params {
            [Shape::Str] => Ty::Str,
            _ => {
                let element = self.some_type();
                self.list_type(&element)
            }
        };
        let receiver = self.receiver(&of)?;
        Some(Node::new(ty, parts![receiver, format!(".{}", row.name)]))
    }
}

fn number(text: String) -> Node {
    let ty = if text.contains('.') { Ty::Float } else { Ty::Int };
    Node::new(&ty, parts![text]).labelled("literal")
}
