//! What the tests over sockets share. The golden suite stands in `main.rs` and its modules.
