//! `match` and its patterns.

use super::body::Body;
use super::control::Branch;
use super::exhaust::{self, Finding};
use super::expr::{Want, error};
use super::scope::LocalKind;
use super::ty::optional;
use crate::ast::{self, ArmBody, Name, PatternKind, StmtKind};
use crate::diag::{Code, Diagnostic};
use crate::ir;
use crate::source::Span;
use crate::types::{EnumId, Type};

/// Missing patterns that a message names.
const MISSING_MAX: usize = 4;

impl<'a> Body<'_, 'a> {
    /// `match value { pattern => body … }`
    pub(super) fn match_expr(
        &mut self,
        value: &'a ast::Expr,
        arms: &'a [ast::Arm],
        span: Span,
        want: Want,
    ) -> ir::Expr {
        let head = Span::new(span.start, value.span.end);
        let value = self.any_value(value);
        let ty = match value.ty {
            Type::Never => Type::Error,
            ty => self.matched(ty, value.span),
        };
        let mut branch = Branch::new(want);
        let mut checked = Vec::with_capacity(arms.len());
        let mut wrong = ty == Type::Error;
        for arm in arms {
            self.scopes.push();
            let pattern = self.pattern(&arm.pattern, ty, Binds::No);
            let body = self.arm_body(&arm.body, &mut branch);
            self.scopes.pop();
            match pattern {
                Some(pattern) => checked.push(ir::Arm { pattern, body }),
                None => wrong = true,
            }
        }
        wrong |= self.checker.is_broken(optional(&self.checker.types, ty).unwrap_or(ty));
        if !wrong {
            wrong = !self.covers(&checked, arms, ty, head);
        }
        if value.ty == Type::Never {
            return value;
        }
        if wrong || branch.wrong {
            return error(span);
        }
        let ty = branch.ty(checked.iter().map(|arm| &arm.body));
        let kind = ir::ExprKind::Match { value: Box::new(value), arms: checked };
        ir::Expr { kind, ty, span }
    }

    /// The type of what is matched, if values of it can be.
    fn matched(&mut self, ty: Type, span: Span) -> Type {
        let inner = optional(&self.checker.types, ty).unwrap_or(ty);
        let fits = matches!(
            inner,
            Type::Int | Type::Float | Type::Bool | Type::Str | Type::Enum(_) | Type::Error
        );
        if fits {
            return ty;
        }
        let text = format!("a value of type {} cannot be matched", self.checker.show(ty));
        let diagnostic = Diagnostic::new(Code::E0510, span, text)
            .with_label("expected an enum, `int`, `float`, `bool` or `str`");
        self.checker.report(match optional(&self.checker.types, ty) {
            Some(_) => diagnostic.with_help("`if let name = … { … } else { … }`"),
            None => diagnostic,
        });
        Type::Error
    }

    fn arm_body(&mut self, body: &'a ArmBody, branch: &mut Branch) -> ir::Block {
        let stmt = match body {
            ArmBody::Block(block) => return self.branch(block, branch),
            ArmBody::Stmt(stmt) => stmt,
        };
        self.scopes.push();
        let block = match &stmt.kind {
            StmtKind::Expr(expr) if branch.want != Want::Nothing => {
                let value = match branch.want {
                    Want::Type(ty) => self.value_for(expr, ty, self.wanted_by),
                    want => match self.refuse_half_if(expr) {
                        Some(wrong) => wrong,
                        None => self.expr(expr, want),
                    },
                };
                self.arm_value(stmt, value, branch)
            }
            _ => {
                let mut stmts = Vec::new();
                let flow = self.stmt(stmt, &mut stmts);
                self.finish_stmts(stmts, flow, stmt.span, branch)
            }
        };
        self.scopes.pop();
        block
    }

    fn arm_value(&mut self, stmt: &ast::Stmt, value: ir::Expr, branch: &mut Branch) -> ir::Block {
        if value.ty == Type::Unit
            && let Want::Type(want) = branch.want
        {
            self.missing_arm_value(want, stmt.span, branch);
        }
        self.finish_branch(Vec::new(), value, branch)
    }

    fn missing_arm_value(&mut self, want: Type, span: Span, branch: &mut Branch) {
        branch.wrong = true;
        if want == Type::Error {
            return;
        }
        let text = format!("expected {}, found no value", self.checker.show(want));
        self.checker.report(
            Diagnostic::new(Code::E0306, span, text).with_label("this arm ends without a value"),
        );
    }

    /// An arm that is a statement.
    fn finish_stmts(
        &mut self,
        stmts: Vec<ir::Stmt>,
        flow: super::stmt::Flow,
        span: Span,
        branch: &mut Branch,
    ) -> ir::Block {
        let ty = match flow {
            super::stmt::Flow::Ends => Type::Never,
            super::stmt::Flow::GoesOn => Type::Unit,
        };
        if let (Type::Unit, Want::Type(want)) = (ty, branch.want) {
            self.missing_arm_value(want, span, branch);
        }
        branch.learn(ty);
        self.make_block(stmts, None, ty)
    }

    /// A pattern for values of a type; `None` when there is a mistake in it.
    fn pattern(
        &mut self,
        written: &'a ast::Pattern,
        ty: Type,
        binds: Binds,
    ) -> Option<ir::Pattern> {
        let span = written.span;
        match &written.kind {
            PatternKind::Wildcard => Some(ir::Pattern::Wildcard),
            PatternKind::Error => {
                // Nobody knows what it would have bound.
                self.scopes.lose();
                None
            }
            PatternKind::Or(alternatives) => {
                let all: Vec<Option<ir::Pattern>> = alternatives
                    .iter()
                    .map(|one| self.pattern(one, ty, binds.in_alternative()))
                    .collect();
                all.into_iter().collect::<Option<_>>().map(ir::Pattern::Or)
            }
            PatternKind::None => match optional(&self.checker.types, ty) {
                Some(_) => Some(ir::Pattern::None),
                None => self.refuse_pattern(span, ty, "`none`"),
            },
            PatternKind::Literal(literal) => self.literal_pattern(literal, ty),
            PatternKind::Variant(owner, name, payload) => {
                self.variant_pattern(VariantPattern { owner, name, payload, span }, ty, binds)
            }
        }
    }

    fn refuse_pattern(&mut self, span: Span, ty: Type, found: &str) -> Option<ir::Pattern> {
        if ty != Type::Error {
            let expected = self.checker.show(ty);
            let text = format!("expected a pattern for {expected}, found {found}");
            self.checker.error(Code::E0510, span, text);
        }
        None
    }

    fn literal_pattern(&mut self, literal: &'a ast::Expr, ty: Type) -> Option<ir::Pattern> {
        let checked = self.expr(literal, Want::Any);
        let ir::ExprKind::Const(value) = checked.kind else {
            if checked.ty != Type::Error {
                let text = "a text in a pattern holds no values";
                self.checker.error(Code::E0510, literal.span, text);
            }
            return None;
        };
        if ty == Type::Error || checked.ty == Type::Error {
            return None;
        }
        let of_optional = optional(&self.checker.types, ty);
        if checked.ty != of_optional.unwrap_or(ty) {
            let found = self.checker.show(checked.ty);
            return self.refuse_pattern(literal.span, ty, &found);
        }
        Some(in_optional(ir::Pattern::Const(value), of_optional))
    }

    fn variant_pattern(
        &mut self,
        written: VariantPattern<'a>,
        ty: Type,
        binds: Binds,
    ) -> Option<ir::Pattern> {
        let VariantPattern { owner, name, payload, span } = written;
        let of_optional = optional(&self.checker.types, ty);
        let inner = of_optional.unwrap_or(ty);
        let plain = owner.is_none() && payload.is_none();
        let known = match inner {
            Type::Enum(id) => {
                let variants = &self.checker.types.enumeration(id).variants;
                variants.iter().any(|variant| variant.name == name.text).then_some(id)
            }
            _ => None,
        };
        if plain && known.is_none() && matches!(binds, Binds::Yes | Binds::Wrongly) {
            return self.binding(name, ty, binds);
        }
        let Type::Enum(id) = inner else {
            // Whatever the payload binds is declared, so that the arm's body stays silent.
            self.payload_of_error(payload.as_deref());
            // It may have been meant to bind.
            self.scopes.lose();
            if inner == Type::Error {
                return None;
            }
            let (expected, found) = (self.checker.show(ty), &name.text);
            let text = format!("expected a pattern for {expected}, found the name `{found}`");
            let diagnostic = Diagnostic::new(Code::E0510, span, text);
            self.checker.report(match (found.as_str(), of_optional) {
                ("None", Some(_)) => diagnostic.with_help("`none`").with_fix(span, "none"),
                (_, Some(_)) => diagnostic.with_help("`if let name = value { … } else { … }`"),
                (_, None) => diagnostic.with_help("`_` takes everything, and nothing is bound"),
            });
            return None;
        };
        if let Some(owner) = owner {
            let expected = self.checker.types.enumeration(id).name.clone();
            if owner.text != expected {
                self.payload_of_error(payload.as_deref());
                let found = format!("one of `{}`", owner.text);
                return self.refuse_pattern(owner.span, ty, &found);
            }
        }
        let Some((index, types)) = self.variant_named(id, name) else {
            self.payload_of_error(payload.as_deref());
            return None;
        };
        let payload = payload.as_deref().unwrap_or_default();
        if payload.len() != types.len() {
            if !self.checker.is_broken(Type::Enum(id)) {
                self.refuse_pattern_payload(id, index, name, payload.len());
            }
            self.payload_of_error(Some(payload));
            // The parts that are left out would have bound names.
            self.scopes.lose();
            return None;
        }
        let parts: Vec<Option<ir::Pattern>> = payload
            .iter()
            .zip(types)
            .map(|(part, ty)| self.pattern(part, ty, binds.in_payload()))
            .collect();
        let parts = parts.into_iter().collect::<Option<_>>()?;
        Some(in_optional(ir::Pattern::Variant(id, index, parts), of_optional))
    }

    fn refuse_pattern_payload(&mut self, id: EnumId, index: u32, name: &Name, found: usize) {
        let fields = &self.checker.types.enumeration(id).variants[index as usize].fields;
        let parts: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
        let expected = parts.len();
        let values = if expected == 1 { "part" } else { "parts" };
        let text = format!("expected {expected} {values} for `{}`, found {found}", name.text);
        let diagnostic = Diagnostic::new(Code::E0510, name.span, text);
        let fixed = match expected {
            0 => name.text.to_string(),
            _ => format!("{}({})", name.text, parts.join(", ")),
        };
        self.checker.report(diagnostic.with_help(format!("`{fixed}`")));
    }

    fn payload_of_error(&mut self, payload: Option<&'a [ast::Pattern]>) {
        for part in payload.unwrap_or_default() {
            let _ = self.pattern(part, Type::Error, Binds::Yes);
        }
    }

    fn binding(&mut self, name: &'a Name, ty: Type, binds: Binds) -> Option<ir::Pattern> {
        if binds == Binds::Wrongly {
            if self.scopes.declares(&name.text) {
                // Said for the alternative before.
                return None;
            }
            let _ = self.declare(name, Type::Error, LocalKind::Pattern);
            if ty == Type::Error {
                return None;
            }
            let text = format!("`{}` cannot be bound in one of several alternatives", name.text);
            self.checker.report(
                Diagnostic::new(Code::E0510, name.span, text)
                    .with_help("write `_`, or an arm for each alternative"),
            );
            return None;
        }
        let local = self.declare(name, ty, LocalKind::Pattern);
        (ty != Type::Error).then_some(ir::Pattern::Bind(local))
    }

    /// Whether the arms leave nothing out; warns about those that never run.
    fn covers(&mut self, checked: &[ir::Arm], arms: &[ast::Arm], ty: Type, head: Span) -> bool {
        let patterns: Vec<&ir::Pattern> = checked.iter().map(|arm| &arm.pattern).collect();
        let found = exhaust::examine(&self.checker.types, &patterns, ty, &mut self.steps_left);
        let Finding { unreachable, idle, missing } = match found {
            Ok(finding) => finding,
            Err(exhaust::TooComplex) => {
                let text = "the patterns of this `match` are too complex to compare";
                self.checker.report(
                    Diagnostic::new(Code::E0510, head, text).with_help("match in several steps"),
                );
                return false;
            }
        };
        for (arm, alternative) in idle {
            let PatternKind::Or(alternatives) = &arms[arm].pattern.kind else { continue };
            let text = "this alternative never matters: those before it cover all of it";
            let span = alternatives[alternative].span;
            self.checker.report(Diagnostic::new(Code::E0705, span, text).with_help("remove it"));
        }
        for index in unreachable {
            let text = "this arm never runs: the arms before it cover all of it";
            let span = arms[index].pattern.span;
            let diagnostic =
                Diagnostic::new(Code::E0705, span, text).with_help("remove it, or move it up");
            let written = |span| self.checker.source.slice(span);
            let taker = arms.iter().take(index).find_map(|arm| match arm.pattern.kind {
                PatternKind::Wildcard => Some((arm.pattern.span, "this takes everything")),
                _ if written(arm.pattern.span) == written(span) => {
                    Some((arm.pattern.span, "this takes the same"))
                }
                _ => None,
            });
            self.checker.report(match taker {
                Some((span, text)) => diagnostic.with_note(span, text),
                None => diagnostic,
            });
        }
        if missing.is_empty() {
            return true;
        }
        let named: Vec<String> =
            missing.iter().take(MISSING_MAX).map(|one| format!("`{one}`")).collect();
        let more = match missing.len().saturating_sub(MISSING_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let arms: Vec<String> =
            missing.iter().take(MISSING_MAX).map(|one| format!("{one} => …")).collect();
        let (text, help) = match missing.as_slice() {
            [all] if all == "_" => (
                format!("this `match` leaves out all other values of {}", self.checker.show(ty)),
                "add `_ => …` for them".to_owned(),
            ),
            _ => (
                format!("this `match` leaves out {}{more}", named.join(", ")),
                format!("add `{}`, or `_ => …` for all the rest", arms.join(", ")),
            ),
        };
        let mut diagnostic = Diagnostic::new(Code::E0509, head, text).with_help(help);
        for span in self.left_out(&missing, ty) {
            diagnostic = diagnostic.with_note(span, "left out");
        }
        self.checker.report(diagnostic);
        false
    }

    /// Where the variants that a `match` leaves out are declared, each once.
    fn left_out(&self, missing: &[String], ty: Type) -> Vec<Span> {
        let Type::Enum(id) = optional(&self.checker.types, ty).unwrap_or(ty) else {
            return Vec::new();
        };
        let variants = self.checker.declared.enums[id.index()].variants;
        let begins = |name: &str, one: &String| one.split('(').next() == Some(name);
        let is_missing = |variant: &&ast::Variant| {
            missing.iter().take(MISSING_MAX).any(|one| begins(&variant.name.text, one))
        };
        variants.iter().filter(is_missing).map(|variant| variant.name.span).collect()
    }
}

/// Whether a bare name that is no variant binds here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Binds {
    /// Outside of a payload: it must be a variant.
    No,
    /// Outside of a payload, in one of several alternatives: nothing below may bind.
    NoneBelow,
    /// Inside of a payload.
    Yes,
    /// Inside of a payload and of one of several alternatives, where binding is a mistake.
    Wrongly,
}

impl Binds {
    fn in_payload(self) -> Binds {
        match self {
            Binds::No | Binds::Yes => Binds::Yes,
            Binds::NoneBelow | Binds::Wrongly => Binds::Wrongly,
        }
    }

    fn in_alternative(self) -> Binds {
        match self {
            Binds::No | Binds::NoneBelow => Binds::NoneBelow,
            Binds::Yes | Binds::Wrongly => Binds::Wrongly,
        }
    }
}

/// `Enum.name(payload)` as it is written.
#[derive(Clone, Copy)]
struct VariantPattern<'a> {
    owner: &'a Option<Name>,
    name: &'a Name,
    payload: &'a Option<Vec<ast::Pattern>>,
    span: Span,
}

/// A pattern for the value in an optional, where the type is one.
fn in_optional(pattern: ir::Pattern, of_optional: Option<Type>) -> ir::Pattern {
    match of_optional {
        Some(_) => ir::Pattern::Some(Box::new(pattern)),
        None => pattern,
    }
}
