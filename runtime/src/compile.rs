//! Compiling posted source: on the thread that asks for it, with a large stack, a bounded number at once.
//! The functions of a large source are turned into machine code on further threads, while there are
//! fewer of these than may compile; what was compiled before is taken from a cache.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use midflight_compiler::cache::CodeCache;
use midflight_compiler::check::Live;
use midflight_compiler::diag::Diagnostic;
use midflight_compiler::limits::COMPILE_STACK_SIZE;
use midflight_compiler::resources::{Executor, Resources};
use midflight_compiler::settings::Settings;
use midflight_compiler::source::Source;
use midflight_compiler::types::TableId;
use midflight_compiler::{Deadline, Program};

use crate::error::LoadError;
use crate::figures::CompilationFigures;
use crate::limits::Limits;
use crate::shared::Setup;
use crate::stack::Stacks;
use crate::version::Version;

/// How many functions keep one thread busy for longer than it takes to start another.
const FUNCTIONS_PER_THREAD: usize = 4;

/// Lets a bounded number of compilations run, and a bounded number wait.
#[derive(Debug)]
pub(crate) struct Compilations {
    figures: Mutex<CompilationFigures>,
    one_ended: Condvar,
    cache: CodeCache,
    /// One for each that runs.
    stacks: Stacks,
    /// Threads that help a compilation.
    helpers: AtomicUsize,
    /// How many there may be, less the compilations that run.
    threads_max: usize,
}

/// The threads of one compilation: the one that asks for it, and those that help it.
struct Threads<'a>(&'a Compilations);

/// What `migrate` blocks begin from (`Live`), and what it is part of.
pub(crate) struct LiveLayout {
    /// The version that laid it out.
    pub(crate) version: Arc<Version>,
    /// For each table of the new program, the live table that its rows come from.
    pub(crate) tables: Vec<Option<TableId>>,
    /// For each `migrate` block of the new program, whether it is to be run.
    pub(crate) runs: Vec<bool>,
}

/// Threads that a compilation has taken. They are free again when this is dropped.
struct Helpers<'a> {
    compilations: &'a Compilations,
    taken: usize,
}

/// Ends a compilation when it is dropped.
struct Permit<'a> {
    compilations: &'a Compilations,
    began: Instant,
}

impl Compilations {
    /// None yet.
    pub(crate) fn new(limits: &Limits) -> Compilations {
        Compilations {
            figures: Mutex::default(),
            one_ended: Condvar::new(),
            cache: CodeCache::new(limits.code_cache_max),
            stacks: Stacks::new(COMPILE_STACK_SIZE, limits.compiles_max),
            helpers: AtomicUsize::new(0),
            // The calls may want one of the processors, but not for as long as this takes.
            threads_max: limits.compiles_max + 1,
        }
    }

    /// Compiles a source.
    ///
    /// # Errors
    /// The mistakes of the source, or that too many programs are being compiled.
    pub(crate) fn compile(&self, source: &Source, setup: &Setup) -> Result<Program, LoadError> {
        let allowed = setup.code.limits.compile_time_max;
        self.run(source, setup, allowed, midflight_compiler::compile_using)
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
        self.run(source, setup, Duration::MAX, midflight_compiler::compile_using)
    }

    /// Compiles the `migrate` blocks of a source for what is live.
    ///
    /// # Errors
    /// As [`Compilations::compile`].
    pub(crate) fn compile_migrations(
        &self,
        source: &Source,
        live: LiveLayout,
        setup: &Setup,
    ) -> Result<Program, LoadError> {
        let allowed = setup.code.limits.compile_time_max;
        self.run(source, setup, allowed, move |source, settings, resources| {
            let LiveLayout { version, tables, runs } = &live;
            let before = &version.program().ir;
            let live = Live { types: &before.types, state: before.state, tables, runs };
            midflight_compiler::compile_migrations(source, live, settings, resources)
        })
    }

    fn run(
        &self,
        source: &Source,
        setup: &Setup,
        allowed: Duration,
        compile: impl FnOnce(&Source, Settings, Resources<'_>) -> Result<Program, Vec<Diagnostic>>,
    ) -> Result<Program, LoadError> {
        let permit = self.begin(&setup.limits)?;
        let work = || {
            let is_past = || permit.began.elapsed() >= allowed;
            let deadline = Deadline::new(allowed, &is_past);
            let executor = &Threads(self);
            let resources = Resources { deadline, executor, cache: Some(&self.cache) };
            compile(source, setup.code, resources)
        };
        // A panic is a fault of ours; it leaves nothing behind that anybody else sees.
        let work = || panic::catch_unwind(AssertUnwindSafe(work));
        // On the caller's thread, whose heap and caches are warm, and which need not be woken.
        let compiled = self.stacks.run(work).map_err(|_error| LoadError::Stack)?;
        compiled
            .map_err(|_panic| LoadError::Internal)?
            .map_err(|diagnostics| LoadError::Source { file: source.clone(), diagnostics })
    }

    /// What is compiled now, and what was.
    pub(crate) fn figures(&self) -> CompilationFigures {
        let (functions_found, functions_made) = self.cache.counts();
        let cache_size = self.cache.size();
        CompilationFigures { functions_found, functions_made, cache_size, ..*self.lock() }
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

impl Compilations {
    /// Takes up to `wanted` threads, of those that are free.
    fn helpers(&self, wanted: usize) -> Helpers<'_> {
        let free = self.threads_max.saturating_sub(self.lock().running);
        let mut taken = 0;
        let _ = self.helpers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |helpers| {
            taken = wanted.min(free.saturating_sub(helpers));
            Some(helpers + taken)
        });
        Helpers { compilations: self, taken }
    }
}

impl Executor for Threads<'_> {
    fn run(&self, functions: usize, help: &(dyn Fn() + Sync), lead: &mut dyn FnMut()) {
        let helpers = self.0.helpers((functions / FUNCTIONS_PER_THREAD).saturating_sub(1));
        thread::scope(|scope| {
            for _ in 0..helpers.taken {
                // Without the thread, the others do its part.
                let thread = thread::Builder::new().name("compile".to_owned());
                let _ = thread.stack_size(COMPILE_STACK_SIZE).spawn_scoped(scope, help);
            }
            lead();
        });
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

impl Drop for Helpers<'_> {
    fn drop(&mut self) {
        let _ = self.compilations.helpers.fetch_sub(self.taken, Ordering::Relaxed);
    }
}
