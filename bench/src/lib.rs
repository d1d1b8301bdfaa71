//! Midflight.
