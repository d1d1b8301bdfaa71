//! The typed program: every name resolved, every node typed. Code generation, the reference
//! interpreter, the schema and `inspect` read it; only the checker builds it.
//!
//! Invariants, checked by `verify` in debug builds:
//! - no node has the type `Type::Error`; a program with errors has no IR;
//! - operands of a binary operation and sides of a comparison have the same type; conversions
//!   are written out ([`ExprKind::Some`], [`ExprKind::ToList`]);
//! - every id is in range, and a local is used only in its own function;
//! - a place that is written to is rooted in a mutable local, `state` or a row;
//! - the nodes are evaluated in the order of their fields here, which is the order of the source;
//! - what can trap is one of: `int` arithmetic and conversions, an index, a row's access, a
//!   built-in marked so, `Insert`, `Fail`, `Assert`, a call, and running out of a resource.

pub mod print;
pub(crate) mod verify;
pub(crate) mod walk;

use std::sync::Arc;

use smol_str::SmolStr;

use crate::ast::FuncKind;
use crate::builtins::Builtin;
use crate::source::Span;
use crate::types::{EnumId, StructId, TableId, Type, TypeId, Types, ids};

ids! {
    /// A function, handler, timer, test or `on load` block.
    FuncId,
    /// A parameter or local of one function.
    LocalId,
    /// An event.
    EventId,
}

/// A checked program.
#[derive(Clone, Debug)]
pub struct Program {
    /// What is declared.
    pub types: Types,
    /// The fields of `state`; a struct without fields where the program declares none.
    pub state: StructId,
    /// Everything that has a body, by `FuncId`.
    pub functions: Vec<Function>,
    /// What the outside can call, in the order of the source.
    pub handlers: Vec<Handler>,
    /// Events, by `EventId`.
    pub events: Vec<Event>,
    /// Timers, in the order of the source.
    pub timers: Vec<Timer>,
    /// `on load`
    pub on_load: Option<FuncId>,
    /// Tests, in the order of the source.
    pub tests: Vec<Test>,
    /// `migrate` blocks, in the order of the source.
    pub migrations: Vec<Migration>,
    /// `drop` declarations, in the order of the source.
    pub drops: Vec<Drop>,
}

/// A `get` or `post` handler.
#[derive(Clone, Debug)]
pub struct Handler {
    /// Its name, part of the path.
    pub name: String,
    /// `FuncKind::Get` or `FuncKind::Post`.
    pub kind: FuncKind,
    /// Its body.
    pub function: FuncId,
    /// The default of each parameter, where it has one.
    pub defaults: Vec<Option<Const>>,
    /// Its documentation.
    pub doc: Option<String>,
}

/// An event that clients can subscribe to.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// Its fields.
    pub fields: StructId,
    /// Its documentation.
    pub doc: Option<String>,
}

/// An `every` timer.
#[derive(Clone, Debug)]
pub struct Timer {
    /// Its name.
    pub name: String,
    /// How often it runs, in milliseconds, at least 1.
    pub period_ms: i64,
    /// The table whose rows it runs for, one transaction each; absent for the whole world.
    pub table: Option<TableId>,
    /// Its body.
    pub function: FuncId,
    /// Its documentation.
    pub doc: Option<String>,
}

/// A `test` block.
#[derive(Clone, Debug)]
pub struct Test {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// Its body.
    pub function: FuncId,
}

/// A `migrate` block: how fields of a row, or of `state`, follow from what was there before.
#[derive(Clone, Debug)]
pub struct Migration {
    /// The table; absent for `state`.
    pub table: Option<TableId>,
    /// Where the block stands.
    pub span: Span,
    /// Its tokens, by which the same block is known in another source.
    pub tokens: String,
    /// The fields that it gives, by index, in the order of the source.
    pub fields: Vec<u32>,
    /// Takes the row before, as a struct, and gives a struct of `fields`. Only there where the
    /// program was compiled for what is live ([`crate::compile_migrations`]).
    pub function: Option<FuncId>,
}

/// A `drop`: data that this version does without.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Drop {
    /// `drop table t`
    Table(String),
    /// `drop t.field`; the owner is a table, a struct or `state`
    Field(String, String),
}

/// Something with a body.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name; a test's is the quoted one, `on load` is called `on load`.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// How many of the locals are parameters; they come first and cannot be assigned.
    pub param_count: usize,
    /// Parameters and locals, by `LocalId`.
    pub locals: Vec<Local>,
    /// The type of its result.
    pub result: Type,
    /// What it does. Where `result` is not `()`, the block's value is returned; a body of type
    /// never has none.
    pub body: Block,
    /// Whether it can reach itself through calls. Only such a function checks the stack.
    pub recursive: bool,
    /// What one activation takes from the call's logical stack, in bytes (`stack_max`).
    pub stack_cost: u32,
    /// The most that one activation and the non-recursive functions below it take.
    pub stack_need: u32,
    /// What running it can change, callees included.
    pub effects: Effects,
}

/// What running a function can change and ask for, callees included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Writes state or a row, inserts, removes, emits, or draws a random number.
    pub writes: bool,
    /// Inserts rows.
    pub inserts: bool,
    /// Removes rows.
    pub removes: bool,
    /// Asks for the call's time.
    pub reads_clock: bool,
}

/// A parameter or local.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its name; one made by the checker begins with `$`.
    pub name: SmolStr,
    /// Its type.
    pub ty: Type,
    /// `var`: whether it, or a part of it, is assigned after its declaration.
    pub mutable: bool,
}

/// Statements, then a value.
#[derive(Clone, Debug)]
pub struct Block {
    /// What is run, in order.
    pub stmts: Vec<Stmt>,
    /// The value; absent where the block's type is `()` or never.
    pub value: Option<Box<Expr>>,
    /// The type of the value.
    pub ty: Type,
    /// What entering the block costs: one unit for every statement and expression in it that is
    /// in no inner block, more for heavy ones, and for values that stand in memory by their size
    /// (`check/cost.rs` has the table). A loop's body
    /// includes the loop's condition or `where`, and what it takes to get the next row of an index
    /// where no list is made ([`ForRows::snapshot`]); it is charged for each turn, at the loop's
    /// head.
    pub fuel: u32,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// What it does.
    pub kind: StmtKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of statement.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are named after the parts of the statement")]
pub enum StmtKind {
    /// Gives a local its first value.
    Let { local: LocalId, value: Expr },
    /// `place = value`: find the place, evaluate, check the place, store.
    Assign { place: Place, value: Expr },
    /// `place op= value`: find the place, evaluate, check the place, load, compute, store.
    OpAssign { op: BinaryOp, place: Place, value: Expr },
    /// Evaluated for its effects.
    Expr(Expr),
    /// Runs while the condition holds. Where the condition is the constant `true` and no `break`
    /// leaves the loop, it never ends: a block may have the type never because it ends in one.
    While { cond: Expr, body: Block },
    /// `for local in start..end`; both ends are evaluated once.
    ForRange { local: LocalId, start: Expr, end: Expr, body: Block },
    /// `for local in list …`; the list is what it was when the loop began.
    ForList(Box<ForList>),
    /// `for local in table …`
    ForRows(Box<ForRows>),
    /// Traps with the message (a `str`) where the condition does not hold.
    Assert { cond: Expr, message: Expr },
    /// Runs the call as a transaction inside of this one and undoes it; traps if it succeeded.
    AssertFails { call: Expr },
    /// Emits an event; fields by index, in the order of the source.
    Emit { event: EventId, fields: Vec<(u32, Expr)> },
    /// Writes a line to the log.
    Log { message: Expr },
    /// Removes a row.
    Remove { row: Expr },
    /// Moves a test's clock, in milliseconds.
    Advance { duration_ms: Expr },
}

/// `for local in list where … by … limit …`
#[derive(Clone, Debug)]
pub struct ForList {
    /// The copy of one element.
    pub local: LocalId,
    /// A value of type `[T]`, `[T; N]` or `[T; ..N]`.
    pub list: Expr,
    /// `where`
    pub filter: Option<Expr>,
    /// `by`: the path of fields inside an element, empty for the element itself.
    pub order: Option<ListOrder>,
    /// `limit`, evaluated once, before the first element.
    pub limit: Option<Expr>,
    /// What is run for each.
    pub body: Block,
}

/// The order of a loop over a list; ties keep the order of the list.
#[derive(Clone, Debug)]
pub struct ListOrder {
    /// Field indices from the element inwards.
    pub path: Vec<u32>,
    /// The type found there: `int`, `float`, `bool`, `str` or a bare enum.
    pub ty: Type,
    /// `desc`
    pub descending: bool,
}

/// `for local in table where … by … limit …`
#[derive(Clone, Debug)]
pub struct ForRows {
    /// The row.
    pub local: LocalId,
    /// The table.
    pub table: TableId,
    /// `where`
    pub filter: Option<Expr>,
    /// `by`: an indexed field, and whether `desc` follows; else slot order.
    pub order: Option<(u32, bool)>,
    /// An indexed field that `where` compares with this value first, where nothing in the loop can
    /// change either: only the rows that have it when the loop begins are visited, in slot order.
    pub lookup: Option<(u32, Expr)>,
    /// `limit`, evaluated once, before the first row.
    pub limit: Option<Expr>,
    /// What is run for each.
    pub body: Block,
    /// Whether body or filter can insert into, remove from, or reorder what is visited; the loop
    /// then visits the rows that were there when it began and still are.
    pub snapshot: bool,
    /// Whether every row that is there when the loop begins has a round, as long as `limit` allows:
    /// there is no `where`, and nothing in the loop removes rows. No more are listed than that.
    pub counts_all: bool,
}

/// Somewhere that a value stands.
#[derive(Clone, Debug)]
pub struct Place {
    /// Where the path begins.
    pub root: Root,
    /// The steps from there inwards.
    pub path: Vec<Step>,
    /// The type of what stands there.
    pub ty: Type,
    /// The whole place in the source.
    pub span: Span,
}

/// Where a place begins.
#[derive(Clone, Debug)]
pub enum Root {
    /// A local.
    Local(LocalId),
    /// The fields of `state`.
    State,
    /// The row that the expression refers to; reading or writing traps when it was removed.
    Row(TableId, Box<Expr>),
    /// A value that has no name, such as a call's result.
    Value(Box<Expr>),
}

/// One step into a value.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which part.
    pub kind: StepKind,
    /// The type of the part.
    pub ty: Type,
}

/// The kinds of step.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// A field of a struct or row, by index.
    Field(u32),
    /// An element of an array or list; traps when out of bounds, reported at the index's span.
    Index(Box<Expr>),
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it computes.
    pub kind: ExprKind,
    /// The type of its value.
    pub ty: Type,
    /// Where it stands; a trap is reported here.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are named after the parts of the expression")]
pub enum ExprKind {
    /// A constant of any type.
    Const(Const),
    /// A copy of what stands at a place.
    Place(Place),
    /// `-x`; traps on the smallest `int`.
    Neg(Box<Expr>),
    /// `!x`
    Not(Box<Expr>),
    /// Arithmetic, and `+` on texts.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// A comparison by structure; ordering on `int`, `float` and `str` only. Rows by identity.
    Compare(CompareOp, Box<Expr>, Box<Expr>),
    /// `&&`
    And(Box<Expr>, Box<Expr>),
    /// `||`
    Or(Box<Expr>, Box<Expr>),
    /// `optional ?? otherwise`
    Coalesce(Box<Expr>, Box<Expr>),
    /// A call of a function of the program.
    Call(FuncId, Vec<Expr>),
    /// A built-in that only reads its arguments.
    Builtin(Builtin, Vec<Expr>),
    /// A built-in that changes the list at a place.
    Mutate { builtin: Builtin, place: Place, args: Vec<Expr> },
    /// A struct; fields by index in the order of the source, every field once.
    Struct(StructId, Vec<(u32, Expr)>),
    /// A variant of an enum with its payload in order.
    Variant(EnumId, u32, Vec<Expr>),
    /// A value where an optional is expected.
    Some(Box<Expr>),
    /// An array or list, by the node's type.
    List(Vec<Expr>),
    /// `[value; count]`: an array of the node's type.
    Repeat(Box<Expr>),
    /// A fixed or bounded list read as `[T]`.
    ToList(Box<Expr>),
    /// Joins pieces into a text.
    Interpolate(Vec<Piece>),
    /// `if`; absent `otherwise` means `()`.
    If { cond: Box<Expr>, then: Block, otherwise: Option<Block> },
    /// `match` and `if let`: the value is evaluated once, the first arm that fits runs; one
    /// always does.
    Match { value: Box<Expr>, arms: Vec<Arm> },
    /// Statements inside an expression.
    Block(Block),
    /// `table[key]`: the row; traps where there is none.
    RowGet(TableId, Box<Expr>),
    /// `table.get(key)`: the row or `none`.
    RowFind(TableId, Box<Expr>),
    /// `key in table`
    RowExists(TableId, Box<Expr>),
    /// `table.len`
    TableLen(TableId),
    /// `insert`: fields by index in the order of the source; absent ones take their default.
    Insert(TableId, Vec<(u32, Expr)>),
    /// `return`; of type never, like the rest
    Return(Option<Box<Expr>>),
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `fail status "message"`; the status is 400 to 599
    Fail { status: u16, message: Box<Expr> },
}

/// Arithmetic; the operands' type says on what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`: `int`, `float`, `str`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`: truncates toward zero on `int`
    Div,
    /// `%`: takes the sign of the left side
    Rem,
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the operator of that name")]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// One arm of a `match`.
#[derive(Clone, Debug)]
pub struct Arm {
    /// What it fits.
    pub pattern: Pattern,
    /// What is run then.
    pub body: Block,
}

/// A pattern, resolved.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// Fits everything.
    Wildcard,
    /// Fits everything and copies it into a local.
    Bind(LocalId),
    /// Fits an equal `int`, `float`, `bool` or `str`.
    Const(Const),
    /// Fits a variant whose payload fits.
    Variant(EnumId, u32, Vec<Pattern>),
    /// Fits `none`.
    None,
    /// Fits an optional with a value that fits.
    Some(Box<Pattern>),
    /// Fits what one of them fits; none of them binds.
    Or(Vec<Pattern>),
}

/// A piece of an interpolated text.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Characters as they are.
    Text(Arc<str>),
    /// A value: `int`, `float` (with this many digits after the point, where given), `bool`,
    /// `str` or an enum without payloads.
    Value(Expr, Option<u8>),
}

/// A constant, in the shape of its type.
#[derive(Clone, Debug, PartialEq)]
pub enum Const {
    /// `()`
    Unit,
    /// An `int`.
    Int(i64),
    /// A `float`.
    Float(f64),
    /// A `bool`.
    Bool(bool),
    /// A `str`.
    Str(Arc<str>),
    /// A struct's fields, in the order of the declaration.
    Struct(Vec<Const>),
    /// A variant with its payload.
    Variant(u32, Vec<Const>),
    /// `none`
    None,
    /// An optional with a value.
    Some(Box<Const>),
    /// An array or a list.
    List(Vec<Const>),
}

impl Const {
    /// The value that a field of this type has when nothing is said: zero, `""`, `false`,
    /// `none`, the first variant, the empty list; a struct's fields have their own defaults.
    /// `None` for what has no zero: a row.
    pub fn zero(types: &Types, ty: Type) -> Option<Const> {
        Some(match ty {
            Type::Unit => Const::Unit,
            Type::Int => Const::Int(0),
            Type::Float => Const::Float(0.0),
            Type::Bool => Const::Bool(false),
            Type::Str => Const::Str(Arc::from("")),
            Type::Struct(id) => {
                let fields = &types.strukt(id).fields;
                Const::Struct(
                    fields.iter().map(|f| Const::default_of(types, f)).collect::<Option<_>>()?,
                )
            }
            Type::Enum(id) => {
                let first = types.enumeration(id).variants.first()?;
                let payload = first.fields.iter().map(|f| Const::default_of(types, f));
                Const::Variant(0, payload.collect::<Option<_>>()?)
            }
            Type::Optional(_) => Const::None,
            Type::Bounded(..) | Type::List(_) => Const::List(Vec::new()),
            Type::Array(inner, len) => {
                Const::List(vec![Const::zero(types, types.get(inner))?; len as usize])
            }
            Type::Row(_) | Type::Error | Type::Never => return None,
        })
    }

    /// The value of a field that is not given: its default, or its type's zero.
    pub fn default_of(types: &Types, field: &crate::types::Field) -> Option<Const> {
        match &field.default {
            Some(default) => Some(default.clone()),
            None => Const::zero(types, field.ty),
        }
    }
}

impl Program {
    /// The function with this id.
    pub fn function(&self, id: FuncId) -> &Function {
        &self.functions[id.index()]
    }

    /// The interned type inside an optional or list.
    pub fn inner(&self, id: TypeId) -> Type {
        self.types.get(id)
    }
}

impl Function {
    /// The types of the parameters, in order.
    pub fn param_types(&self) -> impl Iterator<Item = Type> + '_ {
        self.locals.iter().take(self.param_count).map(|local| local.ty)
    }
}
