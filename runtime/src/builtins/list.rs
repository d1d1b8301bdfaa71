//! Growing lists: a header and elements in the arena of the call.

use std::cmp::Ordering;
use std::ptr;

use midflight_compiler::abi::{ListHeader, Text};
use midflight_compiler::planted::{Fault, is_planted};
use midflight_compiler::trap::TrapKind;
use midflight_compiler::types::{Type, TypeId};

use super::host;
use super::memory::{bytes_fuel, elements_fuel};
use super::value::{equal, size};
use crate::frame::Frame;
use crate::index::IndexKey;
use crate::memory::texts::characters;

/// Elements that the first growth of a list makes room for.
const CAPACITY_FIRST: u64 = 4;

host! {
    fn list_grow(frame, list: *mut ListHeader, element_size: u64) -> *mut ListHeader {
        grow(frame, list, element_size)
    }

    fn list_new(frame, len: u64, element_size: u64) -> *mut ListHeader {
        new(frame, len, element_size)
    }

    fn list_contains(frame, type_id: u32, data: *const u8, len: u64, element: *const u8) -> u32 {
        let version = frame.version.clone();
        let program = version.program();
        let ty = program.ir.types.get(TypeId(type_id));
        let stride = size(program, ty);
        frame.charge(elements_fuel(len as usize, stride))?;
        for index in 0..len as usize {
            // SAFETY: there are `len` elements at `data`.
            let other = unsafe { data.add(index * stride) };
            if equal(frame, program, ty, other, element)? {
                return Ok(1);
            }
        }
        Ok(0)
    }

    fn list_sort(frame, type_id: u32, data: *mut u8, len: u64) {
        let ty = frame.version.program().ir.types.get(TypeId(type_id));
        let field = Field { ty, offset: 0, descending: false };
        order(frame, ty, data, len as usize, &field)
    }

    fn list_order(
        frame, type_id: u32, data: *mut u8, len: u64, offset: u64, field_type_id: u32,
        descending: u32
    ) {
        let types = &frame.version.program().ir.types;
        let ty = types.get(TypeId(type_id));
        let field = Field {
            ty: types.get(TypeId(field_type_id)),
            offset: offset as usize,
            descending: descending != 0,
        };
        order(frame, ty, data, len as usize, &field)
    }
}

/// What elements are sorted by.
struct Field {
    ty: Type,
    /// Bytes from the beginning of an element.
    offset: usize,
    descending: bool,
}

/// Sorts elements by a field, keeping the order of ties.
fn order(
    frame: &mut Frame,
    ty: Type,
    data: *mut u8,
    len: usize,
    field: &Field,
) -> Result<(), TrapKind> {
    let version = frame.version.clone();
    let program = version.program();
    let stride = size(program, ty);
    frame.charge(order_fuel(data, len, (field, stride)))?;
    // The empty list has no elements to point to.
    if len == 0 {
        return Ok(());
    }
    // SAFETY: there are `len` elements at `data`.
    let elements = unsafe { std::slice::from_raw_parts(data, len * stride) }.to_vec();
    let mut places: Vec<usize> = (0..len).collect();
    places.sort_by(|&left, &right| {
        let place = |index: usize| elements.as_ptr().wrapping_add(index * stride + field.offset);
        let ordering = compare(program, field.ty, [place(left), place(right)]);
        if ordering.is_eq() && is_planted(Fault::SortReversesTies) {
            return right.cmp(&left);
        }
        if field.descending { ordering.reverse() } else { ordering }
    });
    for (index, place) in places.into_iter().enumerate() {
        let source = elements.as_ptr().wrapping_add(place * stride);
        // SAFETY: as above; `elements` is a copy.
        let target = unsafe { data.add(index * stride) };
        // SAFETY: both hold an element, in different memory.
        unsafe { ptr::copy_nonoverlapping(source, target, stride) };
    }
    Ok(())
}

/// Fuel of sorting: on each level of a merge, every element is compared and copied once at most, and
/// so is every byte of the texts that it is sorted by.
fn order_fuel(data: *const u8, len: usize, (field, stride): (&Field, usize)) -> usize {
    let levels = len.max(2).ilog2() as usize + 1;
    let elements = len.saturating_mul(levels + bytes_fuel(stride));
    if field.ty != Type::Str {
        return elements;
    }
    let place = |index: usize| data.wrapping_add(index * stride + field.offset);
    // SAFETY: each of the `len` elements at `data` holds a `str` there.
    let texts = (0..len).map(|index| unsafe { text_at(place(index)) }.len());
    elements.saturating_add(bytes_fuel(texts.sum()).saturating_mul(levels))
}

/// The characters of the text that a place holds.
///
/// # Safety
/// The place holds a `str`, which is live for `'t`.
unsafe fn text_at<'t>(place: *const u8) -> &'t str {
    // SAFETY: as the caller promises.
    let text = unsafe { place.cast::<*const Text>().read() };
    // SAFETY: as the caller promises.
    unsafe { characters(text) }
}

/// How two values sort: NaN last, -0 equal to 0, texts by bytes, enums by variant.
fn compare(program: &midflight_compiler::Program, ty: Type, places: [*const u8; 2]) -> Ordering {
    match ty {
        Type::Str => {
            // SAFETY: both places hold a `str`.
            let [left, right] = places.map(|place| unsafe { text_at(place) });
            left.as_bytes().cmp(right.as_bytes())
        }
        Type::Int => {
            // SAFETY: both places hold an `int`.
            let [left, right] = places.map(|place| unsafe { place.cast::<i64>().read() });
            left.cmp(&right)
        }
        Type::Float => {
            // SAFETY: both places hold a `float`.
            let [left, right] = places.map(|place| unsafe { place.cast::<f64>().read() });
            IndexKey::float(left).cmp(&IndexKey::float(right))
        }
        _ => {
            let wide = size(program, ty) > 1;
            let [left, right] = places.map(|place| match wide {
                // SAFETY: both places hold a `bool` or the tag of an enum, of this size.
                true => u16::from_le_bytes(unsafe { place.cast::<[u8; 2]>().read() }),
                // SAFETY: as above.
                false => u16::from(unsafe { place.read() }),
            });
            left.cmp(&right)
        }
    }
}

/// A list of `len` elements of unspecified content.
pub(super) fn new(
    frame: &mut Frame,
    len: u64,
    element_size: u64,
) -> Result<*mut ListHeader, TrapKind> {
    let bytes = len.checked_mul(element_size).ok_or(TrapKind::OutOfMemory)?;
    // Whether it may grow is asked where it has no room.
    let capacity = len.min(frame.arena.list_len_max() as u64);
    let header = frame.arena.allocate(&mut frame.ctx, size_of::<ListHeader>())?;
    let data = frame.arena.allocate(&mut frame.ctx, bytes as usize)?.as_ptr();
    let header = header.as_ptr().cast::<ListHeader>();
    // SAFETY: the allocation has the size and alignment of a header.
    unsafe { header.write(ListHeader { len, capacity, data }) };
    Ok(header)
}

fn grow(
    frame: &mut Frame,
    list: *mut ListHeader,
    element_size: u64,
) -> Result<*mut ListHeader, TrapKind> {
    if list.is_null() {
        let header = new(frame, CAPACITY_FIRST, element_size)?;
        // SAFETY: it was just made.
        unsafe { (*header).len = 0 };
        return Ok(header);
    }
    // SAFETY: a list that is not null has a header.
    let ListHeader { len, capacity, data } = unsafe { list.read() };
    if len < capacity {
        return Ok(list);
    }
    let capacity = frame.arena.capacity(len, capacity.saturating_mul(2).max(CAPACITY_FIRST))?;
    let bytes = capacity.checked_mul(element_size).ok_or(TrapKind::OutOfMemory)?;
    let moved = frame.arena.allocate(&mut frame.ctx, bytes as usize)?.as_ptr();
    // SAFETY: `len` elements stand at `data`, and the new memory is larger.
    unsafe { ptr::copy_nonoverlapping(data, moved, (len * element_size) as usize) };
    // SAFETY: as above.
    unsafe { list.write(ListHeader { len, capacity, data: moved }) };
    Ok(list)
}

/// A list of addresses: of rows, of texts.
pub(super) fn pointer_list<T>(
    frame: &mut Frame,
    pointers: &[*mut T],
) -> Result<*mut ListHeader, TrapKind> {
    let list = new(frame, pointers.len() as u64, size_of::<*mut T>() as u64)?;
    // SAFETY: it was just made.
    let data = unsafe { (*list).data }.cast::<*mut T>();
    // SAFETY: it has room for as many.
    unsafe { ptr::copy_nonoverlapping(pointers.as_ptr(), data, pointers.len()) };
    Ok(list)
}

/// The texts of a `[str]`.
pub(super) fn texts<'t>(list: *const ListHeader) -> Vec<&'t str> {
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: a list that is not null has a header.
    let ListHeader { len, data, .. } = unsafe { list.read() };
    // SAFETY: `len` addresses of texts stand at `data`.
    let texts = unsafe { std::slice::from_raw_parts(data.cast::<*const Text>(), len as usize) };
    // SAFETY: null or live until the call is over.
    texts.iter().map(|&text| unsafe { characters(text) }).collect()
}
