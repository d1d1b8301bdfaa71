//! What this process has: bytes from the allocator, resident memory, mappings, descriptors.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the bytes that are allocated.
struct Counting;

static ALLOCATED: AtomicU64 = AtomicU64::new(0);

// SAFETY: the system's allocator does everything; counting touches no memory that it gives.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATED.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        let _ = ALLOCATED.fetch_sub(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What the process has at some moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Footprint {
    /// Bytes that the allocator gave and has not got back.
    pub(crate) allocated: u64,
    /// Bytes of memory that the system keeps for the process.
    pub(crate) resident: u64,
    /// Lines of the memory map.
    pub(crate) mappings: usize,
    /// Open files and sockets.
    pub(crate) descriptors: usize,
}

impl Footprint {
    /// What it has now.
    pub(crate) fn now() -> Footprint {
        let statm = fs::read_to_string("/proc/self/statm").expect("the system tells");
        let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
        let maps = fs::read_to_string("/proc/self/maps").expect("the system tells");
        let descriptors = fs::read_dir("/proc/self/fd").expect("the system tells");
        Footprint {
            allocated: ALLOCATED.load(Ordering::Relaxed),
            resident: pages.expect("the second number") * 4096,
            mappings: maps.lines().count(),
            descriptors: descriptors.count(),
        }
    }
}
