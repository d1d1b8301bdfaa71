//! The moves of a plan, made ready for many rows: bytes that are copied, and values that are not.

use midflight_compiler::Program;
use midflight_compiler::ir::Const;
use midflight_compiler::layout::FieldsLayout;
use midflight_compiler::types::{Field, TableId, Type};

use crate::plan::{Conversion, Moves, Origin};

/// What is done for one row, or for the state.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// What stays the same and holds no text.
    pub(super) copies: Vec<Copy>,
    pub(super) others: Vec<Other>,
    /// The `migrate` blocks that are run, by number.
    pub(super) blocks: Vec<usize>,
}

/// Bytes that are copied; offsets from where the row or the state begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Copy {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) len: u32,
}

/// A value that is not only copied.
#[derive(Debug)]
pub(super) struct Other {
    /// `player.hp`
    pub(super) path: String,
    /// The type of the new field.
    pub(super) ty: Type,
    /// Where it goes.
    pub(super) to: u32,
    pub(super) value: Value,
}

/// Where a value comes from.
#[derive(Debug)]
pub(super) enum Value {
    /// It is the field's default.
    Default(Const),
    /// A live field, at this offset, of this type.
    Field { offset: u32, ty: Type, conversion: Conversion },
    /// What a block gives, at this offset of its result.
    Given { block: usize, offset: u32 },
}

impl Value {
    /// Whether the block of this number gives it.
    pub(super) fn is_given_by(&self, number: usize) -> bool {
        matches!(self, Value::Given { block, .. } if *block == number)
    }
}

/// Fields with their places.
#[derive(Clone, Copy)]
struct Placed<'p> {
    program: &'p Program,
    owner: &'p str,
    fields: &'p [Field],
    layout: &'p FieldsLayout,
}

impl Steps {
    /// The steps for `state`.
    pub(super) fn of_state(moves: &Moves, live: &Program, new: &Program) -> Steps {
        let [live, new] = [live, new].map(|program| Placed {
            program,
            owner: "state",
            fields: &program.ir.types.strukt(program.ir.state).fields,
            layout: program.layouts.strukt(program.ir.state),
        });
        steps(&moves.state, live, new)
    }

    /// The steps for the rows of a table.
    pub(super) fn of_table(moves: &Moves, live: &Program, (new, id): (&Program, TableId)) -> Steps {
        let table = &moves.tables[id.index()];
        let Some(from) = table.from else { return Steps::default() };
        let [live, new] = [(live, from), (new, id)].map(|(program, id)| Placed {
            program,
            owner: &program.ir.types.table(id).name,
            fields: &program.ir.types.table(id).fields,
            layout: program.layouts.row(id),
        });
        steps(&table.fields, live, new)
    }
}

fn steps(origins: &[Origin], live: Placed<'_>, new: Placed<'_>) -> Steps {
    let mut steps = Steps::default();
    for (index, origin) in origins.iter().enumerate() {
        let field = &new.fields[index];
        let to = new.layout.offsets[index];
        let value = match origin {
            Origin::Default => match Const::default_of(&new.program.ir.types, field) {
                Some(default) => Value::Default(default),
                None => continue,
            },
            Origin::Field(from, conversion) => {
                let offset = live.layout.offsets[*from as usize];
                let ty = live.fields[*from as usize].ty;
                if matches!(conversion, Conversion::Same) && !live.program.ir.types.hold_text(ty) {
                    let layout = live.program.layouts.of(&live.program.ir.types, ty);
                    let len = layout.map_or(0, |layout| layout.size);
                    steps.copy(Copy { from: offset, to, len });
                    continue;
                }
                Value::Field { offset, ty, conversion: conversion.clone() }
            }
            Origin::Migrated(block, nth) => {
                if !steps.blocks.contains(block) {
                    steps.blocks.push(*block);
                }
                // Filled in by `place_given`, when the block is compiled.
                Value::Given { block: *block, offset: *nth }
            }
        };
        let path = format!("{}.{}", new.owner, field.name);
        steps.others.push(Other { path, ty: field.ty, to, value });
    }
    steps
}

impl Steps {
    /// Copies that follow one another in both places are one.
    fn copy(&mut self, copy: Copy) {
        match self.copies.last_mut() {
            Some(last) if (copy.from, copy.to) == (last.from + last.len, last.to + last.len) => {
                last.len += copy.len;
            }
            _ => self.copies.push(copy),
        }
    }

    /// Turns the numbers of what blocks give into their places in what the blocks leave.
    pub(super) fn place_given(&mut self, code: &Program) {
        for other in &mut self.others {
            let Value::Given { block, offset } = &mut other.value else { continue };
            let function = code.ir.migrations[*block].function;
            let result = function.map(|function| code.ir.function(function).result);
            if let Some(Type::Struct(id)) = result {
                *offset = code.layouts.strukt(id).offsets[*offset as usize];
            }
        }
    }
}
