//! What is durable, and when: restarts, disks that fail, power that goes.

mod directory;
mod disk;
mod faults;
mod history;
mod map;
mod modes;
mod restart;
mod staged;
mod world;
mod worlds;
