//! Values as canonical bytes and back: what is stored, and what images of worlds are made of. No
//! addresses, no padding, no bytes of dead values, so that equal values have equal bytes.
//!
//! All numbers are little-endian. `int` and `float` are 8 bytes, `bool` is one; text and lists are a
//! length of 8 bytes and what is in them; an enum is 4 bytes and the variant's payload, an optional
//! one byte and the value; structs, rows and arrays are their parts. Which type it is stands
//! nowhere: whoever reads has to know it.
//!
//! What is read may come from a damaged disk: bytes that are no value of the type are an error.

use crate::cursor::{Content, Kind, Slot, View, WriteError};

/// Why bytes cannot be read as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeError {
    /// They end too early, or go on behind the value.
    #[error("the bytes of a value are too few or too many")]
    Length,
    /// They are not a value of the type.
    #[error("the bytes are no value of their type")]
    Invalid,
    /// The world has no memory left for the value.
    #[error("the world has no memory left for a value")]
    OutOfMemory,
}

impl From<WriteError> for DecodeError {
    fn from(error: WriteError) -> DecodeError {
        match error {
            WriteError::WrongType | WriteError::WrongLength => DecodeError::Invalid,
            WriteError::TooLarge => DecodeError::OutOfMemory,
        }
    }
}

/// Appends a value's bytes.
pub(crate) fn encode(bytes: &mut Vec<u8>, value: View<'_>) {
    match value.content() {
        Content::Unit => {}
        Content::Int(int) => bytes.extend_from_slice(&int.to_le_bytes()),
        Content::Float(float) => bytes.extend_from_slice(&float.to_bits().to_le_bytes()),
        Content::Bool(bool) => bytes.push(u8::from(bool)),
        Content::Text(text) => encode_text(bytes, text),
        Content::Struct(fields) => fields.for_each(|(_, field)| encode(bytes, field)),
        Content::Variant(_, fields) => {
            bytes.extend_from_slice(&value.variant_index().to_le_bytes());
            fields.for_each(|(_, field)| encode(bytes, field));
        }
        Content::None => bytes.push(0),
        Content::Some(inner) => {
            bytes.push(1);
            encode(bytes, inner);
        }
        Content::List(elements) => {
            if !value.is_array() {
                encode_len(bytes, elements.len());
            }
            elements.for_each(|element| encode(bytes, element));
        }
    }
}

/// Appends a text's bytes.
pub(crate) fn encode_text(bytes: &mut Vec<u8>, text: &str) {
    encode_len(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
}

/// Appends the length of a text or list.
pub(crate) fn encode_len(bytes: &mut Vec<u8>, len: usize) {
    bytes.extend_from_slice(&(len as u64).to_le_bytes());
}

/// Bytes that are read from the front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Reader<'b> {
        Reader { bytes }
    }

    fn take(&mut self, len: usize) -> Result<&'b [u8], DecodeError> {
        let (taken, rest) = self.bytes.split_at_checked(len).ok_or(DecodeError::Length)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.bytes.split_first_chunk().ok_or(DecodeError::Length)?;
        self.bytes = rest;
        Ok(*taken)
    }

    /// The next 8 bytes as a number.
    pub(crate) fn int(&mut self) -> Result<i64, DecodeError> {
        self.array().map(i64::from_le_bytes)
    }

    /// The next 8 bytes as a number without a sign.
    pub(crate) fn word(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_le_bytes)
    }

    /// The next byte, which is 0 or 1.
    fn flag(&mut self) -> Result<bool, DecodeError> {
        match self.array::<1>()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(DecodeError::Invalid),
        }
    }

    /// The length of a text or list.
    pub(crate) fn len(&mut self) -> Result<usize, DecodeError> {
        usize::try_from(self.word()?).map_err(|_| DecodeError::Length)
    }

    /// A text.
    pub(crate) fn text(&mut self) -> Result<&'b str, DecodeError> {
        let len = self.len()?;
        str::from_utf8(self.take(len)?).map_err(|_| DecodeError::Invalid)
    }

    /// Reads a value into a slot of its type, which is zero.
    pub(crate) fn value(&mut self, slot: &mut Slot<'_>) -> Result<(), DecodeError> {
        match slot.kind() {
            Kind::Unit => {}
            Kind::Int => slot.write_int(self.int()?)?,
            Kind::Float => slot.write_float(f64::from_bits(self.word()?))?,
            Kind::Bool => slot.write_bool(self.flag()?)?,
            Kind::Text => slot.write_text(self.text()?)?,
            Kind::Struct => self.fields(slot)?,
            Kind::Enum => {
                let variant = u32::from_le_bytes(self.array()?);
                if !slot.choose_at(variant as usize) {
                    return Err(DecodeError::Invalid);
                }
                self.fields(slot)?;
            }
            Kind::Optional => {
                if self.flag()? {
                    self.value(&mut slot.some().ok_or(DecodeError::Invalid)?)?;
                }
            }
            Kind::List => {
                let len = match slot.array_len() {
                    Some(len) => len as usize,
                    None => self.len()?,
                };
                for _ in 0..len {
                    self.value(&mut slot.push()?)?;
                }
                slot.end_list()?;
            }
            Kind::Other => return Err(DecodeError::Invalid),
        }
        Ok(())
    }

    fn fields(&mut self, slot: &mut Slot<'_>) -> Result<(), DecodeError> {
        for index in 0..slot.fields().len() {
            self.value(&mut slot.field(index).ok_or(DecodeError::Invalid)?)?;
        }
        Ok(())
    }

    /// Says that nothing may be left.
    pub(crate) fn end(self) -> Result<(), DecodeError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(DecodeError::Length) }
    }
}
