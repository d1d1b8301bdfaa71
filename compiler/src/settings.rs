//! How machine code is made. No setting changes what a program means, its fuel included: the tests
//! run generated programs under all of them and compare. The limits say which sources are compiled.

use crate::limits::Limits;

/// The settings of code generation. The default is what a server wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// What is done for the speed of the code.
    pub optimisation: Optimisation,
    /// How values get their registers.
    pub allocation: Allocation,
    /// What a source may take.
    pub limits: Limits,
}

/// What is done for the speed of the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Optimisation {
    /// Nothing: no inlining, and Cranelift's `opt_level=none`.
    None,
    /// Small functions are inlined, and Cranelift's `opt_level=speed`.
    #[default]
    Speed,
}

/// How values get their registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allocation {
    /// The better allocator for functions of up to
    /// [`BLOCKS_BACKTRACKING_MAX`](crate::limits::BLOCKS_BACKTRACKING_MAX) blocks and
    /// [`LOOPS_BACKTRACKING_MAX`](crate::limits::LOOPS_BACKTRACKING_MAX) loops in each other, the
    /// faster one for larger ones.
    #[default]
    BySize,
    /// The faster one for all.
    SinglePass,
}

impl Settings {
    /// These settings with this optimisation.
    #[must_use]
    pub fn optimisation(self, optimisation: Optimisation) -> Settings {
        Settings { optimisation, ..self }
    }

    /// These settings with these limits, each no higher than it can be set to.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Settings {
        Settings { limits: limits.capped(), ..self }
    }

    /// These settings with this allocation.
    #[must_use]
    pub fn allocation(self, allocation: Allocation) -> Settings {
        Settings { allocation, ..self }
    }
}
