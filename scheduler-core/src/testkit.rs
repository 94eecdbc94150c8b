//! Builders for tests and benchmarks: a test states the facts it is about, the builder supplies
//! the rest.
//!
//! ```
//! use scheduler_core::testkit::{check, cluster, on_demand, pod};
//!
//! let cluster = cluster()
//!     .offering("m7g.large", "a", on_demand("$0.082"))
//!     .offering("m7g.large", "b", on_demand("$0.079"))
//!     .pod(pod("web").cpu("500m").zones(["a", "b"]));
//! check(cluster, "launch m7g.large in b for web");
//! ```
//!
//! Nothing here is for production: wrong input panics.
#![expect(clippy::missing_panics_doc, reason = "a test kit panics on every wrong input")]

mod carry_out;
mod cluster;
mod describe;
mod instance_type;
mod mixed;
mod node;
mod overlay;
mod plan;
mod pod;
mod pool;
mod quantity;
mod random;
mod workload;

pub use carry_out::{carry_out, in_flight};
pub use cluster::{ClusterBuilder, NODE_CLASS, NOW, cluster, supply, waiting};
pub use describe::{check, describe};
pub use instance_type::{InstanceTypeBuilder, Sale, instance_type, on_demand, reserved, spot};
pub use mixed::{Variety, mixed};
pub use node::{NodeBuilder, node};
pub use overlay::{OverlayBuilder, overlay};
pub use plan::{hand_made, launch};
pub use pod::{PodBuilder, pod};
pub use pool::{PoolBuilder, pool};
pub use quantity::{cpu, memory, price};
pub use random::Random;
pub use workload::{Size, awkward, constrained, deployments, drawn};
