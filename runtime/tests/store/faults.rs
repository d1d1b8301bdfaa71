//! After any fault, what is there is a beginning of the history, and has every step that was
//! acknowledged.

use midflight_runtime::BuildError;

use crate::disk::{Disk, Fault, Random};
use crate::history::{Life, STEPS, looks};

/// Lives until the history ends or the disk fails; gives how many steps were acknowledged.
fn live(disk: &Disk) -> usize {
    let Ok(store) = disk.store() else { return 0 };
    let Ok(life) = Life::begin(store) else { return 0 };
    let mut acknowledged = 0;
    for (number, &step) in STEPS.iter().enumerate() {
        match life.step(number, step) {
            Ok(()) => acknowledged = number + 1,
            Err(_) => break,
        }
    }
    if acknowledged < STEPS.len() {
        // Nothing more is acknowledged; what is asked for is refused, not lost.
        assert!(life.engine.has_failed(), "the engine knows that its store has failed");
        assert!(life.step(acknowledged, STEPS[acknowledged]).is_err(), "it has failed for good");
    }
    acknowledged
}

/// Says that what is on a disk is the history up to some step, the acknowledged ones counted.
fn check(looks: &[Vec<u8>], bytes: Vec<u8>, acknowledged: usize, what: &str) {
    let life = Disk::with(bytes).store().map_err(BuildError::Store).and_then(Life::begin);
    let life = life.unwrap_or_else(|error| panic!("{what}: {error}"));
    let seen = life.look();
    let found: Vec<usize> = (0..looks.len()).filter(|&step| looks[step] == seen).collect();
    assert!(!found.is_empty(), "{what}: it is no beginning of the history");
    // The step that failed may have happened, no later one.
    let is_right = |step: &usize| (acknowledged..=acknowledged + 1).contains(step);
    assert!(
        found.iter().any(is_right),
        "{what}: it is the history up to {found:?}, {acknowledged} steps were acknowledged"
    );
}

fn operations() -> usize {
    let disk = Disk::new();
    assert_eq!(live(&disk), STEPS.len());
    disk.operations()
}

#[test]
fn every_fault_at_every_operation() {
    let looks = looks();
    for fault in [Fault::Error, Fault::ErrorOnce, Fault::ShortWrite, Fault::Full] {
        for operation in 0..operations() {
            let disk = Disk::new();
            disk.plan(operation, fault);
            let acknowledged = live(&disk);
            let what = format!("{fault:?} at {operation}");
            check(&looks, disk.after_death(), acknowledged, &what);
            check(
                &looks,
                disk.after_power_loss(&mut Random::new(operation as u64)),
                acknowledged,
                &what,
            );
        }
    }
}

#[test]
fn power_loss_at_every_operation() {
    let looks = looks();
    for operation in 0..operations() {
        let disk = Disk::new();
        disk.plan(operation, Fault::PowerLoss);
        let acknowledged = live(&disk);
        for seed in 0..16 {
            let mut random = Random::new((operation * 16 + seed) as u64);
            let what = format!("power loss at {operation}, seed {seed}");
            check(&looks, disk.after_power_loss(&mut random), acknowledged, &what);
        }
    }
}
