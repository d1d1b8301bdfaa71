//! The memory of worlds and calls.
//!
//! Words that the `SAFETY` comments use:
//! - **text**: a `midflight_compiler::abi::Text` followed by its bytes; the null pointer is the
//!   empty text. A text is *live* from its making until it is freed; it never changes.
//! - **world's heap** ([`texts`]): owns the texts that slots of state point to. A text there is
//!   live until it is *retired* (no slot points to it) **and** the call that retired it is over.
//! - **arena** ([`arena`]): owns what one call makes; live until the call's turn is over.
//! - **constants**: texts inside of a version's code; live as long as the version.
//! - **budget** ([`budget`]): what a world has taken and may take, of its own limit and of the
//!   **pool** that the worlds of an engine share.
//! - **row** ([`rows`]): a header and fields in a slot of a table, at one address for ever. A `str`
//!   in it holds null or a text of the world's heap.
//! - **state block** ([`state`]): the fields of `state` in their layout, behind the epochs of
//!   their chunks. A slot of type `str` in it always holds null or a text of the world's heap.

pub(crate) mod arena;
pub(crate) mod budget;
pub(crate) mod rows;
pub(crate) mod state;
pub(crate) mod texts;
