//! The arena of a call: memory that is handed out by moving a pointer and given back all at once.
//!
//! The bounds of the current chunk stand in the call context, where generated code may move them;
//! this module owns the chunks. One chunk for each thread is kept, so that a world at rest holds
//! none and a small call allocates none.

#![expect(unsafe_code, reason = "hands out memory by address")]

use std::alloc::{Layout, alloc, dealloc};
use std::cell::Cell;
use std::ptr::{self, NonNull};

use midflight_compiler::abi::{CallContext, Text};
use midflight_compiler::planted::allocation_fails;
use midflight_compiler::trap::TrapKind;

use super::texts::copy_characters;
use crate::limits::Limits;

/// Bytes of an ordinary chunk; larger requests get a chunk of their own.
const CHUNK_SIZE: usize = 64 << 10;

/// Bytes that are kept ready for the next call: for its arguments, its result, and the first texts
/// that it makes.
const BLOCKS_SIZE: usize = 512;

/// What the arena hands out is aligned to this, the largest alignment of any Flight value.
const ALIGN: usize = 8;

/// The chunks of one call.
#[derive(Debug)]
pub(crate) struct Arena {
    chunks: Vec<Chunk>,
    taken: usize,
    taken_max: usize,
    text_len_max: usize,
    list_len_max: usize,
    /// The argument and result blocks of a call, where they are small, and behind them what it takes
    /// first.
    blocks: Chunk,
}

#[derive(Debug)]
struct Chunk {
    start: NonNull<u8>,
    size: usize,
}

// SAFETY: a chunk is plain memory that only its owner reaches.
unsafe impl Send for Chunk {}

thread_local! {
    static SPARE: Cell<Option<Chunk>> = const { Cell::new(None) };
}

impl Chunk {
    fn new(size: usize) -> Option<Chunk> {
        if size == CHUNK_SIZE
            && let Some(chunk) = SPARE.try_with(Cell::take).ok().flatten()
        {
            return Some(chunk);
        }
        let layout = Layout::from_size_align(size, ALIGN).ok()?;
        // SAFETY: the size is not 0: nobody asks for less than `BLOCKS_SIZE`.
        let start = NonNull::new(unsafe { alloc(layout) })?;
        Some(Chunk { start, size })
    }
}

/// The text that the arena has handed out last, while its characters are written.
#[derive(Debug)]
pub(crate) struct UnfinishedText<'c> {
    /// Of the text's header.
    start: NonNull<u8>,
    /// Where the next part goes.
    next: *mut u8,
    /// Bytes that may still follow.
    left: usize,
    /// Bytes of any text.
    text_len_max: usize,
    /// Borrowed, so that nothing else is handed out meanwhile.
    ctx: &'c mut CallContext,
}

impl UnfinishedText<'_> {
    /// Appends a part.
    ///
    /// # Panics
    /// When it is longer than what was asked for.
    #[inline(always)]
    pub(crate) fn push(&mut self, part: &str) {
        let left = self.left.checked_sub(part.len());
        self.left = left.expect("a part is no longer than what was asked for");
        // SAFETY: there is room for the part, and it was not made here: this text is no `&str` yet.
        unsafe { copy_characters(part, self.next) };
        // SAFETY: at most the end of the allocation.
        self.next = unsafe { self.next.add(part.len()) };
    }

    /// The text, live until [`Arena::reset`]. What it does not need is handed out next.
    ///
    /// # Errors
    /// When it is longer than any may be.
    #[inline]
    pub(crate) fn end(self) -> Result<*const Text, TrapKind> {
        let UnfinishedText { start, next, text_len_max, ctx, .. } = self;
        let size = next.addr() - start.addr().get();
        let len = size - size_of::<Text>();
        if len > text_len_max {
            return Err(TrapKind::TextTooLong);
        }
        let size = if len == 0 { 0 } else { size };
        // SAFETY: no more than was allocated, which was a multiple of `ALIGN` too.
        ctx.arena_next = unsafe { start.as_ptr().add(size.next_multiple_of(ALIGN)) };
        if len == 0 {
            return Ok(ptr::null());
        }
        // SAFETY: the allocation has room for the header and is aligned for it.
        unsafe { start.cast::<Text>().write(Text { len: len as u64 }) };
        Ok(start.as_ptr().cast::<Text>())
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        let layout = Layout::from_size_align(self.size, ALIGN).expect("it was valid when made");
        // SAFETY: `new` allocated it with this layout, and nobody else frees it.
        unsafe { dealloc(self.start.as_ptr(), layout) }
    }
}

impl Arena {
    /// An empty arena that gives one call as much as the limits say.
    ///
    /// # Errors
    /// When the system has no memory left.
    pub(crate) fn new(limits: &Limits) -> Result<Arena, TrapKind> {
        let blocks = Chunk::new(BLOCKS_SIZE).ok_or(TrapKind::OutOfMemory)?;
        let Limits { call_memory_max: taken_max, text_len_max, list_len_max, .. } = *limits;
        Ok(Arena { chunks: Vec::new(), taken: 0, taken_max, text_len_max, list_len_max, blocks })
    }

    /// Memory for the arguments and the result of a call that begins, aligned to 8, until the next
    /// one. `size` is a multiple of 8.
    ///
    /// # Errors
    /// As [`Arena::allocate`].
    #[inline]
    pub(crate) fn blocks(
        &mut self,
        ctx: &mut CallContext,
        size: usize,
    ) -> Result<NonNull<u8>, TrapKind> {
        if size > BLOCKS_SIZE {
            return self.allocate(ctx, size);
        }
        let start = self.blocks.start;
        // SAFETY: inside of the chunk, or at its end; aligned, as the chunk and `size` are.
        ctx.arena_next = unsafe { start.as_ptr().add(size) };
        // SAFETY: the end of the chunk's own allocation.
        ctx.arena_end = unsafe { start.as_ptr().add(BLOCKS_SIZE) };
        Ok(start)
    }

    /// `size` bytes of unspecified content, aligned to 8, live until [`Arena::reset`].
    ///
    /// # Errors
    /// When the call has taken all that it may.
    #[inline]
    pub(crate) fn allocate(
        &mut self,
        ctx: &mut CallContext,
        size: usize,
    ) -> Result<NonNull<u8>, TrapKind> {
        let size = size.checked_next_multiple_of(ALIGN).ok_or(TrapKind::OutOfMemory)?;
        if allocation_fails() {
            return Err(TrapKind::OutOfMemory);
        }
        // Both are null where there is no chunk.
        let left = ctx.arena_end.addr() - ctx.arena_next.addr();
        if size > left || left == 0 {
            self.grow(ctx, size)?;
        }
        let start = NonNull::new(ctx.arena_next).ok_or(TrapKind::OutOfMemory)?;
        // SAFETY: `size` bytes are left in the chunk that both pointers stand in.
        ctx.arena_next = unsafe { ctx.arena_next.add(size) };
        Ok(start)
    }

    #[cold]
    fn grow(&mut self, ctx: &mut CallContext, size: usize) -> Result<(), TrapKind> {
        let size = size.max(CHUNK_SIZE);
        let taken = self.taken.saturating_add(size);
        if taken > self.taken_max {
            return Err(TrapKind::OutOfMemory);
        }
        let chunk = Chunk::new(size).ok_or(TrapKind::OutOfMemory)?;
        self.taken = taken;
        ctx.arena_next = chunk.start.as_ptr();
        // SAFETY: the end of the chunk's own allocation.
        ctx.arena_end = unsafe { chunk.start.as_ptr().add(size) };
        self.chunks.push(chunk);
        Ok(())
    }

    /// A text of these parts, live until [`Arena::reset`].
    ///
    /// # Errors
    /// As [`Arena::allocate`], and when the text is longer than any may be.
    #[inline]
    pub(crate) fn text<const PARTS: usize>(
        &mut self,
        ctx: &mut CallContext,
        parts: [&str; PARTS],
    ) -> Result<*const Text, TrapKind> {
        let len = parts.iter().map(|part| part.len()).sum::<usize>();
        if len == 0 {
            return Ok(ptr::null());
        }
        if len > self.text_len_max {
            return Err(TrapKind::TextTooLong);
        }
        let mut text = self.begin_text(ctx, len)?;
        parts.into_iter().for_each(|part| text.push(part));
        text.end()
    }

    /// A text that is written where it stays, of at most `len_max` bytes.
    ///
    /// # Errors
    /// As [`Arena::allocate`].
    #[inline]
    pub(crate) fn begin_text<'c>(
        &mut self,
        ctx: &'c mut CallContext,
        len_max: usize,
    ) -> Result<UnfinishedText<'c>, TrapKind> {
        let start = self.allocate(ctx, size_of::<Text>().saturating_add(len_max))?;
        // SAFETY: the characters stand behind the header.
        let next = unsafe { start.as_ptr().add(size_of::<Text>()) };
        let text_len_max = self.text_len_max;
        Ok(UnfinishedText { start, next, left: len_max, text_len_max, ctx })
    }

    /// For how many elements a list gets room that holds `len` and has room for `wanted`: no more than
    /// it may grow to. A list that was made longer stays as it is, and has no room left.
    ///
    /// # Errors
    /// When the list must not grow.
    pub(crate) fn capacity(&self, len: u64, wanted: u64) -> Result<u64, TrapKind> {
        let most = self.list_len_max as u64;
        if len < most { Ok(wanted.min(most)) } else { Err(TrapKind::ListTooLong) }
    }

    /// Elements up to which a list grows.
    pub(crate) fn list_len_max(&self) -> usize {
        self.list_len_max
    }

    /// Bytes that the call may still take.
    pub(crate) fn left(&self) -> usize {
        self.taken_max.saturating_sub(self.taken)
    }

    /// Takes everything back. What was handed out is no longer live.
    #[inline]
    pub(crate) fn reset(&mut self, ctx: &mut CallContext) {
        ctx.arena_next = ptr::null_mut();
        ctx.arena_end = ptr::null_mut();
        if self.taken != 0 {
            self.give_back();
        }
    }

    fn give_back(&mut self) {
        self.taken = 0;
        for chunk in self.chunks.drain(..) {
            if chunk.size == CHUNK_SIZE {
                let _ = SPARE.try_with(|spare| spare.set(Some(chunk)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::texts::characters;

    fn arena(call_memory_max: usize) -> Arena {
        Arena::new(&Limits { call_memory_max, ..Limits::default() }).expect("there is memory")
    }

    fn ctx() -> CallContext {
        // SAFETY: numbers and addresses; all of them may be 0.
        unsafe { std::mem::zeroed() }
    }

    #[test]
    fn memory_is_disjoint_and_stays_until_the_reset() {
        let (mut arena, mut ctx) = (arena(1 << 20), ctx());
        let sizes = [1, 8, CHUNK_SIZE - 64, 7, 3 * CHUNK_SIZE, 100];
        for round in 0..3_u8 {
            let made = sizes.map(|size| (arena.allocate(&mut ctx, size).expect("room"), size));
            for (index, (start, size)) in made.iter().enumerate() {
                assert_eq!(start.addr().get() % ALIGN, 0);
                // SAFETY: as many bytes were asked for.
                unsafe { start.as_ptr().write_bytes(round * 16 + index as u8, *size) };
            }
            for (index, (start, size)) in made.into_iter().enumerate() {
                // SAFETY: they were just written.
                let bytes = unsafe { std::slice::from_raw_parts(start.as_ptr(), size) };
                assert!(bytes.iter().all(|&byte| byte == round * 16 + index as u8));
            }
            let text = arena.text(&mut ctx, ["größ", "er"]).expect("room");
            let mut part = arena.begin_text(&mut ctx, CHUNK_SIZE / 2).expect("room");
            part.push("klei");
            part.push("ner");
            let (part, next) = (part.end().expect("short"), ctx.arena_next);
            // SAFETY: live until the reset.
            assert_eq!(unsafe { characters(text) }, "größer");
            // SAFETY: live until the reset.
            assert_eq!(unsafe { characters(part) }, "kleiner");
            assert_eq!(next.addr() - part.addr(), 16);
            let empty = arena.begin_text(&mut ctx, 100).expect("room").end();
            assert_eq!(empty, Ok(ptr::null()));
            assert_eq!(ctx.arena_next, next);
            arena.reset(&mut ctx);
        }
    }

    #[test]
    fn a_call_gets_no_more_than_it_may_have() {
        let (mut arena, mut ctx) = (arena(CHUNK_SIZE), ctx());
        assert!(arena.allocate(&mut ctx, CHUNK_SIZE).is_ok());
        assert_eq!(arena.allocate(&mut ctx, 8), Err(TrapKind::OutOfMemory));
        arena.reset(&mut ctx);
        assert_eq!(arena.allocate(&mut ctx, usize::MAX), Err(TrapKind::OutOfMemory));
        assert!(arena.allocate(&mut ctx, 8).is_ok());
    }
}
