//! Kubernetes objects in, the core's model out.
//!
//! ```text
//!  files: JSON, YAML, .gz       live cluster
//!          │ read                    │ (controller)
//!          ▼                         ▼
//!       Objects  ── typed Kubernetes objects, each with the place it was read
//!          │ convert          custom resources: crd (definitions: deploy/crds)
//!          ▼
//!       Cluster  ── the core's model, and findings: what is wrong, where, what to do
//!          │ snapshot         with the instance types of each NodeClass
//!          ▼
//!       ClusterSnapshot
//! ```
//!
//! Texts become amounts, durations and requirements here and nowhere else: inside the core they
//! are already right. What is wrong with one object becomes a [`Finding`], and the others go on.
//!
//! ```
//! use jiff::Timestamp;
//! use plimsoll_api::{convert, read_str};
//!
//! let objects = read_str(
//!     "cluster.yaml",
//!     "
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop}
//! spec:
//!   containers:
//!   - {name: web, resources: {requests: {cpu: 500m, memory: 1.5Gi}}}
//! ",
//! )?;
//! let cluster = convert(&objects, Timestamp::UNIX_EPOCH);
//! assert_eq!(cluster.pending[0].id.to_string(), "shop/web");
//! assert_eq!(cluster.pending[0].spec.requests.to_string(), "cpu 500m, memory 1.5Gi, pods 1");
//! # Ok::<(), plimsoll_api::ReadError>(())
//! ```

pub mod convert;
pub mod crd;
pub mod duration;
mod expand;
pub mod finding;
pub mod objects;
pub mod quantity;
pub mod read;
pub mod scheduler_config;

pub use convert::{Cluster, convert};
pub use finding::{Finding, Severity};
pub use objects::Objects;
pub use read::{ReadError, read_paths, read_str};
pub use scheduler_config::{DefaultSpread, SchedulerConfigError};
