//! Loops over rows by an index, where nothing in the loop inserts, removes or moves rows in it.
//!
//! The host hands out rows in batches, each of which begins behind the last row of the one before:
//! a loop takes the same memory however many rows there are, and one that ends early has looked at
//! few. Where something may change what is visited, `loops` goes over a list instead.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, types as clif};

use super::function::{Lower, Value};
use super::loops::Round;
use crate::abi::{BYTES_PER_FUEL, HostFunction, ROWS_BATCH};
use crate::ir;
use crate::layout::Layout;
use crate::source::Span;
use crate::types::{TableId, Type};

/// Bytes of the address of a row.
const ROW: u32 = 8;

/// Bytes of a text that one unit of fuel pays for, as a power of two.
const TEXT_PER_FUEL_SHIFT: i64 = BYTES_PER_FUEL.ilog2() as i64;

/// What a loop asks for rows of.
struct Index {
    table: TableId,
    field: u32,
    which: Which,
    /// Where a batch is written to.
    batch: Value,
    span: Span,
}

enum Which {
    All {
        descending: bool,
    },
    /// Those whose field equals the value at this address.
    Equal(Value),
}

impl<'p> Lower<'_, 'p, '_> {
    /// `for local in table by …`, or with a `where` that an index answers.
    pub(super) fn rows_by_index(&mut self, each: &'p ir::ForRows, round: Round<'p>) -> Option<()> {
        let index = self.index_of(each, round.span)?;
        let [fetch, some, row, last] = [(); 4].map(|()| self.builder.create_block());
        // The last row that was visited; where the next one stands; where the batch ends.
        let [after, entry, end] = [(); 3].map(|()| self.builder.declare_var(clif::I64));
        let none = self.int(0);
        self.builder.def_var(after, none);
        let (next, exit) = (round.next, round.exit);
        let before = self.before_loop(round.filter, round.body);

        self.jump(fetch, &[]);
        self.builder.switch_to_block(fetch);
        let from = self.builder.use_var(after);
        let count = self.next_rows(&index, from);
        self.brif(count, some, exit);
        self.start(some);
        let bytes = self.builder.ins().imul_imm_s(count, i64::from(ROW));
        let batch_end = self.builder.ins().iadd(index.batch, bytes);
        self.builder.def_var(end, batch_end);
        self.builder.def_var(entry, index.batch);
        self.jump(row, &[]);

        self.builder.switch_to_block(row);
        let at = self.builder.use_var(entry);
        let address = self.load_word(at, 0);
        self.builder.def_var(after, address);
        self.charge_text_of(&index, address);
        self.name_row(each, address);
        self.visit(round);
        self.start(next);
        let at = self.builder.use_var(entry);
        let following = self.builder.ins().iadd_imm_s(at, i64::from(ROW));
        self.builder.def_var(entry, following);
        let batch_end = self.builder.use_var(end);
        let more = self.builder.ins().icmp(IntCC::NotEqual, following, batch_end);
        self.brif(more, row, last);
        self.builder.seal_block(row);
        self.start(last);
        // A batch that is not full was the last one.
        let full = self.offset(index.batch, ROWS_BATCH * ROW);
        let was_full = self.builder.ins().icmp(IntCC::Equal, following, full);
        self.brif(was_full, fetch, exit);
        self.builder.seal_block(fetch);
        self.start(exit);
        self.noted = before;
        Some(())
    }

    fn index_of(&mut self, each: &'p ir::ForRows, span: Span) -> Option<Index> {
        let (field, which) = match (&each.lookup, each.order) {
            (Some((field, value)), _) => {
                let wanted = self.expr(value)?;
                if value.ty == Type::Str {
                    self.charge_text(wanted);
                    self.charge(0, Some(span));
                }
                (*field, Which::Equal(self.spill(value.ty, wanted)))
            }
            (None, Some((field, descending))) => (field, Which::All { descending }),
            (None, None) => unreachable!("a loop by index has an order or a value to look for"),
        };
        let batch = self.temporary(Layout { size: ROWS_BATCH * ROW, align: 8 }, span);
        Some(Index { table: each.table, field, which, batch, span })
    }

    /// The rows behind `after`, written to the batch; gives their number.
    fn next_rows(&mut self, index: &Index, after: Value) -> Value {
        let (table, field) = (self.number(index.table.0), self.number(index.field));
        match index.which {
            Which::All { descending } => {
                let passed = [table, field, self.number(descending.into()), after, index.batch];
                self.host_value(HostFunction::rows_next, &passed, index.span)
            }
            Which::Equal(wanted) => {
                let passed = [table, field, wanted, after, index.batch];
                self.host_value(HostFunction::rows_equal_next, &passed, index.span)
            }
        }
    }

    /// Pays for the comparisons of texts that found a row, by the length of its own.
    fn charge_text_of(&mut self, index: &Index, row: Value) {
        if self.unit.types.table(index.table).fields[index.field as usize].ty != Type::Str {
            return;
        }
        let offset = self.unit.layouts.row(index.table).offsets[index.field as usize];
        let text = self.load_word(row, offset);
        self.charge_text(text);
    }

    /// Pays for reading a text; it is checked with the next charge.
    fn charge_text(&mut self, text: Value) {
        let [there, done] = [(); 2].map(|()| self.builder.create_block());
        self.brif(text, there, done);
        self.start(there);
        let len = self.load_word(text, 0);
        let units = self.builder.ins().ushr_imm_u(len, TEXT_PER_FUEL_SHIFT);
        self.charge_value(units);
        self.jump(done, &[]);
        self.start(done);
    }
}
