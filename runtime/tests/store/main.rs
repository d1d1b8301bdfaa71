//! What is durable, and when: restarts, disks that fail, power that goes.

mod disk;
mod faults;
mod history;
mod restart;
