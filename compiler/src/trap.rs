//! Traps: how a call ends when it cannot go on. The table of kinds is shared by the checker
//! (which marks fallible steps), code generation and the runtime.

/// Declares the kinds: `Variant "wire_name" status "message"`.
macro_rules! traps {
    ($($(#[$doc:meta])* $kind:ident $name:literal $status:literal,)*) => {
        /// Why a call was ended. The number crosses into generated code; 0 means no trap.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u32)]
        pub enum TrapKind {
            $($(#[$doc])* $kind,)*
        }

        impl TrapKind {
            /// Every kind, in order.
            pub const ALL: &[TrapKind] = &[$(TrapKind::$kind),*];

            /// The name on the wire: `out_of_fuel`.
            pub fn name(self) -> &'static str {
                match self { $(TrapKind::$kind => $name,)* }
            }

            /// The HTTP status that fits best, where the program does not choose one.
            pub fn status(self) -> u16 {
                match self { $(TrapKind::$kind => $status,)* }
            }
        }
    };
}

traps! {
    /// Never raised; keeps 0 free to mean "no trap".
    None "none" 500,
    /// An `int` operation left the range of 64 bits.
    Overflow "overflow" 500,
    /// Division or remainder by zero.
    DivisionByZero "division_by_zero" 500,
    /// An index outside of a list or a text.
    IndexOutOfBounds "index_out_of_bounds" 500,
    /// `table[key]` without such a row, or a row that this call removed.
    MissingRow "missing_row" 404,
    /// `insert` with a key that is there.
    DuplicateKey "duplicate_key" 409,
    /// A bounded list had no room.
    ListFull "list_full" 409,
    /// A conversion whose result the type cannot hold.
    OutOfRange "out_of_range" 500,
    /// A built-in was given an argument outside of its domain (`pow(2, -1)`, `random(0)`).
    InvalidArgument "invalid_argument" 500,
    /// A text that is longer than a key may be.
    KeyTooLong "key_too_long" 400,
    /// `assert` found its condition false.
    Assertion "assertion" 500,
    /// `fail`
    Fail "fail" 400,
    /// The call used up its fuel.
    OutOfFuel "out_of_fuel" 503,
    /// The call nested too deep.
    OutOfStack "out_of_stack" 503,
    /// The call used up its memory.
    OutOfMemory "out_of_memory" 503,
    /// A text would be longer than any may be.
    TextTooLong "text_too_long" 503,
    /// A list would have more elements than any may have.
    ListTooLong "list_too_long" 503,
    /// A table has as many rows as it may.
    TableFull "table_full" 503,
    /// The result is larger than the host shows.
    ResultTooLarge "result_too_large" 503,
    /// The world used up its memory.
    WorldFull "world_full" 503,
    /// All worlds together used up the memory of the engine.
    EngineFull "engine_full" 503,
    /// A fault of Midflight itself; the world is closed.
    Internal "internal" 500,
}

impl TrapKind {
    /// The kind with this number, if there is one besides `None`.
    pub fn from_number(number: u32) -> Option<TrapKind> {
        TrapKind::ALL.get(number as usize).copied().filter(|&kind| kind != TrapKind::None)
    }
}
