//! Values by their type: stored into state, copied, compared by structure.

use std::cmp::Ordering;
use std::ptr;

use midflight_compiler::Program;
use midflight_compiler::abi::{ListHeader, RowHeader, Text};
use midflight_compiler::layout::{bounded_elements_offset, optional_value_offset};
use midflight_compiler::trap::TrapKind;
use midflight_compiler::types::{TableId, Type, TypeId};

use super::host;
use super::list;
use super::memory::{bytes_fuel, elements_fuel, stored_text_fuel};
use crate::frame::Frame;
use crate::memory::texts::characters;

host! {
    fn value_store(frame, type_id: u32, target: *mut u8, source: *const u8) {
        store(frame, TypeId(type_id), target, source)
    }

    fn value_copy(frame, type_id: u32, target: *mut u8, source: *const u8) {
        let version = frame.version.clone();
        let program = version.program();
        let ty = program.ir.types.get(TypeId(type_id));
        // SAFETY: both hold a value of this type; they may be the same.
        unsafe { ptr::copy(source, target, size(program, ty)) };
        own_lists(frame, program, ty, target)
    }

    fn value_equal(frame, type_id: u32, left: *const u8, right: *const u8) -> u32 {
        let version = frame.version.clone();
        let program = version.program();
        let ty = program.ir.types.get(TypeId(type_id));
        Ok(u32::from(equal(frame, program, ty, left, right)?))
    }
}

/// Copies a value into state: its texts are copied into the world's heap, those that it replaces
/// are retired.
fn store(
    frame: &mut Frame,
    type_id: TypeId,
    target: *mut u8,
    source: *const u8,
) -> Result<(), TrapKind> {
    let version = frame.version.clone();
    let program = version.program();
    let ty = program.ir.types.get(type_id);
    let size = size(program, ty);
    let mut before = Vec::new();
    each_text(program, ty, target, &mut |slot| {
        // SAFETY: a slot of the value that stands there now.
        before.push(unsafe { slot.read() });
    });
    // SAFETY: both hold a value of this type; they may be the same.
    unsafe { ptr::copy(source, target, size) };
    let mut slots = Vec::new();
    each_text(program, ty, target, &mut |slot| slots.push(slot));
    for text in before {
        let _ = frame.undo.replace_text(&mut frame.data, text, "")?;
    }
    for slot in slots {
        // SAFETY: a slot of the value that was just copied.
        let text = unsafe { slot.read() };
        // SAFETY: null or live; a text that was retired above stays live until the call is over.
        let characters = unsafe { characters(text) };
        frame.charge(stored_text_fuel(characters))?;
        let copy = frame.undo.replace_text(&mut frame.data, ptr::null(), characters)?;
        // SAFETY: as above.
        unsafe { slot.write(copy) };
    }
    Ok(())
}

/// Gives a value that was just copied lists of its own, in place of those that it shares.
fn own_lists(
    frame: &mut Frame,
    program: &Program,
    ty: Type,
    address: *mut u8,
) -> Result<(), TrapKind> {
    let Type::List(inner) = ty else {
        for part in parts(program, ty, address) {
            // SAFETY: a part lies inside of its value.
            let address = unsafe { address.add(part.offset) };
            own_lists(frame, program, part.ty, address)?;
        }
        return Ok(());
    };
    let inner = program.ir.types.get(inner);
    let stride = size(program, inner);
    let ListHeader { len, data, .. } = list_at(address);
    if len == 0 {
        // SAFETY: the value is a list; null is the empty one.
        unsafe { address.cast::<*mut ListHeader>().write(ptr::null_mut()) };
        return Ok(());
    }
    let copy = list::new(frame, len, stride as u64)?;
    // SAFETY: it was just made.
    let elements = unsafe { (*copy).data };
    // SAFETY: both have `len` elements.
    unsafe { ptr::copy_nonoverlapping(data, elements, len as usize * stride) };
    // SAFETY: the value is a list.
    unsafe { address.cast::<*mut ListHeader>().write(copy) };
    for index in 0..len as usize {
        // SAFETY: an element of the copy.
        let element = unsafe { elements.add(index * stride) };
        own_lists(frame, program, inner, element)?;
    }
    Ok(())
}

/// Bytes of a value.
pub(super) fn size(program: &Program, ty: Type) -> usize {
    program.layouts.of(&program.ir.types, ty).map_or(0, |layout| layout.size as usize)
}

/// A part of a value: its type and its offset from the value.
struct Part {
    ty: Type,
    offset: usize,
}

/// The parts that the value at an address has now: fields, the payload of its variant, the value
/// of an optional that has one, elements. None for what has no parts.
fn parts(program: &Program, ty: Type, address: *const u8) -> Vec<Part> {
    let (types, layouts) = (&program.ir.types, &program.layouts);
    let elements = |inner: Type, count: usize, start: usize| {
        let stride = size(program, inner);
        (0..count).map(|index| Part { ty: inner, offset: start + index * stride }).collect()
    };
    match ty {
        Type::Struct(id) => {
            let offsets = &layouts.strukt(id).offsets;
            let fields = types.strukt(id).fields.iter().zip(offsets);
            fields.map(|(field, &offset)| Part { ty: field.ty, offset: offset as usize }).collect()
        }
        Type::Enum(id) => {
            let layout = layouts.enumeration(id);
            let tag = tag(layout.tag_size, address);
            let variant = types.enumeration(id).variants.get(tag);
            let fields = variant.into_iter().flat_map(|variant| &variant.fields);
            let offsets = layout.payloads.get(tag).into_iter().flatten();
            fields
                .zip(offsets)
                .map(|(field, &offset)| Part { ty: field.ty, offset: offset as usize })
                .collect()
        }
        Type::Optional(inner) if tag(1, address) == 1 => {
            let ty = types.get(inner);
            let offset = layouts.of(types, ty).map_or(0, optional_value_offset) as usize;
            vec![Part { ty, offset }]
        }
        Type::Array(inner, len) => elements(types.get(inner), len as usize, 0),
        Type::Bounded(inner, _) => {
            let inner = types.get(inner);
            let start = layouts.of(types, inner).map_or(0, bounded_elements_offset) as usize;
            // SAFETY: a bounded list begins with its length.
            let len = unsafe { address.cast::<u32>().read() } as usize;
            elements(inner, len, start)
        }
        _ => Vec::new(),
    }
}

/// The places of the texts in a row's fields.
pub(super) fn row_text_slots(
    program: &Program,
    table: TableId,
    row: *mut RowHeader,
) -> Vec<*mut *const Text> {
    let mut slots = Vec::new();
    let offsets = &program.layouts.row(table).offsets;
    for (field, &offset) in program.ir.types.table(table).fields.iter().zip(offsets) {
        // SAFETY: the field stands inside of the row.
        let address = unsafe { row.cast::<u8>().add(offset as usize) };
        each_text(program, field.ty, address, &mut |slot| slots.push(slot));
    }
    slots
}

/// The texts in a row's fields.
pub(super) fn row_texts(
    program: &Program,
    table: TableId,
    row: *mut RowHeader,
) -> Vec<*const Text> {
    let slots = row_text_slots(program, table, row);
    // SAFETY: each is a slot of the row.
    slots.into_iter().map(|slot| unsafe { slot.read() }).collect()
}

fn tag(size: u32, address: *const u8) -> usize {
    match size {
        // SAFETY: the value begins with a tag of this size.
        1 => usize::from(unsafe { address.read() }),
        // SAFETY: as above; tags are aligned to their size.
        _ => usize::from(unsafe { address.cast::<u16>().read() }),
    }
}

fn each_text(
    program: &Program,
    ty: Type,
    address: *mut u8,
    visit: &mut dyn FnMut(*mut *const Text),
) {
    if ty == Type::Str {
        return visit(address.cast());
    }
    for part in parts(program, ty, address) {
        // SAFETY: a part lies inside of its value.
        let address = unsafe { address.add(part.offset) };
        each_text(program, part.ty, address, visit);
    }
}

/// Whether two values are equal by structure. The first part that differs ends it.
///
/// # Errors
/// When there is no fuel for the texts and growing lists in them.
pub(super) fn equal(
    frame: &mut Frame,
    program: &Program,
    ty: Type,
    left: *const u8,
    right: *const u8,
) -> Result<bool, TrapKind> {
    Ok(match ty {
        Type::Int | Type::Row(_) => {
            // SAFETY: it holds a value of 8 bytes.
            let left = unsafe { left.cast::<i64>().read() };
            // SAFETY: as above.
            left == unsafe { right.cast::<i64>().read() }
        }
        Type::Float => {
            // SAFETY: it holds a `float`.
            let left = unsafe { left.cast::<f64>().read() };
            // SAFETY: as above.
            left == unsafe { right.cast::<f64>().read() }
        }
        Type::Bool => {
            // SAFETY: it holds a `bool`.
            let left = unsafe { left.read() };
            // SAFETY: as above.
            left == unsafe { right.read() }
        }
        Type::Str => {
            // SAFETY: it holds a `str`.
            let left = unsafe { left.cast::<*const Text>().read() };
            // SAFETY: as above.
            let right = unsafe { right.cast::<*const Text>().read() };
            compare_texts(frame, left, right)? == Ordering::Equal
        }
        Type::List(inner) => return equal_lists(frame, program, inner, [left, right]),
        _ => return equal_parts(frame, program, ty, [left, right]),
    })
}

fn equal_lists(
    frame: &mut Frame,
    program: &Program,
    inner: TypeId,
    lists: [*const u8; 2],
) -> Result<bool, TrapKind> {
    let inner = program.ir.types.get(inner);
    let [ours, theirs] = lists.map(list_at);
    if ours.len != theirs.len {
        return Ok(false);
    }
    let (len, stride) = (ours.len as usize, size(program, inner));
    frame.charge(elements_fuel(len, stride))?;
    for index in 0..len {
        let place = |list: &ListHeader| list.data.wrapping_add(index * stride);
        if !equal(frame, program, inner, place(&ours), place(&theirs))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_parts(
    frame: &mut Frame,
    program: &Program,
    ty: Type,
    [left, right]: [*const u8; 2],
) -> Result<bool, TrapKind> {
    let same_shape = match ty {
        Type::Enum(id) => {
            let size = program.layouts.enumeration(id).tag_size;
            tag(size, left) == tag(size, right)
        }
        Type::Optional(_) => tag(1, left) == tag(1, right),
        _ => true,
    };
    let (ours, theirs) = (parts(program, ty, left), parts(program, ty, right));
    if !same_shape || ours.len() != theirs.len() {
        return Ok(false);
    }
    for part in ours {
        // SAFETY: a part lies inside of its value, at the same offset in both.
        let left = unsafe { left.add(part.offset) };
        // SAFETY: as above.
        let right = unsafe { right.add(part.offset) };
        if !equal(frame, program, part.ty, left, right)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The header of the growing list in a slot.
fn list_at(place: *const u8) -> ListHeader {
    // SAFETY: it holds a list.
    let list = unsafe { place.cast::<*const ListHeader>().read() };
    if list.is_null() {
        return ListHeader { len: 0, capacity: 0, data: ptr::null_mut() };
    }
    // SAFETY: a list that is not null has a header.
    unsafe { list.read() }
}

/// How two texts compare, by their bytes.
///
/// # Errors
/// When there is no fuel for it.
pub(super) fn compare_texts(
    frame: &mut Frame,
    left: *const Text,
    right: *const Text,
) -> Result<Ordering, TrapKind> {
    // SAFETY: null or live.
    let left = unsafe { characters(left) };
    // SAFETY: as above.
    let right = unsafe { characters(right) };
    frame.charge(bytes_fuel(left.len().min(right.len())))?;
    Ok(left.as_bytes().cmp(right.as_bytes()))
}
