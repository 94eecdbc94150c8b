//! Nodes, joined or on their way.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::{NodeName, NodePoolName};
use super::label::Labels;
use super::resources::Resources;
use super::taint::Taint;

/// How far a node has come (`karpenter-core.md` §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NodeStage {
    /// Ready, with all resources registered and no startup taint left.
    Initialized,
    /// Joined, not yet initialized.
    Registered,
    /// A `NodeClaim` without a Node: in flight.
    Launched,
}

/// A node of the cluster, or a `NodeClaim` in flight with the labels and capacity it will have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Node name, or the claim's while the node is in flight.
    pub name: NodeName,
    /// Owning `NodePool`; `None` for nodes that Plimsoll does not manage.
    #[serde(default)]
    pub node_pool: Option<NodePoolName>,
    /// Labels.
    pub labels: Labels,
    /// Taints that matter for placing pods: startup and known ephemeral ones are left out by the
    /// border while the node is managed and not initialized.
    #[serde(default)]
    pub taints: Vec<Taint>,
    /// Total capacity; counts against the pool's limits.
    pub capacity: Resources,
    /// What pods can use, with nothing taken off for pods.
    pub allocatable: Resources,
    /// How far the node has come.
    pub stage: NodeStage,
    /// The node is going away: nothing is placed on it.
    #[serde(default)]
    pub deleting: bool,
    /// The node must not be disrupted voluntarily.
    #[serde(default)]
    pub do_not_disrupt: bool,
    /// When the node, or its claim, was created.
    pub created: Timestamp,
    /// When the node was initialized.
    #[serde(default)]
    pub initialized: Option<Timestamp>,
    /// Last time a pod other than a daemon was bound or ended here.
    #[serde(default)]
    pub last_pod_event: Option<Timestamp>,
}
