//! An engine that ends, cleanly or not, and goes on.

use std::time::Duration;

use midflight_runtime::Engine;
use midflight_runtime::compiler::limits::Limits;
use midflight_runtime::compiler::settings::Settings;

use crate::disk::Disk;
use crate::history::{Life, STEPS};

#[test]
fn every_step_survives_a_clean_end_and_a_kill() {
    let disk = Disk::new();
    let mut life = Life::begin(disk.store().expect("the disk is good")).expect("it is empty");
    for (number, &step) in STEPS.iter().enumerate() {
        life.step(number, step).expect("the disk is good");
        let seen = life.look();
        let killed = Disk::with(disk.after_death()).store().expect("it can be opened");
        let killed = Life::begin(killed).expect("it can go on");
        assert!(killed.look() == seen, "after a kill behind step {number}");
        drop(life);
        life = Life::begin(disk.store().expect("the disk is good")).expect("it can go on");
        assert!(life.look() == seen, "after a clean end behind step {number}");
    }
}

#[test]
fn a_busy_machine_loses_no_version() {
    let disk = Disk::new();
    let store = || disk.store().expect("the disk is good");
    let engine = Engine::builder().store(store()).build().expect("it is empty");
    for number in 1..=2 {
        let source = format!("get number() -> int {{ return {number} }}");
        let _ = engine.load(&source).expect("it is right");
    }
    drop(engine);
    // No load would be fast enough.
    let limits = Limits { compile_time_max: Duration::ZERO, ..Limits::default() };
    let code = Settings::default().limits(limits);
    let engine = Engine::builder().store(store()).code(code).reopen();
    let (engine, reopened) = engine.expect("it goes on");
    assert!(engine.load("get number() -> int { return 3 }").is_err());
    assert!(reopened.refused.is_empty() && engine.versions().len() == 2, "{reopened:?}");
    let number = engine.handler::<(), i64>("number").expect("it is there");
    assert_eq!(number.call("main", ()).expect("it ends"), 2);
}
