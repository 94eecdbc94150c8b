//! The cluster at one instant: the only door into the core, where input is checked.
//!
//! A snapshot has two halves. [`Supply`] is what can be bought and what it costs to open a node; it
//! changes rarely and is shared between snapshots. [`ClusterSnapshot`] adds the nodes with their
//! pods and the pods that wait.

mod overlay;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::attachment::{SharedVolume, places};
use crate::model::{
    CapacityType, DaemonSet, InstanceType, Node, NodeOverlay, NodePool, NodePoolName, ObjectRef,
    Offering, OfferingKey, Pod, PodId, Reservation, Resources, well_known,
};

/// What can be launched: pools, their catalogues, and the daemons that every node carries.
///
/// Shells keep one behind an [`Arc`] for as long as it does not change: the engine remembers what
/// it computed from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supply {
    /// Pools that may launch nodes, by weight descending, then name.
    pub node_pools: Vec<NodePool>,
    /// Instance types by `NodeClass` name.
    pub catalogs: BTreeMap<String, Arc<Vec<InstanceType>>>,
    /// Instance types of the pools for which a `NodeOverlay` changes prices or capacity, in place
    /// of those of the `NodeClass`.
    #[serde(default)]
    pub overlaid: BTreeMap<NodePoolName, Arc<Vec<InstanceType>>>,
    /// Daemons.
    pub daemon_sets: Vec<DaemonSet>,
    /// Offerings that recently failed and are not tried.
    pub unavailable: BTreeSet<OfferingKey>,
}

impl Supply {
    /// The catalogue of a pool, overlays applied; empty if its `NodeClass` is unknown.
    pub fn catalog(&self, pool: &NodePool) -> &[InstanceType] {
        let of_class = || self.catalogs.get(&pool.node_class);
        let found = self.overlaid.get(&pool.name).or_else(of_class);
        found.map_or(&[], |catalog| catalog.as_slice())
    }

    /// Counts one more instance launched into a reservation, in all catalogues.
    pub fn take_reserved(&mut self, id: &str) {
        self.for_each_reservation(id, |one| one.remaining = one.remaining.saturating_sub(1));
    }

    /// Counts one instance less in a reservation, in all catalogues.
    pub fn give_back_reserved(&mut self, id: &str) {
        self.for_each_reservation(id, |one| one.remaining += 1);
    }

    fn for_each_reservation(&mut self, id: &str, change: impl Fn(&mut Reservation)) {
        let named = |one: &Offering| one.reservation_id() == Some(id);
        for catalog in self.catalogs.values_mut().chain(self.overlaid.values_mut()) {
            if !catalog.iter().any(|one| one.offerings.iter().any(named)) {
                continue;
            }
            let offerings = Arc::make_mut(catalog).iter_mut().flat_map(|one| &mut one.offerings);
            let reservations = offerings.filter_map(|one| one.reservation.as_mut());
            reservations.filter(|one| one.id == id).for_each(&change);
        }
    }

    /// Every catalogue that some pool may have.
    pub(crate) fn all_catalogs(&self) -> impl Iterator<Item = &[InstanceType]> {
        let all = self.catalogs.values().chain(self.overlaid.values());
        all.map(|catalog| catalog.as_slice())
    }

    /// The pool of this name.
    pub fn node_pool(&self, name: &str) -> Option<&NodePool> {
        self.node_pools.iter().find(|pool| pool.name == name)
    }
}

/// The cluster at one instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterSnapshot {
    /// The present.
    pub now: Timestamp,
    /// What can be launched.
    pub supply: Arc<Supply>,
    /// Nodes with the pods bound to them, by name; of nodes that are going away only those that do
    /// not need another.
    pub nodes: Vec<Arc<NodeWithPods>>,
    /// Pods that wait for a node, by id; those of nodes that are going away among them.
    pub pending: Vec<Arc<Pod>>,
}

impl ClusterSnapshot {
    /// Whether a waiting pod is a chunk of a capacity buffer.
    pub fn is_chunk(&self, pod: &PodId) -> bool {
        let found = self.pending.binary_search_by(|one| one.id.cmp(pod));
        found.is_ok_and(|index| self.pending[index].is_chunk())
    }

    /// Whether room is to be kept for a capacity buffer.
    pub fn has_chunks(&self) -> bool {
        self.pending.iter().any(|pod| pod.is_chunk())
    }

    /// The node of this name.
    pub fn node(&self, name: &str) -> Option<&NodeWithPods> {
        let found = self.nodes.binary_search_by(|node| node.node.name.as_str().cmp(name));
        found.ok().map(|index| self.nodes[index].as_ref())
    }
}

/// A node and the pods bound to it, daemons included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeWithPods {
    /// The node.
    pub node: Node,
    /// Its pods.
    pub pods: Vec<Arc<Pod>>,
}

impl NodeWithPods {
    /// Sum of the requests of the pods on the node, and the volumes that they share.
    pub fn used(&self) -> Resources {
        let mut used = Resources::default();
        for pod in &self.pods {
            used.add(&pod.spec.requests);
        }
        used.add(&places(self.shared_volumes()));
        used
    }

    /// The volumes that pods on the node share with each other or with pods elsewhere, each once.
    pub fn shared_volumes(&self) -> BTreeSet<&SharedVolume> {
        self.pods.iter().flat_map(|pod| &pod.spec.shared_volumes).collect()
    }

    /// Pods other than daemons.
    pub fn workload_pods(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.pods.iter().filter(|pod| pod.spec.daemon_set.is_none())
    }
}

/// An object that the core refuses, with the field and the fix. Everything else goes on without it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refusal {
    /// The object.
    pub object: ObjectRef,
    /// Field path within the object.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub fix: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}; {}", self.object, self.field, self.problem, self.fix)
    }
}

/// Collects and checks the supply.
#[derive(Debug, Default)]
pub struct SupplyBuilder {
    supply: Supply,
    overlays: Vec<NodeOverlay>,
}

impl SupplyBuilder {
    /// An empty supply: nothing can be launched.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pool.
    #[must_use]
    pub fn node_pool(mut self, pool: NodePool) -> Self {
        self.supply.node_pools.push(pool);
        self
    }

    /// Sets the instance types of a `NodeClass`.
    #[must_use]
    pub fn catalog(mut self, node_class: &str, instance_types: Arc<Vec<InstanceType>>) -> Self {
        self.supply.catalogs.insert(node_class.to_owned(), instance_types);
        self
    }

    /// Adds a `NodeOverlay`.
    #[must_use]
    pub fn node_overlay(mut self, overlay: NodeOverlay) -> Self {
        self.overlays.push(overlay);
        self
    }

    /// Adds a `DaemonSet`.
    #[must_use]
    pub fn daemon_set(mut self, daemon_set: DaemonSet) -> Self {
        self.supply.daemon_sets.push(daemon_set);
        self
    }

    /// Marks an offering as not to be tried.
    #[must_use]
    pub fn unavailable(mut self, offering: OfferingKey) -> Self {
        self.supply.unavailable.insert(offering);
        self
    }

    /// The checked supply, and the pools and overlays that were refused.
    pub fn build(self) -> (Arc<Supply>, Vec<Refusal>) {
        let mut supply = self.supply;
        let mut refusals = Vec::new();
        let catalogs = &supply.catalogs;
        supply.node_pools.retain(|pool| match check_pool(pool, catalogs) {
            None => true,
            Some(refusal) => {
                refusals.push(refusal);
                false
            }
        });
        supply.node_pools.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.name.cmp(&b.name)));
        let twins = supply.node_pools.windows(2).filter(|pair| pair[0].name == pair[1].name);
        refusals.extend(twins.map(|pair| Refusal {
            object: ObjectRef::new("NodePool", &pair[0].name),
            field: "metadata.name".to_owned(),
            problem: "the name is used twice".to_owned(),
            fix: "rename or remove one of them; the first one read is kept".to_owned(),
        }));
        supply.node_pools.dedup_by(|later, earlier| later.name == earlier.name);
        supply.catalogs.values_mut().for_each(put_in_order);
        let (overlaid, conflicts) = overlay::apply(&supply, &self.overlays);
        supply.overlaid = overlaid;
        refusals.extend(conflicts);
        supply.daemon_sets.iter_mut().for_each(run_before_initialized);
        supply.daemon_sets.sort();
        supply.daemon_sets.dedup_by(|later, earlier| later.id == earlier.id);
        refusals.sort();
        (Arc::new(supply), refusals)
    }
}

/// A daemon that waits until its node has joined or is initialized comes to every node in the end:
/// it counts from the start.
fn run_before_initialized(daemon_set: &mut DaemonSet) {
    for alternative in &mut daemon_set.spec.node_alternatives {
        for key in [well_known::REGISTERED, well_known::INITIALIZED] {
            if alternative.get(key).is_some_and(|wanted| wanted.has("true")) {
                alternative.allow_absence(key);
            }
        }
    }
}

/// Types by name, offerings by zone, then capacity type, then reservation: no plan depends on how
/// they were listed.
fn put_in_order(catalog: &mut Arc<Vec<InstanceType>>) {
    fn place(one: &Offering) -> (&str, CapacityType, Option<&str>) {
        (&one.zone, one.capacity_type, one.reservation_id())
    }
    let in_order = |one: &InstanceType| one.offerings.is_sorted_by_key(place);
    if catalog.is_sorted_by(|a, b| a.name < b.name) && catalog.iter().all(in_order) {
        return;
    }
    let types = Arc::make_mut(catalog);
    types.sort_by(|a, b| a.name.cmp(&b.name));
    types.dedup_by(|later, earlier| later.name == earlier.name);
    for one in types {
        one.offerings.sort_by(|a, b| place(a).cmp(&place(b)));
    }
}

fn check_pool(
    pool: &NodePool,
    catalogs: &BTreeMap<String, Arc<Vec<InstanceType>>>,
) -> Option<Refusal> {
    let refuse = |field: &str, problem: String, fix: &str| {
        Some(Refusal {
            object: ObjectRef::new("NodePool", &pool.name),
            field: field.to_owned(),
            problem,
            fix: fix.to_owned(),
        })
    };
    if !catalogs.contains_key(&pool.node_class) {
        return refuse(
            "spec.template.spec.nodeClassRef.name",
            format!("there is no NodeClass named {:?}", pool.node_class),
            "create the EC2NodeClass or correct the name",
        );
    }
    if let Some((key, _)) = pool.requirements.iter().find(|(_, one)| one.admits_nothing()) {
        return refuse(
            "spec.template.spec.requirements",
            format!("the requirements on {key} exclude each other"),
            "leave only values that all of them admit",
        );
    }
    let clash = pool.labels.iter().find(|(key, value)| {
        pool.requirements.get(key).is_some_and(|requirement| !requirement.has(value))
    });
    if let Some((key, value)) = clash {
        return refuse(
            "spec.template.spec.requirements",
            format!("the requirement on {key} excludes the template's own label {key}={value}"),
            "change the label in spec.template.metadata.labels or the requirement",
        );
    }
    None
}

/// Lets pods of nodes that are going away wait for another node, so that it is there before they
/// lose theirs (`karpenter-core.md` §9.5). A pod that is ending comes back only in a `StatefulSet`.
fn displace(snapshot: &mut ClusterSnapshot) {
    let comes_back = |pod: &Arc<Pod>| {
        let in_set =
            || pod.spec.owner.as_ref().is_some_and(|owner| owner.starts_with("StatefulSet/"));
        pod.spec.daemon_set.is_none() && (!pod.spec.terminating || in_set())
    };
    for node in snapshot.nodes.iter_mut().filter(|node| node.node.deleting) {
        if node.pods.iter().any(comes_back) {
            let node = Arc::make_mut(node);
            let (leaving, staying) = node.pods.drain(..).partition(comes_back);
            node.pods = staying;
            let leaving: Vec<Arc<Pod>> = leaving;
            snapshot.pending.extend(leaving);
        }
    }
}

/// Collects and checks the nodes and pods of a snapshot.
#[derive(Debug)]
pub struct SnapshotBuilder {
    snapshot: ClusterSnapshot,
}

impl SnapshotBuilder {
    /// An empty cluster at this instant.
    pub fn new(now: Timestamp, supply: Arc<Supply>) -> Self {
        let snapshot = ClusterSnapshot { now, supply, nodes: Vec::new(), pending: Vec::new() };
        Self { snapshot }
    }

    /// Adds a node with its pods.
    #[must_use]
    pub fn node(mut self, node: Arc<NodeWithPods>) -> Self {
        self.snapshot.nodes.push(node);
        self
    }

    /// Adds a pod that waits.
    #[must_use]
    pub fn pending(mut self, pod: Arc<Pod>) -> Self {
        self.snapshot.pending.push(pod);
        self
    }

    /// Adds many nodes.
    #[must_use]
    pub fn nodes(mut self, nodes: impl IntoIterator<Item = Arc<NodeWithPods>>) -> Self {
        self.snapshot.nodes.extend(nodes);
        self
    }

    /// Adds many waiting pods.
    #[must_use]
    pub fn pending_pods(mut self, pods: impl IntoIterator<Item = Arc<Pod>>) -> Self {
        self.snapshot.pending.extend(pods);
        self
    }

    /// The checked snapshot, and what was refused: duplicate names, requests that are negative or
    /// too large to add up.
    pub fn build(self) -> (ClusterSnapshot, Vec<Refusal>) {
        let mut snapshot = self.snapshot;
        let mut refusals = Vec::new();
        if !snapshot.nodes.is_sorted_by(|a, b| a.node.name < b.node.name) {
            snapshot.nodes.sort_by(|a, b| a.node.name.cmp(&b.node.name));
            let twins =
                snapshot.nodes.windows(2).filter(|two| two[0].node.name == two[1].node.name);
            refusals.extend(twins.map(|two| twin("Node", &two[0].node.name)));
            snapshot.nodes.dedup_by(|later, earlier| later.node.name == earlier.node.name);
        }
        displace(&mut snapshot);
        if !snapshot.pending.is_sorted_by(|a, b| a.id < b.id) {
            snapshot.pending.sort_by(|a, b| a.id.cmp(&b.id));
            let twins = snapshot.pending.windows(2).filter(|two| two[0].id == two[1].id);
            refusals.extend(twins.map(|two| twin("Pod", &two[0].id.to_string())));
            snapshot.pending.dedup_by(|later, earlier| later.id == earlier.id);
        }
        snapshot.pending.retain(|pod| match check_requests(pod) {
            None => true,
            Some(refusal) => {
                refusals.push(refusal);
                false
            }
        });
        (snapshot, refusals)
    }
}

/// Largest amount of one resource that a single pod may ask for: a million times it still fits
/// into 63 bits.
const REQUEST_MAX: i64 = i64::MAX >> 20;

fn check_requests(pod: &Pod) -> Option<Refusal> {
    let requests = &pod.spec.requests;
    let amounts = [
        ("cpu", requests.cpu_milli),
        ("memory", requests.memory_bytes),
        ("pods", requests.pods),
        ("ephemeral-storage", requests.ephemeral_bytes),
    ];
    let extended = requests.extended.iter().map(|(name, amount)| (name.as_str(), *amount));
    let (name, amount) = amounts
        .into_iter()
        .chain(extended)
        .find(|(_, amount)| !(0..=REQUEST_MAX).contains(amount))?;
    Some(Refusal {
        object: ObjectRef::new("Pod", pod.id.to_string()),
        field: format!("spec.containers[*].resources.requests[{name}]"),
        problem: format!("the request of {amount} is out of range"),
        fix: "ask for an amount between zero and what a machine can have".to_owned(),
    })
}

fn twin(kind: &str, name: &str) -> Refusal {
    Refusal {
        object: ObjectRef::new(kind, name),
        field: "metadata.name".to_owned(),
        problem: "the object appears twice".to_owned(),
        fix: "remove one copy; the first one read is kept".to_owned(),
    }
}
