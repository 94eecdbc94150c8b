//! Tests across crates. The targets are named in `Cargo.toml`:
//!
//! - `catalogue`: plans for generated pods on the real instance types of `us-east-1`.
//! - `oracle`: plans for small random clusters against their exact optimum.
