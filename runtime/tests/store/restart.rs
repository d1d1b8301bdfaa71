//! An engine that ends, cleanly or not, and goes on.

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
