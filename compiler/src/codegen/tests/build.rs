//! Typed programs by hand, for tests: short names for the nodes, and one function at a time.

use crate::ast::FuncKind;
use crate::ir::*;
use crate::layout::Layouts;
use crate::limits::Limits;
use crate::source::Span;
use crate::types::{Field, StructId, StructType, Type, Types};

const SPAN: Span = Span { start: 1, end: 2 };

pub(super) fn expr(ty: Type, kind: ExprKind) -> Expr {
    Expr { kind, ty, span: SPAN }
}

pub(super) fn int(value: i64) -> Expr {
    expr(Type::Int, ExprKind::Const(Const::Int(value)))
}

pub(super) fn place(root: Root, path: &[(u32, Type)], ty: Type) -> Place {
    let path = path.iter().map(|&(field, ty)| Step { kind: StepKind::Field(field), ty }).collect();
    Place { root, path, ty, span: SPAN }
}

pub(super) fn local_place(id: u32, ty: Type) -> Place {
    place(Root::Local(LocalId(id)), &[], ty)
}

pub(super) fn read(place: Place) -> Expr {
    expr(place.ty, ExprKind::Place(place))
}

/// Reads a local of type `int`.
pub(super) fn local(id: u32) -> Expr {
    read(local_place(id, Type::Int))
}

pub(super) fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    expr(left.ty, ExprKind::Binary(op, Box::new(left), Box::new(right)))
}

pub(super) fn compare(op: CompareOp, left: Expr, right: Expr) -> Expr {
    expr(Type::Bool, ExprKind::Compare(op, Box::new(left), Box::new(right)))
}

pub(super) fn call(id: u32, args: Vec<Expr>, ty: Type) -> Expr {
    expr(ty, ExprKind::Call(FuncId(id), args))
}

pub(super) fn ret(value: Expr) -> Stmt {
    stmt(StmtKind::Expr(expr(Type::Never, ExprKind::Return(Some(Box::new(value))))))
}

pub(super) fn stmt(kind: StmtKind) -> Stmt {
    Stmt { kind, span: SPAN }
}

pub(super) fn block(stmts: Vec<Stmt>, value: Option<Expr>) -> Block {
    let ends = matches!(stmts.last(), Some(Stmt { kind: StmtKind::Expr(expr), .. })
        if expr.ty == Type::Never);
    let ty = match &value {
        Some(value) => value.ty,
        None if ends => Type::Never,
        None => Type::Unit,
    };
    Block { stmts, value: value.map(Box::new), ty, fuel: 1 }
}

/// A function whose locals are `v0`, `v1`, …, the parameters first; all of them mutable but those.
pub(super) fn function(params: &[Type], locals: &[Type], body: Block, result: Type) -> Function {
    let types = params.iter().chain(locals);
    let locals = types.enumerate().map(|(index, &ty)| Local {
        name: format!("v{index}").into(),
        ty,
        mutable: index >= params.len(),
    });
    Function {
        name: "f".to_owned(),
        span: SPAN,
        param_count: params.len(),
        locals: locals.collect(),
        result,
        body,
        recursive: true,
        stack_cost: 96,
        stack_need: 96,
        effects: Effects { writes: true, ..Effects::default() },
    }
}

/// A program whose functions are all handlers, with these fields of `state`.
pub(super) fn program(functions: Vec<Function>, state: &[Type]) -> Program {
    let mut types = Types::default();
    let id = declare(&mut types, state);
    with_types(functions, types, id)
}

pub(super) fn with_types(functions: Vec<Function>, types: Types, state: StructId) -> Program {
    let handlers = (0..functions.len() as u32).map(|id| Handler {
        name: format!("h{id}"),
        kind: FuncKind::Post,
        function: FuncId(id),
        defaults: Vec::new(),
        doc: None,
    });
    Program {
        types,
        state,
        handlers: handlers.collect(),
        functions,
        events: Vec::new(),
        timers: Vec::new(),
        on_load: None,
        migrations: Vec::new(),
        drops: Vec::new(),
        tests: Vec::new(),
    }
}

/// Declares a struct with fields of these types.
pub(super) fn declare(types: &mut Types, fields: &[Type]) -> StructId {
    let fields = fields.iter().enumerate().map(|(index, &ty)| Field {
        name: format!("f{index}"),
        ty,
        default: None,
        span: SPAN,
        doc: None,
        was: None,
        transient: false,
    });
    let strukt = StructType { name: "S".to_owned(), fields: fields.collect(), doc: None };
    types.structs.push(strukt);
    StructId(types.structs.len() as u32 - 1)
}

pub(super) fn layouts(program: &Program) -> Layouts {
    Layouts::new(&program.types, program.state, &Limits::default())
        .expect("test programs are small")
}

/// `fn f(n) { if n < 2 { return n }; f(n - 1) + f(n - 2) }`
pub(super) fn fib() -> Program {
    let small = expr(
        Type::Unit,
        ExprKind::If {
            cond: Box::new(compare(CompareOp::Lt, local(0), int(2))),
            then: block(vec![ret(local(0))], None),
            otherwise: None,
        },
    );
    let less = |by| binary(BinaryOp::Sub, local(0), int(by));
    let sum =
        binary(BinaryOp::Add, call(0, vec![less(1)], Type::Int), call(0, vec![less(2)], Type::Int));
    let body = block(vec![stmt(StmtKind::Expr(small))], Some(sum));
    program(vec![function(&[Type::Int], &[], body, Type::Int)], &[])
}

/// `fn f(n) { var sum = 0; for i in 0..n { sum += (i * i) % 7 }; sum }`
pub(super) fn squares() -> Program {
    let square = binary(BinaryOp::Mul, local(2), local(2));
    let add = StmtKind::OpAssign {
        op: BinaryOp::Add,
        place: local_place(1, Type::Int),
        value: binary(BinaryOp::Rem, square, int(7)),
    };
    let stmts = vec![
        stmt(StmtKind::Let { local: LocalId(1), value: int(0) }),
        stmt(StmtKind::ForRange {
            local: LocalId(2),
            start: int(0),
            end: local(0),
            body: block(vec![stmt(add)], None),
        }),
    ];
    let body = block(stmts, Some(local(1)));
    let mut func = function(&[Type::Int], &[Type::Int, Type::Int], body, Type::Int);
    func.locals[2].mutable = false;
    func.recursive = false;
    program(vec![func], &[])
}
