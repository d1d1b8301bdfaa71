//! Expressions: operands from left to right, each evaluated once.

use midflight_compiler::ir::{Const, Expr, ExprKind, Piece};
use midflight_compiler::source::Span;
use midflight_compiler::trap::TrapKind;
use midflight_compiler::types::{TableId, Type};

use super::activation::{Activation, Step, Stop};
use super::trap::Cause;
use super::value::Value;
use super::{cost, format};

impl<'p> Activation<'_, 'p, '_> {
    /// Evaluates an expression.
    pub(crate) fn expr(&mut self, expr: &'p Expr) -> Step<Value> {
        let span = expr.span;
        Ok(match &expr.kind {
            ExprKind::Const(constant) => Value::of_const(constant),
            ExprKind::Place(place) => self.read(place)?,
            ExprKind::Neg(operand) => {
                let value = self.expr(operand)?;
                self.negate(value, span)?
            }
            ExprKind::Not(operand) => Value::Bool(!self.expr(operand)?.bool()),
            ExprKind::Binary(op, left, right) => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                self.binary(*op, left, right, span)?
            }
            ExprKind::Compare(op, left, right) => {
                let (left, right) = ((left.ty, self.expr(left)?), self.expr(right)?);
                Value::Bool(self.compare(*op, left, right, span)?)
            }
            ExprKind::And(left, right) => {
                Value::Bool(self.expr(left)?.bool() && self.expr(right)?.bool())
            }
            ExprKind::Or(left, right) => {
                Value::Bool(self.expr(left)?.bool() || self.expr(right)?.bool())
            }
            ExprKind::Coalesce(optional, otherwise) => match self.expr(optional)? {
                Value::Some(value) => *value,
                _ => self.expr(otherwise)?,
            },
            ExprKind::Call(callee, arguments) => {
                let arguments = self.all(arguments)?;
                self.call_function(*callee, arguments)?
            }
            ExprKind::Builtin(builtin, arguments) => self.builtin(*builtin, arguments, span)?,
            ExprKind::Mutate { builtin, place, args } => {
                self.mutate(*builtin, place, args, expr)?
            }
            ExprKind::Struct(_, fields) => {
                let fields = self.fields(fields)?;
                Value::Struct(fields.into_iter().map(|(_, value)| value).collect())
            }
            ExprKind::Variant(_, variant, payload) => Value::Variant(*variant, self.all(payload)?),
            ExprKind::Some(inner) => Value::Some(Box::new(self.expr(inner)?)),
            ExprKind::List(elements) => Value::List(self.all(elements)?),
            ExprKind::Repeat(element) => {
                let Type::Array(_, count) = expr.ty else {
                    unreachable!("`[value; count]` is an array");
                };
                Value::List(vec![self.expr(element)?; count as usize])
            }
            ExprKind::ToList(list) => self.expr(list)?,
            ExprKind::Interpolate(pieces) => self.interpolate(pieces, span)?,
            ExprKind::RowGet(..)
            | ExprKind::RowFind(..)
            | ExprKind::RowExists(..)
            | ExprKind::TableLen(_)
            | ExprKind::Insert(..) => self.of_table(expr)?,
            ExprKind::If { .. }
            | ExprKind::Match { .. }
            | ExprKind::Block(_)
            | ExprKind::Return(_)
            | ExprKind::Break
            | ExprKind::Continue
            | ExprKind::Fail { .. } => self.control(expr)?,
        })
    }

    /// What steers: branches, and the ways out.
    fn control(&mut self, expr: &'p Expr) -> Step<Value> {
        let span = expr.span;
        Ok(match &expr.kind {
            ExprKind::If { cond, then, otherwise } => {
                let block = if self.expr(cond)?.bool() { Some(then) } else { otherwise.as_ref() };
                match block {
                    Some(block) => {
                        self.charge_unchecked(block.fuel.into());
                        self.block(block)?
                    }
                    None => Value::Unit,
                }
            }
            ExprKind::Match { value, arms } => self.match_value(value, arms)?,
            // It is paid for with what it stands in.
            ExprKind::Block(block) => self.block(block)?,
            ExprKind::Return(value) => {
                let value = match value {
                    Some(value) => self.expr(value)?,
                    None => Value::Unit,
                };
                return Err(Stop::Return(value));
            }
            ExprKind::Break => return Err(Stop::Break),
            ExprKind::Continue => return Err(Stop::Continue),
            ExprKind::Fail { status, message } => {
                let message = self.expr(message)?.characters();
                return Err(self.trap(Cause::Fail(*status, message.to_string()), span));
            }
            _ => unreachable!("every other expression is evaluated elsewhere"),
        })
    }

    /// What looks at a table or changes it.
    fn of_table(&mut self, expr: &'p Expr) -> Step<Value> {
        let span = expr.span;
        Ok(match &expr.kind {
            ExprKind::RowGet(table, key) => match self.find_row(*table, key, span)? {
                Value::Some(row) => *row,
                _ => return self.fail(TrapKind::MissingRow, span),
            },
            ExprKind::RowFind(table, key) => self.find_row(*table, key, span)?,
            ExprKind::RowExists(table, key) => {
                Value::Bool(self.find_row(*table, key, span)? != Value::None)
            }
            ExprKind::TableLen(table) => {
                let rows = self.call.world.tables[table.index()].in_slot_order();
                Value::Int(rows.len() as i64)
            }
            ExprKind::Insert(table, fields) => self.insert(*table, fields, span)?,
            _ => unreachable!("every other expression is evaluated elsewhere"),
        })
    }

    /// Evaluates expressions in order.
    pub(crate) fn all(&mut self, exprs: &'p [Expr]) -> Step<Vec<Value>> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    /// Evaluates all pieces, then puts them together.
    fn interpolate(&mut self, pieces: &'p [Piece], span: Span) -> Step<Value> {
        let mut parts = Vec::new();
        for piece in pieces {
            parts.push(match piece {
                Piece::Text(text) => (Value::Text(text.clone()), None),
                Piece::Value(expr, digits) => {
                    let value = self.expr(expr)?;
                    (self.printable(expr.ty, value), *digits)
                }
            });
        }
        let mut text = String::new();
        for (value, digits) in parts {
            if let Value::Text(part) = &value {
                self.charge(cost::text(part), span)?;
            }
            format::write(&mut text, &value, digits);
        }
        self.text(&text, span)
    }

    /// A value that has a text form; of an enum, the variant's name.
    pub(crate) fn printable(&self, ty: Type, value: Value) -> Value {
        match (ty, &value) {
            (Type::Enum(id), Value::Variant(variant, _)) => {
                let variants = &self.call.program.ir.types.enumeration(id).variants;
                Value::text(&variants[*variant as usize].name)
            }
            _ => value,
        }
    }

    /// The row with a key, or `none`.
    fn find_row(&mut self, table: TableId, key: &'p Expr, span: Span) -> Step<Value> {
        let key = self.expr(key)?;
        if let Value::Text(text) = &key {
            self.charge(cost::text(text), span)?;
        }
        let declared = self.call.program.ir.types.table(table);
        let found = self.call.world.tables[table.index()].find(declared.key, &key);
        Ok(Value::optional(found.map(|at| Value::Row(at.of(table)))))
    }

    /// `insert`: the given fields are evaluated, the others have their defaults.
    fn insert(&mut self, table: TableId, fields: &'p [(u32, Expr)], span: Span) -> Step<Value> {
        let given = self.fields(fields)?;
        let types = &self.call.program.ir.types;
        let declared = types.table(table);
        let defaults = declared.fields.iter().map(|field| {
            // A key is always given; what has no default is one.
            Const::default_of(types, field).map_or(Value::Unit, |value| Value::of_const(&value))
        });
        let mut row: Vec<Value> = defaults.collect();
        for (index, value) in given {
            row[index as usize] = value;
        }
        if self.call.world.tables[table.index()].in_slot_order().len() >= self.call.lengths.rows {
            return self.fail(TrapKind::TableFull, span);
        }
        for value in &row {
            self.charge_stored(value, span)?;
        }
        let key = &row[declared.key as usize];
        if matches!(key, Value::Text(text) if text.len() > self.call.lengths.key) {
            return self.fail(TrapKind::KeyTooLong, span);
        }
        if self.call.world.tables[table.index()].find(declared.key, key).is_some() {
            return self.fail(TrapKind::DuplicateKey, span);
        }
        let at = self.call.world.tables[table.index()].insert(row);
        Ok(Value::Row(at.of(table)))
    }
}
