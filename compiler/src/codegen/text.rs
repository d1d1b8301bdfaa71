//! Texts: interpolation and what else is lowered to more than one host call.

use std::mem::offset_of;

use cranelift_codegen::ir::{InstBuilder, MemFlagsData, types as clif};

use super::function::{Lower, Value};
use crate::abi::{HostFunction, PIECE_SHORTEST, Piece as AbiPiece, PieceKind};
use crate::builtins::Builtin;
use crate::ir::{Expr, Piece};
use crate::layout::{Layout, optional_value_offset};
use crate::source::Span;
use crate::types::Type;

impl<'p> Lower<'_, 'p, '_> {
    /// Joins pieces into a text: they are written to an array of `abi::Piece`, in the order in
    /// which they are evaluated, and the host reads it.
    pub(super) fn interpolate(&mut self, pieces: &'p [Piece], span: Span) -> Option<Value> {
        if pieces.is_empty() {
            return Some(self.int(0));
        }
        let size = pieces.len() * size_of::<AbiPiece>();
        let layout = Layout { size: size as u32, align: 8 };
        let array = self.temporary(layout, span);
        for (index, piece) in pieces.iter().enumerate() {
            let at = (index * size_of::<AbiPiece>()) as u32;
            let (kind, digits, value) = match piece {
                Piece::Text(text) => (PieceKind::Text, None, self.text_constant(text)),
                Piece::Value(expr, digits) => {
                    let value = self.expr(expr)?;
                    let (kind, value) = self.piece(expr.ty, value);
                    (kind, *digits, value)
                }
            };
            let digits = digits.map_or(PIECE_SHORTEST, u32::from);
            // The kind and, above it, the digits: two fields of 32 bits in one store.
            let head = self.int((u64::from(digits) << 32 | kind as u64) as i64);
            self.store_word(head, array, at);
            self.store_word(value, array, at + offset_of!(AbiPiece, value) as u32);
        }
        let count = self.int(pieces.len() as i64);
        Some(self.host_value(HostFunction::text_interpolate, &[array, count], span))
    }

    /// A value as the 64 bits of a piece.
    fn piece(&mut self, ty: Type, value: Value) -> (PieceKind, Value) {
        match ty {
            Type::Int => (PieceKind::Int, value),
            Type::Float => {
                let bits = self.builder.ins().bitcast(clif::I64, MemFlagsData::new(), value);
                (PieceKind::Float, bits)
            }
            Type::Bool => (PieceKind::Bool, self.builder.ins().uextend(clif::I64, value)),
            Type::Enum(id) => {
                let names = self.unit.constants.variant_names(self.unit.types, id);
                let names = self.constant_address(names);
                let tag = self.builder.ins().uextend(clif::I64, value);
                let at = self.builder.ins().ishl_imm_u(tag, 3);
                let entry = self.builder.ins().iadd(names, at);
                (PieceKind::Text, self.load_word(entry, 0))
            }
            _ => (PieceKind::Text, value),
        }
    }

    /// `str(value)`
    pub(super) fn text_of(&mut self, arg: &'p Expr, span: Span) -> Option<Value> {
        let value = self.expr(arg)?;
        if arg.ty == Type::Str {
            return Some(value);
        }
        let (kind, value) = self.piece(arg.ty, value);
        if kind == PieceKind::Text {
            return Some(value);
        }
        let layout = Layout { size: size_of::<AbiPiece>() as u32, align: 8 };
        let array = self.temporary(layout, span);
        let head = self.int((u64::from(PIECE_SHORTEST) << 32 | kind as u64) as i64);
        self.store_word(head, array, 0);
        self.store_word(value, array, offset_of!(AbiPiece, value) as u32);
        let count = self.int(1);
        Some(self.host_value(HostFunction::text_interpolate, &[array, count], span))
    }

    /// `parse_int` and `parse_float`: the host says whether there is a value, and puts it where it
    /// stands in the optional.
    pub(super) fn parse_into(
        &mut self,
        builtin: Builtin,
        args: &'p [Expr],
        result: (&Expr, Value),
    ) -> Option<()> {
        let (expr, target) = result;
        let [text] = self.operands(args)?;
        let host = match builtin {
            Builtin::ParseInt => HostFunction::parse_int,
            _ => HostFunction::parse_float,
        };
        let offset = optional_value_offset(Layout { size: 8, align: 8 });
        let out = self.offset(target, offset);
        let tag = self.host_value(host, &[text, out], expr.span);
        self.store_tag(1, tag, target, 0);
        Some(())
    }
}
