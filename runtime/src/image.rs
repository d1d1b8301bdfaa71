//! The canonical bytes of a world: everything that a later call could see, and nothing else. Two
//! worlds with the same image behave the same. No addresses, no padding, no bytes of dead values.
//!
//! First the fields of `state` in the order of the declaration; then each table: the number of its
//! rows, each row in slot order as its slot and its fields, and for each index its slots in order;
//! then the generator's words and the time of the last call. How a value is written, `canonical`
//! says.

use midflight_compiler::types::TableId;

use crate::canonical::{encode, encode_len};
use crate::data::Data;
use crate::frame::Frame;
use crate::table::slot;

/// The image of a frame's world.
pub(crate) fn image(frame: &Frame) -> Vec<u8> {
    let mut image = Image { bytes: Vec::new() };
    encode(&mut image.bytes, frame.state());
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

    fn table(&mut self, frame: &Frame, id: TableId) {
        let table = &frame.data.tables[id.index()];
        self.put(&table.len().to_le_bytes());
        for row in table.rows() {
            self.put(&slot(row).to_le_bytes());
            encode(&mut self.bytes, frame.row(id, &row));
        }
        for &field in &frame.version.program().ir.types.table(id).indexes {
            let slots: Vec<u32> = table.rows_after(field, None).map(slot).collect();
            encode_len(&mut self.bytes, slots.len());
            for slot in slots {
                self.put(&slot.to_le_bytes());
            }
        }
    }
}
