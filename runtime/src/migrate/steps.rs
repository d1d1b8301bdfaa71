//! The moves of a plan, made ready for many rows: bytes that are copied, and values that are not.

#![expect(unsafe_code, reason = "writes the defaults of a row by layout")]

use std::sync::Arc;

use midflight_compiler::Program;
use midflight_compiler::abi::Entry;
use midflight_compiler::ir::Const;
use midflight_compiler::layout::{FieldsLayout, ROW_HEADER_SIZE};
use midflight_compiler::types::{Field, StructId, TableId, Type};

use crate::cursor::{Slot, TextMemory};
use crate::memory::budget::{MemoryBudget, Pool};
use crate::memory::texts::Texts;
use crate::plan::{Conversion, Moves, Origin};
use crate::table::Kept;

/// What is done for one row, or for the state.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// What the fields are before anything comes from the old ones: the defaults that hold no text,
    /// else zero. Empty where all of them are zero.
    pub(super) blank: Vec<u64>,
    /// From what was there before.
    pub(super) values: Values,
    /// The `migrate` blocks that are run.
    pub(super) blocks: Vec<Block>,
    /// What finds the rows as before.
    pub(super) kept: Kept,
}

/// What comes from one place.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// What stays the same and holds no text.
    pub(super) copies: Vec<Copy>,
    pub(super) others: Vec<Other>,
}

/// A `migrate` block that is run.
#[derive(Debug)]
pub(super) struct Block {
    /// Of the version that the blocks were compiled to.
    pub(super) entry: Entry,
    /// Bytes of the struct that it gives.
    pub(super) size: u32,
    /// From that struct.
    pub(super) values: Values,
}

/// Bytes that are copied; offsets from where the row, the state or the given struct begins.
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
    /// A field, at this offset, of this type.
    Field { offset: u32, ty: Type, conversion: Conversion },
}

/// The fields of the state or of rows, with their places.
#[derive(Clone, Copy)]
struct Placed<'p> {
    program: &'p Program,
    owner: &'p str,
    fields: &'p [Field],
    layout: &'p FieldsLayout,
    /// Bytes before the fields.
    header_size: u32,
}

/// The programs on the way: what is live, what is new, and the `migrate` blocks.
#[derive(Clone, Copy)]
pub(super) struct Programs<'p> {
    pub(super) live: &'p Program,
    pub(super) new: &'p Program,
    pub(super) code: Option<&'p Program>,
}

impl Steps {
    /// The steps for `state`.
    pub(super) fn of_state(moves: &Moves, programs: Programs<'_>) -> Steps {
        let [live, new] = [programs.live, programs.new].map(|program| Placed {
            program,
            owner: "state",
            fields: &program.ir.types.strukt(program.ir.state).fields,
            layout: program.layouts.strukt(program.ir.state),
            header_size: 0,
        });
        steps(&moves.state, (live, new), programs.code)
    }

    /// The steps for the rows of a table.
    pub(super) fn of_table(moves: &Moves, programs: Programs<'_>, id: TableId) -> Steps {
        let table = &moves.tables[id.index()];
        let Some(from) = table.from else { return Steps::default() };
        let [live, new] = [(programs.live, from), (programs.new, id)].map(|(program, id)| Placed {
            program,
            owner: &program.ir.types.table(id).name,
            fields: &program.ir.types.table(id).fields,
            layout: program.layouts.row(id),
            header_size: ROW_HEADER_SIZE,
        });
        let steps = steps(&table.fields, (live, new), programs.code);
        let before = programs.live.ir.types.table(from);
        let after = programs.new.ir.types.table(id);
        let same = |field: &u32| match table.fields[*field as usize] {
            Origin::Field(from, Conversion::Same) => Some(from),
            _ => None,
        };
        let indexed = |field: &u32| same(field).filter(|from| before.indexes.contains(from));
        let kept = Kept {
            key: same(&after.key) == Some(before.key),
            indexes: after.indexes.iter().map(indexed).collect(),
        };
        Steps { kept, ..steps }
    }
}

fn steps(
    origins: &[Origin],
    (live, new): (Placed<'_>, Placed<'_>),
    code: Option<&Program>,
) -> Steps {
    let mut steps = Steps::default();
    let mut given: Vec<(usize, Block)> = Vec::new();
    for (index, origin) in origins.iter().enumerate() {
        let field = &new.fields[index];
        let to = new.layout.offsets[index];
        let path = format!("{}.{}", new.owner, field.name);
        let other = |value| Other { path, ty: field.ty, to, value };
        match origin {
            Origin::Default => match Const::default_of(&new.program.ir.types, field) {
                Some(default) if new.program.ir.types.hold_text(field.ty) => {
                    steps.values.others.push(other(Value::Default(default)));
                }
                Some(default) => write_default(&mut steps.blank, new, (to, field.ty), &default),
                None => {}
            },
            Origin::Field(from, conversion) => {
                let offset = live.layout.offsets[*from as usize];
                let ty = live.fields[*from as usize].ty;
                steps.values.add(live.program, (offset, ty, conversion.clone()), other);
            }
            Origin::Migrated(number, nth) => {
                let Some(code) = code else { continue };
                let Some((block, result)) = block(code, *number) else { continue };
                let known = given.iter().position(|(known, _)| known == number);
                let place = known.unwrap_or_else(|| {
                    given.push((*number, block));
                    given.len() - 1
                });
                let offset = code.layouts.strukt(result).offsets[*nth as usize];
                let ty = code.ir.types.strukt(result).fields[*nth as usize].ty;
                given[place].1.values.add(code, (offset, ty, Conversion::Same), other);
            }
        }
    }
    steps.blocks = given.into_iter().map(|(_, block)| block).collect();
    if steps.blank.iter().all(|&word| word == 0) {
        steps.blank = Vec::new();
    }
    steps
}

/// A `migrate` block by number, and the struct that it gives.
fn block(code: &Program, number: usize) -> Option<(Block, StructId)> {
    let function = code.ir.migrations[number].function?;
    let Type::Struct(result) = code.ir.function(function).result else { return None };
    let size = code.layouts.strukt(result).layout.size;
    let entry = code.code.entry(function)?;
    Some((Block { entry, size, values: Values::default() }, result))
}

impl Values {
    /// Adds a field of a program, at an offset, of a type, which is converted.
    fn add(
        &mut self,
        program: &Program,
        (offset, ty, conversion): (u32, Type, Conversion),
        other: impl FnOnce(Value) -> Other,
    ) {
        let types = &program.ir.types;
        let other = other(Value::Field { offset, ty, conversion });
        match &other.value {
            Value::Field { conversion: Conversion::Same, .. } if !types.hold_text(ty) => {
                let len = program.layouts.of(types, ty).map_or(0, |layout| layout.size);
                self.copy(Copy { from: offset, to: other.to, len });
            }
            _ => self.others.push(other),
        }
    }

    /// Copies that follow one another in both places are one.
    fn copy(&mut self, copy: Copy) {
        match self.copies.last_mut() {
            Some(last) if (copy.from, copy.to) == (last.from + last.len, last.to + last.len) => {
                last.len += copy.len;
            }
            _ => self.copies.push(copy),
        }
    }
}

/// Writes a default without text into a blank.
fn write_default(
    blank: &mut Vec<u64>,
    new: Placed<'_>,
    (offset, ty): (u32, Type),
    default: &Const,
) {
    let size = new.layout.layout.size - new.header_size;
    blank.resize((size as usize).div_ceil(size_of::<u64>()), 0);
    let (mut texts, pool) = (Texts::default(), Arc::new(Pool::new(0)));
    let mut memory = MemoryBudget::new(0, 0, pool).expect("nothing is claimed");
    let texts = TextMemory::World(&mut texts, &mut memory);
    // SAFETY: the field stands behind the header, inside of the row or state, whose fields the
    // blank has room for.
    let place = unsafe { blank.as_mut_ptr().byte_add((offset - new.header_size) as usize) };
    // SAFETY: the place is zero and aligned, since header sizes are multiples of 8.
    let mut slot = unsafe { Slot::new(new.program, ty, place.cast(), texts) };
    slot.write_const(default).expect("it has the field's type, and no text");
}
