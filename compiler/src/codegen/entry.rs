//! Entries: the doors through which the host comes in, `(ctx, arguments, result) -> status`.
//!
//! What only the host calls is one function with such a door. What generated code calls too has a
//! door of its own, which calls it.

use std::mem::offset_of;

use cranelift_codegen::ir::{InstBuilder, types as clif};
use cranelift_codegen::isa::TargetFrontendConfig;

use super::function::{Leaves, Lower, Value};
use super::value::Form;
use crate::abi::CallContext;
use crate::diag::{Code, Diagnostic};
use crate::trap::TrapKind;
use crate::types::Type;

impl Lower<'_, '_, '_> {
    /// Lowers the function with a door for the host.
    pub(super) fn run_for_host(mut self, frontend_config: TargetFrontendConfig) {
        let result = self.enter();
        if let Form::Memory(_) = self.unit.form(self.func.result) {
            self.out = Some(result);
        }
        match self.arguments() {
            Some(arguments) => self.body(arguments.into_iter()),
            None => self.refuse_arguments(),
        }
        self.finish(frontend_config);
    }

    /// Lowers a door that calls the function.
    pub(super) fn run_door(mut self, frontend_config: TargetFrontendConfig) {
        let result = self.enter();
        let Some(arguments) = self.arguments() else {
            self.refuse_arguments();
            return self.finish(frontend_config);
        };
        let mut passed = vec![self.ctx, self.stack_left, self.fuel()];
        if let Form::Memory(_) = self.unit.form(self.func.result) {
            passed.push(result);
        }
        passed.extend(arguments);
        let callee = self.callee(self.id);
        let call = self.builder.ins().call(callee, &passed);
        let results = self.builder.inst_results(call).to_vec();
        let left = results.last().copied().expect("every function gives its fuel back");
        self.propagate(left);
        self.return_value(results.first().copied());
        self.finish(frontend_config);
    }

    /// Takes over what the context says; gives the address of the result.
    fn enter(&mut self) -> Value {
        let result = self.params()[2];
        self.leaves = Leaves::ToHost(result);
        self.stack_left = self.load_ctx(clif::I64, offset_of!(CallContext, stack));
        self.load_fuel();
        self.check_stack();
        result
    }

    /// The arguments, from their block; those that stand in memory stay there.
    fn arguments(&mut self) -> Option<Vec<Value>> {
        let block = self.params()[1];
        let types: Vec<Type> = self.func.param_types().collect();
        let layout = self.unit.layouts.block(self.unit.types, types.iter().copied())?;
        let mut values = Vec::new();
        for (&ty, &offset) in types.iter().zip(&layout.offsets) {
            if self.unit.form(ty) != Form::Nothing {
                values.push(self.load(ty, block, offset));
            }
        }
        Some(values)
    }

    fn refuse_arguments(&mut self) {
        let size_max = self.unit.settings.limits.value_size_max;
        let text = format!("the arguments of `{}` are too large", self.func.name);
        self.unit.errors.push(
            Diagnostic::new(Code::E0610, self.func.span, text)
                .with_label(format!("together they take more than {size_max} bytes")),
        );
        self.trap(TrapKind::Internal, self.func.span);
    }
}
