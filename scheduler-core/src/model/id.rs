//! Names of objects.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Name of a Node, or of a `NodeClaim` whose Node has not joined yet.
pub type NodeName = String;

/// Name of a `NodePool`.
pub type NodePoolName = String;

/// A pod's namespace and name; unique among the pods of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub struct PodId {
    /// Namespace of the pod.
    pub namespace: String,
    /// Name of the pod.
    pub name: String,
}

impl PodId {
    /// A pod id from its two parts.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

impl fmt::Display for PodId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl From<PodId> for String {
    fn from(id: PodId) -> Self {
        id.to_string()
    }
}

impl From<String> for PodId {
    /// Splits at the first `/`; a text without one is a name in namespace `default`.
    fn from(text: String) -> Self {
        match text.split_once('/') {
            Some((namespace, name)) => Self::new(namespace, name),
            None => Self::new("default", text),
        }
    }
}

/// Kind and name of an object, for messages: `NodePool general`, `Pod web/api-1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectRef {
    /// Kubernetes kind.
    pub kind: String,
    /// Name, with the namespace in front for namespaced kinds.
    pub name: String,
}

impl ObjectRef {
    /// A reference from kind and name.
    pub fn new(kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind: kind.into(), name: name.into() }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}
