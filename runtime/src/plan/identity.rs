//! Whether two layouts are the same, byte for byte: then a version can be swapped without looking
//! at the data.

use midflight_compiler::Program;
use midflight_compiler::types::{self, TableId, Type};

/// A field of `state` or of a row that is no struct, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// `state.pos.x`
    path: String,
    /// The type, enums and structs inside of it spelled out.
    ty: String,
    /// Bytes from the beginning of the state, or of the row.
    offset: u32,
}

/// The fields of a program's state and of its rows, those of structs in them one by one, in the
/// order of their places. A table itself is one as well: its type tells key and indexes. Where these
/// are the same, every byte means the same.
pub(crate) fn fields(program: &Program) -> Vec<Field> {
    let (types, layouts) = (&program.ir.types, &program.layouts);
    let mut fields = Vec::new();
    let state = types.strukt(program.ir.state).fields.iter();
    let state = state.zip(layouts.strukt(program.ir.state).offsets.iter().copied());
    collect(program, "state", state, 0, &mut fields);
    for (index, table) in types.tables.iter().enumerate() {
        let name_of = |&field: &u32| table.fields[field as usize].name.as_str();
        let indexes: Vec<&str> = table.indexes.iter().map(name_of).collect();
        let ty = format!("table with key {}, index {}", name_of(&table.key), indexes.join(", "));
        fields.push(Field { path: table.name.clone(), ty, offset: index as u32 });
        let offsets = layouts.row(TableId(index as u32)).offsets.iter().copied();
        collect(program, &table.name, table.fields.iter().zip(offsets), 0, &mut fields);
    }
    fields
}

fn collect<'p>(
    program: &'p Program,
    path: &str,
    placed: impl Iterator<Item = (&'p types::Field, u32)>,
    start: u32,
    fields: &mut Vec<Field>,
) {
    for (field, offset) in placed {
        let path = format!("{path}.{}", field.name);
        let offset = start + offset;
        let Type::Struct(inner) = field.ty else {
            // What is not durable is stored elsewhere: nowhere.
            let transient = if field.transient { "transient " } else { "" };
            let ty = format!("{transient}{}", spelled(program, field.ty));
            fields.push(Field { path, ty, offset });
            continue;
        };
        if field.transient {
            fields.push(Field { path: path.clone(), ty: "transient".to_owned(), offset });
        }
        let inner_fields = program.ir.types.strukt(inner).fields.iter();
        let offsets = program.layouts.strukt(inner).offsets.iter().copied();
        let placed: Vec<_> = inner_fields.zip(offsets).collect();
        collect(program, &path, placed.into_iter(), offset, fields);
    }
}

/// The type with everything that decides its layout: structs and enums spelled out.
fn spelled(program: &Program, ty: Type) -> String {
    let types = &program.ir.types;
    let spell_fields = |fields: &[types::Field]| {
        let fields =
            fields.iter().map(|field| format!("{}: {}", field.name, spelled(program, field.ty)));
        fields.collect::<Vec<_>>().join(", ")
    };
    match ty {
        Type::Struct(id) => format!("{{ {} }}", spell_fields(&types.strukt(id).fields)),
        Type::Enum(id) => {
            let variants = types.enumeration(id).variants.iter().map(|variant| {
                match variant.fields.as_slice() {
                    [] => variant.name.clone(),
                    fields => format!("{}({})", variant.name, spell_fields(fields)),
                }
            });
            variants.collect::<Vec<_>>().join(" | ")
        }
        Type::Optional(inner) => format!("{}?", spelled(program, types.get(inner))),
        Type::Array(inner, len) => format!("[{}; {len}]", spelled(program, types.get(inner))),
        Type::Bounded(inner, len) => format!("[{}; ..{len}]", spelled(program, types.get(inner))),
        Type::List(inner) => format!("[{}]", spelled(program, types.get(inner))),
        _ => types.show(ty).to_string(),
    }
}
