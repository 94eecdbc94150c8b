//! The nodes and pods as they are once the plan is carried out, by name.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::violation::{Place, Violation};
use crate::engine::MinValuesPolicy;
use crate::model::well_known::HOSTNAME;
use crate::model::{Labels, Pod, PodId, PodSpec, Price, Requirements, Taint};
use crate::plan::{Action, Plan, PlannedNode};
use crate::snapshot::{ClusterSnapshot, NodeWithPods};

/// The cluster after the plan.
#[derive(Debug)]
pub(super) struct World<'a> {
    pub(super) snapshot: &'a ClusterSnapshot,
    /// Distinct pod specs, in order of appearance.
    pub(super) specs: Vec<&'a PodSpec>,
    /// Existing nodes as in the snapshot, then the launched ones in order of the plan.
    pub(super) sites: Vec<Site<'a>>,
    /// Like pods on one node, by node, then spec.
    pub(super) groups: Vec<Group<'a>>,
    /// Positions in `groups` by spec.
    pub(super) by_spec: Vec<Vec<usize>>,
    /// Pending pods that got a place.
    pub(super) placed: usize,
    /// What losing a node to an interruption was taken to cost.
    pub(super) interruption_cost: Price,
    /// Whether fewer values than `minValues` will do.
    pub(super) min_values_policy: MinValuesPolicy,
    /// Most that alternatives may cost, in per cent of the chosen offering.
    pub(super) ceiling_percent: u32,
    /// By spec: the first of its pending pods, with or without a place, and how many have one.
    pub(super) kinds: Vec<(Option<&'a PodId>, i64)>,
}

/// A node after the plan.
#[derive(Debug)]
pub(super) struct Site<'a> {
    pub(super) kind: SiteKind<'a>,
    /// Its part of `World::groups`.
    pub(super) groups: Range<usize>,
}

/// Where a node comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum SiteKind<'a> {
    Existing(&'a NodeWithPods),
    /// Position among the launches, and the launch.
    Planned(usize, &'a PlannedNode),
}

/// Like pods on one node.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) site: usize,
    pub(super) spec: usize,
    /// Pods that are bound already.
    pub(super) bound: i64,
    /// Pods that the plan places here.
    pub(super) placed: i64,
    /// The first pod that the plan places here.
    pub(super) first: Option<&'a PodId>,
}

impl<'a> Site<'a> {
    pub(super) fn labels(&self) -> &'a Labels {
        match self.kind {
            SiteKind::Existing(node) => &node.node.labels,
            SiteKind::Planned(_, node) => &node.labels,
        }
    }

    pub(super) fn taints(&self) -> &'a [Taint] {
        match self.kind {
            SiteKind::Existing(node) => &node.node.taints,
            SiteKind::Planned(_, node) => &node.taints,
        }
    }

    /// The value of a label. A node without a hostname label counts under its name.
    pub(super) fn label(&self, key: &str) -> Option<&'a str> {
        let label = self.labels().get(key).map(String::as_str);
        match self.kind {
            SiteKind::Existing(node) if key == HOSTNAME => label.or(Some(&node.node.name)),
            SiteKind::Existing(_) | SiteKind::Planned(..) => label,
        }
    }

    pub(super) fn place(&self) -> Place {
        match self.kind {
            SiteKind::Existing(node) => Place::Existing(node.node.name.clone()),
            SiteKind::Planned(index, node) => Place::New {
                index,
                instance_type: node.instance_type.clone(),
                zone: node.zone.clone(),
                capacity_type: node.capacity_type,
            },
        }
    }
}

impl<'a> World<'a> {
    /// Puts every pod where the plan wants it, and reports pods and nodes that do not add up.
    pub(super) fn new(
        snapshot: &'a ClusterSnapshot,
        plan: &'a Plan,
        found: &mut Vec<Violation>,
    ) -> Self {
        let mut specs = Specs::default();
        let mut sites: Vec<SiteKind<'a>> =
            snapshot.nodes.iter().map(|node| SiteKind::Existing(node)).collect();
        let mut entries = bound_pods(snapshot, &mut specs);
        let placed = place_pods(snapshot, plan, &mut specs, &mut sites, &mut entries, found);
        let kinds = kinds(snapshot, &mut specs, &entries);
        entries.sort_unstable_by_key(|entry| (entry.site, entry.spec, entry.order));
        let groups = group(&entries);
        let mut by_spec = vec![Vec::new(); specs.all.len()];
        for (index, group) in groups.iter().enumerate() {
            by_spec[group.spec].push(index);
        }
        let mut start = 0;
        let sites = sites.into_iter().enumerate().map(|(index, kind)| {
            let end = start + groups[start..].iter().take_while(|one| one.site == index).count();
            let range = start..end;
            start = end;
            Site { kind, groups: range }
        });
        let sites = sites.collect();
        Self {
            snapshot,
            specs: specs.all,
            sites,
            groups,
            by_spec,
            placed,
            interruption_cost: plan.report.interruption_cost,
            min_values_policy: plan.report.min_values_policy,
            ceiling_percent: plan.report.alternatives_ceiling_percent,
            kinds,
        }
    }

    /// The groups on a node.
    pub(super) fn groups_at(&self, site: usize) -> &[Group<'a>] {
        &self.groups[self.sites[site].groups.clone()]
    }
}

/// Whether labels satisfy one of the alternatives.
pub(super) fn admitted<'l>(
    alternatives: &[Requirements],
    label: impl Fn(&str) -> Option<&'l str>,
) -> bool {
    alternatives.iter().any(|one| one.iter().all(|(key, wanted)| wanted.admits(label(key))))
}

/// One pod on one node.
#[derive(Debug)]
struct Entry<'a> {
    site: usize,
    spec: usize,
    /// 0 for bound pods, else 1 + the position among the pending ones.
    order: usize,
    pending: Option<&'a PodId>,
}

/// Numbers specs: by address where pods share one, by value otherwise.
#[derive(Debug, Default)]
struct Specs<'a> {
    all: Vec<&'a PodSpec>,
    by_address: BTreeMap<*const PodSpec, usize>,
    by_value: BTreeMap<&'a PodSpec, usize>,
    /// The last answer: neighbours are mostly alike.
    last: Option<(*const PodSpec, usize)>,
}

impl<'a> Specs<'a> {
    fn number(&mut self, spec: &'a Arc<PodSpec>) -> usize {
        let Self { all, by_address, by_value, last } = self;
        let address = Arc::as_ptr(spec);
        if let Some((_, number)) = last.filter(|(known, _)| *known == address) {
            return number;
        }
        let number = *by_address.entry(address).or_insert_with(|| {
            *by_value.entry(spec).or_insert_with(|| {
                all.push(spec);
                all.len() - 1
            })
        });
        *last = Some((address, number));
        number
    }

    /// The number of a spec that may have none.
    fn known(&mut self, spec: &'a Arc<PodSpec>) -> Option<usize> {
        let address = Arc::as_ptr(spec);
        if let Some((_, number)) = self.last.filter(|(known, _)| *known == address) {
            return Some(number);
        }
        let by_value = || self.by_value.get(spec.as_ref()).copied();
        let number = self.by_address.get(&address).copied().or_else(by_value)?;
        self.last = Some((address, number));
        Some(number)
    }
}

/// The first pending pod and the number of placed ones by spec.
fn kinds<'a>(
    snapshot: &'a ClusterSnapshot,
    specs: &mut Specs<'a>,
    entries: &[Entry<'a>],
) -> Vec<(Option<&'a PodId>, i64)> {
    let mut kinds: Vec<(Option<&PodId>, i64)> = vec![(None, 0); specs.all.len()];
    for entry in entries.iter().filter(|entry| entry.pending.is_some()) {
        kinds[entry.spec].1 += 1;
    }
    for pod in &snapshot.pending {
        let Some(spec) = specs.known(&pod.spec) else {
            continue;
        };
        let first = &mut kinds[spec].0;
        if first.is_none_or(|first| pod.id < *first) {
            *first = Some(&pod.id);
        }
    }
    kinds
}

fn bound_pods<'a>(snapshot: &'a ClusterSnapshot, specs: &mut Specs<'a>) -> Vec<Entry<'a>> {
    let mut entries = Vec::with_capacity(snapshot.pending.len());
    for (site, node) in snapshot.nodes.iter().enumerate() {
        for pod in &node.pods {
            let spec = specs.number(&pod.spec);
            entries.push(Entry { site, spec, order: 0, pending: None });
        }
    }
    entries
}

/// Pending pods by id, each with whether the plan has named it yet.
#[derive(Debug)]
struct Pending<'a> {
    pods: Vec<&'a Pod>,
    named: Vec<bool>,
    /// Where the last search ended: plans name pods mostly in order.
    last: usize,
}

impl<'a> Pending<'a> {
    fn new(snapshot: &'a ClusterSnapshot) -> Self {
        let mut pods: Vec<&Pod> = snapshot.pending.iter().map(AsRef::as_ref).collect();
        if !pods.is_sorted_by(|a, b| a.id <= b.id) {
            pods.sort_by(|a, b| a.id.cmp(&b.id));
        }
        Self { named: vec![false; pods.len()], pods, last: 0 }
    }

    /// The position of a pod that the plan names for the first time.
    fn take(&mut self, id: &PodId, found: &mut Vec<Violation>) -> Option<usize> {
        let next = self.last + 1;
        let position = if self.pods.get(next).is_some_and(|pod| pod.id == *id) {
            next
        } else if let Ok(position) = self.pods.binary_search_by(|pod| pod.id.cmp(id)) {
            position
        } else {
            found.push(Violation::UnknownPod { pod: id.clone() });
            return None;
        };
        self.last = position;
        if std::mem::replace(&mut self.named[position], true) {
            found.push(Violation::PodRepeated { pod: id.clone() });
            return None;
        }
        Some(position)
    }
}

fn place_pods<'a>(
    snapshot: &'a ClusterSnapshot,
    plan: &'a Plan,
    specs: &mut Specs<'a>,
    sites: &mut Vec<SiteKind<'a>>,
    entries: &mut Vec<Entry<'a>>,
    found: &mut Vec<Violation>,
) -> usize {
    let mut pending = Pending::new(snapshot);
    let names: BTreeMap<&str, usize> = (snapshot.nodes.iter().enumerate())
        .map(|(index, node)| (node.node.name.as_str(), index))
        .collect();
    let mut placed = 0;
    let mut put = |site: usize, id: &PodId, found: &mut Vec<Violation>| {
        let position = pending.take(id, found)?;
        let pod: &Pod = pending.pods[position];
        placed += 1;
        let spec = specs.number(&pod.spec);
        entries.push(Entry { site, spec, order: position + 1, pending: Some(&pod.id) });
        Some(pod)
    };
    let mut launches = 0;
    for action in &plan.actions {
        match action {
            Action::Launch(node) => {
                sites.push(SiteKind::Planned(launches, node));
                launches += 1;
                for pod in &node.pods {
                    put(sites.len() - 1, pod, found);
                }
            }
            Action::Nominate { pod, node } | Action::Hold { chunk: pod, node } => {
                // Nobody is nominated for a chunk, and a real pod gets more than held room.
                let held = matches!(action, Action::Hold { .. });
                let Some(site) = names.get(node.as_str()) else {
                    let (node, pod) = (node.clone(), pod.clone());
                    found.push(Violation::UnknownNode { node, pod });
                    continue;
                };
                if snapshot.nodes[*site].node.deleting {
                    let (node, pod) = (node.clone(), pod.clone());
                    found.push(Violation::NodeDeleting { node, pod });
                }
                if put(*site, pod, found).is_some_and(|one| one.is_chunk() != held) {
                    found.push(Violation::WrongNomination { pod: pod.clone() });
                }
            }
            Action::LaunchStatic(_) | Action::Terminate { .. } => {}
        }
    }
    for without in plan.report.unschedulable.iter().chain(&plan.report.buffers_short) {
        pending.take(&without.pod, found);
    }
    // While a batch window is open the plan does not speak about pods.
    if plan.report.pods > 0 {
        let missing = pending.pods.iter().zip(&pending.named).filter(|(_, named)| !**named);
        found.extend(missing.map(|(pod, _)| Violation::PodMissing { pod: pod.id.clone() }));
    }
    placed
}

fn group<'a>(entries: &[Entry<'a>]) -> Vec<Group<'a>> {
    let same = |a: &Entry<'_>, b: &Entry<'_>| a.site == b.site && a.spec == b.spec;
    let groups = entries.chunk_by(same).map(|like| {
        let placed = like.iter().filter(|entry| entry.pending.is_some()).count();
        Group {
            site: like[0].site,
            spec: like[0].spec,
            bound: (like.len() - placed) as i64,
            placed: placed as i64,
            first: like.iter().find_map(|entry| entry.pending),
        }
    });
    groups.collect()
}
