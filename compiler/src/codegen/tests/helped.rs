//! Programs that several threads compile: what comes out is what one makes, and nobody waits for ever.

use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use super::build::*;
use super::{generate, layouts};
use crate::deadline::Deadline;
use crate::diag::{Code as DiagnosticCode, Diagnostic};
use crate::ir::*;
use crate::jit::Code;
use crate::limits::COMPILE_STACK_SIZE;
use crate::resources::{Executor, Resources};
use crate::settings::Settings;
use crate::types::Type;

/// There are three more threads.
struct Three;

impl Executor for Three {
    fn run(&self, _: usize, help: &(dyn Fn() + Sync), lead: &mut dyn FnMut()) {
        thread::scope(|scope| {
            for _ in 0..3 {
                let thread = thread::Builder::new().stack_size(COMPILE_STACK_SIZE);
                let _ = thread.spawn_scoped(scope, help);
            }
            lead();
        });
    }
}

/// Forty functions, no two of which are the same code.
fn many() -> Program {
    let function = |number| {
        let sum = binary(BinaryOp::Add, local(0), int(number));
        function(&[Type::Int], &[], block(Vec::new(), Some(sum)), Type::Int)
    };
    program((0..40).map(function).collect(), &[])
}

fn helped(program: &mut Program, resources: Resources<'_>) -> Result<Code, Vec<Diagnostic>> {
    let layouts = layouts(program);
    generate(program, &layouts, Settings::default(), resources)
}

#[test]
fn functions_stand_in_the_order_in_which_they_were_lowered() {
    /// How far each function stands from the first, and the function of each site.
    fn places(code: &Code) -> (Vec<usize>, Vec<FuncId>) {
        let entry = |id| code.entry(FuncId(id)).expect("the host calls it") as usize;
        let places = (0..40).map(|id| entry(id).wrapping_sub(entry(0))).collect();
        (places, code.sites().iter().map(|site| site.function).collect())
    }
    let alone = helped(&mut many(), Resources::PLAIN).expect("it compiles");
    for _ in 0..20 {
        let resources = Resources { executor: &Three, ..Resources::PLAIN };
        let together = helped(&mut many(), resources).expect("it compiles");
        assert_eq!(places(&alone), places(&together));
    }
}

#[test]
fn who_helps_ends_when_the_program_is_refused() {
    let call = call(7, Vec::new(), Type::Int);
    let func = function(&[], &[], block(Vec::new(), Some(call)), Type::Int);
    let resources = Resources { executor: &Three, ..Resources::PLAIN };
    let mut no_such_function = program(vec![func], &[Type::Int]);
    let errors = helped(&mut no_such_function, resources).expect_err("there is no function 7");
    assert_eq!(errors[0].code, DiagnosticCode::E0690);
}

#[test]
fn a_fault_where_somebody_helps_refuses_the_program() {
    let leader = thread::current().id();
    let (tell, told) = channel();
    let told = Mutex::new((told, 0));
    let is_past = || {
        if thread::current().id() != leader {
            tell.send(()).expect("the leader listens");
            panic!("a fault");
        }
        let mut told = told.lock().expect("the leader does not panic");
        told.1 += 1;
        // The first function waits to be compiled by now.
        if told.1 == 3 {
            told.0.recv().expect("somebody helps");
        }
        false
    };
    let deadline = Deadline::new(Duration::MAX, &is_past);
    let resources = Resources { deadline, executor: &Three, cache: None };
    let errors = helped(&mut many(), resources).expect_err("somebody panicked");
    assert_eq!(errors[0].code, DiagnosticCode::E0690);
}
