//! Rows of a trace become pods: one shared spec per workload and size.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use scheduler_core::model::{
    DaemonSet, LabelSelector, Labels, NamespaceScope, PodAffinityTerm, PodId, PodSpec, Requirement,
    Requirements, Resources, SpreadPolicy, Toleration, TopologySpread, well_known,
};

use crate::trace::{GroupFacts, Groups, SpreadFacts, TraceRow, WhenUnsatisfiable};

/// Label by which a workload's pods are known.
const APP: &str = "app";

/// Namespace of pods whose workload the groups file does not name.
const DEFAULT_NAMESPACE: &str = "default";

const MIB: i64 = 1 << 20;

/// When a pod ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// At its second in the trace, however long it waited: replicas of a service.
    UntilEnd,
    /// When it has run for as long as in the trace, counted from when it is bound: jobs, and pods
    /// of which the trace does not say what they are.
    FullRun,
}

/// What rows of one workload and size have in common.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    /// The pods' spec.
    pub(crate) spec: Arc<PodSpec>,
    /// Workload as the trace names it.
    pub(crate) group: Arc<str>,
    /// When pods end.
    pub(crate) lifetime: Lifetime,
    /// Each pod has a volume that keeps it in one zone.
    pub(crate) volume: bool,
}

/// What decides about a row's template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    group: String,
    class: String,
    cpu_milli: i64,
    memory_mib: i64,
    gpu: i64,
    max_per_node: Option<u32>,
}

/// Makes pod specs from rows.
#[derive(Debug)]
pub(crate) struct Workloads {
    groups: Arc<Groups>,
    divisor: i64,
    templates: BTreeMap<Key, Arc<Template>>,
    specs: BTreeSet<Arc<PodSpec>>,
}

impl Workloads {
    /// Requests are divided by `divisor`, rounded up.
    pub(crate) fn new(groups: Arc<Groups>, divisor: u32) -> Self {
        let (templates, specs) = (BTreeMap::new(), BTreeSet::new());
        Self { groups, divisor: i64::from(divisor.max(1)), templates, specs }
    }

    /// The template of a row, made at the first one of its kind.
    pub(crate) fn template(&mut self, row: &TraceRow) -> Arc<Template> {
        let key = Key {
            group: row.group.clone(),
            class: row.class.clone(),
            cpu_milli: row.cpu_milli,
            memory_mib: row.memory_mib,
            gpu: row.gpu,
            max_per_node: row.max_per_node,
        };
        if let Some(template) = self.templates.get(&key) {
            return Arc::clone(template);
        }
        let facts = self.groups.groups.get(&row.group).cloned();
        let spec = self.spec(row, facts.as_ref());
        let service = facts.as_ref().is_some_and(|facts| facts.kind != "Job");
        let template = Arc::new(Template {
            spec: self.shared(spec),
            group: row.group.as_str().into(),
            lifetime: if service { Lifetime::UntilEnd } else { Lifetime::FullRun },
            volume: facts.is_some_and(|facts| facts.pvc_gib > 0),
        });
        self.templates.insert(key, Arc::clone(&template));
        template
    }

    /// The spec of a pod whose volume is in this zone.
    pub(crate) fn pinned(&mut self, spec: &PodSpec, zone: &str) -> Arc<PodSpec> {
        let mut pinned = spec.clone();
        for alternative in &mut pinned.node_alternatives {
            alternative.add(well_known::ZONE, Requirement::any_of([zone]));
        }
        self.shared(pinned)
    }

    /// The namespace and name of a row's pod.
    pub(crate) fn pod_id(&self, row: &TraceRow) -> PodId {
        match self.groups.groups.get(&row.group) {
            Some(facts) => {
                let prefix = format!("{}.", facts.namespace);
                let name = row.pod.strip_prefix(&prefix).unwrap_or(&row.pod);
                PodId::new(&facts.namespace, name)
            }
            None => PodId::new(DEFAULT_NAMESPACE, &row.pod),
        }
    }

    /// The daemons of the groups file, which run on every node.
    pub(crate) fn daemon_sets(groups: &Groups) -> Vec<DaemonSet> {
        let daemon_sets = groups.daemon_sets.iter().map(|facts| DaemonSet {
            id: PodId::new(&facts.namespace, &facts.name),
            spec: PodSpec {
                namespace: facts.namespace.clone(),
                labels: app(&facts.name),
                requests: Resources::new(facts.cpu_milli, facts.memory_mib * MIB).with_pods(1),
                node_alternatives: vec![Requirements::new()],
                tolerations: vec![Toleration::everything()],
                priority: priority("system-node-critical"),
                owner: Some(format!("DaemonSet/{}", facts.name)),
                daemon_set: Some(facts.name.clone()),
                ..PodSpec::default()
            },
        });
        daemon_sets.collect()
    }

    fn spec(&self, row: &TraceRow, facts: Option<&GroupFacts>) -> PodSpec {
        let divided = |amount: i64| {
            amount.div_euclid(self.divisor) + i64::from(amount.rem_euclid(self.divisor) > 0)
        };
        let mut requests =
            Resources::new(divided(row.cpu_milli), divided(row.memory_mib * MIB)).with_pods(1);
        if row.gpu > 0 {
            requests.set("nvidia.com/gpu", row.gpu);
        }
        let class = facts.map_or(row.class.as_str(), |facts| facts.priority_class.as_str());
        let mut spec = PodSpec {
            namespace: DEFAULT_NAMESPACE.to_owned(),
            requests,
            node_alternatives: vec![Requirements::new()],
            priority: priority(class),
            ..PodSpec::default()
        };
        if let Some(facts) = facts {
            add_facts(&mut spec, facts);
        }
        add_most_per_node(&mut spec, row, facts.is_some_and(|facts| facts.one_per_node));
        spec
    }

    /// One allocation for equal specs, so that pods of workloads of which nothing is known share
    /// theirs.
    fn shared(&mut self, spec: PodSpec) -> Arc<PodSpec> {
        if let Some(shared) = self.specs.get(&spec) {
            return Arc::clone(shared);
        }
        let spec = Arc::new(spec);
        self.specs.insert(Arc::clone(&spec));
        spec
    }
}

fn app(name: &str) -> Labels {
    Labels::from([(APP.to_owned(), name.to_owned())])
}

fn add_facts(spec: &mut PodSpec, facts: &GroupFacts) {
    spec.namespace.clone_from(&facts.namespace);
    spec.labels = app(&facts.name);
    spec.owner = Some(format!("{}/{}", facts.kind, facts.name));
    spec.do_not_disrupt = facts.do_not_disrupt;
    if !facts.capacity_types.is_empty() {
        let allowed = Requirement::any_of(&facts.capacity_types);
        spec.node_alternatives[0].add(well_known::CAPACITY_TYPE, allowed);
    }
    let selector = LabelSelector::from_labels(&spec.labels);
    let spreads = facts.topology_spread.iter().map(|spread| topology_spread(spread, &selector));
    spec.topology_spread = spreads.collect();
}

fn topology_spread(facts: &SpreadFacts, selector: &LabelSelector) -> TopologySpread {
    TopologySpread {
        topology_key: facts.topology_key.clone(),
        max_skew: facts.max_skew,
        selector: selector.clone(),
        required: facts.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule,
        min_domains: None,
        node_affinity_policy: SpreadPolicy::Honor,
        node_taints_policy: SpreadPolicy::Ignore,
    }
}

/// One pod per node is anti-affinity by host; more are a spread by host whose emptiest node always
/// counts as empty, because there are never as many nodes as `min_domains` asks for.
fn add_most_per_node(spec: &mut PodSpec, row: &TraceRow, one_per_node: bool) {
    let most = if one_per_node { Some(1) } else { row.max_per_node };
    let Some(most) = most else { return };
    if spec.labels.is_empty() {
        // Pods without a workload have nobody to stay away from.
        if row.group.is_empty() {
            return;
        }
        spec.labels = app(&row.group);
    }
    let selector = LabelSelector::from_labels(&spec.labels);
    if most == 1 {
        spec.pod_anti_affinity.push(PodAffinityTerm {
            topology_key: well_known::HOSTNAME.to_owned(),
            selector,
            namespaces: NamespaceScope::one(&spec.namespace),
        });
        return;
    }
    spec.topology_spread.push(TopologySpread {
        topology_key: well_known::HOSTNAME.to_owned(),
        max_skew: most,
        selector,
        required: true,
        min_domains: Some(u32::MAX),
        node_affinity_policy: SpreadPolicy::Honor,
        node_taints_policy: SpreadPolicy::Ignore,
    });
}

/// Values of priority classes: Kubernetes' own, and an order for those of `idp-week`.
fn priority(class: &str) -> i32 {
    match class {
        "system-node-critical" => 2_000_001_000,
        "system-cluster-critical" => 2_000_000_000,
        "platform" => 100_000,
        "prod" => 10_000,
        "nonprod" => 1_000,
        "batch" => 100,
        _ => 0,
    }
}
