//! What threads meet at: the standard library's and [`crate::fence`], under one name, so that a model
//! checker can stand in its place (`tests/gate`).

pub(crate) use std::hint;
pub(crate) use std::sync::{Mutex, MutexGuard, atomic};
pub(crate) use std::thread;
pub(crate) use std::thread_local as per_thread;

pub(crate) use crate::fence;
