//! Calls of host functions, by their place in the table that the context points to.

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{AbiParam, InstBuilder, types as clif};

use super::function::{Lower, Value};
use crate::abi::{AbiType, CallContext, HostFunction};
use crate::source::Span;
use crate::trap::TrapKind;

impl Lower<'_, '_, '_> {
    /// Calls a host function; a trap of it is reported at `span`.
    pub(super) fn host(
        &mut self,
        function: HostFunction,
        arguments: &[Value],
        span: Span,
    ) -> Option<Value> {
        let signature = function.signature();
        let reference = match self.signatures.get(&function) {
            Some(&known) => known,
            None => {
                let mut declared = self.unit.signature();
                declared.params.push(AbiParam::new(clif::I64));
                declared.params.extend(signature.params.iter().map(|&ty| register(ty)));
                declared.returns.extend(signature.result.map(register));
                let reference = self.builder.import_signature(declared);
                let _ = self.signatures.insert(function, reference);
                reference
            }
        };
        if signature.takes_fuel {
            self.store_fuel();
        }
        let table = self.load_fixed(self.ctx, offset_of!(CallContext, host));
        let address = self.load_fixed(table, signature.offset);
        let mut all = vec![self.ctx];
        all.extend_from_slice(arguments);
        let call = self.builder.ins().call_indirect(reference, address, &all);
        let result = self.builder.inst_results(call).first().copied();
        if signature.takes_fuel {
            self.load_fuel();
        }
        if signature.traps {
            self.check_host_trap(span);
        }
        result
    }

    /// Calls a host function that gives a value.
    pub(super) fn host_value(
        &mut self,
        function: HostFunction,
        arguments: &[Value],
        span: Span,
    ) -> Value {
        self.host(function, arguments, span).expect("the table says that it gives a value")
    }

    fn check_host_trap(&mut self, span: Span) {
        let kind = self.load_ctx(clif::I32, offset_of!(CallContext, trap_kind));
        let none = self.builder.ins().iconst(clif::I32, 0);
        let trapped = self.builder.ins().icmp(IntCC::NotEqual, kind, none);
        // The context holds the kind; the site gives the position.
        self.trap_if(trapped, TrapKind::Internal, span);
    }

    /// A 32-bit number for a host function.
    pub(super) fn number(&mut self, value: u32) -> Value {
        self.builder.ins().iconst(clif::I32, i64::from(value))
    }
}

fn register(ty: AbiType) -> AbiParam {
    AbiParam::new(match ty {
        AbiType::I64 => clif::I64,
        AbiType::I32 => clif::I32,
        AbiType::F64 => clif::F64,
    })
}
