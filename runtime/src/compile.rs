//! Compiling posted source: on a thread of its own with a large stack, a bounded number at once.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use midflight_compiler::check::Live;
use midflight_compiler::diag::Diagnostic;
use midflight_compiler::limits::COMPILE_STACK_SIZE;
use midflight_compiler::source::Source;
use midflight_compiler::{Deadline, Program};

use crate::error::LoadError;
use crate::figures::CompilationFigures;
use crate::limits::Limits;
use crate::shared::Setup;

/// Lets a bounded number of compilations run, and a bounded number wait.
#[derive(Debug, Default)]
pub(crate) struct Compilations {
    figures: Mutex<CompilationFigures>,
    one_ended: Condvar,
}

/// Ends a compilation when it is dropped.
struct Permit<'a> {
    compilations: &'a Compilations,
    began: Instant,
}

impl Compilations {
    /// Compiles a source.
    ///
    /// # Errors
    /// The mistakes of the source, or that too many programs are being compiled.
    pub(crate) fn compile(&self, source: &Source, setup: &Setup) -> Result<Program, LoadError> {
        self.run(source, setup, setup.code.limits.compile_time_max, |deadline| {
            midflight_compiler::compile_until(source, setup.code, deadline)
        })
    }

    /// Compiles a source that was good when it was loaded. It takes as long as it takes: a busy
    /// machine must not lose a version at a restart.
    ///
    /// # Errors
    /// As [`Compilations::compile`].
    pub(crate) fn compile_again(
        &self,
        source: &Source,
        setup: &Setup,
    ) -> Result<Program, LoadError> {
        self.run(source, setup, Duration::MAX, |deadline| {
            midflight_compiler::compile_until(source, setup.code, deadline)
        })
    }

    /// Compiles the `migrate` blocks of a source for what is live.
    ///
    /// # Errors
    /// As [`Compilations::compile`].
    pub(crate) fn compile_migrations(
        &self,
        source: &Source,
        live: Live<'_>,
        setup: &Setup,
    ) -> Result<Program, LoadError> {
        self.run(source, setup, setup.code.limits.compile_time_max, |deadline| {
            midflight_compiler::compile_migrations(source, live, setup.code, deadline)
        })
    }

    fn run(
        &self,
        source: &Source,
        setup: &Setup,
        allowed: Duration,
        compile: impl FnOnce(Deadline<'_>) -> Result<Program, Vec<Diagnostic>> + Send,
    ) -> Result<Program, LoadError> {
        let permit = self.begin(&setup.limits)?;
        let is_past = || permit.began.elapsed() >= allowed;
        let deadline = Deadline::new(allowed, &is_past);
        let compiled = thread::scope(|scope| {
            let thread = thread::Builder::new()
                .name("compile".to_owned())
                .stack_size(COMPILE_STACK_SIZE)
                .spawn_scoped(scope, || compile(deadline))
                .map_err(LoadError::Thread)?;
            thread.join().map_err(|_panic| LoadError::Internal)
        })?;
        compiled.map_err(|diagnostics| LoadError::Source { file: source.clone(), diagnostics })
    }

    /// What is compiled now, and what was.
    pub(crate) fn figures(&self) -> CompilationFigures {
        *self.lock()
    }

    fn begin(&self, limits: &Limits) -> Result<Permit<'_>, LoadError> {
        let mut figures = self.lock();
        if figures.waiting >= limits.compiles_waiting_max {
            return Err(LoadError::Busy);
        }
        figures.waiting += 1;
        let full = |figures: &mut CompilationFigures| figures.running >= limits.compiles_max;
        let waited = self.one_ended.wait_while(figures, full);
        let mut figures = waited.unwrap_or_else(PoisonError::into_inner);
        figures.waiting -= 1;
        figures.running += 1;
        Ok(Permit { compilations: self, began: Instant::now() })
    }

    fn lock(&self) -> MutexGuard<'_, CompilationFigures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut figures = self.compilations.lock();
        figures.running -= 1;
        figures.ended += 1;
        figures.time += self.began.elapsed();
        self.compilations.one_ended.notify_one();
    }
}
