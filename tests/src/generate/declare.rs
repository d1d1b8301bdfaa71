//! What a program declares besides its functions: constants, types, state, tables, events.

use super::Generator;
use super::tree::{Node, parts};
use super::ty::{Field, Table, Ty, Variant};

/// Where a type stands, which says what it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// What is stored.
    Field,
    /// What comes from outside.
    Argument,
    /// What lives within a call.
    Local,
}

/// How deep types stand in each other.
const NESTING_MAX: usize = 2;

impl Generator {
    /// Declares types, state, tables, events and constants.
    pub(super) fn declarations(&mut self) -> Vec<Node> {
        let mut items = Vec::new();
        for _ in 0..self.random.below(4) {
            items.push(self.constant_item());
        }
        for _ in 0..self.random.below(5) {
            items.push(match self.random.below(2) {
                0 => self.struct_item(),
                _ => self.enum_item(),
            });
        }
        for _ in 0..[1, 1, 2, 2, 3, 0][self.random.below(6)] {
            items.push(self.table_item());
        }
        items.push(self.state_item());
        for _ in 0..self.random.below(3) {
            items.push(self.event_item());
        }
        items
    }

    /// A type that values at a site may have.
    pub(super) fn any_type(&mut self, site: Site) -> Ty {
        self.type_in(site, NESTING_MAX)
    }

    fn type_in(&mut self, site: Site, nesting: usize) -> Ty {
        let structs = self.declared.structs.len();
        let enums = self.declared.enums.len();
        let tables = self.declared.tables.len();
        let inner = |generator: &mut Generator| match nesting {
            0 => generator.scalar_type(),
            _ => generator.type_in(site, nesting - 1),
        };
        match self.random.below(20) {
            0 | 1 if structs > 0 => Ty::Struct(self.random.below(structs)),
            2 | 3 if enums > 0 => Ty::Enum(self.random.below(enums)),
            4 | 5 => match inner(self) {
                Ty::Optional(inner) => Ty::Optional(inner),
                ty => Ty::optional(&ty),
            },
            6 => Ty::Array(Box::new(inner(self)), self.random.between(1, 4) as usize),
            7 | 8 => Ty::Bounded(Box::new(inner(self)), self.random.between(1, 5) as usize),
            9 | 10 if site != Site::Field => Ty::list(&inner(self)),
            11 | 12 if site == Site::Local && tables > 0 => Ty::Row(self.random.below(tables)),
            _ => self.scalar_type(),
        }
    }

    fn scalar_type(&mut self) -> Ty {
        match self.random.below(10) {
            0..4 => Ty::Int,
            4..6 => Ty::Str,
            6..8 => Ty::Float,
            _ => Ty::Bool,
        }
    }

    fn constant_item(&mut self) -> Node {
        let ty = self.scalar_type();
        let value = self.constant(&ty);
        let name = self.name("C");
        self.declared.constants.push((name.clone(), ty));
        Node::line("const", parts![format!("const {name} = "), value])
    }

    /// A field that is stored, now and then with a default.
    fn field(&mut self) -> Field {
        let ty = self.any_type(Site::Field);
        let default = self.random.chance(30).then(|| self.constant(&ty));
        Field { name: self.name("f"), ty, default }
    }

    fn fields(&mut self, most: usize) -> Vec<Field> {
        (0..=self.random.below(most)).map(|_| self.field()).collect()
    }

    fn struct_item(&mut self) -> Node {
        let fields = self.fields(4);
        let number = self.declared.structs.len();
        let lines = fields.iter().map(field_line).collect::<Vec<_>>();
        self.declared.structs.push(fields);
        Node::line("struct", parts![format!("struct S{number} "), lines])
    }

    fn enum_item(&mut self) -> Node {
        let is_bare = self.random.chance(40);
        let mut variants = Vec::new();
        for _ in 0..=self.random.below(4) {
            let mut payload = Vec::new();
            if !is_bare {
                for _ in 0..self.random.below(3) {
                    payload.push(Field { default: None, ..self.field() });
                }
            }
            variants.push(Variant { name: self.name("k"), payload });
        }
        let number = self.declared.enums.len();
        let lines = variants.iter().map(variant_line).collect::<Vec<_>>();
        self.declared.enums.push(variants);
        Node::line("enum", parts![format!("enum E{number} "), lines])
    }

    fn table_item(&mut self) -> Node {
        let key_ty = if self.random.chance(65) { Ty::Int } else { Ty::Str };
        let key = Field { name: self.name("f"), ty: key_ty, default: None };
        let mut lines = vec![Node::line("field", parts![format!("key {}: {}", key.name, key.ty)])];
        let mut fields = vec![key];
        let mut indexed = Vec::new();
        for _ in 0..=self.random.below(4) {
            let mut field = self.field();
            if self.random.chance(40) {
                field = Field { ty: self.printable_type(), default: None, ..field };
            }
            let line = field_line(&field);
            lines.push(match self.random.chance(8) {
                true => Node::line("transient", parts!["transient ", line]),
                false => line,
            });
            if self.declared.is_printable(&field.ty) && self.random.chance(55) {
                indexed.push(fields.len());
                lines.push(Node::line("index", parts![format!("index {}", field.name)]));
            }
            fields.push(field);
        }
        if self.random.chance(30) {
            for _ in 0..3 {
                let field = Field { name: self.name("f"), ty: Ty::Float, default: None };
                lines.push(field_line(&field));
                fields.push(field);
            }
        }
        if self.random.chance(8) {
            lines.push(Node::line("index", parts![format!("index {}", fields[0].name)]));
            indexed.push(0);
        }
        let number = self.declared.tables.len();
        self.declared.tables.push(Table { fields, indexed });
        Node::line("table", parts![format!("table t{number} "), lines])
    }

    fn state_item(&mut self) -> Node {
        let fields = self.fields(6);
        let lines = fields.iter().map(field_line).collect::<Vec<_>>();
        self.declared.state = fields;
        Node::line("state", parts!["state ", lines])
    }

    fn event_item(&mut self) -> Node {
        let fields: Vec<Field> = self.fields(3);
        let number = self.declared.events.len();
        let lines = fields.iter().map(field_line).collect::<Vec<_>>();
        self.declared.events.push(fields);
        Node::line("event", parts![format!("event e{number} "), lines])
    }
}

fn field_line(field: &Field) -> Node {
    let mut parts = parts![format!("{}: {}", field.name, field.ty)];
    if let Some(default) = &field.default {
        parts.extend(parts![" = ", default.clone()]);
    }
    Node::line("field", parts)
}

fn variant_line(variant: &Variant) -> Node {
    let payload: Vec<String> =
        variant.payload.iter().map(|field| format!("{}: {}", field.name, field.ty)).collect();
    let text = match payload.is_empty() {
        true => variant.name.clone(),
        false => format!("{}({})", variant.name, payload.join(", ")),
    };
    Node::line("variant", parts![text])
}
