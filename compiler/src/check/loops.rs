//! `for`: over a range, a list or the rows of a table, with its clauses.

use super::body::Body;
use super::fields::{Owner, find_or_report};
use super::scope::LocalKind;
use super::ty::{element, is_ordered};
use crate::ast::{self, Iterable, Name};
use crate::diag::{Code, Diagnostic};
use crate::ir::{self, LocalId, Place};
use crate::types::{TableId, Type};

impl<'a> Body<'_, 'a> {
    /// Any `for`.
    pub(super) fn for_stmt(&mut self, written: &'a ast::For) -> Option<ir::StmtKind> {
        match &written.iterable {
            Iterable::Range(start, end) => self.for_range(written, start, end),
            Iterable::Expr(iterable) => match self.table_named(iterable) {
                Some(table) => self.for_rows(written, table, iterable),
                None => self.for_list(written, iterable),
            },
        }
    }

    fn for_range(
        &mut self,
        written: &'a ast::For,
        start: &'a ast::Expr,
        end: &'a ast::Expr,
    ) -> Option<ir::StmtKind> {
        let clauses = [&written.filter, &written.limit];
        let order = written.order.as_ref().and_then(|(path, _)| path.first());
        let clause = clauses.into_iter().flatten().map(|clause| clause.span).min();
        if let Some(span) = clause.or(order.map(|name| name.span)) {
            let text = "a loop over a range has no `where`, `by` or `limit`";
            self.checker.report(
                Diagnostic::new(Code::E0508, span, text)
                    .with_help("put an `if` into the loop, or another end to the range"),
            );
        }
        let start = self.value(start, Type::Int);
        let end = self.value(end, Type::Int);
        self.scopes.push();
        let local = self.declare(&written.name, Type::Int, LocalKind::Counter);
        let (body, _) = self.loop_body(&written.body);
        self.scopes.pop();
        let wrong = clause.is_some() || order.is_some();
        (!wrong && start.ty != Type::Error && end.ty != Type::Error)
            .then_some(ir::StmtKind::ForRange { local, start, end, body })
    }

    fn for_list(&mut self, written: &'a ast::For, iterable: &'a ast::Expr) -> Option<ir::StmtKind> {
        let list = self.any_value(iterable);
        let of = element(&self.checker.types, list.ty);
        if of.is_none() && !matches!(list.ty, Type::Error | Type::Never) {
            self.refuse_iterable(&list);
        }
        let element_ty = of.unwrap_or(Type::Error);
        let limit = self.limit(written);
        self.scopes.push();
        let local = self.declare(&written.name, element_ty, LocalKind::Element(iterable.span));
        let filter = self.filter(written);
        let order = self.list_order(written, element_ty);
        let (body, _) = self.loop_body(&written.body);
        self.scopes.pop();
        let (limit, mut filter, order) = (limit?, filter?, order?);
        if element_ty == Type::Error {
            return None;
        }
        let body = self.with_filter(body, filter.as_mut());
        Some(ir::StmtKind::ForList(Box::new(ir::ForList {
            local,
            list,
            filter,
            order,
            limit,
            body,
        })))
    }

    fn refuse_iterable(&mut self, list: &ir::Expr) {
        let found = self.checker.show(list.ty);
        let text = format!("expected a range, a list or a table after `in`, found {found}");
        let mut diagnostic = Diagnostic::new(Code::E0300, list.span, text);
        let written = self.checker.source.slice(list.span);
        match list.ty {
            Type::Int => {
                let range = format!("0..{written}");
                diagnostic = diagnostic.with_help(format!("`{range}`")).with_fix(list.span, range);
            }
            Type::Str => {
                let characters = format!("{written}.split(\"\")");
                diagnostic = diagnostic
                    .with_help(format!("its characters are `{characters}`"))
                    .with_fix(list.span, characters);
            }
            _ => {}
        }
        self.checker.report(diagnostic);
    }

    fn for_rows(
        &mut self,
        written: &'a ast::For,
        table: TableId,
        iterable: &'a ast::Expr,
    ) -> Option<ir::StmtKind> {
        let limit = self.limit(written);
        self.scopes.push();
        let kind = LocalKind::Element(iterable.span);
        let local = self.declare(&written.name, Type::Row(table), kind);
        let filter = self.filter(written);
        let order = self.row_order(written, table);
        let (body, _) = self.loop_body(&written.body);
        self.scopes.pop();
        let (limit, mut filter, order) = (limit?, filter?, order?);
        let body = self.with_filter(body, filter.as_mut());
        // Who is visited depends on what callees do, which `effects` finds out.
        let (snapshot, counts_all, lookup) = (false, false, None);
        Some(ir::StmtKind::ForRows(Box::new(ir::ForRows {
            local,
            table,
            filter,
            order,
            lookup,
            limit,
            body,
            snapshot,
            counts_all,
        })))
    }

    /// `limit n`, which does not see the loop's name. The outer `None` stands for a mistake.
    fn limit(&mut self, written: &'a ast::For) -> Option<Option<ir::Expr>> {
        let Some(limit) = &written.limit else { return Some(None) };
        let limit = self.value(limit, Type::Int);
        (limit.ty != Type::Error).then_some(Some(limit))
    }

    fn filter(&mut self, written: &'a ast::For) -> Option<Option<ir::Expr>> {
        let Some(filter) = &written.filter else { return Some(None) };
        let checked = self.value(filter, Type::Bool);
        if checked.ty == Type::Never {
            let text = "expected a condition after `where`, found what never has a value";
            self.checker.error(Code::E0508, filter.span, text);
            return None;
        }
        (checked.ty != Type::Error).then_some(Some(checked))
    }

    fn row_order(&mut self, written: &'a ast::For, table: TableId) -> Option<Option<(u32, bool)>> {
        let Some((path, descending)) = &written.order else { return Some(None) };
        let path = match path.as_slice() {
            [first, rest @ ..] if !rest.is_empty() && first.text == written.name.text => rest,
            all => all,
        };
        let (Some(name), Some(last)) = (path.first(), path.last()) else { return None };
        let (index, _) = find_or_report(self.checker, Owner::Row(table), name)?;
        let known = self.checker.types.table(table);
        let has_unknown = self.checker.unknown_indexes.contains(known.name.as_str());
        if has_unknown || self.checker.is_broken(Type::Row(table)) {
            return None;
        }
        if path.len() > 1 || !known.indexes.contains(&index) {
            let owner = &known.name;
            let span = name.span.to(last.span);
            let written = self.checker.source.slice(span).to_owned();
            let text = format!("`{owner}` has no index on `{written}`");
            let help = match path.len() {
                1 => format!("add `index {written}` to table `{owner}`"),
                _ => "only a field of the row itself can be indexed".to_owned(),
            };
            self.checker.report(Diagnostic::new(Code::E0508, span, text).with_help(help));
            return None;
        }
        Some(Some((index, *descending)))
    }

    fn list_order(&mut self, written: &'a ast::For, of: Type) -> Option<Option<ir::ListOrder>> {
        let Some((names, descending)) = &written.order else { return Some(None) };
        let mut ty = of;
        let mut path = Vec::new();
        // `by name` of the loop itself goes by the whole element.
        let names = match names.as_slice() {
            [only] if only.text == written.name.text => &[],
            [first, rest @ ..] if first.text == written.name.text => rest,
            all => all,
        };
        for name in names {
            let index = self.order_step(&mut ty, name)?;
            path.push(index);
        }
        if ty == Type::Error {
            return None;
        }
        if !is_ordered(&self.checker.types, ty) {
            let span = names.last().map_or(written.name.span, |name| name.span);
            let text = format!("values of type {} have no order", self.checker.show(ty));
            self.checker.report(
                Diagnostic::new(Code::E0508, span, text).with_label(
                    "expected `int`, `float`, `bool`, `str` or an enum without payloads",
                ),
            );
            return None;
        }
        Some(Some(ir::ListOrder { path, ty, descending: *descending }))
    }

    fn order_step(&mut self, ty: &mut Type, name: &Name) -> Option<u32> {
        if *ty == Type::Error {
            return None;
        }
        let Some(owner) = Owner::of(*ty) else {
            let text = format!("a value of type {} has no fields", self.checker.show(*ty));
            self.checker.error(Code::E0203, name.span, text);
            return None;
        };
        let (index, of) = find_or_report(self.checker, owner, name)?;
        *ty = of;
        Some(index)
    }

    /// Says that a loop's name is a copy of the element, and where the element stands.
    pub(super) fn refuse_copy(
        &mut self,
        local: LocalId,
        place: &Place,
        target: &ast::Expr,
    ) -> bool {
        let Some(facts) = self.scopes.facts(local) else { return false };
        let LocalKind::Element(iterable) = facts.kind else { return false };
        let name = self.scopes.locals[local.index()].name.clone();
        let of_row = matches!(self.scopes.locals[local.index()].ty, Type::Row(_));
        let text = match (of_row, place.path.is_empty()) {
            (true, _) => format!("`{name}` is the loop's row and does not become another"),
            (false, _) => format!("`{name}` is a copy of the element, a change of it is lost"),
        };
        let list = self.checker.source.slice(iterable);
        let written = self.checker.source.slice(target.span);
        let rest = written.strip_prefix(name.as_str()).unwrap_or_default();
        let diagnostic =
            Diagnostic::new(Code::E0500, target.span, text).with_note(facts.span, "declared here");
        self.checker.report(match of_row {
            true => diagnostic.with_help("assign its fields"),
            false => {
                diagnostic.with_help(format!("`for i in 0..{list}.len` and `{list}[i]{rest} = …`"))
            }
        });
        false
    }

    /// A loop's body pays for the condition that is tested before each turn.
    fn with_filter(&self, mut body: ir::Block, filter: Option<&mut ir::Expr>) -> ir::Block {
        if let Some(filter) = filter {
            self.add_condition(&mut body, filter);
        }
        body
    }
}
