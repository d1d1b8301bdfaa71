//! Blocks and statements.

use midflight_compiler::ir::{Block, Expr, Place, Stmt, StmtKind};
use midflight_compiler::source::Span;
use midflight_compiler::trap::TrapKind;

use super::activation::{Activation, Step, Stop};
use super::cost;
use super::trap::Cause;
use super::value::Value;

impl<'p> Activation<'_, 'p, '_> {
    /// Runs a block and gives its value. Who enters it has paid for it.
    pub(crate) fn block(&mut self, block: &'p Block) -> Step<Value> {
        for stmt in &block.stmts {
            self.stmt(stmt)?;
        }
        match &block.value {
            Some(value) => self.expr(value),
            None => Ok(Value::Unit),
        }
    }

    fn stmt(&mut self, stmt: &'p Stmt) -> Step<()> {
        let span = stmt.span;
        match &stmt.kind {
            StmtKind::Let { local, value } => {
                self.locals[local.index()] = self.expr(value)?;
            }
            StmtKind::Assign { place, value } => {
                let found = self.find(place)?;
                let value = self.expr(value)?;
                let at = self.locate(place, &found)?;
                self.store(place, &at, value)?;
            }
            StmtKind::OpAssign { op, place, value } => {
                let found = self.find(place)?;
                let right = self.expr(value)?;
                let at = self.locate(place, &found)?;
                let left = self.load(&at).clone();
                let result = self.binary(*op, left, right, span)?;
                self.store(place, &at, result)?;
            }
            StmtKind::Expr(expr) => {
                let _ = self.expr(expr)?;
            }
            StmtKind::While { cond, body } => self.while_loop(cond, body, span)?,
            StmtKind::ForRange { local, start, end, body } => {
                let ends = self.expr(start)?.int()..self.expr(end)?.int();
                self.for_range(*local, ends, body, span)?;
            }
            StmtKind::ForList(each) => self.for_list(each, span)?,
            StmtKind::ForRows(each) => self.for_rows(each, span)?,
            StmtKind::Assert { cond, message } => {
                if !self.expr(cond)?.bool() {
                    let message = self.expr(message)?.characters();
                    return Err(self.trap(Cause::Assertion(message.to_string()), span));
                }
            }
            StmtKind::AssertFails { call } => self.assert_fails(call, span)?,
            StmtKind::Emit { event, fields } => {
                let event = &self.call.program.ir.events[event.index()];
                let fields = self.fields(fields)?;
                let fields = fields.into_iter().map(|(_, value)| value).collect();
                self.call.outbox.events.push((event.name.clone(), Value::Struct(fields)));
            }
            StmtKind::Log { message } => {
                let line = self.expr(message)?.characters();
                self.charge(cost::text(&line), span)?;
                self.call.outbox.logs.push(line.to_string());
            }
            StmtKind::Remove { row } => {
                let row = self.expr(row)?.row();
                let table = &mut self.call.world.tables[row.table.index()];
                if table.row(row).is_none() {
                    return self.fail(TrapKind::MissingRow, span);
                }
                table.remove(row);
            }
            StmtKind::Advance { duration_ms } => {
                let duration = self.expr(duration_ms)?.int();
                match self.call.now_ms.checked_add(duration) {
                    Some(now_ms) => self.call.now_ms = now_ms.max(self.call.now_ms),
                    None => return self.fail(TrapKind::Overflow, span),
                }
            }
        }
        Ok(())
    }

    /// Evaluates fields in the order of the source; gives them in the order of the declaration.
    pub(crate) fn fields(&mut self, fields: &'p [(u32, Expr)]) -> Step<Vec<(u32, Value)>> {
        let mut values = Vec::new();
        for (index, field) in fields {
            values.push((*index, self.expr(field)?));
        }
        values.sort_by_key(|(index, _)| *index);
        Ok(values)
    }

    /// Runs the call and takes back everything that it did but its fuel and its log lines.
    fn assert_fails(&mut self, call: &'p Expr, span: Span) -> Step<()> {
        let before = self.call.world.clone();
        let events = self.call.outbox.events.len();
        let result = self.expr(call);
        *self.call.world = before;
        self.call.outbox.events.truncate(events);
        match result {
            Err(Stop::Trap(_)) => Ok(()),
            Ok(_) => Err(self.trap(Cause::Assertion("the call succeeded".to_owned()), span)),
            Err(other) => Err(other),
        }
    }

    /// Fuel for the texts of a value that is about to be stored in the world.
    pub(crate) fn charge_stored(&mut self, value: &Value, span: Span) -> Step<()> {
        match value {
            Value::Text(text) => self.charge(cost::stored_text(text), span)?,
            Value::Struct(parts) | Value::Variant(_, parts) | Value::List(parts) => {
                for part in parts {
                    self.charge_stored(part, span)?;
                }
            }
            Value::Some(inner) => self.charge_stored(inner, span)?,
            _ => {}
        }
        Ok(())
    }

    /// Puts a value where a place was located.
    fn store(&mut self, place: &'p Place, at: &super::place::Located, value: Value) -> Step<()> {
        if at.is_in_world() {
            self.charge_stored(&value, place.span)?;
        }
        *self.load_mut(at) = value;
        Ok(())
    }
}
