//! What the cluster's kube-scheduler was told, as far as plans depend on it.

use std::collections::BTreeSet;
use std::path::Path;

use k8s_openapi::api::core::v1::TopologySpreadConstraint;
use serde::Deserialize;

/// Why a scheduler configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum SchedulerConfigError {
    /// Its file cannot be read.
    #[error("cannot read the file")]
    File(#[source] std::io::Error),
    /// It is neither YAML nor JSON of the expected form.
    #[error(
        "cannot read the scheduler configuration; expected podTopologySpread.defaultConstraints \
         with maxSkew, topologyKey and whenUnsatisfiable, and no labelSelector or matchLabelKeys"
    )]
    Syntax(#[source] Box<serde_saphyr::Error>),
    /// A constraint cannot be.
    #[error("podTopologySpread.defaultConstraints[{index}].{field}: {problem}")]
    Constraint {
        /// Its place in the list, from 0.
        index: usize,
        /// The field.
        field: &'static str,
        /// What is wrong with it, and what is expected.
        problem: String,
    },
}

/// Topology spread constraints for pods that name none.
///
/// Which pods count follows from the Services and the controller of a pod, as in kube-scheduler.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DefaultSpread(Vec<TopologySpreadConstraint>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    #[serde(default)]
    pod_topology_spread: PodTopologySpread,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PodTopologySpread {
    #[serde(default)]
    default_constraints: Vec<Constraint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Constraint {
    max_skew: i32,
    topology_key: String,
    when_unsatisfiable: String,
    min_domains: Option<i32>,
    node_affinity_policy: Option<String>,
    node_taints_policy: Option<String>,
}

impl DefaultSpread {
    /// Reads Karpenter's `scheduler-config`, YAML or JSON; an empty text has no constraints.
    ///
    /// # Errors
    /// If a field is not known or missing, or a constraint is not valid or appears twice.
    pub fn parse(text: &str) -> Result<Self, SchedulerConfigError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let document: Document = serde_saphyr::from_str(text)
            .map_err(|error| SchedulerConfigError::Syntax(Box::new(error)))?;
        let constraints = document.pod_topology_spread.default_constraints;
        let mut seen = BTreeSet::new();
        for (index, constraint) in constraints.iter().enumerate() {
            let refuse =
                |(field, problem)| SchedulerConfigError::Constraint { index, field, problem };
            constraint.check().map_err(refuse)?;
            if !seen.insert((&constraint.topology_key, &constraint.when_unsatisfiable)) {
                let problem = "the key appears twice with the same whenUnsatisfiable".to_owned();
                return Err(refuse(("topologyKey", problem)));
            }
        }
        Ok(Self(constraints.into_iter().map(Constraint::into_kubernetes).collect()))
    }

    /// Reads such a file.
    ///
    /// # Errors
    /// If the file cannot be read, and as [`Self::parse`] has it.
    pub fn read(path: &Path) -> Result<Self, SchedulerConfigError> {
        let text = std::fs::read_to_string(path).map_err(SchedulerConfigError::File)?;
        Self::parse(&text)
    }

    /// The constraints, their selectors left open.
    pub(crate) fn constraints(&self) -> &[TopologySpreadConstraint] {
        &self.0
    }
}

impl Constraint {
    fn check(&self) -> Result<(), (&'static str, String)> {
        if self.max_skew <= 0 {
            return Err(("maxSkew", format!("{} is not above zero", self.max_skew)));
        }
        let (key, mode) = (&self.topology_key, self.when_unsatisfiable.as_str());
        if !is_label_key(key) {
            return Err(("topologyKey", format!("{key:?} is not the key of a label")));
        }
        if !matches!(mode, "DoNotSchedule" | "ScheduleAnyway") {
            let expected = "expected DoNotSchedule or ScheduleAnyway";
            return Err(("whenUnsatisfiable", format!("unknown value {mode:?}, {expected}")));
        }
        let policies = [
            ("nodeAffinityPolicy", &self.node_affinity_policy),
            ("nodeTaintsPolicy", &self.node_taints_policy),
        ];
        for (field, policy) in policies {
            let unknown = policy.as_deref().filter(|one| !matches!(*one, "Honor" | "Ignore"));
            if let Some(policy) = unknown {
                return Err((field, format!("unknown value {policy:?}, expected Honor or Ignore")));
            }
        }
        Ok(())
    }

    fn into_kubernetes(self) -> TopologySpreadConstraint {
        TopologySpreadConstraint {
            max_skew: self.max_skew,
            topology_key: self.topology_key,
            when_unsatisfiable: self.when_unsatisfiable,
            min_domains: self.min_domains,
            node_affinity_policy: self.node_affinity_policy,
            node_taints_policy: self.node_taints_policy,
            ..TopologySpreadConstraint::default()
        }
    }
}

/// Whether a text has the form of a label key: a name, perhaps after a domain and a slash.
fn is_label_key(text: &str) -> bool {
    let (domain, name) = match text.split_once('/') {
        Some((domain, name)) => (Some(domain), name),
        None => (None, text),
    };
    let framed = |part: &str, longest: usize, inner: &str| {
        let ends = |one: Option<char>| one.is_some_and(|one| one.is_ascii_alphanumeric());
        let known = |one: char| one.is_ascii_alphanumeric() || inner.contains(one);
        part.len() <= longest
            && ends(part.chars().next())
            && ends(part.chars().last())
            && part.chars().all(known)
    };
    framed(name, 63, "-_.") && domain.is_none_or(|domain| framed(domain, 253, "-."))
}
