//! What the benchmarks plan for: generated batches of pods ([`Mix`]) against what the catalogue of
//! `us-east-1` sells ([`Market`]).
//!
//! `cargo xtask figures` prints the figures that the project has promised, `cargo xtask compare` looks
//! for an instance on which the peer's manner is cheaper, `cargo bench -p plimsoll-benches` measures.

mod judge;
mod market;
mod measure;
mod mix;

pub use judge::{Answer, check, check_whole, plan, warm};
pub use market::{Architecture, Buys, Market};
pub use measure::{Spent, measure, median, peak_mib};
pub use mix::{Mix, REPLICAS};
