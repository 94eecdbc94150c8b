//! Every reason for a pod without a place is true: once what it names is gone, the pod has a place,
//! or something else is named, and that comes to an end.

mod odd;
mod remove;

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use scheduler_core::model::PodId;
use scheduler_core::plan::reason::Nearest;
use scheduler_core::plan::{Blocker, ReasonCode, Unschedulable};
use scheduler_core::{ClusterSnapshot, Packer};

use super::plan_with;
use super::scene::scenes;
use odd::odds;
use remove::remove;

/// Clusters that are looked at.
const CLUSTERS: usize = 1_000;
/// Pods without a place that are followed in each, the first of every workload.
const PODS_MAX: usize = 6;
/// A pod has a place after so many removals at the latest: there are fewer things that could be
/// named for one pod of these clusters.
const ROUNDS_MAX: usize = 24;

/// What was named already; an offering is told apart by the candidate.
type Named = BTreeSet<(Blocker, Option<Nearest>)>;

#[test]
fn without_what_a_reason_names_the_pod_has_a_place() {
    let mut runner = TestRunner::deterministic();
    let cases = (scenes(), odds());
    let mut seen = Seen::default();
    for number in 0..CLUSTERS {
        let case = cases.new_tree(&mut runner).expect("cases can be drawn").current();
        let snapshot = odd::build(&case.0, &case.1);
        for one in followed(&snapshot) {
            if let Err(problem) = follow(snapshot.clone(), &one, &mut seen) {
                panic!("cluster {number}: {}: {problem}\n{case:#?}", one.pod);
            }
        }
    }
    let codes: Vec<ReasonCode> = seen.codes.into_iter().collect();
    let possible = |code: &ReasonCode| *code != ReasonCode::Internal;
    let all: Vec<ReasonCode> = ReasonCode::ALL.into_iter().filter(possible).collect();
    assert_eq!(codes, all, "every code but that of our own faults is given at least once");
    assert_eq!(seen.blockers.len(), BLOCKER_KINDS, "{:?}", seen.blockers);
}

/// Kinds of [`Blocker`] but for a plan that is refused.
const BLOCKER_KINDS: usize = 14;

/// Which reasons were given.
#[derive(Debug, Default)]
struct Seen {
    codes: BTreeSet<ReasonCode>,
    blockers: BTreeSet<String>,
}

/// A pod without a place of each workload.
fn followed(snapshot: &ClusterSnapshot) -> Vec<Unschedulable> {
    let mut all = plan_with(Packer::DualGreedy, snapshot).report.unschedulable;
    let workload = |one: &Unschedulable| one.pod.name.split('-').next().map(str::to_owned);
    all.dedup_by_key(|one| workload(one));
    all.truncate(PODS_MAX);
    all
}

/// Removes what is named until the pod has a place.
fn follow(
    mut snapshot: ClusterSnapshot,
    first: &Unschedulable,
    seen: &mut Seen,
) -> Result<(), String> {
    let mut named = Named::new();
    let mut reason = Some(first.clone());
    let mut story = Vec::new();
    for _ in 0..ROUNDS_MAX {
        let Some(one) = reason else { return Ok(()) };
        story.push(format!("{one:?}"));
        seen.codes.insert(one.code);
        for blocker in &one.blockers {
            let kind = format!("{blocker:?}");
            seen.blockers.insert(kind.split(' ').next().unwrap_or_default().to_owned());
            let place = one.nearest.clone().filter(|_| *blocker == Blocker::Offering);
            if !named.insert((blocker.clone(), place)) {
                return Err(format!("{blocker:?} is named although it is gone: {story:#?}"));
            }
        }
        remove(&mut snapshot, &one);
        reason = reason_of(&snapshot, &first.pod);
    }
    Err(format!("there is no end to the reasons: {story:#?}"))
}

fn reason_of(snapshot: &ClusterSnapshot, pod: &PodId) -> Option<Unschedulable> {
    let plan = plan_with(Packer::DualGreedy, snapshot);
    assert_eq!(plan.report.violations, []);
    plan.report.unschedulable.into_iter().find(|one| one.pod == *pod)
}
