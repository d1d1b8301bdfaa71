//! The gate of a world in every order of its steps: the files of the runtime itself, on `loom`'s
//! threads, locks and atomics in place of the standard library's.
//!
//! `loom` runs each test again for every way in which the threads can interleave and for every
//! value that the memory model lets a load see. What is reached inside of the gate is a cell that
//! reports two accesses that are not ordered.

mod limits {
    /// No test here spawns, so that no clock is asked.
    pub(crate) const DRAIN_MAX: std::time::Duration = std::time::Duration::MAX;

    /// One look and the sleep behind it are all the steps that there are.
    pub(crate) const SPINS_MAX: u32 = 1;

    /// Who comes twice in a row borrows the gate.
    pub(crate) const LEND_AFTER: u32 = 2;
}

mod sync {
    pub(crate) use loom::hint;
    pub(crate) use loom::sync::{Mutex, MutexGuard, atomic};
    pub(crate) use loom::thread;

    /// As `std::thread_local`, for one.
    macro_rules! per_thread {
        (static $name:ident: $ty:ty = const { $init:expr };) => {
            loom::thread_local! { static $name: $ty = $init; }
        };
        (static $name:ident: $ty:ty = $init:expr;) => {
            loom::thread_local! { static $name: $ty = $init; }
        };
    }
    pub(crate) use per_thread;

    /// Both fences are the whole one: that is what the system promises of a light and a heavy one.
    pub(crate) mod fence {
        use loom::sync::atomic::{Ordering, fence};

        pub(crate) fn is_available() -> bool {
            true
        }

        pub(crate) fn light() {
            fence(Ordering::SeqCst);
        }

        pub(crate) fn heavy() {
            fence(Ordering::SeqCst);
        }
    }
}

#[path = "../../runtime/src/loan.rs"]
mod loan;

#[expect(dead_code, reason = "not everything that worlds use is modelled")]
#[path = "../../runtime/src/gate.rs"]
mod gate;

use std::sync::Arc;

use gate::{Full, Gate};
use loom::cell::Cell;
use loom::thread;

/// A counter that reports unordered accesses.
type Counter = Cell<u32>;

fn add_one(counter: &Counter) {
    counter.set(counter.get() + 1);
}

fn gate(queue_len_max: usize) -> Arc<Gate<Counter>> {
    Arc::new(Gate::new(Cell::new(0), queue_len_max, None))
}

fn enter_and_add(gate: &Arc<Gate<Counter>>) -> thread::JoinHandle<()> {
    let gate = gate.clone();
    thread::spawn(move || add_one(&gate.enter()))
}

fn submit_one(gate: &Arc<Gate<Counter>>) -> Result<(), Full> {
    gate.submit(Box::new(|counter| add_one(counter)))
}

/// Every order in which at most three threads are interrupted, which is where faults are.
fn model(test: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(test);
}

fn join(threads: impl IntoIterator<Item = thread::JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().expect("no thread panics"));
}

#[test]
fn threads_that_enter_come_one_after_the_other() {
    model(|| {
        let gate = gate(8);
        let others = [enter_and_add(&gate), enter_and_add(&gate)];
        add_one(&gate.enter());
        join(others);
        assert_eq!(gate.try_enter().expect("nobody holds it").get(), 3);
    });
}

#[test]
fn a_job_is_done_by_whoever_holds_the_gate() {
    model(|| {
        let gate = gate(8);
        let other = enter_and_add(&gate);
        submit_one(&gate).expect("there is room");
        submit_one(&gate).expect("there is room");
        join([other]);
        assert_eq!(gate.try_enter().expect("nobody holds it").get(), 3);
        assert_eq!(gate.queue_len(), 0, "nothing is forgotten");
    });
}

#[test]
fn jobs_and_threads_wait_in_one_queue() {
    model(|| {
        let gate = gate(8);
        let entering = enter_and_add(&gate);
        let submitting = {
            let gate = gate.clone();
            thread::spawn(move || submit_one(&gate).expect("there is room"))
        };
        add_one(&gate.enter());
        join([entering, submitting]);
        assert_eq!(gate.try_enter().expect("nobody holds it").get(), 3);
    });
}

#[test]
fn a_refused_job_is_not_done() {
    model(|| {
        let gate = gate(0);
        let other = enter_and_add(&gate);
        let done = u32::from(submit_one(&gate).is_ok());
        join([other]);
        assert_eq!(gate.enter().get(), 1 + done);
    });
}

#[test]
fn who_does_not_wait_gets_the_gate_or_nothing() {
    model(|| {
        let gate = gate(8);
        let other = enter_and_add(&gate);
        let mut entered = 0;
        if let Some(counter) = gate.try_enter() {
            add_one(&counter);
            entered = 1;
        }
        join([other]);
        assert_eq!(gate.try_enter().expect("nobody holds it").get(), 1 + entered);
    });
}

/// Enters so often that the gate is lent to this thread, and once more on loan.
fn borrow(gate: &Arc<Gate<Counter>>) {
    for _ in 0..=limits::LEND_AFTER {
        add_one(&gate.enter());
    }
}

fn borrow_elsewhere(gate: &Arc<Gate<Counter>>) -> thread::JoinHandle<()> {
    let gate = gate.clone();
    thread::spawn(move || borrow(&gate))
}

const BORROWED: u32 = limits::LEND_AFTER + 1;

#[test]
fn a_loan_is_taken_back_by_whoever_waits() {
    model(|| {
        let gate = gate(8);
        let other = enter_and_add(&gate);
        borrow(&gate);
        join([other]);
        assert_eq!(gate.try_enter().expect("nobody holds it").get(), BORROWED + 1);
    });
}

#[test]
fn a_loan_is_taken_back_by_who_does_not_wait() {
    model(|| {
        let gate = gate(8);
        let other = {
            let gate = gate.clone();
            thread::spawn(move || {
                submit_one(&gate).expect("there is room");
                u32::from(gate.try_enter().inspect(|counter| add_one(counter)).is_some())
            })
        };
        borrow(&gate);
        let entered = other.join().expect("no thread panics");
        assert_eq!(gate.enter().get(), BORROWED + 1 + entered);
        assert_eq!(gate.queue_len(), 0, "nothing is forgotten");
    });
}

#[test]
fn two_borrowers_are_never_inside_together() {
    model(|| {
        let gate = gate(8);
        let other = borrow_elsewhere(&gate);
        borrow(&gate);
        join([other]);
        assert_eq!(gate.enter().get(), 2 * BORROWED);
    });
}

#[test]
fn a_thread_that_ends_leaves_no_loan_behind() {
    model(|| {
        let gate = gate(8);
        let other = borrow_elsewhere(&gate);
        add_one(&gate.enter());
        join([other]);
        assert_eq!(gate.try_enter().expect("nobody is inside").get(), BORROWED + 1);
    });
}

/// Inside of one gate on loan, a thread enters another one that is lent to it, too.
#[test]
fn a_borrower_of_two_gates_holds_both() {
    model(|| {
        let gates = [gate(8), gate(8)];
        let others = gates.each_ref().map(enter_and_add);
        gates.iter().for_each(borrow);
        let held = gates.each_ref().map(|gate| gate.enter());
        held.iter().for_each(|counter| add_one(counter));
        drop(held);
        join(others);
        for gate in &gates {
            assert_eq!(gate.try_enter().expect("nobody holds it").get(), BORROWED + 2);
        }
    });
}
