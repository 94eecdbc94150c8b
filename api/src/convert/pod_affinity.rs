//! Pod affinity and anti-affinity, required and preferred.

use k8s_openapi::api::core::v1::{self as k8s, WeightedPodAffinityTerm};
use scheduler_core::model::{Attraction, PodAffinityTerm, PreferredPodTerm};

use super::selector::TermOwner;
use crate::finding::Problem;

/// The terms of a pod.
#[derive(Debug, Default)]
pub(super) struct Terms {
    /// Required affinity.
    pub(super) near: Vec<PodAffinityTerm>,
    /// Required anti-affinity.
    pub(super) apart: Vec<PodAffinityTerm>,
    /// Preferred terms of both, heaviest first.
    pub(super) preferred: Vec<PreferredPodTerm>,
}

/// Converts the terms of a pod.
pub(super) fn terms(spec: &k8s::PodSpec, owner: &TermOwner<'_>) -> Result<Terms, Problem> {
    let Some(affinity) = &spec.affinity else { return Ok(Terms::default()) };
    let mut terms = Terms::default();
    if let Some(near) = &affinity.pod_affinity {
        let at = |list: &str| format!("spec.affinity.podAffinity.{list}");
        terms.near = required(
            near.required_during_scheduling_ignored_during_execution.as_deref(),
            owner,
            at,
        )?;
        terms.preferred = preferred(
            near.preferred_during_scheduling_ignored_during_execution.as_deref(),
            Attraction::Near,
            owner,
            at,
        )?;
    }
    if let Some(apart) = &affinity.pod_anti_affinity {
        let at = |list: &str| format!("spec.affinity.podAntiAffinity.{list}");
        terms.apart = required(
            apart.required_during_scheduling_ignored_during_execution.as_deref(),
            owner,
            at,
        )?;
        terms.preferred.extend(preferred(
            apart.preferred_during_scheduling_ignored_during_execution.as_deref(),
            Attraction::Apart,
            owner,
            at,
        )?);
    }
    // A term that selects nothing keeps away from nothing, and nobody can be near it.
    terms.apart.retain(|term| !term.selector.nothing);
    terms.preferred.retain(|one| !one.term.selector.nothing);
    terms.preferred.sort_by_key(|one| std::cmp::Reverse(one.weight));
    Ok(terms)
}

fn required(
    terms: Option<&[k8s::PodAffinityTerm]>,
    owner: &TermOwner<'_>,
    at: impl Fn(&str) -> String,
) -> Result<Vec<PodAffinityTerm>, Problem> {
    let list = at("requiredDuringSchedulingIgnoredDuringExecution");
    let terms = terms.into_iter().flatten().enumerate();
    let convert = |(index, term)| {
        owner.term(term).map_err(|problem| problem.within(&format!("{list}[{index}]")))
    };
    terms.map(convert).collect()
}

fn preferred(
    terms: Option<&[WeightedPodAffinityTerm]>,
    attraction: Attraction,
    owner: &TermOwner<'_>,
    at: impl Fn(&str) -> String,
) -> Result<Vec<PreferredPodTerm>, Problem> {
    let list = at("preferredDuringSchedulingIgnoredDuringExecution");
    let terms = terms.into_iter().flatten().enumerate();
    let convert = |(index, one): (usize, &WeightedPodAffinityTerm)| {
        let within = |problem: Problem| problem.within(&format!("{list}[{index}]"));
        let weight = u32::try_from(one.weight).ok().filter(|weight| (1..=100).contains(weight));
        let weight = weight.ok_or_else(|| {
            let what = format!("{} is not between 1 and 100", one.weight);
            within(Problem::new("weight", what, "set it to 1 to 100"))
        })?;
        let term = owner
            .term(&one.pod_affinity_term)
            .map_err(|problem| within(problem.within("podAffinityTerm")))?;
        Ok(PreferredPodTerm { weight, attraction, term })
    };
    terms.map(convert).collect()
}
