//! Creation times for objects of hand-written files, which have none.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use plimsoll_api::objects::Objects;

/// When objects without a creation time were first read.
///
/// Without it such an object would be new at every round, and a node of that kind never empty for
/// long enough to be given up.
#[derive(Default)]
pub(super) struct Ages(BTreeMap<String, Timestamp>);

impl Ages {
    /// Gives pods, nodes and claims without a creation time the time of their first reading, and
    /// forgets those that are gone.
    pub(super) fn fill_in(&mut self, objects: &mut Objects, now: Timestamp) {
        let pods = objects.pods.iter_mut().map(|one| ("Pod", &mut one.object.metadata));
        let nodes = objects.nodes.iter_mut().map(|one| ("Node", &mut one.object.metadata));
        let claims =
            objects.node_claims.iter_mut().map(|one| ("NodeClaim", &mut one.object.metadata));
        let known = std::mem::take(&mut self.0);
        for (kind, metadata) in pods.chain(nodes).chain(claims) {
            if metadata.creation_timestamp.is_none() {
                let key = key(kind, metadata);
                let first_read = known.get(&key).copied().unwrap_or(now);
                metadata.creation_timestamp = Some(Time(first_read));
                self.0.insert(key, first_read);
            }
        }
    }
}

fn key(kind: &str, metadata: &ObjectMeta) -> String {
    let [namespace, name] =
        [&metadata.namespace, &metadata.name].map(|part| part.as_deref().unwrap_or_default());
    format!("{kind} {namespace}/{name}")
}
