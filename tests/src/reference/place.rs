//! Places: a value in a local, in the state or in a row, or a part of it.
//!
//! A place is used in two steps. `find` evaluates what it begins with and its indices, in the order
//! of the source; `locate` checks that the row is there and every index in bounds. Between the two
//! stands the right side of an assignment, which may change both.

use midflight_compiler::ir::{LocalId, Place, Root, StepKind};
use midflight_compiler::source::Span;
use midflight_compiler::trap::TrapKind;

use super::activation::{Activation, Step};
use super::trap::Cause;
use super::value::{RowRef, Value};

/// A place whose row and indices are known, but not checked.
pub(crate) struct Found {
    root: FoundRoot,
    indices: Vec<i64>,
}

#[derive(Clone)]
enum FoundRoot {
    Local(LocalId),
    State,
    Row(RowRef),
    Value(Value),
}

/// A place that is there.
pub(crate) struct Located {
    root: FoundRoot,
    path: Vec<Part>,
}

enum Part {
    Field(usize),
    Element(usize),
}

impl Located {
    /// Whether the world outlives what stands there: texts are then stored.
    pub(crate) fn is_in_world(&self) -> bool {
        matches!(self.root, FoundRoot::State | FoundRoot::Row(_))
    }
}

impl<'p> Activation<'_, 'p, '_> {
    /// A copy of what stands at a place.
    pub(crate) fn read(&mut self, place: &'p Place) -> Step<Value> {
        let found = self.find(place)?;
        let at = self.locate(place, &found)?;
        Ok(self.load(&at).clone())
    }

    /// Evaluates what a place begins with, and its indices.
    pub(crate) fn find(&mut self, place: &'p Place) -> Step<Found> {
        let root = match &place.root {
            Root::Local(local) => FoundRoot::Local(*local),
            Root::State => FoundRoot::State,
            Root::Row(_, row) => FoundRoot::Row(self.expr(row)?.row()),
            Root::Value(value) => FoundRoot::Value(self.expr(value)?),
        };
        let mut indices = Vec::new();
        for step in &place.path {
            if let StepKind::Index(index) = &step.kind {
                indices.push(self.expr(index)?.int());
            }
        }
        Ok(Found { root, indices })
    }

    /// Checks a place that was found.
    pub(crate) fn locate(&mut self, place: &'p Place, found: &Found) -> Step<Located> {
        let mut at = Located { root: found.root.clone(), path: Vec::new() };
        if let FoundRoot::Row(row) = at.root
            && self.call.world.tables[row.table.index()].row(row).is_none()
        {
            return self.fail(TrapKind::MissingRow, place.span);
        }
        let mut indices = found.indices.iter();
        for step in &place.path {
            let part = match &step.kind {
                StepKind::Field(field) => Part::Field(*field as usize),
                StepKind::Index(index) => {
                    let value = *indices.next().expect("`find` evaluated every index");
                    Part::Element(self.check_index(&at, value, index.span)?)
                }
            };
            at.path.push(part);
        }
        Ok(at)
    }

    fn check_index(&self, list: &Located, index: i64, span: Span) -> Step<usize> {
        let len = match self.load(list) {
            Value::List(elements) => elements.len(),
            _ => unreachable!("only lists have elements"),
        };
        let inside = usize::try_from(index).ok().filter(|&index| index < len);
        inside.ok_or_else(|| self.trap(Cause::Index(index, len), span))
    }

    /// What stands at a place.
    pub(crate) fn load<'s>(&'s self, at: &'s Located) -> &'s Value {
        let mut parts = at.path.iter();
        let mut value = match &at.root {
            FoundRoot::Local(local) => &self.locals[local.index()],
            FoundRoot::State => &self.call.world.state,
            FoundRoot::Value(value) => value,
            FoundRoot::Row(row) => {
                let table = &self.call.world.tables[row.table.index()];
                let found = table.row(*row).expect("`locate` found the row");
                match parts.next() {
                    Some(Part::Field(field)) => &found.fields[*field],
                    _ => unreachable!("what is read of a row is a field"),
                }
            }
        };
        for part in parts {
            value = match (part, value) {
                (Part::Field(index), Value::Struct(parts))
                | (Part::Element(index), Value::List(parts)) => &parts[*index],
                _ => unreachable!("a value has the shape of its type"),
            };
        }
        value
    }

    /// As [`Activation::load`], to be changed.
    pub(crate) fn load_mut(&mut self, at: &Located) -> &mut Value {
        let mut parts = at.path.iter();
        let mut value = match &at.root {
            FoundRoot::Local(local) => &mut self.locals[local.index()],
            FoundRoot::State => &mut self.call.world.state,
            FoundRoot::Value(_) => unreachable!("a value without a name is not written to"),
            FoundRoot::Row(row) => {
                let table = &mut self.call.world.tables[row.table.index()];
                let found = table.row_mut(*row).expect("`locate` found the row");
                match parts.next() {
                    Some(Part::Field(field)) => &mut found.fields[*field],
                    _ => unreachable!("what is written of a row is a field"),
                }
            }
        };
        for part in parts {
            value = match (part, value) {
                (Part::Field(index), Value::Struct(parts))
                | (Part::Element(index), Value::List(parts)) => &mut parts[*index],
                _ => unreachable!("a value has the shape of its type"),
            };
        }
        value
    }
}
