//! The heap of a world: the texts that its state holds.
//!
//! Each text stands in an allocation of its own, behind the number of its place in the heap's
//! list; so one text is freed in constant time, and dropping the heap frees them all without
//! knowing the layout of the state.

#![expect(unsafe_code, reason = "owns texts by address")]

use std::alloc::{Layout, alloc, dealloc};
use std::ptr::{self, NonNull};

use midflight_compiler::abi::Text;
use midflight_compiler::trap::TrapKind;

use super::budget::MemoryBudget;

/// What stands before a text of the heap.
#[repr(C)]
struct Head {
    /// The text's place in `Texts::live`.
    place: u64,
    text: Text,
}

/// The texts of one world.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    live: Vec<NonNull<Head>>,
}

// SAFETY: the heap owns its texts; who holds the heap is the only one to make or free one.
unsafe impl Send for Texts {}

impl Texts {
    /// Copies a text into the heap; the empty one is null and takes nothing.
    ///
    /// # Errors
    /// When the world has no memory left.
    pub(crate) fn copy(
        &mut self,
        memory: &mut MemoryBudget,
        text: &str,
    ) -> Result<*const Text, TrapKind> {
        if text.is_empty() {
            return Ok(ptr::null());
        }
        let layout = layout(text.len()).ok_or(TrapKind::WorldFull)?;
        memory.take(layout.size())?;
        // SAFETY: the size is at least that of `Head`.
        let Some(head) = NonNull::new(unsafe { alloc(layout) }) else {
            memory.give_back(layout.size());
            return Err(TrapKind::EngineFull);
        };
        let head = head.cast::<Head>();
        let place = self.live.len() as u64;
        // SAFETY: the allocation has the size and alignment of a `Head` and more.
        unsafe { head.write(Head { place, text: Text { len: text.len() as u64 } }) };
        // SAFETY: the bytes begin where the head ends, in the same allocation.
        let bytes = unsafe { head.as_ptr().add(1).cast::<u8>() };
        // SAFETY: the allocation has room for them, and fresh memory overlaps nothing.
        unsafe { copy_characters(text, bytes) };
        self.live.push(head);
        // SAFETY: a field of the head that was just written.
        Ok(unsafe { &raw const (*head.as_ptr()).text })
    }

    /// How many texts there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.live.len()
    }

    /// Frees a text.
    ///
    /// # Safety
    /// The text is null or a live one of this heap, and nobody reads it any more.
    pub(crate) unsafe fn free(&mut self, memory: &mut MemoryBudget, text: *const Text) {
        let Some(text) = NonNull::new(text.cast_mut()) else { return };
        // SAFETY: a text of this heap stands behind the place in its head (`copy`).
        let head = unsafe { text.byte_sub(size_of::<Head>() - size_of::<Text>()) }.cast::<Head>();
        // SAFETY: it is live.
        let place = unsafe { (*head.as_ptr()).place } as usize;
        let _ = self.live.swap_remove(place);
        if let Some(moved) = self.live.get(place) {
            // SAFETY: what stands in `live` is live.
            unsafe { (*moved.as_ptr()).place = place as u64 };
        }
        memory.give_back(release(head));
    }
}

impl Drop for Texts {
    fn drop(&mut self) {
        for head in self.live.drain(..) {
            let _ = release(head);
        }
    }
}

/// Gives a text's memory back; tells how much it was.
fn release(head: NonNull<Head>) -> usize {
    // SAFETY: only called with what stood in `live` until now.
    let len = unsafe { (*head.as_ptr()).text.len } as usize;
    let layout = layout(len).expect("it was valid when made");
    // SAFETY: `copy` allocated it with this layout.
    unsafe { dealloc(head.as_ptr().cast::<u8>(), layout) };
    layout.size()
}

fn layout(len: usize) -> Option<Layout> {
    Layout::from_size_align(size_of::<Head>().checked_add(len)?, align_of::<Head>()).ok()
}

/// Copies characters to where a text is made. Most are few: up to 32 bytes are moved as their first and
/// their last ones, which may overlap, and without a call.
///
/// # Safety
/// There is room for them at `to`, and they are not there.
#[inline(always)]
pub(super) unsafe fn copy_characters(from: &str, to: *mut u8) {
    let from = from.as_bytes();
    match from.len() {
        // SAFETY: as the caller promises, and as many bytes are there.
        len @ (..2 | 33..) => unsafe { ptr::copy_nonoverlapping(from.as_ptr(), to, len) },
        // SAFETY: as above.
        16.. => unsafe { copy_ends::<16>(from, to) },
        // SAFETY: as above.
        8.. => unsafe { copy_ends::<8>(from, to) },
        // SAFETY: as above.
        4.. => unsafe { copy_ends::<4>(from, to) },
        // SAFETY: as above.
        2.. => unsafe { copy_ends::<2>(from, to) },
    }
}

/// Copies the first and the last `LEN` bytes.
///
/// # Safety
/// As [`copy_characters`]; there are at least `LEN` bytes.
#[inline(always)]
unsafe fn copy_ends<const LEN: usize>(from: &[u8], to: *mut u8) {
    let (Some(first), Some(last)) = (from.first_chunk::<LEN>(), from.last_chunk::<LEN>()) else {
        return;
    };
    // SAFETY: there is room for them.
    unsafe { to.cast::<[u8; LEN]>().write(*first) };
    // SAFETY: the last ones end where all do.
    let to = unsafe { to.add(from.len() - LEN) };
    // SAFETY: as above.
    unsafe { to.cast::<[u8; LEN]>().write(*last) };
}

/// The characters of a text.
///
/// # Safety
/// The text is null or live for `'t`. Every text is valid UTF-8: constants come from the source,
/// all others from a `&str`.
pub(crate) unsafe fn characters<'t>(text: *const Text) -> &'t str {
    if text.is_null() {
        return "";
    }
    // SAFETY: it is live.
    let len = unsafe { (*text).len } as usize;
    // SAFETY: the bytes follow the header, inside of the same allocation.
    let bytes = unsafe { text.add(1) }.cast::<u8>();
    // SAFETY: there are `len` of them, and they do not change.
    let bytes = unsafe { std::slice::from_raw_parts(bytes, len) };
    // SAFETY: valid UTF-8, as said above.
    unsafe { std::str::from_utf8_unchecked(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_freed_in_any_order() {
        let (mut texts, mut memory) = (Texts::default(), MemoryBudget::alone(1 << 10));
        let made = ["a", "bb", "ccc"].map(|text| texts.copy(&mut memory, text).expect("room"));
        // SAFETY: live texts of this heap that nobody else reads.
        unsafe { texts.free(&mut memory, made[0]) };
        // SAFETY: the heap was asked to free another one.
        assert_eq!(unsafe { characters(made[2]) }, "ccc");
        // SAFETY: as above.
        unsafe { texts.free(&mut memory, made[2]) };
        assert_eq!(texts.live.len(), 1);
        assert_eq!(memory.taken(), layout(2).expect("small").size());
    }

    #[test]
    fn texts_of_all_lengths_are_copied_whole() {
        let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let (mut texts, mut memory) = (Texts::default(), MemoryBudget::alone(1 << 12));
        for len in 0..=letters.len() {
            let copy = texts.copy(&mut memory, &letters[..len]).expect("room");
            // SAFETY: it is live.
            assert_eq!(unsafe { characters(copy) }, &letters[..len]);
        }
    }

    #[test]
    fn a_full_heap_refuses() {
        let (mut texts, mut memory) = (Texts::default(), MemoryBudget::alone(32));
        assert!(texts.copy(&mut memory, "0123456789abcdef").is_ok());
        assert_eq!(texts.copy(&mut memory, "x"), Err(TrapKind::WorldFull));
    }
}
