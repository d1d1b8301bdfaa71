//! The syntax tree: what the source says, with a span on every node and nothing resolved.
//!
//! It serves the checker, the formatter and `inspect --emit ast`. It is data only. Comments are
//! not in it: the lexer keeps them beside the tokens, by offset.
//!
//! Invariants, kept by `parse`:
//! - no chain of nested expressions, statements and blocks is longer than
//!   `tree_height_max`, and types and patterns in it nest at most `nesting_max`
//!   deep, so that dropping, checking and printing may recurse;
//! - what could not be parsed is an `Error` node, and a diagnostic has been reported for it;
//! - a declaration or local whose name could not be parsed has the empty name; nothing else has;
//! - what a declaration lists is `broken` where some of it could not be parsed.

pub mod print;

use std::ops::Deref;

pub use smol_str::SmolStr;

use crate::source::Span;

/// A whole source file.
#[derive(Debug, Default)]
pub struct Program {
    /// Declarations, in the order of the source.
    pub items: Vec<Item>,
    /// The names of declarations that could not be read, or stand where none can. They mean
    /// something that nobody knows: nothing is said where they are used.
    pub lost: Vec<String>,
}

/// What a declaration lists between its brackets.
#[derive(Debug)]
pub struct Parts<T> {
    /// The parts that could be parsed, in the order of the source.
    pub list: Vec<T>,
    /// Whether some could not be: then nothing can be said about what is missing among them.
    pub broken: bool,
}

impl<T> Deref for Parts<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.list
    }
}

/// A name where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The identifier.
    pub text: SmolStr,
    /// Where it stands.
    pub span: Span,
}

/// A declaration with its documentation.
#[derive(Debug)]
pub struct Item {
    /// What is declared.
    pub kind: ItemKind,
    /// From the first token to the last.
    pub span: Span,
    /// The `///` lines before it, joined by newlines, without the marks.
    pub doc: Option<String>,
}

/// The forms of declaration.
#[derive(Debug)]
#[expect(missing_docs, reason = "the fields are the parts of the form shown on each variant")]
pub enum ItemKind {
    /// `const NAME = value`
    Const { name: Name, value: Expr },
    /// `state { fields }`; `keyword` is the span of the word `state`
    State { keyword: Span, fields: Parts<Field> },
    /// `struct Name { fields }`
    Struct { name: Name, fields: Parts<Field> },
    /// `enum Name { variants }`
    Enum { name: Name, variants: Parts<Variant> },
    /// `table name { key k: int … index f }`
    Table(Table),
    /// `event name { fields }`
    Event { name: Name, fields: Parts<Field> },
    /// `fn`, `get` and `post`
    Func(Func),
    /// `every DURATION name(row: table) { … }`; a result is refused by the parser, and is `Error`
    Timer { period: Expr, name: Name, params: Parts<Param>, result: Option<TypeExpr>, body: Block },
    /// `on load { … }`
    OnLoad { body: Block },
    /// `migrate target(old) { field = expr … }`; the target is a table's name or `state`
    Migrate { target: Name, old: Name, fields: Vec<(Name, Expr)> },
    /// `drop table t`
    DropTable { name: Name },
    /// `drop t.field`
    DropField { table: Name, field: Name },
    /// `test "name" { … }`; `name_span` covers the quoted name
    Test { name: String, name_span: Span, body: Block },
    /// Something that could not be parsed.
    Error,
}

impl ItemKind {
    /// The name that it declares, if it declares one.
    pub(crate) fn name(&self) -> Option<&Name> {
        match self {
            ItemKind::Const { name, .. }
            | ItemKind::Struct { name, .. }
            | ItemKind::Enum { name, .. }
            | ItemKind::Event { name, .. }
            | ItemKind::Timer { name, .. } => Some(name),
            ItemKind::Table(table) => Some(&table.name),
            ItemKind::Func(func) => Some(&func.name),
            _ => None,
        }
    }
}

/// A field of `state`, a struct, a table, an event or an enum's variant.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// `= expr`
    pub default: Option<Expr>,
    /// `was old_name`
    pub was: Option<Name>,
    /// The span of the word `key`, where the field is a table's key.
    pub key: Option<Span>,
    /// The span of the word `transient`.
    pub transient: Option<Span>,
    /// The whole field.
    pub span: Span,
    /// Its documentation.
    pub doc: Option<String>,
}

/// A variant of an enum.
#[derive(Debug)]
pub struct Variant {
    /// Its name.
    pub name: Name,
    /// Its payload; empty for a bare variant.
    pub fields: Parts<Field>,
    /// Its documentation.
    pub doc: Option<String>,
}

/// `table name was old { … }`
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// `was old_name`
    pub was: Option<Name>,
    /// Its fields, the key among them.
    pub fields: Parts<Field>,
    /// The fields named by `index f`.
    pub indexes: Vec<Name>,
}

/// How a function can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FuncKind {
    /// `fn`: from Flight only.
    Fn,
    /// `get`: also from outside.
    Get,
    /// `post`: also from outside.
    Post,
}

/// A function or handler.
#[derive(Debug)]
pub struct Func {
    /// `fn`, `get` or `post`.
    pub kind: FuncKind,
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub params: Parts<Param>,
    /// `-> T`; absent means `()`.
    pub result: Option<TypeExpr>,
    /// Its body.
    pub body: Block,
}

/// A parameter.
#[derive(Debug)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// `= expr` (handlers only; the checker refuses it elsewhere).
    pub default: Option<Expr>,
}

/// A type where it is written.
#[derive(Debug)]
pub struct TypeExpr {
    /// What it says.
    pub kind: TypeExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of a type.
#[derive(Debug)]
pub enum TypeExprKind {
    /// `int`, `Item`, `player`
    Name(SmolStr),
    /// `T?`
    Optional(Box<TypeExpr>),
    /// `[T]`
    List(Box<TypeExpr>),
    /// `[T; n]`; the length is a constant expression
    Array(Box<TypeExpr>, Box<Expr>),
    /// `[T; ..n]`
    Bounded(Box<TypeExpr>, Box<Expr>),
    /// `()`
    Unit,
    /// Could not be parsed.
    Error,
}

/// `{ statements }`
#[derive(Debug)]
pub struct Block {
    /// Its statements; the last may be its value (a `StmtKind::Expr`).
    pub stmts: Vec<Stmt>,
    /// From `{` to `}`.
    pub span: Span,
    /// One more than the height of its highest statement.
    pub height: u32,
}

/// A statement.
#[derive(Debug)]
pub struct Stmt {
    /// What it does.
    pub kind: StmtKind,
    /// From the first token to the last.
    pub span: Span,
}

/// The forms of statement.
#[derive(Debug)]
#[expect(missing_docs, reason = "the fields are the parts of the form shown on each variant")]
pub enum StmtKind {
    /// `let name: T = value` or `var …`
    Let { mutable: bool, name: Name, ty: Option<TypeExpr>, value: Expr },
    /// `place = value`, or `place op= value` where `op` is given
    Assign { place: Expr, op: Option<(BinaryOp, Span)>, value: Expr },
    /// `while cond { … }`
    While { cond: Expr, body: Block },
    /// `for …`
    For(Box<For>),
    /// `assert cond, "why"`
    Assert { cond: Expr, message: Option<Expr> },
    /// `assert fails CALL`
    AssertFails { call: Expr },
    /// `emit event { … }`; a field without a value is the local of that name
    Emit { event: Name, fields: Vec<FieldInit> },
    /// `log "…"`
    Log { message: Expr },
    /// `remove row`
    Remove { row: Expr },
    /// `advance 5s`
    Advance { duration: Expr },
    /// An expression; the value of the block where it stands last.
    Expr(Expr),
    /// Could not be parsed.
    Error,
}

/// `for name in iterable where … by field desc limit n { … }`
#[derive(Debug)]
pub struct For {
    /// The loop's name.
    pub name: Name,
    /// What it runs over.
    pub iterable: Iterable,
    /// `where cond`
    pub filter: Option<Expr>,
    /// `by field`, with whether `desc` follows; several names are a path `a.b`
    pub order: Option<(Vec<Name>, bool)>,
    /// `limit n`
    pub limit: Option<Expr>,
    /// The body.
    pub body: Block,
}

/// What a `for` runs over.
#[derive(Debug)]
pub enum Iterable {
    /// `a..b`
    Range(Expr, Expr),
    /// A list, or the name of a table.
    Expr(Expr),
}

/// An expression.
#[derive(Debug)]
pub struct Expr {
    /// What it says.
    pub kind: ExprKind,
    /// From the first token to the last.
    pub span: Span,
    /// One more than the height of its highest child.
    pub height: u32,
}

/// The forms of expression.
#[derive(Debug)]
#[expect(missing_docs, reason = "the fields are the parts of the form shown on each variant")]
pub enum ExprKind {
    /// `12`, `-9223372036854775808` (a minus on a literal belongs to it), `50ms`
    Int(i64),
    /// `1.5`
    Float(f64),
    /// `true`, `false`
    Bool(bool),
    /// `none`
    None,
    /// `"text {value:.2}"`; a text without values is one piece, the empty text none
    Str(Vec<StrPiece>),
    /// `name`, `state` too
    Name(SmolStr),
    /// `()` where a value is written out
    Unit,
    /// `(inner)`, kept for the formatter
    Paren(Box<Expr>),
    /// `-x`, `!x`
    Unary { op: UnaryOp, operand: Box<Expr> },
    /// `a + b`, `a && b`, `a ?? b`, `a in b`; `op_span` is the operator's
    Binary { op: BinaryOp, op_span: Span, left: Box<Expr>, right: Box<Expr> },
    /// `base.name`
    Field { base: Box<Expr>, name: Name },
    /// `base[index]`: an element of a list, or a row of a table
    Index { base: Box<Expr>, index: Box<Expr> },
    /// `name(args)`
    Call { name: Name, args: Vec<Expr> },
    /// `base.name(args)`: a method, or a variant with a payload
    Method { base: Box<Expr>, name: Name, args: Vec<Expr> },
    /// `Name { field: value, … }`
    Struct { name: Name, fields: Vec<FieldInit> },
    /// `[a, b]`
    List(Vec<Expr>),
    /// `[x; n]`
    Repeat { value: Box<Expr>, count: Box<Expr> },
    /// `if cond { … } else { … }`; `else if` is an `else` block of one `if`
    If { cond: Box<Cond>, then: Block, otherwise: Option<Else> },
    /// `match value { pattern => body … }`
    Match { value: Box<Expr>, arms: Vec<Arm> },
    /// `insert table { field: value … }`
    Insert { table: Name, fields: Vec<FieldInit> },
    /// `return value`
    Return(Option<Box<Expr>>),
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `fail 404 "why"`
    Fail { status: Option<Box<Expr>>, message: Box<Expr> },
    /// Could not be parsed.
    Error,
}

/// The head of an `if`.
#[derive(Debug)]
pub enum Cond {
    /// `if cond`
    Bool(Expr),
    /// `if let name = value`
    Let(Name, Expr),
}

/// What follows `else`.
#[derive(Debug)]
pub enum Else {
    /// `else { … }`
    Block(Block),
    /// `else if …`: an expression of kind `If`, or `Error` where the chain became too long
    If(Box<Expr>),
}

/// One arm of a `match`.
#[derive(Debug)]
pub struct Arm {
    /// What it matches.
    pub pattern: Pattern,
    /// What it does.
    pub body: ArmBody,
    /// The whole arm.
    pub span: Span,
}

/// What an arm does.
#[derive(Debug)]
pub enum ArmBody {
    /// `=> { … }`
    Block(Block),
    /// `=> expression` or `=> statement`
    Stmt(Box<Stmt>),
}

/// A pattern.
#[derive(Debug)]
pub struct Pattern {
    /// What it says.
    pub kind: PatternKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of pattern.
#[derive(Debug)]
pub enum PatternKind {
    /// `_`
    Wildcard,
    /// `name`, `name(patterns)`, `Enum.name(patterns)`: a variant; inside a payload a bare name
    /// that is no variant binds. The first name is the enum's, where it is written.
    Variant(Option<Name>, Name, Option<Vec<Pattern>>),
    /// `none`
    None,
    /// A literal: `Int`, `Float`, `Bool` or a `Str` without values.
    Literal(Expr),
    /// `a | b`
    Or(Vec<Pattern>),
    /// Could not be parsed.
    Error,
}

/// `name: value` in a struct literal, `insert` or `emit`.
#[derive(Debug)]
pub struct FieldInit {
    /// The field.
    pub name: Name,
    /// Its value; absent means the name in scope.
    pub value: Option<Expr>,
}

/// One piece of a string literal.
#[derive(Debug)]
pub enum StrPiece {
    /// Characters as they are, escapes resolved.
    Text(String),
    /// `{value:.digits}`; the digits with their span
    Value(Expr, Option<(u8, Span)>),
}

/// Operators with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `!`
    Not,
}

/// Operators with two operands, from the tightest to the loosest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the operator that `text` gives")]
pub enum BinaryOp {
    Mul,
    Div,
    Rem,
    Add,
    Sub,
    Coalesce,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    And,
    Or,
}

impl BinaryOp {
    /// The operator as it is written.
    pub fn text(self) -> &'static str {
        match self {
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Rem => "%",
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Coalesce => "??",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::In => "in",
            BinaryOp::And => "&&",
            BinaryOp::Or => "||",
        }
    }
}
