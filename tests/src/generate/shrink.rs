//! Makes a failing program smaller.
