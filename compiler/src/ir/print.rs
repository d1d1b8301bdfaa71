//! The typed program as indented text, for `inspect --emit ir`: what `check` made of the source,
//! with types, fuel and stack written out. The same program gives the same text.

use std::fmt::{self, Write};

use super::{
    Arm, BinaryOp, Block, CompareOp, Const, Effects, Expr, ExprKind, Function, LocalId, Pattern,
    Piece, Place, Program, Root, StepKind, Stmt, StmtKind,
};
use crate::ast::FuncKind;
use crate::types::{EnumId, Field, StructId, TableId, Type};

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
        let word = self.word(index);
        let name = match word {
            "test" => format!("{:?}", function.name),
            "" => function.name.clone(),
            _ => function.name.clone(),
        };
        let params = match word {
            "test" | "" => String::new(),
            _ => format!("({})", params.join(", ")),
        };
        let result = match function.result {
            Type::Unit => String::new(),
            ty => format!(" -> {}", self.ty(ty)),
        };
        let head = format!("{word} {name}{params}{result}");
        self.line(&format!("// {}", facts(function)))?;
        self.indent()?;
        write!(self.out, "{} ", head.trim_start())?;
        self.block(&function.body)?;
        self.out.write_str("\n\n")
    }

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
            Type::Struct(StructId(_)) | Type::Row(TableId(_)) => match owner {
                Type::Struct(id) => &types.strukt(id).fields,
                Type::Row(id) => &types.table(id).fields,
                _ => unreachable!("matched above"),
            },
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

    fn stmt(&mut self, stmt: &Stmt) -> fmt::Result {
        match &stmt.kind {
            StmtKind::Let { local, value } => {
                let known = self.function.and_then(|function| function.locals.get(local.index()));
                let word = if known.is_some_and(|known| known.mutable) { "var" } else { "let" };
                write!(self.out, "{word} {}: {} = ", self.local(*local), self.ty(value.ty))?;
                self.expr(value)
            }
            StmtKind::Assign { place, value } => self.assign(place, "=", value),
            StmtKind::OpAssign { op, place, value } => {
                self.assign(place, &format!("{}=", binary_text(*op)), value)
            }
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::While { cond, body } => {
                self.words("while ", cond)?;
                self.out.push(' ');
                self.block(body)
            }
            StmtKind::ForRange { local, start, end, body } => {
                write!(self.out, "for {} in ", self.local(*local))?;
                self.expr(start)?;
                self.words("..", end)?;
                self.out.push(' ');
                self.block(body)
            }
            StmtKind::ForList(list) => {
                write!(self.out, "for {} in ", self.local(list.local))?;
                self.expr(&list.list)?;
                self.clause(" where ", list.filter.as_ref())?;
                if let Some(order) = &list.order {
                    let direction = if order.descending { " desc" } else { "" };
                    write!(self.out, " by {:?}{direction}", order.path)?;
                }
                self.clause(" limit ", list.limit.as_ref())?;
                self.out.push(' ');
                self.block(&list.body)
            }
            StmtKind::ForRows(rows) => {
                let table = self.program.types.table(rows.table);
                let snapshot = if rows.snapshot { "snapshot " } else { "" };
                write!(self.out, "for {} in {snapshot}{}", self.local(rows.local), table.name)?;
                self.clause(" where ", rows.filter.as_ref())?;
                if let Some((field, descending)) = rows.order {
                    let name = self.field_name(Type::Row(rows.table), field);
                    let direction = if descending { " desc" } else { "" };
                    write!(self.out, " by {name}{direction}")?;
                }
                self.clause(" limit ", rows.limit.as_ref())?;
                self.out.push(' ');
                self.block(&rows.body)
            }
            StmtKind::Assert { cond, message } => {
                self.words("assert ", cond)?;
                self.words(", ", message)
            }
            StmtKind::AssertFails { call } => self.words("assert fails ", call),
            StmtKind::Emit { event, fields } => {
                let event = &self.program.events[event.index()];
                write!(self.out, "emit {} ", event.name)?;
                self.named(Type::Struct(event.fields), fields)
            }
            StmtKind::Log { message } => self.words("log ", message),
            StmtKind::Remove { row } => self.words("remove ", row),
            StmtKind::Advance { duration_ms } => self.words("advance ", duration_ms),
        }
    }

    fn assign(&mut self, place: &Place, op: &str, value: &Expr) -> fmt::Result {
        self.place(place)?;
        self.words(&format!(" {op} "), value)
    }

    fn clause(&mut self, word: &str, expr: Option<&Expr>) -> fmt::Result {
        match expr {
            Some(expr) => self.words(word, expr),
            None => Ok(()),
        }
    }

    fn words(&mut self, words: &str, expr: &Expr) -> fmt::Result {
        self.out.push_str(words);
        self.expr(expr)
    }

    fn expr(&mut self, expr: &Expr) -> fmt::Result {
        match &expr.kind {
            ExprKind::Const(value) => {
                let text = self.constant(value, expr.ty);
                self.out.write_str(&text)
            }
            ExprKind::Place(place) => self.place(place),
            ExprKind::Neg(operand) => self.prefix("-", operand),
            ExprKind::Not(operand) => self.prefix("!", operand),
            ExprKind::Binary(op, left, right) => self.infix(left, binary_text(*op), right),
            ExprKind::Compare(op, left, right) => self.infix(left, compare_text(*op), right),
            ExprKind::And(left, right) => self.infix(left, "&&", right),
            ExprKind::Or(left, right) => self.infix(left, "||", right),
            ExprKind::Coalesce(left, right) => self.infix(left, "??", right),
            ExprKind::Call(id, args) => {
                let name = &self.program.functions[id.index()].name;
                self.arguments(name, args)
            }
            ExprKind::Builtin(builtin, args) => self.arguments(&format!("{builtin:?}"), args),
            ExprKind::Mutate { builtin, place, args } => {
                self.place(place)?;
                self.arguments(&format!(".{builtin:?}"), args)
            }
            ExprKind::Struct(id, fields) => {
                write!(self.out, "{} ", self.program.types.strukt(*id).name)?;
                self.named(Type::Struct(*id), fields)
            }
            ExprKind::Insert(id, fields) => {
                write!(self.out, "insert {} ", self.program.types.table(*id).name)?;
                self.named(Type::Row(*id), fields)
            }
            ExprKind::Variant(id, index, payload) => {
                let owner = &self.program.types.enumeration(*id).name;
                let name = format!("{owner}.{}", self.variant_name(*id, *index));
                match payload.is_empty() {
                    true => self.out.write_str(&name),
                    false => self.arguments(&name, payload),
                }
            }
            ExprKind::Some(inner) => self.arguments("some", std::slice::from_ref(inner)),
            ExprKind::ToList(inner) => self.arguments("to_list", std::slice::from_ref(inner)),
            ExprKind::List(elements) => {
                self.out.push('[');
                self.separated(elements)?;
                self.out.write_char(']')
            }
            ExprKind::Repeat(value) => {
                self.words("[", value)?;
                write!(self.out, "; …]: {}", self.ty(expr.ty))
            }
            ExprKind::Interpolate(pieces) => self.pieces(pieces),
            ExprKind::If { cond, then, otherwise } => {
                self.words("if ", cond)?;
                self.out.push(' ');
                self.block(then)?;
                match otherwise {
                    Some(otherwise) => {
                        self.out.push_str(" else ");
                        self.block(otherwise)
                    }
                    None => Ok(()),
                }
            }
            ExprKind::Match { value, arms } => self.match_expr(value, arms),
            ExprKind::Block(block) => self.block(block),
            ExprKind::RowGet(id, key) => self.row(*id, "[", key, "]"),
            ExprKind::RowFind(id, key) => self.row(*id, ".get(", key, ")"),
            ExprKind::RowExists(id, key) => self.row(*id, ".has(", key, ")"),
            ExprKind::TableLen(id) => {
                write!(self.out, "{}.len", self.program.types.table(*id).name)
            }
            ExprKind::Return(None) => self.out.write_str("return"),
            ExprKind::Return(Some(value)) => self.words("return ", value),
            ExprKind::Break => self.out.write_str("break"),
            ExprKind::Continue => self.out.write_str("continue"),
            ExprKind::Fail { status, message } => self.words(&format!("fail {status} "), message),
        }
    }

    fn prefix(&mut self, op: &str, operand: &Expr) -> fmt::Result {
        write!(self.out, "({op}")?;
        self.expr(operand)?;
        self.out.write_char(')')
    }

    fn infix(&mut self, left: &Expr, op: &str, right: &Expr) -> fmt::Result {
        self.words("(", left)?;
        self.words(&format!(" {op} "), right)?;
        self.out.write_char(')')
    }

    fn row(&mut self, table: TableId, open: &str, key: &Expr, close: &str) -> fmt::Result {
        write!(self.out, "{}{open}", self.program.types.table(table).name)?;
        self.expr(key)?;
        self.out.write_str(close)
    }

    fn arguments(&mut self, name: &str, args: &[impl AsRef<Expr>]) -> fmt::Result {
        write!(self.out, "{name}(")?;
        self.separated(args)?;
        self.out.write_char(')')
    }

    fn separated(&mut self, exprs: &[impl AsRef<Expr>]) -> fmt::Result {
        for (index, expr) in exprs.iter().enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            self.expr(expr.as_ref())?;
        }
        Ok(())
    }

    fn named(&mut self, owner: Type, fields: &[(u32, Expr)]) -> fmt::Result {
        self.out.push('{');
        for (place, (index, value)) in fields.iter().enumerate() {
            let separator = if place > 0 { "," } else { "" };
            let name = self.field_name(owner, *index);
            self.words(&format!("{separator} {name}: "), value)?;
        }
        self.out.write_str(" }")
    }

    fn pieces(&mut self, pieces: &[Piece]) -> fmt::Result {
        self.out.push('"');
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    let quoted = format!("{text:?}");
                    let inner = quoted.trim_start_matches('"');
                    self.out.push_str(inner.strip_suffix('"').unwrap_or(inner));
                }
                Piece::Value(value, digits) => {
                    self.words("{", value)?;
                    if let Some(digits) = digits {
                        write!(self.out, ":.{digits}")?;
                    }
                    self.out.push('}');
                }
            }
        }
        self.out.write_char('"')
    }

    fn match_expr(&mut self, value: &Expr, arms: &[Arm]) -> fmt::Result {
        self.words("match ", value)?;
        self.out.push_str(" {\n");
        self.depth += 1;
        for arm in arms {
            self.indent()?;
            let pattern = self.pattern(&arm.pattern);
            write!(self.out, "{pattern} => ")?;
            self.block(&arm.body)?;
            self.out.push('\n');
        }
        self.depth -= 1;
        self.indent()?;
        self.out.write_char('}')
    }

    fn pattern(&self, pattern: &Pattern) -> String {
        let joined = |parts: &[Pattern], separator: &str| {
            let parts: Vec<String> = parts.iter().map(|part| self.pattern(part)).collect();
            parts.join(separator)
        };
        match pattern {
            Pattern::Wildcard => "_".to_owned(),
            Pattern::Bind(local) => self.local(*local),
            Pattern::Const(value) => self.constant(value, Type::Unit),
            Pattern::Variant(id, index, payload) => {
                let name = self.variant_name(*id, *index);
                match payload.is_empty() {
                    true => name.to_owned(),
                    false => format!("{name}({})", joined(payload, ", ")),
                }
            }
            Pattern::None => "none".to_owned(),
            Pattern::Some(inner) => format!("some({})", self.pattern(inner)),
            Pattern::Or(alternatives) => joined(alternatives, " | "),
        }
    }

    fn place(&mut self, place: &Place) -> fmt::Result {
        let mut owner = match &place.root {
            Root::Local(local) => {
                let name = self.local(*local);
                self.out.push_str(&name);
                let known = self.function.and_then(|function| function.locals.get(local.index()));
                known.map_or(Type::Unit, |local| local.ty)
            }
            Root::State => {
                self.out.push_str("state");
                Type::Struct(self.program.state)
            }
            Root::Row(table, row) => {
                self.expr(row)?;
                Type::Row(*table)
            }
            Root::Value(value) => {
                self.expr(value)?;
                value.ty
            }
        };
        for step in &place.path {
            match &step.kind {
                StepKind::Field(index) => {
                    let name = self.field_name(owner, *index);
                    write!(self.out, ".{name}")?;
                }
                StepKind::Index(index) => {
                    self.words("[", index)?;
                    self.out.push(']');
                }
            }
            owner = step.ty;
        }
        Ok(())
    }

    fn constant(&self, value: &Const, ty: Type) -> String {
        let types = &self.program.types;
        let list = |parts: &[Const], ty: Type| {
            let parts: Vec<String> = parts.iter().map(|part| self.constant(part, ty)).collect();
            parts.join(", ")
        };
        match (value, ty) {
            (Const::Unit, _) => "()".to_owned(),
            (Const::Int(value), _) => value.to_string(),
            (Const::Float(value), _) => format!("{value:?}"),
            (Const::Bool(value), _) => value.to_string(),
            (Const::Str(value), _) => format!("{value:?}"),
            (Const::None, _) => "none".to_owned(),
            (Const::Some(inner), Type::Optional(of)) => {
                format!("some({})", self.constant(inner, types.get(of)))
            }
            (Const::Some(inner), _) => format!("some({})", self.constant(inner, Type::Unit)),
            (Const::Struct(fields), Type::Struct(id)) => {
                let known = &types.strukt(id).fields;
                let parts: Vec<String> = fields
                    .iter()
                    .zip(known)
                    .map(|(value, field)| {
                        format!("{}: {}", field.name, self.constant(value, field.ty))
                    })
                    .collect();
                format!("{} {{ {} }}", types.strukt(id).name, parts.join(", "))
            }
            (Const::Struct(fields), _) => format!("{{ {} }}", list(fields, Type::Unit)),
            (Const::Variant(index, payload), Type::Enum(id)) => {
                let owner = &types.enumeration(id).name;
                let name = self.variant_name(id, *index);
                match payload.is_empty() {
                    true => format!("{owner}.{name}"),
                    false => format!("{owner}.{name}({})", list(payload, Type::Unit)),
                }
            }
            (Const::Variant(index, payload), _) => {
                format!("variant {index} ({})", list(payload, Type::Unit))
            }
            (Const::List(elements), Type::Array(of, _) | Type::Bounded(of, _) | Type::List(of)) => {
                format!("[{}]", list(elements, types.get(of)))
            }
            (Const::List(elements), _) => format!("[{}]", list(elements, Type::Unit)),
        }
    }
}

impl AsRef<Expr> for Expr {
    fn as_ref(&self) -> &Expr {
        self
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

fn binary_text(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
    }
}

fn compare_text(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::Ne => "!=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}
