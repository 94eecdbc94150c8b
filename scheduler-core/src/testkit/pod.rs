//! Pods.

use std::sync::Arc;

use jiff::SignedDuration;

use super::cluster::NOW;
use super::quantity::{cpu, memory};
use crate::model::attachment::SharedVolume;
use crate::model::well_known::{HOSTNAME, ZONE};
use crate::model::{
    Attraction, DaemonSet, HostPort, LabelSelector, Labels, NamespaceScope, Pod, PodAffinityTerm,
    PodId, PodSpec, PreferredPodTerm, PreferredTerm, Protocol, Requirement, Requirements,
    Resources, SpreadPolicy, Toleration, TolerationOperator, TopologySpread, Unsupported,
};

/// Builds one pod or several like ones.
#[derive(Clone, Debug)]
pub struct PodBuilder {
    name: String,
    spec: PodSpec,
    replicas: Option<usize>,
    nominated: Option<String>,
    created: i64,
    chunk_of: Option<String>,
}

/// A pod of 100m CPU and 64 MiB in namespace `default` with label `app` = its name.
pub fn pod(name: &str) -> PodBuilder {
    let spec = PodSpec {
        namespace: "default".to_owned(),
        labels: app(name),
        requests: Resources::new(100, 64 << 20).with_pods(1),
        node_alternatives: vec![Requirements::new()],
        ..PodSpec::default()
    };
    PodBuilder {
        name: name.to_owned(),
        spec,
        replicas: None,
        nominated: None,
        created: 0,
        chunk_of: None,
    }
}

fn app(name: &str) -> Labels {
    Labels::from([("app".to_owned(), name.to_owned())])
}

impl PodBuilder {
    /// The name, which its label `app` has as well.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its CPU request.
    #[must_use]
    pub fn cpu(mut self, text: &str) -> Self {
        self.spec.requests.cpu_milli = cpu(text);
        self
    }

    /// Its memory request.
    #[must_use]
    pub fn memory(mut self, text: &str) -> Self {
        self.spec.requests.memory_bytes = memory(text);
        self
    }

    /// Owned by a workload, as `Kind/name`.
    #[must_use]
    pub fn owner(mut self, owner: &str) -> Self {
        self.spec.owner = Some(owner.to_owned());
        self
    }

    /// A daemon of this set.
    #[must_use]
    pub fn daemon_of(mut self, set: &str) -> Self {
        self.spec.daemon_set = Some(set.to_owned());
        self
    }

    /// A request of any resource.
    #[must_use]
    pub fn resource(mut self, name: &str, amount: i64) -> Self {
        self.spec.requests.set(name, amount);
        self
    }

    /// Several pods, named `NAME-1`, `NAME-2` and so on.
    #[must_use]
    pub fn replicas(mut self, count: usize) -> Self {
        self.replicas = Some(count);
        self
    }

    /// Another name; labels and selectors stay.
    #[must_use]
    pub fn renamed(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Another namespace.
    #[must_use]
    pub fn namespace(mut self, name: &str) -> Self {
        name.clone_into(&mut self.spec.namespace);
        self
    }

    /// A label.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.spec.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Only nodes whose label has one of these values.
    #[must_use]
    pub fn requires<'a>(self, key: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        self.requirement(key, &Requirement::any_of(values))
    }

    /// Any requirement on a node label.
    #[must_use]
    pub fn requirement(mut self, key: &str, requirement: &Requirement) -> Self {
        for alternative in &mut self.spec.node_alternatives {
            alternative.add(key, requirement.clone());
        }
        self
    }

    /// Only these zones.
    #[must_use]
    pub fn zones<'a>(self, zones: impl IntoIterator<Item = &'a str>) -> Self {
        self.requires(ZONE, zones)
    }

    /// Has a volume that can be reached in these zones only.
    #[must_use]
    pub fn volume_in<'a>(mut self, zones: impl IntoIterator<Item = &'a str>) -> Self {
        let own = self.spec.spread_alternatives().to_vec();
        self.spec.affinity_alternatives = Some(own);
        self.zones(zones)
    }

    /// Mounts a volume of this CSI driver that other pods mount as well.
    #[must_use]
    pub fn shares(mut self, driver: &str, volume: &str) -> Self {
        let (driver, volume) = (driver.to_owned(), volume.to_owned());
        self.spec.shared_volumes.insert(SharedVolume { driver, volume });
        self
    }

    /// Uses a claim that one pod may use at a time.
    #[must_use]
    pub fn claims(mut self, claim: &str) -> Self {
        self.spec.exclusive_claims.insert(claim.to_owned());
        self
    }

    /// Several required node-affinity terms of one label each: one of them must hold.
    #[must_use]
    pub fn either<'a>(mut self, terms: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let term = |(key, value): (&str, &str)| {
            Requirements::from_labels(&Labels::from([(key.to_owned(), value.to_owned())]))
        };
        self.spec.node_alternatives = terms.into_iter().map(term).collect();
        self
    }

    /// Prefers these zones.
    #[must_use]
    pub fn prefers_zones<'a>(self, weight: u32, zones: impl IntoIterator<Item = &'a str>) -> Self {
        self.prefers(weight, [(ZONE, Requirement::any_of(zones))])
    }

    /// Prefers nodes that meet these requirements together.
    #[must_use]
    pub fn prefers<'a>(
        mut self,
        weight: u32,
        wanted: impl IntoIterator<Item = (&'a str, Requirement)>,
    ) -> Self {
        let mut requirements = Requirements::new();
        wanted.into_iter().for_each(|(key, requirement)| requirements.add(key, requirement));
        self.spec.node_preferences.push(PreferredTerm { weight, requirements });
        self.spec.node_preferences.sort_by_key(|term| std::cmp::Reverse(term.weight));
        self
    }

    /// It is being deleted.
    #[must_use]
    pub fn terminating(mut self) -> Self {
        self.spec.terminating = true;
        self
    }

    /// Tolerates taints of this key.
    #[must_use]
    pub fn tolerates(mut self, key: &str) -> Self {
        self.spec.tolerations.push(Toleration {
            key: key.to_owned(),
            operator: TolerationOperator::Exists,
            ..Toleration::default()
        });
        self
    }

    /// Spread over zones with its like.
    #[must_use]
    pub fn spread_zone(self, max_skew: u32) -> Self {
        self.spread(ZONE, max_skew)
    }

    /// Spread over nodes with its like.
    #[must_use]
    pub fn spread_host(self, max_skew: u32) -> Self {
        self.spread(HOSTNAME, max_skew)
    }

    /// Spread over the values of a node label with its like.
    #[must_use]
    pub fn spread(mut self, topology_key: &str, max_skew: u32) -> Self {
        self.spec.topology_spread.push(TopologySpread {
            topology_key: topology_key.to_owned(),
            max_skew,
            selector: LabelSelector::from_labels(&app(&self.name)),
            required: true,
            min_domains: None,
            node_affinity_policy: SpreadPolicy::Honor,
            node_taints_policy: SpreadPolicy::Ignore,
        });
        self
    }

    /// Rather spread over the values of a node label with its like (`ScheduleAnyway`).
    #[must_use]
    pub fn rather_spread(mut self, topology_key: &str, max_skew: u32) -> Self {
        self = self.spread(topology_key, max_skew);
        if let Some(spread) = self.spec.topology_spread.last_mut() {
            spread.required = false;
        }
        self
    }

    /// Rather near pods of that `app` label, or away from them.
    #[must_use]
    pub fn rather(
        mut self,
        attraction: Attraction,
        other: &str,
        topology_key: &str,
        weight: u32,
    ) -> Self {
        let term = self.term(other, topology_key);
        self.spec.pod_preferences.push(PreferredPodTerm { weight, attraction, term });
        self
    }

    /// Any topology spread constraint.
    #[must_use]
    pub fn spread_constraint(mut self, spread: TopologySpread) -> Self {
        self.spec.topology_spread.push(spread);
        self
    }

    /// Never on one node with its like.
    #[must_use]
    pub fn anti_affinity_host(self) -> Self {
        let own = self.name.clone();
        self.away_from(&own, HOSTNAME)
    }

    /// Never in one zone with its like.
    #[must_use]
    pub fn anti_affinity_zone(self) -> Self {
        let own = self.name.clone();
        self.away_from(&own, ZONE)
    }

    /// Never in one domain with pods of that `app` label.
    #[must_use]
    pub fn away_from(mut self, other: &str, topology_key: &str) -> Self {
        let term = self.term(other, topology_key);
        self.spec.pod_anti_affinity.push(term);
        self
    }

    /// Only in one domain with a pod of that `app` label.
    #[must_use]
    pub fn near(mut self, other: &str, topology_key: &str) -> Self {
        let term = self.term(other, topology_key);
        self.spec.pod_affinity.push(term);
        self
    }

    /// Only in one domain with a pod that a term of any form selects.
    #[must_use]
    pub fn near_term(mut self, term: PodAffinityTerm) -> Self {
        self.spec.pod_affinity.push(term);
        self
    }

    fn term(&self, other: &str, topology_key: &str) -> PodAffinityTerm {
        PodAffinityTerm {
            topology_key: topology_key.to_owned(),
            selector: LabelSelector::from_labels(&app(other)),
            namespaces: NamespaceScope::one(&self.spec.namespace),
        }
    }

    /// Occupies a TCP port of its node.
    #[must_use]
    pub fn host_port(mut self, port: u16) -> Self {
        self.spec.host_ports.push(HostPort { ip: None, port, protocol: Protocol::Tcp });
        self
    }

    /// Its priority.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        self.spec.priority = priority;
        self
    }

    /// Must not be disrupted.
    #[must_use]
    pub fn do_not_disrupt(mut self) -> Self {
        self.spec.do_not_disrupt = true;
        self
    }

    /// Has a feature that cannot be planned for.
    #[must_use]
    pub fn unsupported(mut self, feature: Unsupported) -> Self {
        self.spec.unsupported = Some(feature);
        self
    }

    /// Chunks of the capacity buffer of this name, not pods.
    #[must_use]
    pub fn chunk_of(mut self, buffer: &str) -> Self {
        let name = format!("{}/{buffer}", self.spec.namespace);
        self.chunk_of = Some(name);
        self
    }

    /// An earlier plan chose this node.
    #[must_use]
    pub fn nominated(mut self, node: &str) -> Self {
        self.nominated = Some(node.to_owned());
        self
    }

    /// Created so many milliseconds after [`NOW`].
    #[must_use]
    pub fn created_millis(mut self, millis: i64) -> Self {
        self.created = millis;
        self
    }

    /// The pods; like ones share a spec.
    pub fn build(self) -> Vec<Arc<Pod>> {
        let Self { name, spec, replicas, nominated, created, chunk_of } = self;
        let namespace = spec.namespace.clone();
        let spec = Arc::new(match chunk_of {
            Some(buffer) => spec.into_chunk(&buffer),
            None => spec,
        });
        let names = match replicas {
            None => vec![name],
            Some(count) => (1..=count).map(|number| format!("{name}-{number}")).collect(),
        };
        let created = NOW + SignedDuration::from_millis(created);
        let build = |name: String| {
            let (spec, nominated) = (Arc::clone(&spec), nominated.clone());
            Arc::new(Pod { id: PodId::new(&namespace, name), spec, nominated, created })
        };
        names.into_iter().map(build).collect()
    }

    /// A `DaemonSet` with this pod.
    pub fn build_daemon_set(mut self) -> DaemonSet {
        self.spec.daemon_set = Some(self.name.clone());
        DaemonSet { id: PodId::new(&self.spec.namespace, self.name), spec: self.spec }
    }
}
