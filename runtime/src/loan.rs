//! What a thread shows of itself to those who want a gate that is lent to it.

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;

use crate::sync::atomic::{AtomicPtr, Ordering};
use crate::sync::{fence, per_thread};

/// One for each thread that ever borrows a gate. Written by that thread alone.
#[derive(Debug)]
pub(crate) struct Borrower {
    /// The address of the gate that the thread is inside of on loan; null outside of all.
    inside: AtomicPtr<()>,
}

impl Borrower {
    /// Stands for a thread that has never borrowed anything.
    const NOBODY: *const Borrower = ptr::without_provenance(align_of::<Borrower>());

    /// The address of this thread's, where it has one.
    #[inline]
    pub(crate) fn here() -> *const Borrower {
        CURRENT.try_with(Cell::get).unwrap_or(Borrower::NOBODY)
    }

    /// This thread's. `None` where gates cannot be lent, and at the end of a thread.
    pub(crate) fn get() -> Option<Arc<Borrower>> {
        if !fence::is_available() {
            return None;
        }
        let own = OWN.try_with(|own| own.0.clone()).ok()?;
        CURRENT.try_with(|current| current.set(Arc::as_ptr(&own))).ok()?;
        Some(own)
    }

    /// Shows that this thread is inside of the gate at this address, unless it is inside of another
    /// one already. Whoever takes loans back sees it, or has taken this one back before.
    #[inline]
    pub(crate) fn enter(&self, gate: *mut ()) -> bool {
        if !self.inside.load(Ordering::Relaxed).is_null() {
            return false;
        }
        self.inside.store(gate, Ordering::Relaxed);
        fence::light();
        true
    }

    /// Shows that this thread is inside of no gate. Whoever takes a loan back from here on sees it;
    /// who did so before has been seen, at the next look at the gate.
    #[inline]
    pub(crate) fn leave(&self) {
        // What was done inside happens before whatever is done by who sees this.
        self.inside.store(ptr::null_mut(), Ordering::Release);
        fence::light();
    }

    /// For whoever has just taken a loan back: whether the thread is inside, and so will look for
    /// those who wait when it leaves. Otherwise it will find out that it has nothing any more.
    pub(crate) fn is_inside(&self, gate: *mut ()) -> bool {
        fence::heavy();
        self.inside.load(Ordering::Acquire) == gate
    }
}

/// Keeps a thread's own; when the thread ends, its address stands for nothing.
struct Own(Arc<Borrower>);

impl Drop for Own {
    fn drop(&mut self) {
        // Gone already: then nobody can ask.
        let _ = CURRENT.try_with(|current| current.set(Borrower::NOBODY));
    }
}

per_thread! {
    static CURRENT: Cell<*const Borrower> = const { Cell::new(Borrower::NOBODY) };
}

per_thread! {
    static OWN: Own = Own(Arc::new(Borrower { inside: AtomicPtr::new(ptr::null_mut()) }));
}
