//! Which layout the cells of a world have: a hash of everything that their bytes depend on, and of
//! the names that give them their meaning.

use std::fmt::Write;

use midflight_compiler::Program;
use midflight_compiler::types::{Field, Type};
use sha2::{Digest, Sha256};

/// Bytes of an identity.
pub(crate) const IDENTITY_SIZE: usize = 32;

/// The identity of the layout of a program's cells.
pub(crate) fn identity(program: &Program) -> [u8; IDENTITY_SIZE] {
    let types = &program.ir.types;
    let mut text = String::new();
    fields(program, &types.strukt(program.ir.state).fields, &mut text);
    for table in &types.tables {
        let (name, key) = (&table.name, table.key);
        write!(text, "table {name} key {key}").expect("a `String` takes everything");
        fields(program, &table.fields, &mut text);
    }
    Sha256::digest(text).into()
}

fn fields(program: &Program, fields: &[Field], text: &mut String) {
    text.push('{');
    for field in fields {
        let transient = if field.transient { "transient " } else { "" };
        write!(text, "{transient}{}: ", field.name).expect("a `String` takes everything");
        value(program, field.ty, text);
        text.push(',');
    }
    text.push('}');
}

/// The type, enums and structs inside of it spelled out.
fn value(program: &Program, ty: Type, text: &mut String) {
    let types = &program.ir.types;
    match ty {
        Type::Struct(id) => fields(program, &types.strukt(id).fields, text),
        Type::Enum(id) => {
            text.push('(');
            for variant in &types.enumeration(id).variants {
                text.push_str(&variant.name);
                fields(program, &variant.fields, text);
            }
            text.push(')');
        }
        Type::Optional(inner) | Type::Array(inner, _) | Type::Bounded(inner, _) => {
            let form = match ty {
                Type::Array(_, len) => format!("{len} of "),
                Type::Bounded(_, len) => format!("up to {len} of "),
                _ => "optional ".to_owned(),
            };
            text.push_str(&form);
            value(program, types.get(inner), text);
        }
        _ => text.push_str(&types.show(ty).to_string()),
    }
}
