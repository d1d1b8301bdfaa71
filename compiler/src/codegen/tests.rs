//! Small programs built by hand, run on this machine: what comes out, where they trap, and what
//! they note for undo. Programs in source text stand in the crate `tests`.

mod build;
mod helped;
mod machine;
mod source;
mod world;

use super::machine::{BACKTRACKING, isa};
use super::{Listing, generate, list};
use crate::diag::Diagnostic;
use crate::ir::*;
use crate::jit::Code;
use crate::layout::Layouts;
use crate::resources::Resources;
use crate::settings::{Optimisation, Settings};
use crate::trap::TrapKind;
use crate::types::Type;
use build::*;
use machine::Machine;

fn generated(program: &mut Program, layouts: &Layouts) -> Result<Code, Vec<Diagnostic>> {
    generate(program, layouts, Settings::default(), Resources::PLAIN)
}

fn compile(mut program: Program) -> Code {
    let layouts = layouts(&program);
    generated(&mut program, &layouts).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

/// A program with one function of two `int`s.
fn two_ints(body: Expr) -> Code {
    let result = body.ty;
    let func = function(&[Type::Int, Type::Int], &[], block(Vec::new(), Some(body)), result);
    compile(program(vec![func], &[]))
}

#[test]
fn functions_recurse_and_loops_count() {
    let mut machine = Machine::new(0);
    assert_eq!(machine.call(&compile(fib()), 0, &[20]), Ok(6765));
    let expected: i64 = (0..1000_i64).map(|i| (i * i) % 7).sum();
    assert_eq!(machine.call(&compile(squares()), 0, &[1000]), Ok(expected as u64));
    assert_eq!(machine.call(&compile(squares()), 0, &[-5_i64 as u64]), Ok(0));
}

#[test]
fn integer_arithmetic_is_checked() {
    use BinaryOp::*;
    let numbers = [0, 1, -1, 2, -7, 10, i64::MAX, i64::MAX - 1, i64::MIN, i64::MIN + 1];
    let mut machine = Machine::new(0);
    for op in [Add, Sub, Mul, Div, Rem] {
        let general = two_ints(binary(op, local(0), local(1)));
        for right in numbers {
            let special = two_ints(binary(op, local(0), int(right)));
            let reversed = two_ints(binary(op, int(right), local(0)));
            for left in numbers {
                let expected = meaning(op, left, right);
                for code in [&general, &special] {
                    let found = machine.call(code, 0, &[left as u64, right as u64]);
                    let found = found.map(|value| value as i64).map_err(|s| s.unwrap().kind);
                    assert_eq!(found, expected, "{left} {op:?} {right}");
                }
                let found = machine.call(&reversed, 0, &[left as u64, 0]);
                let found = found.map(|value| value as i64).map_err(|s| s.unwrap().kind);
                assert_eq!(found, meaning(op, right, left), "{right} {op:?} {left}");
            }
        }
    }
}

fn meaning(op: BinaryOp, left: i64, right: i64) -> Result<i64, TrapKind> {
    let result = match op {
        BinaryOp::Add => left.checked_add(right),
        BinaryOp::Sub => left.checked_sub(right),
        BinaryOp::Mul => left.checked_mul(right),
        BinaryOp::Div | BinaryOp::Rem if right == 0 => return Err(TrapKind::DivisionByZero),
        BinaryOp::Div => left.checked_div(right),
        BinaryOp::Rem => left.checked_rem(right),
    };
    result.ok_or(TrapKind::Overflow)
}

#[test]
fn fuel_and_stack_end_a_call() {
    let code = compile(fib());
    let mut machine = Machine::new(0);
    machine.fuel = 100;
    assert_eq!(machine.trap(&code, 0, &[30]), Some(TrapKind::OutOfFuel));
    let mut machine = Machine::new(0);
    machine.stack = 96 * 3;
    assert_eq!(machine.call(&code, 0, &[3]), Ok(2));
    assert_eq!(machine.trap(&code, 0, &[4]), Some(TrapKind::OutOfStack));
}

#[test]
fn writes_to_state_note_each_chunk_once() {
    // 40 words of state: chunks 0 and 1. f(a, b) writes field 0 twice and field 39 once.
    let state = [Type::Int; 40];
    let field = |index| place(Root::State, &[(index, Type::Int)], Type::Int);
    let add =
        |index, value| stmt(StmtKind::OpAssign { op: BinaryOp::Add, place: field(index), value });
    let stmts = vec![add(0, local(0)), add(0, local(1)), add(39, local(1))];
    let body = block(stmts, Some(read(field(0))));
    let func = function(&[Type::Int, Type::Int], &[], body, Type::Int);
    let code = compile(program(vec![func], &state));
    let mut machine = Machine::new(320);
    assert_eq!(machine.call(&code, 0, &[3, 4]), Ok(7));
    assert_eq!(machine.world.noted, [(0, 256), (256, 64)]);
    assert_eq!((machine.world.word(0), machine.world.word(39 * 8)), (7, 4));
    // The same transaction goes on: both chunks carry its epoch.
    assert_eq!(machine.call(&code, 0, &[1, 1]), Ok(9));
    assert_eq!(machine.world.noted.len(), 2);
}

#[test]
fn structs_are_values() {
    // struct S { int, int }; let a = S { f1: v1, f0: v0 }; let b = a; b.f0 = 9; a.f0 * 10 + b.f1
    let mut types = crate::types::Types::default();
    let state = declare(&mut types, &[]);
    let pair = Type::Struct(declare(&mut types, &[Type::Int, Type::Int]));
    let Type::Struct(id) = pair else { unreachable!("it is a struct") };
    let field = |of, index| place(Root::Local(LocalId(of)), &[(index, Type::Int)], Type::Int);
    let new = expr(pair, ExprKind::Struct(id, vec![(1, local(1)), (0, local(0))]));
    let stmts = vec![
        stmt(StmtKind::Let { local: LocalId(2), value: new }),
        stmt(StmtKind::Let { local: LocalId(3), value: read(local_place(2, pair)) }),
        stmt(StmtKind::Assign { place: field(3, 0), value: int(9) }),
    ];
    let tens = binary(BinaryOp::Mul, read(field(2, 0)), int(10));
    let sum = binary(BinaryOp::Add, tens, read(field(3, 1)));
    let params = [Type::Int, Type::Int];
    let func = function(&params, &[pair, pair], block(stmts, Some(sum)), Type::Int);
    let code = compile(with_types(vec![func], types, state));
    assert_eq!(Machine::new(0).call(&code, 0, &[5, 6]), Ok(56));
}

#[test]
fn conversions_test_the_range_first() {
    let convert = expr(
        Type::Int,
        ExprKind::Builtin(
            crate::builtins::Builtin::IntOfFloat,
            vec![read(local_place(0, Type::Float))],
        ),
    );
    let func = function(&[Type::Float], &[], block(Vec::new(), Some(convert)), Type::Int);
    let code = compile(program(vec![func], &[]));
    let mut machine = Machine::new(0);
    let end = 9_223_372_036_854_775_808.0_f64;
    for (value, expected) in [(-2.9, Some(-2)), (-end, Some(i64::MIN)), (end, None)] {
        let found = machine.call(&code, 0, &[f64::to_bits(value)]).ok().map(|v| v as i64);
        assert_eq!(found, expected, "{value}");
    }
    assert_eq!(machine.trap(&code, 0, &[f64::NAN.to_bits()]), Some(TrapKind::OutOfRange));
}

#[test]
fn functions_that_nothing_reaches_are_left_out() {
    let mut program = fib();
    program.functions.push(program.functions[0].clone());
    let layouts = layouts(&program);
    let both = list(&mut program, &layouts, Listing::Clif).expect("it compiles");
    assert_eq!(both.matches("; f\n").count(), 1, "{both}");
    let code = generated(&mut program, &layouts).expect("it compiles");
    assert!(code.entry(FuncId(0)).is_some() && code.entry(FuncId(1)).is_none());
}

#[test]
fn every_listing_shows_every_function() {
    let mut program = fib();
    let layouts = layouts(&program);
    for (listing, shown) in [(Listing::Clif, "return "), (Listing::Asm, "ret")] {
        let listed = list(&mut program, &layouts, listing).expect("it compiles");
        for title in ["; f\n", "; f (entry)\n"] {
            let function = listed.split(title).nth(1).expect("it is there");
            assert!(function.contains(shown), "{listing:?}: {listed}");
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the kernel tells by a file what is mapped")]
fn memory_of_code_is_given_back() {
    let maps = || std::fs::read_to_string("/proc/self/maps").map(|maps| maps.lines().count());
    let Ok(_) = maps() else { return };
    let mut program = fib();
    let layouts = layouts(&program);
    let _ = generated(&mut program, &layouts).expect("it compiles");
    let before = maps().expect("it was there before");
    for _ in 0..1000 {
        let _ = generated(&mut program, &layouts).expect("it compiles");
        // Dropped before it was finished, as after a failed compilation.
        let isa = isa(Optimisation::Speed, BACKTRACKING).expect("this machine is known");
        let _ = crate::jit::Pages::new(isa).expect("there is address space");
    }
    let after = maps().expect("it was there before");
    assert!(after <= before + 16, "{before} mappings before, {after} after");
}

#[test]
fn a_fault_of_a_pass_refuses_the_program() {
    let func =
        function(&[], &[], block(Vec::new(), Some(call(7, Vec::new(), Type::Int))), Type::Int);
    let mut program = program(vec![func], &[Type::Int]);
    let layouts = layouts(&program);
    let errors = generated(&mut program, &layouts).expect_err("there is no function 7");
    assert_eq!(errors[0].code, crate::diag::Code::E0690);
    assert_eq!(program.types.structs.len(), 1, "the program is as it was");
}
