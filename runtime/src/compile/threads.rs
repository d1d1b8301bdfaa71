//! Threads that can compile, kept for the next compilation: on a new one stack and heap are cold,
//! which takes longer than compiling a small program does. One that has had nothing to do for a
//! while ends, and gives back what the largest program has left on its stack.

use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use midflight_compiler::limits::COMPILE_STACK_SIZE;

use crate::error::LoadError;

/// How long a thread rests before it ends.
const REST: Duration = Duration::from_secs(5);

/// What a thread is to do.
type Job = Box<dyn FnOnce() + Send>;

/// The threads that rest. There are as many as have compiled at the same time.
#[derive(Debug, Default)]
pub(super) struct Threads {
    resting: Arc<Mutex<Vec<Worker>>>,
}

/// A thread, for whoever gives it something to do.
#[derive(Debug)]
struct Worker {
    jobs: Sender<Job>,
    thread: JoinHandle<()>,
}

impl Threads {
    /// Does some work on a thread, and waits for it.
    ///
    /// # Errors
    /// When there is no thread to be had, or the work panicked.
    pub(super) fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, LoadError> {
        let resting = lock(&self.resting).pop();
        let worker = resting.map_or_else(|| Worker::start(&self.resting), Ok);
        let worker = worker.map_err(LoadError::Thread)?;
        let (answer, answered) = mpsc::channel();
        // A panic is told, and leaves nothing behind that anybody else sees.
        let job = move || answer.send(panic::catch_unwind(AssertUnwindSafe(work)));
        let sent = worker.jobs.send(Box::new(move || drop(job())));
        let result = sent.ok().and_then(|()| answered.recv().ok()).ok_or(LoadError::Internal)?;
        // Only one that has answered can be given more to do.
        lock(&self.resting).push(worker);
        result.map_err(|_panic| LoadError::Internal)
    }
}

impl Worker {
    fn start(resting: &Arc<Mutex<Vec<Worker>>>) -> std::io::Result<Worker> {
        let (jobs, received) = mpsc::channel();
        // Those that rest hold the ends of each other's channels: a thread must not keep them.
        let resting = Arc::downgrade(resting);
        let thread = thread().spawn(move || serve(&received, &resting))?;
        Ok(Worker { jobs, thread })
    }
}

/// What a thread does: one job after the other, until there is none for too long or for good.
fn serve(jobs: &Receiver<Job>, resting: &Weak<Mutex<Vec<Worker>>>) {
    loop {
        match jobs.recv_timeout(REST) {
            Ok(job) => job(),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                let Some(resting) = resting.upgrade() else { return };
                let mut resting = lock(&resting);
                let this = thread::current().id();
                let place = resting.iter().position(|worker| worker.thread.thread().id() == this);
                // One that is not there has been chosen, and its job is on the way.
                if let Some(place) = place {
                    let _ = resting.swap_remove(place);
                    return;
                }
            }
        }
    }
}

/// A thread that can compile.
pub(super) fn thread() -> thread::Builder {
    thread::Builder::new().name("compile".to_owned()).stack_size(COMPILE_STACK_SIZE)
}

fn lock(resting: &Mutex<Vec<Worker>>) -> MutexGuard<'_, Vec<Worker>> {
    resting.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Threads {
    fn drop(&mut self) {
        let resting = std::mem::take(&mut *lock(&self.resting));
        for Worker { jobs, thread } in resting {
            drop(jobs);
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_used_again_and_outlives_a_panic() {
        let threads = Threads::default();
        let id = || threads.run(|| thread::current().id()).expect("there is a thread");
        let first = id();
        let panicked = threads.run(|| panic::panic_any("as a fault of ours would"));
        assert!(matches!(panicked, Err::<(), _>(LoadError::Internal)));
        assert_eq!(id(), first);
        assert_eq!(lock(&threads.resting).len(), 1);
    }

    #[test]
    fn work_at_the_same_time_has_threads_of_its_own() {
        let threads = Arc::new(Threads::default());
        let barrier = Arc::new(std::sync::Barrier::new(2));
        let works = [0, 1].map(|number| {
            let (threads, barrier) = (threads.clone(), barrier.clone());
            thread::spawn(move || {
                threads.run(move || {
                    let _ = barrier.wait();
                    number
                })
            })
        });
        let numbers = works.map(|work| work.join().expect("it ends").expect("there is a thread"));
        assert_eq!(numbers, [0, 1]);
        assert_eq!(lock(&threads.resting).len(), 2);
    }
}
