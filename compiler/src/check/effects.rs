//! What follows from who calls whom: recursion, effects, the stack that a call needs, and which
//! rows a loop visits.

use super::cost::NEXT;
use super::cycles::{Graph, components, is_cycle};
use crate::builtins::Builtin;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::ir::walk::{Part, PartMut};
use crate::ir::{
    Block, CompareOp, Effects, Expr, ExprKind, ForRows, Function, Local, Place, Root, Step,
    StepKind, Stmt, StmtKind,
};
use crate::types::{TableId, Types};

/// Fills in what a function's callees decide; refuses one that alone needs more than all of the stack.
pub(super) fn complete(
    functions: &mut [Function],
    types: &Types,
    (stack_max, diagnostics): (u32, &mut Diagnostics),
) {
    let mut graph = Graph::new();
    for function in functions.iter_mut() {
        let mut found = Found::default();
        found.block(&function.body);
        function.effects = found.effects;
        found.callees.sort_unstable();
        found.callees.dedup();
        graph.push(found.callees);
    }
    let components = components(&graph);
    let mut component_of = vec![0; functions.len()];
    for (number, component) in components.iter().enumerate() {
        for &member in component {
            component_of[member] = number;
        }
    }
    for component in &components {
        complete_component(functions, &graph, component, &component_of);
    }
    for function in functions.iter().filter(|function| function.stack_need > stack_max) {
        let text = format!("`{}` needs more stack than a call has", function.name);
        diagnostics.report(
            Diagnostic::new(Code::E0613, function.span, text)
                .with_label(format!("{} bytes of {stack_max}", function.stack_need))
                .with_help("keep large values in `state` or in a table"),
        );
    }
    let effects: Vec<Effects> = functions.iter().map(|function| function.effects).collect();
    for function in functions.iter_mut() {
        let Function { body, locals, .. } = function;
        Visits { types, locals, effects: &effects }.block(body);
    }
}

/// The functions of a component reach each other, so that all have the effects of all.
fn complete_component(
    functions: &mut [Function],
    graph: &Graph,
    component: &[usize],
    component_of: &[usize],
) {
    let recursive = is_cycle(graph, component);
    let mut effects = Effects::default();
    for &member in component {
        effects = union(effects, functions[member].effects);
        for &callee in &graph[member] {
            effects = union(effects, functions[callee].effects);
        }
    }
    for &member in component {
        // A recursive callee checks the stack itself.
        let own = component_of[member];
        let callees = graph[member].iter().filter(|&&callee| component_of[callee] != own);
        let below = callees
            .filter(|&&callee| !functions[callee].recursive)
            .map(|&callee| functions[callee].stack_need)
            .max()
            .unwrap_or_default();
        let function = &mut functions[member];
        function.recursive = recursive;
        function.effects = effects;
        function.stack_need = function.stack_cost.saturating_add(below);
    }
}

fn union(a: Effects, b: Effects) -> Effects {
    Effects {
        writes: a.writes || b.writes,
        inserts: a.inserts || b.inserts,
        removes: a.removes || b.removes,
        reads_clock: a.reads_clock || b.reads_clock,
    }
}

/// What one body does itself, and whom it calls.
#[derive(Default)]
struct Found {
    effects: Effects,
    callees: Vec<usize>,
    /// The fields of rows that are written.
    written: Vec<(TableId, u32)>,
}

impl Found {
    fn block(&mut self, block: &Block) {
        for stmt in &block.stmts {
            self.stmt(stmt);
        }
        if let Some(value) = &block.value {
            self.expr(value);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Assign { place, .. } | StmtKind::OpAssign { place, .. } => self.write(place),
            StmtKind::Emit { .. } => self.effects.writes = true,
            StmtKind::Remove { .. } => {
                self.effects.writes = true;
                self.effects.removes = true;
            }
            _ => {}
        }
        stmt.parts(&mut |part| self.part(part));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Call(callee, _) => self.callees.push(callee.index()),
            ExprKind::Builtin(Builtin::Random, _) => self.effects.writes = true,
            ExprKind::Builtin(Builtin::Now, _) => self.effects.reads_clock = true,
            ExprKind::Mutate { place, .. } => self.write(place),
            ExprKind::Insert(..) => {
                self.effects.writes = true;
                self.effects.inserts = true;
            }
            _ => {}
        }
        expr.parts(&mut |part| self.part(part));
    }

    fn part(&mut self, part: Part<'_>) {
        match part {
            Part::Expr(expr) => self.expr(expr),
            Part::Block(block) => self.block(block),
        }
    }

    fn write(&mut self, place: &Place) {
        if matches!(place.root, Root::State | Root::Row(..)) {
            self.effects.writes = true;
        }
        if let (Root::Row(table, _), Some(StepKind::Field(field))) =
            (&place.root, place.path.first().map(|step| &step.kind))
        {
            self.written.push((*table, *field));
        }
    }
}

/// Decides for every loop over rows of a function which rows it visits.
struct Visits<'a> {
    types: &'a Types,
    locals: &'a [Local],
    /// Of every function.
    effects: &'a [Effects],
}

impl Visits<'_> {
    fn block(&self, block: &mut Block) {
        for stmt in &mut block.stmts {
            if let StmtKind::ForRows(rows) = &mut stmt.kind {
                self.decide(rows);
            }
        }
        block.parts_mut(&mut |part| self.part(part));
    }

    fn part(&self, part: PartMut<'_>) {
        match part {
            PartMut::Block(block) => self.block(block),
            PartMut::Expr(expr) => expr.parts_mut(&mut |part| self.part(part)),
        }
    }

    fn decide(&self, rows: &mut ForRows) {
        let mut found = Found::default();
        found.block(&rows.body);
        if let Some(filter) = &rows.filter {
            found.expr(filter);
        }
        let callees = found.callees.iter().map(|&callee| self.effects[callee]);
        let below = callees.fold(Effects::default(), union);
        let all = union(found.effects, below);
        // Any write may be one to the field that the loop is ordered by.
        let reorders = rows.order.is_some() && all.writes;
        rows.snapshot = all.inserts || all.removes || reorders;
        rows.counts_all = rows.filter.is_none() && !all.removes;
        let lookup = rows.filter.as_ref().and_then(|filter| self.looked_up(rows, filter));
        rows.lookup = lookup.filter(|(field, _)| {
            rows.order.is_none() && !below.writes && !found.written.contains(&(rows.table, *field))
        });
        if !rows.snapshot && (rows.order.is_some() || rows.lookup.is_some()) {
            rows.body.fuel = rows.body.fuel.saturating_add(NEXT);
        }
    }

    /// The indexed field that is compared first, and with what, if that cannot change.
    fn looked_up(&self, rows: &ForRows, filter: &Expr) -> Option<(u32, Expr)> {
        match &filter.kind {
            ExprKind::And(first, _) => self.looked_up(rows, first),
            ExprKind::Compare(CompareOp::Eq, left, right) => {
                let sides = [(left, right), (right, left)];
                sides.into_iter().find_map(|(place, value)| {
                    let field = self.indexed_field(rows, place)?;
                    self.is_fixed(value).then(|| (field, Expr::clone(value)))
                })
            }
            _ => None,
        }
    }

    fn indexed_field(&self, rows: &ForRows, expr: &Expr) -> Option<u32> {
        let ExprKind::Place(Place { root: Root::Row(_, row), path, .. }) = &expr.kind else {
            return None;
        };
        let ExprKind::Place(Place { root: Root::Local(local), path: to_row, .. }) = &row.kind
        else {
            return None;
        };
        let [Step { kind: StepKind::Field(field), .. }] = path.as_slice() else { return None };
        let indexes = &self.types.table(rows.table).indexes;
        let is_own = *local == rows.local && to_row.is_empty();
        (is_own && indexes.contains(field)).then_some(*field)
    }

    /// Whether the value is the same whenever it is computed, and computing it does nothing else.
    fn is_fixed(&self, value: &Expr) -> bool {
        match &value.kind {
            ExprKind::Const(_) => true,
            ExprKind::Place(Place { root: Root::Local(local), path, .. }) => {
                !self.locals[local.index()].mutable && path.is_empty()
            }
            _ => false,
        }
    }
}
