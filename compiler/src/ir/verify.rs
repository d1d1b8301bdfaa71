//! Checks the invariants that stand at the head of `ir`, in debug builds, after the checker has
//! run. A violation is a fault of the checker: it panics with the rule and the function's name.

use super::walk::Part;
use super::{
    Arm, Block, Const, Expr, ExprKind, Function, Pattern, Piece, Place, Program, Root, StepKind,
    Stmt, StmtKind,
};
use crate::types::{Type, Types};

/// Panics when a program breaks an invariant.
pub(crate) fn verify(program: &Program) {
    for function in &program.functions {
        let verifier = Verifier { program, types: &program.types, function };
        verifier.function();
    }
    let count = program.functions.len();
    let handlers = program.handlers.iter().map(|handler| handler.function);
    let timers = program.timers.iter().map(|timer| timer.function);
    let tests = program.tests.iter().map(|test| test.function);
    let migrations = program.migrations.iter().filter_map(|migration| migration.function);
    for id in handlers.chain(migrations).chain(timers).chain(tests).chain(program.on_load) {
        assert!(id.index() < count, "a function's id is in range");
    }
}

struct Verifier<'p> {
    program: &'p Program,
    types: &'p Types,
    function: &'p Function,
}

impl Verifier<'_> {
    fn hold(&self, holds: bool, rule: &str) {
        assert!(holds, "{rule} (in `{}`)", self.function.name);
    }

    fn function(&self) {
        let function = self.function;
        self.hold(function.param_count <= function.locals.len(), "parameters are locals");
        for local in &function.locals {
            self.hold(local.ty != Type::Error, "no local has the type Error");
        }
        for param in function.locals.iter().take(function.param_count) {
            self.hold(!param.mutable, "a parameter is not assigned");
        }
        self.block(&function.body);
        let gives = function.body.ty;
        let fits = gives == function.result || gives == Type::Never;
        self.hold(fits, "a body gives the function's result");
        self.hold(function.stack_cost >= 64, "a function has a stack cost");
        self.hold(function.stack_need >= function.stack_cost, "a call needs its own frame");
    }

    fn block(&self, block: &Block) {
        for stmt in &block.stmts {
            self.stmt(stmt);
        }
        match &block.value {
            Some(value) => {
                self.expr(value);
                self.fits(value, block.ty, "a block's value has the block's type");
                self.hold(block.ty != Type::Never, "a block of type never has no value");
            }
            None => {
                let empty = matches!(block.ty, Type::Unit | Type::Never);
                self.hold(empty, "a block without a value is `()` or never");
            }
        }
        if block.ty == Type::Never {
            let ends = block.stmts.last().is_some_and(never_ends);
            self.hold(ends, "a block of type never ends in what never ends");
        }
    }

    fn stmt(&self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Let { local, value } => {
                self.local(local.index());
                self.fits(value, self.function.locals[local.index()].ty, "`let` fits its local");
            }
            StmtKind::Assign { place, value } | StmtKind::OpAssign { place, value, .. } => {
                self.written(place);
                self.fits(value, place.ty, "an assigned value fits its place");
            }
            StmtKind::While { cond, .. } | StmtKind::Assert { cond, .. } => {
                self.fits(cond, Type::Bool, "a condition is a `bool`");
            }
            StmtKind::ForRange { local, start, end, .. } => {
                self.local(local.index());
                self.fits(start, Type::Int, "a range is of `int`");
                self.fits(end, Type::Int, "a range is of `int`");
            }
            StmtKind::ForList(list) => {
                self.local(list.local.index());
                self.hold(self.is_list(list.list.ty), "a loop runs over a list");
            }
            StmtKind::ForRows(rows) => {
                self.local(rows.local.index());
                self.hold(rows.table.index() < self.types.tables.len(), "a table's id is in range");
            }
            StmtKind::AssertFails { call } => {
                self.hold(matches!(call.kind, ExprKind::Call(..)), "`assert fails` takes a call");
            }
            StmtKind::Emit { event, .. } => {
                self.hold(event.index() < self.program.events.len(), "an event's id is in range");
            }
            StmtKind::Log { message } => self.fits(message, Type::Str, "a line is a text"),
            StmtKind::Remove { row } => {
                self.hold(matches!(row.ty, Type::Row(_)), "what is removed is a row");
            }
            StmtKind::Advance { duration_ms } => {
                self.fits(duration_ms, Type::Int, "a duration is an `int`");
            }
            StmtKind::Expr(_) => {}
        }
        self.parts(|visit| stmt.parts(visit));
    }

    fn expr(&self, expr: &Expr) {
        self.hold(expr.ty != Type::Error, "no node has the type Error");
        match &expr.kind {
            ExprKind::Place(place) => self.place(place),
            ExprKind::Binary(_, left, right) => {
                self.hold(left.ty == right.ty && left.ty == expr.ty, "operands have one type");
            }
            ExprKind::Compare(_, left, right) => {
                self.hold(left.ty == right.ty, "compared values have one type");
            }
            ExprKind::Coalesce(left, right) => {
                let inner = match left.ty {
                    Type::Optional(inner) => self.types.get(inner),
                    other => other,
                };
                self.hold(inner == expr.ty && inner != left.ty, "`??` opens an optional");
                self.fits(right, inner, "what stands for `none` has the value's type");
            }
            ExprKind::Call(id, args) => self.call(id.index(), args),
            ExprKind::Mutate { place, .. } => self.written(place),
            ExprKind::Struct(id, fields) => {
                let known = self.types.strukt(*id).fields.len();
                let mut given: Vec<u32> = fields.iter().map(|(index, _)| *index).collect();
                given.sort_unstable();
                self.hold(given.into_iter().eq(0..known as u32), "a struct has every field once");
            }
            ExprKind::If { cond, then, otherwise } => {
                self.fits(cond, Type::Bool, "a condition is a `bool`");
                self.branch(then, expr.ty);
                match otherwise {
                    Some(otherwise) => self.branch(otherwise, expr.ty),
                    None => self.hold(expr.ty == Type::Unit, "`if` without `else` is `()`"),
                }
            }
            ExprKind::Match { arms, .. } => arms.iter().for_each(|arm| self.arm(arm, expr.ty)),
            ExprKind::Block(block) => self.branch(block, expr.ty),
            ExprKind::Interpolate(pieces) => pieces.iter().for_each(|piece| self.piece(piece)),
            ExprKind::Return(value) => {
                let ty = value.as_ref().map_or(Type::Unit, |value| value.ty);
                self.hold(ty == self.function.result, "`return` gives the function's result");
            }
            ExprKind::Fail { status, .. } => {
                self.hold((400..=599).contains(status), "a status is from 400 to 599");
            }
            _ => {}
        }
        self.parts(|visit| expr.parts(visit));
    }

    fn call(&self, callee: usize, args: &[Expr]) {
        let Some(callee) = self.program.functions.get(callee) else {
            return self.hold(false, "a function's id is in range");
        };
        self.hold(args.len() == callee.param_count, "a call gives every parameter");
        for (arg, ty) in args.iter().zip(callee.param_types()) {
            self.fits(arg, ty, "an argument fits its parameter");
        }
    }

    fn arm(&self, arm: &Arm, ty: Type) {
        self.pattern(&arm.pattern);
        self.branch(&arm.body, ty);
    }

    fn pattern(&self, pattern: &Pattern) {
        match pattern {
            Pattern::Bind(local) => self.local(local.index()),
            Pattern::Const(value) => {
                let scalar = matches!(
                    value,
                    Const::Int(_) | Const::Float(_) | Const::Bool(_) | Const::Str(_)
                );
                self.hold(scalar, "a constant pattern is a scalar or a text");
            }
            Pattern::Variant(id, index, parts) => {
                let variants = &self.types.enumeration(*id).variants;
                let known = variants.get(*index as usize).map(|variant| variant.fields.len());
                self.hold(known == Some(parts.len()), "a variant's pattern has all its parts");
                parts.iter().for_each(|part| self.pattern(part));
            }
            Pattern::Some(inner) => self.pattern(inner),
            Pattern::Or(all) => all.iter().for_each(|one| self.pattern(one)),
            Pattern::Wildcard | Pattern::None => {}
        }
    }

    fn piece(&self, piece: &Piece) {
        let Piece::Value(value, digits) = piece else { return };
        let allowed = digits.is_none() || value.ty == Type::Float;
        self.hold(allowed, "only a `float` has digits after its point");
    }

    /// A block whose value becomes that of a node.
    fn branch(&self, block: &Block, ty: Type) {
        let fits = block.ty == ty || block.ty == Type::Never;
        self.hold(fits, "a branch has the type of the whole");
    }

    fn place(&self, place: &Place) {
        if let Root::Local(local) = place.root {
            self.local(local.index());
        }
        let ty = place.path.last().map(|step| step.ty);
        self.hold(ty.is_none_or(|ty| ty == place.ty), "a place has the type of its last step");
        for step in &place.path {
            if let StepKind::Index(index) = &step.kind {
                self.fits(index, Type::Int, "an index is an `int`");
            }
        }
    }

    /// A place that is written to.
    fn written(&self, place: &Place) {
        self.place(place);
        let mutable = match &place.root {
            Root::Local(local) => self.function.locals[local.index()].mutable,
            Root::State | Root::Row(..) => !place.path.is_empty(),
            Root::Value(_) => false,
        };
        self.hold(mutable, "what is written stands in a `var`, in `state` or in a row");
    }

    fn local(&self, index: usize) {
        self.hold(index < self.function.locals.len(), "a local's id is in range");
    }

    fn fits(&self, expr: &Expr, ty: Type, rule: &str) {
        self.hold(expr.ty == ty || expr.ty == Type::Never, rule);
    }

    fn is_list(&self, ty: Type) -> bool {
        matches!(ty, Type::List(_) | Type::Array(..) | Type::Bounded(..))
    }

    fn parts(&self, visit_all: impl Fn(&mut dyn FnMut(Part<'_>))) {
        visit_all(&mut |part| match part {
            Part::Expr(expr) => self.expr(expr),
            Part::Block(block) => self.block(block),
        });
    }
}

/// Whether control never comes out of a statement.
fn never_ends(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::Expr(expr) => expr.ty == Type::Never,
        StmtKind::While { cond, .. } => {
            matches!(cond.kind, ExprKind::Const(Const::Bool(true)))
        }
        _ => false,
    }
}
