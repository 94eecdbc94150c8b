//! Would a launch be permitted? A sequence of checks, the last of them dry runs.
//!
//! ```text
//! service CIDR ──► settings ──► (cache) ──► launch template ──► fleet ──► run, by subnet ──► passed
//! ```
//!
//! The caller makes the calls; each function here says what an answer means for the condition
//! `ValidationSucceeded`.

mod candidate;

use std::collections::BTreeMap;

use jiff::SignedDuration;
use plimsoll_api::crd::ec2_node_class::Ec2NodeClass;
use scheduler_core::model::ImageFamily;

pub use candidate::{Tenancy, check_tenancy, check_type};

use super::condition::{ConditionStatus, ConditionType, Conditions, Verdict};
use super::hash::of_text;
use crate::CloudError;
use crate::api::eks::EksCluster;
use crate::api::{ApiError, Tags};
use crate::error::Reason;
use crate::kubelet::{Expressions, check, check_support};
use crate::tags;

/// How long an outcome of dry runs stays.
pub const CACHE_FOR: SignedDuration = SignedDuration::from_mins(30);
/// When a class that was validated, or waits for others, is looked at again.
const AGAIN_MINS: i64 = 10;

/// What a check says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Go on with the next one.
    Passed,
    /// The condition is known.
    Settled {
        /// It.
        verdict: Verdict,
        /// Whether the same inputs need not be checked again for a while.
        keep: Keep,
    },
    /// Nothing can be said now: leave the condition and begin again at once.
    Again,
    /// Leave the condition and report the error.
    Failed(ApiError),
}

/// Whether an outcome goes into the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// For [`CACHE_FOR`].
    Cached,
    /// Not at all.
    Once,
}

/// Whether nodes of this family must be told the range of service addresses.
pub const fn needs_service_cidr(family: ImageFamily) -> bool {
    matches!(family, ImageFamily::Al2023)
}

/// The range of service addresses of a cluster.
pub fn service_cidr(cluster: &EksCluster) -> Option<&str> {
    cluster.service_ipv4_cidr.as_deref().or(cluster.service_ipv6_cidr.as_deref())
}

/// What it means that the range of service addresses could not be found.
pub fn no_service_cidr(error: &ApiError) -> Outcome {
    if error.is_server_fault() || error.is_throttled() {
        return Outcome::Again;
    }
    let message = format!("the cluster's range of service addresses cannot be read: {error}");
    let verdict = Verdict::fails("ClusterCIDRResolutionFailed", message);
    Outcome::Settled { verdict, keep: Keep::Once }
}

/// Everything that can be said without a call. `conditions` are those of the other steps.
pub fn settings(
    class: &Ec2NodeClass,
    family: ImageFamily,
    conditions: &Conditions,
) -> Option<Verdict> {
    let kubelet = class.spec.kubelet.as_ref();
    let faults = kubelet.map(check).unwrap_or_default();
    if !faults.is_empty() {
        return Some(Verdict::fails("InvalidKubeletConfiguration", joined(&faults)));
    }
    if !Expressions::of(kubelet).is_empty() {
        let message = "spec.kubelet has expressions, which are not evaluated; write amounts";
        return Some(Verdict::fails("KubeletExpressionsDisabled", message));
    }
    let faults = kubelet.map(|kubelet| check_support(kubelet, family)).unwrap_or_default();
    if !faults.is_empty() {
        return Some(Verdict::fails("UnsupportedKubeletConfiguration", joined(&faults)));
    }
    if let Some(waits) = dependencies(conditions) {
        return Some(waits);
    }
    let own = class.spec.tags.as_ref()?;
    let restricted = own.keys().find(|key| is_restricted(key))?;
    let message = format!("spec.tags: {restricted:?} is set by the product; choose another key");
    Some(Verdict::fails("TagValidationFailed", message))
}

fn joined(faults: &[impl ToString]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What dry runs need.
const NEEDED: [ConditionType; 4] = [
    ConditionType::AmisReady,
    ConditionType::InstanceProfileReady,
    ConditionType::SecurityGroupsReady,
    ConditionType::SubnetsReady,
];

fn dependencies(conditions: &Conditions) -> Option<Verdict> {
    const REASON: &str = "DependenciesNotReady";
    let which = |status| {
        let found = NEEDED.into_iter().filter(move |type_| conditions.is(*type_, status));
        found.map(ConditionType::as_str).collect::<Vec<_>>().join(", ")
    };
    let (failing, unknown) = (which(ConditionStatus::False), which(ConditionStatus::Unknown));
    let verdict = if !failing.is_empty() {
        Verdict::fails(REASON, format!("waiting for {failing}"))
    } else if !unknown.is_empty() {
        Verdict::unknown(REASON, format!("waiting for {unknown}"))
    } else {
        return None;
    };
    Some(verdict.again_after_mins(AGAIN_MINS))
}

/// Whether a tag key is one that the product sets.
pub fn is_restricted(key: &str) -> bool {
    const CLUSTER_PREFIX: &str = "kubernetes.io/cluster/";
    let reserved = [tags::CLUSTER, tags::NODE_POOL, tags::NODE_CLAIM, tags::NODE_CLASS];
    let is_cluster = key.strip_prefix(CLUSTER_PREFIX).is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    });
    reserved.contains(&key) || is_cluster
}

/// Under which outcomes of dry runs are kept: a hash of everything that may change them, and the
/// annotations, so that adding one has the checks made again.
pub fn cache_key(class: &Ec2NodeClass, tags: &Tags) -> String {
    let name = class.metadata.name.as_deref().unwrap_or_default();
    let status = class.status.as_ref();
    let annotations: Option<&BTreeMap<String, String>> = class.metadata.annotations.as_ref();
    let found = status.map(|status| {
        (&status.subnets, &status.security_groups, &status.amis, &status.instance_profile)
    });
    let all = serde_json::to_string(&(&class.spec, found, annotations, tags)).unwrap_or_default();
    format!("{name}:{}", of_text(&all))
}

/// What creating (or finding) a launch template says.
pub fn template(answer: Result<(), ApiError>) -> Outcome {
    let Err(error) = answer else { return Outcome::Passed };
    if Reason::of_fault(&error.fault) == Reason::UserDataSizeLimitExceeded {
        let message = "the user data of the nodes is longer than EC2 allows; shorten spec.userData";
        return cached(Verdict::fails("UserDataSizeLimitExceeded", message));
    }
    judged(
        error,
        "CreateLaunchTemplateAuthCheckFailed",
        "the controller may not create launch templates",
    )
}

/// What a dry run of `CreateFleet` says.
pub fn fleet(answer: Result<(), ApiError>) -> Outcome {
    match answer {
        Ok(()) => Outcome::Passed,
        Err(error) => {
            judged(error, "CreateFleetAuthCheckFailed", "the controller may not create fleets")
        }
    }
}

/// What dry runs of `RunInstances` say, one for each subnet until one passes. If none does, the
/// first decides.
pub fn runs(answers: Vec<Result<(), ApiError>>, own_profile: Option<&str>) -> Outcome {
    if answers.iter().any(Result::is_ok) {
        return Outcome::Passed;
    }
    let Some(error) = answers.into_iter().find_map(Result::err) else { return Outcome::Passed };
    if Reason::of_fault(&error.fault) == Reason::InstanceProfileNameInvalid {
        // A profile that we made takes a while until EC2 knows it.
        return own_profile.map_or(Outcome::Again, |name| {
            let message = format!("there is no instance profile {name}; create it or name another");
            let verdict = Verdict::fails("InstanceProfileNotFound", message).again_after_mins(0);
            Outcome::Settled { verdict, keep: Keep::Once }
        });
    }
    judged(error, "RunInstancesAuthCheckFailed", "the controller may not run instances")
}

/// All checks have passed, or there are to be none.
pub fn passed() -> Outcome {
    cached(Verdict::holds(ConditionType::ValidationSucceeded).again_after_mins(AGAIN_MINS))
}

fn cached(verdict: Verdict) -> Outcome {
    Outcome::Settled { verdict, keep: Keep::Cached }
}

fn judged(error: ApiError, reason: &'static str, sentence: &str) -> Outcome {
    // Its sentence says whether a policy is missing, or a boundary or the organization denies it.
    if let denied @ CloudError::Denied { .. } = CloudError::from(error.clone()) {
        let verdict = Verdict::fails(reason, format!("{sentence}: {denied}"));
        return cached(verdict.again_after_mins(AGAIN_MINS));
    }
    if error.is_throttled() || error.is_server_fault() {
        return Outcome::Again;
    }
    Outcome::Failed(error)
}

#[cfg(test)]
mod tests;
