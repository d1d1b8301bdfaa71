//! Who holds whom by value: types that contain themselves or nest too deep are refused, then every
//! type is measured. The nodes of the graph are the structs, then the enums.

use std::collections::BTreeSet;

use super::Checker;
use super::cycles::{Graph, components, is_cycle};
use crate::diag::{Code, Diagnostic};
use crate::layout::{Layouts, TooLarge};
use crate::source::Span;
use crate::types::{EnumId, Field, StructId, TableId, Type, Types};

/// The fields that a message about a type that contains itself points to.
const LINKS_MAX: usize = 4;

impl Checker<'_> {
    /// Refuses types that contain themselves, and types that nest deeper than passes may recurse.
    pub(super) fn containment(&mut self) {
        let depth_max = self.limits.type_depth_max;
        let graph = self.containment_graph();
        self.type_depths = vec![0; graph.len()];
        for component in components(&graph) {
            if is_cycle(&graph, &component) {
                self.refuse_cycle(&component);
                continue;
            }
            let node = component[0];
            let depth = self.fields_of(node).map(|field| self.type_depth(field.ty)).max();
            self.type_depths[node] = depth.unwrap_or(0);
            if self.type_depths[node] > depth_max {
                // What holds it starts again, so that this is said once.
                self.type_depths[node] = 0;
                let (name, span) = self.type_node(node);
                let text = format!("`{name}` is nested too deep");
                self.report(
                    Diagnostic::new(Code::E0614, span, text)
                        .with_label(format!("types nest at most {depth_max} deep")),
                );
                self.forget_parts(node);
            }
        }
    }

    /// How many structs, enums and lists values of a type hold in each other. Of what is declared
    /// only as far as `containment` has come.
    pub(super) fn type_depth(&self, ty: Type) -> u32 {
        match ty {
            Type::Array(inner, _) | Type::Bounded(inner, _) | Type::List(inner) => {
                self.type_depth(self.types.get(inner)) + 1
            }
            Type::Optional(inner) => self.type_depth(self.types.get(inner)),
            _ => match type_node_of(&self.types, ty) {
                Some(node) => self.type_depths.get(node).map_or(0, |depth| depth + 1),
                None => 0,
            },
        }
    }

    /// Structs first, then enums.
    fn containment_graph(&self) -> Graph {
        let types = &self.types;
        let structs = types.structs.iter().map(|strukt| held(types, strukt.fields.iter()));
        let enums = types.enums.iter().map(|enumeration| {
            held(types, enumeration.variants.iter().flat_map(|variant| &variant.fields))
        });
        structs.chain(enums).collect()
    }

    fn refuse_cycle(&mut self, component: &[usize]) {
        let mut members: Vec<(String, Span)> =
            component.iter().map(|&node| self.type_node(node)).collect();
        members.sort_by_key(|(_, span)| *span);
        let (name, span) = members[0].clone();
        let text = format!("`{name}` contains itself");
        let mut diagnostic = Diagnostic::new(Code::E0402, span, text)
            .with_help("keep a key instead of the value, and the values in a table");
        for (text, span) in self.links(component).into_iter().take(LINKS_MAX) {
            diagnostic = diagnostic.with_note(span, text);
        }
        self.report(diagnostic);
        for &node in component {
            self.forget_parts(node);
        }
    }

    /// The fields by which the types of a component hold each other, in the order of the source.
    fn links(&self, component: &[usize]) -> Vec<(String, Span)> {
        let mut links = Vec::new();
        for &node in component {
            for field in self.fields_of(node) {
                let held = type_node_of(&self.types, field.ty);
                if let Some(inner) = held.filter(|inner| component.contains(inner)) {
                    let (name, _) = self.type_node(inner);
                    links.push((format!("holds `{name}`"), field.span));
                }
            }
        }
        links.sort_by_key(|(_, span)| *span);
        links
    }

    fn type_node(&self, node: usize) -> (String, Span) {
        match self.types.structs.get(node) {
            Some(strukt) => (strukt.name.clone(), self.declared.structs[node].name_span),
            None => {
                let name = self.declared.enums[node - self.types.structs.len()].name;
                (name.text.to_string(), name.span)
            }
        }
    }

    /// Gives the parts of a refused type the type `Error`, so that it has a layout and mentions of
    /// it stay silent.
    fn forget_parts(&mut self, node: usize) {
        let structs = self.types.structs.len();
        let fields: Box<dyn Iterator<Item = &mut Field>> = match self.types.structs.get_mut(node) {
            Some(strukt) => Box::new(strukt.fields.iter_mut()),
            None => {
                let variants = &mut self.types.enums[node - structs].variants;
                Box::new(variants.iter_mut().flat_map(|variant| &mut variant.fields))
            }
        };
        for field in fields {
            field.ty = Type::Error;
        }
    }

    /// Computes the layouts; says which types are too large.
    pub(super) fn measure(&mut self) {
        match Layouts::new(&self.types, self.state, &self.limits) {
            Ok(layouts) => self.layouts = Some(layouts),
            Err(too_large) => {
                let graph = self.containment_graph();
                let nodes: BTreeSet<usize> =
                    too_large.iter().filter_map(|&found| self.node_of(found)).collect();
                for found in too_large {
                    let node = self.node_of(found);
                    let held = node.map(|node| graph[node].as_slice()).unwrap_or_default();
                    // What holds a type that is too large is too large for the same reason.
                    if !held.iter().any(|inner| nodes.contains(inner)) {
                        self.too_large(found);
                    }
                }
            }
        }
    }

    fn node_of(&self, found: TooLarge) -> Option<usize> {
        match found {
            TooLarge::Struct(id) => Some(id.index()),
            TooLarge::Enum(id) => Some(self.types.structs.len() + id.index()),
            TooLarge::Table(_) => None,
        }
    }

    fn too_large(&mut self, found: TooLarge) {
        let limits = self.limits;
        let (what, span) = match found {
            TooLarge::Struct(id) if id == self.state => {
                ("`state`".to_owned(), self.declared.structs[id.index()].name_span)
            }
            TooLarge::Struct(StructId(index)) => {
                let (name, span) = self.type_node(index as usize);
                (format!("a value of `{name}`"), span)
            }
            TooLarge::Enum(EnumId(index)) => {
                let name = self.declared.enums[index as usize].name;
                (format!("a value of `{}`", name.text), name.span)
            }
            TooLarge::Table(TableId(index)) => {
                let name = &self.declared.tables[index as usize].name;
                (format!("a row of `{}`", name.text), name.span)
            }
        };
        let (code, limit) = match found {
            TooLarge::Struct(id) if id == self.state => (Code::E0617, limits.state_size_max),
            TooLarge::Struct(_) | TooLarge::Enum(_) => (Code::E0610, limits.value_size_max),
            TooLarge::Table(_) => (Code::E0616, limits.row_size_max),
        };
        self.report(
            Diagnostic::new(code, span, format!("{what} takes more than {limit} bytes"))
                .with_help("a list takes the room of all its elements; rows of a table do not"),
        );
    }
}

/// The structs and enums that fields hold by value, as nodes of the containment graph.
fn held<'f>(types: &Types, fields: impl Iterator<Item = &'f Field>) -> Vec<usize> {
    let mut nodes: Vec<usize> = fields.filter_map(|field| type_node_of(types, field.ty)).collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

/// The node of the struct or enum that a type is, or is a list or optional of.
pub(super) fn type_node_of(types: &Types, ty: Type) -> Option<usize> {
    match ty {
        Type::Struct(id) => Some(id.index()),
        Type::Enum(id) => Some(types.structs.len() + id.index()),
        Type::Optional(inner)
        | Type::Array(inner, _)
        | Type::Bounded(inner, _)
        | Type::List(inner) => type_node_of(types, types.get(inner)),
        _ => None,
    }
}
