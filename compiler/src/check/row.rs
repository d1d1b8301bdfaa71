//! Rows and events: keys, `insert`, `remove`, `emit`.

use super::body::Body;
use super::collect::{TypeName, ValueName};
use super::expr::{Want, error};
use super::mismatch::Wanted;
use crate::ast::{self, FieldInit, Name};
use crate::diag::{Code, Diagnostic};
use crate::ir;
use crate::source::Span;
use crate::types::{TableId, Type};

impl<'a> Body<'_, 'a> {
    /// A value that is a key of a table.
    pub(super) fn table_key(&mut self, table: TableId, key: &'a ast::Expr) -> ir::Expr {
        let table = self.checker.types.table(table);
        let Some(field) = table.fields.get(table.key as usize) else {
            return self.value(key, Type::Error);
        };
        let wanted = Wanted { span: field.span, text: "the key is declared here" };
        self.value_for(key, field.ty, Some(wanted))
    }

    /// `insert table { field: value … }`
    pub(super) fn insert(
        &mut self,
        name: &'a Name,
        fields: &'a [FieldInit],
        span: Span,
    ) -> ir::Expr {
        let found = self.checker.names.values.get(name.text.as_str()).map(|entry| entry.meaning);
        let Some(ValueName::Table(table)) = found else {
            self.unknown_target("table", name);
            self.check_values(fields);
            return error(span);
        };
        let Some(values) = self.row_fields(table, name, fields) else { return error(span) };
        ir::Expr { kind: ir::ExprKind::Insert(table, values), ty: Type::Row(table), span }
    }

    /// `emit event { field: value … }`
    pub(super) fn emit(&mut self, name: &'a Name, fields: &'a [FieldInit]) -> Option<ir::StmtKind> {
        let Some(TypeName::Event(event)) = self.checker.type_meaning(&name.text) else {
            self.unknown_target("event", name);
            self.check_values(fields);
            return None;
        };
        let (_, strukt, _) = self.checker.declared.events[event.index()];
        let fields = self.all_fields(strukt, name, fields)?;
        Some(ir::StmtKind::Emit { event, fields })
    }

    fn unknown_target(&mut self, what: &str, name: &Name) {
        if self.checker.names.types.contains_key("") {
            return;
        }
        let text = format!("unknown {what} `{}`", name.text);
        let diagnostic = Diagnostic::new(Code::E0207, name.span, text);
        let fits = |meaning| match meaning {
            TypeName::Table(_) => what == "table",
            TypeName::Event(_) => what == "event",
            TypeName::Struct(_) | TypeName::Enum(_) => false,
        };
        let known = self.checker.names.types.iter();
        let names = known.filter(|(_, entry)| fits(entry.meaning)).map(|(&name, _)| name);
        let diagnostic = self.checker.with_near(diagnostic, name, names);
        self.checker.report_unknown(name.text.as_str(), diagnostic);
    }

    /// `remove row`
    pub(super) fn remove(&mut self, row: &'a ast::Expr) -> Option<ir::StmtKind> {
        let checked = self.expr(row, Want::Any);
        match checked.ty {
            Type::Row(_) | Type::Never => Some(ir::StmtKind::Remove { row: checked }),
            Type::Error => None,
            ty => {
                let text =
                    format!("expected a row after `remove`, found {}", self.checker.show(ty));
                let mut diagnostic = Diagnostic::new(Code::E0300, row.span, text);
                if matches!(ty, Type::Int | Type::Str) {
                    let key = self.checker.source.slice(row.span);
                    diagnostic = diagnostic.with_help(format!("`remove table[{key}]`"));
                }
                self.checker.report(diagnostic);
                None
            }
        }
    }
}
