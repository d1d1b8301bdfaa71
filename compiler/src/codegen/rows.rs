//! Rows: finding, reading, inserting and removing them.
//!
//! A row is the address of its `abi::RowHeader`. It stays valid for the whole call; the header
//! says whether the row is still there. That is looked at before every access, unless no function
//! of the program removes rows of the table, or every path has looked since rows could last go.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, types as clif};

use super::constants::Forms;
use super::function::{Lower, Value};
use crate::abi::{CallContext, HostFunction, RowHeader, TableView};
use crate::ir::{Const, Expr};
use crate::planted::{Fault, is_planted};
use crate::source::Span;
use crate::trap::TrapKind;
use crate::types::{TableId, Type};

impl<'p> Lower<'_, 'p, '_> {
    /// `table[key]`
    pub(super) fn row_get(&mut self, table: TableId, key: &'p Expr, span: Span) -> Option<Value> {
        let value = self.expr(key)?;
        let row = self.look_up(table, (key.ty, value), span);
        let missing = self.builder.ins().icmp_imm_s(IntCC::Equal, row, 0);
        match key.ty {
            Type::Int => self.trap_if_with(missing, TrapKind::MissingRow, span, &[value]),
            _ => self.trap_if(missing, TrapKind::MissingRow, span),
        }
        self.row_is_alive(row);
        Some(row)
    }

    /// `table.get(key)`: the row, or 0 for `none`.
    pub(super) fn row_find(&mut self, table: TableId, key: &'p Expr, span: Span) -> Option<Value> {
        let value = self.expr(key)?;
        Some(self.look_up(table, (key.ty, value), span))
    }

    /// `key in table`
    pub(super) fn row_exists(
        &mut self,
        table: TableId,
        key: &'p Expr,
        span: Span,
    ) -> Option<Value> {
        let row = self.row_find(table, key, span)?;
        let there = self.builder.ins().icmp_imm_s(IntCC::NotEqual, row, 0);
        Some(self.builder.ins().uextend(clif::I32, there))
    }

    fn look_up(&mut self, table: TableId, (ty, key): (Type, Value), span: Span) -> Value {
        let number = self.number(table.0);
        let host = match ty {
            Type::Str => HostFunction::row_find_text,
            _ => HostFunction::row_find_int,
        };
        self.host_value(host, &[number, key], span)
    }

    /// What generated code sees of a table.
    pub(super) fn view(&mut self, table: TableId) -> Value {
        let tables = self.load_fixed(self.ctx, offset_of!(CallContext, tables));
        self.offset(tables, table.0 * size_of::<TableView>() as u32)
    }

    /// `table.len`
    pub(super) fn table_len(&mut self, table: TableId) -> Value {
        let view = self.view(table);
        self.load_word(view, offset_of!(TableView, len) as u32)
    }

    /// `insert`: the defaults are copied to an image of the row, then the given fields are built
    /// in it, in the order of the source.
    pub(super) fn insert(
        &mut self,
        table: TableId,
        fields: &'p [(u32, Expr)],
        span: Span,
    ) -> Option<Value> {
        let layout = self.unit.layouts.row(table).layout;
        let image = self.temporary(layout, span);
        if fields.len() < self.unit.types.table(table).fields.len() {
            let defaults = self.default_row(table, fields);
            self.copy(layout, image, defaults);
        }
        for (index, field) in fields {
            let offset = self.unit.layouts.row(table).offsets[*index as usize];
            self.store_expr(field, image, offset)?;
        }
        let number = self.number(table.0);
        let row = self.host_value(HostFunction::row_insert, &[number, image], span);
        self.row_is_alive(row);
        Some(row)
    }

    /// A constant row with the defaults of the fields that are not given.
    fn default_row(&mut self, table: TableId, given: &[(u32, Expr)]) -> Value {
        let types = &*self.unit.types;
        let forms = Forms { types, layouts: self.unit.layouts };
        let defaults: Vec<Option<Const>> = types
            .table(table)
            .fields
            .iter()
            .enumerate()
            .map(|(index, field)| match given.iter().any(|(id, _)| *id as usize == index) {
                true => None,
                false => Const::default_of(types, field),
            })
            .collect();
        let offset = self.unit.constants.row(forms, table, &defaults);
        self.constant_address(offset)
    }

    /// `remove row`
    pub(super) fn remove(&mut self, row: &'p Expr, span: Span) -> Option<()> {
        let Type::Row(table) = row.ty else {
            unreachable!("only rows are removed");
        };
        let value = self.expr(row)?;
        self.check_alive(table, value, span);
        let number = self.number(table.0);
        let _ = self.host(HostFunction::row_remove, &[number, value], span);
        // Another name may mean the same row.
        self.noted.rows_may_be_gone();
        Some(())
    }

    /// Traps where the row was removed, unless that cannot be.
    pub(super) fn check_alive(&mut self, table: TableId, row: Value, span: Span) {
        let is_assumed = is_planted(Fault::RowIsTakenForAlive);
        if is_assumed || !self.unit.removes_from(table) || self.is_alive(row) {
            return;
        }
        let alive = self.load_alive(row);
        let gone = self.builder.ins().icmp_imm_s(IntCC::Equal, alive, 0);
        self.trap_if(gone, TrapKind::MissingRow, span);
        self.row_is_alive(row);
    }

    /// The generation of a row; 0 for one that is not there.
    pub(super) fn load_alive(&mut self, row: Value) -> Value {
        let offset = offset_of!(RowHeader, alive) as i32;
        let flags = self.memory;
        self.builder.ins().load(clif::I32, flags, row, offset)
    }

    /// Puts a text into an indexed field. Storing it can trap, so index and field change together.
    pub(super) fn store_indexed_text(
        &mut self,
        (table, row): (TableId, Value),
        field: u32,
        (slot, text): (Value, Value),
        span: Span,
    ) {
        if is_planted(Fault::IndexUpdateIsSkipped) {
            let _ = self.host(HostFunction::text_store, &[slot, text], span);
            return;
        }
        let passed = [self.number(table.0), row, self.number(field), slot, text];
        let _ = self.host(HostFunction::index_text_store, &passed, span);
    }

    /// Tells the indexes that an indexed field is about to become what stands in `value`; storing it
    /// does not trap.
    pub(super) fn before_index_write(
        &mut self,
        (table, row): (TableId, Value),
        field: u32,
        value: (Type, Value),
        span: Span,
    ) {
        if is_planted(Fault::IndexUpdateIsSkipped) {
            return;
        }
        let address = self.spill(value.0, value.1);
        let passed = [self.number(table.0), row, self.number(field), address];
        let _ = self.host(HostFunction::index_update, &passed, span);
    }
}
