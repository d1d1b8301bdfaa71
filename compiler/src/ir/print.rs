//! The typed program as indented text, for `inspect --emit ir`: what `check` made of the source,
//! with types, fuel and stack written out. The same program gives the same text.

mod constant;
mod expr;
mod stmt;

use std::fmt::{self, Write};

use super::{Block, Effects, Function, LocalId, Program};
use crate::ast::FuncKind;
use crate::types::{EnumId, Field, StructId, Type};

/// The program as text.
pub fn print(program: &Program) -> String {
    let mut printer = Printer { program, function: None, out: String::new(), depth: 0 };
    // A `String` takes everything.
    let _ = printer.program();
    printer.out
}

struct Printer<'p> {
    program: &'p Program,
    /// The function whose locals are meant.
    function: Option<&'p Function>,
    out: String,
    depth: usize,
}

impl<'p> Printer<'p> {
    fn program(&mut self) -> fmt::Result {
        let program = self.program;
        for (index, strukt) in program.types.structs.iter().enumerate() {
            let what = match StructId(index as u32) {
                id if id == program.state => "state".to_owned(),
                id if program.events.iter().any(|event| event.fields == id) => {
                    format!("event {}", strukt.name)
                }
                _ => format!("struct {}", strukt.name),
            };
            if !strukt.fields.is_empty() {
                self.fields(&what, &strukt.fields, None)?;
            }
        }
        for enumeration in &program.types.enums {
            self.line(&format!("enum {} {{", enumeration.name))?;
            for variant in &enumeration.variants {
                let parts: Vec<String> = variant.fields.iter().map(|f| self.field(f)).collect();
                let payload = match parts.is_empty() {
                    true => String::new(),
                    false => format!("({})", parts.join(", ")),
                };
                self.line(&format!("    {}{payload}", variant.name))?;
            }
            self.line("}\n")?;
        }
        for table in &program.types.tables {
            self.fields(&format!("table {}", table.name), &table.fields, Some(table.key))?;
        }
        for (index, function) in program.functions.iter().enumerate() {
            self.function(index, function)?;
        }
        Ok(())
    }

    fn fields(&mut self, what: &str, fields: &[Field], key: Option<u32>) -> fmt::Result {
        self.line(&format!("{what} {{"))?;
        for (index, field) in fields.iter().enumerate() {
            let key = if key == Some(index as u32) { "key " } else { "" };
            let transient = if field.transient { "transient " } else { "" };
            let shown = self.field(field);
            self.line(&format!("    {key}{transient}{shown}"))?;
        }
        self.line("}\n")
    }

    fn field(&self, field: &Field) -> String {
        let ty = self.ty(field.ty);
        match &field.default {
            Some(default) => format!("{}: {ty} = {}", field.name, self.constant(default, field.ty)),
            None => format!("{}: {ty}", field.name),
        }
    }

    fn function(&mut self, index: usize, function: &'p Function) -> fmt::Result {
        self.function = Some(function);
        let params: Vec<String> = function
            .locals
            .iter()
            .take(function.param_count)
            .map(|local| format!("{}: {}", local.name, self.ty(local.ty)))
            .collect();
        let result = match function.result {
            Type::Unit => String::new(),
            ty => format!(" -> {}", self.ty(ty)),
        };
        let head = match self.word(index) {
            "test" => format!("test {:?}", function.name),
            "" => function.name.clone(),
            word => format!("{word} {}({}){result}", function.name, params.join(", ")),
        };
        self.line(&format!("// {}", facts(function)))?;
        self.indent()?;
        write!(self.out, "{head} ")?;
        self.block(&function.body)?;
        self.out.write_str("\n\n")
    }

    /// The word that a function is declared with; none for `on load`, whose name says it.
    fn word(&self, index: usize) -> &'static str {
        let is = |id: super::FuncId| id.index() == index;
        let program = self.program;
        if let Some(handler) = program.handlers.iter().find(|handler| is(handler.function)) {
            return if handler.kind == FuncKind::Get { "get" } else { "post" };
        }
        if program.timers.iter().any(|timer| is(timer.function)) {
            return "every";
        }
        if program.tests.iter().any(|test| is(test.function)) {
            return "test";
        }
        if program.on_load.is_some_and(is) { "" } else { "fn" }
    }

    fn line(&mut self, text: &str) -> fmt::Result {
        self.indent()?;
        writeln!(self.out, "{text}")
    }

    fn indent(&mut self) -> fmt::Result {
        write!(self.out, "{:1$}", "", self.depth * 4)
    }

    fn ty(&self, ty: Type) -> String {
        self.program.types.show(ty).to_string()
    }

    fn local(&self, id: LocalId) -> String {
        let local = self.function.and_then(|function| function.locals.get(id.index()));
        match local {
            // Two locals may share a name.
            Some(local) => format!("{}.{}", local.name, id.0),
            None => format!("?.{}", id.0),
        }
    }

    fn field_name(&self, owner: Type, index: u32) -> &'p str {
        let types = &self.program.types;
        let fields = match owner {
            Type::Struct(id) => &types.strukt(id).fields,
            Type::Row(id) => &types.table(id).fields,
            _ => return "?",
        };
        fields.get(index as usize).map_or("?", |field| field.name.as_str())
    }

    fn variant_name(&self, id: EnumId, index: u32) -> &'p str {
        let variants = &self.program.types.enumeration(id).variants;
        variants.get(index as usize).map_or("?", |variant| variant.name.as_str())
    }

    fn block(&mut self, block: &Block) -> fmt::Result {
        writeln!(self.out, "{{ // {}, fuel {}", self.ty(block.ty), block.fuel)?;
        self.depth += 1;
        for stmt in &block.stmts {
            self.indent()?;
            self.stmt(stmt)?;
            self.out.push('\n');
        }
        if let Some(value) = &block.value {
            self.indent()?;
            self.out.push_str("=> ");
            self.expr(value)?;
            self.out.push('\n');
        }
        self.depth -= 1;
        self.indent()?;
        self.out.write_char('}')
    }
}

/// What callers of a function depend on.
fn facts(function: &Function) -> String {
    let mut facts = Vec::new();
    if function.recursive {
        facts.push("recursive");
    }
    let Effects { writes, inserts, removes, reads_clock } = function.effects;
    facts.extend(writes.then_some("writes"));
    facts.extend(inserts.then_some("inserts"));
    facts.extend(removes.then_some("removes"));
    facts.extend(reads_clock.then_some("reads the clock"));
    let kind = if facts.is_empty() { "pure".to_owned() } else { facts.join(", ") };
    format!("{kind}; stack {} of {}", function.stack_cost, function.stack_need)
}
