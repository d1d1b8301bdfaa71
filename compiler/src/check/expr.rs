//! Expressions: what each form means, and how a value is fitted to the type that is wanted.

use super::body::Body;
use super::collect::ValueName;
use super::fields::Owner;
use super::mismatch::Wanted;
use crate::ast::{self, ExprKind};
use crate::builtins::{Form, ROWS};
use crate::diag::{Code, Diagnostic};
use crate::ir::walk::Part;
use crate::ir::{self, Const};
use crate::source::Span;
use crate::types::{Type, VariantType};

/// What is wanted of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// A value of whatever type it has.
    Any,
    /// A value of this type. Literals and branches take it up; who asks must still `fit` it.
    Type(Type),
    /// No value: it is dropped.
    Nothing,
}

impl Want {
    /// The type that is wanted, if one is.
    pub(super) fn ty(self) -> Option<Type> {
        match self {
            Want::Type(Type::Error) | Want::Any | Want::Nothing => None,
            Want::Type(ty) => Some(ty),
        }
    }
}

/// A node that a mistake stands for; it silences what follows.
pub(super) fn error(span: Span) -> ir::Expr {
    ir::Expr { kind: ir::ExprKind::Const(Const::Unit), ty: Type::Error, span }
}

/// A constant node.
pub(super) fn constant(value: Const, ty: Type, span: Span) -> ir::Expr {
    ir::Expr { kind: ir::ExprKind::Const(value), ty, span }
}

impl<'a> Body<'_, 'a> {
    /// Checks an expression. Its type may still differ from the one that is wanted.
    pub(super) fn expr(&mut self, expr: &'a ast::Expr, want: Want) -> ir::Expr {
        let span = expr.span;
        let wanted_by = self.wanted_by;
        let checked = match &expr.kind {
            ExprKind::Int(value) => constant(Const::Int(*value), Type::Int, span),
            ExprKind::Float(value) => constant(Const::Float(*value), Type::Float, span),
            ExprKind::Bool(value) => constant(Const::Bool(*value), Type::Bool, span),
            ExprKind::Unit => constant(Const::Unit, Type::Unit, span),
            ExprKind::None => self.none(span, want),
            ExprKind::Str(pieces) => self.text(pieces, span),
            ExprKind::Name(_) | ExprKind::Field { .. } | ExprKind::Index { .. } => self.read(expr),
            ExprKind::Paren(inner) => return self.expr(inner, want),
            ExprKind::Unary { op, operand } => self.unary(*op, operand, span),
            ExprKind::Binary { .. } => self.binary(expr, want),
            ExprKind::Call { name, args } => self.call(name, args, span),
            ExprKind::Method { base, name, args } => self.method(base, name, args, span),
            ExprKind::Struct { name, fields } => self.struct_literal(name, fields, span),
            ExprKind::List(elements) => self.list_literal(elements, span, want),
            ExprKind::Repeat { value, count } => self.repeat(value, count, span, want),
            ExprKind::If { .. } => self.if_expr(expr, want),
            ExprKind::Match { value, arms } => self.match_expr(value, arms, span, want),
            ExprKind::Insert { table, fields } => self.insert(table, fields, span),
            ExprKind::Return(value) => self.return_expr(value.as_deref(), span),
            ExprKind::Break => self.break_expr(span),
            ExprKind::Continue => self.continue_expr(span),
            ExprKind::Fail { status, message } => self.fail(status.as_deref(), message, span),
            ExprKind::Error => error(span),
        };
        self.wanted_by = wanted_by;
        self.cut_off(checked)
    }

    /// An operand that never gives a value ends what it stands in: the operands up to it are
    /// evaluated and nothing else is. So the type never is found only where control may stop: as a
    /// statement, at the end of a block, and on the right of `&&`, `||` and `??`.
    fn cut_off(&self, expr: ir::Expr) -> ir::Expr {
        let mut ends = false;
        expr.parts(&mut |part| {
            ends |= matches!(part, Part::Expr(operand) if operand.ty == Type::Never);
        });
        if !ends {
            return expr;
        }
        let only_first = matches!(
            expr.kind,
            ir::ExprKind::And(..) | ir::ExprKind::Or(..) | ir::ExprKind::Coalesce(..)
        );
        let mut operands = Vec::new();
        expr.parts(&mut |part| {
            if let Part::Expr(operand) = part {
                operands.push(operand);
            }
        });
        if only_first {
            operands.truncate(1);
        }
        let Some(end) = operands.iter().position(|operand| operand.ty == Type::Never) else {
            return expr;
        };
        let evaluated = operands.into_iter().take(end + 1);
        let stmts = evaluated
            .map(|part| ir::Stmt { span: part.span, kind: ir::StmtKind::Expr(part.clone()) })
            .collect();
        let block = self.make_block(stmts, None, Type::Never);
        ir::Expr { kind: ir::ExprKind::Block(block), ty: Type::Never, span: expr.span }
    }

    /// Looks for mistakes in an expression whose value does not matter because of another one.
    pub(super) fn ignored(&mut self, expr: &'a ast::Expr) {
        let _ = self.expr(expr, Want::Type(Type::Error));
    }

    /// Checks an expression that must give a value of a type.
    pub(super) fn value(&mut self, expr: &'a ast::Expr, ty: Type) -> ir::Expr {
        self.value_for(expr, ty, None)
    }

    /// As [`Body::value`]; where the type is another one, the message also points to what wants it.
    pub(super) fn value_for(
        &mut self,
        expr: &'a ast::Expr,
        ty: Type,
        wanted_by: Option<Wanted>,
    ) -> ir::Expr {
        let outer = std::mem::replace(&mut self.wanted_by, wanted_by);
        let checked = self.fitting(expr, ty);
        self.wanted_by = outer;
        checked
    }

    fn fitting(&mut self, expr: &'a ast::Expr, ty: Type) -> ir::Expr {
        if !matches!(ty, Type::Unit | Type::Error)
            && let Some(wrong) = self.refuse_half_if(expr)
        {
            return wrong;
        }
        let checked = self.expr(expr, Want::Type(ty));
        self.fit(checked, ty)
    }

    /// Checks an expression that must give some value.
    pub(super) fn any_value(&mut self, expr: &'a ast::Expr) -> ir::Expr {
        if let Some(wrong) = self.refuse_half_if(expr) {
            return wrong;
        }
        let outer = self.wanted_by.take();
        let checked = self.expr(expr, Want::Any);
        self.wanted_by = outer;
        if checked.ty == Type::Unit {
            self.checker.report(
                Diagnostic::new(Code::E0306, expr.span, "expected a value, found none")
                    .with_label("this has the type `()`"),
            );
            return error(expr.span);
        }
        checked
    }

    /// Whether a value of a type can stand where another is wanted: the same, a value for an
    /// optional, a fixed or bounded list for `[T]`.
    pub(super) fn fits(&self, found: Type, want: Type) -> bool {
        if found == want || matches!(found, Type::Error | Type::Never) || want == Type::Error {
            return true;
        }
        match (want, found) {
            (Type::Optional(inner), _) => self.fits(found, self.checker.types.get(inner)),
            (Type::List(inner), Type::Array(of, _) | Type::Bounded(of, _)) => of == inner,
            _ => false,
        }
    }

    /// A value that fits as one of the wanted type; the conversion is written out.
    pub(super) fn convert(&self, checked: ir::Expr, want: Type) -> ir::Expr {
        let (found, span) = (checked.ty, checked.span);
        if found == want || matches!(found, Type::Error | Type::Never) {
            return checked;
        }
        let kind = match want {
            Type::Optional(inner) => {
                let inner = self.checker.types.get(inner);
                ir::ExprKind::Some(Box::new(self.convert(checked, inner)))
            }
            Type::List(_) => ir::ExprKind::ToList(Box::new(checked)),
            _ => return error(span),
        };
        ir::Expr { kind, ty: want, span }
    }

    /// Says what a name means that is not a local, as a value.
    pub(super) fn declared_value(&mut self, name: &str, span: Span) -> ir::Expr {
        match self.checker.names.values.get(name).map(|entry| entry.meaning) {
            Some(ValueName::Constant(index)) => {
                let known = &self.checker.constants[index];
                let known = known.clone();
                constant(known.value, known.ty, span)
            }
            Some(ValueName::Table(_)) => {
                let text = format!("expected a value, found the table `{name}`");
                self.checker.report(Diagnostic::new(Code::E0211, span, text).with_help(format!(
                    "`{name}[key]` is a row, `for row in {name}` visits them all"
                )));
                error(span)
            }
            None => {
                self.unknown_value(name, span);
                error(span)
            }
        }
    }

    fn unknown_value(&mut self, name: &str, span: Span) {
        if self.scopes.has_lost() || self.checker.names.values.contains_key("") {
            return;
        }
        if let Some(entry) = self.checker.names.types.get(name) {
            let declared = entry.span;
            let text = format!("expected a value, found the type `{name}`");
            return self.checker.report(
                Diagnostic::new(Code::E0211, span, text).with_note(declared, "declared here"),
            );
        }
        let text = format!("unknown name `{name}`");
        let diagnostic = Diagnostic::new(Code::E0201, span, text);
        let state = self.checker.types.strukt(self.checker.state);
        if state.fields.iter().any(|field| field.name == name) {
            let place = format!("state.{name}");
            return self.checker.report(
                diagnostic
                    .with_help(format!("the state's field is `{place}`"))
                    .with_fix(span, place),
            );
        }
        if self.checker.diagnostics.is_full() {
            // Nobody reads the help, and looking for it takes as long as there are names.
            return self.checker.report_unknown(name, diagnostic);
        }
        if let Some(ours) = elsewhere(name) {
            let help = format!("write `{ours}`");
            return self.checker.report(diagnostic.with_help(help).with_fix(span, ours));
        }
        if let Some(help) = foreign_value(name) {
            return self.checker.report_unknown(name, diagnostic.with_help(help));
        }
        if let Some(value) = self.variant_of_one(name) {
            let help = format!("a variant is written with its enum: `{value}`");
            return self.checker.report(diagnostic.with_help(help).with_fix(span, value));
        }
        let is_builtin = ROWS.iter().any(|row| row.form == Form::Function && row.name == name);
        if is_builtin || self.checker.names.calls.contains_key(name) {
            return self.checker.report(diagnostic.with_help(format!("call it: `{name}(…)`")));
        }
        if let Some(field) = self.field_of_row(name) {
            return self.checker.report(
                diagnostic.with_help(format!("the row's field is `{field}`")).with_fix(span, field),
            );
        }
        let wanted = ast::Name { text: name.into(), span };
        let known = self.scopes.names().chain(self.checker.names.values.keys().copied());
        let diagnostic = self.checker.with_near(diagnostic, &wanted, known);
        self.checker.report_unknown(name, diagnostic);
    }

    /// `row.name` where a row in scope has a field of this name.
    fn field_of_row(&self, name: &str) -> Option<String> {
        let names: Vec<&str> = self.scopes.names().collect();
        names.into_iter().rev().find_map(|local| {
            let id = self.scopes.find(local)?;
            let Type::Row(table) = self.scopes.locals[id.index()].ty else { return None };
            let _ = Owner::Row(table).find(&self.checker.types, name)?;
            Some(format!("{local}.{name}"))
        })
    }

    /// `Enum.name` where one enum alone has a variant of this name.
    pub(super) fn variant_of_one(&self, name: &str) -> Option<String> {
        let has = |variants: &[VariantType]| variants.iter().any(|variant| variant.name == name);
        let mut owners = self.checker.types.enums.iter().filter(|one| has(&one.variants));
        match (owners.next(), owners.next()) {
            (Some(only), None) => Some(format!("{}.{name}", only.name)),
            _ => None,
        }
    }
}

/// What Flight has in the place of a value that other languages have.
fn foreign_value(name: &str) -> Option<&'static str> {
    Some(match name {
        "Math" | "math" => "`min(a, b)`, `sqrt(x)` and their like stand by themselves",
        "console" | "fmt" | "Console" | "System" => "a line of the log is `log \"…\"`",
        "this" | "self" => "a function has what it is given, and `state`",
        _ => return None,
    })
}

/// What Flight calls a value that other languages call so.
fn elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "None" | "Null" | "NULL" | "nullptr" | "undefined" => "none",
        "True" | "TRUE" => "true",
        "False" | "FALSE" => "false",
        _ => return None,
    })
}
