//! Layouts as a table for people (`inspect --emit layout`): every field of `state`, of every row
//! and of every struct with its offset, size and alignment, in the order of memory.

use std::fmt::Write;

use super::{FieldsLayout, Layout, Layouts, ROW_HEADER_SIZE};
use crate::types::{EnumId, Field, StructId, TableId, Types};

/// The layouts of a program whose state is `state`.
pub(crate) fn print(types: &Types, layouts: &Layouts, state: StructId) -> String {
    let mut printer = Printer { types, layouts, text: String::new() };
    for index in 0..types.structs.len() {
        let id = StructId(index as u32);
        let strukt = types.strukt(id);
        let kind = if id == state { "" } else { "struct " };
        let fields = layouts.strukt(id);
        printer.title(&format!("{kind}{}", strukt.name), fields.layout);
        printer.fields(&strukt.fields, &fields.offsets, fields);
    }
    for index in 0..types.enums.len() {
        printer.enumeration(EnumId(index as u32));
    }
    for (index, table) in types.tables.iter().enumerate() {
        let fields = layouts.row(TableId(index as u32));
        printer.title(&format!("table {}", table.name), fields.layout);
        printer.row(0, Some(Layout { size: ROW_HEADER_SIZE, align: 8 }), "(header)");
        printer.fields(&table.fields, &fields.offsets, fields);
    }
    printer.text
}

struct Printer<'a> {
    types: &'a Types,
    layouts: &'a Layouts,
    text: String,
}

impl Printer<'_> {
    fn title(&mut self, name: &str, layout: Layout) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let _ = writeln!(self.text, "{name}: {} bytes, aligned to {}", layout.size, layout.align);
        self.text.push_str("  offset   size  align  field\n");
    }

    fn fields(&mut self, fields: &[Field], offsets: &[u32], whole: &FieldsLayout) {
        let mut end = 0;
        for (field, &offset) in fields.iter().zip(offsets) {
            let layout = self.layouts.of(self.types, field.ty);
            let shown = format!("{}: {}", field.name, self.types.show(field.ty));
            self.row(offset, layout, &shown);
            end = offset + layout.map_or(0, |layout| layout.size);
        }
        if end < whole.layout.size {
            let padding = Layout { size: whole.layout.size - end, align: 1 };
            self.row(end, Some(padding), "(padding)");
        }
    }

    fn enumeration(&mut self, id: EnumId) {
        let declared = self.types.enumeration(id);
        let layout = self.layouts.enumeration(id);
        self.title(&format!("enum {}", declared.name), layout.layout);
        let tag = Layout { size: layout.tag_size, align: layout.tag_size };
        self.row(0, Some(tag), "(tag)");
        for (variant, offsets) in declared.variants.iter().zip(&layout.payloads) {
            for (field, &offset) in variant.fields.iter().zip(offsets) {
                let ty = self.types.show(field.ty);
                let shown = format!("{}.{}: {ty}", variant.name, field.name);
                self.row(offset, self.layouts.of(self.types, field.ty), &shown);
            }
        }
    }

    fn row(&mut self, offset: u32, layout: Option<Layout>, field: &str) {
        let (size, align) = layout.map_or((0, 1), |layout| (layout.size, layout.align));
        let _ = writeln!(self.text, "  {offset:>6} {size:>6} {align:>6}  {field}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::source::Span;
    use crate::types::{StructType, Type};

    #[test]
    fn fields_stand_with_offset_size_and_padding() {
        let field = |name: &str, ty| Field {
            name: name.to_owned(),
            ty,
            default: None,
            span: Span::default(),
            doc: None,
            was: None,
            transient: false,
        };
        let mut types = Types::default();
        let fields = vec![field("on", Type::Bool), field("n", Type::Int), field("b", Type::Bool)];
        types.structs.push(StructType { name: "state".to_owned(), fields, doc: None });
        let layouts = Layouts::new(&types, StructId(0), &Limits::default()).expect("it is small");
        let expected = "\
state: 24 bytes, aligned to 8
  offset   size  align  field
       0      1      1  on: bool
       8      8      8  n: int
      16      1      1  b: bool
      17      7      1  (padding)
";
        assert_eq!(print(&types, &layouts, StructId(0)), expected);
    }
}
