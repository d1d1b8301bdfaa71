//! The canonical bytes of a world: everything that a later call could see, and nothing else. Two
//! worlds with the same image behave the same. No addresses, no padding, no bytes of dead values.
//!
//! All numbers are little-endian. First the fields of `state` in the order of the declaration; then
//! each table: the number of its rows, each row in slot order as its slot and its fields, and for
//! each index its slots in order; then the generator's words and the time of the last call. A value
//! is written by its type: `int` and `float` as 8 bytes, `bool` as one, text and lists as a length
//! of 8 bytes and what is in them, an enum as 4 bytes and the variant's payload, an optional as one
//! byte and the value, structs and arrays as their parts.

use midflight_compiler::types::TableId;

use crate::cursor::{Content, View};
use crate::data::Data;
use crate::frame::Frame;
use crate::table::slot;

/// The image of a frame's world.
pub(crate) fn image(frame: &Frame) -> Vec<u8> {
    let mut image = Image { bytes: Vec::new() };
    image.value(frame.state());
    for index in 0..frame.data.tables.len() {
        image.table(frame, TableId(index as u32));
    }
    let Data { generator, now_ms, .. } = &frame.data;
    for word in generator.words() {
        image.put(&word.to_le_bytes());
    }
    image.put(&now_ms.to_le_bytes());
    image.bytes
}

struct Image {
    bytes: Vec<u8>,
}

impl Image {
    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn len(&mut self, len: usize) {
        self.put(&(len as u64).to_le_bytes());
    }

    fn table(&mut self, frame: &Frame, id: TableId) {
        let table = &frame.data.tables[id.index()];
        self.put(&table.len().to_le_bytes());
        for row in table.rows() {
            self.put(&slot(row).to_le_bytes());
            self.value(frame.row(id, &row));
        }
        for &field in &frame.version.program().ir.types.table(id).indexes {
            let slots: Vec<u32> = table.rows_after(field, None).map(slot).collect();
            self.len(slots.len());
            for slot in slots {
                self.put(&slot.to_le_bytes());
            }
        }
    }

    fn value(&mut self, value: View<'_>) {
        match value.content() {
            Content::Unit => {}
            Content::Int(int) => self.put(&int.to_le_bytes()),
            Content::Float(float) => self.put(&float.to_bits().to_le_bytes()),
            Content::Bool(bool) => self.put(&[u8::from(bool)]),
            Content::Text(text) => {
                self.len(text.len());
                self.put(text.as_bytes());
            }
            Content::Struct(fields) => fields.for_each(|(_, field)| self.value(field)),
            Content::Variant(_, fields) => {
                self.put(&value.variant_index().to_le_bytes());
                fields.for_each(|(_, field)| self.value(field));
            }
            Content::None => self.put(&[0]),
            Content::Some(inner) => {
                self.put(&[1]);
                self.value(inner);
            }
            Content::List(elements) => {
                if !value.is_array() {
                    self.len(elements.len());
                }
                elements.for_each(|element| self.value(element));
            }
        }
    }
}
