//! Texts → clusters, in one call.

use std::sync::Arc;

use jiff::Timestamp;
use plimsoll_api::{Cluster, Severity, convert, read_str};
use scheduler_core::model::PodSpec;

/// The present of every test.
pub(crate) fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

/// Converts a text.
pub(crate) fn cluster(text: &str) -> Cluster {
    convert(&read_str("test.yaml", text).unwrap(), now())
}

/// The spec of the only pending pod of a text.
pub(crate) fn pending(text: &str) -> Arc<PodSpec> {
    let cluster = cluster(text);
    assert_eq!(cluster.pending.len(), 1, "{:?}", cluster.findings);
    Arc::clone(&cluster.pending[0].spec)
}

/// A pod `default/web` with these lines as its spec.
pub(crate) fn pod(spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, labels: {{app: web, v: v1}}}}\nspec:\n{spec}"
    )
}

/// Findings as lines.
pub(crate) fn findings(cluster: &Cluster) -> Vec<String> {
    cluster.findings.iter().map(ToString::to_string).collect()
}

/// The only error of a cluster, as a line.
pub(crate) fn only_error(cluster: &Cluster) -> String {
    let mut errors = cluster.findings.iter().filter(|f| f.severity == Severity::Error);
    let error = errors.next().expect("there is an error").to_string();
    assert_eq!(errors.next(), None);
    error
}
