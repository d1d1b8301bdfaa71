//! Puts the typed program together: what the outside can call and what happens by itself.

use super::Checker;
use super::collect::Role;
use super::migrate::Migrations;
use crate::ir::{Event, FuncId, Function, Handler, Program, Test, Timer};
use crate::types::Type;

impl Checker<'_> {
    /// The program that the declarations and checked bodies make.
    pub(super) fn program(self, functions: Vec<Function>, migrations: Migrations) -> Program {
        let mut program = Program {
            types: self.types,
            state: self.state,
            functions,
            handlers: Vec::new(),
            events: Vec::new(),
            timers: Vec::new(),
            on_load: None,
            tests: Vec::new(),
            migrations: migrations.blocks,
            drops: migrations.drops,
        };
        for (index, decl) in self.declared.functions.iter().enumerate() {
            let function = FuncId(index as u32);
            let signature = &self.signatures[index];
            let name = decl.name.to_owned();
            let doc = decl.doc.map(str::to_owned);
            match decl.role {
                Role::Fn => {}
                Role::Handler(kind) => {
                    let defaults = signature.params.iter().map(|param| param.default.clone());
                    let defaults = defaults.collect();
                    program.handlers.push(Handler { name, kind, function, defaults, doc });
                }
                Role::Timer(_) => {
                    let table = signature.params.iter().find_map(|param| match param.ty {
                        Type::Row(table) => Some(table),
                        _ => None,
                    });
                    let period_ms = signature.period_ms;
                    program.timers.push(Timer { name, period_ms, table, function, doc });
                }
                Role::OnLoad => program.on_load = Some(function),
                Role::Test => {
                    program.tests.push(Test { name, span: decl.name_span, function });
                }
            }
        }
        for &(name, fields, doc) in &self.declared.events {
            let doc = doc.map(str::to_owned);
            program.events.push(Event { name: name.text.to_string(), fields, doc });
        }
        program
    }
}
