//! The gate on real threads. Every order of its steps is tried in `tests/gate`.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use crate::gate::{Full, Gate, Spawn};
use crate::limits::{DRAIN_MAX, LEND_AFTER};

#[test]
fn nobody_is_forgotten() {
    let gate = Arc::new(Gate::new(0_u64, usize::MAX, None));
    thread::scope(|scope| {
        for _ in 0..4 {
            let _ = scope.spawn(|| {
                for _ in 0..5_000 {
                    *gate.enter() += 1;
                    gate.submit(Box::new(|value| *value += 1)).expect("there is room");
                }
            });
        }
    });
    assert_eq!(*gate.enter(), 40_000);
    assert_eq!(gate.queue_len(), 0);
}

/// Each thread comes so often in a row that the gate is lent to it, and takes it from the other one.
#[test]
fn loans_end_without_a_loss() {
    const TURNS: u64 = 40 * LEND_AFTER as u64;
    let gate = Arc::new(Gate::new(0_u64, usize::MAX, None));
    thread::scope(|scope| {
        for _ in 0..2 {
            let _ = scope.spawn(|| (0..TURNS).for_each(|_| *gate.enter() += 1));
        }
        for _ in 0..TURNS / 100 {
            gate.submit(Box::new(|value| *value += 1)).expect("there is room");
            thread::yield_now();
        }
    });
    assert_eq!(*gate.enter(), 2 * TURNS + TURNS / 100);
}

#[test]
fn the_holder_does_what_was_left() {
    let gate = Arc::new(Gate::new(Vec::new(), 2, None));
    let mut holder = gate.enter();
    assert_eq!(gate.submit(Box::new(|list| list.push(2))), Ok(()));
    assert_eq!(gate.submit(Box::new(|list| list.push(3))), Ok(()));
    assert_eq!(gate.submit(Box::new(|list| list.push(4))), Err(Full));
    holder.push(1);
    drop(holder);
    assert_eq!(*gate.enter(), [1, 2, 3]);
}

#[test]
fn a_long_queue_is_handed_over() {
    let (handed, work) = mpsc::channel::<Box<dyn FnOnce() + Send>>();
    let spawn: Spawn = Arc::new(move |work| handed.send(work).expect("it is received"));
    let gate = Arc::new(Gate::new(0, 10, Some(spawn)));
    let holder = gate.enter();
    gate.submit(Box::new(|_| {
        let began = Instant::now();
        while began.elapsed() <= DRAIN_MAX {}
    }))
    .expect("there is room");
    gate.submit(Box::new(|value| *value = 1)).expect("there is room");
    drop(holder);
    assert!(gate.try_enter().is_none(), "the gate is held until the rest is done");
    work.recv().expect("the rest was handed over")();
    assert_eq!(gate.try_enter().map(|value| *value), Some(1));
}

#[test]
fn a_job_that_panics_leaves_the_gate_open() {
    let gate = Arc::new(Gate::new(0, 10, None));
    let holder = gate.enter();
    gate.submit(Box::new(|_| panic!("a fault of ours"))).expect("there is room");
    drop(holder);
    assert!(gate.try_enter().is_some());
}
