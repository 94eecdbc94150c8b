//! A cluster as ordinary Kubernetes objects: what is planned for, put on the control plane, and
//! kept as a scenario.

use anyhow::Context as _;
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{Namespace, Node, Pod};
use k8s_openapi::api::scheduling::v1::PriorityClass;
use plimsoll_api::crd::{Ec2NodeClass, NodePool};
use plimsoll_api::objects::Sourced;
use plimsoll_api::{Objects, read_str};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Name of the only `EC2NodeClass`.
pub(crate) const NODE_CLASS: &str = "default";
/// Namespaces, with the value of their label `team`.
pub(crate) const NAMESPACES: [(&str, &str); 2] = [("shop", "red"), ("bank", "blue")];
/// Namespace of daemons.
pub(crate) const DAEMON_NAMESPACE: &str = "kube-system";
/// Priority classes and their values.
pub(crate) const PRIORITIES: [(&str, i32); 2] = [("high", 1000), ("low", -10)];

/// The objects that differ from cluster to cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cluster {
    pub(crate) pools: Vec<NodePool>,
    pub(crate) daemon_sets: Vec<DaemonSet>,
    pub(crate) nodes: Vec<Node>,
    /// Pods on the nodes, daemons included.
    pub(crate) bound: Vec<Pod>,
    pub(crate) pending: Vec<Pod>,
}

impl Cluster {
    /// With the objects that all clusters share, as the planner reads them.
    pub(crate) fn objects(&self) -> Objects {
        let class = json!({
            "apiVersion": "karpenter.k8s.aws/v1",
            "kind": "EC2NodeClass",
            "metadata": {"name": NODE_CLASS},
            "spec": {
                "amiSelectorTerms": [{"alias": "al2023@latest"}],
                "subnetSelectorTerms": [{"tags": {"judge": "yes"}}],
                "securityGroupSelectorTerms": [{"tags": {"judge": "yes"}}],
                "role": "node",
            },
        });
        Objects {
            pods: live(self.bound.iter().chain(&self.pending)),
            nodes: live(&self.nodes),
            node_pools: live(&self.pools),
            node_classes: vec![Sourced::live(object::<Ec2NodeClass>(class))],
            daemon_sets: live(&self.daemon_sets),
            priority_classes: live(&priority_classes()),
            namespaces: live(&namespaces()),
            ..Objects::default()
        }
    }

    /// As a file of Kubernetes objects.
    pub(crate) fn text(&self) -> anyhow::Result<String> {
        let mut documents = Vec::new();
        write(&self.pools, &mut documents)?;
        write(&self.daemon_sets, &mut documents)?;
        write(&self.nodes, &mut documents)?;
        write(&self.bound, &mut documents)?;
        write(&self.pending, &mut documents)?;
        Ok(documents.join("---\n"))
    }

    /// From a file of Kubernetes objects.
    pub(crate) fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
        let objects = read_str(name, text)?;
        if let Some(finding) = objects.findings.first() {
            anyhow::bail!("{finding}");
        }
        let is_bound = |pod: &Pod| pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some());
        let (bound, pending) = objects.pods.into_iter().map(|pod| pod.object).partition(is_bound);
        Ok(Self {
            pools: objects.node_pools.into_iter().map(|one| one.object).collect(),
            daemon_sets: objects.daemon_sets.into_iter().map(|one| one.object).collect(),
            nodes: objects.nodes.into_iter().map(|one| one.object).collect(),
            bound,
            pending,
        })
    }
}

/// Namespaces of all clusters, those of the control plane left out.
pub(crate) fn namespaces() -> Vec<Namespace> {
    let namespace = |(name, team): (&str, &str)| {
        let labels = json!({"team": team, "kubernetes.io/metadata.name": name});
        object(json!({"metadata": {"name": name, "labels": labels}}))
    };
    NAMESPACES.map(namespace).into()
}

/// Priority classes of all clusters.
pub(crate) fn priority_classes() -> Vec<PriorityClass> {
    let class =
        |(name, value): (&str, i32)| object(json!({"metadata": {"name": name}, "value": value}));
    PRIORITIES.map(class).into()
}

/// An object from its JSON, which is written by us.
pub(crate) fn object<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the object has the form of its kind")
}

fn live<'a, T: Clone + 'a>(objects: impl IntoIterator<Item = &'a T>) -> Vec<Sourced<T>> {
    objects.into_iter().cloned().map(Sourced::live).collect()
}

fn write<T: Serialize>(objects: &[T], documents: &mut Vec<String>) -> anyhow::Result<()> {
    for object in objects {
        let value = serde_json::to_value(object).context("an object is not JSON")?;
        documents.push(serde_saphyr::to_string(&value).context("an object is not YAML")?);
    }
    Ok(())
}
