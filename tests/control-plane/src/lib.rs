//! A real Kubernetes control plane for tests: etcd, kube-apiserver and kube-scheduler on the
//! loopback interface.
//!
//! ```text
//!  tests/plane (Go module) ──build once──► one binary, kept in the user's cache folder
//!                                             │
//!  Plane::start ──► etcd ──► kube-apiserver ──► kube-scheduler    certificates made on the fly
//!       │ client                                                  ports that are free
//!       ▼ drop: all end
//! ```
//!
//! No containers and no root are needed, only Go (or Python, from whose package registry a Go can
//! be had). There is no kubelet and no controller: nodes and what happens on them are whatever a
//! test writes.

mod binary;
mod certificates;
mod go;
mod plane;
mod program;
mod work;

pub use binary::plane_binary;
pub use plane::{Options, Plane};
pub use work::Work;
