//! What the groups file beside a trace says about workloads.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::TraceError;

/// Workloads and `DaemonSet`s of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Groups {
    /// The trace was made up, not measured.
    #[serde(default)]
    pub synthetic: bool,
    /// Daemons that every node carries.
    #[serde(default)]
    pub daemon_sets: Vec<DaemonFacts>,
    /// Workloads by the trace's column `group`.
    #[serde(default)]
    pub groups: BTreeMap<String, GroupFacts>,
}

/// A `DaemonSet`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DaemonFacts {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Requested CPU.
    pub cpu_milli: i64,
    /// Requested memory.
    #[serde(rename = "memoryMiB")]
    pub memory_mib: i64,
}

/// A workload. Requests are taken from the trace's rows, and disruption budgets and grace periods
/// are not used yet: only nodes without pods are given up.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupFacts {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Kubernetes kind: `Deployment`, `StatefulSet` or `Job`.
    pub kind: String,
    /// Priority class.
    #[serde(default)]
    pub priority_class: String,
    /// Capacity types that the workload allows; empty is any.
    #[serde(default)]
    pub capacity_types: Vec<String>,
    /// Topology spread as in a pod's spec, the selector being the workload itself.
    #[serde(default)]
    pub topology_spread: Vec<SpreadFacts>,
    /// Never two pods of the workload on a node.
    #[serde(default)]
    pub one_per_node: bool,
    /// The pods carry `karpenter.sh/do-not-disrupt`.
    #[serde(default)]
    pub do_not_disrupt: bool,
    /// Size of each pod's zonal volume; 0 is none.
    #[serde(default, rename = "pvcGiB")]
    pub pvc_gib: i64,
}

/// A topology spread constraint.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpreadFacts {
    /// Node label whose values are the domains.
    pub topology_key: String,
    /// Largest difference between a domain and the emptiest one.
    pub max_skew: u32,
    /// What happens if it cannot be kept.
    pub when_unsatisfiable: WhenUnsatisfiable,
}

/// What happens if a spread cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum WhenUnsatisfiable {
    /// The pod waits.
    DoNotSchedule,
    /// The pod goes anywhere.
    ScheduleAnyway,
}

impl Groups {
    /// Groups from the text of a groups file. `file` is used in messages.
    ///
    /// # Errors
    /// If the text is not JSON of the documented form.
    pub fn parse(file: &str, text: &[u8]) -> Result<Self, TraceError> {
        serde_json::from_slice(text)
            .map_err(|source| TraceError::Groups { file: file.to_owned(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_constraints_and_ignores_what_it_does_not_use() {
        let text = br#"{"synthetic": true, "daemonSets": [], "groups": {"a/b": {
            "namespace": "a", "name": "b", "kind": "Deployment", "pdb": {"maxUnavailable": 1},
            "topologySpread": [{"topologyKey": "topology.kubernetes.io/zone", "maxSkew": 1,
                "whenUnsatisfiable": "DoNotSchedule"}], "pvcGiB": 10}}}"#;
        let groups = Groups::parse("t.groups.json", text).unwrap();
        let facts = &groups.groups["a/b"];
        assert_eq!((facts.pvc_gib, facts.topology_spread[0].max_skew), (10, 1));
    }
}
