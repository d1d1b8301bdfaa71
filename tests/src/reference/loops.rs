//! Loops.
//!
//! Each round is paid for when its element is reached, also one that `limit` or `where` leaves out.

use std::ops::Range;

use midflight_compiler::ir::{Block, Expr, ForList, ForRows, ListOrder, LocalId};
use midflight_compiler::source::Span;

use super::activation::{Activation, Step, Stop};
use super::cost;
use super::value::{RowRef, Value};

/// Whether a loop goes on after a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goes {
    On,
    Out,
}

/// What decides whether an element that is reached has a round.
struct Clauses<'p> {
    filter: Option<&'p Expr>,
    /// How many more may pass.
    limit: Option<i64>,
    body: &'p Block,
    span: Span,
}

impl<'p> Activation<'_, 'p, '_> {
    pub(crate) fn while_loop(&mut self, cond: &'p Expr, body: &'p Block, span: Span) -> Step<()> {
        while self.expr(cond)?.bool() {
            self.charge(body.fuel.into(), span)?;
            if self.round(body)? == Goes::Out {
                break;
            }
        }
        Ok(())
    }

    /// `for i in start..end`
    pub(crate) fn for_range(
        &mut self,
        local: LocalId,
        ends: Range<i64>,
        body: &'p Block,
        span: Span,
    ) -> Step<()> {
        for count in ends {
            self.locals[local.index()] = Value::Int(count);
            self.charge(body.fuel.into(), span)?;
            if self.round(body)? == Goes::Out {
                break;
            }
        }
        Ok(())
    }

    /// One round of a loop, which has been paid for.
    fn round(&mut self, body: &'p Block) -> Step<Goes> {
        match self.block(body) {
            Ok(_) | Err(Stop::Continue) => Ok(Goes::On),
            Err(Stop::Break) => Ok(Goes::Out),
            Err(stop) => Err(stop),
        }
    }

    /// `for x in list`: over copies of the elements that were there when it began.
    pub(crate) fn for_list(&mut self, each: &'p ForList, span: Span) -> Step<()> {
        let mut elements = self.expr(&each.list)?.elements();
        if let Some(order) = &each.order {
            let size = self.size(self.element_type(each.list.ty));
            let keys: Vec<&Value> = elements.iter().map(|element| key(element, order)).collect();
            self.charge(cost::sort(&keys, size), span)?;
            elements.sort_by(|left, right| {
                let ascending = key(left, order).sorts(key(right, order));
                if order.descending { ascending.reverse() } else { ascending }
            });
        }
        let limit = self.limit(each.limit.as_ref())?;
        let filter = each.filter.as_ref();
        let mut clauses = Clauses { filter, limit, body: &each.body, span };
        for element in elements {
            self.locals[each.local.index()] = element;
            if self.reach(&mut clauses)? == Goes::Out {
                break;
            }
        }
        Ok(())
    }

    /// `for r in table`
    pub(crate) fn for_rows(&mut self, each: &'p ForRows, span: Span) -> Step<()> {
        let limit = self.limit(each.limit.as_ref())?;
        let filter = each.filter.as_ref();
        let mut clauses = Clauses { filter, limit, body: &each.body, span };
        if each.order.is_none() && each.lookup.is_none() && !each.snapshot {
            return self.scan(each, &mut clauses);
        }
        for row in self.listed(each, &clauses)? {
            let Some(found) = self.call.world.tables[each.table.index()].row(row) else {
                continue;
            };
            if !each.snapshot
                && let Some(field) = index_of(each)
                && let Value::Text(text) = &found.fields[field as usize]
            {
                let units = cost::text(text);
                self.charge_unchecked(units);
            }
            self.locals[each.local.index()] = Value::Row(row);
            if self.reach(&mut clauses)? == Goes::Out {
                break;
            }
        }
        Ok(())
    }

    fn limit(&mut self, limit: Option<&'p Expr>) -> Step<Option<i64>> {
        limit.map(|limit| Ok(self.expr(limit)?.int())).transpose()
    }

    /// From slot to slot, where nothing in the loop inserts or removes.
    fn scan(&mut self, each: &'p ForRows, clauses: &mut Clauses<'p>) -> Step<()> {
        let table = each.table.index();
        for slot in 0..self.call.world.tables[table].slot_count() {
            let Some((at, _)) = self.call.world.tables[table].in_slot(slot) else {
                self.charge(1, clauses.span)?;
                continue;
            };
            self.locals[each.local.index()] = Value::Row(at.of(each.table));
            if self.reach(clauses)? == Goes::Out {
                break;
            }
        }
        Ok(())
    }

    /// The rows that a loop will visit, as far as they are still there then. A loop that may change
    /// which those are makes a list, and pays for it; where every one of them counts, no more are
    /// listed than the limit allows. Others pay for each row when they reach it.
    fn listed(&mut self, each: &'p ForRows, clauses: &Clauses<'p>) -> Step<Vec<RowRef>> {
        if let Some((field, value)) = &each.lookup {
            return self.looked_up(each, *field, value, clauses.span);
        }
        let most = clauses.limit.filter(|_| each.snapshot && each.counts_all).unwrap_or(i64::MAX);
        let most = usize::try_from(most).unwrap_or(0);
        let table = &self.call.world.tables[each.table.index()];
        let mut rows = match each.order {
            None => table.in_slot_order(),
            Some((field, _)) => table.in_order_of(field),
        };
        if let Some((_, true)) = each.order {
            rows.reverse();
        }
        rows.truncate(most);
        let passed = match each.order {
            // Slots that hold no row as well.
            None => rows.last().map_or(0, |last| u64::from(last.slot) + 1),
            Some(_) => rows.len() as u64,
        };
        if each.snapshot {
            self.charge(passed, clauses.span)?;
        }
        Ok(rows.into_iter().map(|at| at.of(each.table)).collect())
    }

    /// The rows whose indexed field has a value, in slot order.
    fn looked_up(
        &mut self,
        each: &'p ForRows,
        field: u32,
        value: &'p Expr,
        span: Span,
    ) -> Step<Vec<RowRef>> {
        let wanted = self.expr(value)?;
        if let Value::Text(text) = &wanted {
            self.charge(cost::text(text), span)?;
        }
        let table = &self.call.world.tables[each.table.index()];
        let rows = (0..table.slot_count()).filter_map(|slot| table.in_slot(slot));
        let equal = rows.filter(|(_, row)| row.fields[field as usize].sorts(&wanted).is_eq());
        let rows: Vec<RowRef> = equal.map(|(at, _)| at.of(each.table)).collect();
        if each.snapshot {
            self.charge(rows.len() as u64, span)?;
        }
        Ok(rows)
    }

    /// An element is reached: pays for the round, and runs it if limit and `where` let it pass.
    fn reach(&mut self, clauses: &mut Clauses<'p>) -> Step<Goes> {
        self.charge(clauses.body.fuel.into(), clauses.span)?;
        if clauses.limit.is_some_and(|left| left <= 0) {
            return Ok(Goes::Out);
        }
        if let Some(filter) = clauses.filter
            && !self.expr(filter)?.bool()
        {
            return Ok(Goes::On);
        }
        if let Some(left) = &mut clauses.limit {
            *left -= 1;
        }
        self.round(clauses.body)
    }
}

/// What an element is sorted by.
fn key<'v>(element: &'v Value, order: &ListOrder) -> &'v Value {
    order.path.iter().fold(element, |value, &field| match value {
        Value::Struct(fields) => &fields[field as usize],
        _ => unreachable!("the path of `by` goes through structs"),
    })
}

/// The field whose index a loop goes by.
fn index_of(each: &ForRows) -> Option<u32> {
    let order = each.order.map(|(field, _)| field);
    order.or(each.lookup.as_ref().map(|(field, _)| *field))
}
