//! Compiling posted source: on a thread of its own with a large stack, a bounded number at once.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use midflight_compiler::Program;
use midflight_compiler::limits::COMPILE_STACK_SIZE;
use midflight_compiler::source::Source;

use crate::error::LoadError;
use crate::limits::Limits;
use crate::shared::Setup;

/// Lets a bounded number of compilations run, and a bounded number wait.
#[derive(Debug, Default)]
pub(crate) struct Compilations {
    under_way: Mutex<UnderWay>,
    one_ended: Condvar,
}

#[derive(Debug, Default)]
struct UnderWay {
    running: usize,
    waiting: usize,
}

/// Ends a compilation when it is dropped.
struct Permit<'a>(&'a Compilations);

impl Compilations {
    /// Compiles a source.
    ///
    /// # Errors
    /// The mistakes of the source, or that too many programs are being compiled.
    pub(crate) fn compile(&self, source: &Source, setup: &Setup) -> Result<Program, LoadError> {
        let _permit = self.begin(&setup.limits)?;
        let compiled = thread::scope(|scope| {
            let thread = thread::Builder::new()
                .name("compile".to_owned())
                .stack_size(COMPILE_STACK_SIZE)
                .spawn_scoped(scope, || midflight_compiler::compile_with(source, setup.code))
                .map_err(LoadError::Thread)?;
            thread.join().map_err(|_panic| LoadError::Internal)
        })?;
        compiled.map_err(|diagnostics| LoadError::Source { file: source.clone(), diagnostics })
    }

    fn begin(&self, limits: &Limits) -> Result<Permit<'_>, LoadError> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if under_way.waiting >= limits.compiles_waiting_max {
            return Err(LoadError::Busy);
        }
        under_way.waiting += 1;
        let full = |under_way: &mut UnderWay| under_way.running >= limits.compiles_max;
        let waited = self.one_ended.wait_while(under_way, full);
        let mut under_way = waited.unwrap_or_else(PoisonError::into_inner);
        under_way.waiting -= 1;
        under_way.running += 1;
        Ok(Permit(self))
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut under_way = self.0.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.running -= 1;
        self.0.one_ended.notify_one();
    }
}
